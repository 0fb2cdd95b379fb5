"""/aml/status: who answers, and which protocol it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.wire.protocol import WireStatus

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine


class StatusHandler(AmlHandler):
    """/aml/status"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """Shake hands."""
        self.reply(engine.status())


ROUTES = (
    Route("status", StatusHandler, {"get": Call(answer=WireStatus)}),
)  # fmt: skip
