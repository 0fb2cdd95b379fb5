"""What a script says of its run: one line a record, one append a line, one file a process.

A record is a JSON array whose first item names its kind:

    ["m", name, time, step | null, number]          a number
    ["v", name, time, step | null, kind, value]     anything else (text, list, row, table, image, ...)
    ["tag", key, value | null, time]                null takes the tag away
    ["property", key, value, time]
    ["file", name, time]                            an uploaded file, already in its place
    ["name" | "description", text, time]
    ["fail", message, code | null, time]
    ["complete", time]

Times are seconds since the epoch. A line is written by one `os.write` on an `O_APPEND`
descriptor, so what `log` returned from is in the kernel's hands and survives any kill.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from time import time as _now
from typing import Any

from jupyter_aml.domain.errors import StorageFailed

SUFFIX = ".jsonl"
_LONG = 1 << 20


class RecordWriter:
    """Appends records to this process's own file below `metrics/`; threads may share it."""

    __slots__ = ("_fd", "_folder", "_keys", "_torn", "_write")

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)
        self._fd = -1
        self._keys: dict[str, str] = {}
        self._torn = False
        self._write: Callable[[int, bytes], int] = os.write
        # A forked child must not share the parent's file: it opens its own at its first record.
        os.register_at_fork(after_in_child=self._forget)

    def number(self, name: str, value: float, step: float | None = None) -> None:
        """Append a number. The value must be a float or an int that is no bool."""
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = json.dumps(name)
        # A difference with itself is 0 for finite values only.
        text = repr(value) if value - value == 0 else _unusual(value)
        at = "null" if step is None else repr(step)
        line = f'["m",{key},{_now()!r},{at},{text}]\n'.encode()
        fd = self._fd
        if fd < 0 or self._torn or self._write(fd, line) != len(line):
            self._append_slowly(line)

    def value(self, name: str, kind: str, value: Any, step: float | None = None) -> None:
        """Append something that is not a number; it must be fit for JSON."""
        self.record("v", name, _now(), step, kind, value)

    def record(self, *items: Any) -> None:
        """Append any record of the table above."""
        self._append_slowly(json.dumps(items, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Close the file; a later record opens a new one."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _append_slowly(self, line: bytes) -> None:
        try:
            if self._fd < 0:
                self._fd = _own_file(self._folder)
            if self._torn:
                # Closes the torn line, so that this record is not lost with it.
                line = b"\n" + line
            written = self._write(self._fd, line)
        except OSError as error:
            raise _failed(self._folder, error) from error
        self._torn = written != len(line)
        if self._torn:
            raise _failed(self._folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def _forget(self) -> None:
        self._fd, self._torn = -1, False


def _own_file(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    while True:
        # The name orders files by their beginning; pids alone are used again.
        name = f"{int(_now() * 1e6):x}-{os.getpid()}{SUFFIX}"
        try:
            return os.open(folder / name, flags, 0o600)
        except FileExistsError:
            continue


def _unusual(value: float) -> str:
    return "NaN" if value != value else ("Infinity" if value > 0 else "-Infinity")


def _failed(folder: Path, error: OSError) -> StorageFailed:
    return StorageFailed(f"cannot write to the run's records in {folder}: {error.strerror}")
