"""How many nodes there may be on this machine, and whose give way to whom."""

from __future__ import annotations

from typing import Protocol


class Claimant(Protocol):
    """A cluster, as others see it that want a node."""

    @property
    def count(self) -> int:
        """Its nodes that are there or starting."""

    @property
    def leaving(self) -> int:
        """Those of them that are told to go."""

    @property
    def gives_way(self) -> bool:
        """Whether its nodes may be taken back for others."""

    def yield_idle(self, *, wanted: bool = False) -> bool:
        """Let a node go that idles and that it need not have; False where it has none.

        With `wanted` also one that a job there waits for beside others.
        """

    def yield_one(self) -> bool:
        """Let a node go, an idle one first; False where it has none."""

    def stir(self) -> None:
        """Look again: there may be room."""


class Budget:
    """Shared by the clusters of one engine. Lives on the event loop alone.

    Who has lacked nodes for the longest has what becomes free, those of low priority after all
    others. So of two clusters that both gather nodes for a large run one has them in the end.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._clusters: list[Claimant] = []
        self._unmet: dict[Claimant, int] = {}
        """Nodes that clusters still want, in the order in which they began to lack some."""

    def join(self, cluster: Claimant) -> None:
        """Count the nodes of this cluster, too."""
        if cluster not in self._clusters:
            self._clusters.append(cluster)

    def leave(self, cluster: Claimant) -> None:
        """Count them no more."""
        if cluster in self._clusters:
            self._clusters.remove(cluster)
        self._unmet.pop(cluster, None)
        self.stir()

    def grants(self, wanted: int, to: Claimant) -> int:
        """How many nodes a cluster may start now.

        Where there is no room, nodes that idle elsewhere are told to go, and then nodes of low
        priority, if it is not of low priority itself; it is stirred once they are gone.
        """
        before = self._before(to)
        free = self.most - sum(each.count for each in self._clusters)
        # What is freed for others is not for who comes after them.
        free -= sum(self._unmet[each] for each in before)
        granted = max(0, min(wanted, free))
        if granted == wanted:
            self._unmet.pop(to, None)
            return granted
        self._unmet[to] = wanted - granted
        coming = sum(each.leaving for each in self._clusters)
        self._free(wanted - granted - coming, to, before)
        return granted

    def stir(self) -> None:
        """Let all look again: a node is gone."""
        for each in self._clusters:
            each.stir()

    def _before(self, to: Claimant) -> list[Claimant]:
        """Those that lack nodes and have them first."""
        order = sorted(self._unmet, key=lambda each: each.gives_way)
        return [
            each
            for each in (order[: order.index(to)] if to in order else order)
            if each is not to and (to.gives_way or not each.gives_way)
        ]

    def _free(self, missing: int, to: Claimant, before: list[Claimant]) -> None:
        others = [each for each in self._clusters if each is not to]
        after = [each for each in others if each in self._unmet and each not in before]
        givers = [each for each in others if each.gives_way and not to.gives_way]
        for _ in range(missing):
            if any(each.yield_idle() for each in others):
                continue
            if any(each.yield_idle(wanted=True) for each in after):
                continue
            if not any(each.yield_one() for each in givers):
                return
