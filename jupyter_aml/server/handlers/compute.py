"""/aml/compute: the compute targets, what they do, and how they come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.experiments import WORKSPACE
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.wire.compute import (
    WireCompute,
    WireComputeChange,
    WireComputeCheck,
    WireComputeKind,
    WireComputeSample,
    WireComputeSize,
    WireNewCompute,
    decode_compute_change,
    decode_new_compute,
)
from jupyter_aml.wire.kernels import WireTargetKernel

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine


class _Handler(AmlHandler):
    def workspace(self, engine: Engine) -> WorkspaceName:
        """The workspace that is meant."""
        return ids.workspace_name(WORKSPACE.read(self) or engine.status()["defaultWorkspace"])


class ComputeHandler(_Handler):
    """/aml/compute"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the compute targets."""
        self.reply(await engine.compute.list(self.workspace(engine)))

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Create or attach a target; its secrets go into the vault, and are in no answer."""
        self.reply(await engine.compute.add(decode_new_compute(self.body())), status=201)


class TargetHandler(_Handler):
    """/aml/compute/<name>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return a target with its nodes."""
        self.reply(await engine.compute.get(self.workspace(engine), name))

    @authenticated
    @authorized
    @served
    async def patch(self, engine: Engine, name: str) -> None:
        """Resize, start, stop or describe a target."""
        self.reply(await engine.compute.change(decode_compute_change(name, self.body())))

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, name: str) -> None:
        """Delete or detach a target on which no run is."""
        await engine.compute.remove(self.workspace(engine), name)
        self.reply_nothing()


class HistoryHandler(_Handler):
    """/aml/compute/<name>/history"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return how busy a target was lately, oldest first."""
        self.reply(await engine.compute.history(self.workspace(engine), name))


class TargetKernelsHandler(_Handler):
    """/aml/compute/<name>/kernels"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """List the kernels on a target; an error says why none can be there."""
        workspace = self.workspace(engine)
        await engine.compute.need_kernels(workspace, name)
        self.reply(engine.kernels.on(workspace, name))


class ComputeSizesHandler(_Handler):
    """/aml/compute-sizes"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the sizes of nodes that are known, by name."""
        self.reply(engine.compute.sizes())


class ComputeKindsHandler(_Handler):
    """/aml/compute-kinds"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the kinds of targets, with the settings of each."""
        self.reply(engine.compute.kinds())


class ComputeCheckHandler(_Handler):
    """/aml/compute-check"""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Connect to what a target would stand for, and say what is there."""
        answer: WireComputeCheck = {
            "found": await engine.compute.probe(decode_new_compute(self.body()))
        }
        self.reply(answer)


ROUTES = (
    Route("compute", ComputeHandler, {
        "get": Call(answer=list[WireCompute], query=(WORKSPACE,)),
        "post": Call(answer=WireCompute, status=201, body=WireNewCompute),
    }),
    Route("compute/{name}", TargetHandler, {
        "get": Call(answer=WireCompute, query=(WORKSPACE,)),
        "patch": Call(answer=WireCompute, body=WireComputeChange),
        "delete": Call(status=204, query=(WORKSPACE,)),
    }),
    Route("compute/{name}/history", HistoryHandler, {
        "get": Call(answer=list[WireComputeSample], query=(WORKSPACE,)),
    }),
    Route("compute/{name}/kernels", TargetKernelsHandler, {
        "get": Call(answer=list[WireTargetKernel], query=(WORKSPACE,)),
    }),
    Route("compute-sizes", ComputeSizesHandler, {"get": Call(answer=list[WireComputeSize])}),
    Route("compute-kinds", ComputeKindsHandler, {"get": Call(answer=list[WireComputeKind])}),
    Route("compute-check", ComputeCheckHandler, {
        "post": Call(answer=WireComputeCheck, body=WireNewCompute),
    }),
)  # fmt: skip
