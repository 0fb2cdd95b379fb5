"""/aml/runs/<id>/retry and /cell: a run once more, at once or as code to be edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.wire.asked import WireRetry
from jupyter_aml.wire.facts import WireCell
from jupyter_aml.wire.runs import WireRun
from jupyter_aml.wire.submissions import decode_retry

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine


class RetryHandler(AmlHandler):
    """/aml/runs/<id>/retry"""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine, run_id: str) -> None:
        """Send a run once more, with other parameters where they are given."""
        sent = decode_retry(self.body())
        self.reply(await engine.runs.retry(ids.run_id(run_id), sent), status=201)


class CellHandler(AmlHandler):
    """/aml/runs/<id>/cell"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """Return code that repeats the run."""
        self.reply(await engine.runs.cell(ids.run_id(run_id)))


ROUTES = (
    Route("runs/{id}/retry", RetryHandler, {
        "post": Call(body=WireRetry, answer=WireRun, status=201),
    }),
    Route("runs/{id}/cell", CellHandler, {"get": Call(answer=WireCell)}),
)  # fmt: skip
