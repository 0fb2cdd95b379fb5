"""Follows one run folder on an attached machine and tells what is new in it, piece by piece.

Files that only grow are told by their offsets, others whole once they have changed. After the end
of the job everything is told once more, then which files there are, and only when the other side
has confirmed that it has them the exit record. Part of the far end (agent.py): Python 3.10 and the
standard library alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

GROWING = ("logs", "metrics", "system")
"""Folders whose files only grow."""
WHOLE = ("work/outputs", "work/logs", "files", "results")
CHILDREN = "children"
"""What the folders beside that of a run are called here: it alone makes folders there."""

PIECE = 1 << 18
_QUICK, _SLOW = 0.03, 0.3
"""Seconds between two looks: while something happens, and after a while in which nothing did."""
_SOON = 3.0
_OTHERS = 1.0
"""Seconds between two looks at the files that are told whole."""
_SHARE = 20
"""A folder is walked, and a file told again, after so many times of what it took."""

Frame = tuple[dict[str, Any], bytes]
Have = dict[str, list[int]]


def own_path(path: str) -> str:
    """The path of a file within the folder of its run, which may be a child."""
    top, _, rest = path.partition("/")
    return rest.partition("/")[2] if top == CHILDREN else path


class Followed:
    """One folder; `next` gives a frame, or None where there is none before `due`."""

    def __init__(self, folder: Path, attempt: str, have: Have, others: Sequence[str]) -> None:
        """`have` is what the other side has: size and mtime in ns of each file by its path.

        `others` are further files and folders that are told whole.
        """
        self._folder, self._attempt, self._have = folder, attempt, have
        self._whole_ones = (*WHOLE, *others)
        self._children: set[str] = set()
        self.due, self.is_over = 0.0, False
        self._stirred = time.monotonic()
        self._others_at = 0.0
        self._again_at: dict[str, float] = {}
        self._confirmed: list[str] | None = None
        self._is_ended = False
        self._told: set[str] = set()
        self._frames = self._all()

    def next(self) -> Frame | None:
        """The next frame; None where there is none now."""
        frame = next(self._frames, None)
        if frame is not None:
            self._stirred = time.monotonic()
        return frame

    def confirm(self, again: list[str]) -> None:
        """Hear that the other side has everything but these."""
        self._confirmed, self.due = again, 0.0

    def finish(self) -> None:
        """Take the job for ended, though no exit record is there."""
        self._is_ended, self.due = True, 0.0

    def _all(self) -> Iterator[Frame | None]:
        while not (self._is_ended or self._exit.exists()):
            yield from self._round()
            self._rest()
            yield None
        yield from self._round(is_last=True)
        yield self._names()
        while self._confirmed is None:
            self.due = time.monotonic() + _SLOW
            yield None
        for path in self._confirmed:
            yield from self._whole(path)
        if self._exit.exists():
            yield from self._record(f"exit.{self._attempt}")
        self.is_over = True
        yield {"push": "over"}, b""

    @property
    def _exit(self) -> Path:
        return self._folder / "status" / f"exit.{self._attempt}"

    def _rest(self) -> None:
        now = time.monotonic()
        self.due = now + (_QUICK if now - self._stirred < _SOON else _SLOW)

    def _round(self, *, is_last: bool = False) -> Iterator[Frame]:
        for name in (f"pids.{self._attempt}", f"kernel.{self._attempt}"):
            if name not in self._told and (self._folder / "status" / name).exists():
                self._told.add(name)
                yield from self._record(name)
        yield from self._new_children()
        for path, found in self._found(self._beside(GROWING)):
            yield from self._grown(path, found.st_size)
        began = time.monotonic()
        if not is_last and began < self._others_at:
            return
        others = list(self._found(self._beside(self._whole_ones)))
        self._others_at = began + max(_OTHERS, _SHARE * (time.monotonic() - began))
        for path, found in others:
            if self._have.get(path) != [found.st_size, found.st_mtime_ns]:
                yield from self._changed(path, is_last=is_last)

    def _changed(self, path: str, *, is_last: bool) -> Iterator[Frame]:
        began = time.monotonic()
        if not is_last and began < self._again_at.get(path, 0.0):
            return
        yield from self._whole(path)
        self._again_at[path] = began + _SHARE * (time.monotonic() - began)

    def _new_children(self) -> Iterator[Frame]:
        """Tell of the folders that the script has made for children since."""
        with contextlib.suppress(OSError):
            for entry in sorted(os.scandir(self._folder.parent), key=lambda each: each.name):
                is_child = entry.name != self._folder.name and entry.name not in self._children
                if is_child and entry.is_dir(follow_symlinks=False):
                    self._children.add(entry.name)
                    yield {"push": "folder", "path": f"{CHILDREN}/{entry.name}"}, b""

    def _beside(self, folders: Sequence[str]) -> list[str]:
        """These folders, and those of the same names of each child."""
        children = sorted(self._children)
        return [*folders, *(f"{CHILDREN}/{name}/{top}" for name in children for top in folders)]

    def _place(self, path: str) -> Path:
        top, _, rest = path.partition("/")
        return self._folder.parent / rest if top == CHILDREN else self._folder / path

    def _found(self, tops: Sequence[str]) -> Iterator[tuple[str, os.stat_result]]:
        """The plain files at or below these; links are none."""
        for top in tops:
            parts = top.split("/")
            if any(self._place("/".join(parts[:end])).is_symlink() for end in range(1, len(parts))):
                continue
            with contextlib.suppress(OSError):
                found = os.lstat(self._place(top))
                if stat.S_ISREG(found.st_mode):
                    yield top, found
                elif stat.S_ISDIR(found.st_mode):
                    yield from self._below(top)

    def _below(self, top: str) -> Iterator[tuple[str, os.stat_result]]:
        waiting = [top]
        while waiting:
            here = waiting.pop()
            try:
                entries = sorted(os.scandir(self._place(here)), key=lambda each: each.name)
            except OSError:
                continue
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{here}/{entry.name}")
                elif entry.is_file(follow_symlinks=False):
                    with contextlib.suppress(OSError):
                        yield f"{here}/{entry.name}", entry.stat(follow_symlinks=False)

    def _grown(self, path: str, size: int) -> Iterator[Frame]:
        offset = self._have.get(path, [-1])[0]
        if size < offset:
            # Somebody has cut it off: from the beginning, then.
            yield from self._whole(path)
            return
        if size == offset:
            return
        offset = max(0, offset)
        try:
            file = self._opened(path)
        except OSError:
            return  # It is gone, or is no file any more.
        with file:
            file.seek(offset)
            is_first = True
            while (data := file.read(PIECE)) or is_first:
                yield {"push": "piece", "path": path, "offset": offset}, data
                is_first, offset = False, offset + len(data)
                self._have[path] = [offset, 0]

    def _whole(self, path: str) -> Iterator[Frame]:
        try:
            file = self._opened(path)
        except OSError:
            return  # It is gone, or is no file any more.
        with file:
            found = os.fstat(file.fileno())
            offset, is_growing = 0, own_path(path).startswith(tuple(f"{top}/" for top in GROWING))
            while True:
                data = file.read(PIECE)
                is_last = len(data) < PIECE
                told = {"push": "whole", "path": path, "offset": offset, "last": is_last}
                yield {**told, "mtime": found.st_mtime_ns, "mode": found.st_mode & 0o777}, data
                offset += len(data)
                if is_last:
                    break
        # What changed meanwhile has another time, so that it is told once more.
        self._have[path] = [offset, 0] if is_growing else [found.st_size, found.st_mtime_ns]

    def _record(self, name: str) -> Iterator[Frame]:
        try:
            with self._opened(f"status/{name}") as file:
                data = file.read(PIECE)
        except OSError:
            data = b""
        yield {"push": "record", "path": f"status/{name}"}, data

    def _names(self) -> Frame:
        """Which files there are, and the hashes of those that were told in pieces."""
        growing = {path: self._hash(path) for path, _ in self._found(self._beside(GROWING))}
        whole = [path for path, _ in self._found(self._beside(self._whole_ones))]
        return {"push": "names", "growing": growing, "whole": whole}, b""

    def _hash(self, path: str) -> str:
        hasher = hashlib.sha256()
        try:
            with self._opened(path) as file:
                while data := file.read(1 << 20):
                    hasher.update(data)
        except OSError:
            return ""
        return hasher.hexdigest()

    def _opened(self, path: str) -> BinaryIO:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(self._place(path), flags)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise OSError(f"{path} is not a plain file")
        return open(fd, "rb")
