"""What a script says of its run: one line a record, one append a line, one file a process.

A record is a JSON array whose first item names its kind:

    ["m", name, time, step | null, number]          a number
    ["v", name, time, step | null, kind, value]     anything else (text, list, row, image, ...)
    ["tag", key, value | null, time]                null takes the tag away
    ["property", key, value, time]
    ["parameter", name, text, time]                 the first word stands, as for properties
    ["file", name, time]                            an uploaded file, already in its place
    ["name" | "description", text, time]
    ["child", run id, {"displayName", "properties", "tags", "number"}, time]
    ["wait", key, [run ids], until | null, time]    the script waits for these runs, at most until
    ["resume", key, time]                           ... and waits for them no more
    ["fail", message, code | null, time]
    ["complete", time]                              "outside" behind it: said by another process

    ["unwritten", count]                            of these the disk took none; 0 once it has

Times are seconds since the epoch. A line is written by one `os.write` on an `O_APPEND`
descriptor, so what `log` returned from is in the kernel's hands and survives any kill. Room on
the disk is reserved ahead of what is written: of a disk that is full there is some left.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from _thread import LockType, allocate_lock
from _thread import _count as other_threads
from collections import deque
from pathlib import Path
from time import time as _now
from time import time_ns as _now_ns
from typing import Any

from jupyter_aml.domain.errors import StorageFailed

SUFFIX = ".jsonl"
MOST_KEPT = 10_000_000
"""Bytes of records that are kept in memory while a disk is full."""

_BLOCK = 4096
"""What the first write to a file takes of the disk in any case."""
_LEAST_AHEAD, _MOST_AHEAD = 1 << 16, 1 << 20
"""Bytes that are reserved at a time: as many as were written, within these bounds."""
_TAIL = 64
"""Reserved bytes that are left to the record of what could not be written."""

_write = os.write


class RecordWriter:
    """Appends records to this process's own file below `metrics/`; threads may share it.

    Every call returns when its record is safe from any kill, or raises StorageFailed.
    """

    __slots__ = (
        "__weakref__", "_beginnings", "_fd", "_folder", "_lock", "_reserved", "_room", "_torn_fd",
    )  # fmt: skip

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)
        self._beginnings: dict[str, str] = {}
        # A descriptor of -1 makes the next write fail, and so open the file.
        self._fd = self._torn_fd = -1
        # What can be written before room has to be reserved, and up to where it is.
        self._room = self._reserved = 0
        self._lock = allocate_lock()
        # A forked child must not share the parent's file: it opens its own at its first record.
        os.register_at_fork(after_in_child=self._forget)

    def number(self, name: str, value: float, step: float | None = None) -> None:
        """Append a number. The value must be a float or an int that is no bool."""
        # Every training step comes through here, so it is written for speed: a clock in whole
        # numbers is printed faster than one in floats, and a try costs nothing until it fails.
        try:
            beginning = self._beginnings[name]
        except KeyError:
            beginning = self._beginnings[name] = f'["m",{json.dumps(name)},'
        now = str(_now_ns())
        # A difference with itself is 0 for finite values only.
        text = repr(value) if value - value == 0 else _unusual(value)
        if step is None:
            line = f"{beginning}{now[:-9]}.{now[-9:-3]},null,{text}]\n".encode()
        else:
            line = f"{beginning}{now[:-9]}.{now[-9:-3]},{step!r},{text}]\n".encode()
        self._room = room = self._room - len(line)
        if room < 0:
            return self._append_slowly(line, 0)
        try:
            written = _write(self._fd, line)
        except OSError:
            written = 0
        if written != len(line):
            self._append_slowly(line, written)

    def value(self, name: str, kind: str, value: Any, step: float | None = None) -> None:
        """Append something that is not a number; it must be fit for JSON."""
        self.record("v", name, _now(), step, kind, value)

    def record(self, *items: Any) -> None:
        """Append any record of the table above."""
        self._append_slowly(json.dumps(items, separators=(",", ":")).encode() + b"\n", 0)

    def close(self) -> None:
        """Close the file; a later record opens a new one."""
        with self._lock:
            open_ones = [fd for fd in (self._fd, self._torn_fd) if fd >= 0]
            is_ahead = self._reserved > _BLOCK
            self._fd = self._torn_fd = -1
            self._room = self._reserved = 0
            for fd in open_ones:
                # Another thread may be writing: then the engine gives it back, at the end.
                if is_ahead and other_threads() == 0:
                    _give_back(fd)
                os.close(fd)

    def _append_slowly(self, line: bytes, written: int) -> None:
        """Append a line of which the first bytes may have been written already, in vain."""
        try:
            with self._lock:
                if written == 0:
                    written = self._append(line)
                if written != len(line):
                    # The next record closes the torn line, so that it is not lost with it.
                    self._fd, self._torn_fd = -1, max(self._fd, self._torn_fd)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise _failed(self._folder, error) from error

    def _append(self, line: bytes) -> int:
        if self._torn_fd >= 0 and _write(self._torn_fd, b"\n") == 1:
            self._fd, self._torn_fd = self._torn_fd, -1
        try:
            self._make_room(len(line))
            return _write(self._fd, line)
        except OSError as error:
            # Not open yet, or closed by a script that closes all descriptors.
            if error.errno != errno.EBADF:
                raise
        self._fd, self._reserved = _own_file(self._folder), 0
        self._make_room(len(line))
        return _write(self._fd, line)

    def _make_room(self, length: int) -> None:
        """See that the line and the tail find room, and some lines after it; OSError if not."""
        size = os.fstat(self._fd).st_size
        end = size + length + _TAIL
        if end > self._reserved:
            self._reserved = _BLOCK if end <= _BLOCK else _reserved(self._fd, size, end)
        self._room = self._reserved - end

    def _forget(self) -> None:
        self._fd = self._torn_fd = -1
        self._room = self._reserved = 0
        # The parent's other threads are not here to release theirs.
        self._lock = allocate_lock()


class PatientWriter(RecordWriter):
    """Keeps records in memory while the disk refuses them, so that no script fails by logging.

    A call returns when its record is safe, or is kept (up to `MOST_KEPT` bytes, then the newest
    are lost) and written before the next one that the disk takes, at the latest at the end of
    the process. A warning says so once for each time that the disk begins to refuse. What is only
    kept is not logged: a record in the reserved room says how many there are, whatever becomes of
    the process.
    """

    __slots__ = ("_has_warned", "_keeping", "_kept", "_lost", "_notice", "_size")
    _has_warned: bool
    _keeping: LockType
    _kept: deque[bytes]
    _lost: int
    _notice: int | None
    _size: int

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._empty()
        super().__init__(folder)

    def flush(self) -> None:
        """Write what is kept, as far as the disk takes it."""
        with self._keeping:
            self._write_kept()

    def close(self) -> None:
        """Write what is kept and close the file."""
        self.flush()
        super().close()

    def _append_slowly(self, line: bytes, written: int) -> None:
        with self._keeping:
            self._write_kept()
            if self._kept:
                self._keep(line)
                return
            try:
                super()._append_slowly(line, written)
                return
            except StorageFailed as error:
                refused = error
            self._keep(line)
            is_first, self._has_warned = not self._has_warned, True
        if is_first:
            _warn(self, refused)

    def _write_kept(self) -> None:
        before = len(self._kept)
        while self._kept:
            try:
                super()._append_slowly(self._kept[0], 0)
            except StorageFailed:
                break
            self._size -= len(self._kept.popleft())
        if len(self._kept) != before:
            self._say_unwritten()
        self._has_warned = bool(self._kept)

    def _keep(self, line: bytes) -> None:
        # Whatever comes next goes the slow way, behind what is kept.
        self._room = 0
        if self._size + len(line) <= MOST_KEPT:
            self._kept.append(line)
            self._size += len(line)
        else:
            self._lost += 1
        self._say_unwritten()

    def _say_unwritten(self) -> None:
        """Write how many records are not written, over the record that said so before."""
        notice = b'["unwritten",%12d]\n' % (self._lost + len(self._kept))
        with self._lock:
            fd = max(self._fd, self._torn_fd)
            try:
                if self._notice is None:
                    if _write(fd, notice) == len(notice):
                        self._notice = os.fstat(fd).st_size - len(notice)
                else:
                    _write_over(fd, notice, self._notice)
            except OSError:
                pass  # The warning has said it; there is no room for more.
        if not self._kept:
            # What is lost stays told, and the next that is kept is told in a record of its own.
            self._lost, self._notice = 0, None

    def _forget(self) -> None:
        super()._forget()
        # What is kept is the parent's, who will write it.
        self._empty()

    def _empty(self) -> None:
        self._kept = deque()
        self._size, self._lost, self._notice, self._has_warned = 0, 0, None, False
        self._keeping = allocate_lock()


def _warn(writer: PatientWriter, refused: StorageFailed) -> None:
    import atexit
    import warnings

    atexit.register(writer.flush)
    meanwhile = "what is logged is kept in memory meanwhile, and lost if the process is killed"
    warnings.warn(f"{refused}; {meanwhile}", stacklevel=5)


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


def _reserved(fd: int, size: int, end: int) -> int:
    """Reserve room up to `end` and beyond, and return up to where; OSError where there is none."""
    from jupyter_aml.runfolder.reserve import NoReserve, reserve

    ahead = min(max(size, _LEAST_AHEAD), _MOST_AHEAD)
    try:
        try:
            reserve(fd, size, end + ahead - size)
            return end + ahead
        except OSError:
            # Of a disk that is nearly full the last blocks are used, too.
            reserve(fd, size, end - size)
            return end
    except NoReserve:
        return sys.maxsize


def _give_back(fd: int) -> None:
    from jupyter_aml.runfolder.reserve import give_back

    with contextlib.suppress(OSError):
        give_back(fd)


def _write_over(fd: int, data: bytes, offset: int) -> None:
    # A descriptor of O_APPEND writes at the end, whatever it is told.
    again = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(again, data, offset)
    finally:
        os.close(again)


def _unusual(value: float) -> str:
    return "NaN" if value != value else ("Infinity" if value > 0 else "-Infinity")


def _failed(folder: Path, error: OSError) -> StorageFailed:
    return StorageFailed(f"cannot write to the run's records in {folder}: {error.strerror}")
