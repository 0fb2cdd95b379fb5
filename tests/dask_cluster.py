"""A real Dask scheduler and workers for tests, as processes that are ended by their ids."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DEADLINE = 60.0


@dataclass
class DaskCluster:
    """A scheduler on loopback, and its workers by name."""

    folder: Path
    scheduler: subprocess.Popen[bytes]
    address: str
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a worker that executes one task at a time."""
        words = [
            *("-m", "distributed.cli.dask_worker", self.address, "--no-nanny", "--no-dashboard"),
            *("--nthreads", "1", "--name", name, "--host", "127.0.0.1"),
            *("--local-directory", str(self.folder)),
        ]
        self.workers[name] = _popen(words, self.folder / f"{name}.txt")
        return self.workers[name]

    def close(self) -> None:
        """End workers and scheduler."""
        for process in (*self.workers.values(), self.scheduler):
            process.send_signal(signal.SIGTERM)
        for process in (*self.workers.values(), self.scheduler):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()
                process.wait()


def _popen(words: list[str], log: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, *words], stdout=file, stderr=file, env=environment,
            start_new_session=True,
        )  # fmt: skip


@pytest.fixture
def dask_cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    """A scheduler with one worker, `w1`."""
    told = tmp_path / "scheduler.json"
    words = [
        *("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"),
        *("--no-dashboard", "--scheduler-file", str(told)),
    ]
    scheduler = _popen(words, tmp_path / "scheduler.txt")
    give_up = time.monotonic() + DEADLINE
    address = ""
    while not address:
        assert scheduler.poll() is None, (tmp_path / "scheduler.txt").read_text()
        assert time.monotonic() < give_up
        with contextlib.suppress(OSError, ValueError):
            address = json.loads(told.read_text())["address"]
        time.sleep(0.05)
    cluster = DaskCluster(tmp_path, scheduler, address)
    try:
        cluster.start("w1")
        yield cluster
    finally:
        cluster.close()
