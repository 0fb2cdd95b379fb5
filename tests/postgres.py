"""A real PostgreSQL for tests: a server of Debian's package, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

DEADLINE = 60.0
USER = "aml"
_HOW_TO = "`.ci/system-packages` installs postgresql"


@dataclass
class Postgres:
    """A server that listens on a socket alone."""

    programs: Path
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def as_user(self) -> dict[str, str]:
        """The user to be: the server refuses to be root."""
        return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def make_database(self) -> str:
        """Make a database with a name of its own; returns its address."""
        name = f"aml_{uuid4().hex[:12]}"
        self.run("createdb", "--host", str(self.folder), "--username", USER, name)
        return self.url(name)

    def run(self, program: str, *words: str) -> None:
        """Run a program of the package to its end."""
        command = [str(self.programs / program), *words]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, **self.as_user
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"

    def start(self) -> None:
        """Start the server and return when it answers."""
        data = self.folder / "data"
        self.process = subprocess.Popen(
            [str(self.programs / "postgres"), "-D", str(data), "-k", str(self.folder),
             "-c", "listen_addresses=", "-c", "fsync=off"],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, **self.as_user,
        )  # fmt: skip
        give_up = time.monotonic() + DEADLINE
        ready = [str(self.programs / "pg_isready"), "--host", str(self.folder)]
        while subprocess.run(ready, capture_output=True, check=False).returncode:
            assert self.process.poll() is None, "the server has ended"
            assert time.monotonic() < give_up, "the server does not answer"
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End the server; SIGINT closes all connections."""
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            process.wait(DEADLINE)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for this session. Without the package tests are skipped, but under CI they fail."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    programs = found[-1].parent if found else None
    if programs is None and (initdb := shutil.which("initdb")):
        programs = Path(initdb).resolve().parent
    if programs is None:
        assert not os.environ.get("CI"), f"there is no PostgreSQL: {_HOW_TO}"
        pytest.skip(f"there is no PostgreSQL: {_HOW_TO}")
    folder = Path(tempfile.mkdtemp(prefix="aml-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Postgres(programs, folder)
    try:
        server.run("initdb", "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-N")
        server.start()
        yield server
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
