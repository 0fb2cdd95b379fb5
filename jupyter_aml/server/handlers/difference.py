"""/aml/runs/<id>/difference and /archive: two runs side by side, and a run to take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.files import Archive
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Text
from jupyter_aml.wire.facts import WireRunDifference

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

WHAT = Text("what", "`outputs` (the default), `snapshot`, or `run` for the whole folder.")


class DifferenceHandler(AmlHandler):
    """/aml/runs/<id>/difference/<other>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str, other: str) -> None:
        """Tell in what two runs differ."""
        self.reply(await engine.runs.difference(ids.run_id(run_id), ids.run_id(other)))


class ArchiveHandler(Archive):
    """/aml/runs/<id>/archive"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """Send files of a run as a zip file, which is made meanwhile."""
        what = WHAT.read(self) or "outputs"
        pieces = await engine.runs.archive(ids.run_id(run_id), what)
        await self.send(pieces, f"{run_id}-{what}.zip")


ROUTES = (
    Route("runs/{id}/difference/{other}", DifferenceHandler, {
        "get": Call(answer=WireRunDifference),
    }),
    Route("runs/{id}/archive", ArchiveHandler, {"get": Call(query=(WHAT,), answer=bytes)}),
)  # fmt: skip
