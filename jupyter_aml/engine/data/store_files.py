"""The files of datastores, as a page lists, fetches and sends them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from jupyter_aml.data.stores import Folder, Store, open_store
from jupyter_aml.domain.datastore import inside
from jupyter_aml.domain.errors import AlreadyExists, Invalid, Outdated, StorageFailed
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine.data.datastores import Datastores
from jupyter_aml.engine.root import Root
from jupyter_aml.wire.datastores import UploadPiece

_FORGOTTEN = 24 * 3600.0
"""Seconds after which an upload that does not go on is given up."""


class StoreFiles:
    """Lists folders of datastores, fetches files, and takes files in pieces."""

    def __init__(self, root: Root, datastores: Datastores) -> None:
        self._datastores = datastores
        self._folder = root.path / "uploads"

    async def folder(self, workspace: WorkspaceName, name: str, path: str) -> Folder:
        """What lies in a folder of a datastore."""
        store = await self._store(workspace, name)
        return await asyncio.to_thread(store.listing, path)

    @contextlib.asynccontextmanager
    async def fetched(self, workspace: WorkspaceName, name: str, path: str) -> AsyncIterator[Path]:
        """A file of a datastore on this machine: its own place, or a copy until the body ends."""
        store = await self._store(workspace, name)
        local = store.local_path(path)
        if local is not None:
            yield Path(await asyncio.to_thread(os.path.realpath, local))
            return
        copy = self._part(os.urandom(8).hex())
        try:
            await asyncio.to_thread(store.get, path, copy)
            yield copy
        finally:
            copy.unlink(missing_ok=True)

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
        part = self._part(piece.upload)
        if piece.offset == 0:
            self._sweep()
        try:
            with open(part, "r+b" if piece.offset else "wb") as file:
                if file.seek(0, 2) < piece.offset:
                    raise Outdated(f"the pieces of {piece.path!r} before this one are not there")
                file.seek(piece.offset)
                file.write(piece.data)
                file.truncate()
        except FileNotFoundError:
            raise Outdated(f"the pieces of {piece.path!r} before this one are not there") from None
        except OSError as error:
            raise StorageFailed(f"cannot keep a piece of the file: {error.strerror}") from error
        if piece.is_last:
            try:
                store.put(part, piece.path)
            finally:
                part.unlink(missing_ok=True)

    def _part(self, name: str) -> Path:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        return self._folder / name

    def _sweep(self) -> None:
        for path in self._old():
            with contextlib.suppress(OSError):
                path.unlink()

    def _old(self) -> Iterator[Path]:
        until = time.time() - _FORGOTTEN
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < until:
                    yield path
