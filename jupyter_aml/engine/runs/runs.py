"""Runs as handlers and listeners see them: listed, sent, changed, read, followed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import NotFound, Outdated
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.run import MOST_METRICS, Run
from jupyter_aml.engine import snapshot
from jupyter_aml.engine.facts.facts import Facts
from jupyter_aml.engine.feed.metrics import MetricsCache, RunMetrics
from jupyter_aml.engine.feed.pieces import MOST_FILES, LogPiece, list_files, read_piece
from jupyter_aml.engine.feed.subscription import Subscription
from jupyter_aml.engine.feed.system import SystemFolder
from jupyter_aml.engine.feed.watchers import FolderWatcher
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.run_data import kept
from jupyter_aml.engine.runs import archiving, difference, pruning, recover
from jupyter_aml.engine.runs.patching import patched
from jupyter_aml.engine.runs.waiting import Waiting, Why
from jupyter_aml.engine.runs.watch import Watch
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.masking import MasksOf, mask_logs, unmasked
from jupyter_aml.wire.changes import RunPatch, RunPruning
from jupyter_aml.wire.coding import encode_run
from jupyter_aml.wire.contents import WireDryRun, WireFiles, WireMetrics, WireSnapshot
from jupyter_aml.wire.facts import WireCell, WireFacts, WireRunDifference
from jupyter_aml.wire.run_data import WireRunData, encode_data
from jupyter_aml.wire.runs import WirePrunedRuns, WireRun, WireRunPage
from jupyter_aml.wire.submissions import Retry, Sent, Submission


class Sender(Protocol):
    """What makes runs; it stands above those that only watch them."""

    async def submit(self, sent: Sent[Submission]) -> WireRun | WireDryRun:
        """Make a run of what is asked."""

    async def retry(self, run_id: RunId, sent: Sent[Retry]) -> WireRun:
        """Send a run once more."""

    async def cell(self, run: Run) -> WireCell:
        """Return code that repeats a run."""


class Runs:
    """The runs of a root. Every method may be called from the event loop alone."""

    def __init__(
        self,
        root: Root,
        ledger: Ledger,
        *,
        watch: Watch,
        waiting: Waiting,
        facts: Facts,
        log: logging.Logger,
        masks: MasksOf = unmasked,
    ) -> None:
        self._root, self._ledger, self._log = root, ledger, log
        self._masks = masks
        self._watch, self._waiting, self._facts = watch, waiting, facts
        self._metrics, self._system = MetricsCache(), MetricsCache()
        self._watcher, self._deleting = FolderWatcher(), asyncio.Lock()
        self.sender: Sender | None = None
        """What makes runs; the engine sets it."""
        self.deleted: Callable[[Run, int], None] = lambda run, seq: None
        """Hears of runs that were deleted; the engine sets it."""

    @property
    def active(self) -> int:
        """How many have not ended."""
        return self._watch.active

    def close(self) -> None:
        """Watch no more folders."""
        self._watcher.close()

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
        return {
            "runs": runs,
            "total": page.total,
            "next": page.next,
            "children": page.children,
            "experiments": page.experiments,
        }

    async def submit(self, sent: Sent[Submission]) -> WireRun | WireDryRun:
        """Make a run of what is asked, or find the one that an earlier call made."""
        return await self._sender.submit(sent)

    async def retry(self, run_id: RunId, sent: Sent[Retry]) -> WireRun:
        """Send a run once more, with other parameters where they are given."""
        return await self._sender.retry(run_id, sent)

    async def cell(self, run_id: str) -> WireCell:
        """Code that repeats a run."""
        return await self._sender.cell(await self.find(ids.run_id(run_id)))

    async def data(self, run_id: str) -> WireRunData:
        """The inputs and outputs of a run."""
        folder = self._root.folder(await self.find(ids.run_id(run_id)))
        return encode_data(await asyncio.to_thread(kept.read, folder))

    async def get(self, run_id: str) -> WireRun:
        """One run, or NotFound."""
        return self.told(await self.find(ids.run_id(run_id)))

    async def patch(self, run_id: str, patch: RunPatch) -> WireRun:
        """Change what a user may change; properties that are there stay as they are."""
        return self.told(await self._insist(run_id, lambda run: patched(run, patch)))

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
                self.deleted(gone, seq)

    async def prune(self, asked: RunPruning) -> WirePrunedRuns:
        """Delete the ended runs that are asked for, or only say which would go."""
        return await pruning.prune(asked, root=self._root, ledger=self._ledger, delete=self.delete)

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
        run, held = await self._measured(run_id, source)
        return await asyncio.to_thread(held.since, run.id, points=points, names=names)

    async def columns(
        self, run_id: str, *, points: int, names: Sequence[str] = (), source: str = "logged"
    ) -> bytes:
        """The same in the form of `wire.columns`."""
        run, held = await self._measured(run_id, source)
        return await asyncio.to_thread(held.columns, run.id, points=points, names=names)

    async def _measured(self, run_id: str, source: str) -> tuple[Run, RunMetrics]:
        run = await self.find(ids.run_id(run_id))
        folder = self._root.folder(run)
        if source == "system":
            return run, self._system.of(run.id, SystemFolder(folder.path))
        return run, self._metrics.of(run.id, folder)

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
        folder = self._root.folder(await self.find(ids.run_id(run_id)))

        def read() -> LogPiece:
            path = folder.existing(name)
            return read_piece(path, offset, limit, tail, masks=self._masks(folder))

        return await asyncio.to_thread(read)

    async def files(
        self, run_id: str, *, prefix: str = "", after: str | None = None, limit: int = MOST_FILES
    ) -> WireFiles:
        """The files of a run whose names begin with the prefix, a page at a time."""
        run = await self.find(ids.run_id(run_id))
        folder = self._root.folder(run)
        return await asyncio.to_thread(list_files, run.id, folder, prefix, after, limit)

    async def file(self, run_id: str, name: str) -> Path:
        """The path of an existing file of a run; Refused where the name leads out."""
        folder = await self._masked(await self.find(ids.run_id(run_id)))
        return await asyncio.to_thread(folder.existing, name)

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
        folder = await self._masked(await self.find(ids.run_id(run_id)))
        return archiving.archive(folder, what)

    async def _masked(self, run: Run) -> RunFolder:
        """The folder of a run, in whose logs secrets are masked by now; they are once it ended."""
        folder = self._root.folder(run)
        if not run.is_final:
            await asyncio.to_thread(lambda: mask_logs(folder, self._masks(folder)))
        return folder

    # ---- what the feed asks -----------------------------------------------------------------

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
            masks=lambda: self._masks(folder),
        )

    # ---- inside -----------------------------------------------------------------------------

    @property
    def _sender(self) -> Sender:
        assert self.sender is not None
        return self.sender

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
