"""/aml/runs/<id>/metrics and /facts: what a run logged, and what was recorded beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Number, Text
from jupyter_aml.wire.columns import MEDIA_TYPE
from jupyter_aml.wire.contents import WireMetrics
from jupyter_aml.wire.facts import WireFacts

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

POINTS = Number("points", "Points that a series is thinned out to; 0 for all.", 0, 10_000_000, 1000)
NAME = Text("name", "Only these metrics.", repeatable=True)
SOURCE = Text("source", "`logged` by the run (default), or of the `system` that it ran on.")


class MetricsHandler(AmlHandler):
    """/aml/runs/<id>/metrics"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """Return the metrics, thinned out; as columns of bytes where these are accepted."""
        source = SOURCE.read(self) or "logged"
        if source not in ("logged", "system"):
            raise Invalid(f"source={source[:40]!r} is neither 'logged' nor 'system'")
        which = ids.run_id(run_id)
        points, names = POINTS.given(self), NAME.read_all(self)
        if MEDIA_TYPE in self.request.headers.get("Accept", ""):
            found = await engine.runs.columns(which, points=points, names=names, source=source)
            self.set_header("Cache-Control", "no-store")
            self.finish(found, set_content_type=MEDIA_TYPE)
        else:
            self.reply(await engine.runs.metrics(which, points=points, names=names, source=source))


class FactsHandler(AmlHandler):
    """/aml/runs/<id>/facts"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """Return what was recorded without being asked: git, packages, host."""
        self.reply(await engine.runs.facts(ids.run_id(run_id)))


ROUTES = (
    Route("runs/{id}/metrics", MetricsHandler, {
        "get": Call(query=(POINTS, NAME, SOURCE), answer=WireMetrics, also=(MEDIA_TYPE,)),
    }),
    Route("runs/{id}/facts", FactsHandler, {"get": Call(answer=WireFacts)}),
)  # fmt: skip
