"""/aml/compute: the compute targets and how busy they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.wire.runs import WireCompute

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine


class ComputeHandler(AmlHandler):
    """/aml/compute"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the compute targets."""
        self.reply(await engine.compute.list())


ROUTES = (
    Route("compute", ComputeHandler, {"get": Call(answer=list[WireCompute])}),
)  # fmt: skip
