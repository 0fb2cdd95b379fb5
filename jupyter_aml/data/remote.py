"""A store elsewhere, through fsspec."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from jupyter_aml.data import patterns
from jupyter_aml.data.landing import Landing
from jupyter_aml.data.protocol import Entry, Folder, Mode, Recipe
from jupyter_aml.data.trouble import told
from jupyter_aml.domain.datastore import inside
from jupyter_aml.domain.errors import NotFound, Refused

_WHOLE = frozenset({"abfs", "abfss", "az", "gcs", "gs", "memory", "s3", "s3a"})
"""File systems in which a file appears when it has arrived; in others it is renamed then."""


class RemoteStore:
    """The files of a file system of fsspec below a folder of it."""

    def __init__(self, system: Any, base: str, url: str) -> None:
        self._system, self._base, self._url = system, base.rstrip("/"), url.rstrip("/")
        self._landing = Landing()
        protocol = system.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        self._is_whole = bool(names & _WHOLE)

    def recipe(self) -> Recipe:
        """How another process of this machine opens it."""
        arguments = (self._system.to_json(), self._base, self._url)
        return Recipe("jupyter_aml.data.remote:reopened", arguments)

    def check(self, *, make: bool = False) -> None:
        """Raise NotFound where the container or folder is missing; with `make` it is made."""
        with self._told(""):
            there = self._is_there()
            if not there and make:
                self._make()
            elif not there:
                raise NotFound(f"there is no {self._url}")

    def walk(self, prefix: str = "") -> Iterator[Entry]:
        """All files below a folder (or the file of that path), by path; none where it is not."""
        meant = inside(prefix)
        with self._told(meant):
            found = self._found(meant)
        yield from sorted(found, key=lambda entry: entry.path)

    def listing(self, path: str = "") -> Folder:
        """What lies in a folder, and not below its folders; nothing where there is no such one."""
        meant = inside(path)
        with self._told(meant):
            folders, files = self._listed(meant)
        return Folder(tuple(sorted(folders)), tuple(sorted(files, key=lambda entry: entry.path)))

    def glob(self, pattern: str) -> Iterator[Entry]:
        """The files that a pattern means, by path."""
        pattern = inside(pattern)
        if not patterns.is_pattern(pattern) or self.exists(pattern):
            yield from self.walk(pattern)
            return
        fits = patterns.matcher(pattern)
        below = self.walk(patterns.prefix(pattern))
        yield from (entry for entry in below if fits(entry.path))

    def open(self, path: str, mode: Mode = "rb") -> IO[Any]:
        """Open a file; one that is written is there, whole, once it is closed."""
        place = self._place(path)
        if mode == "wb":
            return _Written(self, path)  # type: ignore[return-value]
        with self._told(path):
            self._need_file(path, place)
            opened: IO[Any] = self._system.open(place, "rb")
            return opened

    def get(self, path: str, local: Path) -> None:
        """Copy a file from the store; `local` is there whole or not at all."""
        place = self._place(path)
        with self._landing.at(local) as part, self._told(path):
            self._need_file(path, place)
            self._system.get_file(place, str(part))

    def put(self, local: Path, path: str) -> None:
        """Copy a file to the store; it is there whole or not at all."""
        place = self._place(path)
        if not local.is_file():
            what = "is not a plain file" if local.exists() else "is not there"
            raise (Refused if local.exists() else NotFound)(f"{local} {what}")
        with self._told(path):
            if self._is_whole:
                self._system.put_file(str(local), place)
                return
            folder, _, name = place.rpartition("/")
            part = f"{folder}/.aml-{name}.part"
            self._system.makedirs(folder, exist_ok=True)
            self._system.put_file(str(local), part)
            self._system.mv(part, place)

    def exists(self, path: str) -> bool:
        """Whether there is a file of that path."""
        place = self._place(path)
        with self._told(path):
            return self._is_file(place)

    def remove(self, path: str) -> None:
        """Delete a file; NotFound where there is none."""
        place = self._place(path)
        with self._told(path):
            self._need_file(path, place)
            self._system.rm_file(place)

    def local_path(self, path: str) -> Path | None:
        """None: it has to be fetched."""
        inside(path)
        return None

    def url(self, path: str) -> str:
        """The address of a file or folder, which holds no secret."""
        return f"{self._url}/{quote(inside(path))}"

    # ---- inside -----------------------------------------------------------------------------

    def _is_there(self) -> bool:
        return bool(self._system.exists(self._base))

    def _make(self) -> None:
        self._system.makedirs(self._base, exist_ok=True)

    def _is_file(self, place: str) -> bool:
        return bool(self._system.isfile(place))

    def _found(self, meant: str) -> list[Entry]:
        """The files below a folder or of that path, in any order."""
        place = f"{self._base}/{meant}".rstrip("/")
        self._system.invalidate_cache()
        if meant and self._system.isfile(place):
            return [self._entry(self._system.info(place))]
        found: Mapping[str, Mapping[str, Any]] = self._system.find(place, detail=True)
        return [
            self._entry(info)
            for info in found.values()
            if info.get("type", "file") == "file" and not _is_part(str(info["name"]))
        ]

    def _listed(self, meant: str) -> tuple[list[str], list[Entry]]:
        """The names of the folders in a folder, and its files, in any order."""
        self._system.invalidate_cache()
        place = f"{self._base}/{meant}".rstrip("/")
        if not self._system.isdir(place):
            return [], []
        found = self._system.ls(place, detail=True)
        folders = [str(info["name"]).rstrip("/").rpartition("/")[2]
                   for info in found if info.get("type") == "directory"]  # fmt: skip
        files = [self._entry(info) for info in found
                 if info.get("type") == "file" and not _is_part(str(info["name"]))]  # fmt: skip
        return folders, files

    def _need_file(self, path: str, place: str) -> None:
        if not self._is_file(place):
            raise NotFound(f"{path!r} is not at {self._url}")

    def _place(self, path: str) -> str:
        return f"{self._base}/{inside(path)}".rstrip("/")

    def _told(self, path: str) -> contextlib.AbstractContextManager[None]:
        return told(self._url, path)

    def _entry(self, info: Mapping[str, Any]) -> Entry:
        name = str(info["name"])
        path = name[len(self._base) :] if name.startswith(self._base) else name
        size, etag = info.get("size"), info.get("etag") or info.get("ETag")
        return Entry(
            path.strip("/"),
            None if size is None else int(size),
            _seconds(info),
            None if etag is None else str(etag),
        )


class _Written:
    """A file that is written here and put in its place once it is closed, after no exception."""

    def __init__(self, store: RemoteStore, path: str) -> None:
        self._store, self._path = store, path
        self._folder = Path(tempfile.mkdtemp(prefix="aml-"))
        self._file = (self._folder / "content").open("wb")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _Written:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Put it in its place."""
        if self._file.closed:
            return
        self._file.close()
        try:
            self._store.put(self._folder / "content", self._path)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def _is_part(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last.startswith(".aml-") and last.endswith(".part")


def _seconds(info: Mapping[str, Any]) -> float | None:
    """When it was changed, however this file system says so."""
    for key in ("last_modified", "LastModified", "mtime", "modified", "updated", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            known = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
            return known.timestamp()
        if isinstance(value, int | float):
            return float(value)
    return None


def reopened(system: str, base: str, url: str) -> RemoteStore:
    """Open what `RemoteStore.recipe` tells."""
    from fsspec import AbstractFileSystem

    return RemoteStore(AbstractFileSystem.from_json(system), base, url)
