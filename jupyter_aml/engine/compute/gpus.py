"""Who has which GPUs of this machine, and who waits for some."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence

from jupyter_aml.compute import gpus
from jupyter_aml.compute.gpus import Gpu
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Run, RunStatus
from jupyter_aml.engine.compute.stations import Stations
from jupyter_aml.engine.root import Root, write_json
from jupyter_aml.runfolder.plain import NotPlain, read_plain

_BEFORE = (RunStatus.NOT_STARTED, RunStatus.PREPARING, RunStatus.QUEUED)
"""Where a run has no GPUs yet, whatever an earlier attempt had."""
_AGAIN = 5.0
"""Seconds between two looks at GPUs that other programs have."""


class GpuPlaces:
    """Gives each run GPUs of its own; first come, first served. Lives on the event loop alone."""

    def __init__(
        self,
        root: Root,
        stations: Stations,
        *,
        moved: Callable[[], None] = lambda: None,
        look: Callable[[], Sequence[Gpu]] = gpus.look,
    ) -> None:
        """`moved` is called when a reason changes."""
        self._root, self._stations, self._moved, self._look = root, stations, moved, look
        self._held: dict[RunId, tuple[str, ...]] = {}
        self._line: dict[RunId, asyncio.Event] = {}
        """Who waits, each with what wakes it."""
        self._seen: Sequence[Gpu] = ()

    def wants(self, run: Run) -> bool:
        """Whether the run asks for GPUs, and its target lets the engine give them out."""
        if run.job is None or not run.job.limits.gpus:
            return False
        return self._stations.of(run).target.shares_gpus

    def know(self, run: Run) -> None:
        """Note the GPUs of a run that an earlier engine began."""
        if run.status not in _BEFORE and self.wants(run):
            try:
                told = json.loads(read_plain(self._root.folder(run).status / "gpus.json"))
            except (OSError, NotPlain, ValueError):
                return
            if isinstance(told, list):
                self._held[run.id] = tuple(str(each) for each in told)

    def of(self, run: Run) -> tuple[str, ...]:
        """The GPUs that a run has."""
        return self._held.get(run.id, ())

    async def take(self, run: Run) -> None:
        """Return once the run has its GPUs, which are noted in its folder; raises Unreachable."""
        assert run.job is not None and run.job.limits.gpus
        if run.id in self._held:
            return
        freed = self._line[run.id] = asyncio.Event()
        try:
            # The limits are those of each node.
            while not await self._took(run, run.nodes * run.job.limits.gpus):
                self._moved()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(freed.wait(), _AGAIN)
        finally:
            del self._line[run.id]
            self._stir()
        mine = list(self._held[run.id])
        folder = self._root.folder(run)
        await asyncio.to_thread(write_json, folder.status / "gpus.json", mine)

    def give_back(self, run: RunId) -> None:
        """Free the GPUs of a run; twice is once."""
        if self._held.pop(run, None) is not None:
            self._stir()

    def reason(self, run: RunId) -> str | None:
        """Why a run waits for GPUs; None where it does not."""
        if run not in self._line:
            return None
        held = {each for some in self._held.values() for each in some}
        others = sum(not gpu.is_free and gpu.index not in held for gpu in self._seen)
        there = len(self._seen)
        taken = f"{len(held) + others} of {there} {'GPU' if there == 1 else 'GPUs'} taken"
        if others:
            taken += f", {others} by other programs"
        ahead = [*self._line].index(run)
        place = "next for a GPU" if ahead == 0 else f"{ahead} ahead in the line for GPUs"
        return f"{place} ({taken})"

    async def _took(self, run: Run, count: int) -> bool:
        self._line[run.id].clear()
        if next(iter(self._line)) != run.id:
            return False
        self._seen = await asyncio.to_thread(self._look)
        held = {each for some in self._held.values() for each in some}
        free = [gpu.index for gpu in self._seen if gpu.is_free and gpu.index not in held]
        if len(free) < count:
            return False
        self._held[run.id] = tuple(free[:count])
        return True

    def _stir(self) -> None:
        for freed in self._line.values():
            freed.set()
        self._moved()
