"""Runs with limits through an engine: what they are told, refused, given and left with."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import cgroups
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.settings import Settings
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.testing.compute_contracts import filling
from jupyter_aml.wire.runs import WireRun
from jupyter_aml.wire.submissions import decode_retry
from tests import asking
from tests.asking import submit

pytestmark = pytest.mark.anyio

LONG = 60.0
MB = 1 << 20
needs_groups = pytest.mark.skipif(
    not cgroups.hierarchies(), reason="no control group can be made here"
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def an_engine(root: Path, **settings: Any) -> AsyncIterator[Engine]:
    engine = await Engine.open(Settings(root=root, **settings), kind="headless")
    try:
        yield engine
    finally:
        await engine.close()


def asked(script: str, limits: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    job = {"command": ["main.py"], "interpreter": sys.executable, "target": "local", "grace": 0.5}
    return {
        "experiment": "limited",
        "script": "main.py",
        "source": {"files": {"main.py": script}},
        "job": {**job, **({} if limits is None else {"limits": limits})},
        **more,
    }


async def until(engine: Engine, run_id: str, is_so: Callable[[WireRun], bool]) -> WireRun:
    listener = engine.listen()
    try:
        await asking.follow(listener, {"topic": "run", "runId": run_id})
        async with asyncio.timeout(LONG):
            run = await engine.runs.get(run_id)
            while not is_so(run):
                event = await listener.next()
                if event["type"] == "run":
                    run = event["run"]
                elif event["type"] == "reasons":
                    run["reason"] = event["reasons"][run_id]
            return run
    finally:
        listener.close()


async def ended(engine: Engine, run_id: str) -> WireRun:
    return await until(engine, run_id, lambda run: run["endedAt"] is not None)


def console(root: Path, run: WireRun) -> str:
    folder = RunFolder(root / "workspaces" / run["workspace"] / "runs" / run["runId"])
    return folder.console.read_text()


def groups_left(engine: Engine, run: WireRun) -> list[Path]:
    name = f"*{run['runId']}*"
    return [path for each in cgroups.hierarchies() for path in each.folder.glob(name)]


# ---- memory, processes ----------------------------------------------------------------------


@needs_groups
async def test_a_run_that_takes_too_much_memory_says_so(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, asked(filling(300 * MB), {"memory": "64m"}))
        run = await ended(engine, sent["runId"])

        error = run["error"]
        assert run["status"] == "Failed"
        assert error["code"] == "OutOfMemory"
        assert error["message"].startswith(
            "the script was ended for using more than 64 MB of memory; its peak was 6"
        )
        assert "--memory" in error["hint"]
        assert groups_left(engine, run) == []


@needs_groups
async def test_a_run_whose_process_took_too_much_memory_gets_a_hint(aml_root: Path) -> None:
    script = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {filling(300 * MB)!r}], check=True)
"""
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, asked(script, {"memory": "64m"}))
        run = await ended(engine, sent["runId"])

        assert run["error"]["type"] == "subprocess.CalledProcessError"
        assert "a process of the script was ended for using more than 64 MB" in run["error"]["hint"]


@needs_groups
async def test_a_fork_bomb_ends_with_its_run_and_nobody_else_notices(aml_root: Path) -> None:
    """Case 40: processes that start processes, without end, each in a session of its own."""
    bomb = """
import os
while True:
    try:
        if os.fork() == 0:
            os.setsid()
    except OSError:
        pass
"""
    most = Limits(memory=500 * MB, processes=40)
    async with an_engine(aml_root, most=most) as engine:
        sent = await submit(engine, asked(bomb))
        await until(engine, sent["runId"], lambda run: run["status"] == "Running")
        other = await submit(engine, asked("print('here')"))
        assert (await ended(engine, other["runId"]))["status"] == "Completed"
        await engine.runs.cancel(sent["runId"])
        run = await ended(engine, sent["runId"])

        assert run["status"] == "Canceled"
        assert groups_left(engine, run) == []


@needs_groups
async def test_a_memory_hog_that_asks_for_nothing_is_kept_to_what_a_run_may_have(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root, most=Limits(memory=100 * MB)) as engine:
        sent = await submit(engine, asked(filling(400 * MB)))
        run = await ended(engine, sent["runId"])

    assert "more than 100 MB" in run["error"]["message"]


@needs_groups
async def test_the_limits_hold_after_the_engine_was_killed(aml_root: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    script = f"open({str(gate)!r}).read()\n{filling(300 * MB)}"
    engine = await Engine.open(Settings(root=aml_root), kind="headless")
    sent = await submit(engine, asked(script, {"memory": "64m"}))
    await until(engine, sent["runId"], lambda run: run["status"] == "Running")
    await engine.close()
    async with an_engine(aml_root) as engine:
        await asyncio.to_thread(gate.write_text, "go")
        run = await ended(engine, sent["runId"])

        assert run["error"]["code"] == "OutOfMemory"
        assert groups_left(engine, run) == []


# ---- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"memory": "900t"}, "limits.memory: 900 TB are asked for, and this machine has"),
        ({"cpus": 10_000}, "limits.cpus: 10000 are asked for, and this machine has"),
        ({"processes": 10**9}, "limits.processes: 1,000,000,000 are asked for, and a run may have"),
        ({"memory": "1k"}, "limits.memory: '1k' is too little"),
        ({"mem": "1g"}, "limits: there is no limit 'mem'; did you mean 'memory'"),
    ],
)
async def test_what_the_machine_cannot_give_is_refused_before_anything_is_made(
    aml_root: Path, limits: dict[str, Any], told: str
) -> None:
    async with an_engine(aml_root) as engine:
        with pytest.raises(Invalid) as refused:
            await submit(engine, asked("", limits))
        with pytest.raises(Invalid):
            await submit(engine, asked("", limits, dryRun=True))

    assert told in str(refused.value)
    assert not list(aml_root.glob("workspaces/*/runs/*"))


async def test_an_administrator_says_what_a_run_may_ask_for(aml_root: Path) -> None:
    async with an_engine(aml_root, most=Limits(memory=100 * MB)) as engine:
        with pytest.raises(Invalid, match=r"a run may have 100 MB here \(the setting max_run_m"):
            await submit(engine, asked("", {"memory": "101m"}))


async def test_a_repeated_run_has_the_same_limits_or_is_refused(aml_root: Path) -> None:
    limits = {"memory": "256m", "processes": 100, "cpus": 1}
    async with an_engine(aml_root) as engine:
        first = await submit(engine, asked("", limits))
        await ended(engine, first["runId"])
        again = await engine.runs.retry(first["runId"], decode_retry({}))
        await ended(engine, again["runId"])
        cell = await engine.runs.cell(first["runId"])
    async with an_engine(aml_root, most=Limits(memory=100 * MB)) as engine:
        with pytest.raises(Invalid, match=r"limits\.memory"):
            await engine.runs.retry(first["runId"], decode_retry({}))

    expected = {"memory": 256 * MB, "processes": 100, "cpus": 1.0}
    assert first["job"]["limits"] == again["job"]["limits"] == expected
    assert "limits={'cpus': 1.0, 'memory': '256m', 'processes': 100}," in cell["text"]


# ---- GPUs -----------------------------------------------------------------------------------


class Gpus:
    """A machine with GPUs, as far as `nvidia-smi` tells."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._told = folder / "gpus.csv"
        program = folder / "bin" / "nvidia-smi"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec cat "{self._told}"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def have(self, *free: int) -> None:
        """So much of the 1,000 MiB of each GPU is free."""
        lines = [f"{n}, GPU-{n}{n}, 1000, {each}\n" for n, each in enumerate(free)]
        self._told.write_text("".join(lines))


@pytest.fixture
def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gpus:
    return Gpus(tmp_path, monkeypatch)


SHOWN = "import os; print(os.environ.get('CUDA_VISIBLE_DEVICES'))"


async def test_a_run_gets_the_gpu_with_the_most_free_memory(aml_root: Path, gpus: Gpus) -> None:
    gpus.have(600, 900, 100)
    async with an_engine(aml_root) as engine:
        said = {}
        for count in (1, 2, 0, None):
            sent = await submit(engine, asked(SHOWN, None if count is None else {"gpus": count}))
            said[count] = console(aml_root, await ended(engine, sent["runId"])).strip()

    assert said == {1: "1", 2: "1,0", 0: "", None: "None"}


async def test_a_run_waits_for_a_gpu_and_says_so_and_lets_others_pass(
    aml_root: Path, gpus: Gpus, tmp_path: Path
) -> None:
    gpus.have(900)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    async with an_engine(aml_root, max_runs=2) as engine:
        first = await submit(engine, asked(f"{SHOWN}\nopen({str(gate)!r}).read()", {"gpus": 1}))
        await until(engine, first["runId"], lambda run: run["status"] == "Running")
        second = await submit(engine, asked(SHOWN, {"gpus": 1}))
        third = await submit(engine, asked(SHOWN, {"gpus": 1}))
        reason = "next for a GPU (1 of 1 GPU taken)"
        await until(engine, second["runId"], lambda run: run["reason"] == reason)
        behind = "1 ahead in the line for GPUs (1 of 1 GPU taken)"
        await until(engine, third["runId"], lambda run: run["reason"] == behind)
        other = await submit(engine, asked(SHOWN))
        assert (await ended(engine, other["runId"]))["status"] == "Completed"
        await engine.runs.cancel(second["runId"])
        await ended(engine, second["runId"])
        await asyncio.to_thread(gate.write_text, "go")
        await ended(engine, first["runId"])
        last = await ended(engine, third["runId"])

    assert console(aml_root, last).strip() == "0"


async def test_a_gpu_of_another_program_is_not_given_out(
    aml_root: Path, gpus: Gpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_aml.engine.compute.gpus._AGAIN", 0.05)
    gpus.have(100)
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, asked(SHOWN, {"gpus": 1}))
        reason = "next for a GPU (1 of 1 GPU taken, 1 by other programs)"
        await until(engine, sent["runId"], lambda run: run["reason"] == reason)
        gpus.have(900)
        run = await ended(engine, sent["runId"])

    assert console(aml_root, run).strip() == "0"


async def test_the_next_engine_knows_who_has_which_gpu(
    aml_root: Path, gpus: Gpus, tmp_path: Path
) -> None:
    gpus.have(900, 800)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    async with an_engine(aml_root) as engine:
        first = await submit(engine, asked(f"{SHOWN}\nopen({str(gate)!r}).read()", {"gpus": 1}))
        await until(engine, first["runId"], lambda run: run["status"] == "Running")
    async with an_engine(aml_root) as engine:
        second = await submit(engine, asked(SHOWN, {"gpus": 1}))
        run = await ended(engine, second["runId"])
        await asyncio.to_thread(gate.write_text, "go")
        await ended(engine, first["runId"])

    assert console(aml_root, run).strip() == "1"


async def test_only_gpus_that_the_server_may_use_are_given_out(
    aml_root: Path, gpus: Gpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus.have(900, 800)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    async with an_engine(aml_root) as engine:
        sent = await submit(engine, asked(SHOWN, {"gpus": 1}))
        run = await ended(engine, sent["runId"])
        with pytest.raises(Invalid, match="2 are asked for, and this machine has 1 GPU"):
            await submit(engine, asked(SHOWN, {"gpus": 2}))

    assert console(aml_root, run).strip() == "1"


@pytest.mark.skipif(bool(os.environ.get("CUDA_VISIBLE_DEVICES")), reason="this one may have GPUs")
async def test_gpus_that_are_not_there_are_refused(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name, **_: None)
    async with an_engine(aml_root) as engine:
        with pytest.raises(Invalid, match="this machine has no GPU: there is no nvidia-smi"):
            await submit(engine, asked(SHOWN, {"gpus": 1}))
