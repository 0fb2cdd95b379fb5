"""Runs jobs on the workers of a Dask cluster, each under a shim that its worker starts."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

from jupyter_aml.compute import proc
from jupyter_aml.compute.cluster.backend import ClusterBackend
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
        if seen.phase is Phase.GONE and refused is not None and seen.never_started:
            return replace(seen, never_started=False, why=str(refused))
        return seen

    def _has_no_node(self, handle: Handle) -> bool:
        worker = LocalAttempt(handle).read("worker")
        if worker is None or "pid" not in worker:
            return True
        return not proc.is_alive(int(worker["pid"]), str(worker.get("start")))

    @property
    def _lost(self) -> str:
        return _LOST


def _leave_word(place: LocalAttempt, grace: timedelta) -> None:
    place.wish(grace)
    with contextlib.suppress(OSError):
        (place.status / f"stop.{place.attempt}").touch()
