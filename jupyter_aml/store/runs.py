"""Reads and writes runs; a move that is checked and written here is the way to a new status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound, Outdated
from jupyter_aml.domain.ids import ExperimentName, RunId, WorkspaceName
from jupyter_aml.domain.near import near
from jupyter_aml.domain.run import Run, RunStatus
from jupyter_aml.store.database import Database, current_seq, next_seq
from jupyter_aml.store.experiments import need_experiment
from jupyter_aml.store.many_runs import ManyRuns, need_end, next_number, refuse
from jupyter_aml.store.queries import Place, Query, decode_place, encode_place
from jupyter_aml.store.rows import (
    ENVIRONMENT,
    as_stored,
    insert_runs,
    read_run,
    read_runs,
    rewrite_run,
    storable,
    write_metrics,
)
from jupyter_aml.store.schema import run_labels, runs, tombstones

_KEY = select(runs.c.pk).where(runs.c.id == bindparam("id"))
_RAISE = delete(tombstones).where(tombstones.c.id == bindparam("dead"))
_FINAL = sorted(status.value for status in RunStatus if status.is_final)
_ENDING = (RunStatus.CANCEL_REQUESTED, RunStatus.FINALIZING)
_KEPT_COUNTS = 64
_LONGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class RunPage:
    """Some runs in order, how many there are in all, and where the next page begins."""

    runs: list[Run]
    total: int
    next: str | None
    children: dict[str, int]
    """How many children each of these runs has, where it has any."""
    experiments: dict[str, int]
    """How many of all, not only of these, each experiment of these runs has."""


class RunTable(ManyRuns):
    """Reads and writes runs, for the engine of one epoch, and knows no rule about them.

    Every write raises Outdated once a later engine took over.
    """

    def __init__(self, database: Database, *, epoch: int) -> None:
        super().__init__(database, epoch=epoch)
        self._counts: dict[tuple[Any, ...], tuple[int, dict[str, int]]] = {}

    def add(self, run: Run) -> Run:
        """Enter a new run with its experiment; a number of 0 becomes the next of the experiment.

        Raises AlreadyExists if there is a run of that id.
        """
        with self._db.transaction() as connection:
            seq = next_seq(connection, self._epoch, above=run.seq)
            if connection.execute(_KEY, {"id": run.id}).first():
                raise AlreadyExists(f"there is a run {run.id} already")
            need_experiment(connection, run.workspace, run.experiment, at=run.created_at)
            number = run.number or next_number(connection, run)
            added = replace(run, number=number, seq=seq)
            connection.execute(_RAISE, {"dead": run.id})
            insert_runs(connection, [added])
        return added

    def get(self, run_id: RunId) -> Run:
        """The run, or NotFound with the nearest ids."""
        with self._db.reading() as connection:
            return _find(connection, run_id)[1]

    def move(
        self,
        run: Run,
        to: RunStatus,
        *,
        at: datetime,
        reason: str | None = None,
        **changes: Any,
    ) -> Run:
        """Write the move and further fields, if the run still stands where the caller saw it.

        What others wrote since to other fields stays. Raises Outdated if the run has another
        status or attempt by now, IllegalMove if the rules forbid the step.
        """
        refuse(changes)
        run.move(to, at=at)
        with self._db.transaction() as connection:
            return self._advance(connection, run, to, at=at, reason=reason, changes=changes)

    def change(self, run: Run, **changes: Any) -> Run:
        """Write fields other than the status, if nobody wrote to the run since the caller looked.

        Raises Outdated otherwise, and TypeError for a status.
        """
        refuse(changes)
        with self._db.transaction() as connection:
            seq = next_seq(connection, self._epoch)
            pk, now = _find(connection, run.id)
            if now.seq != run.seq:
                raise Outdated(f"run {run.id} has changed since it was read")
            changed = replace(now, **{**changes, "seq": seq})
            rewrite_run(connection, pk, now, changed)
        return changed

    def request_cancel(self, run_id: RunId, *, at: datetime) -> Run:
        """Ask the run to end, whatever it does now; one that ends or has ended stays as it is."""
        with self._db.transaction() as connection:
            run = _find(connection, run_id)[1]
            if run.is_final or run.status in _ENDING:
                return run
            to, reason = RunStatus.CANCEL_REQUESTED, "it was asked to end"
            return self._advance(connection, run, to, at=at, reason=reason, changes={})

    def remove(self, run_id: RunId) -> int:
        """Take out a run that has ended, and return the number of that change.

        Raises IllegalMove for a run that has not ended.
        """
        with self._db.transaction() as connection:
            seq = next_seq(connection, self._epoch)
            pk, run = _find(connection, run_id)
            need_end(run)
            connection.execute(delete(runs).where(runs.c.pk == pk))
            grave = {"id": run_id, "workspace": run.workspace, "seq": seq}
            connection.execute(insert(tombstones).values(grave))
        return seq

    def was_removed(self, run_id: RunId) -> bool:
        """Whether there was a run of that id, which is gone."""
        grave = select(tombstones.c.seq).where(tombstones.c.id == storable(run_id))
        with self._db.reading() as connection:
            return connection.execute(grave).first() is not None

    def active(self) -> list[Run]:
        """The runs that have not ended, of all workspaces, oldest first."""
        going = runs.c.status.not_in(_FINAL)
        oldest = (runs.c.created_at, runs.c.pk)
        with self._db.reading() as connection:
            keys = connection.execute(select(runs.c.pk).where(going).order_by(*oldest)).scalars()
            return read_runs(connection, list(keys))

    def page(
        self,
        *,
        workspace: WorkspaceName,
        experiment: ExperimentName | None = None,
        filter: str = "",
        sort: str = "-createdAt",
        limit: int = 50,
        after: str | None = None,
    ) -> RunPage:
        """Some runs, in the language of docs/reference/http.md; raises Invalid with the word."""
        if not 1 <= limit <= _LONGEST_PAGE:
            raise Invalid(f"limit: {limit} is not between 1 and {_LONGEST_PAGE}")
        query = Query.of(workspace, experiment, filter, sort)
        begin = None if after is None else decode_place(query.order, after)
        with self._db.reading() as connection:
            places = _places(connection, query, begin, limit + 1)
            shown = places[:limit]
            more = encode_place(query.order, shown[-1]) if len(places) > limit else None
            found = read_runs(connection, [place.pk for place in shown])
            # A first page that is not full has counted already.
            whole = begin is None and more is None
            shown_in = Counter[str](run.experiment for run in found)
            counts = shown_in if whole else self._counted(connection, query)
            experiments = {name: counts.get(name, shown_in[name]) for name in shown_in}
            children = _children(connection, [run.id for run in found])
            return RunPage(found, sum(counts.values()), more, children, experiments)

    def changed_since(
        self,
        workspace: WorkspaceName,
        seq: int,
        limit: int = _LONGEST_PAGE,
        *,
        parent: RunId | None = None,
    ) -> tuple[list[Run], list[tuple[RunId, int]]]:
        """What was changed and what was deleted after `seq`, newest first, at most `limit` each.

        With a parent its children alone are what was changed; what was deleted has no parent any
        more.
        """
        changes = (runs.c.workspace == workspace) & (runs.c.seq > seq)
        if parent is not None:
            changes &= runs.c.parent == parent
        with self._db.reading() as connection:
            keys = connection.execute(
                select(runs.c.pk).where(changes).order_by(runs.c.seq.desc()).limit(limit)
            ).scalars()
            changed = read_runs(connection, list(keys))
            gone = connection.execute(
                select(tombstones.c.id, tombstones.c.seq)
                .where(tombstones.c.workspace == workspace, tombstones.c.seq > seq)
                .order_by(tombstones.c.seq.desc())
                .limit(limit)
            )
            return changed, [(RunId(row.id), row.seq) for row in gone]

    def set_metrics(self, run: Run, last: Mapping[str, float | str]) -> Run:
        """Write the newest values of these metrics; nothing is written where nothing changed."""
        with self._db.transaction() as connection:
            pk, now = _find(connection, run.id)
            news = {name: value for name, value in last.items() if _is_news(now, name, value)}
            if not news:
                return now
            seq = next_seq(connection, self._epoch)
            write_metrics(connection, pk, seq, news)
            return replace(now, seq=seq, metrics={**now.metrics, **as_stored(news)})

    def _advance(
        self,
        connection: Connection,
        run: Run,
        to: RunStatus,
        *,
        at: datetime,
        reason: str | None,
        changes: Mapping[str, Any],
    ) -> Run:
        seq = next_seq(connection, self._epoch)
        pk, now = _find(connection, run.id)
        # No other writer comes between: the count of changes above is what they wait for.
        if (now.status, now.attempt) != (run.status, run.attempt):
            raise Outdated(f"run {run.id} is no longer {run.status} (it is {now.status})")
        moved = replace(now.move(to, at=at, reason=reason), **{**changes, "seq": seq})
        rewrite_run(connection, pk, now, moved)
        return moved

    def in_environments(self, workspace: WorkspaceName) -> dict[tuple[str, str], int]:
        """How many runs were sent in each environment, by name and version."""
        with self._db.reading() as connection:
            rows = connection.execute(
                select(run_labels.c.key, run_labels.c.value, func.count())
                .join(runs, runs.c.pk == run_labels.c.run)
                .where(run_labels.c.kind == ENVIRONMENT, runs.c.workspace == workspace)
                .group_by(run_labels.c.key, run_labels.c.value)
            )
            return {(name, version): count for name, version, count in rows}

    def _counted(self, connection: Connection, query: Query) -> dict[str, int]:
        """Count once for each state of the index: a page that is turned does not count again."""
        asked = (query.workspace, query.experiment, query.words)
        newest = current_seq(connection)
        seen, counts = self._counts.get(asked, (-1, {}))
        if seen == newest:
            return counts
        counts = {row[0]: row[1] for row in connection.execute(query.count())}
        if len(self._counts) >= _KEPT_COUNTS:
            self._counts.clear()
        self._counts[asked] = newest, counts
        return counts


def _find(connection: Connection, run_id: RunId) -> tuple[int, Run]:
    found = read_run(connection, run_id)
    if found is None:
        near = _near(connection, run_id)
        hint = f"; the nearest ids are {', '.join(near)}" if near else ""
        raise NotFound(f"there is no run {run_id[:255]!r}{hint}")
    return found


def _near(connection: Connection, run_id: str) -> list[str]:
    """Ids like this one, among those that begin like it and the newest."""
    like = runs.c.id.startswith(storable(run_id[:4]), autoescape=True)
    newest = select(runs.c.id).order_by(runs.c.pk.desc()).limit(200)
    ids = [*connection.execute(newest.where(like)).scalars(), *connection.execute(newest).scalars()]
    return near(run_id, dict.fromkeys(ids), 3, alike=0.7)


def _is_news(run: Run, name: str, value: float | str) -> bool:
    kept = storable(name)
    known = run.metrics.get(kept)
    if isinstance(value, str):
        return known != storable(value)
    both_nan = known != known and value != value
    return kept not in run.metrics or not (both_nan or known == value)


def _places(connection: Connection, query: Query, begin: Place | None, limit: int) -> list[Place]:
    """The runs that have what they are sorted by, and then those that do not."""
    places: list[Place] = []
    if begin is None or begin.value is not None:
        rows = connection.execute(query.having(begin, limit))
        places = [Place(value, pk) for pk, value in rows]
        begin = None
    if len(places) < limit:
        keys = connection.execute(query.lacking(begin, limit - len(places))).scalars()
        places += [Place(None, pk) for pk in keys]
    return places


def _children(connection: Connection, parents: list[RunId]) -> dict[str, int]:
    counted = (
        select(runs.c.parent, func.count())
        .where(runs.c.parent.in_(parents))
        .group_by(runs.c.parent)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}
