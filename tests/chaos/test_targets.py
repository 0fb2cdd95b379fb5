"""Runs on all kinds of targets while everything beneath them is killed at random moments.

Runs go to this machine, a container, local nodes, Slurm and Dask at once. Meanwhile scripts, shims,
containers, nodes, workers, the controller and the engine are killed, and users cancel. In the end
each run is in its true state, no attempt was begun twice, and nothing is left running.
`AML_CHAOS_RUNS` sets how many runs; `AML_CHAOS_SEED` repeats a story.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.client import Client, find
from jupyter_aml.compute.proc import of_run
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.testing.engines import end_engine
from tests.dask_cluster import DaskCluster
from tests.docker_engine import BASE
from tests.slurm_cluster import SlurmCluster

RUNS = int(os.environ.get("AML_CHAOS_RUNS", "20"))
SEED = int(os.environ.get("AML_CHAOS_SEED", str(time.time_ns() % 10**9)))
AT_ONCE = 10
LIMIT = 240.0
TARGETS = ("local", "docker", "nodes", "slurm", "dask")

# What has begun and what has ended stands in a file that nobody but the script writes.
SCRIPT = """
import os, sys, time
code, seconds = int(sys.argv[1]), float(sys.argv[2])
witness = os.open("witness", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
attempt = os.environ["AML_ATTEMPT"]
os.write(witness, f"begin {attempt}\\n".encode())
from azureml.core import Run
run = Run.get_context()
until = time.monotonic() + seconds
step = 0
while time.monotonic() < until:
    run.log("x", step)
    step += 1
    time.sleep(0.01)
os.write(witness, f"end {attempt}\\n".encode())
sys.exit(code)
"""


@dataclass
class Story:
    """What was sent and what was done to it."""

    root: Path
    docker: Any
    slurm: SlurmCluster
    dask: DaskCluster
    chance: random.Random
    codes: dict[str, int] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    harmed: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    workers: int = 1

    def client(self) -> Client:
        """The way to the engine, which is started again where it was killed."""
        return find(self.root)

    def folder(self, run_id: str) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.root / "workspaces" / "default" / "runs" / run_id)

    def status(self, run_id: str) -> dict[str, Any]:
        """What its folder says of a run."""
        with contextlib.suppress(OSError, ValueError):
            record: dict[str, Any] = json.loads(self.folder(run_id).record.read_bytes())
            return record
        return {}

    def going(self, *targets: str) -> list[str]:
        """The runs on these targets that have not ended."""
        return [
            run_id
            for run_id, target in self.targets.items()
            if target in targets and self.status(run_id).get("endedAt") is None
        ]

    def pids(self, run_id: str) -> dict[str, int]:
        """The processes of its newest attempt."""
        found = sorted(
            self.folder(run_id).status.glob("pids.*"), key=lambda path: int(path.suffix[1:])
        )
        with contextlib.suppress(OSError, ValueError, IndexError):
            pids: dict[str, int] = json.loads(found[-1].read_bytes())
            return pids
        return {}

    # ---- what is done -----------------------------------------------------------------------

    def send(self, number: int) -> None:
        """Send a run, again and again until it is taken: it is one run all the same."""
        target = TARGETS[number % len(TARGETS)]
        run_id, code = f"chaos_{number}", self.chance.choice([0, 0, 0, 3])
        body: dict[str, Any] = {
            "experiment": "chaos",
            "runId": run_id,
            "script": "main.py",
            "source": {"files": {"main.py": SCRIPT}},
            "job": {
                "command": ["main.py", str(code), str(self.chance.uniform(0.2, 1.5))],
                "interpreter": "python" if target == "docker" else sys.executable,
                "target": "local" if target == "docker" else target,
                "grace": 1.0,
            },
        }
        if target == "docker":
            body["environment"] = {
                "name": "boxed",
                "python": {"userManagedDependencies": True, "interpreterPath": "python3"},
                "docker": {"enabled": True, "baseImage": BASE},
            }
        insisted(lambda: self.client().runs.submit(body))
        self.codes[run_id], self.targets[run_id] = code, target

    def kill_script(self) -> None:
        """kill -9 of a script or its container."""
        for run_id in self._one_of("local", "nodes", "slurm", "dask", "docker"):
            if self.targets[run_id] == "docker":
                for each in self._containers(run_id):
                    self.harmed.add(run_id)
                    with contextlib.suppress(Exception):  # It may have ended by itself.
                        each.kill()
                continue
            self._kill(run_id, "child")

    def kill_shim(self) -> None:
        """kill -9 of what watches a script."""
        for run_id in self._one_of("local", "nodes", "slurm", "dask"):
            self._kill(run_id, "shim")

    def kill_node(self) -> None:
        """kill -9 of a node with all that it knows."""
        folder = self.root / "nodes" / "default" / "nodes"
        found = [*folder.glob("node-*/node.json")]
        for path in self.chance.sample(found, min(1, len(found))):
            self.harmed.update(self.going("nodes"))
            with contextlib.suppress(OSError, ValueError, KeyError):
                os.kill(int(json.loads(path.read_bytes())["pid"]), signal.SIGKILL)

    def kill_worker(self) -> None:
        """kill -9 of a worker of Dask, and another one comes."""
        self.harmed.update(self.going("dask"))
        name = self.chance.choice([*self.dask.workers])
        worker = self.dask.workers.pop(name)
        worker.kill()
        worker.wait()
        self.workers += 1
        self.dask.start(f"w{self.workers}")

    def cancel_job(self) -> None:
        """Somebody ends a job by Slurm's own means."""
        for run_id in self._one_of("slurm"):
            # By its name: a controller that was killed may give a number to two jobs.
            records = sorted(self.folder(run_id).status.glob("asked.*"), key=_attempt)
            with contextlib.suppress(OSError, ValueError, IndexError, KeyError, AssertionError):
                name = json.loads(records[-1].read_bytes())["name"]
                self.harmed.add(run_id)
                self.slurm.ask("scancel", f"--name={name}")

    def kill_controller(self) -> None:
        """The controller of Slurm is killed and comes again; it may begin a job anew for that."""
        self.harmed.update(self.going("slurm"))
        self.slurm.kill("slurmctld")
        self.slurm.start("slurmctld")

    def kill_engine(self) -> None:
        """kill -9 of the engine; whoever asks next starts it again."""
        end_engine(self.root, signal.SIGKILL)

    def cancel(self) -> None:
        """A user cancels a run."""
        for run_id in self._one_of(*TARGETS):
            self.cancelled.add(run_id)
            with contextlib.suppress(AmlError):
                self.client().runs.cancel(run_id)

    def _one_of(self, *targets: str) -> list[str]:
        going = self.going(*targets)
        return self.chance.sample(going, min(1, len(going)))

    def _kill(self, run_id: str, which: str) -> None:
        pid = self.pids(run_id).get(which)
        if pid is not None and self.status(run_id).get("endedAt") is None:
            self.harmed.add(run_id)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _containers(self, run_id: str) -> list[Any]:
        found: list[Any] = self.docker.containers.list(
            all=True, filters={"label": f"aml.run={run_id}"}, ignore_removed=True
        )
        return found

    # ---- what must be -----------------------------------------------------------------------

    def check(self, run: dict[str, Any]) -> None:
        """A run is in its true state, by the word of its script and of who did what to it."""
        run_id, story = run["runId"], f"seed {SEED}: {run}\n" + "\n".join(self.told)
        lines = self._witness(run_id)
        begun = [line.split()[1] for line in lines if line.startswith("begin ")]
        ended = [line.split()[1] for line in lines if line.startswith("end ")]
        is_whole = ended[-1:] == [str(run["attempt"])]
        code = self.codes[run_id]
        assert max(Counter(begun).values(), default=1) == 1, f"an attempt began twice, {story}"
        order = [int(line.split()[1]) for line in lines]
        assert order == sorted(order), f"two attempts at a time, {lines}, {story}"
        if run["status"] == "Completed":
            assert is_whole, f"Completed without its end, {story}"
            assert code == 0, f"Completed with exit code {code}, {story}"
        elif run["status"] == "Canceled":
            assert run_id in self.cancelled, f"nobody cancelled it, {story}"
        else:
            assert run["status"] == "Failed", story
            assert run["error"]["message"], story
            assert code or run_id in self.harmed, f"nobody harmed it, {story}"
        if run_id not in self.harmed | self.cancelled:
            assert (is_whole, len(begun)) == (True, 1), story
        assert self.status(run_id)["status"] == run["status"], story
        for attempt in range(1, run["attempt"] + 1):
            assert not of_run(run_id, str(attempt), []), f"it still runs, {story}"
        assert not self._containers(run_id), f"its container is still there, {story}"

    def _witness(self, run_id: str) -> list[str]:
        try:
            return (self.folder(run_id).work / "witness").read_text().splitlines()
        except FileNotFoundError:
            return []


def _attempt(record: Path) -> int:
    return int(record.suffix[1:])


def insisted(ask: Callable[[], Any]) -> Any:
    """What the engine answers, whoever has to be started for it."""
    give_up = time.monotonic() + LIMIT
    while True:
        try:
            return ask()
        except AmlError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def targets(dask: DaskCluster) -> Iterator[dict[str, Any]]:
    yield {"name": "nodes", "kind": "cluster", "maxNodes": 2, "idleSeconds": 1}
    yield {"name": "slurm", "kind": "slurm"}
    yield {"name": "dask", "kind": "dask", "maxNodes": 2, "settings": {"address": dask.address}}


@pytest.fixture
def story(
    aml_root: Path, jupyter_env: Mapping[str, str], docker_engine: Any, base_image: str,
    slurm: SlurmCluster, dask_cluster: DaskCluster,
) -> Story:  # fmt: skip
    dask_cluster.start("w0")
    story = Story(aml_root, docker_engine, slurm, dask_cluster, random.Random(SEED))
    for body in targets(dask_cluster):
        insisted(lambda body=body: story.client().compute.add(body))  # type: ignore[misc]
    return story


def the_end(story: Story, run_id: str) -> dict[str, Any]:
    """Wait until a run has ended."""
    give_up = time.monotonic() + LIMIT
    while True:
        run: dict[str, Any] = dict(insisted(lambda: story.client().runs.get(run_id)))
        if run["endedAt"] is not None:
            return run
        assert time.monotonic() < give_up, f"seed {SEED}: {run} goes on\n" + "\n".join(story.told)
        time.sleep(0.1)


@pytest.mark.timeout(600 + RUNS * 20)
def test_on_every_target_each_run_ends_once_and_in_its_true_state(story: Story) -> None:
    print(f"AML_CHAOS_SEED={SEED}")
    harms = [
        story.kill_script, story.kill_shim, story.kill_node, story.kill_worker,
        story.cancel_job, story.kill_controller, story.kill_engine, story.cancel,
    ]  # fmt: skip
    for number in range(RUNS):
        while len(story.going(*TARGETS)) >= AT_ONCE:
            time.sleep(0.05)
            insisted(story.client().status)
        story.send(number)
        harm = story.chance.choice([*harms, None, None])
        time.sleep(story.chance.uniform(0, 0.6))  # The moment of the harm: chance, not a wait.
        if harm is not None:
            story.told.append(f"{time.monotonic():.2f} after chaos_{number}: {harm.__name__}")
            harm()

    for run_id in story.targets:
        story.check(the_end(story, run_id))

    states = Counter(story.status(run_id)["status"] for run_id in story.targets)
    print(f"{dict(states)}; {len(story.harmed)} were harmed, {len(story.cancelled)} cancelled")
    # Every place is free again.
    for number, target in enumerate(TARGETS):
        story.codes.clear()
        story.send(RUNS + number)
        last = f"chaos_{RUNS + number}"
        story.harmed.discard(last)
        run = the_end(story, last)
        assert run["status"] == ("Failed" if story.codes[last] else "Completed"), (target, run)
