"""The line in front of a target: by priority, then who came first, or whose share is due."""

from __future__ import annotations

import asyncio
import heapq
import itertools
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


def rank_of(run: Run) -> Rank:
    """The rank of a run: by its priority, then by when it was sent."""
    priority = 0 if run.job is None else run.job.priority
    return Rank((-priority, run.created_at.timestamp(), run.number), run.experiment)


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
        self._heaps: dict[str, list[tuple[_Place, RunId]]] = {}
        self._shares: dict[RunId, str] = {}
        self._going = Counter[str]()

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, run: RunId) -> bool:
        return run in self._waiting

    def join(self, run: RunId, rank: Rank) -> asyncio.Future[None]:
        """Wait from now on; what is returned is done once it is the run's turn."""
        turn = asyncio.get_running_loop().create_future()
        place = rank.order, next(self._arrivals)
        self._waiting[run] = _Waiting(rank, place, turn)
        heapq.heappush(self._heaps.setdefault(self._share(rank), []), (place, run))
        return turn

    def leave(self, run: RunId) -> None:
        """Wait no more."""
        self._waiting.pop(run, None)

    def call(self, run: RunId) -> None:
        """Tell a run that it is its turn."""
        waiting = self._waiting.pop(run)
        self.seated(run, waiting.rank)
        waiting.turn.set_result(None)

    def seated(self, run: RunId, rank: Rank) -> None:
        """Count a run that goes on as part of the share of its experiment."""
        if run not in self._shares:
            self._shares[run] = self._share(rank)
            self._going[self._shares[run]] += 1

    def gone(self, run: RunId) -> None:
        """Count it no more; twice is once."""
        share = self._shares.pop(run, None)
        if share is not None:
            self._going[share] -= 1
            if not self._going[share]:
                del self._going[share]

    def first(self) -> RunId | None:
        """Whose turn is next."""
        tops = ((place[0][0], self._going[share], place, run) for share, place, run in self._tops())
        found = min(tops, default=None)
        return None if found is None else found[-1]

    def in_order(self) -> Iterator[RunId]:
        """All that wait, the first first; shares that become due meanwhile are not foreseen."""
        waiting = sorted((each.place, run) for run, each in self._waiting.items())
        return (run for _, run in waiting)

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
