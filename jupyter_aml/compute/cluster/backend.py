"""Runs jobs on the nodes of a cluster: each under a shim that its node starts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from jupyter_aml.compute.attempt import records
from jupyter_aml.compute.cluster.held import LOST, note_lost
from jupyter_aml.compute.cluster.parts import nodes_of, orders, parts
from jupyter_aml.compute.cluster.pool import Pool
from jupyter_aml.compute.local import LocalAttempt, LocalBackend, end_lost
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase, Sighting
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits

CLUSTER = "cluster"
_AT_ONCE, _GRACE = timedelta(), timedelta(seconds=10)
_LOST_ONE = f"one of its nodes: {LOST}"
_DYING, _MOMENT = 1.0, 0.02


class ClusterBackend(LocalBackend):
    """A job waits for a node; from its claim on it is a job of this machine like any other."""

    def __init__(self, pool: Pool, *, usual: Limits = NO_LIMITS) -> None:
        """`usual` are the limits of jobs that name none: what a node has."""
        super().__init__(usual=usual)
        self._pool = pool

    async def submit(self, job: BackendJob) -> Handle:
        """Let the job wait for a node, unless a shim has claimed this attempt before."""
        if not job.command:
            raise Invalid(f"job {job.id} has an empty command")
        told = {**records(job), "shim": "-1", "shimStart": "", "nodes": str(job.nodes)}
        handle = Handle(backend=CLUSTER, data=told)
        if LocalAttempt(handle).has("claim"):
            return handle
        some = await asyncio.to_thread(lambda: [*orders(job, self._python, self._walls.around)])
        await self._pool.begin()
        self._pool.enqueue(job.id, some)
        return handle

    async def stop(self, handle: Handle, *, grace: timedelta) -> None:
        """Tell the shim; where there is none yet, there will be none."""
        if self._has_not_begun(handle):
            self._pool.forget(job_of(handle))
        await super().stop(handle, grace=grace)

    async def forget(self, handle: Handle) -> None:
        """Free the places that the job had on its nodes."""
        self._pool.forget(job_of(handle))
        for part in parts(handle):
            await asyncio.to_thread(part.group.remove)
        await super().forget(handle)

    async def _sight(self, handle: Handle) -> Sighting:
        """Where the job stands: in front of the cluster, on a node, or at its end."""
        if self._has_not_begun(handle):
            return Sighting(phase=Phase.WAITING, reason=self._pool.reason(job_of(handle)))
        seen = await super()._sight(handle)
        place = LocalAttempt(handle)
        if nodes_of(handle) > 1:
            await self._look_at_parts(handle, place, seen)
        why = (place.read("node") or {}).get("lost")
        if seen.phase is Phase.GONE and why is not None and seen.exit_code != 0:
            return replace(seen, why=None, lost_node=str(why))
        if seen.phase is Phase.LOST and await self._is_without_node(handle):
            await end_lost(place, _AT_ONCE)
            return Sighting(
                phase=Phase.GONE, started=place.started(), lost_node=str(why or self._lost)
            )
        return seen

    async def _look_at_parts(self, handle: Handle, place: LocalAttempt, seen: Sighting) -> None:
        """End the rest of a job that has lost one of its nodes, or whose first part has ended."""
        failed = seen.phase is Phase.GONE and seen.exit_code != 0
        if (failed or seen.phase is Phase.ALIVE) and await self._lost_one(handle):
            if not place.has("node"):
                await asyncio.to_thread(note_lost, place.record("node"), _LOST_ONE)
            if seen.phase is Phase.ALIVE:
                # Its leader ends it by itself, unless it hangs.
                await asyncio.to_thread(place.tell, _GRACE)
        if seen.phase is Phase.GONE:
            await end_lost(place, _GRACE)

    async def _lost_one(self, handle: Handle) -> bool:
        """Whether a node beyond the first is gone that the job had."""
        if self._pool.has_lost_one(job_of(handle)):
            return True
        for part in parts(handle):
            if await asyncio.to_thread(part.has_vanished):
                return await _soon(partial(self._has_no, handle, part.node))
        return False

    async def _while_waiting(self, handle: Handle) -> None:
        """Let time pass until the job has a node, or a moment on its node."""
        if self._pool.node_of(job_of(handle)) is None:
            await self._pool.moved(job_of(handle))
        else:
            await super()._while_waiting(handle)

    @property
    def _lost(self) -> str:
        return LOST

    def _has_not_begun(self, handle: Handle) -> bool:
        return LocalAttempt(handle).read("claim") is None and self._pool.waits(job_of(handle))

    async def _is_without_node(self, handle: Handle) -> bool:
        """Whether the node of a shim that is gone has gone with it."""
        return await _soon(lambda: self._has_no_node(handle))

    def _has_no_node(self, handle: Handle) -> bool:
        return self._has_no(handle, 0)

    def _has_no(self, handle: Handle, part: int) -> bool:
        node = self._pool.node_of(job_of(handle), part)
        return node is None or not node.lives


async def _soon(is_so: Callable[[], bool]) -> bool:
    """Whether something is so, or becomes so in a moment.

    The kernel ends a shim while its node is still dying.
    """
    give_up = time.monotonic() + _DYING
    while not is_so():
        if time.monotonic() > give_up:
            return False
        await asyncio.sleep(_MOMENT)
    return True


def job_of(handle: Handle) -> str:
    """The id of a job."""
    return f"{handle.data['run']}.{handle.data['attempt']}"
