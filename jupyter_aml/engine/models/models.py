"""Models as the server's handlers see them: registered, listed, changed, handed out."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_aml.domain import ids, limits, model
from jupyter_aml.domain.errors import Invalid, NotFound
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.model import Model, ModelFile
from jupyter_aml.domain.run import Run
from jupyter_aml.domain.run_data import RunData
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.models import choice, contents, shown
from jupyter_aml.engine.models.aliases import LATEST, ModelAliases
from jupyter_aml.engine.models.choice import ModelChoice
from jupyter_aml.engine.models.drafts import changed, draft, maker_of
from jupyter_aml.engine.models.pruning import ModelPruning
from jupyter_aml.engine.registry import Noun, Registered, Registry
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.turns import in_use
from jupyter_aml.engine.uploads import Uploads
from jupyter_aml.engine.workspaces import Workspaces
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.store.blobs import Blobs
from jupyter_aml.store.filters import quoted
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.datastores import UploadPiece
from jupyter_aml.wire.events import WireRegisteredEvent
from jupyter_aml.wire.model_bodies import ModelAlias, ModelChange, ModelSource, NewModel
from jupyter_aml.wire.models import (
    WireModel,
    WireModelFiles,
    WireModelLineage,
    WireModelPage,
    WireModelUse,
    WireRunModels,
)

Known = Registered[Model]
Tell = Callable[[WireRegisteredEvent], None]
_MOST_USES = 200


class Models:
    """Registers, lists, changes, hands out and removes models."""

    def __init__(
        self,
        root: Root,
        ledger: Ledger,
        blobs: Blobs,
        *,
        uploads: Uploads,
        workspaces: Workspaces,
        inputs: Callable[[RunFolder], RunData],
        tell: Tell,
    ) -> None:
        """Keep them in a root; `inputs` tells what data a run was sent with."""
        self._root, self._ledger, self._blobs, self._uploads = root, ledger, blobs, uploads
        self._workspaces, self._inputs, self._tell = workspaces, inputs, tell
        self._aliases = ModelAliases(root)
        self._registry = Registry(
            root, Noun("model", "models", model.from_json, self._uses, counts_on=True)
        )
        self.pruning = ModelPruning(blobs, self._named)

    async def add(self, asked: NewModel) -> WireModel:
        """Register a model: its files first, then the version that names them.

        What is asked twice with one key is one version. Raises NotFound or Invalid for files that
        are not there, and enters nothing.
        """
        await self._workspaces.need(asked.workspace)
        known = await self._ledger.do(self._by_key, asked)
        if known is not None:
            return await self._shown(known)
        run = await self._maker(asked)
        async with in_use(self._blobs):
            definition = await asyncio.to_thread(self._made, asked, run)
            at = encode_time(now()) or ""
            made = await self._ledger.do(
                self._registry.register, asked.workspace, definition, at=at, tags=asked.tags
            )
        if asked.source.upload is not None:
            await asyncio.to_thread(self._uploads.forget, asked.source.upload)
        return await self._told(made)

    async def take(self, piece: UploadPiece) -> None:
        """Take a piece of a file of a model that shall be registered from the upload."""
        await asyncio.to_thread(self._uploads.take, piece)

    async def page(
        self, workspace: str, wanted: ModelChoice, *, after: str | None = None, limit: int = 255
    ) -> WireModelPage:
        """A page of the versions that are wanted, the newest first."""
        place = ids.workspace_name(workspace)

        def told() -> WireModelPage:
            listed = choice.chosen(self._registry.every(place), wanted)
            some, following = choice.page(listed, after=after, most=limit)
            aliases = self._aliases.every(place)
            models = [shown.shown(one, aliases.get((one.name, one.version), ())) for one in some]
            return {"models": models, "total": len(listed), "next": following}

        return await self._ledger.do(told)

    async def get(self, workspace: str, name: str, version: str | None = None) -> WireModel:
        """A version by its number or alias, or the newest; NotFound names the nearest."""
        return await self._shown(await self._found(workspace, name, version))

    async def change(self, name: str, asked: ModelChange) -> WireModel:
        """Change what may be changed; a property that is there stays what it is."""
        known = await self._found(asked.workspace, name, asked.version)
        amended = await self._ledger.do(
            self._registry.amend, asked.workspace, name, known.version,
            lambda known: changed(known, asked),
        )  # fmt: skip
        return await self._told(amended)

    async def remove(self, workspace: str, name: str, version: str | None = None) -> None:
        """Remove a version, or all of a name; IllegalMove where it has aliases or is used."""
        place = ids.workspace_name(workspace)
        number = None
        if version is not None:
            number = (await self._found(workspace, name, version)).version
        every = await self._ledger.do(self._registry.all_of, place, name)
        gone = await self._ledger.do(self._registry.delete, place, name, number)
        self._announce(place, name)
        versions = (known.definition for known in every if known.version in gone)
        hashes = {file.hash for version in versions for file in version.files}
        await self.pruning.after_delete([*hashes])

    async def files(self, workspace: str, name: str, version: str | None = None) -> WireModelFiles:
        """The files of a version."""
        return shown.files(await self._found(workspace, name, version))

    async def file(self, workspace: str, name: str, version: str | None, path: str) -> Path:
        """Where a file of a version lies, once it is known to be what was registered."""
        known = await self._found(workspace, name, version)
        return await asyncio.to_thread(contents.checked_place, known.definition, path, self._blobs)

    async def archive(
        self, workspace: str, name: str, version: str | None = None
    ) -> tuple[str, Iterator[bytes]]:
        """The id of a version, and its files as the pieces of a zip file.

        StorageFailed comes where a file is reached that is no longer what was registered.
        """
        known = await self._found(workspace, name, version)
        return known.definition.label, contents.archive(known.definition, self._blobs)

    async def lineage(
        self, workspace: str, name: str, version: str | None = None
    ) -> WireModelLineage:
        """Which run and data a version was made of, and who uses it."""
        known = await self._found(workspace, name, version)
        maker = known.definition.maker
        return {
            "name": known.name,
            "version": known.version,
            "maker": None
            if maker is None
            else {
                "runId": maker.run,
                "experiment": maker.experiment,
                "environment": maker.environment,
                "snapshotId": maker.snapshot,
                "isThere": await self._is_there(maker.run),
            },
            "datasets": [shown.data(use) for use in known.definition.data],
            "usedBy": await self._ledger.do(self._used, known),
        }

    async def of_run(self, run_id: str) -> WireRunModels:
        """The models that a run registered, the newest first, and those that it fetched."""
        run = await self._ledger.find(ids.run_id(run_id))
        page = await self.page(run.workspace, ModelChoice(run=run.id), limit=10_000)
        used = [
            key.removeprefix(model.USED) for key in run.properties if key.startswith(model.USED)
        ]
        return {"registered": page["models"], "used": used}

    async def alias(self, name: str, asked: ModelAlias) -> WireModel:
        """Give a version an alias, which leaves whichever version had it."""
        known = await self._found(asked.workspace, name, asked.version)
        await self._ledger.do(self._aliases.set, asked.workspace, name, known.version, asked.alias)
        return await self._told(known)

    async def remove_alias(self, workspace: str, name: str, alias: str) -> None:
        """Take an alias away."""
        place = ids.workspace_name(workspace)
        await self._ledger.do(self._aliases.remove, place, model.model_name(name), alias)
        self._announce(place, name)

    # ---- inside -----------------------------------------------------------------------------

    async def _maker(self, asked: NewModel) -> Run | None:
        wanted = asked.source.run or asked.run
        if wanted is None:
            return None
        if None not in (asked.source.run, asked.run) and asked.source.run != asked.run:
            raise Invalid(f"files of run {asked.source.run} were not made by run {asked.run}")
        return await self._ledger.find(wanted)

    def _by_key(self, asked: NewModel) -> Known | None:
        """The version that was registered with the same key, by a call that is repeated."""
        every = self._registry.all_of(asked.workspace, asked.name)
        return next((known for known in every if known.definition.key == asked.key), None)

    def _files(self, source: ModelSource, run: Run | None) -> builtins.list[contents.Found]:
        """Where the files lie that shall be a model. Blocks."""
        if source.upload is not None:
            folder = self._uploads.there(source.upload)
            return contents.uploaded(folder, source.path, source.only, source.root)
        if source.run is None:
            return contents.on_disk(source.path, source.only, source.root, stamp=source.stamp)
        assert run is not None
        return contents.in_run(self._root.folder(run), source.path, source.only, source.root)

    def _made(self, asked: NewModel, run: Run | None) -> Model:
        """The definition, with its files stored. Blocks."""
        limits.labels("tag", asked.tags, {})
        maker = None if run is None else maker_of(run, self._inputs(self._root.folder(run)))
        made = draft(asked, maker, root=asked.source.root or "")
        # What is wrong with it is said before a gigabyte is sent or read.
        model.check(replace(made, files=(ModelFile("", 0, ""),)))
        found = self._files(asked.source, run)
        root = found[0].path.split("/")[0]
        made = replace(made, root=root, files=contents.keep(found, self._blobs))
        model.check(made)
        return made

    async def _found(self, workspace: str, name: str, version: str | None) -> Known:
        place = ids.workspace_name(workspace)
        return await self._ledger.do(self._known, place, name, version)

    def _known(self, workspace: WorkspaceName, name: str, version: str | None) -> Known:
        if version is None or version.lower() == LATEST:
            return self._registry.get(workspace, name)
        if not version.isdecimal():
            self._registry.get(workspace, name)  # What is not there has no alias, either.
            version = self._aliases.version(workspace, name, ids.named("alias", version))
        return self._registry.get(workspace, name, version)

    async def _told(self, known: Known) -> WireModel:
        """Tell listeners that a model has changed, and what it is now."""
        self._announce(known.workspace, known.name)
        return await self._shown(known)

    def _announce(self, workspace: WorkspaceName, name: str) -> None:
        self._tell({"type": "registered", "noun": "model", "workspace": workspace, "name": name})

    async def _shown(self, known: Known) -> WireModel:
        aliases = await self._ledger.do(
            self._aliases.of, known.workspace, known.name, [known.version]
        )
        return shown.shown(known, aliases)

    def _named(self) -> set[str]:
        """The hashes that the models of all workspaces name; StorageFailed in doubt. Blocks."""
        return {
            file.hash
            for workspace in self._root.workspace_names()
            for known in self._registry.whole(workspace)
            for file in known.definition.files
        }

    async def _is_there(self, run: str) -> bool:
        try:
            await self._ledger.find(RunId(run))
        except NotFound:
            return False
        return True

    def _uses(self, workspace: WorkspaceName, name: str, versions: Sequence[str]) -> Sequence[str]:
        """What keeps versions from being deleted: aliases, and runs that go on. Blocks."""
        aliases = self._aliases.of(workspace, name, versions)
        labels = {used_key(name, version) for version in versions}
        runs = [
            f"run {run.id}"
            for run in self._ledger.runs.active()
            if run.workspace == workspace and not labels.isdisjoint(run.properties)
        ]
        return [*(f"alias {alias!r}" for alias in aliases), *runs]

    def _used(self, known: Known) -> builtins.list[WireModelUse]:
        """The runs that fetched a version, the newest first. Blocks."""
        word = f"property:{quoted(used_key(known.name, known.version))}"
        page = self._ledger.runs.page(
            workspace=known.workspace, filter=word, sort="-createdAt", limit=_MOST_USES
        )
        key = used_key(known.name, known.version)
        return [
            {
                "kind": "run", "id": run.id, "name": run.display_name or run.id,
                "at": run.properties.get(key),
            }
            for run in page.runs
        ]  # fmt: skip


def used_key(name: str, version: str) -> str:
    """The property of a run that says that it fetched a version of a model."""
    return f"{model.USED}{name}:{version}"
