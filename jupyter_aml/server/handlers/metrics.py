"""/aml/runs/<id>/metrics and /facts: what a run logged, and what was recorded beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.query import Number, Text

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
        """Return the metrics, thinned out."""
        source = SOURCE.read(self) or "logged"
        if source not in ("logged", "system"):
            raise Invalid(f"source={source[:40]!r} is neither 'logged' nor 'system'")
        found = await engine.runs.metrics(
            ids.run_id(run_id),
            points=POINTS.given(self),
            names=NAME.read_all(self),
            source=source,
        )
        self.reply(found)


class FactsHandler(AmlHandler):
    """/aml/runs/<id>/facts"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """Return what was recorded without being asked: git, packages, host."""
        self.reply(await engine.runs.facts(ids.run_id(run_id)))
