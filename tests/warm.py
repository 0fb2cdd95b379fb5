"""Runs on a backend whose interpreters wait: what they are, and how they are handed over."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase, Sighting
from jupyter_aml.domain import inherited
from jupyter_aml.runtime.runtime import ensure_runtime
from jupyter_aml.testing.compute_contracts import see, within

_NEVER = threading.Event()


@dataclass(frozen=True)
class Case:
    """A script, and what else its run has."""

    script: str
    files: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    name: str = "main.py"
    fields: Mapping[str, Any] = field(default_factory=dict)
    stop: bool = False
    """Stop it once it has said "here"."""


@dataclass(frozen=True)
class Outcome:
    """What is to be seen of a run from outside."""

    log: str
    end: Sighting
    files: Mapping[str, str]


class Bench:
    """Runs cases on one backend."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self.backend, self._folder, self.python = LocalBackend(warm=2), folder, python
        # Made once for all benches of a module, whose folders lie side by side.
        self._path = os.pathsep.join(map(str, ensure_runtime(folder.parent).pythonpath))

    def job(self, case: Case) -> BackendJob:
        """A run of its own."""
        run = uuid4().hex
        folder = self._folder / "runs" / run
        for name, text in {case.name: case.script, **case.files}.items():
            path = folder / "work" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        own = {
            **inherited.by_script(os.environ),
            "AML_RUN_DIR": str(folder),
            "AML_RUN_ID": run,
            "AML_ATTEMPT": "1",
            "PYTHONPATH": self._path,
            "PYTHONUNBUFFERED": "1",
            "MPLBACKEND": "Agg",
        }
        command = (self.python, case.name, *case.arguments)
        values: dict[str, Any] = {
            "id": f"{run}.1", "attempt": 1, "folder": folder, "cwd": folder / "work",
            "command": command, "interpreter": self.python,
            "environment": {**own, **case.variables}, "grace": timedelta(seconds=5),
        }  # fmt: skip
        return BackendJob(**{**values, **case.fields})

    def run(self, case: Case) -> tuple[Outcome, tuple[int, int]]:
        """Run it to its end; returns also the pids of shim and script."""
        job = self.job(case)
        return within(self._run(job, stop=case.stop))

    async def _run(self, job: BackendJob, *, stop: bool) -> tuple[Outcome, tuple[int, int]]:
        handle = await self.backend.submit(job)
        if stop:
            async for piece in self.backend.logs(handle):
                if b"here" in piece:
                    break
            await self.backend.stop(handle, grace=timedelta(seconds=1))
        end = await see(self.backend, handle, Phase.GONE)
        await self.backend.forget(handle)
        return _outcome(job, end), _pids(handle)

    def waits_for(self, case: Case) -> tuple[int, int]:
        """The pids of shim and interpreter that wait for such a run."""
        job = self.job(case)
        until(lambda: self.backend.warm.waiting(job) is not None)
        found = self.backend.warm.waiting(job)
        assert found is not None
        return found

    def both(self, case: Case) -> tuple[Outcome, Outcome]:
        """The outcome as it is started, and as it is handed over."""
        cold, _ = self.run(case)
        waiting = self.waits_for(case)
        warm, pids = self.run(case)
        assert pids == waiting
        return cold, warm


def _outcome(job: BackendJob, end: Sighting) -> Outcome:
    run, work = job.folder.name, job.folder / "work"
    assert not end.never_started, end
    files = {
        str(path.relative_to(work)): path.read_text().replace(run, "RUN")
        for path in sorted(work.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    log = (job.folder / "logs" / "std_log.txt").read_text()
    return Outcome(log.replace(run, "RUN"), end, files)


def _pids(handle: Handle) -> tuple[int, int]:
    record = json.loads(Path(handle.data["status"], "pids.1").read_text())
    return record["shim"], record["child"]


def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition, with a time limit."""
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit, "this did not come about within 60 s"
        _NEVER.wait(0.01)
