"""The targets that runs may go to, each with its places: found by a run, or by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from jupyter_aml.compute.target import Target
from jupyter_aml.compute.targets import AbsentTarget
from jupyter_aml.domain.compute import LOCAL
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.run import Run
from jupyter_aml.engine.compute.history import History
from jupyter_aml.engine.compute.slots import Slots


@dataclass(frozen=True, slots=True)
class Station:
    """A target, who waits in front of it, and how busy it was."""

    target: Target
    slots: Slots
    history: History

    def note(self) -> None:
        """Take down how it is now."""
        slots = self.slots
        self.history.note(
            slots=slots.count, busy=slots.busy, waiting=slots.waiting,
            nodes=len(self.target.nodes()),
        )  # fmt: skip


class Stations:
    """Targets that every workspace has, and those of one workspace, which come and go."""

    def __init__(
        self, common: Mapping[str, Target], *, moved: Callable[[], None], is_fair: bool = False
    ) -> None:
        """With `is_fair` experiments take turns on each of them."""
        self._moved, self._is_fair = moved, is_fair
        self._own: dict[tuple[WorkspaceName, str], Station] = {}
        self._common: dict[str, Station] = {}
        for name, target in common.items():
            self._common[name] = self._station(target, partial(self._common.get, name))

    def of(self, run: Run) -> Station:
        """Where a run goes; a target that is not there is one that the run waits for."""
        name = target_of(run)
        found = self.find(run.workspace, name)
        return self.put(run.workspace, AbsentTarget(name)) if found is None else found

    def elsewhere(self, run: Run) -> Target | None:
        """The target of a run that no file of this machine reaches; None for others."""
        target = self.of(run).target
        return target if target.is_elsewhere else None

    def find(self, workspace: WorkspaceName, name: str) -> Station | None:
        """The target of that name, seen from a workspace."""
        return self._own.get((workspace, name)) or self._common.get(name)

    def put(self, workspace: WorkspaceName, target: Target) -> Station:
        """Have a target in a workspace; runs that waited for one of its name wait for it now."""
        key = (workspace, target.name)
        known = self._own.get(key)
        if known is None:
            self._own[key] = self._station(target, partial(self._own.get, key))
        else:
            self._own[key] = Station(target, known.slots, known.history)
        self.resize(workspace, target.name)
        return self._own[key]

    def resize(self, workspace: WorkspaceName, name: str) -> None:
        """Have as many places as a target has now; where it has none, it says why."""
        station = self._own[workspace, name]
        why = station.target.refusal() or station.target.state().why
        target = station.target
        station.slots.resize(target.slots, most=target.most_nodes, closed=why)

    def drop(self, workspace: WorkspaceName, name: str) -> None:
        """Have it no more."""
        self._own.pop((workspace, name), None)

    def seen_from(self, workspace: WorkspaceName) -> Iterator[tuple[WorkspaceName | None, Station]]:
        """All targets of a workspace: the common ones first, then its own by name."""
        for station in self._common.values():
            yield None, station
        for (owner, _), station in sorted(self._own.items(), key=lambda item: item[0]):
            if owner == workspace:
                yield owner, station

    def all(self) -> Iterator[Station]:
        """All targets of all workspaces."""
        yield from self._common.values()
        yield from self._own.values()

    def names(self, workspace: WorkspaceName) -> list[str]:
        """The names of all targets of a workspace."""
        return [station.target.name for _, station in self.seen_from(workspace)]

    def _station(self, target: Target, find: Callable[[], Station | None]) -> Station:
        def note() -> None:
            station = find()
            if station is not None:
                station.target.lend(station.slots.lenders)
                station.note()

        slots = Slots(
            target.name, target.slots, most=target.most_nodes, is_fair=self._is_fair,
            moved=self._moved, changed=note,
        )  # fmt: skip
        station = Station(target, slots, History())
        station.note()
        return station


def target_of(run: Run) -> str:
    """The compute target of a run."""
    return LOCAL if run.job is None else run.job.target
