"""/aml/tokens: by what plain HTTP clients are let in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.wire.tokens import (
    WireIssuedToken,
    WireNewToken,
    WireToken,
    decode_new_token,
    encode_issued,
    encode_token,
)

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine


class TokensHandler(AmlHandler):
    """/aml/tokens"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the tokens that are good, without what makes them such."""
        self.reply([encode_token(each) for each in await asyncio.to_thread(engine.tokens.list)])

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Make a token; its text is told this once."""
        asked = decode_new_token(self.body())
        if asked.workspace is not None:
            await engine.workspaces.need(asked.workspace)
        token, text = await asyncio.to_thread(engine.tokens.issue, asked)
        self.reply(encode_issued(token, text), status=201)


class TokenHandler(AmlHandler):
    """/aml/tokens/<id>"""

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, token_id: str) -> None:
        """Revoke a token: it opens nothing any more."""
        await asyncio.to_thread(engine.tokens.revoke, token_id)
        self.reply_nothing()


ROUTES = (
    Route("tokens", TokensHandler, {
        "get": Call(answer=list[WireToken]),
        "post": Call(body=WireNewToken, answer=WireIssuedToken, status=201),
    }),
    Route("tokens/{id}", TokenHandler, {"delete": Call(status=204)}),
)  # fmt: skip
