"""Takes in what a script said of its run: metrics, tags, properties, names, its own end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jupyter_aml.domain import limits
from jupyter_aml.domain.errors import Outdated
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Run, RunStatus
from jupyter_aml.engine.feed.metrics import LastValues, as_text
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.runfolder.layout import RunFolder

_TOO_MANY = (
    f"a run has at most {limits.MOST_LABELS:,} tags and as many properties and parameters: what "
    "its script said beyond that stands in its records alone"
)
_MOST_AWAITED = 1_000
"""Runs that one run is taken to wait for."""

Announce = Callable[[Run, list[list[Any]]], None]
"""Hears of the children that a run has made."""


class Wait(NamedTuple):
    """Runs that a script waits for, and the time in seconds until which that holds."""

    some: tuple[RunId, ...]
    until: float | None


@dataclass(slots=True)
class Said:
    """What the records so far add up to."""

    tags: dict[str, str | None] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    display_name: str | None = None
    description: str | None = None
    failed: tuple[str, str | None] | None = None
    completed: bool = False
    from_outside: RunStatus | None = None
    """How somebody else than the script ended the run."""
    waits: dict[str, Wait] = field(default_factory=dict)
    """What it waits for, by the keys that it gave."""
    ended_at: float | None = None
    """When it said for the first time that it has ended, in seconds since the epoch."""

    def take(self, records: Iterable[list[Any]]) -> bool:
        """Take in further records; say whether any of them changes the run itself."""
        changed = False
        for record in records:
            match record:
                case ["tag", str(key), value, *_]:
                    self.tags[short(key)] = None if value is None else short(value)
                case ["property", str(key), value, *_]:
                    # A property is written once: the first word stands.
                    self.properties.setdefault(short(key), short(value))
                case ["parameter", str(key), value, *_]:
                    self.parameters.setdefault(short(key), short(value))
                case ["name", str(text), *_]:
                    self.display_name = short(text)
                case ["description", str(text), *_]:
                    self.description = short(text)
                case ["fail", message, code, *when]:
                    self.failed = (short(message or "the script said that it failed"), code)
                    self._ends(when, RunStatus.FAILED)
                case ["complete", *when]:
                    self.completed = True
                    self._ends(when, RunStatus.COMPLETED)
                case ["wait", str(key), [*some], until, *_]:
                    self._waits(key, some, until)
                    continue
                case ["resume", key, *_]:
                    self.waits.pop(str(key), None)
                    continue
                case _:
                    continue
            changed = True
        return changed

    def awaited(self, at: float) -> set[RunId]:
        """The runs that it waits for at this time."""
        going = (wait for wait in self.waits.values() if wait.until is None or at < wait.until)
        return {run_id for wait in going for run_id in wait.some}

    def _waits(self, key: str, some: list[Any], until: Any) -> None:
        limit = float(until) if isinstance(until, int | float) else None
        self.waits.pop(key, None)
        self.waits[key] = Wait(tuple(RunId(each) for each in some if isinstance(each, str)), limit)
        while sum(len(wait.some) for wait in self.waits.values()) > _MOST_AWAITED:
            # The oldest is forgotten: one that goes on is enough to wait for.
            del self.waits[next(iter(self.waits))]

    def _ends(self, when: list[Any], status: RunStatus) -> None:
        if when[1:] == ["outside"]:
            self.from_outside = status
        if self.ended_at is None and when and isinstance(when[0], int | float):
            self.ended_at = float(when[0])

    def changes(self, run: Run) -> dict[str, Any]:
        """The fields of the run that are to become others."""
        tags, are_all_tags = limits.fitting(run.tags, self.tags)
        new = {key: value for key, value in self.properties.items() if key not in run.properties}
        properties, are_all_properties = limits.fitting(run.properties, new)
        logged = {key: text for key, text in self.parameters.items() if key not in run.parameters}
        added, are_all_parameters = limits.added(run.parameters, logged)
        are_all = are_all_tags and are_all_properties and are_all_parameters
        too_many = () if are_all else (_TOO_MANY,)
        wanted = {
            "tags": tags,
            "properties": properties,
            "parameters": {**run.parameters, **added},
            "logged_parameters": (*run.logged_parameters, *added),
            "display_name": self.display_name or run.display_name,
            "description": self.description or run.description,
            "warnings": tuple(dict.fromkeys((*run.warnings, *too_many))),
        }
        return {name: value for name, value in wanted.items() if getattr(run, name) != value}


def short(said: Any) -> str:
    """What a script said, as text that can be stored."""
    return as_text(str(said)[: limits.LONGEST_TEXT])


class Follower:
    """Follows the records of one run that has not ended."""

    def __init__(
        self, ledger: Ledger, folder: RunFolder, *, announce: Announce | None = None
    ) -> None:
        self._ledger, self._announce = ledger, announce
        self._values = LastValues(folder.metrics)
        self._pending, self._is_new = Said(), False
        self.said = Said()

    def read(self, run: Run) -> dict[str, Any]:
        """Read what is new, and return the fields of the run that are to become others. Blocks.

        They must be entered: the next call does not tell them again.
        """
        self._is_new, (values_changed, records) = False, self._values.follow()
        self._hear(run, records)
        changes, self._pending = self._pending.changes(run), Said()
        return changes | ({"metrics": dict(self._values.last)} if values_changed else {})

    async def take_in(self, run: Run) -> Run:
        """Read what is new and enter it; returns the run as it then is.

        What could not be entered is entered with the next call.
        """
        values_changed, records = await asyncio.to_thread(self._values.follow)
        self._is_new |= values_changed
        self._hear(run, records)
        run = await self._enter(run)
        # A tag is taken in once: what a user changes later from outside is not undone.
        self._pending = Said()
        if self._is_new:
            run = await self._ledger.set_metrics(run, dict(self._values.last))
            self._is_new = False
        return run

    def _hear(self, run: Run, records: list[list[Any]]) -> None:
        self._pending.take(records)
        self.said.take(records)
        children = [record for record in records if record[0] == "child"]
        if children and self._announce is not None:
            self._announce(run, children)

    async def _enter(self, run: Run) -> Run:
        while changes := self._pending.changes(run):
            try:
                return await self._ledger.change(run, **changes)
            except Outdated:
                run = await self._ledger.find(run.id)
        return run
