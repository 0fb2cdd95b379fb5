"""One kernel on a compute target: brought there step by step, watched, and its end noted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from jupyter_aml.compute import proc
from jupyter_aml.compute.attempt import Attempt, claim_for_nobody
from jupyter_aml.compute.protocol import ComputeBackend, Handle, Phase, Sighting
from jupyter_aml.compute.target import Target
from jupyter_aml.compute.targets import AbsentTarget
from jupyter_aml.domain.errors import AmlError, IllegalMove, Invalid, StorageFailed, Unreachable
from jupyter_aml.domain.kernel import KernelState, TargetKernel
from jupyter_aml.engine.compute.line import Rank
from jupyter_aml.engine.compute.stations import Station, Stations
from jupyter_aml.engine.kernels.jobs import KernelJobs
from jupyter_aml.engine.kernels.shelf import KernelShelf
from jupyter_aml.engine.kernels.ways import DOOR, Ways
from jupyter_aml.engine.ledger import now

S = KernelState
T = TypeVar("T")
_RETRY, _LOOK, _SOON = 1.0, 2.0, 0.1
"""Seconds until what failed is tried again, and between two looks at a job; at one that begins."""
_GRACE = timedelta(seconds=5)
_MOST_STARTS = 3
_SHARE = "kernels"
_NO_SERVER = "its Jupyter server was gone before it began"


class Care:
    """Looks after one kernel until it has ended."""

    def __init__(
        self,
        kernel: TargetKernel,
        *,
        shelf: KernelShelf,
        jobs: KernelJobs,
        stations: Stations,
        told: Callable[[TargetKernel], None],
        log: logging.Logger,
    ) -> None:
        self.kernel = kernel
        self._shelf, self._jobs, self._stations = shelf, jobs, stations
        self._told, self._log = told, log
        self._why: Callable[[], str | None] = lambda: None
        self._wanted_end: str | None = None
        self._stirred, self._moved = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ways: Ways | None = None

    @property
    def reason(self) -> str | None:
        """Why it waits now."""
        return self._why()

    def begin(self) -> None:
        """Take care of it from now on."""
        if not self.kernel.is_over:
            self._task = asyncio.create_task(self._drive(), name=f"kernel {self.kernel.id}")

    async def close(self) -> None:
        """Let it be; it goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._lead_no_more()

    def end(self, why: str) -> None:
        """End it; `why` is told of one that has not begun."""
        self._wanted_end = self._wanted_end or why
        self._stirred.set()

    @property
    def is_ending(self) -> bool:
        """Whether it is on its way to its end."""
        return self._wanted_end is not None and not self.kernel.is_over

    async def over(self, seconds: float) -> None:
        """Return when it has ended; IllegalMove where it has not after that many seconds."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=seconds)
        if not self.kernel.is_over:
            raise IllegalMove(f"kernel {self.kernel.id} is being ended; try again in a moment")

    async def moved(self, seconds: float) -> None:
        """Return when it stands elsewhere, or after that many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), seconds)

    async def note(self, **changes: Any) -> None:
        """Keep that of it from now on."""
        self.kernel = replace(self.kernel, **changes)
        await asyncio.to_thread(self._shelf.write, self.kernel)
        self._told(self.kernel)

    async def _become(self, state: KernelState, **changes: Any) -> None:
        self._why = lambda: None
        await self.note(state=state, **changes)
        if state in (S.RUNNING, S.ENDED):
            self._moved.set()

    # ---- step by step -----------------------------------------------------------------------

    async def _drive(self) -> None:
        steps = {S.PREPARING: self._prepare, S.QUEUED: self._queue, S.STARTING: self._start,
                 S.RUNNING: self._attend}  # fmt: skip
        while not self.kernel.is_over:
            try:
                await steps[self.kernel.state]()
            except (Unreachable, StorageFailed) as error:
                # Neither says anything about the job, which goes on meanwhile.
                self._log.warning("kernel %s: %s; trying again", self.kernel.id, error)
                self._why = lambda told=str(error): told  # type: ignore[misc]
                await self._rest(_RETRY)
            except AmlError as error:
                await self._fail(str(error))
            except Exception as error:
                self._log.exception("kernel %s: the engine failed", self.kernel.id)
                await self._fail(f"jupyter_aml failed: {error!r}")

    async def _prepare(self) -> None:
        """Have its environment, so that none waits on a place that others could have."""
        said: list[str] = []
        self._why = lambda: said[-1] if said else "looking for its environment"
        await self._unless_ended(self._jobs.of(self.kernel, self._target, said.append))
        if self._is_unwanted():
            await self._over(why=self._wanted_end)
        else:
            await self._become(S.QUEUED)

    async def _queue(self) -> None:
        """Wait for a place, as runs do."""
        slots = self._station.slots
        self._why = lambda: slots.reason(self.kernel.job)
        rank = Rank((0, self.kernel.created_at.timestamp(), 0), _SHARE)
        await self._unless_ended(slots.take(self.kernel.job, rank))
        if self._is_unwanted():
            await self._over(why=self._wanted_end)
        else:
            await self._become(S.STARTING, attempt=self.kernel.attempt + 1, handle={}, door=0)

    async def _start(self) -> None:
        """Hand its job over, and wait for its keeper."""
        self._seat()
        handle, backend = await self._submitted()
        seen = await backend.look(handle)
        told = await asyncio.to_thread(Attempt(handle.data).read, "kernel")
        if seen.phase is Phase.GONE:
            await self._gone_early(backend, handle, seen, told)
        elif seen.phase is Phase.LOST or self._is_unwanted():
            await backend.stop(handle, grace=_GRACE)
            await self._something(backend, handle)
        elif told is not None and "error" in told:
            self.end(str(told["error"]))
        elif told is not None and "port" in told:
            await self._become(S.RUNNING, door=await self._led(handle))
        else:
            self._why = lambda: seen.reason or "the kernel is starting"
            await self._something(backend, handle)

    async def _attend(self) -> None:
        """Wait beside it until it has ended."""
        self._seat()
        handle, backend = self._handle(), self._backend()
        if self._ways is None and not self._target.is_here:
            await self._led(handle)
        seen = await backend.look(handle)
        if seen.phase is Phase.GONE:
            await self._forgotten(backend, handle)
            await self._over(**_end_of(seen))
        elif seen.phase is Phase.LOST:
            self._wanted_end = "the process that guards its job was killed"
            await backend.stop(handle, grace=timedelta())
            await self._forgotten(backend, handle)
            await self._over(why=self._wanted_end)
        else:
            if self._wanted_end is not None:
                await backend.stop(handle, grace=_GRACE)
            await self._something(backend, handle)

    async def _gone_early(
        self, backend: ComputeBackend, handle: Handle, seen: Sighting, told: dict[str, Any] | None
    ) -> None:
        """Its job has ended before the keeper was there: it is begun again where that helps."""
        await self._forgotten(backend, handle)
        lost = seen.lost_node or ("its job did not begin" if seen.never_started else None)
        if told is not None and "error" in told:
            await self._over(why=str(told["error"]))
        elif self._is_unwanted():
            await self._over(why=self._wanted_end)
        elif lost is not None and self.kernel.attempt < _MOST_STARTS:
            self._log.warning("kernel %s: %s; once more", self.kernel.id, lost)
            self._give_back()
            await self._become(S.QUEUED)
        else:
            end = _end_of(seen)
            words = await asyncio.to_thread(self._last_words)
            await self._over(code=end["code"], why=end["why"] or words)

    async def _fail(self, why: str) -> None:
        """End one that cannot go on, and its job with it."""
        while True:
            try:
                if self.kernel.handle:
                    await self._backend().stop(self._handle(), grace=_GRACE)
                return await self._over(why=why)
            except AmlError as error:
                self._log.error("kernel %s cannot be ended: %s", self.kernel.id, error)
                await self._rest(_RETRY)

    async def _over(self, *, why: str | None = None, code: int | None = None) -> None:
        self._lead_no_more()
        self._give_back()
        await asyncio.to_thread(self._shelf.forget_secrets, self.kernel.id)
        await self._become(S.ENDED, why=why, code=code, ended_at=now(), door=0)

    # ---- its job ----------------------------------------------------------------------------

    async def _submitted(self) -> tuple[Handle, ComputeBackend]:
        if not self.kernel.handle:
            if self._is_unwanted() and await asyncio.to_thread(
                claim_for_nobody, self._shelf.of(self.kernel.id), self.kernel.attempt
            ):
                raise Invalid(self._wanted_end or _NO_SERVER)
            job = await self._jobs.of(self.kernel, self._target, lambda line: None)
            handle = await self._target.backend_for(job).submit(job)
            await self.note(backend=handle.backend, handle=dict(handle.data))
        return self._handle(), self._backend()

    def _handle(self) -> Handle:
        return Handle(backend=self.kernel.backend, data=self.kernel.handle)

    def _backend(self) -> ComputeBackend:
        return self._target.backend_of(self._handle())

    async def _forgotten(self, backend: ComputeBackend, handle: Handle) -> None:
        try:
            await backend.forget(handle)
        except AmlError as error:
            self._log.warning("kernel %s: %s", self.kernel.id, error)

    async def _led(self, handle: Handle) -> int:
        """The port of this machine for its door; ways lead to a kernel that is elsewhere."""
        told = await asyncio.to_thread(Attempt(handle.data).read, "kernel") or {}
        if self._target.is_here:
            return int(told["port"])
        key, wanted = await asyncio.to_thread(self._shelf.secret, self.kernel.id)
        target = self._target
        ways = Ways(key, lambda: target.open_door(handle, told))
        try:
            door = await ways.open({**wanted, DOOR: self.kernel.door})
        except OSError as error:
            raise Unreachable(
                f"the ports of kernel {self.kernel.id} are taken on this machine: {error.strerror}"
            ) from error
        self._ways = ways
        return door

    def _lead_no_more(self) -> None:
        if self._ways is not None:
            self._ways.close()
            self._ways = None

    def _last_words(self) -> str:
        path = self._shelf.of(self.kernel.id).console
        try:
            lines = path.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return f"the kernel did not start: {lines[-1][:300] if lines else 'it said nothing'}"

    # ---- its place --------------------------------------------------------------------------

    @property
    def _station(self) -> Station:
        found = self._stations.find(self.kernel.workspace, self.kernel.compute)
        if found is None:
            absent = AbsentTarget(self.kernel.compute)
            found = self._stations.put(self.kernel.workspace, absent)
        return found

    @property
    def _target(self) -> Target:
        return self._station.target

    def _seat(self) -> None:
        self._station.slots.seat(self.kernel.job, Rank(share=_SHARE))

    def _give_back(self) -> None:
        found = self._stations.find(self.kernel.workspace, self.kernel.compute)
        if found is not None:
            found.slots.give_back(self.kernel.job)

    # ---- waiting ----------------------------------------------------------------------------

    def _is_unwanted(self) -> bool:
        """Whether nobody waits for it any more, who has not got it yet."""
        server = self.kernel.server
        if self._wanted_end is None and not proc.is_alive(server.pid, server.start):
            self._wanted_end = _NO_SERVER
        return self._wanted_end is not None

    async def _unless_ended(self, work: Coroutine[Any, Any, T]) -> None:
        """Wait for the work, or until nobody wants the kernel any more."""
        task = asyncio.create_task(work)
        try:
            while not task.done() and not self._is_unwanted():
                await self._rest(_LOOK, task)
            if task.done():
                task.result()
        finally:
            task.cancel()

    async def _something(self, backend: ComputeBackend, handle: Handle) -> None:
        """Return when its job may stand elsewhere, or soon where its keeper is waited for."""
        work = asyncio.ensure_future(backend.wait(handle))
        try:
            await self._rest(_SOON if self.kernel.state is S.STARTING else _LOOK, work)
        finally:
            work.cancel()

    async def _rest(self, seconds: float, work: asyncio.Future[Any] | None = None) -> None:
        stirred = asyncio.create_task(self._stirred.wait())
        waited = {stirred} if work is None else {stirred, work}
        try:
            await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stirred.cancel()
        self._stirred.clear()


def _end_of(seen: Sighting) -> dict[str, Any]:
    """How it ended: its exit code, and why where that was not its own doing."""
    why = seen.lost_node or (None if seen.why == "canceled" else seen.why)
    if why == "memory":
        why = "it took more memory than it may have on its node"
    return {"code": seen.exit_code, "why": why}
