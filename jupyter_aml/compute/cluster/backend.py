"""Runs jobs on the nodes of a cluster: each under a shim that its node starts."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

from jupyter_aml.compute.attempt import make_folders, records
from jupyter_aml.compute.cluster.nodes import Order
from jupyter_aml.compute.cluster.pool import LOST, Pool
from jupyter_aml.compute.local import (
    LocalAttempt,
    LocalBackend,
    end_lost,
    script_variables,
    shim_command,
)
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase, Sighting
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits
from jupyter_aml.runfolder.layout import RunFolder

CLUSTER = "cluster"
_AT_ONCE = timedelta()
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
        folder = RunFolder(job.folder.absolute())
        attempt = str(job.attempt)
        handle = Handle(backend=CLUSTER, data={**records(job), "shim": "-1", "shimStart": ""})
        if (folder.status / f"claim.{attempt}").exists():
            return handle
        words = await asyncio.to_thread(self._words, job, folder)
        lost = folder.status / f"node.{attempt}"
        await self._pool.begin()
        self._pool.enqueue(Order(job.id, words, script_variables(job), lost))
        return handle

    async def stop(self, handle: Handle, *, grace: timedelta) -> None:
        """Tell the shim; where there is none yet, there will be none."""
        if self._has_not_begun(handle):
            self._pool.forget(job_of(handle))
        await super().stop(handle, grace=grace)

    async def forget(self, handle: Handle) -> None:
        """Free the place that the job had on its node."""
        self._pool.forget(job_of(handle))
        await super().forget(handle)

    async def _sight(self, handle: Handle) -> Sighting:
        """Where the job stands: in front of the cluster, on a node, or at its end."""
        if self._has_not_begun(handle):
            return Sighting(phase=Phase.WAITING, reason=self._pool.reason(job_of(handle)))
        seen = await super()._sight(handle)
        place = LocalAttempt(handle)
        why = (place.read("node") or {}).get("lost")
        if seen.phase is Phase.GONE and why is not None and seen.exit_code != 0:
            return replace(seen, why=None, lost_node=str(why))
        if seen.phase is Phase.LOST and await self._is_without_node(handle):
            await end_lost(place, _AT_ONCE)
            return Sighting(
                phase=Phase.GONE, started=place.started(), lost_node=str(why or self._lost)
            )
        return seen

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
        """Whether the node of a shim that is gone has gone with it.

        The kernel ends the shim while its node is still dying, so it is looked at for a moment.
        """
        give_up = time.monotonic() + _DYING
        while not self._has_no_node(handle):
            if time.monotonic() > give_up:
                return False
            await asyncio.sleep(_MOMENT)
        return True

    def _has_no_node(self, handle: Handle) -> bool:
        node = self._pool.node_of(job_of(handle))
        return node is None or not node.lives

    def _words(self, job: BackendJob, folder: RunFolder) -> list[str]:
        make_folders(folder)
        walls = self._walls.around(job, folder.status / f"cgroup.{job.attempt}")
        return shim_command(self._python, job, walls)


def job_of(handle: Handle) -> str:
    """The id of a job."""
    return f"{handle.data['run']}.{handle.data['attempt']}"
