"""The line in front of a target: by priority, then who came first, or whose share is due."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Run

_PLAIN = (0, 0.0, 0)
_Place = tuple[tuple[int, float, int], int]
"""The order of a run's rank, and how many came to the line before it."""


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a run belongs in a line."""

    order: tuple[int, float, int] = _PLAIN
    """Less is sooner: the priority turned round, when it was sent, and its number."""
    share: str = ""
    """Who shares a target with others: the experiment of the run."""
    places: int = 1
    """How many places it needs at once: one a node."""


def rank_of(run: Run) -> Rank:
    """The rank of a run: by its priority, then by when it was sent."""
    priority = 0 if run.job is None else run.job.priority
    order = (-priority, run.created_at.timestamp(), run.number)
    return Rank(order, run.experiment, run.nodes)


@dataclass(frozen=True, slots=True)
class _Waiting:
    rank: Rank
    place: _Place
    turn: asyncio.Future[None]


class Line:
    """Runs that wait. With `is_fair` experiments take turns among runs of one priority."""

    def __init__(self, *, is_fair: bool = False) -> None:
        self._is_fair = is_fair
        self._arrivals = itertools.count()
        self._waiting: dict[RunId, _Waiting] = {}
        self._aside: dict[RunId, _Waiting] = {}
        """Those that need more places than there are."""
        self.most: float = math.inf
        """Places that one run may have."""
        self._heaps: dict[str, list[tuple[_Place, RunId]]] = {}
        self._shares: dict[RunId, tuple[str, int]] = {}
        self._going = Counter[str]()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._aside)

    def __contains__(self, run: RunId) -> bool:
        return run in self._waiting

    def fit(self, most: int) -> None:
        """Pass over those that need more places than that, until there are as many."""
        self.most = most
        both = {**self._waiting, **self._aside}
        self._aside = {run: each for run, each in both.items() if each.rank.places > most}
        back = [run for run in both if run not in self._aside and run not in self._waiting]
        self._waiting = {run: each for run, each in both.items() if run not in self._aside}
        for run in back:
            self._push(run, both[run])

    def join(self, run: RunId, rank: Rank) -> asyncio.Future[None]:
        """Wait from now on; what is returned is done once it is the run's turn."""
        turn = asyncio.get_running_loop().create_future()
        waiting = _Waiting(rank, (rank.order, next(self._arrivals)), turn)
        if rank.places > self.most:
            self._aside[run] = waiting
        else:
            self._waiting[run] = waiting
            self._push(run, waiting)
        return turn

    def leave(self, run: RunId) -> None:
        """Wait no more."""
        self._waiting.pop(run, None)
        self._aside.pop(run, None)

    def places(self, run: RunId) -> int:
        """How many places a run needs that waits."""
        waiting = self._waiting.get(run) or self._aside.get(run)
        return 1 if waiting is None else waiting.rank.places

    def is_passed_over(self, run: RunId) -> bool:
        """Whether a run needs more places than there are."""
        return run in self._aside

    def call(self, run: RunId) -> None:
        """Tell a run that it is its turn."""
        waiting = self._waiting.pop(run)
        self.seated(run, waiting.rank)
        waiting.turn.set_result(None)

    def seated(self, run: RunId, rank: Rank) -> None:
        """Count a run that goes on as part of the share of its experiment."""
        if run not in self._shares:
            share = self._share(rank)
            self._shares[run] = share, rank.places
            self._going[share] += rank.places

    def gone(self, run: RunId) -> None:
        """Count it no more; twice is once."""
        share, places = self._shares.pop(run, ("", 0))
        if places:
            self._going[share] -= places
            if not self._going[share]:
                del self._going[share]

    def first(self) -> RunId | None:
        """Whose turn is next."""
        tops = ((place[0][0], self._going[share], place, run) for share, place, run in self._tops())
        found = min(tops, default=None)
        return None if found is None else found[-1]

    def before(self, rank: Rank) -> Iterator[RunId]:
        """Those that wait and that a run of that rank would wait behind."""
        return (run for run, each in self._waiting.items() if each.rank.order <= rank.order)

    def in_order(self) -> Iterator[RunId]:
        """All that wait, the first first; shares that become due meanwhile are not foreseen."""
        waiting = sorted((each.place, run) for run, each in self._waiting.items())
        return (run for _, run in waiting)

    def _push(self, run: RunId, waiting: _Waiting) -> None:
        heapq.heappush(self._heaps.setdefault(self._share(waiting.rank), []), (waiting.place, run))

    def _tops(self) -> Iterator[tuple[str, _Place, RunId]]:
        for share, heap in list(self._heaps.items()):
            while heap and heap[0][1] not in self._waiting:
                heapq.heappop(heap)
            if heap:
                yield share, *heap[0]
            else:
                del self._heaps[share]

    def _share(self, rank: Rank) -> str:
        return rank.share if self._is_fair else ""
