"""/aml/source-uploads: the source of a run comes from another machine, what is wanted of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.experiments import WORKSPACE
from jupyter_aml.server.handlers.files import OFFSET, UPLOAD, piece_of
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.wire.asked import WireFarSource
from jupyter_aml.wire.contents import WireWanted
from jupyter_aml.wire.submissions import decode_far_source

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine


class SourceUploadsHandler(AmlHandler):
    """/aml/source-uploads"""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Say which files of a folder elsewhere a snapshot would hold."""
        answer: WireWanted = {"wanted": await engine.sources.wanted(decode_far_source(self.body()))}
        self.reply(answer)


class SourceFileHandler(AmlHandler):
    """/aml/source-uploads/<path>"""

    @authenticated
    @authorized
    @served
    async def put(self, engine: Engine, path: str) -> None:
        """Take a piece of a file that is wanted."""
        await engine.sources.take(piece_of(self, path))
        self.reply_nothing()


ROUTES = (
    Route("source-uploads", SourceUploadsHandler, {
        "post": Call(answer=WireWanted, body=WireFarSource),
    }),
    Route("source-uploads/{+path}", SourceFileHandler, {
        "put": Call(query=(WORKSPACE, UPLOAD, OFFSET), status=204),
    }),
)  # fmt: skip
