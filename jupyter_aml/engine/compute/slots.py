"""Who may run now on a compute target, and who waits behind whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jupyter_aml.domain.ids import RunId
from jupyter_aml.wire.runs import WireCompute


class Slots:
    """A fair queue in front of a fixed number of places. Lives on the event loop alone."""

    def __init__(self, target: str, count: int) -> None:
        self.target, self.count = target, count
        self._busy: set[RunId] = set()
        self._line: dict[RunId, tuple[asyncio.Future[None], Callable[[str], None]]] = {}

    @property
    def busy(self) -> int:
        """Places taken."""
        return len(self._busy)

    @property
    def waiting(self) -> int:
        """Runs in the line."""
        return len(self._line)

    def told(self) -> WireCompute:
        """How busy it is, as it is told."""
        return {
            "name": self.target,
            "type": "Local",
            "slots": self.count,
            "busy": self.busy,
            "waiting": self.waiting,
        }

    def seat(self, run: RunId) -> None:
        """Give a place to a run that is found running already, even where none is free."""
        self._busy.add(run)

    async def take(self, run: RunId, *, say: Callable[[str], None]) -> None:
        """Return once the run has a place. `say` hears the reason each time it changes."""
        if run in self._busy:
            return
        if len(self._busy) < self.count and not self._line:
            self._busy.add(run)
            return
        turn = asyncio.get_running_loop().create_future()
        self._line[run] = (turn, say)
        self._tell()
        try:
            await turn
        except asyncio.CancelledError:
            self._busy.discard(run)
            raise
        finally:
            self._line.pop(run, None)
            self._advance()

    def give_back(self, run: RunId) -> None:
        """Free the place of a run that no longer needs it; twice is once."""
        self._busy.discard(run)
        self._advance()

    def _advance(self) -> None:
        for run, (turn, _) in list(self._line.items()):
            if len(self._busy) >= self.count:
                break
            if not turn.done():
                self._busy.add(run)
                turn.set_result(None)
        self._tell()

    def _tell(self) -> None:
        waiting = [say for turn, say in self._line.values() if not turn.done()]
        for ahead, say in enumerate(waiting):
            say(
                waiting_reason(
                    ahead=ahead, target=self.target, busy=len(self._busy), slots=self.count
                )
            )


def waiting_reason(*, ahead: int, target: str, busy: int, slots: int) -> str:
    """Say why a run waits for its turn."""
    nodes = f"{busy} of {slots} {'slot' if slots == 1 else 'slots'} busy"
    if ahead == 0:
        return f"next on '{target}' ({nodes})"
    return f"{ahead} {'run' if ahead == 1 else 'runs'} ahead on '{target}' ({nodes})"
