"""Sets right what an engine left half done, and removes runs so that nothing is left half done."""

from __future__ import annotations

import asyncio
import logging
import os

from jupyter_aml.domain.errors import AmlError, NotFound
from jupyter_aml.domain.run import Run
from jupyter_aml.engine import snapshot
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.engine.root import GONE, Root


async def tidy(*, root: Root, ledger: Ledger, log: logging.Logger) -> None:
    """Finish or undo what was half done, adopt folders the index does not know."""
    for prefix, run_id, path in await asyncio.to_thread(lambda: list(root.leftovers())):
        if prefix == GONE:
            try:
                await ledger.remove(run_id)
            except NotFound:
                pass  # The index had let go of it already.
            except AmlError as error:
                log.warning("run %s: its removal cannot be finished: %s", run_id, error)
                continue
        await asyncio.to_thread(snapshot.remove_tree, path)
        log.warning("removed %s, which an earlier engine had not finished", path)
    adopted = await ledger.adopt()
    if adopted:
        log.warning("entered %d runs that the index did not know", adopted)


async def remove(run: Run, *, root: Root, ledger: Ledger) -> int:
    """Take a run out of index and disk; a crash in between is finished by `tidy`."""
    path = root.folder(run).path
    gone = path.with_name(f"{GONE}{run.id}")
    if path.exists():
        await asyncio.to_thread(os.rename, path, gone)
    seq = await ledger.remove(run.id)
    await asyncio.to_thread(snapshot.remove_tree, gone)
    return seq
