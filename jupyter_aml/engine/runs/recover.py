"""Sets right what an engine left half done, and removes runs so that nothing is left half done."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from jupyter_aml.domain.errors import AmlError, IllegalMove, NotFound
from jupyter_aml.domain.identity import Identity
from jupyter_aml.domain.run import Failure, Run, RunStatus
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.engine.root import Root
from jupyter_aml.runfolder.trees import remove_tree

_PORTION = 250
"""Runs that are removed in one transaction."""


async def tidy(*, root: Root, ledger: Ledger, log: logging.Logger) -> None:
    """Finish or undo what was half done, adopt folders the index does not know."""
    for run_id, path in await asyncio.to_thread(lambda: list(root.leftovers())):
        # Where the run has a folder, what is left is that of an earlier run of the same id.
        if run_id is not None and not path.with_name(run_id).exists():
            try:
                await ledger.remove(run_id)
            except NotFound:
                pass  # The index had let go of it already.
            except AmlError as error:
                log.warning("run %s: its removal cannot be finished: %s", run_id, error)
                continue
        await asyncio.to_thread(remove_tree, path)
        log.warning("removed %s, which an earlier engine had not finished", path)
    adopted = await ledger.adopt(_told_every_second(log))
    if adopted:
        log.warning("entered %d runs that the index did not know", adopted)


def _told_every_second(log: logging.Logger) -> Callable[[int], None]:
    """Say how far it is: who waits for the engine sees by its log that it comes on."""
    said = time.monotonic()

    def tell(folders: int) -> None:
        nonlocal said
        if time.monotonic() - said >= 1:
            said = time.monotonic()
            log.info("opening: %d run folders looked at", folders)

    return tell


async def end_copied(identity: Identity, *, ledger: Ledger, log: logging.Logger) -> None:
    """End what went on in the root that this one was copied from: there it still does.

    Nothing is signalled, and nothing that waited is started a second time.
    """
    log.warning("this root is a copy of %s, and a root of its own from now on", identity.copy_of)
    told = Failure(
        message=f"this root is a copy of {identity.copy_of}, made while the run went on; "
        "what ran or waited belongs to that root and was left alone",
        code="CopiedRoot",
        hint="send it once more to have it here, too",
    )
    for run in await ledger.active():
        # Children without a job end with their parent.
        is_alone = run.parent is None or run.job is not None
        if is_alone and run.status is not RunStatus.FINALIZING:
            await ledger.move(run, RunStatus.FINALIZING, failure=told)


async def remove(run: Run, *, root: Root, ledger: Ledger) -> AsyncIterator[tuple[Run, int]]:
    """Take a run and all below it out of index and disk; yields each with the number of the change.

    Raises IllegalMove, and takes none, while one of them goes on. A crash in between is finished
    by `tidy`, and leaves no child without its parent.
    """
    family = [run, *await ledger.do(ledger.runs.below, run.id)]
    for each in family:
        if not each.is_final:
            raise IllegalMove(f"run {each.id} is {each.status}: cancel it before it is deleted")
    from_below = family[::-1]
    for start in range(0, len(family), _PORTION):
        some = from_below[start : start + _PORTION]
        gone = await asyncio.to_thread(_set_aside, some, root)
        try:
            removed = await ledger.remove_many([each.id for each in some])
        except AmlError:
            await asyncio.to_thread(_set_back, some, root)
            raise
        await asyncio.to_thread(_clear, gone)
        for each in some:
            if each.id in removed:
                yield each, removed[each.id]


def _set_aside(some: Sequence[Run], root: Root) -> list[Path]:
    """Rename the folders, so that the next engine finishes what this one may not."""
    gone = []
    for run in some:
        aside = root.being_removed(run).path
        gone.append(aside)
        # An earlier run of this id may have been removed, and its folder could not be cleared.
        remove_tree(aside)
        with contextlib.suppress(FileNotFoundError):
            os.rename(root.folder(run).path, aside)
    return gone


def _set_back(some: Sequence[Run], root: Root) -> None:
    """Give runs their folders back, which the index would not let go of."""
    for run in some:
        with contextlib.suppress(FileNotFoundError):
            os.rename(root.being_removed(run).path, root.folder(run).path)


def _clear(folders: Sequence[Path]) -> None:
    for folder in folders:
        remove_tree(folder)
