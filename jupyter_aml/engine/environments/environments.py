"""Environments as the server's handlers and the runs see them."""

from __future__ import annotations

import asyncio
import builtins
import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from jupyter_aml.compute.target import Target
from jupyter_aml.domain import ids, limits, secrets
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound, Unreachable
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine.environments.abroad import Abroad
from jupyter_aml.engine.environments.book import EnvironmentBook, Registered
from jupyter_aml.engine.environments.builds import Builds, BuildState, Listen
from jupyter_aml.engine.environments.labels import EnvironmentLabels
from jupyter_aml.engine.environments.shown import shown
from jupyter_aml.engine.feed.pieces import LogPiece, read_piece
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.settings import Settings
from jupyter_aml.environments import pruning, requirements, wishes
from jupyter_aml.environments.building import builders
from jupyter_aml.environments.cache import Entry
from jupyter_aml.environments.conda import packages as conda_packages
from jupyter_aml.environments.conda import specs
from jupyter_aml.environments.protocol import Materialised, Wish
from jupyter_aml.environments.reading import packages
from jupyter_aml.runfolder.plain import plain
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.definitions import (
    BuildRequest,
    EnvironmentPruning,
    NewEnvironment,
    NewLabels,
)
from jupyter_aml.wire.environments import (
    WireCheck,
    WireEnvironment,
    WireLock,
    WireMaterialised,
    WireMistake,
    WirePackage,
    WirePruned,
)
from jupyter_aml.wire.events import WireEnvironmentEvent, WireEnvironmentGoneEvent

LOG = logging.getLogger("jupyter_aml.environments")

T = TypeVar("T")
Tell = Callable[[WireEnvironmentEvent | WireEnvironmentGoneEvent], None]


class Environments:
    """Registers, builds, shows and removes environments."""

    def __init__(self, root: Root, ledger: Ledger, settings: Settings, tell: Tell) -> None:
        self._root, self._ledger, self._settings, self._tell = root, ledger, settings, tell
        self._book = EnvironmentBook(root, self._uses)
        self._labels = EnvironmentLabels(root, self._book)
        folder = root.path / "environments"
        made = builders(
            folder,
            strict=settings.strict,
            allow_sources=settings.allow_package_sources,
            conda_client=settings.conda_client,
            conda_channels=settings.conda_channels,
            conda_fallback=settings.conda_fallback,
            docker_url=settings.docker_url,
        )
        self._builds = Builds(folder, made, strict=settings.strict, changed=self._changed)
        self._abroad = Abroad(
            folder / ".abroad",
            strict=settings.strict,
            allow_sources=settings.allow_package_sources,
        )
        self._watched: dict[str, Registered] = {}
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def active(self) -> int:
        """How many builds go on."""
        return self._builds.active

    async def close(self) -> None:
        """End the builds; nothing of them counts."""
        await self._builds.close()
        for task in self._telling:
            task.cancel()

    # ---- definitions ------------------------------------------------------------------------

    async def list(self, workspace: str) -> list[WireEnvironment]:
        """The newest version of each environment, the curated ones last."""
        name = ids.workspace_name(workspace)
        found = await self._ledger.do(lambda: list(self._book.newest(name)))
        return await self._all_shown(name, found)

    async def get(self, workspace: str, name: str, version: str | None = None) -> WireEnvironment:
        """A version of an environment, or the newest."""
        return await self._shown(await self._registered(workspace, name, version))

    async def add(self, asked: NewEnvironment) -> WireEnvironment:
        """Register what is asked; an equal definition gives back the version there is."""
        definition = await asyncio.to_thread(asked.read)
        made = await self.register(asked.workspace, definition)
        told = await self._shown(made)
        self._tell({"type": "environment", "environment": told})
        return told

    async def register(self, workspace: WorkspaceName, definition: Definition) -> Registered:
        """Enter a definition as a version, or find the equal one.

        Raises Invalid, and enters nothing, where it could never be built.
        """
        self._check(definition)
        at = encode_time(now()) or ""
        return await self._ledger.do(self._book.register, workspace, definition, at=at)

    async def remove(self, workspace: str, name: str, version: str | None = None) -> None:
        """Remove a version or all of a name; what was built of it stays until it is pruned.

        Raises IllegalMove where runs that have not ended use it.
        """
        place = ids.workspace_name(workspace)
        gone = await self._ledger.do(self._book.remove, place, name, version)
        await self._ledger.do(self._labels.forget, place, name, gone)
        for one in gone:
            told: WireEnvironmentGoneEvent = {
                "type": "environmentGone", "workspace": place, "name": name, "version": one,
            }  # fmt: skip
            self._tell(told)

    async def labels(self, workspace: str, name: str) -> dict[str, str]:
        """The versions of an environment by their labels; the newest is `Latest`."""
        return await self._ledger.do(self._labels.of, ids.workspace_name(workspace), name)

    async def label(self, name: str, asked: NewLabels) -> dict[str, str]:
        """Give a version labels, which leave whichever version had them."""
        return await self._ledger.do(
            self._labels.add, asked.workspace, name, asked.version, asked.labels
        )

    async def check(self, asked: NewEnvironment) -> WireCheck:
        """Look at what could be registered, without doing anything."""
        try:
            definition = await asyncio.to_thread(asked.read)
            warnings = self._check(definition)
        except AmlError as error:
            return {"definition": None, "mistakes": [mistake(str(error))], "warnings": []}
        return {"definition": definition.to_json(), "mistakes": [], "warnings": list(warnings)}

    # ---- builds -----------------------------------------------------------------------------

    async def build(self, name: str, asked: BuildRequest) -> WireMaterialised:
        """Start to build an environment, or join the build under way."""
        found = await self._registered(asked.workspace, name, asked.version)
        wish = self._wish(found, asked.extras)
        state = await self._builds.state(wish, for_use=True)
        again = asked.again and state.state != "building"
        # Whether an image is still there, its engine knows: its builder asks.
        is_image = state.environment is not None and state.environment.image is not None
        if again or is_image or state.state in ("not built", "failed"):
            self._watched[wish.digest] = found
            self._builds.start(replace(wish, again=again))
            state = await self._builds.state(wish)
        return await self._materialised(wish, state, found)

    async def build_state(
        self, workspace: str, name: str, *, version: str | None = None,
        extras: tuple[str, ...] = (), wait: float = 0.0,
    ) -> WireMaterialised:  # fmt: skip
        """How far the build is; waits for its end, up to `wait` seconds (at most 30)."""
        found = await self._registered(workspace, name, version)
        wish = self._wish(found, extras)
        state = await self._builds.state(wish, wait=min(max(wait, 0.0), 30.0))
        return await self._materialised(wish, state, found)

    async def definition(
        self, workspace: WorkspaceName, name: str, version: str | None = None
    ) -> Definition:
        """A version of an environment, or the newest, with its secrets."""
        return (await self._ledger.do(self._book.get, workspace, name, version)).definition

    async def materialise(
        self,
        definition: Definition,
        workspace: WorkspaceName,
        listen: Listen,
        *,
        extras: Sequence[str] = (),
    ) -> Materialised:
        """The environment for a run or a kernel; raises Invalid with the cause of a failure."""
        wish = Wish(definition=definition, extras=requirements.check(extras))
        if definition.version is not None:
            self._watched.setdefault(wish.digest, Registered(workspace, definition, ""))
        return await self._builds.ensure(wish, listen)

    async def materialise_on(
        self, target: Target, definition: Definition, listen: Listen, *, extras: Sequence[str] = ()
    ) -> Materialised:
        """The same on the machine of a target that has no files of this one."""
        wish = Wish(definition=definition, extras=requirements.check(extras))
        return await self._abroad.ensure(target, wish, listen)

    async def python(self, definition: Definition) -> str | None:
        """The Python of an environment on this machine; None while it is not built."""
        wish = Wish(definition=definition)
        state = await self._builds.state(wish)
        built = state.environment
        if built is None and state.state == "ready":
            built = await self._builds.ensure(wish)
        return None if built is None or built.image is not None else built.interpreter

    async def log(
        self,
        workspace: str,
        name: str,
        version: str | None = None,
        *,
        extras: Sequence[str] = (),
        offset: int,
        limit: int,
    ) -> LogPiece:
        """Bytes of the log of the last build; NotFound where there was none."""
        found = await self._registered(workspace, name, version)
        path = self._builds.log_file(self._wish(found, extras))
        if not path.is_file():
            raise NotFound(f"environment {found.definition.label!r} was not built yet")
        return await asyncio.to_thread(read_piece, path, offset, limit, opener=plain)

    async def lock(self, workspace: str, name: str, version: str | None = None) -> WireLock:
        """What exactly is in a built environment; NotFound while it is not built."""
        found = await self._registered(workspace, name, version)
        built = (await self._builds.state(self._wish(found))).environment
        if built is None:
            raise NotFound(f"environment {found.definition.label!r} is not built: build it first")
        python, there = await asyncio.to_thread(packages, built)
        listed: builtins.list[WirePackage] = [
            {"name": package, "version": of} for package, of in there.items()
        ]
        return {
            "environment": found.name, "version": found.version, "key": built.key,
            "python": python, "text": built.lock, "packages": listed,
        }  # fmt: skip

    async def prune(self, asked: EnvironmentPruning) -> WirePruned:
        """Remove built environments by age and by how much there is; definitions stay."""
        cache = self._builds.cache
        chosen = await asyncio.to_thread(pruning.choose, cache, asked.days, asked.keep)
        if not asked.is_dry:
            chosen = [entry for entry in chosen if await self._discarded(entry)]
        unlinked = await asyncio.to_thread(conda_packages.clean, cache, dry_run=asked.is_dry)
        sizes = sum(entry.environment.size for entry in chosen)
        return {"keys": [entry.key for entry in chosen], "size": sizes + unlinked}

    async def _discarded(self, entry: Entry) -> bool:
        """Whether it could be removed: an image may be in use, or its docker engine gone."""
        try:
            await self._builds.discard(entry.environment)
        except (Invalid, Unreachable) as error:
            LOG.warning("the environment %s is kept: %s", entry.key, error)
            return False
        return True

    # ---- inside -----------------------------------------------------------------------------

    async def _registered(self, workspace: str, name: str, version: str | None) -> Registered:
        place = ids.workspace_name(workspace)
        return await self._ledger.do(self._book.get, place, name, version)

    def _uses(self, workspace: WorkspaceName, name: str, versions: Sequence[str]) -> Sequence[str]:
        """The runs that have not ended and were sent in one of these versions. Blocks."""
        labels = {f"{name}:{version}" for version in versions}
        return [
            f"run {run.id}"
            for run in self._ledger.runs.active()
            if run.workspace == workspace and run.job and run.job.environment in labels
        ]

    def _check(self, definition: Definition) -> tuple[str, ...]:
        """Refuse what could never be built; returns what will not be met to the letter."""
        allow = self._settings.allow_package_sources
        lines = requirements.check(definition.conda.pip, allow_sources=allow)
        if definition.conda.python:
            wishes.pep440(definition.conda.python)
        specs.check(definition.conda, own=self._settings.conda_channels, allow_sources=allow)
        limits.variables(definition.variables)
        return wishes.satisfied(lines).warnings

    def _wish(self, found: Registered, extras: Sequence[str] = ()) -> Wish:
        return Wish(definition=found.definition, extras=requirements.check(extras))

    async def _shown(self, found: Registered) -> WireEnvironment:
        return (await self._all_shown(found.workspace, [found]))[0]

    async def _all_shown(
        self, workspace: WorkspaceName, found: Sequence[Registered]
    ) -> builtins.list[WireEnvironment]:
        """As many as there are cost two turns of a thread, not some for each."""
        wishes = [Wish(definition=one.definition) for one in found]
        kinds = [self._builds.builder(wish).kind for wish in wishes]
        states = await self._builds.states(wishes)

        def told() -> builtins.list[WireEnvironment]:
            used = self._ledger.runs.in_environments(workspace)
            return [
                shown(
                    one,
                    state,
                    kind=kind,
                    versions=self._book.versions(workspace, one.name),
                    runs=used.get((one.name, one.version), 0),
                )
                for one, kind, state in zip(found, kinds, states, strict=True)
            ]

        return await self._ledger.do(told)

    async def _materialised(
        self, wish: Wish, state: BuildState, found: Registered
    ) -> WireMaterialised:
        built = state.environment
        if built is None and state.state == "ready":
            built = await self._builds.ensure(wish)
        variables: dict[str, str] = {}
        if built is not None:
            here = {"PATH": os.environ.get("PATH", os.defpath)}
            own = secrets.hidden(found.definition.variables)
            variables = {**built.on_top_of(here), **own}
        return {
            "state": state.state,
            "reason": state.reason,
            "interpreter": None if built is None else built.interpreter,
            "image": None if built is None else built.image,
            "variables": variables,
            "warnings": [] if built is None else list(built.warnings),
        }

    def _changed(self, digest: str) -> None:
        found = self._watched.get(digest)
        if found is None:
            return

        async def tell() -> None:
            told = await self._shown(found)
            self._tell({"type": "environment", "environment": told})

        task = asyncio.create_task(tell())
        self._telling.add(task)
        task.add_done_callback(self._told)

    def _told(self, task: asyncio.Task[None]) -> None:
        self._telling.discard(task)
        if not task.cancelled():
            task.exception()


def mistake(told: str) -> WireMistake:
    """A message with the place that it names, if it names one."""
    place = re.search(r"line (\d+), column (\d+)", told)
    line, column = (int(place[1]), int(place[2])) if place else (None, None)
    return {"message": told, "line": line, "column": column}
