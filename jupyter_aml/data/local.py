"""A store that is a folder of this machine. The standard library does it all."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from jupyter_aml.data import patterns
from jupyter_aml.data.landing import Landing, is_part
from jupyter_aml.data.protocol import Entry, Folder, Mode, Recipe
from jupyter_aml.domain.datastore import inside
from jupyter_aml.domain.errors import NotFound, Refused, StorageFailed, Unreachable

_DEEPEST = 200
Fits = Callable[[str], bool]
"""Whether a path is wanted."""


def _any(path: str) -> bool:
    return True


class LocalStore:
    """The files below a folder. Links that lead out of it are followed only where `links` says so.

    `must_be_there` refuses a folder that is missing: it is mounted from elsewhere, say.
    """

    def __init__(self, folder: Path, *, links: bool = False, must_be_there: bool = False) -> None:
        self.folder = folder
        self._links, self._must_be_there = links, must_be_there
        self._landing = Landing()

    def recipe(self) -> Recipe:
        """How another process of this machine opens it."""
        arguments = (str(self.folder), self._links, self._must_be_there)
        return Recipe("jupyter_aml.data.local:reopened", arguments)

    def check(self, *, make: bool = False) -> None:
        """Raise NotFound where the folder is missing; with `make` it is made."""
        if make:
            self.folder.mkdir(parents=True, exist_ok=True)
        if not self.folder.is_dir():
            raise NotFound(f"there is no folder {self.folder}")

    def walk(self, prefix: str = "") -> Iterator[Entry]:
        """All files below a folder (or the file of that path), by path; none where it is not."""
        place = self._place(prefix)
        if place.is_dir():
            yield from self._below(str(place), inside(prefix), _DEEPEST, _any)
        elif place.is_file():
            yield _entry(inside(prefix), place.stat())

    def listing(self, path: str = "") -> Folder:
        """What lies in a folder, and not below its folders; nothing where there is no such one."""
        place, base = self._place(path), inside(path)
        if not place.is_dir():
            return Folder((), ())
        with os.scandir(place) as entries:
            folders = sorted(
                entry.name for entry in entries if entry.is_dir(follow_symlinks=self._links)
            )
        return Folder(tuple(folders), tuple(self._below(str(place), base, 0, _any)))

    def glob(self, pattern: str) -> Iterator[Entry]:
        """The files that a pattern means, by path."""
        pattern = inside(pattern)
        if not patterns.is_pattern(pattern) or self._place(pattern).exists():
            yield from self.walk(pattern)
            return
        base = patterns.prefix(pattern)
        depth = _DEEPEST if "**" in pattern.split("/") else pattern.count("/") - base.count("/")
        fits = patterns.matcher(pattern)
        place = self._place(base)
        if place.is_dir():
            levels = depth if not base or depth == _DEEPEST else depth - 1
            yield from self._below(str(place), base, levels, fits)

    def open(self, path: str, mode: Mode = "rb") -> IO[Any]:
        """Open a file; one that is written is there, whole, once it is closed."""
        place = self._file(path) if mode == "rb" else self._place(path)
        if mode == "wb":
            return _Written(self._landing, place)  # type: ignore[return-value]
        try:
            return place.open("rb")
        except OSError as error:
            raise Refused(f"cannot read {path!r}: {error.strerror}") from error

    def get(self, path: str, local: Path) -> None:
        """Copy a file from the store; `local` is there whole or not at all."""
        _copy(self._file(path), local, self._landing)

    def put(self, local: Path, path: str) -> None:
        """Copy a file to the store; it is there whole or not at all."""
        place = self._place(path)
        if not place.name or not inside(path):
            raise Refused("a file on a datastore needs a name")
        if place.is_dir():
            raise Refused(f"{path!r} is a folder of the datastore")
        _copy(local, place, self._landing)

    def exists(self, path: str) -> bool:
        """Whether there is a file of that path."""
        return self._place(path).is_file()

    def remove(self, path: str) -> None:
        """Delete a file; NotFound where there is none. A folder that it leaves empty goes, too."""
        place = self._file(path)
        try:
            place.unlink()
        except OSError as error:
            raise StorageFailed(f"cannot delete {path!r}: {error.strerror}") from error
        for folder in place.parents:
            if folder == self.folder:
                break
            try:
                folder.rmdir()
            except OSError:
                break  # Other files are there.

    def local_path(self, path: str) -> Path | None:
        """Where a file or folder is."""
        return self._place(path)

    def url(self, path: str) -> str:
        """The address of a file or folder."""
        return self._place(path).absolute().as_uri()

    # ---- inside -----------------------------------------------------------------------------

    def _place(self, path: str) -> Path:
        """The place of a path; Refused where a link on the way leads out of the folder."""
        place = self.folder / inside(path)
        if self._must_be_there and not self.folder.is_dir():
            raise Unreachable(f"there is no folder {self.folder}: make it, or mount what it is for")
        if not self._links:
            top = os.path.realpath(self.folder)
            if os.path.commonpath([top, os.path.realpath(place)]) != top:
                raise Refused(f"{path!r} is a link that leads out of the datastore")
        return place

    def _file(self, path: str) -> Path:
        place = self._place(path)
        if not place.is_file():
            what = "is a folder, not a file" if place.is_dir() else "is not on the datastore"
            raise NotFound(f"{path!r} {what}")
        return place

    def _below(
        self, folder: str, base: str, levels: int, fits: Fits, above: tuple[str, ...] = ()
    ) -> Iterator[Entry]:
        """The files below a folder in the order of their paths, `levels` folders deep."""
        here = os.path.realpath(folder) if self._links else ""
        if here in above:
            return  # A link that leads back up: all of it is met elsewhere.
        try:
            with os.scandir(folder) as entries:
                found = sorted((self._sorted_as(entry), entry) for entry in entries)
        except OSError as error:
            raise Refused(f"cannot read {folder}: {error.strerror}") from error
        below = (*above, here) if self._links else above
        for name, entry in found:
            path = f"{base}/{name}" if base else name
            if name[-1] == "/":
                if levels > 0:
                    yield from self._below(entry.path, path[:-1], levels - 1, fits, below)
            elif fits(path) and not is_part(name):
                seen = self._seen(entry)
                if seen is not None:
                    yield _entry(path, seen)

    def _seen(self, entry: os.DirEntry[str]) -> os.stat_result | None:
        """What is known of a file; None for what is none, leads out, or went away meanwhile."""
        try:
            seen = entry.stat()
        except OSError:
            return None
        return seen if stat.S_ISREG(seen.st_mode) and self._is_inside(entry) else None

    def _sorted_as(self, entry: os.DirEntry[str]) -> str:
        return f"{entry.name}/" if entry.is_dir(follow_symlinks=self._links) else entry.name

    def _is_inside(self, entry: os.DirEntry[str]) -> bool:
        if self._links or not entry.is_symlink():
            return True
        top = os.path.realpath(self.folder)
        return os.path.commonpath([top, os.path.realpath(entry.path)]) == top


class _Written:
    """A file that is being written, and there once it is closed; not at all after an exception."""

    def __init__(self, landing: Landing, place: Path) -> None:
        self._landing = landing.at(place)
        part = self._landing.__enter__()
        try:
            self._file = part.open("wb")
        except OSError as error:
            raise StorageFailed(f"cannot write {place}: {error.strerror}") from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _Written:
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.close()
        self._landing.__exit__(*error)

    def close(self) -> None:
        """Put it in its place."""
        if not self._file.closed:
            self._file.close()
            self._landing.__exit__(None, None, None)


def _entry(path: str, seen: os.stat_result) -> Entry:
    return Entry(path, seen.st_size, seen.st_mtime)


def _copy(source: Path, target: Path, landing: Landing) -> None:
    try:
        size_before = source.stat()
    except OSError as error:
        raise NotFound(f"cannot read {source}: {error.strerror}") from error
    if not stat.S_ISREG(size_before.st_mode):
        raise Refused(f"{source} is not a plain file")
    with landing.at(target) as part:
        shutil.copyfile(source, part)


def reopened(folder: str, links: bool, must_be_there: bool) -> LocalStore:
    """Open what `LocalStore.recipe` tells."""
    return LocalStore(Path(folder), links=links, must_be_there=must_be_there)
