"""The last step of every run: take in all it left behind, say how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from jupyter_aml.compute.protocol import Sighting
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.domain.run import Failure, Run, RunStatus, outcome
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.run_data.run_data import DataOfRuns, Taken
from jupyter_aml.engine.runs.children import Children
from jupyter_aml.engine.runs.failure import NOTHING, explain, read_end, read_script
from jupyter_aml.engine.runs.inside import settle
from jupyter_aml.engine.runs.records import Follower, Said
from jupyter_aml.engine.runs.waiting import Waiting
from jupyter_aml.runfolder.masking import MasksOf, mask_logs, unmasked
from jupyter_aml.runfolder.packed import pack


class Finalizer:
    """Ends runs. May be repeated after a crash with the same result."""

    def __init__(
        self,
        ledger: Ledger,
        root: Root,
        data: DataOfRuns,
        waiting: Waiting,
        masks: MasksOf = unmasked,
    ) -> None:
        self._ledger, self._root, self._data, self._waiting = ledger, root, data, waiting
        self._masks = masks

    def explain(self, run: Run, seen: Sighting) -> Failure:
        """Say why a job ended, from its exit record and its console."""
        return self._explain(run, exit_code=seen.exit_code, why=seen.why, resources=seen.resources)

    async def end(self, run: Run, follower: Follower, children: Children) -> Run:
        """Collect what the run said, pack its metrics, end its children and write its last move."""
        run = await follower.take_in(run)
        unwritten = await asyncio.to_thread(pack, self._root.folder(run))
        await asyncio.to_thread(self._mask, run)
        to = self._outcome(run, follower.said)
        failure, taken = await self._take_data(run, to)
        run = await self._noted(run, taken)
        if failure is not None:
            to = RunStatus.FAILED
        await children.end(to)
        await settle(run, root=self._root, ledger=self._ledger)
        if to is RunStatus.FAILED and failure is None:
            failure = run.failure or await asyncio.to_thread(self._why, run, follower.said)
        warnings = dict.fromkeys((*run.warnings, *taken.warnings, *_lost(unwritten)))
        return await self._ledger.move(run, to, failure=failure, warnings=tuple(warnings))

    async def _noted(self, run: Run, taken: Taken) -> Run:
        """The run with what it says of the data sets it has written; Outdated as `change` is."""
        properties = {**run.properties, **taken.properties}
        if properties == run.properties:
            return run
        return await self._ledger.change(run, properties=properties)

    async def _take_data(self, run: Run, to: RunStatus) -> tuple[Failure | None, Taken]:
        """Bring the outputs to their datastores; says why a run that completed has failed."""
        if run.job is None or run.attempt == 0:
            return None, Taken()
        said: list[str] = []

        def say(line: str) -> None:
            said[:] = [line]
            self._waiting.stirred()

        completed = to is RunStatus.COMPLETED
        try:
            with self._waiting.because(run, lambda: said[0] if said else None):
                return None, await self._data.take(run, say, completed=completed)
        except AmlError as error:
            return Failure(message=str(error)) if completed else None, Taken()

    def _mask(self, run: Run) -> None:
        folder = self._root.folder(run)
        mask_logs(folder, self._masks(folder))

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

    def _explain(
        self,
        run: Run,
        *,
        exit_code: int | None,
        why: str | None,
        resources: Mapping[str, float] = NOTHING,
    ) -> Failure:
        folder = self._root.folder(run)
        console = self._masks(folder).text(read_end(folder.console))
        code = read_script(run, folder)
        return explain(
            run, exit_code=exit_code, why=why, console=console, code=code, resources=resources
        )


def _lost(unwritten: int) -> list[str]:
    if not unwritten:
        return []
    what = "1 record" if unwritten == 1 else f"{unwritten:,} records"
    return [f"{what} of what the script logged could not be written: the disk was full"]
