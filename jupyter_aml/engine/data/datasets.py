"""The data sets of a root: definitions, and what lay behind each when it was registered."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from jupyter_aml.data import manifest
from jupyter_aml.data.listing import DataFile, OpenStore, files
from jupyter_aml.data.manifest import Changes, Recorded
from jupyter_aml.data.stores import Store, open_store
from jupyter_aml.domain import dataset
from jupyter_aml.domain.dataset import Dataset
from jupyter_aml.domain.datastore import Datastore
from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine import registry
from jupyter_aml.engine.data import uses
from jupyter_aml.engine.data.datastores import Datastores
from jupyter_aml.engine.data.looks import PROFILE_SECONDS, Looks
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.registry import Noun, Registry
from jupyter_aml.engine.root import Root
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.datasets import DatasetPatch, NewDataset, WirePreview, WireProfile
from jupyter_aml.wire.events import WireRegisteredEvent

Registered = registry.Registered[Dataset]
Tell = Callable[[WireRegisteredEvent], None]


@dataclass(frozen=True)
class Opened:
    """Datastores by name, with their secrets."""

    found: Mapping[str, tuple[Datastore, Mapping[str, str]]]

    def __call__(self, name: str) -> Store:
        """Open one."""
        return open_store(*self.database(name))

    def database(self, name: str) -> tuple[Datastore, Callable[[str], str]]:
        """What is known of one, and how its secrets are had."""
        definition, secrets = self.found[name]
        return definition, secrets.__getitem__

    def told(self) -> dict[str, Any]:
        """What another process needs to open them."""
        return {
            name: {"definition": definition.to_json(), "secrets": dict(secrets)}
            for name, (definition, secrets) in self.found.items()
        }


@dataclass(frozen=True)
class Known:
    """A version of a data set with its id, and all versions of its name, newest first."""

    registered: Registered
    id: str
    versions: Sequence[str] = ()


_IDS = UUID("6d1c2b9e-6f0f-5a53-9a0b-6f7d0f0c7a11")
_RECORDS = ".files"
LATEST = "latest"


class Datasets:
    """Registers, finds and forgets data sets. What lies behind them stays."""

    def __init__(
        self,
        root: Root,
        ledger: Ledger,
        datastores: Datastores,
        tell: Tell,
    ) -> None:
        self._root, self._ledger, self._datastores, self._tell = root, ledger, datastores, tell
        used = partial(uses.going_on, ledger)
        noun = Noun("data set", "datasets", dataset.read, used, named=dataset.dataset_name)
        self._registry = Registry(root, noun)
        self._looks = Looks()

    async def list(self, workspace: WorkspaceName) -> builtins.list[Known]:
        """The newest version of each name."""
        return await self._ledger.do(
            lambda: [self._known(each) for each in self._registry.newest(workspace)]
        )

    async def get(self, workspace: WorkspaceName, name: str, version: str | None = None) -> Known:
        """A version, or the newest; NotFound names the nearest."""
        return await self._ledger.do(self._get, workspace, name, version)

    async def by_id(self, workspace: WorkspaceName, id: str) -> Known:
        """The version of that id, or NotFound."""

        def find() -> Known:
            for each in self._registry.every(workspace):
                if id_of(each) == id:
                    return self._known(each)
            raise NotFound(f"there is no data set with the id {id!r} in workspace {workspace!r}")

        return await self._ledger.do(find)

    async def versions(self, workspace: WorkspaceName, name: str) -> builtins.list[Known]:
        """All versions of a name, newest first."""

        def every() -> Iterator[Known]:
            self._registry.get(workspace, name)
            for version in self._registry.versions(workspace, name):
                each = self._registry.get(workspace, name, version)
                yield Known(each, id_of(each))

        return await self._ledger.do(lambda: [*every()])

    async def add(self, asked: NewDataset) -> Known:
        """Register a definition with a record of its files.

        What is the same, files and all, stays the version it is. Raises AlreadyExists for a
        different one of that name, unless a new version is asked for.
        """
        definition, workspace = asked.definition, asked.workspace
        await self._ledger.do(self._check_free, asked)
        open_by_name = await self.stores(workspace, definition)
        recorded = await asyncio.to_thread(self._record, workspace, definition, open_by_name)
        made = await self._ledger.do(self._add, asked, replace(definition, files=recorded))
        self._told(workspace, definition.name)
        return made

    async def patch(self, name: str, asked: DatasetPatch) -> Known:
        """Change the description or tags of a version."""

        def change(known: Registered) -> Registered:
            definition = known.definition
            if asked.description is not None:
                definition = replace(definition, description=asked.description)
            tags = {**known.tags, **asked.tags}
            kept = {key: value for key, value in tags.items() if value is not None}
            return replace(known, definition=definition, tags=kept)

        def amend() -> Known:
            return self._known(self._registry.amend(asked.workspace, name, asked.version, change))

        changed = await self._ledger.do(amend)
        self._told(asked.workspace, name)
        return changed

    async def remove(
        self, workspace: WorkspaceName, name: str, version: str | None = None
    ) -> builtins.list[str]:
        """Forget a version, or all of a name; IllegalMove where something uses one of them."""
        gone = await self._ledger.do(self._registry.delete, workspace, name, version)
        await self._ledger.do(self._sweep, workspace)
        self._told(workspace, name)
        return gone

    async def uses(self, known: Known) -> uses.Uses:
        """The runs that read a version, and those that have written it."""
        there = known.registered
        return await self._ledger.do(
            uses.of, self._ledger, there.workspace, there.name, there.version
        )

    async def recorded(
        self, workspace: WorkspaceName, name: str, version: str | None
    ) -> Sequence[Recorded]:
        """The files of a version as they were registered."""
        known = await self.get(workspace, name, version)
        return await asyncio.to_thread(self._load, known.registered)

    async def changes(self, workspace: WorkspaceName, name: str, version: str | None) -> Changes:
        """How the files differ from what was registered; those of another time are read."""
        known = (await self.get(workspace, name, version)).registered
        open_by_name = await self.stores(workspace, known.definition)

        def compare() -> Changes:
            found: builtins.list[DataFile] = []
            with contextlib.suppress(NotFound):
                found = files(known.definition, open_by_name)
            return manifest.compare(self._load(known), found, manifest.sha256)

        return await asyncio.to_thread(compare)

    async def preview(
        self, workspace: WorkspaceName, name: str, version: str | None, rows: int
    ) -> WirePreview:
        """The first rows of a version, or its first files."""
        known = await self.get(workspace, name, version)
        answer: WirePreview = await self.look(workspace, known.registered.definition, rows)
        return answer

    async def profile(
        self, workspace: WorkspaceName, name: str, version: str | None
    ) -> WireProfile:
        """What the columns of a version hold; Invalid for one that has none."""
        known = (await self.get(workspace, name, version)).registered
        if known.definition.kind == "file":
            raise Invalid(f"data set {known.definition.label!r} is one of files and has no columns")
        answer: WireProfile = await self.look(workspace, known.definition, 0, what="profile")
        return answer

    async def look(
        self, workspace: WorkspaceName, definition: Dataset, rows: int, *, what: str = "preview"
    ) -> Any:
        """Look into a data set, in a process of its own."""
        opened = await self.stores(workspace, definition)
        asked = {"definition": definition.to_json(), "datastores": opened.told(), "what": what,
                 "rows": rows, "seconds": PROFILE_SECONDS}  # fmt: skip
        return await self._looks.into(asked)

    async def stores(self, workspace: WorkspaceName, definition: Dataset) -> Opened:
        """Opens the datastores of a definition; NotFound names one that is not there."""
        found: dict[str, tuple[Datastore, dict[str, str]]] = {}
        for name in {each.datastore for each in definition.sources if each.datastore is not None}:
            known = await self._datastores.get(workspace, name)
            found[name] = known.definition, await self._datastores.secrets(workspace, name)
        return Opened(found)

    # ---- inside -----------------------------------------------------------------------------

    def _get(self, workspace: WorkspaceName, name: str, version: str | None) -> Known:
        wanted = None if version == LATEST else version
        return self._known(self._registry.get(workspace, name, wanted))

    def _known(self, each: Registered) -> Known:
        versions = self._registry.versions(each.workspace, each.name)
        return Known(each, id_of(each), versions)

    def _check_free(self, asked: NewDataset) -> Registered | None:
        """The version that stays what it is; AlreadyExists where another has the name."""
        if asked.is_new_version:
            return None
        try:
            known = self._registry.get(asked.workspace, asked.definition.name)
        except NotFound:
            return None
        if not known.definition.means(asked.definition):
            raise AlreadyExists(
                f"there is a data set {known.name!r} already, and it is another one: register this "
                "with create_new_version=True, or under another name"
            )
        return known

    def _add(self, asked: NewDataset, definition: Dataset) -> Known:
        known = self._check_free(asked)
        if known is None:
            at = encode_time(now()) or ""
            known = self._registry.register(asked.workspace, definition, at=at, tags=asked.tags)
        return self._known(self._tagged(known, asked))

    def _tagged(self, known: Registered, asked: NewDataset) -> Registered:
        """A version that was there takes the tags and the description that it is given again."""
        text = asked.definition.description or known.definition.description
        if known.definition.description == text and {**known.tags, **asked.tags} == known.tags:
            return known
        return self._registry.amend(
            asked.workspace, known.name, known.version,
            lambda there: replace(
                there, definition=replace(there.definition, description=text),
                tags={**there.tags, **asked.tags},
            ),
        )  # fmt: skip

    def _record(
        self, workspace: WorkspaceName, definition: Dataset, open_by_name: OpenStore
    ) -> dataset.Files | None:
        if definition.reading["form"] == "sql":
            return None
        found = files(definition, open_by_name)
        recorded, rows = manifest.record(found, manifest.sha256)
        path = self._path(workspace, recorded.digest)
        if not path.exists():
            manifest.save(rows, path)
        return recorded

    def _load(self, known: Registered) -> Sequence[Recorded]:
        recorded = known.definition.files
        if recorded is None:
            return ()
        try:
            return manifest.load(self._path(known.workspace, recorded.digest))
        except (OSError, EOFError, ValueError, TypeError):
            raise NotFound(
                f"the record of the files of data set {known.definition.label!r} is lost; register "
                "it again"
            ) from None

    def _path(self, workspace: WorkspaceName, digest: str) -> Path:
        return self._root.workspaces / workspace / "datasets" / _RECORDS / f"{digest}.gz"

    def _sweep(self, workspace: WorkspaceName) -> None:
        """Remove records that no version has any more."""
        used = {
            known.definition.files.digest
            for known in self._registry.every(workspace)
            if known.definition.files is not None
        }
        for path in (self._root.workspaces / workspace / "datasets" / _RECORDS).glob("*.gz"):
            if path.stem not in used:
                path.unlink(missing_ok=True)

    def _told(self, workspace: WorkspaceName, name: str) -> None:
        self._tell({"type": "registered", "noun": "dataset", "workspace": workspace, "name": name})


def id_of(known: Registered) -> str:
    """The id of a version, which stays the same for as long as it is registered."""
    said = f"{known.workspace}/{known.name}/{known.version}@{known.created_at}"
    return str(uuid5(_IDS, said))
