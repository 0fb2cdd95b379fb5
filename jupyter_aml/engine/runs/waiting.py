"""Why runs wait, as it is now: computed when somebody asks, never written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Run

Why = Callable[[], str | None]


class Waiting:
    """Knows of each run that waits whom to ask for the reason.

    A long queue moves up with every run that ends. Were each place an entry in the index, a
    queue of n runs would cost n * n of them.
    """

    def __init__(self) -> None:
        self.stirred: Callable[[], None] = lambda: None
        """Called when any reason may have changed."""
        self._waiting: dict[RunId, tuple[Run, Why]] = {}

    @contextmanager
    def because(self, run: Run, why: Why) -> Iterator[None]:
        """Let `why` answer for the run, as long as it stays where it is."""
        self._waiting[run.id] = run, why
        self.stirred()
        try:
            yield
        finally:
            self._waiting.pop(run.id, None)

    def shown(self, run: Run) -> Run:
        """The run with the reason for which it waits now."""
        known, why = self._waiting.get(run.id, (None, None))
        if known is None or why is None or known.status is not run.status:
            return run
        return replace(run, reason=why() or run.reason)

    def all(self) -> list[tuple[Run, Why]]:
        """The runs that wait, and who says why."""
        return list(self._waiting.values())
