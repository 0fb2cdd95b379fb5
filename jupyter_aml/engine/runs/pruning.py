"""Deletes old runs: those that have ended, with their folders and their children."""

from __future__ import annotations

import asyncio
import math
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import IllegalMove, Invalid, NotFound
from jupyter_aml.domain.ids import ExperimentName, WorkspaceName
from jupyter_aml.domain.run import Run, RunStatus
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root
from jupyter_aml.wire.runs import WirePrunedRuns

_KNOWN = ("workspace", "experiment", "olderThan", "keep", "status", "dryRun")
_PAGE = 500
_LONGEST = 100_000.0
"""Days; what is older than that is older than any clock."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which runs shall go: all that is said must hold."""

    workspace: WorkspaceName
    experiment: ExperimentName | None
    before: datetime | None
    keep: int | None
    statuses: frozenset[RunStatus]
    is_dry: bool

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Wish:
        """Understand a request; raises Invalid, also for one that would take everything."""
        for name in body:
            if name not in _KNOWN:
                raise Invalid(f"{name!r} is not known; {', '.join(_KNOWN)} are")
        days, keep, status = body.get("olderThan"), body.get("keep"), body.get("status")
        if days is None and keep is None and status is None:
            raise Invalid("say which runs shall go: olderThan, keep or status")
        experiment = body.get("experiment")
        return cls(
            workspace=ids.workspace_name(body.get("workspace", ids.DEFAULT_WORKSPACE)),
            experiment=None if experiment is None else ids.experiment_name(experiment),
            before=None if days is None else now() - _span(days),
            keep=None if keep is None else _count(keep),
            statuses=_statuses(status),
            is_dry=bool(body.get("dryRun", False)),
        )

    def takes(self, run: Run, place: int) -> bool:
        """Whether a run goes that is the `place`th of its experiment, counted from the newest."""
        return (
            run.status in self.statuses
            and (self.keep is None or place > self.keep)
            and (self.before is None or (run.ended_at is not None and run.ended_at < self.before))
        )


async def prune(
    body: Mapping[str, Any], *, root: Root, ledger: Ledger, delete: Callable[[str], Awaitable[None]]
) -> WirePrunedRuns:
    """Delete the runs that are asked for, newest first, or with `dryRun` say which would go.

    `keep` counts the newest runs of each experiment, whatever became of them. Children go with
    their parents and count for nothing; a run with a child that goes on stays.
    """
    wish = Wish.of(body)
    gone: list[str] = []
    size = 0
    # All are chosen before one is deleted, for pages would shift.
    for run in [run async for run in _chosen(wish, ledger)]:
        below = await ledger.do(ledger.runs.below, run.id)
        if any(not child.is_final for child in below):
            continue
        folders = [root.folder(each).path for each in (run, *below)]
        bytes_here = await asyncio.to_thread(_size, folders)
        if not wish.is_dry:
            try:
                await delete(run.id)
            except (NotFound, IllegalMove):
                continue  # Somebody was quicker, or has just made it a child that goes on.
        gone.append(run.id)
        size += bytes_here
    return {"runIds": gone, "size": size}


async def _chosen(wish: Wish, ledger: Ledger) -> AsyncIterator[Run]:
    places: Counter[str] = Counter()
    after: str | None = None
    while True:
        page = await ledger.page(
            workspace=wish.workspace,
            experiment=wish.experiment,
            filter="parent:none",
            limit=_PAGE,
            after=after,
        )
        for run in page.runs:
            places[run.experiment] += 1
            if wish.takes(run, places[run.experiment]):
                yield run
        after = page.next
        if after is None:
            return


def _span(days: Any) -> timedelta:
    if isinstance(days, bool) or not isinstance(days, int | float) or not days >= 0:
        raise Invalid(f"olderThan: expected days, not {days!r}")
    return timedelta(days=_LONGEST if math.isinf(days) else min(float(days), _LONGEST))


def _count(keep: Any) -> int:
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 0:
        raise Invalid(f"keep: expected a whole number from 0 on, not {keep!r}")
    return keep


def _statuses(status: Any) -> frozenset[RunStatus]:
    final = {each.value: each for each in RunStatus if each.is_final}
    if status is None:
        return frozenset(final.values())
    if not isinstance(status, list):
        raise Invalid("status: expected a list of texts")
    for each in status:
        if not isinstance(each, str) or each not in final:
            raise Invalid(f"status: no run ends as {each!r}; {', '.join(final)} are how runs end")
    return frozenset(final[each] for each in status)


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
