"""The one list of routes."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from jupyter_aml.server.base import AmlHandler
from jupyter_aml.server.handlers import (
    environments,
    experiments,
    files,
    logs,
    metrics,
    repeats,
    runs,
)
from jupyter_aml.server.handlers.compute import ComputeHandler
from jupyter_aml.server.handlers.difference import WHAT, ArchiveHandler, DifferenceHandler
from jupyter_aml.server.handlers.engine import YieldHandler
from jupyter_aml.server.handlers.events import EventsHandler
from jupyter_aml.server.handlers.kernels import KernelHandler, KernelsHandler
from jupyter_aml.server.handlers.status import StatusHandler
from jupyter_aml.server.handlers.workspaces import NewWorkspace, WorkspaceHandler, WorkspacesHandler
from jupyter_aml.server.openapi import Call, OpenApiHandler, Route, Rule, document
from jupyter_aml.wire import columns
from jupyter_aml.wire.asked import (
    WireBuildRequest,
    WireNewEnvironment,
    WireNewKernelSpec,
    WirePatch,
    WirePruneRuns,
    WireRetry,
    WireSubmit,
)
from jupyter_aml.wire.contents import WireDryRun, WireFiles, WireMetrics, WireSnapshot
from jupyter_aml.wire.environments import (
    WireCheck,
    WireEnvironment,
    WireLock,
    WireMaterialised,
    WirePruned,
)
from jupyter_aml.wire.facts import WireCell, WireFacts, WireRunDifference
from jupyter_aml.wire.kernels import WireKernels, WireKernelSpec
from jupyter_aml.wire.protocol import WireStatus
from jupyter_aml.wire.runs import (
    WireCompute,
    WireExperiment,
    WirePrunedRuns,
    WireRun,
    WireRunPage,
    WireWorkspace,
)

VERSIONED = (experiments.WORKSPACE, environments.VERSION)

ROUTES = (
    Route("status", StatusHandler, {"get": Call(answer=WireStatus)}),
    Route("workspaces", WorkspacesHandler, {
        "get": Call(answer=list[WireWorkspace]),
        "post": Call(body=NewWorkspace, answer=WireWorkspace, status=201),
    }),
    Route("workspaces/{name}", WorkspaceHandler, {
        "get": Call(answer=WireWorkspace),
        "delete": Call(status=204),
    }),
    Route("experiments", experiments.ExperimentsHandler, {
        "get": Call(query=(experiments.WORKSPACE,), answer=list[WireExperiment]),
        "post": Call(body=experiments.NewExperiment, answer=WireExperiment, status=201),
    }),
    Route("experiments/{name}", experiments.ExperimentHandler, {
        "patch": Call(body=experiments.ExperimentPatch, answer=WireExperiment),
        "delete": Call(query=(experiments.WORKSPACE,), status=204),
    }),
    Route("compute", ComputeHandler, {"get": Call(answer=list[WireCompute])}),
    Route("environments", environments.EnvironmentsHandler, {
        "get": Call(query=(experiments.WORKSPACE,), answer=list[WireEnvironment]),
        "post": Call(body=WireNewEnvironment, answer=WireEnvironment, status=201),
    }),
    Route("environments/{name}", environments.EnvironmentHandler, {
        "get": Call(query=VERSIONED, answer=WireEnvironment),
        "delete": Call(query=VERSIONED, status=204),
    }),
    Route("environments/{name}/build", environments.BuildHandler, {
        "get": Call(query=(*VERSIONED, environments.EXTRA, environments.WAIT),
                    answer=WireMaterialised),
        "post": Call(body=WireBuildRequest, answer=WireMaterialised, status=202),
    }),
    Route("environments/{name}/log", environments.BuildLogHandler, {
        "get": Call(query=(*VERSIONED, environments.EXTRA, logs.OFFSET, logs.LIMIT), answer=bytes),
    }),
    Route("environments/{name}/lock", environments.LockHandler, {
        "get": Call(query=VERSIONED, answer=WireLock),
    }),
    Route("environments/{name}/labels", environments.LabelsHandler, {
        "get": Call(query=(experiments.WORKSPACE,), answer=dict[str, str]),
        "post": Call(body=environments.NewLabels, answer=dict[str, str]),
    }),
    Route("environment-check", environments.CheckHandler, {
        "post": Call(body=WireNewEnvironment, answer=WireCheck),
    }),
    Route("environment-prune", environments.PruneHandler, {
        "post": Call(body=environments.Prune, answer=WirePruned),
    }),
    Route("runs", runs.RunsHandler, {
        "get": Call(query=runs.PAGE, answer=WireRunPage),
        "post": Call(body=WireSubmit, answer=WireRun, status=201,
                     other=((200, WireDryRun | WireRun),)),
    }),
    Route("runs/{id}", runs.RunHandler, {
        "get": Call(answer=WireRun),
        "patch": Call(body=WirePatch, answer=WireRun),
        "delete": Call(status=204),
    }),
    Route("runs/{id}/cancel", runs.CancelHandler, {"post": Call(answer=WireRun, status=202)}),
    Route("runs/{id}/look", runs.LookHandler, {"post": Call(answer=WireRun, status=202)}),
    Route("runs/{id}/retry", repeats.RetryHandler, {
        "post": Call(body=WireRetry, answer=WireRun, status=201),
    }),
    Route("runs/{id}/cell", repeats.CellHandler, {"get": Call(answer=WireCell)}),
    Route("runs/{id}/metrics", metrics.MetricsHandler, {
        "get": Call(
            query=(metrics.POINTS, metrics.NAME, metrics.SOURCE),
            answer=WireMetrics,
            also=(columns.MEDIA_TYPE,),
        ),
    }),
    Route("runs/{id}/facts", metrics.FactsHandler, {"get": Call(answer=WireFacts)}),
    Route("runs/{id}/logs/{+name}", logs.LogHandler, {
        "get": Call(query=(logs.OFFSET, logs.LIMIT, logs.TAIL), answer=bytes),
    }),
    Route("runs/{id}/difference/{other}", DifferenceHandler, {
        "get": Call(answer=WireRunDifference),
    }),
    Route("runs/{id}/archive", ArchiveHandler, {"get": Call(query=(WHAT,), answer=bytes)}),
    Route("runs/{id}/files", files.FilesHandler, {
        "get": Call(query=files.PAGE, answer=WireFiles),
    }),
    Route("runs/{id}/files/{+name}", files.FileHandler, {
        "get": Call(query=(files.INLINE,), answer=bytes, other=((206, bytes), (304, None))),
    }),
    Route("runs/{id}/snapshot", files.SnapshotHandler, {"get": Call(answer=WireSnapshot)}),
    Route("runs/{id}/snapshot/{+path}", files.SnapshotFileHandler, {
        "get": Call(query=(files.INLINE,), answer=bytes, other=((206, bytes), (304, None))),
    }),
    Route("prune", runs.PruneHandler, {
        "post": Call(body=WirePruneRuns, answer=WirePrunedRuns),
    }),
    Route("kernels", KernelsHandler, {
        "get": Call(answer=WireKernels),
        "post": Call(body=WireNewKernelSpec, answer=WireKernelSpec, status=201),
    }),
    Route("kernels/{spec}", KernelHandler, {"delete": Call(status=204)}),
    Route("events", EventsHandler, {"get": Call(status=101)}),
    Route("engine/yield", YieldHandler, {"post": Call(answer=WireStatus, status=202)},
          on_socket_only=True),
    Route("openapi.json", OpenApiHandler, {"get": Call(answer=dict[str, object])}),
)  # fmt: skip


class NowhereHandler(AmlHandler):
    """Everything else below /aml/"""

    @authenticated
    @authorized
    async def get(self, rest: str) -> None:
        """Say that there is no such route."""
        raise HTTPError(404, "there is no such route; /aml/openapi.json lists them all")

    @authenticated
    @authorized
    async def post(self, rest: str) -> None:
        """Say that there is no such route."""
        raise HTTPError(404, "there is no such route; /aml/openapi.json lists them all")


def rules(base_url: str, *, on_socket: bool = False) -> list[Rule]:
    """Return the routes as tornado takes them, below a base URL."""
    here = [route for route in ROUTES if on_socket or not route.on_socket_only]
    told = {"document": document(here)}
    found: list[Rule] = [
        (base_url + route.pattern, route.handler, told if route.handler is OpenApiHandler else {})
        for route in here
    ]
    return [*found, (base_url + "aml/(.*)", NowhereHandler, {})]
