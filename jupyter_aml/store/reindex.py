"""Writes the index anew from what the files say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.run import Run
from jupyter_aml.domain.workspace import Workspace
from jupyter_aml.store import schema
from jupyter_aml.store.database import Database, current_seq
from jupyter_aml.store.experiments import experiment_columns, need_experiment
from jupyter_aml.store.rows import insert_runs
from jupyter_aml.store.workspaces import workspace_columns

_AT_ONCE = 1000
_TABLES = (
    schema.run_labels, schema.run_metrics, schema.run_bodies, schema.runs, schema.experiments,
    schema.workspaces,
)  # fmt: skip


def reindex(
    database: Database,
    runs: Iterable[Run],
    experiments: Iterable[Experiment],
    workspaces: Iterable[Workspace],
) -> int:
    """Empty the index and fill it with these, all or nothing; returns the number of runs.

    Of two runs of one id the first counts. Every run gets a new `seq`, above all that were ever
    given, in the order of creation; runs that are gone are remembered as deleted.
    """
    # The tables number runs in the order of creation, which ties of a sort fall back on.
    ordered = sorted(
        {run.id: run for run in reversed(list(runs))}.values(),
        key=lambda run: (run.created_at, run.id),
    )
    with database.transaction() as connection:
        if connection.dialect.name == "sqlite":
            # An index of an earlier version may hold secrets, which are to be gone for good.
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        seq = max(current_seq(connection), max((run.seq for run in ordered), default=0))
        seq = _bury(connection, {run.id for run in ordered}, seq)
        for table in _TABLES:
            connection.execute(delete(table))
        _fill_places(connection, experiments, workspaces)
        numbered = (replace(run, seq=seq + place) for place, run in enumerate(ordered, start=1))
        for some in _portions(numbered):
            insert_runs(connection, some)
        for run in {(run.workspace, run.experiment): run for run in reversed(ordered)}.values():
            need_experiment(connection, run.workspace, run.experiment, at=run.created_at)
        connection.execute(update(schema.engine).values(seq=seq + len(ordered)))
    return len(ordered)


def _bury(connection: Connection, kept: set[str], seq: int) -> int:
    """Remember the runs that will be gone, and return the number of the last of them."""
    known = select(schema.runs.c.id, schema.runs.c.workspace)
    gone = [row for row in connection.execute(known) if row.id not in kept]
    graves = [
        {"id": row.id, "workspace": row.workspace, "seq": seq + place}
        for place, row in enumerate(gone, start=1)
    ]
    if graves:
        connection.execute(insert(schema.tombstones), graves)
    back = [{"back": row} for row in connection.execute(select(schema.tombstones.c.id)).scalars()
            if row in kept]  # fmt: skip
    if back:
        risen = delete(schema.tombstones).where(schema.tombstones.c.id == bindparam("back"))
        connection.execute(risen, back)
    return seq + len(graves)


def _fill_places(
    connection: Connection, experiments: Iterable[Experiment], workspaces: Iterable[Workspace]
) -> None:
    places = {(one.workspace, one.name): experiment_columns(one) for one in experiments}
    names = {one.name: workspace_columns(one) for one in workspaces}
    if places:
        connection.execute(insert(schema.experiments), list(places.values()))
    if names:
        connection.execute(insert(schema.workspaces), list(names.values()))


def _portions(runs: Iterator[Run]) -> Iterator[list[Run]]:
    while some := list(islice(runs, _AT_ONCE)):
        yield some
