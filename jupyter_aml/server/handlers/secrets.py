"""/aml/secrets: the vault of a workspace. Values come back on the engine's socket alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.domain.vault import secret_name
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.experiments import WORKSPACE
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.wire.asked import WireNewSecrets, WireSecretNames
from jupyter_aml.wire.secrets import (
    WireSecret,
    WireSecretValues,
    decode_new_secrets,
    decode_secrets_wanted,
    encode_secret,
)

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine


class SecretsHandler(AmlHandler):
    """/aml/secrets"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the secrets by name, without their values."""
        name = WORKSPACE.read(self) or engine.status()["defaultWorkspace"]
        found = await engine.secrets.list(ids.workspace_name(name))
        self.reply([encode_secret(secret) for secret in found])

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Keep secrets, all or none of them, in the place of what had their names."""
        asked = decode_new_secrets(self.body())
        await engine.secrets.put(asked.workspace, asked.secrets)
        self.reply_nothing()


class SecretHandler(AmlHandler):
    """/aml/secrets/<name>"""

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, name: str) -> None:
        """Forget a secret."""
        workspace = WORKSPACE.read(self) or engine.status()["defaultWorkspace"]
        await engine.secrets.remove(ids.workspace_name(workspace), [secret_name(name)])
        self.reply_nothing()


class SecretValuesHandler(AmlHandler):
    """/aml/secret-values; on the socket only."""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Return values of secrets; those that a run is told are masked in its logs."""
        asked = decode_secrets_wanted(self.body())
        if asked.run is None:
            values = await engine.secrets.values(asked.workspace, asked.names)
        else:
            values = await engine.secrets.hand_out(asked.workspace, asked.names, asked.run)
        answer: WireSecretValues = {"values": values}
        self.reply(answer)


ROUTES = (
    Route("secrets", SecretsHandler, {
        "get": Call(query=(WORKSPACE,), answer=list[WireSecret]),
        "post": Call(body=WireNewSecrets, status=204),
    }),
    Route("secrets/{name}", SecretHandler, {
        "delete": Call(query=(WORKSPACE,), status=204),
    }),
    Route("secret-values", SecretValuesHandler, {
        "post": Call(body=WireSecretNames, answer=WireSecretValues),
    }, on_socket_only=True),
)  # fmt: skip
