"""Looks at a run, asks the plan, acts, writes the move: one task for each active run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from jupyter_aml.compute.attempt import claim_for_nobody
from jupyter_aml.compute.protocol import ComputeBackend, Handle, Phase, Sighting
from jupyter_aml.domain.errors import (
    AmlError,
    Invalid,
    NotFound,
    Outdated,
    StorageFailed,
    Unreachable,
)
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Failure, Run, RunStatus
from jupyter_aml.engine.compute.gpus import GpuPlaces
from jupyter_aml.engine.compute.line import rank_of
from jupyter_aml.engine.compute.stations import Stations, target_of
from jupyter_aml.engine.ledger import Ledger, now
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.run_data.run_data import DataOfRuns
from jupyter_aml.engine.runs.children import Families
from jupyter_aml.engine.runs.finalize import Finalizer
from jupyter_aml.engine.runs.inside import settle
from jupyter_aml.engine.runs.interactive import InteractiveRuns
from jupyter_aml.engine.runs.jobs import Jobs
from jupyter_aml.engine.runs.plan import next_status
from jupyter_aml.engine.runs.records import Follower
from jupyter_aml.engine.runs.waiting import Waiting, Why
from jupyter_aml.runfolder.masking import MasksOf, unmasked

S = RunStatus
T = TypeVar("T")
_RETRY = 1.0
_FOLLOW = 1.0
"""Seconds between two looks at the records of a run that nobody watches."""
_MOST_STARTS = 20
"""Attempts after which a run is given up whose job never began."""
_WAIT = 10.0
"""Seconds between two looks at a job that waits for its target, where nothing stirs."""


class Watch:
    """Brings every run to its end."""

    def __init__(
        self,
        ledger: Ledger,
        root: Root,
        *,
        jobs: Jobs,
        stations: Stations,
        waiting: Waiting,
        data: DataOfRuns,
        log: logging.Logger,
        gpus: GpuPlaces,
        attempts: int = 3,
        masks: MasksOf = unmasked,
    ) -> None:
        """`attempts` is how often a run is begun that loses its node."""
        self._ledger, self._root, self._log = ledger, root, log
        self._attempts, self._gpus = attempts, gpus
        self._trouble: dict[RunId, str] = {}
        self._jobs, self._stations, self._waiting = jobs, stations, waiting
        self._tasks: dict[RunId, asyncio.Task[None]] = {}
        self._kicks: dict[RunId, asyncio.Event] = {}
        self._followers: dict[RunId, Follower] = {}
        self._families = Families(ledger, root, log)
        self._finalizer = Finalizer(ledger, root, data, waiting, masks)
        self._interactive = InteractiveRuns(root)

    @property
    def active(self) -> int:
        """Runs under way."""
        return len(self._tasks)

    def begin(self, run: Run) -> None:
        """Take care of a run from now on."""
        if run.id in self._tasks or run.is_final:
            return
        if run.job is None and run.parent is not None:
            family = self._families.around(run.parent, heads=self._tasks)
            if family is not None:
                family.join(run)
                return
        self._kicks[run.id] = asyncio.Event()
        self._gpus.know(run)
        task = asyncio.create_task(self._drive(run), name=f"run {run.id}")
        self._tasks[run.id] = task
        task.add_done_callback(lambda _: self._forget(run.id))

    def kick(self, run_id: RunId) -> None:
        """Look at this run now: something about it has changed."""
        kick = self._kicks.get(run_id)
        if kick is not None:
            kick.set()
            return
        head = self._families.ask(run_id)
        if head is not None:
            self._kicks[head].set()

    async def close(self) -> None:
        """Stop looking; the runs go on."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, run_id: RunId) -> None:
        self._tasks.pop(run_id, None)
        self._kicks.pop(run_id, None)
        self._followers.pop(run_id, None)
        self._trouble.pop(run_id, None)
        self._jobs.forget(run_id)
        self._families.forget(run_id)

    async def _drive(self, run: Run) -> None:
        """Step by step until the end, whatever goes wrong on the way."""
        while not run.is_final:
            try:
                run = await self._step(run)
                continue
            except Outdated:
                pass  # A cancel or a patch came between; it is the newer truth.
            except (Unreachable, StorageFailed) as error:
                # Neither says anything about the job, which goes on meanwhile.
                self._log.warning("run %s: %s; trying again", run.id, error)
                self._trouble[run.id] = str(error)
                with self._waiting.because(run, partial(self._trouble.get, run.id)):
                    await self._kicked(run, _RETRY)
            except asyncio.CancelledError:
                raise
            except AmlError as error:
                run = await self._fail(run, Failure(message=str(error), code="UserError"))
                continue
            except Exception as error:
                self._log.exception("run %s: the engine failed in state %s", run.id, run.status)
                told = Failure(message=f"jupyter_aml failed: {error!r}", code="ServiceError")
                run = await self._fail(run, told)
                continue
            found = await self._found(run.id)
            if found is None:
                return
            run = found
        self._stations.of(run).slots.give_back(run.id)
        self._gpus.give_back(run.id)

    async def _found(self, run_id: RunId) -> Run | None:
        """The run as it is now, or None where it is gone; tried until the index answers."""
        while True:
            try:
                return await self._ledger.find(run_id)
            except NotFound:
                return None
            except (Unreachable, StorageFailed) as error:
                self._log.warning("run %s: %s; trying again", run_id, error)
                await asyncio.sleep(_RETRY)

    async def _fail(self, run: Run, failure: Failure) -> Run:
        """End a run that cannot go on; tried again until the index takes it."""
        while True:
            try:
                run = await self._ledger.find(run.id)
                if run.is_final:
                    return run
                if run.status is S.FINALIZING:
                    await self._end_children(run)
                    return await self._ledger.move(
                        run, S.FAILED, failure=run.failure or failure, reason=None
                    )
                await self._end_job(run)
                await self._clear(run)
                return await self._ledger.move(run, S.FINALIZING, failure=failure)
            except Outdated:
                continue
            except AmlError as error:
                self._log.error("run %s cannot be ended: %s; trying again", run.id, error)
                await asyncio.sleep(_RETRY)

    async def _end_children(self, run: Run) -> None:
        try:
            await self._families.of(run.id).end(S.FAILED)
            await settle(run, root=self._root, ledger=self._ledger)
        except AmlError as error:
            # Those that go on will be ended by the next engine, which finds them without a parent.
            self._log.error("run %s: its children cannot be ended: %s", run.id, error)

    async def _end_job(self, run: Run) -> None:
        if run.job is not None and run.attempt and run.status is not S.QUEUED:
            try:
                handle = await self._jobs.of(run)
                await self._jobs.backend(run, handle).stop(handle, grace=run.job.grace)
            except Invalid:
                return  # It could never be started, so there is nothing to end.
            except AmlError:
                raise
            except Exception:
                # A backend with a bug would not do better at the next try, and its run would hang.
                self._log.exception("run %s: its job cannot be ended", run.id)

    async def _step(self, run: Run) -> Run:
        steps: dict[RunStatus, Callable[[Run], Awaitable[Run]]] = {
            S.NOT_STARTED: self._begin,
            S.PREPARING: self._prepare,
            S.QUEUED: self._queue,
            S.STARTING: self._start,
            S.RUNNING: self._attend,
            S.NOT_RESPONDING: self._attend,
            S.CANCEL_REQUESTED: self._stop,
            S.FINALIZING: self._finalize,
        }
        return await steps[run.status](run)

    async def _begin(self, run: Run) -> Run:
        if run.job is None:
            return await self._ledger.move(run, S.RUNNING)
        return await self._ledger.move(run, S.PREPARING, reason="looking for its environment")

    async def _prepare(self, run: Run) -> Run:
        said: list[str] = []

        def say(line: str) -> None:
            said[:] = [line]
            self._waiting.stirred()

        run, warnings = await self._while(
            run, self._jobs.prepared(run, say), why=lambda: said[0] if said else None
        )
        if run.status is not S.PREPARING:
            return run
        return await self._ledger.move(
            run,
            S.QUEUED,
            reason=f"waiting for its turn on '{target_of(run)}'",
            warnings=tuple(dict.fromkeys((*run.warnings, *(warnings or ())))),
        )

    async def _queue(self, run: Run) -> Run:
        if self._gpus.wants(run):
            # First of all: who waits for a GPU must not keep a place from who needs none.
            work = self._gpus.take(run)
            run, _ = await self._while(run, work, why=partial(self._gpus.reason, run.id))
            if run.status is not S.QUEUED:
                return run
        slots, run_id = self._stations.of(run).slots, run.id
        run, _ = await self._while(
            run, slots.take(run_id, rank_of(run)), why=lambda: slots.reason(run_id)
        )
        if run.status is not S.QUEUED:
            return run
        return await self._ledger.move(run, S.STARTING, attempt=run.attempt + 1)

    async def _while(
        self, run: Run, work: Coroutine[Any, Any, T], *, why: Why
    ) -> tuple[Run, T | None]:
        """Wait for the work; `why` says meanwhile what the run waits for.

        Given up when somebody else moves the run meanwhile: then the run comes back as it is.
        """
        status, kick = run.status, self._kicks[run.id]
        task, kicked = asyncio.create_task(work), asyncio.create_task(kick.wait())
        try:
            with self._waiting.because(run, why):
                while not task.done():
                    await asyncio.wait({task, kicked}, return_when=asyncio.FIRST_COMPLETED)
                    if kicked.done():
                        kick.clear()
                        kicked = asyncio.create_task(kick.wait())
                        run = await self._still(run)
                    if run.status is not status:
                        return run, None
                return run, task.result()
        finally:
            task.cancel()
            kicked.cancel()

    async def _start(self, run: Run) -> Run:
        self._stations.of(run).slots.seat(run.id, rank_of(run))
        with self._waiting.because(run, partial(self._trouble.get, run.id)):
            handle = await self._jobs.of(run)
            backend = self._jobs.backend(run, handle)
            while run.status is S.STARTING:
                seen = await backend.look(handle)
                to = next_status(run, seen, attempts=self._attempts)
                if to is S.RUNNING:
                    return await self._ledger.move(run, to)
                if to is S.QUEUED:
                    return await self._again(run, backend, handle, seen)
                self._waits_for(run, seen.reason)
                await self._something(run, backend, handle, limit=_WAIT)
                run = await self._still(run)
        return run

    def _waits_for(self, run: Run, reason: str | None) -> None:
        """Note why a job that was handed over has not begun."""
        if self._trouble.get(run.id) != reason:
            self._trouble.pop(run.id, None)
            if reason is not None:
                self._trouble[run.id] = reason
            self._waiting.stirred()

    async def _again(
        self, run: Run, backend: ComputeBackend, handle: Handle, seen: Sighting
    ) -> Run:
        """Send a run back to the queue whose job did not begin, or has lost its node."""
        if seen.lost_node is None:
            if run.attempt >= _MOST_STARTS:
                raise Invalid(
                    f"its job did not begin in {run.attempt} attempts; the server's log and the "
                    f"state of compute target {target_of(run)!r} say more"
                )
            return await self._ledger.move(run, S.QUEUED, reason="the job did not begin; once more")
        await backend.forget(handle)
        self._stations.of(run).slots.give_back(run.id)
        self._gpus.give_back(run.id)
        told = f"attempt {run.attempt} of {self._attempts} was lost: {seen.lost_node}"
        self._log.warning("run %s: %s", run.id, told)
        return await self._ledger.move(run, S.QUEUED, reason=told, warnings=(*run.warnings, told))

    async def _attend(self, run: Run) -> Run:
        """Wait beside a running job until it has ended, taking in what it says of its run."""
        follower = self._follower(run)
        if run.job is None:
            run = await self._take_in(run)
            if run.parent is not None:
                # Its parent is not there to end it.
                gone = Failure(message="its parent has ended", code="ParentEnded")
                return await self._ledger.move(run, S.FINALIZING, failure=gone)
            ended = await self._interactive.look(run, follower)
            if ended is not None:
                return await self._ledger.move(run, S.FINALIZING, **ended)
            await self._kicked(run, _FOLLOW)
            return await self._still(run)
        self._stations.of(run).slots.seat(run.id, rank_of(run))
        handle = await self._jobs.of(run)
        backend = self._jobs.backend(run, handle)
        seen = await backend.look(handle)
        match next_status(run, seen, attempts=self._attempts):
            case S.FINALIZING:
                return await self._over(run, backend, handle, seen)
            case S.QUEUED:
                run = await self._take_in(run)
                return await self._again(run, backend, handle, seen)
        await self._something(run, backend, handle)
        run = await self._take_in(await self._still(run))
        await self._lend(run)
        return run

    async def _lend(self, run: Run) -> None:
        """Give the place of a run that waits for others to them, until it waits no more."""
        slots = self._stations.of(run).slots
        awaited = self._follower(run).said.awaited(now().timestamp())
        some = await self._ledger.do(self._ledger.runs.among, list(awaited)) if awaited else {}
        going = [each for each in some.values() if each.job is not None and not each.is_final]
        if going:
            slots.lend(run.id, (each.id for each in going))
        else:
            slots.take_again(run.id)

    async def _finalize(self, run: Run) -> Run:
        await self._clear(run)
        return await self._finalizer.end(run, self._follower(run), self._families.of(run.id))

    async def _clear(self, run: Run) -> None:
        """Remove what is left of an ended job on its target, before anybody takes it for done.

        The next engine would find nothing to clear in a run that is being finalized already.
        """
        known = self._jobs.known(run.id)
        if known is None:
            return
        try:
            await self._jobs.backend(run, known).forget(known)
        except AmlError as error:
            # The job has ended; what is left of it on its target can wait for a better day.
            self._log.warning("run %s: %s", run.id, error)
        except Exception:
            self._log.exception("run %s: what is left of its job cannot be removed", run.id)
        self._jobs.forget(run.id)

    async def _over(self, run: Run, backend: ComputeBackend, handle: Handle, seen: Sighting) -> Run:
        changes: dict[str, Any] = {"exit_code": seen.exit_code}
        if seen.phase is Phase.LOST:
            # The script may live on without its shim: it is ended before the run is called failed.
            assert run.job is not None
            await backend.stop(handle, grace=run.job.grace)
            lost = "the process beside the script vanished, so the script was ended"
            changes["failure"] = Failure(message=lost, code="ServiceError")
        elif seen.lost_node is not None:
            told = f"{seen.lost_node} (attempt {run.attempt} of {self._attempts})"
            changes["failure"] = Failure(message=told, code="NodeLost")
        elif seen.why not in (None, "canceled") or (seen.exit_code and _has_killed(seen)):
            changes["failure"] = self._finalizer.explain(run, seen)
        await self._clear(run)
        return await self._ledger.move(run, S.FINALIZING, **changes)

    async def _stop(self, run: Run) -> Run:
        """End the job of a run that is to be cancelled, if it ever had one."""
        if run.job is None or run.attempt == 0:
            return await self._ledger.move(run, S.FINALIZING)
        try:
            handle = await self._jobs.of(run)
        except Unreachable:
            # What its target does not know of, or has not begun, never begins then.
            if not await asyncio.to_thread(claim_for_nobody, self._root.folder(run), run.attempt):
                raise
            return await self._ledger.move(run, S.FINALIZING)
        backend = self._jobs.backend(run, handle)
        while True:
            # Told again and again: a word that was lost must not leave the job alive.
            stopping = asyncio.create_task(backend.stop(handle, grace=run.job.grace))
            try:
                seen = await backend.look(handle)
                if next_status(run, seen, attempts=self._attempts) is S.FINALIZING:
                    await stopping
                    return await self._over(run, backend, handle, seen)
                await self._something(run, backend, handle)
                if stopping.done():
                    stopping.result()
            finally:
                stopping.cancel()

    async def _something(
        self, run: Run, backend: ComputeBackend, handle: Handle, *, limit: float = _FOLLOW
    ) -> None:
        """Return when the job or the run may have changed, or after that many seconds."""
        job = asyncio.ensure_future(backend.wait(handle))
        kicked = asyncio.create_task(self._kicks[run.id].wait())
        try:
            await asyncio.wait({job, kicked}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            job.cancel()
            kicked.cancel()
            self._kicks[run.id].clear()

    async def _kicked(self, run: Run, timeout: float) -> None:
        try:
            await asyncio.wait_for(self._kicks[run.id].wait(), timeout)
        except TimeoutError:
            return
        self._kicks[run.id].clear()

    async def _still(self, run: Run) -> Run:
        """The run as it is now; others may cancel or rename it at any time."""
        return await self._ledger.find(run.id)

    async def _take_in(self, run: Run) -> Run:
        """Read what a run and its children have said since."""
        run = await self._follower(run).take_in(run)
        await self._families.of(run.id).tend()
        return run

    def _follower(self, run: Run) -> Follower:
        if run.id not in self._followers:
            self._followers[run.id] = Follower(
                self._ledger, self._root.folder(run), announce=self._families.of(run.id).announce
            )
        return self._followers[run.id]


def _has_killed(seen: Sighting) -> bool:
    """Whether the system has killed parts of a job, so that its own words are not all there is."""
    return seen.why is None and seen.resources.get("oomKills", 0) > 0
