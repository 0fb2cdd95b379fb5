"""/aml/datastores: the places of files and the databases that a workspace knows by name."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.data.protocol import Folder
from jupyter_aml.domain import datastore, ids
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.experiments import WORKSPACE
from jupyter_aml.server.handlers.files import INLINE, OFFSET, UPLOAD, Download, piece_of
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Number, Text
from jupyter_aml.wire.asked import WireDefaultDatastore, WireNewDatastore
from jupyter_aml.wire.datastores import (
    WireDatastore,
    WireStoreFile,
    WireStoreFolder,
    decode_default_datastore,
    decode_new_datastore,
)
from jupyter_aml.wire.secrets import WireSecretValues

if TYPE_CHECKING:
    from jupyter_aml.engine.data.datastores import Known
    from jupyter_aml.engine.engine import Engine

PATH = Text("folder", "A folder of the datastore; all of it where it is left out.")
DEEP = Number("deep", "1: all files below the folder, by path, not those in it alone.", 0, 1, 0)
AFTER = Text("after", "`next` of the page before.")
LIMIT = Number("limit", "Files on a page.", 1, 10_000, 1_000)
LAST = Number("last", "1: with this piece the file is whole.", 0, 1, 0)
OVERWRITE = Number("overwrite", "1: replace a file that is there.", 0, 1, 0)
RUN = Text("run", "The run that asks: what it is told is masked in its logs.")


class _Handler(AmlHandler):
    def workspace(self, engine: Engine) -> WorkspaceName:
        """The workspace that is meant."""
        return ids.workspace_name(WORKSPACE.read(self) or engine.status()["defaultWorkspace"])


class DatastoresHandler(_Handler):
    """/aml/datastores"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the datastores, the built-in ones first."""
        found = await engine.datastores.list(self.workspace(engine))
        self.reply([encode(known) for known in found])

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Register a datastore; its secrets go into the vault, and are in no answer."""
        asked = decode_new_datastore(self.body())
        self.reply(encode(await engine.datastores.add(asked)), status=201)


class DatastoreHandler(_Handler):
    """/aml/datastores/<name>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return a datastore."""
        name = datastore.datastore_name(name)
        self.reply(encode(await engine.datastores.get(self.workspace(engine), name)))

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, name: str) -> None:
        """Forget a datastore and its secrets; its files stay where they are."""
        await engine.datastores.remove(self.workspace(engine), datastore.datastore_name(name))
        self.reply_nothing()


class DatastoreSecretsHandler(_Handler):
    """/aml/datastores/<name>/secrets; on the socket only."""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return the values of a datastore's secrets, to whoever opens it."""
        name = datastore.datastore_name(name)
        run = RUN.read(self)
        values = await engine.datastores.secrets(
            self.workspace(engine), name, None if run is None else ids.run_id(run)
        )
        answer: WireSecretValues = {"values": values}
        self.reply(answer)


class StoreFolderHandler(_Handler):
    """/aml/datastores/<name>/files"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """List a folder of a datastore, a page of its files at a time."""
        path, after, limit = PATH.read(self) or "", AFTER.read(self), LIMIT.given(self)
        place = self.workspace(engine), datastore.datastore_name(name), path
        if DEEP.given(self) == 1:
            files = await engine.store_files.below(*place)
            self.reply(_page(Folder((), files), path, after, limit, deep=True))
        else:
            self.reply(_page(await engine.store_files.folder(*place), path, after, limit))


class StoreFileHandler(Download, _Handler):
    """/aml/datastores/<name>/files/<path>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str, path: str) -> None:
        """Return a file of a datastore."""
        name, workspace = datastore.datastore_name(name), self.workspace(engine)
        async with engine.store_files.fetched(workspace, name, path) as found:
            if isinstance(found, Path):
                await self.send(found, path)
            else:
                await self.send_parts(found.read, found.size, path)

    @authenticated
    @authorized
    @served
    async def put(self, engine: Engine, name: str, path: str) -> None:
        """Take a piece of a file; with the last one it is on the datastore, whole."""
        piece = replace(
            piece_of(self, path),
            is_last=LAST.given(self) == 1,
            overwrite=OVERWRITE.given(self) == 1,
        )
        name = datastore.datastore_name(name)
        await engine.store_files.take(self.workspace(engine), name, piece)
        self.reply_nothing()


class DefaultDatastoreHandler(_Handler):
    """/aml/default-datastore"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """Return the default datastore."""
        self.reply(encode(await engine.datastores.default(self.workspace(engine))))

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Make a datastore the default one."""
        self.reply(encode(await engine.datastores.choose(*decode_default_datastore(self.body()))))


def _page(
    found: Folder, path: str, after: str | None, limit: int, *, deep: bool = False
) -> WireStoreFolder:
    names = [entry.path if deep else entry.path.rpartition("/")[2] for entry in found.files]
    start = 0 if after is None else bisect_right(names, after)
    files: list[WireStoreFile] = []
    for name, entry in zip(names[start:], found.files[start : start + limit], strict=False):
        file: WireStoreFile = {"name": name, "size": entry.size, "modified": entry.modified}
        if deep:
            file["etag"] = entry.etag
        files.append(file)
    return {
        "path": path,
        "folders": list(found.folders) if after is None else [],
        "files": files,
        "total": len(found.files),
        "next": files[-1]["name"] if start + limit < len(names) else None,
    }


def encode(known: Known) -> WireDatastore:
    """A datastore as it is told."""
    definition = known.definition
    return {
        "workspace": known.registered.workspace,
        "name": definition.name,
        "kind": definition.kind,
        "url": definition.url,
        "options": dict(definition.options),
        "builtIn": definition.is_built_in,
        "isDefault": known.is_default,
        "isDatabase": definition.is_database,
        "version": known.registered.version,
        "createdAt": known.registered.created_at,
    }


ROUTES = (
    Route("datastores", DatastoresHandler, {
        "get": Call(query=(WORKSPACE,), answer=list[WireDatastore]),
        "post": Call(body=WireNewDatastore, answer=WireDatastore, status=201),
    }),
    Route("datastores/{name}", DatastoreHandler, {
        "get": Call(query=(WORKSPACE,), answer=WireDatastore),
        "delete": Call(query=(WORKSPACE,), status=204),
    }),
    Route("datastores/{name}/secrets", DatastoreSecretsHandler, {
        "get": Call(query=(WORKSPACE, RUN), answer=WireSecretValues),
    }, on_socket_only=True),
    Route("datastores/{name}/files", StoreFolderHandler, {
        "get": Call(query=(WORKSPACE, PATH, DEEP, AFTER, LIMIT), answer=WireStoreFolder),
    }),
    Route("datastores/{name}/files/{+path}", StoreFileHandler, {
        "get": Call(query=(WORKSPACE, INLINE), answer=bytes, other=((206, bytes), (304, None))),
        "put": Call(query=(WORKSPACE, UPLOAD, OFFSET, LAST, OVERWRITE), status=204),
    }),
    Route("default-datastore", DefaultDatastoreHandler, {
        "get": Call(query=(WORKSPACE,), answer=WireDatastore),
        "post": Call(body=WireDefaultDatastore, answer=WireDatastore),
    }),
)  # fmt: skip
