"""/aml/models: what runs and people have registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.domain.model import model_name
from jupyter_aml.engine.models.choice import Labels, ModelChoice
from jupyter_aml.runfolder.layout import checked
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.experiments import WORKSPACE
from jupyter_aml.server.handlers.files import INLINE, OFFSET, UPLOAD, Archive, Download, piece_of
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Number, Text
from jupyter_aml.wire.asked import WireModelAlias, WireModelChange, WireNewModel, WirePruneModels
from jupyter_aml.wire.fields import Fields
from jupyter_aml.wire.model_bodies import (
    decode_model_alias,
    decode_model_change,
    decode_new_model,
)
from jupyter_aml.wire.models import (
    WireModel,
    WireModelFiles,
    WireModelLineage,
    WireModelPage,
    WirePrunedContents,
    WireRunModels,
)

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

VERSION = Text("version", "A version or an alias of one; the newest where it is left out.")
NAME = Text("name", "Only versions of this name.")
TAG = Text("tag", "Only models with this tag, `key` or `key=value`.", repeatable=True)
PROPERTY = Text("property", "Only models with this property, `key` or `key=value`.", True)
RUN = Text("run", "Only models that this run made.")
FRAMEWORK = Text("framework", "Only models of this framework.")
DATASET = Text("dataset", "Only models made with this data set, a name or `name:version`.")
NEWEST = Text("newest", "`1` lists the newest of those of each name alone.")
AFTER = Text("after", "`next` of the page before.")
LIMIT = Number("limit", "Versions on a page.", 1, 10_000, 255)
VERSIONED = (WORKSPACE, VERSION)


class _Handler(AmlHandler):
    def workspace(self, engine: Engine) -> str:
        """The workspace that is meant."""
        return WORKSPACE.read(self) or engine.status()["defaultWorkspace"]


class ModelsHandler(_Handler):
    """/aml/models"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List versions of models, the newest first, a page at a time."""
        name = NAME.read(self)
        wanted = ModelChoice(
            name=None if name is None else model_name(name),
            tags=_labels(TAG.read_all(self)),
            properties=_labels(PROPERTY.read_all(self)),
            run=RUN.read(self),
            framework=FRAMEWORK.read(self),
            dataset=DATASET.read(self),
            only_newest=NEWEST.read(self) == "1",
        )
        page = await engine.models.page(
            self.workspace(engine), wanted, after=AFTER.read(self), limit=LIMIT.given(self)
        )
        self.reply(page)

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Register a model as the next version of its name."""
        self.reply(await engine.models.add(decode_new_model(self.body())), status=201)


class ModelHandler(_Handler):
    """/aml/models/<name>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return a version of a model."""
        self.reply(await engine.models.get(self.workspace(engine), name, VERSION.read(self)))

    @authenticated
    @authorized
    @served
    async def patch(self, engine: Engine, name: str) -> None:
        """Change tags and description, and add properties and data sets."""
        self.reply(await engine.models.change(name, decode_model_change(self.body())))

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, name: str) -> None:
        """Delete a version, or all; refused where one has aliases or is used."""
        await engine.models.remove(self.workspace(engine), name, VERSION.read(self))
        self.reply_nothing()


class ModelFilesHandler(_Handler):
    """/aml/models/<name>/files"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """List the files of a version."""
        self.reply(await engine.models.files(self.workspace(engine), name, VERSION.read(self)))


class ModelFileHandler(Download):
    """/aml/models/<name>/files/<path>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str, path: str) -> None:
        """Return one file, once it is known to be what was registered."""
        workspace = WORKSPACE.read(self) or engine.status()["defaultWorkspace"]
        place = await engine.models.file(workspace, name, VERSION.read(self), checked(path))
        await self.send(place, path)

    @authenticated
    @authorized
    @served
    async def put(self, engine: Engine, name: str, path: str) -> None:
        """Take a piece of a file of a model that shall be registered, from the same upload."""
        model_name(name)
        await engine.models.take(piece_of(self, path))
        self.reply_nothing()


class ModelArchiveHandler(Archive):
    """/aml/models/<name>/archive"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Send all files of a version as a zip file, each checked before it is packed."""
        workspace = WORKSPACE.read(self) or engine.status()["defaultWorkspace"]
        label, pieces = await engine.models.archive(workspace, name, VERSION.read(self))
        await self.send(pieces, f"{label.replace(':', '-')}.zip")


class LineageHandler(_Handler):
    """/aml/models/<name>/lineage"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Tell which run and data a version was made of, and who uses it."""
        self.reply(await engine.models.lineage(self.workspace(engine), name, VERSION.read(self)))


class AliasesHandler(_Handler):
    """/aml/models/<name>/aliases"""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine, name: str) -> None:
        """Give a version an alias, which leaves whichever version had it."""
        self.reply(await engine.models.alias(name, decode_model_alias(self.body())))


class AliasHandler(_Handler):
    """/aml/models/<name>/aliases/<alias>"""

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, name: str, alias: str) -> None:
        """Take an alias away."""
        await engine.models.remove_alias(self.workspace(engine), name, ids.named("alias", alias))
        self.reply_nothing()


class ModelPruneHandler(AmlHandler):
    """/aml/model-prune"""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Remove contents of deleted models that nobody needs; `dryRun` only says how much."""
        is_dry = Fields("pruning", self.body()).flag("dryRun")
        self.reply(await engine.models.pruning.prune(is_dry=is_dry))


class RunModelsHandler(AmlHandler):
    """/aml/runs/<id>/models"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """List the models that a run registered and those that it fetched."""
        self.reply(await engine.models.of_run(run_id))


def _labels(given: list[str]) -> Labels:
    pairs = (text.partition("=") for text in given)
    return tuple((key, value if sign else None) for key, sign, value in pairs)


_CHOICE = (
    WORKSPACE, NAME, TAG, PROPERTY, RUN, FRAMEWORK, DATASET, NEWEST, AFTER, LIMIT,
)  # fmt: skip

ROUTES = (
    Route("models", ModelsHandler, {
        "get": Call(query=_CHOICE, answer=WireModelPage),
        "post": Call(body=WireNewModel, answer=WireModel, status=201),
    }),
    Route("models/{name}", ModelHandler, {
        "get": Call(query=VERSIONED, answer=WireModel),
        "patch": Call(body=WireModelChange, answer=WireModel),
        "delete": Call(query=VERSIONED, status=204),
    }),
    Route("models/{name}/files", ModelFilesHandler, {
        "get": Call(query=VERSIONED, answer=WireModelFiles),
    }),
    Route("models/{name}/files/{+path}", ModelFileHandler, {
        "get": Call(
            query=(*VERSIONED, INLINE), answer=bytes, other=((206, bytes), (304, None))
        ),
        "put": Call(query=(WORKSPACE, UPLOAD, OFFSET), status=204),
    }),
    Route("models/{name}/archive", ModelArchiveHandler, {
        "get": Call(query=VERSIONED, answer=bytes),
    }),
    Route("models/{name}/lineage", LineageHandler, {
        "get": Call(query=VERSIONED, answer=WireModelLineage),
    }),
    Route("models/{name}/aliases", AliasesHandler, {
        "post": Call(body=WireModelAlias, answer=WireModel),
    }),
    Route("models/{name}/aliases/{alias}", AliasHandler, {
        "delete": Call(query=(WORKSPACE,), status=204),
    }),
    Route("model-prune", ModelPruneHandler, {
        "post": Call(body=WirePruneModels, answer=WirePrunedContents),
    }),
    Route("runs/{id}/models", RunModelsHandler, {
        "get": Call(answer=WireRunModels),
    }),
)  # fmt: skip
