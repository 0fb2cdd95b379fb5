"""Who may run now on a compute target, and who waits behind whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from jupyter_aml.compute.targets import absence
from jupyter_aml.domain.ids import RunId
from jupyter_aml.engine.compute.line import Line, Rank

_ANY = Rank()


class Slots:
    """A fair queue in front of a fixed number of places. Lives on the event loop alone.

    A run that only waits for others lends them its place: they go first, and nobody else is let
    in on it while they need one. When it goes on it is let in at once, over the number if need be.
    """

    def __init__(
        self,
        target: str,
        count: int,
        *,
        is_fair: bool = False,
        moved: Callable[[], None] = lambda: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """With `is_fair` experiments take turns.

        `moved` is called when the line moves, `changed` when places are taken or freed too.
        """
        self.target, self.count, self._moved, self._changed = target, count, moved, changed
        self._closed: str | None = None
        self._seated: set[RunId] = set()
        self._lent: dict[RunId, list[RunId]] = {}
        """Who lends its place, and those that it waits for and that have not ended."""
        self._line = Line(is_fair=is_fair)
        self._ahead: dict[RunId, int] | None = None
        """How many stand before each run; counted when somebody asks."""

    @property
    def busy(self) -> int:
        """Places taken, or kept for a run that another one waits for."""
        return self._active + self._kept

    @property
    def waiting(self) -> int:
        """Runs in the line."""
        return len(self._line)

    def resize(self, count: int, *, closed: str | None = None) -> None:
        """Have another number of places; who has one keeps it. `closed` says why there is none."""
        self.count, self._closed = count, closed
        self._advance()

    def seat(self, run: RunId, rank: Rank = _ANY) -> None:
        """Give a place to a run that is found running already, even where none is free."""
        self._seated.add(run)
        self._line.seated(run, rank)

    async def take(self, run: RunId, rank: Rank = _ANY) -> None:
        """Return once the run has a place."""
        if run in self._seated:
            return
        turn = self._line.join(run, rank)
        self._advance()
        try:
            await turn
        except asyncio.CancelledError:
            self._line.leave(run)
            self.give_back(run)
            raise

    def give_back(self, run: RunId) -> None:
        """Free the place of a run that no longer needs it; twice is once."""
        self._seated.discard(run)
        self._line.gone(run)
        # Who waited for it alone goes on now, and is let in before anybody in the line.
        left = ((each, [to for to in some if to != run]) for each, some in self._lent.items())
        self._lent = {each: some for each, some in left if some and each != run}
        self._advance()

    def lend(self, run: RunId, to: Iterable[RunId]) -> None:
        """Let others have the place of a run, first of all those that it waits for."""
        some = sorted(to)
        if self._lent.get(run) != some:
            self._lent[run] = some
            self._advance()

    def take_again(self, run: RunId) -> None:
        """Let a run that has lent its place go on."""
        if self._lent.pop(run, None) is not None:
            self._stir()

    def reason(self, run: RunId) -> str | None:
        """Why the run waits now; None where it does not."""
        if self._ahead is None:
            line = dict.fromkeys((*self._awaited(), *self._line.in_order()))
            self._ahead = {each: ahead for ahead, each in enumerate(line)}
        ahead = self._ahead.get(run)
        if ahead is None:
            return None
        if self.count == 0 and self._closed is not None:
            return self._closed
        return waiting_reason(ahead=ahead, target=self.target, busy=self.busy, slots=self.count)

    @property
    def _active(self) -> int:
        return len(self._seated) - len(self._lent)

    @property
    def _kept(self) -> int:
        return sum(not self._seated.issuperset(some) for some in self._lent.values())

    def _advance(self) -> None:
        while (run := self._next()) is not None:
            self._seated.add(run)
            self._line.call(run)
        self._stir()

    def _next(self) -> RunId | None:
        """Who is let in now, if anybody."""
        if self._active < self.count:
            for run in self._awaited():
                return run
        return self._line.first() if self.busy < self.count else None

    def _awaited(self) -> Iterator[RunId]:
        """Those in the line that others wait for."""
        return (run for some in self._lent.values() for run in some if run in self._line)

    def _stir(self) -> None:
        self._ahead = None
        self._changed()
        if self._line:
            self._moved()


def waiting_reason(*, ahead: int, target: str, busy: int, slots: int) -> str:
    """Say why a run waits for its turn."""
    if slots == 0:
        return absence(target)
    nodes = f"{busy} of {slots} {'slot' if slots == 1 else 'slots'} busy"
    if ahead == 0:
        return f"next on '{target}' ({nodes})"
    return f"{ahead} {'run' if ahead == 1 else 'runs'} ahead on '{target}' ({nodes})"
