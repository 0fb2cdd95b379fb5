"""/aml/runs/<id>/data: what a run reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.wire.run_data import WireRunData

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine


class RunDataHandler(AmlHandler):
    """/aml/runs/<id>/data"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """List the inputs and outputs of a run."""
        self.reply(await engine.runs.data(ids.run_id(run_id)))


ROUTES = (Route("runs/{id}/data", RunDataHandler, {"get": Call(answer=WireRunData)}),)
