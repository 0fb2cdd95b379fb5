"""/aml/datastores: the places of files and the databases that a workspace knows by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import datastore, ids
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.experiments import WORKSPACE
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Text
from jupyter_aml.wire.asked import WireDefaultDatastore, WireNewDatastore
from jupyter_aml.wire.datastores import (
    WireDatastore,
    decode_default_datastore,
    decode_new_datastore,
)
from jupyter_aml.wire.secrets import WireSecretValues

if TYPE_CHECKING:
    from jupyter_aml.engine.data.datastores import Known
    from jupyter_aml.engine.engine import Engine

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
    Route("default-datastore", DefaultDatastoreHandler, {
        "get": Call(query=(WORKSPACE,), answer=WireDatastore),
        "post": Call(body=WireDefaultDatastore, answer=WireDatastore),
    }),
)  # fmt: skip
