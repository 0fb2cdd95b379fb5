"""/aml/runs/<id>/logs: pieces of the logs, by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.runfolder.layout import checked
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Number

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

LONGEST_PIECE = 4 * 1024 * 1024
OFFSET = Number("offset", "First byte.", 0, 1 << 62, 0)
LIMIT = Number("limit", "Most bytes.", 1, LONGEST_PIECE, 65_536)
TAIL = Number("tail", "The last so many bytes, instead of offset and limit.", 1, LONGEST_PIECE)


class LogHandler(AmlHandler):
    """/aml/runs/<id>/logs/<name>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str, name: str) -> None:
        """Return a piece of a log; the headers tell where it lies in the whole."""
        piece = await engine.runs.log(
            ids.run_id(run_id),
            checked(name),
            offset=OFFSET.given(self),
            limit=LIMIT.given(self),
            tail=TAIL.read(self),
        )
        self.set_header("X-Aml-Offset", str(piece.offset))
        self.set_header("X-Aml-Size", str(piece.size))
        self.set_header("Cache-Control", "no-store")
        self.finish(piece.data, set_content_type="text/plain; charset=utf-8")


ROUTES = (
    Route("runs/{id}/logs/{+name}", LogHandler, {
        "get": Call(query=(OFFSET, LIMIT, TAIL), answer=bytes),
    }),
)  # fmt: skip
