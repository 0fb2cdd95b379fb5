"""Deletes old runs: those that have ended, with their folders and their children."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jupyter_aml.domain.errors import IllegalMove, NotFound
from jupyter_aml.domain.run import Run
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root
from jupyter_aml.wire.changes import RunPruning
from jupyter_aml.wire.runs import WirePrunedRuns

_PAGE = 500


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which runs go: all that is asked must hold."""

    asked: RunPruning
    before: datetime | None

    def takes(self, run: Run, place: int) -> bool:
        """Whether a run goes that is the `place`th of its experiment, counted from the newest."""
        return (
            run.status in self.asked.statuses
            and (self.asked.keep is None or place > self.asked.keep)
            and (self.before is None or (run.ended_at is not None and run.ended_at < self.before))
        )


async def prune(
    asked: RunPruning, *, root: Root, ledger: Ledger, delete: Callable[[str], Awaitable[None]]
) -> WirePrunedRuns:
    """Delete the runs that are asked for, newest first, or of a dry one say which would go.

    `keep` counts the newest runs of each experiment, whatever became of them. Children go with
    their parents and count for nothing; a run with a child that goes on stays.
    """
    before = None if asked.older_than is None else now() - asked.older_than
    choice = _Choice(asked, before)
    gone: list[str] = []
    size = 0
    # All are chosen before one is deleted, for pages would shift.
    for run in [run async for run in _chosen(choice, ledger)]:
        below = await ledger.do(ledger.runs.below, run.id)
        if any(not child.is_final for child in below):
            continue
        folders = [root.folder(each).path for each in (run, *below)]
        bytes_here = await asyncio.to_thread(_size, folders)
        if not asked.is_dry:
            try:
                await delete(run.id)
            except (NotFound, IllegalMove):
                continue  # Somebody was quicker, or has just made it a child that goes on.
        gone.append(run.id)
        size += bytes_here
    return {"runIds": gone, "size": size}


async def _chosen(choice: _Choice, ledger: Ledger) -> AsyncIterator[Run]:
    places: Counter[str] = Counter()
    after: str | None = None
    while True:
        page = await ledger.page(
            workspace=choice.asked.workspace,
            experiment=choice.asked.experiment,
            filter="parent:none",
            limit=_PAGE,
            after=after,
        )
        for run in page.runs:
            places[run.experiment] += 1
            if choice.takes(run, places[run.experiment]):
                yield run
        after = page.next
        if after is None:
            return


def _size(folders: list[Path]) -> int:
    """Bytes of all plain files; what is shared with other runs is counted as if it were not."""
    total = 0
    waiting = [str(folder) for folder in folders]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue  # Gone meanwhile, or not to be read: then it is not known.
    return total
