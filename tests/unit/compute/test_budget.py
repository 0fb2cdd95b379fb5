"""Clusters that share the nodes of this machine: who has those that become free."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_aml.compute.cluster.budget import Budget


@dataclass(eq=False)
class Cluster:
    """A cluster as the budget sees it."""

    busy: int = 0
    idle: int = 0
    leaving: int = 0
    gathers: bool = False
    """Whether a job there waits for more nodes than idle."""
    gives_way: bool = False
    stirred: int = 0

    @property
    def count(self) -> int:
        return self.busy + self.idle + self.leaving

    def yield_idle(self, *, wanted: bool = False) -> bool:
        if not self.idle or (self.gathers and not wanted):
            return False
        self.idle, self.leaving = self.idle - 1, self.leaving + 1
        return True

    def yield_one(self) -> bool:
        if self.yield_idle(wanted=True):
            return True
        if not self.busy:
            return False
        self.busy, self.leaving = self.busy - 1, self.leaving + 1
        return True

    def stir(self) -> None:
        self.stirred += 1

    def leaves(self) -> None:
        self.leaving = 0


def a_budget(most: int, *clusters: Cluster) -> Budget:
    budget = Budget(most)
    for each in clusters:
        budget.join(each)
    return budget


def test_of_two_that_gather_nodes_the_first_has_those_of_the_second() -> None:
    first, second = Cluster(idle=1, gathers=True), Cluster(idle=2, gathers=True)
    budget = a_budget(4, first, second)

    first.idle += budget.grants(2, first)
    assert (first.idle, budget.grants(1, second)) == (2, 0)
    assert (second.idle, budget.grants(1, first)) == (2, 0)
    assert (second.idle, second.leaving) == (1, 1)
    second.leaves()

    assert (budget.grants(2, second), budget.grants(1, first)) == (0, 1)
    assert (first.leaving, second.leaving) == (0, 0)


def test_what_becomes_free_is_for_who_lacked_it_for_the_longest() -> None:
    busy, first, second = Cluster(busy=2), Cluster(), Cluster()
    budget = a_budget(2, busy, first, second)
    assert (budget.grants(2, first), budget.grants(1, second)) == (0, 0)

    busy.busy = 0

    assert budget.grants(1, second) == 0
    first.idle = budget.grants(2, first)
    assert first.idle == 2


def test_low_priority_comes_after_all_others_and_gives_its_nodes_to_them() -> None:
    cheap, dear = Cluster(gives_way=True), Cluster()
    budget = a_budget(2, cheap, dear)
    cheap.busy = budget.grants(3, cheap)

    assert (cheap.busy, budget.grants(1, dear)) == (2, 0)
    assert (cheap.busy, cheap.leaving) == (1, 1)
    cheap.leaves()

    assert (budget.grants(1, cheap), budget.grants(1, dear)) == (0, 1)


def test_who_wants_no_more_stands_in_nobodys_way() -> None:
    busy, first, second = Cluster(busy=1), Cluster(), Cluster()
    budget = a_budget(2, busy, first, second)
    assert budget.grants(2, first) == 1

    assert budget.grants(0, first) == 0
    assert budget.grants(1, second) == 1
