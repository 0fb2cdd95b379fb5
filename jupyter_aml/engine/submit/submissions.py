"""Makes runs: of what is asked, or once more of a run that there is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from jupyter_aml.domain.errors import AlreadyExists, NotFound, StorageFailed, Unreachable
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Run
from jupyter_aml.engine import snapshot
from jupyter_aml.engine.compute.stations import Stations
from jupyter_aml.engine.environments.environments import Environments
from jupyter_aml.engine.experiments import Experiments
from jupyter_aml.engine.facts.facts import Facts
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.run_data.run_data import DataOfRuns
from jupyter_aml.engine.settings import Settings
from jupyter_aml.engine.submit import cell_check, cells, drafts, repeats
from jupyter_aml.engine.submit.afar import FarSources
from jupyter_aml.engine.submit.drafts import Draft
from jupyter_aml.engine.turns import Turns, in_use
from jupyter_aml.engine.workspaces import Workspaces
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.store.blobs import Blobs
from jupyter_aml.store.filters import quoted
from jupyter_aml.wire.contents import WireDryRun
from jupyter_aml.wire.facts import WireCell
from jupyter_aml.wire.runs import WireRun
from jupyter_aml.wire.submissions import CellCheck, Retry, Sent, Submission

T = TypeVar("T")
_SAME = 100
"""Runs of the same source that are looked at for one in which nothing has changed."""


class Submissions:
    """The way in for runs that are submitted. What it returns has begun.

    A run that is sent with an id may be sent any number of times, also at once: who comes second
    waits until the first is done, and is given the run of the first.
    """

    def __init__(
        self,
        settings: Settings,
        root: Root,
        ledger: Ledger,
        blobs: Blobs,
        *,
        workspaces: Workspaces,
        experiments: Experiments,
        environments: Environments,
        facts: Facts,
        data: DataOfRuns,
        stations: Stations,
        sources: FarSources,
        library: Path,
        begin: Callable[[Run], None],
        tell: Callable[[Run], WireRun],
    ) -> None:
        self._settings, self._root, self._ledger, self._blobs = settings, root, ledger, blobs
        self._workspaces, self._experiments = workspaces, experiments
        self._environments, self._facts, self._data = environments, facts, data
        self._stations, self._library, self._sources = stations, library, sources
        self._begin, self._tell = begin, tell
        self._stats = snapshot.StatCache(settings.root / "cache")
        self._turns = Turns()
        self._senders = ThreadPoolExecutor(2, thread_name_prefix="aml-submit")

    def close(self) -> None:
        """Take no more."""
        self._senders.shutdown(wait=False)

    async def submit(self, sent: Sent[Submission]) -> WireRun | WireDryRun:
        """Make a run of what is asked, or find the one that an earlier call made.

        With `if_changed` the newest completed run of the experiment that did just the same is the
        answer, where there is one.
        """
        async with self._turn(sent.run_id):
            return await self._submitted(sent)

    async def retry(self, earlier: RunId, sent: Sent[Retry]) -> WireRun:
        """Send a run once more: the same source, command and environment, other parameters."""
        async with self._turn(sent.run_id):
            return await self._repeated(earlier, sent)

    def _turn(self, run_id: RunId | None) -> AbstractAsyncContextManager[None]:
        """Keep away who else sends a run of this id."""
        return nullcontext() if run_id is None else self._turns.of(run_id)

    async def _submitted(self, sent: Sent[Submission]) -> WireRun | WireDryRun:
        known = await self._known(sent.run_id)
        if known is not None:
            return self._tell(known)
        asked = await self._sending(sent.read)
        try:
            return await self._new(asked)
        finally:
            await self._sending(self._sources.forget, asked.source)

    async def _new(self, asked: Submission) -> WireRun | WireDryRun:
        drafted = await self._sending(
            drafts.draft,
            asked,
            settings=self._settings,
            stations=self._stations,
            here=self._sources.here,
        )
        if asked.check is not None:
            drafted = await self._checked(drafted, asked.check)
        if asked.is_dry:
            return drafts.describe(drafted, stations=self._stations)
        if drafted.run.parent is not None:
            await self._ledger.find(drafted.run.parent)
        drafted = await self._placed(drafted)
        async with in_use(self._blobs):
            manifest = await self._sending(snapshot.take, drafted.plan, self._blobs, self._stats)
            if asked.if_changed:
                same = await self._same(drafted, manifest.snapshot_id)
                if same is not None:
                    return self._tell(same)
            run = await self._made(drafted, manifest)
        # Of a source that was sent nothing is known but its files.
        place = drafted.plan.source if asked.source.upload is None else None
        self._facts.begin(run, place, drafted.process)
        self._begin(run)
        return self._tell(run)

    async def _repeated(self, earlier_id: RunId, sent: Sent[Retry]) -> WireRun:
        known = await self._known(sent.run_id)
        if known is not None:
            return self._tell(known)
        earlier = await self._ledger.find(earlier_id)
        asked = await self._sending(sent.read)
        again = await self._sending(repeats.draft, earlier, asked, root=self._root)
        target = self._stations.of(again.run).target
        await self._sending(
            drafts.check_limits, again.run, again.environment, target, self._stations
        )
        drafted = await self._placed(again)
        async with in_use(self._blobs):
            manifest = await self._sending(
                repeats.manifest_of, earlier, root=self._root, blobs=self._blobs
            )
            run = await self._made(drafted, manifest)
        await asyncio.to_thread(repeats.copy_facts, earlier, run, root=self._root)
        self._begin(run)
        return self._tell(run)

    async def cell(self, run: Run) -> WireCell:
        """Return code that repeats a run."""
        return {"text": await asyncio.to_thread(cells.cell_of, run, root=self._root)}

    async def _known(self, run_id: RunId | None) -> Run | None:
        """The run that an earlier call with the same id made."""
        if run_id is None:
            return None
        try:
            return await self._ledger.find(run_id)
        except NotFound:
            return None

    async def _checked(self, drafted: Draft, check: CellCheck) -> Draft:
        """The draft of a cell that was looked at."""
        python = None if drafted.run.job is None else drafted.run.job.interpreter
        if drafted.environment is not None:
            python = await self._environments.python(drafted.environment)
        # Not one of the senders' threads: a Python that is slow to answer holds up nobody else.
        return await asyncio.to_thread(
            cell_check.checked,
            drafted,
            check,
            python=python,
            library=self._library,
            keeps_pythonpath=self._settings.keep_pythonpath,
        )

    async def _placed(self, drafted: Draft) -> Draft:
        """The draft in its workspace, and in a registered environment if it names one."""
        await self._workspaces.need(drafted.run.workspace)
        await self._experiments.need(drafted.run.workspace, drafted.run.experiment)
        drafted = await self._with_data(drafted)
        if drafted.environment is None:
            return drafted
        registered = await self._environments.register(drafted.run.workspace, drafted.environment)
        return drafted.within(registered.definition)

    async def _with_data(self, drafted: Draft) -> Draft:
        """The draft with its data sets as they are now, and the properties that name them."""
        if not drafted.data:
            return drafted
        data = await self._data.resolved(drafted.run.workspace, drafted.data)
        return replace(drafted, data=data, run=drafts.with_data(drafted.run, data))

    async def _made(self, drafted: Draft, manifest: snapshot.Manifest) -> Run:
        """The run with its folder, in the index.

        Whoever is killed in between leaves a whole folder, which the next engine enters.
        """
        try:
            made = await self._sending(
                drafts.make_folder, drafted, manifest, root=self._root, blobs=self._blobs
            )
        except AlreadyExists:
            # A run folder that came while the engine was there, and that it never heard of.
            return await self._ledger.adopted(drafted.run)
        try:
            return await self._ledger.add(made)
        except AlreadyExists:
            return await self._ledger.find(made.id)
        except (StorageFailed, Unreachable):
            # Of an engine that took over meanwhile (Outdated) the folder may be a run already.
            await asyncio.to_thread(remove_tree, self._root.folder(made).path)
            raise

    async def _same(self, drafted: Draft, snapshot_id: str) -> Run | None:
        run = drafted.run
        if run.job is None:
            return None
        told = "" if not snapshot_id else f" property.ContentSnapshotId:{quoted(snapshot_id)}"
        page = await self._ledger.page(
            workspace=run.workspace,
            experiment=run.experiment,
            filter=f"status:completed{told}",
            limit=_SAME,
        )
        return await self._sending(self._first_same, page.runs, drafted, snapshot_id)

    def _first_same(self, runs: Iterable[Run], drafted: Draft, snapshot_id: str) -> Run | None:
        is_same = partial(
            repeats.is_same, drafted=drafted, snapshot_id=snapshot_id, root=self._root
        )
        return next(filter(is_same, runs), None)

    async def _sending(self, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run a part of a submission in threads of their own, so that no log waits for it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._senders, lambda: work(*args, **kwargs))
