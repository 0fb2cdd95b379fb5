"""/aml/compute-kernels: kernels on compute targets, which take a place there as runs do.

Jupyter servers ask for them; they are the engine's, and outlive the server that asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.domain.kernel import kernel_id
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.experiments import WORKSPACE
from jupyter_aml.server.handlers.logs import LIMIT, OFFSET
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Number
from jupyter_aml.wire.kernels import (
    WireNewTargetKernel,
    WireTargetKernel,
    WireTargetKernelChange,
    decode_kernel_session,
    decode_new_target_kernel,
)

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

WAIT = Number("wait", "Seconds to wait, while the kernel begins, for it to run or end.", 0, 30, 0)


class TargetKernelsHandler(AmlHandler):
    """/aml/compute-kernels"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the kernels that wait or run, of a workspace or of all; the oldest first."""
        asked = WORKSPACE.read(self)
        workspace = None if asked is None else ids.workspace_name(asked)
        self.reply(await engine.kernels.list(workspace))

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Have a kernel on a target, or take over one whose Jupyter server is gone."""
        self.reply(await engine.kernels.add(decode_new_target_kernel(self.body())), status=202)


class TargetKernelHandler(AmlHandler):
    """/aml/compute-kernels/<id>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, kernel: str) -> None:
        """Say where a kernel stands, and why it waits or has ended."""
        self.reply(await engine.kernels.look(kernel_id(kernel), wait=WAIT.given(self)))

    @authenticated
    @authorized
    @served
    async def patch(self, engine: Engine, kernel: str) -> None:
        """Note which notebook a kernel belongs to."""
        session = decode_kernel_session(self.body())
        self.reply(await engine.kernels.belongs(kernel_id(kernel), session))

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, kernel: str) -> None:
        """End a kernel, or give one up that has not begun; answers at once."""
        await engine.kernels.end(kernel_id(kernel))
        self.reply_nothing()


class TargetKernelLogHandler(AmlHandler):
    """/aml/compute-kernels/<id>/log"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, kernel: str) -> None:
        """Return a piece of what a kernel and its keeper wrote; the headers tell where it lies."""
        piece = await engine.kernels.log(
            kernel_id(kernel), offset=OFFSET.given(self), limit=LIMIT.given(self)
        )
        self.set_header("X-Aml-Offset", str(piece.offset))
        self.set_header("X-Aml-Size", str(piece.size))
        self.set_header("Cache-Control", "no-store")
        self.finish(piece.data, set_content_type="text/plain; charset=utf-8")


ROUTES = (
    Route("compute-kernels", TargetKernelsHandler, {
        "get": Call(answer=list[WireTargetKernel], query=(WORKSPACE,)),
        "post": Call(answer=WireTargetKernel, status=202, body=WireNewTargetKernel),
    }),
    Route("compute-kernels/{id}", TargetKernelHandler, {
        "get": Call(answer=WireTargetKernel, query=(WAIT,)),
        "patch": Call(answer=WireTargetKernel, body=WireTargetKernelChange),
        "delete": Call(status=204),
    }),
    Route("compute-kernels/{id}/log", TargetKernelLogHandler, {
        "get": Call(query=(OFFSET, LIMIT), answer=bytes),
    }),
)  # fmt: skip
