"""The files of datastores, as a page lists, fetches and sends them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jupyter_aml.data.stores import Entry, Folder, Store, open_store
from jupyter_aml.domain.datastore import inside
from jupyter_aml.domain.errors import AlreadyExists, Invalid
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine.data.datastores import Datastores
from jupyter_aml.engine.uploads import Uploads
from jupyter_aml.wire.datastores import UploadPiece

_CONTENT = "content"
"""What the one file of an upload is called until it has its place."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that is not on this machine, open; `size` in bytes."""

    file: IO[bytes]
    size: int

    def read(self, size: int, start: int) -> bytes:
        """So many bytes from byte `start` on. Blocks."""
        self.file.seek(start)
        return self.file.read(size)


class StoreFiles:
    """Lists folders of datastores, fetches files, and takes files in pieces."""

    def __init__(self, uploads: Uploads, datastores: Datastores) -> None:
        self._datastores, self._uploads = datastores, uploads

    async def folder(self, workspace: WorkspaceName, name: str, path: str) -> Folder:
        """What lies in a folder of a datastore."""
        store = await self._store(workspace, name)
        return await asyncio.to_thread(store.listing, path)

    async def below(self, workspace: WorkspaceName, name: str, path: str) -> tuple[Entry, ...]:
        """All files below a folder of a datastore, or the file of that path, by path."""
        store = await self._store(workspace, name)
        return await asyncio.to_thread(lambda: tuple(store.walk(path)))

    @contextlib.asynccontextmanager
    async def fetched(
        self, workspace: WorkspaceName, name: str, path: str
    ) -> AsyncIterator[Path | Remote]:
        """A file of a datastore: its own place, or what reads parts of it where it is.

        A store that does not say how long its files are is read whole, before the body begins.
        """
        store = await self._store(workspace, name)
        local = store.local_path(path)
        if local is not None:
            yield Path(await asyncio.to_thread(os.path.realpath, local))
            return
        file = await asyncio.to_thread(store.open, path)
        try:
            size = getattr(file, "size", None)
            if isinstance(size, int):
                yield Remote(file, size)
                return
        finally:
            await asyncio.to_thread(file.close)
        copy = os.urandom(8).hex()
        try:
            place = self._uploads.folder(copy) / _CONTENT
            await asyncio.to_thread(store.get, path, place)
            yield place
        finally:
            await asyncio.to_thread(self._uploads.forget, copy)

    async def take(self, workspace: WorkspaceName, name: str, piece: UploadPiece) -> None:
        """Take a piece of a file; with the last one the file is on the datastore, whole.

        Raises Outdated where the pieces before it are not there, AlreadyExists for a file that
        is there and shall not be replaced.
        """
        store = await self._store(workspace, name)
        await asyncio.to_thread(self._take, store, piece)

    # ---- inside -----------------------------------------------------------------------------

    async def _store(self, workspace: WorkspaceName, name: str) -> Store:
        known = await self._datastores.get(workspace, name)
        values = await self._datastores.secrets(workspace, name)
        return await asyncio.to_thread(open_store, known.definition, values.__getitem__)

    def _take(self, store: Store, piece: UploadPiece) -> None:
        if not inside(piece.path):
            raise Invalid("path: a file on a datastore needs a name")
        if not piece.overwrite and store.exists(piece.path):
            raise AlreadyExists(f"{piece.path!r} is on the datastore already")
        part = self._uploads.take(piece, called=_CONTENT)
        if piece.is_last:
            try:
                store.put(part, piece.path)
            finally:
                self._uploads.forget(piece.upload)
