"""/aml/environments: what runs and kernels run in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import environment
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.experiments import WORKSPACE
from jupyter_aml.server.handlers.logs import LIMIT, OFFSET
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Number, Text
from jupyter_aml.wire.asked import (
    WireBuildRequest,
    WireNewEnvironment,
    WireNewLabels,
    WirePruneEnvironments,
)
from jupyter_aml.wire.definitions import (
    decode_build,
    decode_environment_pruning,
    decode_new_environment,
    decode_new_labels,
)
from jupyter_aml.wire.environments import (
    WireCheck,
    WireEnvironment,
    WireLock,
    WireMaterialised,
    WirePruned,
)

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

VERSION = Text("version", "A version; the newest where it is left out.")
EXTRA = Text("extra", "A requirement on top of the definition's.", repeatable=True)
VERSIONED = (WORKSPACE, VERSION)
WAIT = Number("wait", "Seconds to wait for the end of a build under way.", 0, 30, 0)


class _Handler(AmlHandler):
    def workspace(self, engine: Engine) -> str:
        """The workspace that is meant."""
        return WORKSPACE.read(self) or engine.status()["defaultWorkspace"]


class EnvironmentsHandler(_Handler):
    """/aml/environments"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the newest version of each environment, the curated ones last."""
        self.reply(await engine.environments.list(self.workspace(engine)))

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Register an environment; an equal definition gives back the version there is."""
        self.reply(await engine.environments.add(decode_new_environment(self.body())), status=201)


class EnvironmentHandler(_Handler):
    """/aml/environments/<name>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return a version of an environment."""
        name, version = environment.environment_name(name), VERSION.read(self)
        self.reply(await engine.environments.get(self.workspace(engine), name, version))

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, name: str) -> None:
        """Delete a version, or all; what was built stays until it is pruned."""
        name, version = environment.environment_name(name), VERSION.read(self)
        await engine.environments.remove(self.workspace(engine), name, version)
        self.reply_nothing()


class BuildHandler(_Handler):
    """/aml/environments/<name>/build"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Say how far a build is; starts nothing."""
        self.reply(
            await engine.environments.build_state(
                self.workspace(engine),
                environment.environment_name(name),
                version=VERSION.read(self),
                extras=tuple(EXTRA.read_all(self)),
                wait=WAIT.given(self),
            )
        )

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine, name: str) -> None:
        """Start to build, or join the build under way; answers at once."""
        name = environment.environment_name(name)
        self.reply(await engine.environments.build(name, decode_build(self.body())), status=202)


class BuildLogHandler(_Handler):
    """/aml/environments/<name>/log"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return a piece of the log of the last build; the headers tell where it lies."""
        piece = await engine.environments.log(
            self.workspace(engine),
            environment.environment_name(name),
            VERSION.read(self),
            extras=tuple(EXTRA.read_all(self)),
            offset=OFFSET.given(self),
            limit=LIMIT.given(self),
        )
        self.set_header("X-Aml-Offset", str(piece.offset))
        self.set_header("X-Aml-Size", str(piece.size))
        self.set_header("Cache-Control", "no-store")
        self.finish(piece.data, set_content_type="text/plain; charset=utf-8")


class LockHandler(_Handler):
    """/aml/environments/<name>/lock"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return what exactly is in a built environment."""
        name, version = environment.environment_name(name), VERSION.read(self)
        self.reply(await engine.environments.lock(self.workspace(engine), name, version))


class LabelsHandler(_Handler):
    """/aml/environments/<name>/labels"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return the versions of an environment by their labels."""
        name = environment.environment_name(name)
        self.reply(await engine.environments.labels(self.workspace(engine), name))

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine, name: str) -> None:
        """Give a version labels, which leave whichever version had them."""
        name = environment.environment_name(name)
        self.reply(await engine.environments.label(name, decode_new_labels(self.body())))


class CheckHandler(AmlHandler):
    """/aml/environment-check"""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Look at a definition or specification, and make nothing."""
        self.reply(await engine.environments.check(decode_new_environment(self.body())))


class PruneHandler(AmlHandler):
    """/aml/environment-prune"""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Remove built environments by age and size; definitions stay."""
        self.reply(await engine.environments.prune(decode_environment_pruning(self.body())))


ROUTES = (
    Route("environments", EnvironmentsHandler, {
        "get": Call(query=(WORKSPACE,), answer=list[WireEnvironment]),
        "post": Call(body=WireNewEnvironment, answer=WireEnvironment, status=201),
    }),
    Route("environments/{name}", EnvironmentHandler, {
        "get": Call(query=VERSIONED, answer=WireEnvironment),
        "delete": Call(query=VERSIONED, status=204),
    }),
    Route("environments/{name}/build", BuildHandler, {
        "get": Call(query=(*VERSIONED, EXTRA, WAIT), answer=WireMaterialised),
        "post": Call(body=WireBuildRequest, answer=WireMaterialised, status=202),
    }),
    Route("environments/{name}/log", BuildLogHandler, {
        "get": Call(query=(*VERSIONED, EXTRA, OFFSET, LIMIT), answer=bytes),
    }),
    Route("environments/{name}/lock", LockHandler, {
        "get": Call(query=VERSIONED, answer=WireLock),
    }),
    Route("environments/{name}/labels", LabelsHandler, {
        "get": Call(query=(WORKSPACE,), answer=dict[str, str]),
        "post": Call(body=WireNewLabels, answer=dict[str, str]),
    }),
    Route("environment-check", CheckHandler, {
        "post": Call(body=WireNewEnvironment, answer=WireCheck),
    }),
    Route("environment-prune", PruneHandler, {
        "post": Call(body=WirePruneEnvironments, answer=WirePruned),
    }),
)  # fmt: skip
