"""Writes what is told of a run folder on another machine into the run folder here.

The same bytes at the same offsets, so that whoever reads the folder cannot tell the difference.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_aml.compute.ssh.following import CHILDREN, GROWING, WHOLE, Have, own_path
from jupyter_aml.domain.errors import NotFound, StorageFailed
from jupyter_aml.runfolder.layout import without_links
from jupyter_aml.runfolder.plain import NotPlain, plain

_RECORDS = ("status",)
_COPYING = ".copying"


class Copy:
    """The folder of one run here. Its methods block."""

    def __init__(self, folder: Path, others: Sequence[str] = ()) -> None:
        """`others` are further files and folders of the run that are told whole."""
        self._folder, self._whole_ones = folder, (*WHOLE, *others)

    def have(self) -> Have:
        """Size and, of files that are told whole, mtime in ns of what is here, by the paths."""
        grown = {path: [found.st_size, 0] for path, found in self._files(GROWING)}
        whole = {
            path: [found.st_size, found.st_mtime_ns]
            for path, found in self._files(self._whole_ones)
        }
        return {**grown, **whole}

    def take(self, told: Mapping[str, Any], data: bytes) -> None:
        """Write what a frame tells; raises StorageFailed."""
        try:
            match told["push"]:
                case "piece":
                    self._piece(told["path"], told["offset"], data)
                case "whole":
                    self._whole(told, data)
                case "folder":
                    self._made(f"{told['path']}/status/-")
                case "record":
                    self._record(told["path"], data)
        except OSError as error:
            raise StorageFailed(f"cannot write {error.filename}: {error.strerror}") from error

    def compare(self, told: Mapping[str, Any]) -> list[str]:
        """Remove what is not there any more; the paths of files that differ from those there."""
        wrong = [path for path, digest in told["growing"].items() if self._hash(path) != digest]
        there = set(told["whole"])
        for path, _ in self._files(self._whole_ones):
            if path not in there:
                (self._folder / path).unlink(missing_ok=True)
        return wrong

    def _piece(self, path: str, offset: int, data: bytes) -> None:
        with open(self._made(path), "ab", opener=plain) as file:
            if file.tell() < offset:
                raise OSError(0, "a piece before this one is missing", path)
        # What is there from before is written over: a piece may come twice.
        with open(self._folder / path, "r+b", opener=plain) as file:
            file.seek(offset)
            file.write(data)

    def _whole(self, told: Mapping[str, Any], data: bytes) -> None:
        path, offset = told["path"], told["offset"]
        draft = self._draft(path)
        with open(draft, "r+b" if offset else "wb", opener=plain) as file:
            file.seek(offset)
            file.write(data)
        if told["last"]:
            os.chmod(draft, told["mode"] | 0o600)
            os.utime(draft, ns=(told["mtime"], told["mtime"]))
            target = self._made(path)
            if target.is_dir() and not target.is_symlink():
                raise OSError(0, "a folder is there", str(target))
            os.replace(draft, target)

    def _record(self, path: str, data: bytes) -> None:
        target = self._made(path)
        draft = target.with_name(f"{target.name}{_COPYING}")
        draft.write_bytes(data)
        os.replace(draft, target)

    def _draft(self, path: str) -> Path:
        """Where a file is put together that is told whole."""
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
        folder = self._folder / _COPYING
        folder.mkdir(exist_ok=True)
        return folder / name

    def end(self) -> None:
        """Clear away what was put together and never became whole."""
        folder = self._folder / _COPYING
        if folder.is_dir():
            for path in folder.iterdir():
                path.unlink(missing_ok=True)
            folder.rmdir()

    def _made(self, path: str) -> Path:
        """The place of a file here, its folder made; OSError for a path that leads out."""
        parts = path.split("/")
        is_inside = f"{own_path(path)}/".startswith(
            tuple(f"{top}/" for top in (*GROWING, *self._whole_ones, *_RECORDS))
        )
        if not is_inside or any(part in ("", ".", "..") for part in parts) or "\0" in path:
            raise OSError(0, "it is no path of a file of a run", path)
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            real, own = without_links(place.parent), without_links(self._folder)
        except NotFound as error:
            raise OSError(0, str(error), path) from error
        if not real.is_relative_to(own):
            raise OSError(0, "a link leads out of the run's folder", path)
        return place

    def _hash(self, path: str) -> str:
        hasher = hashlib.sha256()
        try:
            with open(self._folder / path, "rb", opener=plain) as file:
                while data := file.read(1 << 20):
                    hasher.update(data)
        except (FileNotFoundError, NotPlain):
            return "-"
        return hasher.hexdigest()

    def _files(self, tops: Sequence[str]) -> Iterator[tuple[str, os.stat_result]]:
        children = self._folder / CHILDREN
        beside = sorted(os.listdir(children)) if children.is_dir() else []
        for top in (*tops, *(f"{CHILDREN}/{name}/{each}" for name in beside for each in tops)):
            if (self._folder / top).is_file():
                yield top, os.lstat(self._folder / top)
            for here, inner, names in os.walk(self._folder / top):
                inner.sort()
                for name in sorted(names):
                    place = os.path.join(here, name)
                    if os.path.isfile(place) and not os.path.islink(place):
                        yield os.path.relpath(place, self._folder), os.lstat(place)
