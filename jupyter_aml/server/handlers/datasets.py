"""/aml/datasets: what is read, by name and version."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import dataset, ids
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.run import MOST_METRICS
from jupyter_aml.engine.models.choice import ModelChoice
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.experiments import WORKSPACE
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Number, Text
from jupyter_aml.wire.asked import WireDatasetPatch, WireNewDataset
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.datasets import (
    WireDataset,
    WireDatasetChanges,
    WireDatasetFileList,
    WireDatasetLineage,
    WirePreview,
    WireProfile,
    decode_dataset_patch,
    decode_new_dataset,
    encode_files,
)

if TYPE_CHECKING:
    from jupyter_aml.data.manifest import Recorded
    from jupyter_aml.engine.data.datasets import Known
    from jupyter_aml.engine.engine import Engine

VERSION = Text("version", "A version; the newest where it is left out or `latest`.")
AFTER = Text("after", "The path after which to go on.")
ROWS = Number("rows", "How many rows or files to show.", 1, 1_000, 50)
MOST, MOST_MODELS = 1_000, 20
VERSIONED = (WORKSPACE, VERSION)


class _Handler(AmlHandler):
    def workspace(self, engine: Engine) -> WorkspaceName:
        """The workspace that is meant."""
        return ids.workspace_name(WORKSPACE.read(self) or engine.status()["defaultWorkspace"])

    def meant(self, engine: Engine, name: str) -> tuple[WorkspaceName, str, str | None]:
        """The version that is meant."""
        return self.workspace(engine), dataset.dataset_name(name), VERSION.read(self)


class DatasetsHandler(_Handler):
    """/aml/datasets"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the newest version of each data set, without its sources and steps."""
        found = await engine.datasets.list(self.workspace(engine))
        self.reply([encode(known, whole=False) for known in found])

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Register a data set; what is the same, files and all, stays the version it is."""
        made = await engine.datasets.add(decode_new_dataset(self.body()))
        self.reply(encode(made), status=201)


class DatasetHandler(_Handler):
    """/aml/datasets/<name>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return a version of a data set."""
        self.reply(encode(await engine.datasets.get(*self.meant(engine, name))))

    @authenticated
    @authorized
    @served
    async def patch(self, engine: Engine, name: str) -> None:
        """Change the description or tags of a version."""
        name = dataset.dataset_name(name)
        asked = decode_dataset_patch(self.body())
        self.reply(encode(await engine.datasets.patch(name, asked)))

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, name: str) -> None:
        """Forget a version, or all; what lies behind it stays."""
        await engine.datasets.remove(*self.meant(engine, name))
        self.reply_nothing()


class VersionsHandler(_Handler):
    """/aml/datasets/<name>/versions"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """List all versions of a name, newest first, without their sources and steps."""
        workspace, name, _ = self.meant(engine, name)
        found = await engine.datasets.versions(workspace, name)
        self.reply([encode(known, whole=False) for known in found])


class FilesHandler(_Handler):
    """/aml/datasets/<name>/files"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """List the files of a version as they were registered, 1,000 at a time."""
        rows = await engine.datasets.recorded(*self.meant(engine, name))
        self.reply(some_files(rows, AFTER.read(self)))


class ChangesHandler(_Handler):
    """/aml/datasets/<name>/changes"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Say what is other now than it was when a version was registered."""
        found = await engine.datasets.changes(*self.meant(engine, name))
        answer: WireDatasetChanges = {
            "added": list(found.added[:MOST]),
            "removed": list(found.removed[:MOST]),
            "changed": list(found.changed[:MOST]),
            "count": len(found.added) + len(found.removed) + len(found.changed),
        }
        self.reply(answer)


class LineageHandler(_Handler):
    """/aml/datasets/<name>/lineage"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Tell which runs have written and read a version, and which models were made with it."""
        known = await engine.datasets.get(*self.meant(engine, name))
        there = known.registered
        uses = await engine.datasets.uses(known)
        wanted = ModelChoice(dataset=f"{there.name}:{there.version}")
        models = await engine.models.page(there.workspace, wanted, after=None, limit=MOST_MODELS)
        told = partial(engine.runs.told, metrics=MOST_METRICS)
        answer: WireDatasetLineage = {
            "name": there.name,
            "version": there.version,
            "writtenBy": [told(run) for run in uses.written_by],
            "readBy": [told(run) for run in uses.read_by],
            "readers": uses.readers,
            "models": models["models"],
        }
        self.reply(answer)


class PreviewHandler(_Handler):
    """/aml/datasets/<name>/preview"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return the first rows of a version, or its first files."""
        self.reply(await engine.datasets.preview(*self.meant(engine, name), ROWS.given(self)))


class ProfileHandler(_Handler):
    """/aml/datasets/<name>/profile"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return what the columns of a version hold."""
        self.reply(await engine.datasets.profile(*self.meant(engine, name)))


class IdHandler(_Handler):
    """/aml/dataset-ids/<id>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, id: str) -> None:
        """Return the version that has this id."""
        self.reply(encode(await engine.datasets.by_id(self.workspace(engine), id)))


def encode(known: Known, *, whole: bool = True) -> WireDataset:
    """A version as it is told; in lists without its sources and steps."""
    there = known.registered
    definition = there.definition
    more = f" and {len(definition.sources) - 1} more" if len(definition.sources) > 1 else ""
    return {
        "workspace": there.workspace,
        "name": there.name,
        "version": there.version,
        "versions": list(known.versions),
        "id": known.id,
        "kind": definition.kind,
        "description": definition.description,
        "tags": dict(there.tags),
        "createdAt": there.created_at,
        "source": f"{definition.sources[0]}{more}",
        "sources": [
            {"datastore": each.datastore, "path": each.path} for each in definition.sources
        ] if whole else [],
        "steps": [dict(step) for step in definition.steps] if whole else [],
        "files": encode_files(definition.files),
    }  # fmt: skip


def some_files(rows: Sequence[Recorded], after: str | None) -> WireDatasetFileList:
    """A portion of the files that were recorded."""
    first = 0 if after is None else bisect_right(rows, after, key=lambda row: row.path)
    return {
        "files": [
            {
                "path": row.path, "size": row.size, "hash": row.hash,
                "modified": None if row.modified is None
                else encode_time(datetime.fromtimestamp(row.modified, UTC)),
            }
            for row in rows[first : first + MOST]
        ],
        "total": len(rows),
    }  # fmt: skip


ROUTES = (
    Route("datasets", DatasetsHandler, {
        "get": Call(query=(WORKSPACE,), answer=list[WireDataset]),
        "post": Call(body=WireNewDataset, answer=WireDataset, status=201),
    }),
    Route("datasets/{name}", DatasetHandler, {
        "get": Call(query=VERSIONED, answer=WireDataset),
        "patch": Call(body=WireDatasetPatch, answer=WireDataset),
        "delete": Call(query=VERSIONED, status=204),
    }),
    Route("datasets/{name}/versions", VersionsHandler, {
        "get": Call(query=(WORKSPACE,), answer=list[WireDataset]),
    }),
    Route("datasets/{name}/files", FilesHandler, {
        "get": Call(query=(*VERSIONED, AFTER), answer=WireDatasetFileList),
    }),
    Route("datasets/{name}/changes", ChangesHandler, {
        "get": Call(query=VERSIONED, answer=WireDatasetChanges),
    }),
    Route("datasets/{name}/lineage", LineageHandler, {
        "get": Call(query=VERSIONED, answer=WireDatasetLineage),
    }),
    Route("datasets/{name}/preview", PreviewHandler, {
        "get": Call(query=(*VERSIONED, ROWS), answer=WirePreview),
    }),
    Route("datasets/{name}/profile", ProfileHandler, {
        "get": Call(query=VERSIONED, answer=WireProfile),
    }),
    Route("dataset-ids/{id}", IdHandler, {
        "get": Call(query=(WORKSPACE,), answer=WireDataset),
    }),
)  # fmt: skip
