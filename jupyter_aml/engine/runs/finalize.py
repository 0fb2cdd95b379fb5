"""The last step of every run: take in all it left behind, say how it ended."""

from __future__ import annotations

import asyncio

from jupyter_aml.compute.protocol import Sighting
from jupyter_aml.domain.run import Failure, Run, RunStatus, outcome
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.runs.children import Children
from jupyter_aml.engine.runs.failure import explain, read_end, read_script
from jupyter_aml.engine.runs.records import Follower, Said
from jupyter_aml.runfolder.packed import pack


class Finalizer:
    """Ends runs. May be repeated after a crash with the same result."""

    def __init__(self, ledger: Ledger, root: Root) -> None:
        self._ledger, self._root = ledger, root

    def explain(self, run: Run, seen: Sighting) -> Failure:
        """Say why a job ended, from its exit record and its console."""
        return self._explain(run, exit_code=seen.exit_code, why=seen.why)

    async def end(self, run: Run, follower: Follower, children: Children) -> Run:
        """Collect what the run said, pack its metrics, end its children and write its last move."""
        run = await follower.take_in(run)
        unwritten = await asyncio.to_thread(pack, self._root.folder(run))
        to = self._outcome(run, follower.said)
        await children.end(to)
        failure = None
        if to is RunStatus.FAILED:
            failure = run.failure or await asyncio.to_thread(self._why, run, follower.said)
        warnings = dict.fromkeys((*run.warnings, *_lost(unwritten)))
        return await self._ledger.move(run, to, failure=failure, warnings=tuple(warnings))

    def _outcome(self, run: Run, said: Said) -> RunStatus:
        if run.failure is not None and not run.cancel_requested:
            return RunStatus.FAILED
        if said.from_outside is not None and run.cancel_requested:
            return said.from_outside
        return outcome(
            exit_code=run.exit_code,
            cancel_requested=run.cancel_requested,
            said_failed=said.failed is not None,
        )

    def _why(self, run: Run, said: Said) -> Failure:
        if said.failed is not None and (run.exit_code == 0 or said.from_outside is not None):
            message, code = said.failed
            return Failure(message=message, code=str(code or "UserError"))
        return self._explain(run, exit_code=run.exit_code, why=None)

    def _explain(self, run: Run, *, exit_code: int | None, why: str | None) -> Failure:
        folder = self._root.folder(run)
        console, code = read_end(folder.console), read_script(run, folder)
        return explain(run, exit_code=exit_code, why=why, console=console, code=code)


def _lost(unwritten: int) -> list[str]:
    if not unwritten:
        return []
    what = "1 record" if unwritten == 1 else f"{unwritten:,} records"
    return [f"{what} of what the script logged could not be written: the disk was full"]
