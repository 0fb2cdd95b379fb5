"""/aml/engine/yield: a headless engine gives its root to a Jupyter server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain.errors import Refused
from jupyter_aml.server.base import YIELD, AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.wire.protocol import WireStatus

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine


class YieldHandler(AmlHandler):
    """/aml/engine/yield; on the socket only."""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Agree to leave; the lock is free once this connection's server is gone."""
        leave = self.settings.get(YIELD)
        if leave is None:
            raise Refused("a Jupyter server holds this root and keeps it")
        await self.reply(engine.status(), status=202)
        leave()


ROUTES = (
    Route("engine/yield", YieldHandler, {"post": Call(answer=WireStatus, status=202)},
          on_socket_only=True),
)  # fmt: skip
