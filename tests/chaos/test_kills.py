"""Script, shim, server and kernel are killed at random moments: nothing lost, nothing false.

Each round sends one run twice at once, ends one of its processes at a random moment (or stops the
server for a while, or copies the root and opens the copy), lets a new server find the run, and
compares what the run has become with what is known from outside.
`AML_CHAOS_ROUNDS` sets how many rounds; `AML_CHAOS_SEED` repeats a story.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from jupyter_aml.client import Client, find
from jupyter_aml.compute.proc import of_run
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.reading import read_all
from jupyter_aml.testing.engines import end_engine

ROUNDS = int(os.environ.get("AML_CHAOS_ROUNDS", "30"))
SEED = int(os.environ.get("AML_CHAOS_SEED", str(time.time_ns() % 10**9)))
LIMIT = 60.0

# After each log() that has returned, one byte goes to a file that is none of ours.
SCRIPT = """
import os, time
from azureml.core import Run
run = Run.get_context()
seen = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
until = time.monotonic() + 1.0
step = 0
while time.monotonic() < until:
    run.log("x", step * 0.5, step=step)
    os.write(seen, b".")
    step += 1
    if step % 50 == 0:
        print("step", step)
        time.sleep(0.005)
print("all said")
"""

KERNEL = """
import os, time
from azureml.core import Experiment, Workspace
run = Experiment(Workspace.from_config(), "kernel").start_logging(
    outputs=False, snapshot_directory=None
)
print(run.id, flush=True)
seen = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
step = 0
while True:
    run.log("x", step * 0.5, step=step)
    os.write(seen, b".")
    step += 1
    time.sleep(0.001)
"""


@dataclass
class Place:
    """A root and the way to its engine."""

    root: Path

    def client(self) -> Client:
        """The way to the engine, which is started again where it was killed."""
        return find(self.root)

    def kill_server(self) -> None:
        """kill -9 of the engine's process."""
        end_engine(self.root, signal.SIGKILL)

    def folder(self, run_id: str) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.root / "workspaces" / "default" / "runs" / run_id)


@pytest.fixture
def place(aml_root: Path, jupyter_env: Mapping[str, str]) -> Place:
    return Place(aml_root)


def submit(client: Client, seen: Path) -> str:
    body = {
        "experiment": "chaos",
        "script": "main.py",
        "source": {"files": {"main.py": SCRIPT}},
        "job": {
            "command": ["main.py"],
            "interpreter": sys.executable,
            "target": "local",
            "grace": 1.0,
            "environmentVariables": {"SEEN": str(seen)},
        },
    }
    sent = {**body, "runId": f"chaos_{uuid4().hex[:12]}"}
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(client.runs.submit, [sent, sent]))
    assert [answer["runId"] for answer in answers] == [sent["runId"]] * 2
    return str(sent["runId"])


def the_end(place: Place, run_id: str) -> dict[str, Any]:
    """Wait until the run has ended, whoever has to be started for it."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        with suppress(AmlError):
            run = dict(place.client().runs.get(run_id))
            if run["endedAt"] is not None:
                return run
        time.sleep(0.05)
    raise AssertionError(f"run {run_id} has not ended: {place.folder(run_id).record.read_text()}")


def kill_script(place: Place, run_id: str) -> None:
    _kill(place, run_id, "child")


def kill_shim(place: Place, run_id: str) -> None:
    _kill(place, run_id, "shim")


def kill_server(place: Place, run_id: str) -> None:
    place.kill_server()


def kill_server_and_shim(place: Place, run_id: str) -> None:
    place.kill_server()
    _kill(place, run_id, "shim")


def kill_server_and_script(place: Place, run_id: str) -> None:
    _kill(place, run_id, "child")
    place.kill_server()


def stop_server(place: Place, run_id: str) -> None:
    """A server that is stopped for a while and goes on, as with a laptop that sleeps."""
    pid = json.loads((place.root / "engine.json").read_text())["pid"]
    os.kill(pid, signal.SIGSTOP)
    time.sleep(random.Random(run_id).uniform(0, 0.5))  # Chance, not a wait.
    os.kill(pid, signal.SIGCONT)


def copy_root(place: Place, run_id: str) -> None:
    """A backup is made and opened; what goes on belongs to the original and is left alone."""
    copy = Place(place.root.with_name("copy"))
    # What vanishes while it is copied is said, and left out.
    subprocess.run(["cp", "-a", place.root, copy.root], stderr=subprocess.DEVNULL, check=False)
    for path in copy.root.glob("aml.db*"):
        path.unlink()  # A database that was written to meanwhile may be torn.
    if copy.folder(run_id).record.exists():
        run = the_end(copy, run_id)
        assert run["status"] == "Completed" or run["error"]["code"] == "CopiedRoot", run
        copy.client().runs.delete(run_id)
    end_engine(copy.root)
    shutil.rmtree(copy.root)


def _kill(place: Place, run_id: str, which: str) -> None:
    for path in place.folder(run_id).status.glob("pids.*"):
        with suppress(ProcessLookupError):
            os.kill(json.loads(path.read_text())[which], signal.SIGKILL)


VICTIMS = [
    kill_script,
    kill_shim,
    kill_server,
    kill_server_and_shim,
    kill_server_and_script,
    stop_server,
    copy_root,
]


def test_no_kill_loses_a_run_or_a_point_or_tells_a_false_end(place: Place, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    print(f"AML_CHAOS_SEED={SEED}")
    for number in range(ROUNDS):
        victim = VICTIMS[number % len(VICTIMS)]
        seen = tmp_path / f"seen-{number}"
        run_id = submit(place.client(), seen)
        time.sleep(chance.uniform(0, 1.4))  # The moment of the kill: chance, not a wait.
        victim(place, run_id)

        run = the_end(place, run_id)

        check(place, run, seen, story=f"round {number}: {victim.__name__}, seed {SEED}")


def test_a_run_that_is_sent_again_after_a_kill_is_one_run(place: Place) -> None:
    chance = random.Random(SEED)
    for number in range(max(3, ROUNDS // 3)):
        client = place.client()
        client.status()
        run_id = f"again_{number}"
        body = {
            "experiment": "again",
            "runId": run_id,
            "source": {"files": {"main.py": "print('once')"}},
            "job": {"command": ["main.py"], "interpreter": sys.executable, "target": "local"},
        }
        with ThreadPoolExecutor(2) as both:
            sent = [both.submit(client.runs.submit, body) for _ in range(2)]
            time.sleep(chance.uniform(0, 0.04))  # The moment of the kill: chance, not a wait.
            place.kill_server()
            for each in sent:
                with suppress(AmlError):
                    each.result()

        place.client().runs.submit(body)
        run = the_end(place, run_id)

        story = f"round {number}, seed {SEED}"
        assert (run["status"], run["number"]) == ("Completed", number + 1), f"{story}: {run}"
        assert place.folder(run_id).console.read_text() == "once\n", story
        assert not list(place.folder(run_id).path.parent.glob(".*")), story


def check(place: Place, run: dict[str, Any], seen: Path, *, story: str) -> None:
    folder = place.folder(run["runId"])
    console = folder.console.read_text()
    said_all = "all said" in console
    told = seen.stat().st_size if seen.exists() else 0
    series = read_all(folder.metrics).series.get("x")
    steps = [] if series is None else list(series.step)
    assert len(steps) >= told, f"{story}: {told - len(steps)} points lost"
    assert steps == list(range(len(steps))), f"{story}: points twice or out of order"
    assert run["status"] in ("Completed", "Failed"), f"{story}: {run}"
    if run["status"] == "Completed":
        assert said_all, f"{story}: called Completed and did not get to its end"
        assert run["metrics"]["x"] == steps[-1] * 0.5, story
    else:
        assert run["error"]["message"], f"{story}: failed without a reason"
    if "script" not in story and "shim" not in story:
        assert run["status"] == "Completed", f"{story}: {run['error']}\n{console[-2000:]}"
    alive = of_run(run["runId"], str(run["attempt"]), [])
    assert not alive, f"{story}: still there {alive}"
    assert json.loads(folder.record.read_text())["status"] == run["status"], story


@contextmanager
def a_kernel(place: Place, seen: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "import jupyter_aml.azureml\n" + KERNEL],
        env={**os.environ, "SEEN": str(seen)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_killed_kernel_fails_its_run_and_keeps_what_it_logged(
    place: Place, tmp_path: Path
) -> None:
    place.client()
    for number in range(max(1, ROUNDS // 10)):
        seen = tmp_path / f"kernel-{number}"
        with a_kernel(place, seen) as (process, run_id):
            time.sleep(random.Random(SEED + number).uniform(0.05, 0.5))
            process.kill()
            process.wait()

            run = the_end(place, run_id)

        series = read_all(place.folder(run_id).metrics).series["x"]
        assert (run["status"], "kernel" in run["error"]["message"]) == ("Failed", True)
        assert len(series) >= seen.stat().st_size
