"""How busy a target was: a sample a change, kept in memory for a while."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jupyter_aml.engine.ledger import now

MOST_SAMPLES = 720
"""An hour of them, where something changes all the time."""
STEP = timedelta(seconds=5)
"""Of changes that follow each other so closely the last one counts."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How a target was from a moment on, until the next sample."""

    at: datetime
    slots: int
    busy: int
    waiting: int
    nodes: int


class History:
    """The last samples of one target. Lives on the event loop alone."""

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._samples: deque[Sample] = deque(maxlen=MOST_SAMPLES)

    def note(self, *, slots: int, busy: int, waiting: int, nodes: int) -> None:
        """Take down how the target is now."""
        last = self._samples[-1] if self._samples else None
        at = self._clock()
        if last is not None and at - last.at < STEP:
            at = self._samples.pop().at
        self._samples.append(Sample(at, slots, busy, waiting, nodes))

    def samples(self) -> list[Sample]:
        """All samples, oldest first."""
        return list(self._samples)
