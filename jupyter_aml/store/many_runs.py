"""Reads and writes runs by the hundred, each portion in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select

from jupyter_aml.domain.errors import IllegalMove
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.numbers import Series, series_of
from jupyter_aml.domain.run import Run, RunStatus
from jupyter_aml.store.database import Database, next_seq
from jupyter_aml.store.experiments import need_experiment
from jupyter_aml.store.rows import insert_runs, read_runs, rewrite_runs, storable
from jupyter_aml.store.schema import runs, tombstones

_FIXED = frozenset({"id", "workspace", "experiment", "number", "status", "seq", "created_at"})
_PORTION = 500


class ManyRuns:
    """The part of RunTable that deals with many runs at once."""

    def __init__(self, database: Database, *, epoch: int) -> None:
        self._db, self._epoch = database, epoch

    def add_many(self, some: Sequence[Run]) -> list[Run]:
        """Enter new runs, as `add` does, at once; those that are there already stay as they are."""
        above = max((run.seq for run in some), default=0)
        with self._db.transaction() as connection:
            seq = next_seq(connection, self._epoch, above=above, count=len(some)) - len(some)
            there = set(_keys_of(connection, [run.id for run in some]))
            free: dict[tuple[str, str, str | None], int] = {}
            added: list[Run] = []
            for run in some:
                if run.id in there:
                    continue
                place = (run.workspace, run.experiment, run.parent)
                if place not in free:
                    free[place] = next_number(connection, run)
                number = run.number or free[place]
                free[place] = max(free[place], number + 1)
                added.append(replace(run, number=number, seq=seq + len(added) + 1))
            connection.execute(delete(tombstones).where(tombstones.c.id.in_([r.id for r in added])))
            insert_runs(connection, added)
            for run in {(run.workspace, run.experiment): run for run in added}.values():
                need_experiment(connection, run.workspace, run.experiment, at=run.created_at)
        return added

    def among(self, some: Sequence[RunId]) -> dict[RunId, Run]:
        """Those of these runs that are there."""
        with self._db.reading() as connection:
            found = read_runs(connection, list(_keys_of(connection, some).values()))
        return {run.id: run for run in found}

    def known(self, some: Sequence[RunId]) -> set[str]:
        """The ids among these that are there."""
        with self._db.reading() as connection:
            return set(_keys_of(connection, some))

    def numbers(self, some: Iterable[Series]) -> dict[Series, set[int]]:
        """The numbers that are taken in each of these."""
        taken: dict[Series, set[int]] = {}
        with self._db.reading() as connection:
            for series in some:
                numbers = select(runs.c.number).where(_inside(*series))
                taken[series] = set(connection.execute(numbers).scalars())
        return taken

    def below(self, run_id: RunId) -> list[Run]:
        """All children of a run and theirs, each after its parent."""
        found: list[Run] = []
        with self._db.reading() as connection:
            parents = [storable(run_id)]
            while parents:
                keys: list[int] = []
                for start in range(0, len(parents), _PORTION):
                    some = parents[start : start + _PORTION]
                    keys += connection.execute(
                        select(runs.c.pk).where(runs.c.parent.in_(some)).order_by(runs.c.pk)
                    ).scalars()
                children = read_runs(connection, keys)
                found += children
                parents = [storable(child.id) for child in children]
        return found

    def write_many(
        self, some: Sequence[tuple[Run, RunStatus | None, Mapping[str, Any]]], *, at: datetime
    ) -> list[Run]:
        """Write fields of runs at once, and where a status is named, end them so.

        Runs that others moved or removed meanwhile are left out of the answer.
        """
        for _, _, changes in some:
            refuse(changes)
        if not some:
            return []
        written: list[tuple[int, Run, Run]] = []
        with self._db.transaction() as connection:
            # First of all: this is what other writers wait for.
            seq = next_seq(connection, self._epoch, count=len(some)) - len(some)
            keys = _keys_of(connection, [run.id for run, _, _ in some])
            there = dict(zip(keys, read_runs(connection, list(keys.values())), strict=True))
            for place, (run, to, changes) in enumerate(some, start=1):
                now = there.get(storable(run.id))
                if now is None or (now.status, now.attempt) != (run.status, run.attempt):
                    continue
                moved = now if to is None else _ended(now, to, at=at)
                after = replace(moved, **{**changes, "seq": seq + place})
                written.append((keys[storable(run.id)], now, after))
            rewrite_runs(connection, written)
        return [after for _, _, after in written]

    def remove_many(self, some: Sequence[RunId]) -> dict[RunId, int]:
        """Take out runs that have ended, all or none; returns the number of each change.

        Those that are not there are left out. Raises IllegalMove for one that has not ended.
        """
        with self._db.transaction() as connection:
            seq = next_seq(connection, self._epoch, count=len(some)) - len(some)
            keys = _keys_of(connection, some)
            there = read_runs(connection, list(keys.values()))
            for run in there:
                need_end(run)
            graves = [
                {"id": run.id, "workspace": run.workspace, "seq": seq + place}
                for place, run in enumerate(there, start=1)
            ]
            if graves:
                gone = delete(runs).where(runs.c.pk == bindparam("key"))
                connection.execute(gone, [{"key": key} for key in keys.values()])
                connection.execute(insert(tombstones), graves)
        return {run.id: seq + place for place, run in enumerate(there, start=1)}


def _ended(run: Run, to: RunStatus, *, at: datetime) -> Run:
    """The run at its end, to which every way leads through Finalizing."""
    if run.status is not RunStatus.FINALIZING:
        run = run.move(RunStatus.FINALIZING, at=at)
    return run.move(to, at=at)


def need_end(run: Run) -> None:
    """Raise IllegalMove for a run that has not ended."""
    if not run.is_final:
        raise IllegalMove(f"run {run.id} is {run.status}: cancel it before you delete it")


def refuse(changes: Mapping[str, Any]) -> None:
    """Raise TypeError for fields that only a move, or nothing at all, may set."""
    wrong = sorted(_FIXED & changes.keys())
    if wrong:
        raise TypeError(f"a change of a run cannot set {', '.join(wrong)}")


def _keys_of(connection: Connection, some: Sequence[str]) -> dict[str, int]:
    keys: dict[str, int] = {}
    for start in range(0, len(some), _PORTION):
        portion = [storable(each) for each in some[start : start + _PORTION]]
        rows = connection.execute(select(runs.c.id, runs.c.pk).where(runs.c.id.in_(portion)))
        keys.update((row.id, row.pk) for row in rows)
    return keys


def next_number(connection: Connection, run: Run) -> int:
    """The next number of the experiment, or of a child among those of its parent."""
    inside = _inside(*series_of(run))
    greatest = connection.execute(select(func.max(runs.c.number)).where(inside)).scalar()
    return int(greatest or 0) + 1


def _inside(workspace: str, experiment: str, parent: str | None) -> ColumnElement[bool]:
    inside = (runs.c.workspace == workspace) & (runs.c.experiment == experiment)
    return inside & (runs.c.parent.is_(None) if parent is None else runs.c.parent == parent)
