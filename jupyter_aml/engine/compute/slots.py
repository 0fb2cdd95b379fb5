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

    A run of several nodes needs as many places at once. Nobody passes it while it waits for them,
    so that it has them in the end; where there are fewer places at all, it is passed over.

    A run that only waits for others lends them its places: they go first, and nobody else is let
    in on them while they need some. When it goes on it is let in at once, over the number if need
    be.
    """

    def __init__(
        self,
        target: str,
        count: int,
        *,
        most: int | None = None,
        is_fair: bool = False,
        moved: Callable[[], None] = lambda: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """With `is_fair` experiments take turns. One run may have `most` places, or all.

        `moved` is called when the line moves, `changed` when places are taken or freed too.
        """
        self.target, self.count, self._moved, self._changed = target, count, moved, changed
        self._closed: str | None = None
        self._seated: dict[RunId, int] = {}
        """Who is there, and how many places it has."""
        self._lent: dict[RunId, list[RunId]] = {}
        """Who lends its place, and those that it waits for and that have not ended."""
        self._line = Line(is_fair=is_fair)
        self._taken = 0
        """Places of all that are there."""
        self._fit(most)
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

    @property
    def lenders(self) -> frozenset[RunId]:
        """Runs that wait for others, and have lent them their places."""
        return frozenset(self._lent)

    def resize(self, count: int, *, most: int | None = None, closed: str | None = None) -> None:
        """Have another number of places; who has one keeps it. `closed` says why there is none."""
        self.count, self._closed = count, closed
        self._fit(most)
        self._advance()

    def seat(self, run: RunId, rank: Rank = _ANY) -> None:
        """Give a place to a run that is found running already, even where none is free."""
        self._let_in(run, rank.places)
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
        self._taken -= self._seated.pop(run, 0)
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
        if self._line.is_passed_over(run):
            needs, most = self._line.places(run), self._line.most
            told = too_many_reason(needs, target=self.target, most=most)
            return told if self.count else self._closed or absence(self.target)
        if self._ahead is None:
            line = dict.fromkeys((*self._awaited(), *self._line.in_order()))
            self._ahead = {each: ahead for ahead, each in enumerate(line)}
        ahead = self._ahead.get(run)
        if ahead is None:
            return None
        if self.count == 0 and self._closed is not None:
            return self._closed
        return waiting_reason(
            ahead=ahead, target=self.target, busy=self.busy, slots=self.count,
            places=self._line.places(run),
        )  # fmt: skip

    def ahead_of(self, rank: Rank) -> int:
        """Behind how many that wait now a run of that rank would wait."""
        return len({*self._awaited(), *self._line.before(rank)})

    @property
    def _active(self) -> int:
        return self._taken - sum(self._seated.get(run, 1) for run in self._lent)

    @property
    def _kept(self) -> int:
        waits = (run for run, some in self._lent.items() if not self._seated.keys() >= {*some})
        return sum(self._seated.get(run, 1) for run in waits)

    def _advance(self) -> None:
        while (run := self._next()) is not None:
            self._let_in(run, self._line.places(run))
            self._line.call(run)
        self._stir()

    def _let_in(self, run: RunId, places: int) -> None:
        self._taken += places - self._seated.get(run, 0)
        self._seated[run] = places

    def _fit(self, most: int | None) -> None:
        if self.count:
            self._line.fit(self.count if most is None else min(most, self.count))

    def _next(self) -> RunId | None:
        """Who is let in now, if anybody."""
        awaited = next(self._awaited(), None)
        if awaited is not None and self._active + self._line.places(awaited) <= self.count:
            return awaited
        first = self._line.first()
        has_room = first is not None and self.busy + self._line.places(first) <= self.count
        return first if has_room else None

    def _awaited(self) -> Iterator[RunId]:
        """Those in the line that others wait for."""
        return (run for some in self._lent.values() for run in some if run in self._line)

    def _stir(self) -> None:
        self._ahead = None
        self._changed()
        if self._line:
            self._moved()


def waiting_reason(*, ahead: int, target: str, busy: int, slots: int, places: int = 1) -> str:
    """Say why a run waits for its turn."""
    if slots == 0:
        return absence(target)
    nodes = f"{busy} of {slots} {'slot' if slots == 1 else 'slots'} busy"
    if ahead == 0 and places > 1:
        lacking = min(places, places - (slots - busy))
        return f"waits for {lacking} of {places} nodes of '{target}' ({nodes})"
    if ahead == 0:
        return f"next on '{target}' ({nodes})"
    return f"{ahead} {'run' if ahead == 1 else 'runs'} ahead on '{target}' ({nodes})"


def too_many_reason(places: int, *, target: str, most: float) -> str:
    """Say why the turn of a run does not come."""
    return (
        f"needs {places} nodes, and '{target}' has at most {most} now: make it larger, or cancel "
        "the run"
    )
