"""A datastore whose files the engine reads and writes for us, a piece at a time over HTTP."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_aml.data import patterns
from jupyter_aml.data.landing import Landing
from jupyter_aml.data.protocol import Entry, Folder, Mode, Recipe
from jupyter_aml.domain.datastore import inside
from jupyter_aml.domain.errors import NotFound, Refused

if TYPE_CHECKING:
    from jupyter_aml.client.datastores import Datastores
    from jupyter_aml.wire.datastores import WireStoreFile

_BLOCK = 4 << 20
"""Bytes of an open file that are asked for at once."""


class EngineStore:
    """The files of a datastore by the routes of the engine."""

    def __init__(self, client: Datastores, workspace: str, name: str, url: str) -> None:
        self._client, self._place, self._url = client, (workspace, name), url.rstrip("/")
        self._landing = Landing()

    def recipe(self) -> Recipe:
        """How another process of this machine opens it."""
        at = self._client.address
        arguments = (at.root, at.socket, at.url, at.token, *self._place, self._url)
        return Recipe("jupyter_aml.sdk._data.through_engine:reopened", arguments)

    def check(self, *, make: bool = False) -> None:
        """Raise NotFound where the container or folder is missing; nothing is made."""
        self._client.files(*self._place, limit=1)

    def walk(self, prefix: str = "") -> Iterator[Entry]:
        """All files below a folder (or the file of that path), by path; none where it is not."""
        for file in self._client.below(*self._place, inside(prefix)):
            yield _entry(file, file["name"])

    def listing(self, path: str = "") -> Folder:
        """What lies in a folder, and not below its folders; nothing where there is no such one."""
        meant = inside(path)
        page = self._client.files(*self._place, meant, limit=10_000)
        folders, files = tuple(page["folders"]), [*page["files"]]
        while page["next"] is not None:
            page = self._client.files(*self._place, meant, after=page["next"], limit=10_000)
            files += page["files"]
        above = f"{meant}/" if meant else ""
        return Folder(folders, tuple(_entry(file, above + file["name"]) for file in files))

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
        """Open a file; one that is written is sent once it is closed."""
        meant = inside(path)
        if mode == "wb":
            return _Written(self, meant)
        found = self._found(meant)
        if found.size is None:
            folder = Path(tempfile.mkdtemp(prefix="aml-"))
            try:
                self.get(meant, folder / "content")
                # The name goes at once, and the content with the file.
                return (folder / "content").open("rb")
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        raw = _Parts(self._client, self._place, meant, found.size)
        return io.BufferedReader(raw, _BLOCK)

    def get(self, path: str, local: Path) -> None:
        """Copy a file from the store; `local` is there whole or not at all."""
        with self._landing.at(local) as part:
            self._client.save(*self._place, inside(path), part)

    def put(self, local: Path, path: str) -> None:
        """Copy a file to the store; it is there whole or not at all."""
        if not local.is_file():
            what = "is not a plain file" if local.exists() else "is not there"
            raise (Refused if local.exists() else NotFound)(f"{local} {what}")
        self._client.send(*self._place, inside(path), local)

    def exists(self, path: str) -> bool:
        """Whether there is a file of that path."""
        with contextlib.suppress(NotFound):
            return self._found(inside(path)) is not None
        return False

    def remove(self, path: str) -> None:
        """Refused: the engine deletes no file of a datastore for others."""
        raise Refused(f"{path!r} cannot be deleted through the engine")

    def local_path(self, path: str) -> Path | None:
        """None: it has to be fetched."""
        inside(path)
        return None

    def url(self, path: str) -> str:
        """The address of a file or folder, which holds no secret."""
        return f"{self._url}/{quote(inside(path))}"

    def _found(self, path: str) -> Entry:
        """The file of that path; raises NotFound."""
        first = next(self._client.below(*self._place, path, limit=1), None)
        if first is None or first["name"] != path:
            raise NotFound(f"{path!r} is not on the datastore {self._place[1]!r}")
        return _entry(first, path)


class _Parts(io.RawIOBase):
    """The bytes of a file, asked for where they are read."""

    def __init__(self, client: Datastores, place: tuple[str, str], path: str, size: int) -> None:
        self._client, self._place, self._path = client, place, path
        self._at, self._size = 0, size

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte of it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """The byte that is read next."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read what is there from here on; 0 at its end. Raises EOFError for a file cut short."""
        size = min(len(buffer), self._size - self._at)
        if size <= 0:
            return 0
        data = self._client.part(*self._place, self._path, self._at, size)
        if not data:
            raise EOFError(f"{self._path!r} became shorter while it was read")
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class _Written(io.FileIO):
    """A file that is written here and sent once it is closed, after no exception."""

    def __init__(self, store: EngineStore, path: str) -> None:
        self._store, self._path = store, path
        self._folder = Path(tempfile.mkdtemp(prefix="aml-"))
        self._is_good = True
        super().__init__(self._folder / "content", "wb")

    def __exit__(self, kind: object, *rest: object) -> None:
        self._is_good = kind is None
        self.close()

    def close(self) -> None:
        """Send it."""
        if self.closed:
            return
        super().close()
        try:
            if self._is_good:
                self._store.put(self._folder / "content", self._path)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def reopened(
    root: str | None, socket: str | None, url: str | None, token: str | None, *place: str
) -> EngineStore:
    """Open what `EngineStore.recipe` tells; the engine of a root is found again, or started."""
    from jupyter_aml.client import Client, find
    from jupyter_aml.client.transport import Address

    client = Client(Address(socket, url, token)) if root is None else find(root)
    workspace, name, at = place
    return EngineStore(client.datastores, workspace, name, at)


def _entry(file: WireStoreFile, path: str) -> Entry:
    return Entry(path, file["size"], file["modified"], file.get("etag"))
