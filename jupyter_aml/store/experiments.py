"""Reads and writes experiments, the names under which runs are numbered."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from jupyter_aml.domain.errors import IllegalMove, NotFound
from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.ids import ExperimentName, WorkspaceName
from jupyter_aml.store.database import Database
from jupyter_aml.store.schema import experiments, runs
from jupyter_aml.wire.coding import decode_time, encode_time

_IS_THERE = select(experiments.c.name).where(
    experiments.c.workspace == bindparam("workspace"), experiments.c.name == bindparam("name")
)


class ExperimentTable:
    """Reads and writes experiments."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def has(self, workspace: WorkspaceName, name: ExperimentName) -> bool:
        """Whether there is this experiment."""
        this = (experiments.c.workspace == workspace) & (experiments.c.name == name)
        with self._db.reading() as connection:
            return connection.execute(select(experiments.c.name).where(this)).first() is not None

    def get(self, workspace: WorkspaceName, name: ExperimentName) -> Experiment:
        """The experiment with the number of its runs, or NotFound."""
        with self._db.reading() as connection:
            return _find(connection, workspace, name)

    def list(self, workspace: WorkspaceName) -> list[Experiment]:
        """All experiments of a workspace with the numbers of their runs, by name."""
        named = select(experiments).where(experiments.c.workspace == workspace)
        counted = (
            select(runs.c.experiment, func.count())
            .where(runs.c.workspace == workspace)
            .group_by(runs.c.experiment)
        )
        with self._db.reading() as connection:
            counts = {row[0]: row[1] for row in connection.execute(counted)}
            rows = connection.execute(named.order_by(experiments.c.name))
            return [replace(_experiment(row), run_count=counts.get(row.name, 0)) for row in rows]

    def put(self, experiment: Experiment) -> Experiment:
        """Enter an experiment, in the place of the one of its name."""
        workspace, name = experiment.workspace, experiment.name
        with self._db.transaction() as connection:
            need_experiment(connection, workspace, name, at=experiment.created_at)
            this = (experiments.c.workspace == workspace) & (experiments.c.name == name)
            columns = experiment_columns(experiment)
            connection.execute(update(experiments).where(this).values(columns))
            return _find(connection, workspace, name)

    def every(self) -> builtins.list[Experiment]:
        """All experiments of all workspaces, without the numbers of their runs."""
        with self._db.reading() as connection:
            return [_experiment(row) for row in connection.execute(select(experiments))]

    def need_empty(self, workspace: WorkspaceName, name: ExperimentName) -> None:
        """Raise IllegalMove where the experiment has runs, or NotFound."""
        with self._db.reading() as connection:
            _need_empty(_find(connection, workspace, name))

    def remove(self, workspace: WorkspaceName, name: ExperimentName) -> None:
        """Delete an experiment without runs; raises IllegalMove where it has some, or NotFound."""
        with self._db.transaction() as connection:
            _need_empty(_find(connection, workspace, name))
            this = (experiments.c.workspace == workspace) & (experiments.c.name == name)
            connection.execute(delete(experiments).where(this))


def need_experiment(
    connection: Connection,
    workspace: WorkspaceName,
    name: ExperimentName,
    *,
    at: datetime,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Make the experiment where it is missing."""
    if connection.execute(_IS_THERE, {"workspace": workspace, "name": name}).first() is None:
        made = Experiment(workspace=workspace, name=name, created_at=at, tags=tags or {})
        connection.execute(insert(experiments).values(experiment_columns(made)))


def _need_empty(experiment: Experiment) -> None:
    if experiment.run_count:
        raise IllegalMove(
            f"experiment {experiment.name!r} has {experiment.run_count} runs: delete them first"
        )


def experiment_columns(experiment: Experiment) -> dict[str, str | None]:
    """An experiment as a row."""
    return {
        "workspace": experiment.workspace,
        "name": experiment.name,
        "tags": json.dumps(dict(experiment.tags)),
        "created_at": encode_time(experiment.created_at),
    }


def _find(connection: Connection, workspace: WorkspaceName, name: ExperimentName) -> Experiment:
    this = (experiments.c.workspace == workspace) & (experiments.c.name == name)
    row = connection.execute(select(experiments).where(this)).first()
    if row is None:
        raise NotFound(f"there is no experiment {name!r} in workspace {workspace!r}")
    inside = (runs.c.workspace == workspace) & (runs.c.experiment == name)
    count = connection.execute(select(func.count()).select_from(runs).where(inside)).scalar_one()
    return replace(_experiment(row), run_count=count)


def _experiment(row: Row[tuple[object, ...]]) -> Experiment:
    created = decode_time(row.created_at)
    assert created is not None
    return Experiment(
        workspace=WorkspaceName(row.workspace),
        name=ExperimentName(row.name),
        created_at=created,
        tags=json.loads(row.tags),
    )
