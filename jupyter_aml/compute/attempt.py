"""The files that the shim of one attempt leaves, on whatever machine or in whatever container."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jupyter_aml.compute.protocol import BackendJob, Phase, Sighting
from jupyter_aml.domain.errors import StorageFailed, Unreachable
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.plain import NotPlain, plain, read_plain
from jupyter_aml.shim import shim

_BLOCK = 1 << 16
_FRESH_PULSE = 30.0
_RESOURCES = (
    "maxRssKb", "userSeconds", "systemSeconds", "memoryPeak", "memoryLimit", "oomKills",
)  # fmt: skip


class Attempt:
    """Where the shim of one attempt writes, and what can be read from that."""

    def __init__(self, data: Mapping[str, str]) -> None:
        """`data` is that of its handle: see `records`."""
        self.run, self.attempt, self.root = data["run"], data["attempt"], data.get("root", "")
        self.status, self.log = Path(data["status"]), Path(data["log"])

    @property
    def key(self) -> str:
        """Tells this attempt from all others."""
        return f"{self.status}.{self.attempt}"

    def record(self, name: str) -> Path:
        """Where the record of that name lies."""
        return self.status / f"{name}.{self.attempt}"

    def has(self, name: str) -> bool:
        """Whether there is a record of that name."""
        return self.record(name).exists()

    def read(self, name: str) -> dict[str, Any] | None:
        """Read the record of that name; None where there is none."""
        path = self.record(name)
        try:
            text = read_plain(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except NotPlain:
            text = b""
        except OSError as error:
            raise Unreachable(f"cannot read {path}: {error.strerror}") from error
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        # There is a record, so the thing happened, even if the disk has lost what it said.
        return record if isinstance(record, dict) else {}

    def note(self, name: str, record: Mapping[str, object]) -> None:
        """Write a record, whole or not at all; raises StorageFailed."""
        final = self.record(name)
        try:
            self.draft(name, json.dumps(record)).replace(final)
        except OSError as error:
            raise StorageFailed(f"cannot write {final}: {error.strerror}") from error

    def draft(self, name: str, text: str) -> Path:
        """Write what shall become a record of that name; raises OSError."""
        final = self.record(name)
        draft = final.with_name(f"{final.name}.{os.getpid()}-{time.monotonic_ns()}")
        draft.write_text(text)
        return draft

    def end(self) -> Sighting | None:
        """How it ended by the shim's own word; None while there is none."""
        record = self.read("exit")
        return None if record is None else _gone(record)

    def started(self) -> datetime | None:
        """When the script was started."""
        return _time((self.read("pids") or {}).get("time"))

    def has_pulse(self) -> bool:
        """Whether a shim of its run, of whatever machine, said a moment ago that it lives."""
        try:
            return time.time() - (self.status / "pulse").stat().st_mtime < _FRESH_PULSE
        except OSError:
            return False

    def piece(self, offset: int) -> bytes:
        """Read some output from there on; nothing where there is none."""
        try:
            with open(self.log, "rb", opener=plain) as file:
                file.seek(offset)
                return file.read(_BLOCK)
        except (FileNotFoundError, NotPlain):
            return b""

    def claim_for_nobody(self) -> Mapping[str, Any]:
        """Take the attempt away, so that nothing can be started under it any more."""
        try:
            taken = shim.claim(str(self.status), self.attempt, 0)
        except FileNotFoundError:
            # The folder is gone, and with it the word on what was started.
            return {"pid": -1}
        except OSError as error:
            raise StorageFailed(f"cannot write to {self.status}: {error.strerror}") from error
        return {"pid": 0} if taken else self.read("claim") or {"pid": -1}

    def wish(self, grace: timedelta) -> None:
        """Leave word for the shim of the grace to keep; without it, it keeps to the job's."""
        with contextlib.suppress(OSError):
            self.draft("grace", repr(grace.total_seconds())).replace(self.record("grace"))


def records(job: BackendJob) -> dict[str, str]:
    """By what the records of a job are found: what the handles of all backends hold."""
    return _records(RunFolder(job.folder.absolute()), job.attempt, run=job.run, root=job.root)


def shim_words(job: BackendJob, walls: Iterable[str] = (), *, node: int = 0) -> list[str]:
    """What the shim of a job is started with, behind its program; `walls` are its limits.

    Of a job on several nodes that on `node`: those beyond the first have no time limit of their
    own, and write to folders of their own.
    """
    folder = RunFolder(job.folder.absolute())
    limit = 0.0 if job.timeout is None or node else job.timeout.total_seconds()
    place = [f"run={folder.path}"] if node else []
    return [
        *(str(status_on(folder, node)), str(job.attempt)),
        *(str(folder.console), str(job.cwd.absolute())),
        *(repr(job.grace.total_seconds()), repr(limit), *walls, *place, "--", *job.command),
    ]


def status_on(folder: RunFolder, node: int) -> Path:
    """Where the shim on a node of a job writes its records."""
    return folder.status / f"node-{node}" if node else folder.status


def claim_for_nobody(folder: RunFolder, attempt: int) -> bool:
    """Take an attempt away that nobody has, or had before; False where something has begun it."""
    return Attempt(_records(folder, attempt)).claim_for_nobody().get("pid") == 0


def make_folders(folder: RunFolder) -> None:
    """Make what a shim writes to; raises StorageFailed."""
    try:
        folder.status.mkdir(parents=True, exist_ok=True)
        folder.logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"cannot make {folder.status}: {error.strerror}") from error


def _records(folder: RunFolder, attempt: int, *, run: str = "", root: str = "") -> dict[str, str]:
    places = {"status": str(folder.status), "log": str(folder.console)}
    return {"run": run, "attempt": str(attempt), "root": root, **places}


def _gone(end: Mapping[str, Any]) -> Sighting:
    if "code" not in end:
        return Sighting(phase=Phase.GONE, why="the record of how the script ended is unreadable")
    return Sighting(
        phase=Phase.GONE,
        exit_code=int(end["code"]),
        why=end.get("why"),
        started=_time(end.get("started")),
        ended=_time(end.get("time")),
        resources={name: float(end[name]) for name in _RESOURCES if name in end},
    )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
