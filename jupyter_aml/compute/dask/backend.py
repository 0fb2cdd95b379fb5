"""Runs jobs on the workers of a Dask cluster, each under a shim that its worker starts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from jupyter_aml.compute import proc
from jupyter_aml.compute.cluster.backend import ClusterBackend, job_of
from jupyter_aml.compute.local import LocalAttempt
from jupyter_aml.compute.protocol import Handle, Phase, Sighting
from jupyter_aml.domain.errors import Unreachable

_LOST = "its worker was lost"


class DaskBackend(ClusterBackend):
    """The bridge is the one node of a cluster; behind it are the workers, perhaps elsewhere."""

    async def stop(self, handle: Handle, *, grace: timedelta) -> None:
        """Leave word for the worker, which tells the shim; tell it at once where it is here."""
        place = LocalAttempt(handle)
        await asyncio.to_thread(_leave_word, place, grace)
        with contextlib.suppress(Unreachable):
            await super().stop(handle, grace=grace)

    async def _sight(self, handle: Handle) -> Sighting:
        place = LocalAttempt(handle)
        refused = (place.read("node") or {}).get("refused")
        if refused is not None and place.read("claim") is None:
            await asyncio.to_thread(place.claim_for_nobody)
            return Sighting(phase=Phase.GONE, why=str(refused))
        seen = await super()._sight(handle)
        if seen.phase is Phase.LOST and await asyncio.to_thread(self._works_elsewhere, place):
            # Its pulse is late: files of another machine are seen when they are.
            return Sighting(phase=Phase.ALIVE, started=place.started())
        if seen.phase is Phase.GONE and refused is not None and seen.never_started:
            return replace(seen, never_started=False, why=str(refused))
        return seen

    def _has_no_node(self, handle: Handle) -> bool:
        worker = LocalAttempt(handle).read("worker")
        if worker is None or "pid" not in worker:
            return True
        if worker.get("host") != os.uname().nodename:
            return not self._is_listed(handle, worker)
        return not proc.is_alive(int(worker["pid"]), str(worker.get("start")))

    def _works_elsewhere(self, place: LocalAttempt) -> bool:
        worker = place.read("worker") or {}
        return str(worker.get("host", os.uname().nodename)) != os.uname().nodename

    def _is_listed(self, handle: Handle, worker: Mapping[str, Any]) -> bool:
        """Whether the scheduler knew a worker when it was asked last; raises Unreachable."""
        bridge = self._pool.node_of(job_of(handle))
        try:
            told = json.loads((bridge.folder / "workers.json").read_bytes()) if bridge else None
        except (OSError, ValueError):
            told = None
        if told is None:
            raise Unreachable(
                f"nobody knows whether worker {worker.get('address')} lives: the scheduler was not "
                "asked yet"
            )
        return any(each["address"] == worker.get("address") for each in told)

    @property
    def _lost(self) -> str:
        return _LOST


def _leave_word(place: LocalAttempt, grace: timedelta) -> None:
    place.wish(grace)
    with contextlib.suppress(OSError):
        (place.status / f"stop.{place.attempt}").touch()
