"""Every change of a run goes through here: index first, then run.json, then the listeners."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from jupyter_aml.domain.errors import AlreadyExists, StorageFailed
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.numbers import series_of, with_own_numbers
from jupyter_aml.domain.run import Run, RunStatus
from jupyter_aml.engine.root import Root, read_record, write_record
from jupyter_aml.store.database import Database
from jupyter_aml.store.experiments import ExperimentTable
from jupyter_aml.store.runs import RunPage, RunTable
from jupyter_aml.store.workspaces import WorkspaceTable

T = TypeVar("T")
Publish = Callable[[Run], None]
_PORTION = 500
"""Folders that are looked up in the index at once."""


def now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


class Ledger:
    """The index of the root, used from one worker thread, so that it has one writer."""

    def __init__(self, root: Root, database: Database, *, epoch: int) -> None:
        self._root, self._database = root, database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aml-index")
        self.publish: Publish = lambda run: None
        self.runs = RunTable(database, epoch=epoch)
        self.experiments = ExperimentTable(database)
        self.workspaces = WorkspaceTable(database)

    async def do(self, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run this in the index's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    async def close(self) -> None:
        """Close the index when what was asked of it is done."""
        await self.do(self._database.close)
        self._thread.shutdown()

    async def add(self, run: Run) -> Run:
        """Enter a new run, whose folder is there; gives it its number."""

        def both() -> Run:
            added = self.runs.add(run)
            # It is entered and will be run; the next change writes the number, too.
            with contextlib.suppress(StorageFailed):
                write_record(self._root.folder(added), added)
            return added

        added = await self.do(both)
        self.publish(added)
        return added

    async def add_many(self, some: Sequence[Run]) -> list[Run]:
        """Enter new runs whose folders are there, at once; those that are there are left out."""

        def both() -> list[Run]:
            there = self.runs.among([run.id for run in some])
            new = [run for run in some if run.id not in there]
            # A folder that tells all and is not in the index is entered by the next engine.
            told = [run for run in new if run.number]
            for run in told:
                write_record(self._root.folder(run), run)
            added = self.runs.add_many(new)
            numbered = {run.id for run in told}
            for run in added:
                if run.id not in numbered:
                    with contextlib.suppress(StorageFailed):
                        write_record(self._root.folder(run), run)
            return added

        added = await self.do(both)
        for run in added:
            self.publish(run)
        return added

    async def write_many(
        self, some: Sequence[tuple[Run, RunStatus | None, Mapping[str, Any]]]
    ) -> list[Run]:
        """Write fields of runs at once, and end those with a status, now or at their `ended_at`.

        Those that others moved meanwhile are left out of the answer.
        """
        at = now()

        def both() -> list[Run]:
            for run, to, changes in some:
                if to is not None:
                    last = replace(
                        run, **{"ended_at": at, **changes, "status": to, "changed_at": at}
                    )
                    write_record(self._root.folder(run), last)
            written = self.runs.write_many(some, at=at)
            for run in written:
                if not run.is_final:
                    with contextlib.suppress(StorageFailed):
                        write_record(self._root.folder(run), run)
            return written

        written = await self.do(both)
        for run in written:
            self.publish(run)
        return written

    async def find(self, run_id: RunId) -> Run:
        """The run, or NotFound."""
        return await self.do(self.runs.get, run_id)

    async def active(self) -> list[Run]:
        """All runs that have not ended, oldest first."""
        return await self.do(self.runs.active)

    async def page(self, **query: Any) -> RunPage:
        """A page of the list."""
        return await self.do(self.runs.page, **query)

    async def changed_since(
        self, workspace: WorkspaceName, seq: int, parent: RunId | None = None
    ) -> tuple[list[Run], list[tuple[RunId, int]]]:
        """What is new after `seq` in a workspace, or among the children of a run."""
        return await self.do(self.runs.changed_since, workspace, seq, parent=parent)

    async def move(
        self, run: Run, to: RunStatus, *, reason: str | None = None, **changes: Any
    ) -> Run:
        """Move the run, if it still stands where the caller saw it; else Outdated."""
        if to.is_final:
            # The folder must tell the end first: of a run that has ended nobody looks again.
            ended = replace(run.move(to, at=now(), reason=reason), **changes)
            await self.do(write_record, self._root.folder(run), ended)
        return await self._changed(
            lambda: self.runs.move(run, to, at=now(), reason=reason, **changes)
        )

    async def change(self, run: Run, **changes: Any) -> Run:
        """Change other fields than the status, if nobody else did since; else Outdated."""
        return await self._changed(lambda: self.runs.change(run, **changes))

    async def set_metrics(self, run: Run, last: dict[str, float | str]) -> Run:
        """Enter the newest values of a run's metrics."""
        changed = await self.do(self.runs.set_metrics, run, last)
        self.publish(changed)
        return changed

    async def request_cancel(self, run_id: RunId) -> Run:
        """Enter the wish to end a run; twice is once."""
        return await self._changed(lambda: self.runs.request_cancel(run_id, at=now()))

    async def remove(self, run_id: RunId) -> int:
        """Take a run that has ended out of the index."""
        return await self.do(self.runs.remove, run_id)

    async def was_removed(self, run_id: RunId) -> bool:
        """Whether there was such a run, and it was deleted."""
        return await self.do(self.runs.was_removed, run_id)

    async def adopted(self, run: Run) -> Run:
        """The run as its folder tells it, entered; AlreadyExists where the folder tells of none."""
        folder = self._root.folder(run)
        told = await self.do(read_record, folder.path)
        if told is None:
            raise AlreadyExists(f"{folder.path} is there and tells of no run: move it away")
        taken = await self.do(self.runs.numbers, {series_of(told)})
        return await self.add(with_own_numbers([told], taken)[0])

    async def adopt(self, tell: Callable[[int], None]) -> int:
        """Enter the run folders that the index does not know, as after a crash or a copy.

        `tell` hears from time to time, in a thread, how many folders were looked at.
        """
        return await self.do(self._adopt, tell)

    def _adopt(self, tell: Callable[[int], None]) -> int:
        found: dict[RunId, Run] = {}
        for seen, some in enumerate(_portions(self._root.folder_ids())):
            tell(seen * _PORTION)
            known = self.runs.known([run_id for run_id, _ in some])
            read = (read_record(path) for run_id, path in some if run_id not in known)
            found |= {run.id: run for run in read if run is not None and run.id not in found}
        # Who was there first keeps its number, those in the index before all others.
        told = sorted(found.values(), key=lambda run: (run.created_at, run.id))
        numbered = with_own_numbers(told, self.runs.numbers({series_of(run) for run in told}))
        for start in range(0, len(numbered), _PORTION):
            self.runs.add_many(numbered[start : start + _PORTION])
        for before, run in zip(told, numbered, strict=True):
            if before.number != run.number:
                with contextlib.suppress(StorageFailed):
                    write_record(self._root.folder(run), run)
        return len(numbered)

    async def remove_many(self, some: Sequence[RunId]) -> dict[RunId, int]:
        """Take runs that have ended out of the index, all or none."""
        return await self.do(self.runs.remove_many, some)

    async def _changed(self, change: Callable[..., Run], *args: Any) -> Run:
        def both() -> tuple[Run, StorageFailed | None]:
            run = change(*args)
            try:
                write_record(self._root.folder(run), run)
            except StorageFailed as error:
                return run, error
            return run, None

        # What the index has taken is so, and told to all, whatever became of the file.
        run, refused = await self.do(both)
        self.publish(run)
        if refused is not None:
            raise refused
        return run


def _portions(places: Iterator[tuple[RunId, Path]]) -> Iterator[list[tuple[RunId, Path]]]:
    while some := list(islice(places, _PORTION)):
        yield some
