"""/aml/runs/<id>/metrics: what a run logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.query import Number, Text

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

POINTS = Number("points", "Points that a series is thinned out to; 0 for all.", 0, 10_000_000, 1000)
NAME = Text("name", "Only these metrics.", repeatable=True)


class MetricsHandler(AmlHandler):
    """/aml/runs/<id>/metrics"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """Return the metrics, thinned out."""
        names = NAME.read_all(self)
        self.reply(await engine.metrics(ids.run_id(run_id), points=POINTS.given(self), names=names))
