"""The engine with real processes: from what is asked to the true end of a run."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.proc import is_alive
from jupyter_aml.compute.protocol import Handle
from jupyter_aml.domain.errors import IllegalMove, Invalid, NotFound, Refused
from jupyter_aml.domain.run import Run, RunStatus
from jupyter_aml.engine.engine import Engine, RootTaken
from jupyter_aml.engine.settings import Settings
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.store.runs import RunTable
from jupyter_aml.testing.fake_compute import FakeBackend
from jupyter_aml.wire.runs import WireRun
from tests import asking
from tests.asking import patch, submit

pytestmark = pytest.mark.anyio

LONG = 60.0
Story = Callable[[Path], Coroutine[Any, Any, None]]


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


def asked(script: str, **more: Any) -> dict[str, Any]:
    job = {"command": ["main.py"], "interpreter": sys.executable, "target": "local", "grace": 0.5}
    return {
        "experiment": "trial",
        "script": "main.py",
        "source": {"files": {"main.py": script}},
        "job": {**job, **more.pop("job", {})},
        **more,
    }


async def until(
    engine: Engine, run_id: str, is_so: Callable[[WireRun], bool], *, limit: float = LONG
) -> WireRun:
    """Wait for a state of a run by listening, as a browser does."""
    listener = engine.listen()
    try:
        await asking.follow(listener, {"topic": "run", "runId": run_id})
        async with asyncio.timeout(limit):
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


async def ended(engine: Engine, run_id: str, *, limit: float = LONG) -> WireRun:
    return await until(engine, run_id, lambda run: run["endedAt"] is not None, limit=limit)


def folder_of(root: Path, run: WireRun) -> RunFolder:
    return RunFolder(root / "workspaces" / run["workspace"] / "runs" / run["runId"])


async def test_a_script_runs_to_its_end_and_leaves_log_metrics_and_outputs(aml_root: Path) -> None:
    script = """
import os
from jupyter_aml.runfolder.records import RecordWriter
records = RecordWriter(os.environ["AML_RUN_DIR"] + "/metrics")
for step in range(200):
    records.number("loss", 1 / (1 + step), step)
open("outputs/model.txt", "w").write("model")
print("done")
"""
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked(script))

        end = await ended(engine, run["runId"])

        assert (end["status"], end["exitCode"], end["number"]) == ("Completed", 0, 1)
        assert end["metrics"] == {"loss": 0.005}
        metrics = await engine.runs.metrics(run["runId"], points=50)
        assert metrics["series"]["loss"]["count"] == 200
        assert len(metrics["series"]["loss"]["x"]) == 50
        assert (await engine.runs.log(run["runId"], "user_logs/std_log.txt")).data == b"done\n"
        names = [file["name"] for file in (await engine.runs.files(run["runId"]))["files"]]
        assert names == ["outputs/model.txt", "user_logs/std_log.txt"]
        assert json.loads(folder_of(aml_root, end).record.read_text())["status"] == "Completed"


async def test_the_next_engine_reads_the_metrics_of_an_ended_run(aml_root: Path) -> None:
    script = """
import os
from jupyter_aml.runfolder.records import RecordWriter
records = RecordWriter(os.environ["AML_RUN_DIR"] + "/metrics")
for step in range(3):
    records.number("loss", step * 2.0, step * 10)
records.value("note", "text", "hi")
"""
    async with an_engine(aml_root) as engine:
        run = await ended(engine, (await submit(engine, asked(script)))["runId"])

    async with an_engine(aml_root) as engine:
        metrics = await engine.runs.metrics(run["runId"])

    assert metrics["series"]["loss"]["x"] == [0.0, 10.0, 20.0]
    assert metrics["series"]["loss"]["y"] == [0.0, 2.0, 4.0]
    assert metrics["values"]["note"][0]["value"] == "hi"


async def test_a_script_that_fails_says_why_and_where(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked("x = 1\nraise ValueError('n/a')\n"))

        end = await ended(engine, run["runId"])

        assert end["status"] == "Failed"
        assert end["error"] is not None
        assert end["error"]["message"] == "ValueError: n/a"
        assert (end["error"]["file"], end["error"]["line"]) == ("main.py", 2)


async def test_a_script_may_overwrite_and_delete_itself_without_touching_what_was_sent(
    aml_root: Path,
) -> None:
    script = "import os\nopen('main.py', 'w').write('gone')\nos.remove('main.py')\n"
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked(script))

        end = await ended(engine, run["runId"])

        assert end["status"] == "Completed"
        assert (await engine.runs.snapshot_file(run["runId"], "main.py")).read_text() == script
        again = await ended(engine, (await submit(engine, asked(script)))["runId"])
        assert again["status"] == "Completed"


async def test_a_cancelled_script_is_gone_with_all_that_it_started(aml_root: Path) -> None:
    script = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                         start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked(script))
        child = int(await first_line(engine, run["runId"]))
        start = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[19]

        await engine.runs.cancel(run["runId"])
        end = await ended(engine, run["runId"])

        assert end["status"] == "Canceled"
        assert not is_alive(child, start)


async def test_a_queued_run_says_why_it_waits_and_can_be_cancelled(aml_root: Path) -> None:
    async with an_engine(aml_root, max_runs=1) as engine:
        first = await submit(engine, asked("import time; time.sleep(600)"))
        await until(engine, first["runId"], lambda run: run["status"] == "Running")
        second = await submit(engine, asked("print(1)"))
        third = await submit(engine, asked("print(1)"))

        waiting = await until(engine, third["runId"], lambda run: "ahead" in (run["reason"] or ""))
        assert waiting["reason"] == "1 run ahead on 'local' (1 of 1 slot busy)"
        await engine.runs.cancel(third["runId"])
        assert (await ended(engine, third["runId"]))["status"] == "Canceled"
        await engine.runs.cancel(first["runId"])
        assert (await ended(engine, second["runId"]))["status"] == "Completed"
        assert not (await engine.runs.get(third["runId"]))["startedAt"]


async def test_a_run_being_prepared_says_what_is_done_and_can_be_cancelled(
    aml_root: Path, tmp_path: Path
) -> None:
    slow = tmp_path / "python"
    slow.write_text(f"#!/bin/sh\nread line < {tmp_path}/answer\n")
    slow.chmod(0o755)
    os.mkfifo(tmp_path / "answer")
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked("print(1)", job={"interpreter": str(slow)}))
        await until(engine, run["runId"], lambda run: run["reason"] == f"looking at {slow}")

        await engine.runs.cancel(run["runId"])
        end = await ended(engine, run["runId"])
        (tmp_path / "answer").write_text("3 11\n")

        assert (end["status"], end["attempt"]) == ("Canceled", 0)


async def test_an_interpreter_that_is_none_fails_the_run_with_its_name(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked("print(1)", job={"interpreter": "/bin/true"}))

        end = await ended(engine, run["runId"])

        assert end["status"] == "Failed"
        assert end["error"] is not None
        assert end["error"]["message"] == "/bin/true is not a Python interpreter"


async def test_a_run_that_is_cancelled_while_it_starts_is_stopped(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = FakeBackend(hold=True)
    monkeypatch.setattr("jupyter_aml.compute.targets.LocalBackend", lambda **_: backend)
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked("print(1)"))
        await until(engine, run["runId"], lambda run: run["status"] == "Starting")

        await engine.runs.cancel(run["runId"])

        assert (await ended(engine, run["runId"], limit=10))["status"] == "Canceled"


@pytest.mark.parametrize(
    ("verb", "status"), [("submit", "Failed"), ("look", "Failed"), ("stop", "Canceled")]
)
async def test_a_backend_with_a_bug_ends_its_run_and_no_other(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch, verb: str, status: str
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise TypeError("a bug of the backend")

    async with an_engine(aml_root, max_runs=1) as engine:
        with monkeypatch.context() as while_broken:
            while_broken.setattr(LocalBackend, verb, broken)
            run = await submit(engine, asked("import time\ntime.sleep(60)"))
            if verb == "stop":
                await until(engine, run["runId"], lambda run: run["status"] == "Running")
                await engine.runs.cancel(run["runId"])
            end = await ended(engine, run["runId"], limit=20)
        following = await submit(engine, asked("print(1)"))

        assert end["status"] == status
        assert status == "Canceled" or "a bug of the backend" in (end["error"] or {})["message"]
        assert (await ended(engine, following["runId"]))["status"] == "Completed"


async def test_a_run_is_not_called_cancelled_before_its_job_was_told(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, told, may_return = FakeBackend(), asyncio.Event(), asyncio.Event()
    stop = backend.stop

    async def slowly(handle: Handle, *, grace: timedelta) -> None:
        await stop(handle, grace=grace)
        told.set()
        await may_return.wait()

    monkeypatch.setattr(backend, "stop", slowly)
    monkeypatch.setattr("jupyter_aml.compute.targets.LocalBackend", lambda **_: backend)
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked("", job={"command": ["stay"], "interpreter": ""}))
        await until(engine, run["runId"], lambda run: run["status"] == "Running")
        await engine.runs.cancel(run["runId"])
        async with asyncio.timeout(LONG):
            await told.wait()
        await engine.runs.look(run["runId"])
        assert (await engine.runs.get(run["runId"]))["status"] == "CancelRequested"

        may_return.set()

        assert (await ended(engine, run["runId"]))["status"] == "Canceled"


async def test_the_folder_tells_of_an_end_before_the_index_does(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run that has ended nobody looks again: a crash in between must not lose its end."""
    written: list[str] = []
    move = RunTable.move

    def seen(table: RunTable, run: Run, to: RunStatus, **changes: Any) -> Run:
        if to.is_final:
            path = aml_root / "workspaces" / run.workspace / "runs" / run.id / "run.json"
            written.append(json.loads(path.read_text())["status"])
        return move(table, run, to, **changes)

    monkeypatch.setattr(RunTable, "move", seen)
    async with an_engine(aml_root) as engine:
        for script in ("print(1)", "raise SystemExit(3)"):
            await ended(engine, (await submit(engine, asked(script)))["runId"])

    assert written == ["Completed", "Failed"]


async def test_a_run_may_be_cancelled_at_any_moment_of_its_start(aml_root: Path) -> None:
    async with an_engine(aml_root, max_runs=4) as engine:
        for moment in range(8):
            run = await submit(engine, asked("import time; time.sleep(600)"))
            for _ in range(moment):
                # A round trip through the index, so that each time a later moment is met.
                await engine.runs.get(run["runId"])
            await engine.runs.cancel(run["runId"])

            assert (await ended(engine, run["runId"], limit=20))["status"] == "Canceled"


async def test_a_time_limit_ends_a_run(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked("import time; time.sleep(600)", job={"timeout": 0.5}))

        end = await ended(engine, run["runId"])

        assert end["status"] == "Failed"
        assert end["error"] is not None
        assert "time limit" in end["error"]["message"]


async def test_the_next_engine_finds_a_run_that_went_on_alone(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked("input = 0\nimport time\ntime.sleep(1)\nprint('end')"))
        await until(engine, run["runId"], lambda run: run["status"] == "Running")

    async with an_engine(aml_root) as engine:
        end = await ended(engine, run["runId"])

        assert end["status"] == "Completed"
        assert (await engine.runs.log(run["runId"], "user_logs/std_log.txt")).data == b"end\n"


async def test_a_run_that_waited_is_not_lost_with_its_engine(aml_root: Path) -> None:
    async with an_engine(aml_root, max_runs=1) as engine:
        first = await submit(engine, asked("import time; time.sleep(0.5)"))
        second = await submit(engine, asked("print(2)"))

    async with an_engine(aml_root, max_runs=1) as engine:
        assert (await ended(engine, first["runId"]))["status"] == "Completed"
        assert (await ended(engine, second["runId"]))["status"] == "Completed"


async def test_a_run_whose_shim_was_killed_fails_and_its_script_is_gone(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(
            engine, asked("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)")
        )
        script = int(await first_line(engine, run["runId"]))
        start = Path(f"/proc/{script}/stat").read_text().rsplit(")", 1)[1].split()[19]
        pids = json.loads((folder_of(aml_root, run).status / "pids.1").read_text())

        os.kill(pids["shim"], signal.SIGKILL)
        end = await ended(engine, run["runId"])

        assert end["status"] == "Failed"
        assert end["error"] is not None
        assert "vanished" in end["error"]["message"]
        assert not is_alive(script, start)


async def test_only_one_engine_holds_a_root(aml_root: Path) -> None:
    async with an_engine(aml_root):
        with pytest.raises(RootTaken):
            await Engine.open(Settings(root=aml_root), kind="headless")


async def test_a_refused_submission_leaves_nothing(aml_root: Path, tmp_path: Path) -> None:
    async with an_engine(aml_root) as engine:
        for body, error in [
            ({**asked("x"), "experiment": "a/b"}, Invalid),
            (asked("x", job={"target": "nowhere"}), NotFound),
            ({**asked("x"), "script": "other.py"}, NotFound),
            (asked("x", workspace="nowhere"), NotFound),
            ({**asked("x"), "source": {"directory": str(tmp_path / "no")}}, Invalid),
        ]:
            with pytest.raises(error):
                await submit(engine, body)

        assert (await engine.runs.page(workspace="default"))["total"] == 0
        assert not list(aml_root.glob("workspaces/*/runs/*"))


async def test_the_same_run_id_twice_is_one_run(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        first = await submit(engine, asked("print(1)", runId="mine_1"))
        second = await submit(engine, asked("print(1)", runId="mine_1"))

        assert first["runId"] == second["runId"] == "mine_1"
        assert (await engine.runs.page(workspace="default"))["total"] == 1


async def test_a_run_is_deleted_only_when_it_has_ended_and_then_wholly(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked("import time; time.sleep(600)"))
        with pytest.raises(IllegalMove):
            await engine.runs.delete(run["runId"])
        await engine.runs.cancel(run["runId"])
        end = await ended(engine, run["runId"])

        await engine.runs.delete(run["runId"])

        assert not folder_of(aml_root, end).path.exists()
        with pytest.raises(NotFound):
            await engine.runs.get(run["runId"])


async def test_an_interactive_run_ends_with_its_word_or_with_its_kernel(aml_root: Path) -> None:
    from jupyter_aml.runfolder.records import RecordWriter

    async with an_engine(aml_root) as engine:
        body = {"experiment": "live", "type": "azureml.interactive"}
        alive = {"pid": os.getpid(), "start": _start(os.getpid())}
        spoken = await submit(engine, {**body, "process": alive})
        dead = await submit(engine, {**body, "process": {"pid": os.getpid(), "start": "1"}})
        records = RecordWriter(folder_of(aml_root, spoken).metrics)
        records.number("x", 1.0)
        records.record("complete", 1.0)
        records.close()
        await engine.runs.look(spoken["runId"])

        assert (await ended(engine, spoken["runId"]))["status"] == "Completed"
        lost = await ended(engine, dead["runId"])
        assert lost["status"] == "Failed"
        assert lost["error"] is not None
        assert "kernel" in lost["error"]["message"]


async def test_tags_come_from_the_script_and_from_outside(aml_root: Path) -> None:
    script = """
import os, time
from jupyter_aml.runfolder.records import RecordWriter
records = RecordWriter(os.environ["AML_RUN_DIR"] + "/metrics")
records.record("tag", "from", "script", time.time())
records.record("property", "fixed", "1", time.time())
"""
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked(script, tags={"kept": "yes"}))
        await ended(engine, run["runId"])
        changed = await patch(engine, run["runId"], {"tags": {"kept": None, "new": "1"}})

        assert changed["tags"] == {"from": "script", "new": "1"}
        with pytest.raises(Invalid):
            await patch(engine, run["runId"], {"properties": {"fixed": "2"}})


@pytest.mark.parametrize("name", ["../run.json", "/etc/passwd", "outputs/../../run.json", "a\0b"])
async def test_no_name_of_a_file_leads_out_of_the_run(aml_root: Path, name: str) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked("import os; os.symlink('/etc/passwd', 'outputs/link')"))
        await ended(engine, run["runId"])

        with pytest.raises(Refused):
            await engine.runs.file(run["runId"], name)
        with pytest.raises(Refused):
            await engine.runs.file(run["runId"], "outputs/link")
        with pytest.raises(Refused):
            await engine.runs.snapshot_file(run["runId"], name)


async def first_line(engine: Engine, run_id: str) -> str:
    """Wait for the first line of a run's console."""
    listener = engine.listen()
    try:
        logs = {"user_logs/std_log.txt": 0}
        await asking.follow(listener, {"topic": "run", "runId": run_id, "logs": logs})
        text = ""
        async with asyncio.timeout(LONG):
            while "\n" not in text:
                event = await listener.next()
                if event["type"] == "log":
                    text += event["text"]
        return text.split("\n")[0]
    finally:
        listener.close()


def _start(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]


MANY_VARIABLES = {f"V{number}": "x" * 100_000 for number in range(30)}
"""Each alone is short enough for Linux, which takes 2 MiB together."""


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"environmentVariables": MANY_VARIABLES}, "arguments and variables are too long"),
        ({"command": ["main.py", "a\0b"]}, "null byte"),
        ({"environmentVariables": {"A=B": "x"}}, "illegal environment variable name"),
    ],
)
async def test_a_job_that_cannot_be_started_fails_and_gives_its_place_back(
    aml_root: Path, job: dict[str, Any], said: str
) -> None:
    async with an_engine(aml_root, max_runs=1) as engine:
        first = await submit(engine, asked("", job=job))
        second = await submit(engine, asked("print(1)"))

        run = await ended(engine, first["runId"])
        assert (run["status"], said in run["error"]["message"]) == ("Failed", True)
        assert (await ended(engine, second["runId"]))["status"] == "Completed"


async def test_closing_with_runs_that_wait_leaves_no_task_behind(aml_root: Path) -> None:
    before = asyncio.all_tasks()
    script = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)\n"
    async with an_engine(aml_root, max_runs=1) as engine:
        first = await submit(engine, asked(script))
        await until(engine, first["runId"], lambda run: run["status"] == "Running")
        for _ in range(2):
            waiting = await submit(engine, asked(script))
            await until(engine, waiting["runId"], lambda run: run["status"] == "Queued")

    left = {task for task in asyncio.all_tasks() - before if not task.cancelling()}
    (folder_of(aml_root, first).work / "go").touch()
    assert left == set()


@pytest.mark.parametrize(
    "more", [{"arguments": ["\udcff"]}, {"tags": {"\ud800": ""}}, {"parameters": {"a": ["\ud800"]}}]
)
async def test_what_is_no_text_is_refused_before_anything_is_made(
    aml_root: Path, more: dict[str, Any]
) -> None:
    async with an_engine(aml_root) as engine:
        with pytest.raises(Invalid, match=f"{next(iter(more))} holds what is no text"):
            await submit(engine, asked("", **more))

    assert not list(aml_root.glob("workspaces/*/runs/*"))


async def test_a_script_that_says_what_is_no_text_runs_to_its_end(aml_root: Path) -> None:
    script = """
from azureml.core import Run
run = Run.get_context()
run.log("a\\udcff", 1)
run.log("b", "\\ud800")
run.tag("t\\ud800", "\\udcff")
run.add_properties({"p\\ud800": "\\ud800"})
"""
    async with an_engine(aml_root) as engine:
        run = await ended(engine, (await submit(engine, asked(script)))["runId"])

    assert (run["status"], run["error"]) == ("Completed", None)
    assert (run["metrics"], run["tags"]) == ({"a?": 1, "b": "?"}, {"t?": "?"})
