"""Asks Slurm for all jobs at once, on behalf of everybody who wants to know of one."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from jupyter_aml.compute.cgroups import PREFIX
from jupyter_aml.compute.slurm.commands import Slurm
from jupyter_aml.compute.slurm.rows import Row, by_name
from jupyter_aml.domain.errors import Unreachable

_SHORTEST, _LONGEST = 0.1, 5.0
_COST = 5
"""How many times as long as the answer takes is waited before the next question."""
_SILENCE = 30.0


@dataclass(frozen=True, slots=True)
class View:
    """The jobs by name, as they were at `asked` or later."""

    asked: float
    took: float = 0.0
    jobs: dict[str, list[Row]] = field(default_factory=dict)


class Queue:
    """One question at a time, however many ask; seldom where nothing happens."""

    def __init__(self, slurm: Slurm) -> None:
        self._slurm = slurm
        self._view = View(float("-inf"))
        self._changed = float("-inf")
        self._asking: tuple[asyncio.AbstractEventLoop, asyncio.Task[View]] | None = None
        self._silent: tuple[float, float, str] | None = None
        """Until when it is not asked again, for how long that was, and what it said."""

    @property
    def pause(self) -> float:
        """Seconds that a view is good for: few after something has happened, then more."""
        quiet = (time.monotonic() - self._changed) / 10
        return max(_SHORTEST, min(_LONGEST, quiet), self._view.took * _COST)

    @property
    def silence(self) -> str | None:
        """What was said when it did not answer to the last question; None where it did."""
        return None if self._silent is None else self._silent[2]

    def stir(self) -> None:
        """Something was asked of Slurm, so that its jobs will soon stand elsewhere."""
        self._changed = time.monotonic()

    async def view(self, *, since: float | None = None) -> View:
        """The jobs as they are, at most a pause old, or asked for after `since`.

        Raises Unreachable; for a while after that it does so at once.
        """
        oldest = time.monotonic() - self.pause if since is None else since
        while self._view.asked < oldest:
            if self._silent is not None and time.monotonic() < self._silent[0]:
                raise Unreachable(self._silent[2])
            # Shielded: who waits for it may be told to stop, and the others want to know.
            await asyncio.shield(self._ask())
        return self._view

    def _ask(self) -> asyncio.Task[View]:
        loop = asyncio.get_running_loop()
        if self._asking is None or self._asking[0] is not loop or self._asking[1].done():
            task = loop.create_task(self._look(), name="squeue")
            # Where nobody is left to hear of an error it is no matter.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._asking = loop, task
        return self._asking[1]

    async def _look(self) -> View:
        asked = time.monotonic()
        try:
            rows = await self._slurm.rows()
        except Unreachable as error:
            before = 0.5 if self._silent is None else self._silent[1]
            rest = min(2 * before, _SILENCE)
            self._silent = time.monotonic() + rest, rest, str(error)
            raise
        self._silent = None
        jobs = by_name(rows, PREFIX)
        if jobs != self._view.jobs:
            self.stir()
        self._view = View(asked, time.monotonic() - asked, jobs)
        return self._view
