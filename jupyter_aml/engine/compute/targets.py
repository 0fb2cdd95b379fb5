"""The compute targets of a root: created, attached, changed, shown and deleted."""

from __future__ import annotations

import asyncio
import builtins
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from jupyter_aml.compute.cluster import nodes
from jupyter_aml.compute.kinds import Kind, TargetPlace
from jupyter_aml.compute.target import Target
from jupyter_aml.compute.targets import AbsentTarget, Loaded
from jupyter_aml.domain import compute, ids
from jupyter_aml.domain.compute import ComputeDefinition
from jupyter_aml.domain.errors import AlreadyExists, AmlError, IllegalMove, Invalid, NotFound
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.near import did_you_mean
from jupyter_aml.domain.run import Run, RunStatus
from jupyter_aml.domain.vault import NewSecret
from jupyter_aml.domain.vm_sizes import SIZES
from jupyter_aml.engine.compute.shown import kind as shown_kind
from jupyter_aml.engine.compute.shown import sample as shown_sample
from jupyter_aml.engine.compute.shown import shown
from jupyter_aml.engine.compute.shown import size as shown_size
from jupyter_aml.engine.compute.stations import Stations, target_of
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.registry import Noun, Registered, Registry
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.secrets import Secrets
from jupyter_aml.engine.turns import Turns
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.compute import (
    ComputeChange,
    NewCompute,
    WireCompute,
    WireComputeKind,
    WireComputeSample,
    WireComputeSize,
    change_hidden,
    new_hidden,
)
from jupyter_aml.wire.events import WireRegisteredEvent
from jupyter_aml.wire.kernels import WireTargetKernel

_ENDS = (RunStatus.CANCEL_REQUESTED, RunStatus.FINALIZING)
_ENDING, _LOOK = 60.0, 0.05
"""Seconds that a deletion waits for runs that are just ending, and between two looks."""
Known = Registered[ComputeDefinition]
Tell = Callable[[WireRegisteredEvent], None]
KernelsOn = Callable[[WorkspaceName, str], builtins.list[WireTargetKernel]]
NOUN = Noun("compute target", "compute", compute.read)


class Compute:
    """Targets by workspace and name. What was created is a file, and opened at each start."""

    def __init__(
        self,
        root: Root,
        ledger: Ledger,
        secrets: Secrets,
        *,
        loaded: Loaded,
        moved: Callable[[], None],
        is_fair: bool,
        tell: Tell,
        log: logging.Logger,
    ) -> None:
        self._root, self._ledger, self._secrets = root, ledger, secrets
        self._kinds, self._tell, self._log = loaded.kinds, tell, log
        self.stations = Stations(loaded.targets, moved=moved, is_fair=is_fair)
        self._registry = Registry(root, NOUN)
        self._turns = Turns()
        self.kernels_on: KernelsOn = lambda workspace, name: []
        """The kernels that wait for a target or are on it; the engine sets it."""

    async def begin(self, workspaces: Iterable[WorkspaceName]) -> None:
        """Open the targets of these workspaces; one that cannot be opened is told as such."""
        for station in self.stations.all():
            await station.target.begin()
        there = set()
        for workspace in workspaces:
            for known in await self._ledger.do(lambda w=workspace: [*self._registry.newest(w)]):
                there.add(self._folder(workspace, known.name))
                await self._opened(known)
        await self._sweep(there)

    async def list(
        self, workspace: WorkspaceName = ids.DEFAULT_WORKSPACE
    ) -> builtins.list[WireCompute]:
        """All targets of a workspace, `local` first."""
        await self._ledger.do(self._root.need_workspace, workspace)
        registered = await self._ledger.do(lambda: [*self._registry.newest(workspace)])
        known = {each.name: each for each in registered}
        return [
            shown(
                owner,
                station,
                None if owner is None else known.get(station.target.name),
                self.kernels_on(workspace, station.target.name),
            )
            for owner, station in self.stations.seen_from(workspace)
            if owner is None or station.target.name in known
        ]

    async def get(self, workspace: WorkspaceName, name: str) -> WireCompute:
        """One target; NotFound names the nearest."""
        there = {told["name"]: told for told in await self.list(workspace)}
        if name not in there:
            raise NotFound(f"there is no compute target {name!r}{did_you_mean(name, there)}")
        return there[name]

    async def need_kernels(self, workspace: WorkspaceName, name: str) -> None:
        """Raise Invalid where no kernel can run on that target; NotFound names the nearest."""
        await self.get(workspace, name)
        station = self.stations.find(workspace, name)
        if station is not None:
            station.target.need_kernels()

    async def history(
        self, workspace: WorkspaceName, name: str
    ) -> builtins.list[WireComputeSample]:
        """How busy a target was lately, a sample a change; NotFound names the nearest."""
        await self.get(workspace, name)
        station = self.stations.find(workspace, name)
        return [] if station is None else [shown_sample(each) for each in station.history.samples()]

    def kinds(self) -> builtins.list[WireComputeKind]:
        """The kinds of targets that can be created or attached."""
        return [shown_kind(kind) for kind in self._kinds.values()]

    def sizes(self) -> builtins.list[WireComputeSize]:
        """The sizes of nodes that are known."""
        return [shown_size(each) for each in SIZES.values()]

    async def add(self, asked: NewCompute) -> WireCompute:
        """Create or attach a target; an equal one stays what it is.

        Raises AlreadyExists for another one of that name, and Invalid for a setting that is wrong.
        """
        workspace, name = asked.workspace, asked.definition.name
        kind = self._kind(asked.definition.kind)
        asked = new_hidden(asked, kind.secrets)
        definition = kind.checked(
            replace(asked.definition, type=_type(asked, kind), is_attached=kind.is_attached)
        )
        async with self._turns.of(f"{workspace}/{name}"):
            known = await self._ledger.do(self._entered, asked, definition)
            await self._opened(known)
        self.changed(workspace, name)
        return await self.get(workspace, name)

    async def change(self, asked: ComputeChange) -> WireCompute:
        """Resize, start, stop or describe a target; its runs go on."""
        workspace, name = asked.workspace, asked.name
        async with self._turns.of(f"{workspace}/{name}"):
            known = await self._ledger.do(self._amended, asked)
            station = self.stations.find(workspace, name)
            if station is None or isinstance(station.target, AbsentTarget):
                await self._opened(known)
            else:
                await station.target.change(known.definition)
                self.stations.resize(workspace, name)
        self.changed(workspace, name)
        return await self.get(workspace, name)

    async def remove(self, workspace: WorkspaceName, name: str) -> None:
        """Delete or detach a target; IllegalMove, naming them, while runs are on it."""
        async with self._turns.of(f"{workspace}/{name}"):
            await self._ledger.do(self._root.need_workspace, workspace)
            known = await self._ledger.do(self._registry.get, workspace, name)
            await self._need_idle(workspace, name)
            station = self.stations.find(workspace, name)
            if station is not None:
                await station.target.end()
                station.target.close()
            self.stations.drop(workspace, name)
            await self._ledger.do(self._forgotten, known)
        self.changed(workspace, name)

    async def leave(self, workspace: WorkspaceName) -> None:
        """End the targets of a workspace that is deleted."""
        for owner, station in list(self.stations.seen_from(workspace)):
            if owner is None:
                continue
            self.stations.drop(workspace, station.target.name)
            try:
                await station.target.end()
            except AmlError as error:
                self._log.warning("compute target %s: %s", station.target.name, error)
            station.target.close()
        await asyncio.to_thread(remove_tree, self._folder(workspace, ""))

    async def probe(self, asked: NewCompute) -> str:
        """Connect to what a target stands for; registers nothing.

        Raises Invalid or Unreachable, and NotFound for the workspace.
        """
        await self._ledger.do(self._root.need_workspace, asked.workspace)
        kind = self._kind(asked.definition.kind)
        asked = new_hidden(asked, kind.secrets)
        definition = kind.checked(asked.definition)
        place = self._place(asked.workspace, definition.name, asked.secrets)
        return await kind.probe(definition, place)

    async def close(self) -> None:
        """Let go of all targets; their jobs go on."""
        for station in self.stations.all():
            station.target.close()
        for station in self.stations.all():
            await station.target.settle()

    # ---- inside -----------------------------------------------------------------------------

    def _kind(self, name: str) -> Kind:
        found = self._kinds.get(name)
        if found is None:
            near = did_you_mean(name, self._kinds)
            raise Invalid(f"kind: there is no kind of compute target {name!r}{near}")
        return found

    async def _sweep(self, there: set[Path]) -> None:
        """End what a deletion has left that was cut off: the nodes of targets that are no more."""
        found = await asyncio.to_thread(lambda: [*(self._root.path / "nodes").glob("*/*")])
        for folder in found:
            if folder not in there:
                await nodes.end(await asyncio.to_thread(nodes.found, folder))
                await asyncio.to_thread(remove_tree, folder)

    async def _opened(self, known: Known) -> None:
        """Have the target of a definition; one that cannot be opened says why."""
        definition, workspace = known.definition, known.workspace
        station = self.stations.find(workspace, definition.name)
        if station is not None and not isinstance(station.target, AbsentTarget):
            return
        target = self._open(workspace, definition)
        self.stations.put(workspace, target)
        try:
            await target.begin()
        except AmlError as error:
            self._log.warning("compute target %s: %s", definition.name, error)

    def _open(self, workspace: WorkspaceName, definition: ComputeDefinition) -> Target:
        kind = self._kinds.get(definition.kind)
        if kind is None:
            return AbsentTarget(definition.name)
        try:
            return kind.open(definition, self._place(workspace, definition.name))
        except AmlError as error:
            return AbsentTarget(definition.name, str(error))

    def _place(
        self, workspace: WorkspaceName, name: str, new: Mapping[str, str] | None = None
    ) -> TargetPlace:
        def secret(value: str) -> str:
            wanted = value.removeprefix(compute.SECRET)
            if new is not None and wanted in new:
                return new[wanted]
            return self._secrets.vault(workspace).get(wanted)

        return TargetPlace(
            folder=self._folder(workspace, name),
            root=self._root.path,
            secret=secret,
            moved=lambda: self.changed(workspace, name),
        )

    def _folder(self, workspace: WorkspaceName, name: str) -> Path:
        return self._root.path / "nodes" / workspace / name

    async def _need_idle(self, workspace: WorkspaceName, name: str) -> None:
        """Wait for runs that are just ending, and raise IllegalMove where others are on it."""
        if kernels := self.kernels_on(workspace, name):
            _refuse(name, [f"the kernel {each['displayName'] or each['id']}" for each in kernels])
        give_up = time.monotonic() + _ENDING
        while going := await self._on(workspace, name):
            ends = all(run.status in _ENDS for run in going)
            if not ends or time.monotonic() > give_up:
                _refuse(name, [run.id for run in going])
            await asyncio.sleep(_LOOK)

    async def _on(self, workspace: WorkspaceName, name: str) -> builtins.list[Run]:
        return [
            run
            for run in await self._ledger.active()
            if run.workspace == workspace and run.job is not None and target_of(run) == name
        ]

    def changed(self, workspace: WorkspaceName, name: str) -> None:
        """Tell who listens that a target does something else than before."""
        station = self.stations.find(workspace, name)
        if station is not None:
            station.note()
        self._tell({"type": "registered", "noun": "compute", "workspace": workspace, "name": name})

    # ---- in the thread of the index -----------------------------------------------------------

    def _entered(self, asked: NewCompute, definition: ComputeDefinition) -> Known:
        workspace, name = asked.workspace, definition.name
        self._root.need_workspace(workspace)
        if name in self.stations.names(workspace) or name in self._registry.names(workspace):
            known = self._registry.get(workspace, name, beside=self.stations.names(workspace))
            if not known.definition.same_as(definition):
                raise AlreadyExists(
                    f"there is another compute target {name!r} already: change it, delete it, "
                    "or choose another name"
                )
        at = encode_time(now()) or ""
        self._keep(workspace, asked.secrets, at)
        return self._registry.register(workspace, definition, at=at, tags=asked.tags)

    def _keep(self, workspace: WorkspaceName, secrets: Mapping[str, str], at: str) -> None:
        if secrets:
            new = [NewSecret(name, value) for name, value in secrets.items()]
            self._secrets.vault(workspace).put(new, at=at)

    def _amended(self, asked: ComputeChange) -> Known:
        at = encode_time(now()) or ""
        self._root.need_workspace(asked.workspace)
        known = self._registry.get(asked.workspace, asked.name)
        kind = self._kind(known.definition.kind)
        asked = change_hidden(asked, kind.secrets)
        # First of all: of a change that is refused no secret is kept either.
        amended(known, asked, kind, at)
        self._keep(asked.workspace, asked.secrets, at)
        return self._registry.amend(
            asked.workspace, asked.name, known.version,
            lambda known: amended(known, asked, kind, at),
        )  # fmt: skip

    def _forgotten(self, known: Known) -> None:
        self._registry.delete(known.workspace, known.name)
        vault = self._secrets.vault(known.workspace)
        own = compute.secret_name(known.name, "")
        vault.remove(secret.name for secret in vault.list() if secret.name.startswith(own))
        remove_tree(self._folder(known.workspace, known.name))


def amended(known: Known, asked: ComputeChange, kind: Kind, at: str) -> Known:
    """What is known of a target, changed as asked; raises Invalid."""
    old = known.definition
    settings = {**old.settings, **asked.settings}
    tags = {**known.tags, **asked.tags}
    definition = replace(
        old,
        scale=compute.scale(
            old.scale.min_nodes if asked.min_nodes is None else asked.min_nodes,
            old.scale.max_nodes if asked.max_nodes is None else asked.max_nodes,
            old.scale.idle.total_seconds() if asked.idle_seconds is None else asked.idle_seconds,
        ),
        settings={key: value for key, value in settings.items() if value is not None},
        description=old.description if asked.description is None else asked.description,
        is_stopped=old.is_stopped if asked.is_stopped is None else asked.is_stopped,
        changed_at=at,
    )
    return replace(
        known,
        definition=kind.checked(definition),
        tags={key: tag for key, tag in tags.items() if tag is not None},
    )


def _type(asked: NewCompute, kind: Kind) -> str:
    """SDK v1's type: what was asked for, where the kind serves several."""
    given = asked.definition.type
    return kind.type if given == asked.definition.kind else given


def _refuse(name: str, going: builtins.list[str]) -> NoReturn:
    more = f" and {len(going) - 3} more" if len(going) > 3 else ""
    raise IllegalMove(
        f"compute target {name!r} cannot be deleted: {', '.join(going[:3])}{more} "
        f"{'is' if len(going) == 1 else 'are'} on it; cancel, or wait"
    )
