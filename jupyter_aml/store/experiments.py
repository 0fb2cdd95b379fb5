"""Reads and writes experiments, the names under which runs are numbered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from jupyter_aml.domain.errors import IllegalMove, NotFound
from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.ids import ExperimentName, WorkspaceName
from jupyter_aml.store.database import Database
from jupyter_aml.store.schema import experiments, runs
from jupyter_aml.wire.coding import decode_time, encode_time


class ExperimentTable:
    """Reads and writes experiments."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(
        self,
        workspace: WorkspaceName,
        name: ExperimentName,
        *,
        at: datetime,
        tags: Mapping[str, str] | None = None,
    ) -> Experiment:
        """Make the experiment, or find the one that is there, which keeps its tags."""
        with self._db.transaction() as connection:
            need_experiment(connection, workspace, name, at=at, tags=tags)
            return _find(connection, workspace, name)

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

    def set_tags(
        self, workspace: WorkspaceName, name: ExperimentName, tags: Mapping[str, str]
    ) -> Experiment:
        """Put these tags in the place of the old ones; raises NotFound."""
        with self._db.transaction() as connection:
            this = (experiments.c.workspace == workspace) & (experiments.c.name == name)
            connection.execute(update(experiments).where(this).values(tags=json.dumps(dict(tags))))
            return _find(connection, workspace, name)

    def remove(self, workspace: WorkspaceName, name: ExperimentName) -> None:
        """Delete an experiment without runs; raises IllegalMove where it has some, or NotFound."""
        with self._db.transaction() as connection:
            found = _find(connection, workspace, name)
            if found.run_count:
                raise IllegalMove(
                    f"experiment {name!r} has {found.run_count} runs: delete them first"
                )
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
    this = (experiments.c.workspace == workspace) & (experiments.c.name == name)
    if connection.execute(select(experiments.c.name).where(this)).first() is None:
        made = Experiment(workspace=workspace, name=name, created_at=at, tags=tags or {})
        connection.execute(insert(experiments).values(experiment_columns(made)))


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
