"""The engine of a root: what the server's handlers call, and nothing else changes a run."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

from jupyter_aml._version import __version__
from jupyter_aml.compute.targets import AbsentTarget, TargetSettings, load
from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import NotFound, Outdated
from jupyter_aml.domain.identity import Identity, Origin
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.run import MOST_METRICS, Run
from jupyter_aml.engine import identity, snapshot
from jupyter_aml.engine.compute.slots import Slots
from jupyter_aml.engine.environments.environments import Environments
from jupyter_aml.engine.environments.of_runs import RunEnvironments
from jupyter_aml.engine.facts.facts import Facts
from jupyter_aml.engine.feed.feed import Feed, Listener
from jupyter_aml.engine.feed.metrics import MetricsCache
from jupyter_aml.engine.feed.pieces import MOST_FILES, LogPiece, list_files, read_piece
from jupyter_aml.engine.feed.subscription import Subscription
from jupyter_aml.engine.feed.system import SystemFolder
from jupyter_aml.engine.feed.watchers import FolderWatcher
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.engine.lock import RootLock, RootTaken
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.runs import archiving, difference, pruning, recover, variables
from jupyter_aml.engine.runs.jobs import Jobs, target_of
from jupyter_aml.engine.runs.patching import patched
from jupyter_aml.engine.runs.waiting import Waiting, Why
from jupyter_aml.engine.runs.watch import Watch
from jupyter_aml.engine.settings import Settings
from jupyter_aml.engine.submit import cells
from jupyter_aml.engine.submit.submissions import Submissions
from jupyter_aml.engine.workspaces import Places
from jupyter_aml.environments.protocol import Materialised
from jupyter_aml.runtime.runtime import Runtime, ensure_runtime
from jupyter_aml.store.blobs import Blobs
from jupyter_aml.store.database import Database
from jupyter_aml.wire.coding import encode_run
from jupyter_aml.wire.contents import WireDryRun, WireFiles, WireMetrics, WireSnapshot
from jupyter_aml.wire.facts import WireCell, WireFacts, WireRunDifference
from jupyter_aml.wire.protocol import PROTOCOL, WireStatus
from jupyter_aml.wire.runs import (
    WireCompute,
    WireExperiment,
    WirePrunedRuns,
    WireRun,
    WireRunPage,
    WireWorkspace,
)

__all__ = ["Engine", "LogPiece", "RootTaken"]

Kind = Literal["jupyter", "headless"]


class Engine:
    """Holds one root. Make it by `open`; every method may be called from the event loop alone."""

    def __init__(
        self,
        settings: Settings,
        kind: Kind,
        lock: RootLock,
        database: Database,
        runtime: Runtime,
        found: tuple[Origin, Identity],
    ) -> None:
        self.settings, self.kind = settings, kind
        self._origin, self._identity = found
        self.socket: str | None = None
        """Where the engine answers; the server sets it once it listens."""
        self._log = logging.getLogger("jupyter_aml.engine")
        self._lock, self._runtime = lock, runtime
        self._epoch = database.next_epoch(f"{kind} {os.getpid()}")
        self._root = Root(settings.root)
        self._blobs = Blobs(settings.root / "blobs")
        self._ledger = Ledger(self._root, database, epoch=self._epoch)
        self._metrics, self._system = MetricsCache(), MetricsCache()
        self._watcher, self._deleting = FolderWatcher(), asyncio.Lock()
        self._feed = Feed(self)
        self._ledger.publish = self._feed.publish
        self._targets = load(
            TargetSettings(max_runs=settings.max_runs, docker_url=settings.docker_url)
        )
        self._waiting = Waiting()
        self._waiting.stirred = moved = self._feed.stir
        self._slots = {
            name: Slots(name, target.slots, moved=moved) for name, target in self._targets.items()
        }
        self._places = Places(self._root, self._ledger)
        self.environments = Environments(self._root, self._ledger, settings, self._feed.tell)
        self._run_environments = RunEnvironments(
            self._root, self.environments, pythonpath=runtime.pythonpath
        )
        self._facts = Facts(self._root, self._ledger, self._log)
        self._watch = Watch(
            self._ledger,
            self._root,
            jobs=Jobs(
                self._root,
                root_id=self._identity.token,
                targets=self._targets,
                materialise=self._facts.noting(self._run_environments.ensure),
                variables=self._variables,
                container=self._run_environments.container,
            ),
            slots=self._slots,
            waiting=self._waiting,
            log=self._log,
        )
        self._submissions = Submissions(
            settings,
            self._root,
            self._ledger,
            self._blobs,
            places=self._places,
            environments=self.environments,
            facts=self._facts,
            targets=list(self._slots),
            begin=self._watch.begin,
            tell=self.told,
        )

    @classmethod
    async def open(cls, settings: Settings, *, kind: Kind) -> Self:
        """Take the root and every run in it; raises RootTaken, StorageFailed or Invalid."""
        lock = await asyncio.to_thread(RootLock, settings.root)
        try:
            where = settings.database or settings.root / "aml.db"
            database = await asyncio.to_thread(Database.open, where)
            runtime = await asyncio.to_thread(ensure_runtime, settings.root)
            found = await asyncio.to_thread(identity.identify, settings.root)
            engine = cls(settings, kind, lock, database, runtime, found)
            await engine._recover()
        except BaseException:
            lock.release()
            raise
        return engine

    async def close(self) -> None:
        """Let go of the root; the runs go on and are found again by the next engine."""
        self._feed.close()
        await self._watch.close()
        await self._facts.close()
        await self.environments.close()
        for target in self._targets.values():
            target.close()
        self._watcher.close()
        self._submissions.close()
        await self._ledger.close()
        self._lock.release()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, nothing waits and nobody listens."""
        working = self._watch.active + self.environments.active
        return working == 0 and self._feed.listeners == 0

    @property
    def active_runs(self) -> int:
        """How many runs have not ended."""
        return self._watch.active

    def status(self) -> WireStatus:
        """The handshake."""
        return {
            "version": __version__,
            "protocol": PROTOCOL,
            "root": str(self.settings.root),
            "kind": self.kind,
            "pid": os.getpid(),
            "epoch": self._epoch,
            "defaultWorkspace": ids.DEFAULT_WORKSPACE,
            "keepsPythonpath": self.settings.keep_pythonpath,
        }

    # ---- workspaces, experiments, compute ---------------------------------------------------

    async def workspaces(self) -> list[WireWorkspace]:
        """All workspaces; there is always the default one."""
        return await self._places.workspaces()

    async def add_workspace(self, body: Mapping[str, Any]) -> WireWorkspace:
        """Make a workspace; AlreadyExists unless `existOk`."""
        return await self._places.add_workspace(body)

    async def workspace(self, name: str) -> WireWorkspace:
        """One workspace, or NotFound."""
        return await self._places.workspace(name)

    async def experiments(self, workspace: str) -> list[WireExperiment]:
        """The experiments of a workspace."""
        return await self._places.experiments(workspace)

    async def add_experiment(self, body: Mapping[str, Any]) -> WireExperiment:
        """Make an experiment, or find it."""
        return await self._places.add_experiment(body)

    async def tag_experiment(self, name: str, body: Mapping[str, Any]) -> WireExperiment:
        """Set tags of an experiment; a tag of None goes away."""
        return await self._places.tag_experiment(name, body)

    async def remove_experiment(self, workspace: str, name: str) -> None:
        """Delete an experiment that has no runs."""
        await self._places.remove_experiment(workspace, name)

    async def compute(self) -> list[WireCompute]:
        """The compute targets and how busy they are."""
        kinds = {name: target.kind for name, target in self._targets.items()}
        return [{**slots.told(), "type": kinds[name]} for name, slots in self._slots.items()]

    # ---- runs -------------------------------------------------------------------------------

    async def page(
        self,
        *,
        workspace: str,
        experiment: str | None = None,
        filter: str = "",
        sort: str = "-createdAt",
        limit: int = 50,
        after: str | None = None,
        metrics: int = MOST_METRICS,
    ) -> WireRunPage:
        """A page of the list; raises Invalid naming the word that is wrong.

        Of each run at most so many `metrics` are told; 0 gives all.
        """
        page = await self._ledger.page(
            workspace=ids.workspace_name(workspace),
            experiment=None if experiment is None else ids.experiment_name(experiment),
            filter=filter,
            sort=sort,
            limit=limit,
            after=after,
        )
        runs = [self.told(run, metrics=metrics) for run in page.runs]
        return {"runs": runs, "total": page.total, "next": page.next, "children": page.children}

    async def submit(self, body: Mapping[str, Any]) -> WireRun | WireDryRun:
        """Make a run of what is asked, or find the one that an earlier call made."""
        return await self._submissions.submit(body)

    async def retry(self, run_id: str, body: Mapping[str, Any]) -> WireRun:
        """Send a run once more, with other parameters where they are given."""
        return await self._submissions.retry(run_id, body)

    async def cell(self, run_id: str) -> WireCell:
        """Code that repeats a run."""
        run = await self.find(ids.run_id(run_id))
        return {"text": await asyncio.to_thread(cells.cell_of, run, root=self._root)}

    async def run(self, run_id: str) -> WireRun:
        """One run, or NotFound."""
        return self.told(await self.find(ids.run_id(run_id)))

    async def patch(self, run_id: str, body: Mapping[str, Any]) -> WireRun:
        """Change what a user may change; properties that are there stay as they are."""
        return self.told(await self._insist(run_id, lambda run: patched(run, body)))

    async def delete(self, run_id: str) -> None:
        """Remove a run that has ended, with its folder and its children; IllegalMove before.

        One that was deleted before is gone, which is all that was asked.
        """
        # A parent may be deleted together with a child of it, and each twice.
        async with self._deleting:
            try:
                run = await self.find(ids.run_id(run_id))
            except NotFound:
                if await self._ledger.was_removed(RunId(run_id)):
                    return
                raise
            async for gone, seq in recover.remove(run, root=self._root, ledger=self._ledger):
                self._metrics.drop(gone.id)
                self._system.drop(gone.id)
                self._feed.deleted(gone, seq)

    async def prune(self, body: Mapping[str, Any]) -> WirePrunedRuns:
        """Delete the ended runs that are asked for, or with `dryRun` say which would go."""
        return await pruning.prune(body, root=self._root, ledger=self._ledger, delete=self.delete)

    async def cancel(self, run_id: str) -> WireRun:
        """Ask a run to end, with its children. A run that has ended stays as it is."""
        run = await self.find(ids.run_id(run_id))
        if run.is_final:
            return self.told(run)
        run = await self._ledger.request_cancel(run.id)
        self._log.info("run %s: cancel was asked", run.id)
        self._watch.kick(run.id)
        for child in await self._ledger.do(self._ledger.runs.below, run.id):
            # Children without a job end with their parent.
            if child.job is not None and not child.is_final:
                await self._ledger.request_cancel(child.id)
                self._watch.kick(child.id)
        return self.told(run)

    async def look(self, run_id: str) -> WireRun:
        """Look at a run's records now."""
        run = await self.find(ids.run_id(run_id))
        self._watch.kick(run.id)
        return self.told(run)

    async def metrics(
        self,
        run_id: str,
        *,
        points: int = 1000,
        names: Sequence[str] = (),
        source: str = "logged",
    ) -> WireMetrics:
        """What a run logged, or took of its `system`, thinned to `points` a series; 0 gives all."""
        run = await self.find(ids.run_id(run_id))
        folder = self._root.folder(run)
        if source == "system":
            held = self._system.of(run.id, SystemFolder(folder.path))
        else:
            held = self._metrics.of(run.id, folder)
        return await asyncio.to_thread(held.since, run.id, points=points, names=names)

    async def facts(self, run_id: str) -> WireFacts:
        """What was recorded of a run without being asked."""
        return await self._facts.of(await self.find(ids.run_id(run_id)))

    async def log(
        self,
        run_id: str,
        name: str,
        *,
        offset: int = 0,
        limit: int = 65536,
        tail: int | None = None,
    ) -> LogPiece:
        """Bytes of a log; raises NotFound while it is not there, Refused for a way out."""
        path = await self.file(run_id, name)
        return await asyncio.to_thread(read_piece, path, offset, limit, tail)

    async def files(
        self, run_id: str, *, prefix: str = "", after: str | None = None, limit: int = MOST_FILES
    ) -> WireFiles:
        """The files of a run whose names begin with the prefix, a page at a time."""
        run = await self.find(ids.run_id(run_id))
        folder = self._root.folder(run)
        return await asyncio.to_thread(list_files, run.id, folder, prefix, after, limit)

    async def file(self, run_id: str, name: str) -> Path:
        """The path of an existing file of a run; Refused where the name leads out."""
        run = await self.find(ids.run_id(run_id))
        return await asyncio.to_thread(self._root.folder(run).existing, name)

    async def snapshot(self, run_id: str) -> WireSnapshot:
        """What was sent with a run."""
        run = await self.find(ids.run_id(run_id))
        return await asyncio.to_thread(snapshot.read_list, self._root.folder(run))

    async def snapshot_file(self, run_id: str, path: str) -> Path:
        """The path of a file as it was sent."""
        run = await self.find(ids.run_id(run_id))
        return await asyncio.to_thread(snapshot.stored_file, self._root.folder(run), path)

    async def difference(self, run_id: str, other: str) -> WireRunDifference:
        """All in which two runs differ."""
        left, right = await self.find(ids.run_id(run_id)), await self.find(ids.run_id(other))
        facts = await self._facts.of(left), await self._facts.of(right)
        return await asyncio.to_thread(difference.compare, left, right, facts, root=self._root)

    async def archive(self, run_id: str, what: str) -> Iterator[bytes]:
        """The files of a run as a zip file, piece by piece; each piece blocks while it is read."""
        run = await self.find(ids.run_id(run_id))
        return archiving.archive(self._root.folder(run), what)

    # ---- listening --------------------------------------------------------------------------

    def listen(self) -> Listener:
        """A new listener."""
        return self._feed.listen()

    async def find(self, run_id: RunId) -> Run:
        """The run as the index has it, or NotFound."""
        return await self._ledger.find(run_id)

    def told(self, run: Run, *, metrics: int = 0) -> WireRun:
        """The run as it is told: of one that waits, with the reason of this moment.

        Of its `metrics` at most so many, those with the shortest names; 0 gives all.
        """
        run = self._waiting.shown(run)
        if 0 < metrics < len(run.metrics):
            some = sorted(run.metrics, key=len)[:metrics]
            run = replace(run, metrics={name: run.metrics[name] for name in some})
        return encode_run(run)

    def waiting(self) -> list[tuple[Run, Why]]:
        """The runs that wait, and who says why."""
        return self._waiting.all()

    async def changed(
        self, workspace: WorkspaceName, seq: int, parent: RunId | None = None
    ) -> tuple[list[Run], list[tuple[RunId, int]]]:
        """Runs changed and deleted after `seq`; with a parent only its children that changed."""
        return await self._ledger.changed_since(workspace, seq, parent)

    def subscription(self, run: Run, stir: Callable[[], None]) -> Subscription:
        """Begin to follow the folder of a run."""
        folder = self._root.folder(run)
        return Subscription(
            run.id,
            folder,
            metrics=lambda: self._metrics.of(run.id, folder),
            watcher=self._watcher,
            stir=stir,
        )

    # ---- inside -----------------------------------------------------------------------------

    async def _recover(self) -> None:
        await asyncio.to_thread(self._blobs.sweep)
        for path in await self._places.adopt():
            self._log.warning("%s cannot be read: mend it, or move it away", path)
        await recover.tidy(root=self._root, ledger=self._ledger, log=self._log)
        await self._places.need_workspace(ids.DEFAULT_WORKSPACE)
        if self._origin is Origin.COPIED:
            await recover.end_copied(self._identity, ledger=self._ledger, log=self._log)
        # Only now: whoever is killed before finds the copy again, and ends what is left to end.
        await asyncio.to_thread(identity.write, self.settings.root, self._identity)
        for run in await self._ledger.active():
            self._know(target_of(run))
            self._watch.begin(run)

    def _know(self, target: str) -> None:
        """Let a run wait whose target came with a package that is gone."""
        if target not in self._targets:
            self._targets[target] = AbsentTarget(target)
            self._slots[target] = Slots(target, 0)

    async def _insist(self, run_id: str, change: Callable[[Run], dict[str, Any]]) -> Run:
        """Apply a change that depends on the run as it is, however often others come between."""
        while True:
            run = await self.find(ids.run_id(run_id))
            changes = change(run)
            if not changes:
                return run
            try:
                return await self._ledger.change(run, **changes)
            except Outdated:
                continue

    def _variables(self, run: Run, environment: Materialised | None) -> dict[str, str]:
        return variables.for_script(
            run,
            self._root.folder(run),
            root=self.settings.root,
            root_id=self._identity.token,
            socket=self.socket,
            pythonpath=self._runtime.pythonpath,
            environment=environment,
            keep_pythonpath=self.settings.keep_pythonpath,
        )
