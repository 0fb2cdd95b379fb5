"""The environments that were built on an attached machine, each in a folder under its key.

environments/<key>/          whole once its mark is there; shim/venvs.py builds it
environments/.locks/<key>    held while one is built, by all processes of the build
environments/.builds/        requirements, log and failure of the last build of each key

Part of the far end (agent.py): Python 3.10 and the standard library alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_aml.compute.ssh import places
from jupyter_aml.shim import shim, venvs

PIECE = 1 << 18
_PATIENCE, _MOMENT = 2.0, 0.01
"""Seconds that the end of a killed build is waited for, and between two looks."""


class Built:
    """The environments below a folder; several agents may use it at once."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "environments"
        self._builders: list[subprocess.Popen[bytes]] = []

    def state(self, key: str, offset: int) -> tuple[dict[str, Any], str]:
        """How far one is, and its log from that byte on.

        The state is `ready`, `building`, `failed` or `absent`.
        """
        self._builders = [one for one in self._builders if one.poll() is None]
        environment = self._folder / key / venvs.ENVIRONMENT
        # The lock first: who lets go of it has said before how it ended. Lookers share it.
        lock = self._taken(key, fcntl.LOCK_SH)
        if lock is not None:
            os.close(lock)
        told: dict[str, Any] = {"interpreter": str(environment / "bin" / "python")}
        failure = places.read(self._beside(key, "json"))
        if lock is None:
            there = len(list(environment.glob("lib/python*/site-packages/*.dist-info")))
            told |= {"state": "building", "packages": there}
        elif self._is_whole(key):
            told |= {"state": "ready"}
        elif failure is not None:
            told |= {"state": "failed", "error": failure.get("error", "the build failed")}
        else:
            told |= {"state": "absent"}
        return told, self._log(key, offset)

    def begin(self, asked: Mapping[str, Any], requirements: bytes, builder: Path) -> None:
        """Begin to build one, unless it is being built or whole; a failure before is forgotten."""
        key, folder = asked["env"], self._folder / asked["env"]
        lock = self._taken(key)
        if lock is None:
            return
        try:
            if self._is_whole(key):
                return
            failure, wanted = self._beside(key, "json"), self._beside(key, "txt")
            failure.parent.mkdir(parents=True, exist_ok=True)
            failure.unlink(missing_ok=True)
            places.write(wanted, requirements)
            words = [str(folder), str(failure), asked["python"], str(wanted)]
            words += ["pip"] * asked["has_pip"]
            with self._beside(key, "log").open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(builder), *words], cwd="/",
                    start_new_session=True, pass_fds=[lock],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip
            self._builders.append(process)
            record = {"pid": process.pid, "start": shim.start_of(process.pid)}
            os.ftruncate(lock, 0)
            os.pwrite(lock, json.dumps(record).encode(), 0)
        finally:
            os.close(lock)

    def abandon(self, key: str) -> None:
        """End the build of one, and remove what there is of it; one that is whole stays."""
        until = time.monotonic() + _PATIENCE
        while (lock := self._taken(key)) is None and time.monotonic() < until:
            self._kill(key)
            time.sleep(_MOMENT)
        if lock is not None:
            self._tidy(key)
            os.close(lock)
        self._builders = [one for one in self._builders if one.poll() is None]

    def sweep(self) -> None:
        """Remove what builds left behind that were killed."""
        for folder in self._folder.glob("[!.]*"):
            if not (folder / venvs.MARK).exists():
                lock = self._taken(folder.name)
                if lock is not None:
                    with contextlib.suppress(OSError):
                        self._tidy(folder.name)
                    os.close(lock)

    def _is_whole(self, key: str) -> bool:
        folder = self._folder / key
        # The Python that it was made of may be gone.
        python = folder / venvs.ENVIRONMENT / "bin" / "python"
        return (folder / venvs.MARK).exists() and python.exists()

    def _tidy(self, key: str) -> None:
        if not (self._folder / key / venvs.MARK).exists():
            places.remove(self._folder / key)

    def _kill(self, key: str) -> None:
        """Kill the builder with all that it has started, also where it is gone itself."""
        record = places.read(self._lock(key)) or {}
        pid = int(record.get("pid", 0))
        # A group that has members left keeps its number: only a process of another start is not
        # the builder.
        if pid and shim.start_of(pid) in ("", record["start"]):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def _taken(self, key: str, way: int = fcntl.LOCK_EX) -> int | None:
        """The lock of a key, open; None where a build holds it."""
        path = self._lock(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, way | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    def _log(self, key: str, offset: int) -> str:
        try:
            with self._beside(key, "log").open("rb") as file:
                file.seek(offset)
                return file.read(PIECE).decode("latin-1")
        except FileNotFoundError:
            return ""

    def _lock(self, key: str) -> Path:
        return self._folder / ".locks" / key

    def _beside(self, key: str, ending: str) -> Path:
        return self._folder / ".builds" / f"{key}.{ending}"
