"""What one listener hears of the reasons for which runs wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from jupyter_aml.domain.ids import RunId
from jupyter_aml.wire.events import WireReasonsEvent

_REST = 0.5
"""Seconds between two messages."""
_A_REST = 250
"""Runs for which that much rest is enough; a longer queue is told more seldom."""


class Reasons:
    """Tells what has changed since it last told, in one message for all runs.

    With every run that ends a whole queue moves up; a listener gets that at a rate that does not
    depend on how long the queue is.
    """

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready = ready
        self._told: dict[RunId, str] = {}
        self._is_stirred = False
        self._resting: asyncio.TimerHandle | None = None

    def stir(self) -> None:
        """Something may have changed."""
        self._is_stirred = True
        if self._resting is None:
            self._ready()

    def news(self, waiting: Iterable[tuple[RunId, str]]) -> WireReasonsEvent | None:
        """What to tell now; None where there is nothing, or it is too soon."""
        if not self._is_stirred or self._resting is not None:
            return None
        self._is_stirred = False
        told, self._told = self._told, dict(waiting)
        news: dict[str, str] = {run: why for run, why in self._told.items() if told.get(run) != why}
        if self._told:
            rest = _REST * max(1.0, len(self._told) / _A_REST)
            self._resting = asyncio.get_running_loop().call_later(rest, self._rested)
        return {"type": "reasons", "reasons": news} if news else None

    def close(self) -> None:
        """Tell nothing more."""
        if self._resting is not None:
            self._resting.cancel()

    def _rested(self) -> None:
        self._resting = None
        if self._is_stirred:
            self._ready()
