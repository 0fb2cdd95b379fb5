"""Environments that are built on a machine behind a real OpenSSH server."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_aml.engine.engine import Engine
from jupyter_aml.sdk.core import Environment, Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.compute import ComputeTarget, RemoteCompute
from tests.asking import submit
from tests.index import Index, serving
from tests.integration.test_engine import an_engine, ended, folder_of, until
from tests.integration.test_ssh_runs import attach, on
from tests.ssh_machine import SshMachine

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

SHOW = "import hello, sys; print(sys.prefix, hello.VERSION)"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        # Each test finds a machine on which its package was never built.
        index.add("hello", f"1.{time.time_ns()}")
        yield index


def within(*packages: str, **python: Any) -> dict[str, Any]:
    wanted = {"dependencies": ["python", {"pip": list(packages)}]}
    return {"name": "there", "python": {"condaDependencies": wanted, **python}}


def sent(definition: dict[str, Any], script: str = SHOW, **job: Any) -> dict[str, Any]:
    return {**on(script, **job), "environment": definition}


def homes(ssh: SshMachine) -> list[Path]:
    return sorted((ssh.home / "environments").glob("[!.]*"))


def builders(ssh: SshMachine) -> list[psutil.Process]:
    """What builds there now: the builder, and the programs that it has started."""
    found = []
    for one in psutil.process_iter():
        try:
            words = " ".join(one.cmdline())
        except psutil.Error:
            continue
        if f"{ssh.home}/environments" in words and one.status() != psutil.STATUS_ZOMBIE:
            found.append(one)
    return found


async def so(is_so: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.05)


async def installs(engine: Engine, run: Any) -> None:
    """Return when a run waits for pip."""
    await until(engine, run["runId"], lambda told: "installing: 0 of 1" in (told["reason"] or ""))


async def test_an_environment_is_built_there_once(
    aml_root: Path, ssh: SshMachine, index: Index
) -> None:
    before = homes(ssh)
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        first = await submit(engine, sent(within("hello")))
        ends = [await ended(engine, first["runId"])]
        asked_for = len(index.downloads)
        second = await submit(engine, sent(within("hello")))
        ends.append(await ended(engine, second["runId"]))

    assert [end["status"] for end in ends] == ["Completed", "Completed"]
    (built,) = set(homes(ssh)) - set(before)
    assert folder_of(aml_root, first).console.read_text().startswith(f"{built}/env 1.")
    assert folder_of(aml_root, second).console.read_text().startswith(f"{built}/env 1.")
    assert "Successfully installed hello-1." in folder_of(aml_root, first).build_log.read_text()
    assert not folder_of(aml_root, second).build_log.exists()
    assert len(index.downloads) == asked_for


async def test_its_programs_come_first_and_its_pip_says_what_to_do(
    aml_root: Path, ssh: SshMachine
) -> None:
    script = """
import os, shutil, subprocess, sys
assert os.path.dirname(shutil.which("python")) == os.path.join(sys.prefix, "bin")
assert shutil.which("ls")
told = subprocess.run([sys.executable, "-m", "pip", "install", "x"], capture_output=True, text=True)
print(told.returncode, told.stderr)
from azureml.core import Run
Run.get_context().log("there", 1)
"""
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, sent(within("hello"), script))
        end = await ended(engine, run["runId"])

    console = folder_of(aml_root, run).console.read_text()
    assert (end["status"], end["metrics"]) == ("Completed", {"there": 1}), console
    assert console.startswith("1 This environment is shared by runs and kernels")


async def test_two_runs_at_once_have_it_built_once(
    aml_root: Path, ssh: SshMachine, index: Index
) -> None:
    index.gate.clear()
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh, max_runs=2)
        runs = [await submit(engine, sent(within("hello"))) for _ in range(2)]
        for run in runs:
            await installs(engine, run)
        index.gate.set()
        ends = [await ended(engine, run["runId"]) for run in runs]

    assert [end["status"] for end in ends] == ["Completed", "Completed"]
    assert len(index.pips) == 1
    for run in runs:
        assert "Successfully installed" in folder_of(aml_root, run).build_log.read_text()


async def test_a_cancel_ends_the_build_there_when_nobody_else_wants_it(
    aml_root: Path, ssh: SshMachine, index: Index
) -> None:
    before = homes(ssh)
    index.gate.clear()
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        runs = [await submit(engine, sent(within("hello"))) for _ in range(2)]
        for run in runs:
            await installs(engine, run)
        await so(lambda: index.pips)
        await engine.runs.cancel(runs[0]["runId"])
        ends = [await ended(engine, runs[0]["runId"])]
        goes_on = builders(ssh)
        await engine.runs.cancel(runs[1]["runId"])
        ends.append(await ended(engine, runs[1]["runId"]))
        await so(lambda: not builders(ssh))
        await so(lambda: homes(ssh) == before)

        index.gate.set()
        again = await submit(engine, sent(within("hello")))
        ends.append(await ended(engine, again["runId"]))

    assert [end["status"] for end in ends] == ["Canceled", "Canceled", "Completed"]
    assert goes_on
    assert len(index.pips) == 2


async def test_a_cancel_while_the_connection_is_lost_ends_the_build_later(
    aml_root: Path, ssh: SshMachine, index: Index
) -> None:
    before = homes(ssh)
    index.gate.clear()
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, sent(within("hello")))
        await so(lambda: index.pips)
        ssh.stop()
        await until(engine, run["runId"], lambda told: "cannot connect" in (told["reason"] or ""))
        await engine.runs.cancel(run["runId"])
        end = await ended(engine, run["runId"])
        goes_on = builders(ssh)
        ssh.start()
        other = await submit(engine, on("print('here')"))
        await so(lambda: not builders(ssh) and homes(ssh) == before)
        last = await ended(engine, other["runId"])

    assert (end["status"], last["status"]) == ("Canceled", "Completed")
    assert goes_on


@pytest.mark.parametrize("who", ["builder", "all", "connection"])
async def test_a_build_is_never_used_half(
    aml_root: Path, ssh: SshMachine, index: Index, who: str
) -> None:
    index.gate.clear()
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, sent(within("hello")))
        await so(lambda: index.pips)
        if who == "connection":
            ssh.cut()
        else:
            alive = builders(ssh)
            killed = [one for one in alive if who == "all" or "venvs.py" in " ".join(one.cmdline())]
            assert killed and (who == "all" or len(killed) == 1)
            for one in killed:
                one.kill()
        index.gate.set()
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed", end["error"]
    assert len(index.pips) == (1 if who == "connection" else 2)


def test_an_engine_that_is_killed_is_followed_by_one_that_waits_for_the_build(
    ws: Workspace, tmp_path: Path, ssh: SshMachine, aml_root: Path, index: Index
) -> None:
    config = RemoteCompute.attach_configuration(
        username=ssh.user, address="127.0.0.1", ssh_port=ssh.port,
        private_key_file=str(ssh.folder / "key"),
        settings={"host_key": ssh.host_key, "folder": str(ssh.home), "python": sys.executable},
    )  # fmt: skip
    ComputeTarget.attach(ws, "kept-box", config)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "s.py").write_text(SHOW)
    environment = Environment("there")
    environment.python.conda_dependencies.add_pip_package("hello")
    index.gate.clear()
    run = Experiment(ws, "kept").submit(
        ScriptRunConfig(
            str(tmp_path / "src"), "s.py", compute_target="kept-box", environment=environment
        )
    )
    until_then = time.monotonic() + 60
    while not index.pips and time.monotonic() < until_then:
        time.sleep(0.05)

    engine = psutil.Process(json.loads((aml_root / "engine.json").read_text())["pid"])
    engine.kill()
    engine.wait(60)
    index.gate.set()
    details = run.wait_for_completion()

    assert details["status"] == "Completed"
    assert len(index.pips) == 1


async def test_a_failed_build_says_what_pip_said_and_is_tried_again(
    aml_root: Path, ssh: SshMachine, index: Index
) -> None:
    before = homes(ssh)
    index.gate.clear()
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        failed = await submit(engine, sent(within("hello")))
        await so(lambda: index.pips)
        [wheel] = (index.folder / "hello").glob("*.whl")
        good = wheel.read_bytes()
        wheel.write_bytes(good + b"and something else")
        index.gate.set()
        ends = [await ended(engine, failed["runId"])]
        after = homes(ssh)
        wheel.write_bytes(good)
        again = await submit(engine, sent(within("hello")))
        ends.append(await ended(engine, again["runId"]))

    assert [end["status"] for end in ends] == ["Failed", "Completed"]
    message = ends[0]["error"]["message"]
    assert f"not built on 127.0.0.1:{ssh.port}: pip failed there" in message
    assert "Got" in message
    assert "DO NOT MATCH THE HASHES" in folder_of(aml_root, failed).build_log.read_text()
    assert after == before


async def test_what_a_crash_left_is_removed_when_the_machine_is_connected_to(
    aml_root: Path, ssh: SshMachine
) -> None:
    half = ssh.home / "environments" / "pip-half" / "env" / "bin"
    half.mkdir(parents=True)
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on("print('here')"))
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed"
    assert not half.parent.parent.exists()


async def test_one_whose_python_is_gone_is_built_anew(
    aml_root: Path, ssh: SshMachine, index: Index
) -> None:
    before = homes(ssh)
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        first = await submit(engine, sent(within("hello")))
        ends = [await ended(engine, first["runId"])]
        (built,) = set(homes(ssh)) - set(before)
        python = built / "env" / "bin" / "python"
        python.unlink()
        python.symlink_to("/no/such/python")
        again = await submit(engine, sent(within("hello")))
        ends.append(await ended(engine, again["runId"]))

    assert [end["status"] for end in ends] == ["Completed", "Completed"]
    assert len(index.pips) == 2


async def test_what_cannot_be_built_there_is_refused(aml_root: Path, ssh: SshMachine) -> None:
    conda = {"dependencies": ["python", "numpy"]}
    wishes = (
        {"name": "there", "python": {"condaDependencies": conda}},
        {**within("hello"), "docker": {"enabled": True, "baseImage": "debian:12"}},
        within("hello", baseCondaEnvironment="science"),
        within("no-such-package"),
    )
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        runs = [await submit(engine, sent(each)) for each in wishes]
        ends = [await ended(engine, run["runId"]) for run in runs]

    told = [(end["error"] or {"message": end["status"]})["message"] for end in ends]

    assert "has conda packages (numpy), and 'box'" in told[0]
    assert "is an image, and no image runs on 'box'" in told[1]
    assert "conda environment 'science' of this machine, which is not on 'box'" in told[2]
    assert "there is no package 'no-such-package'" in told[3]


async def test_another_python_than_that_of_the_machine_is_warned_of(
    aml_root: Path, ssh: SshMachine
) -> None:
    definition = within("hello")
    definition["python"]["condaDependencies"]["dependencies"][0] = "python=3.6"
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, sent(definition))
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed"
    [warning] = [one for one in end["warnings"] if one.startswith("python=3.6")]
    assert f"is not on 127.0.0.1:{ssh.port}; Python 3." in warning
