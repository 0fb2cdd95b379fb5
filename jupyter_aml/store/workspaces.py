"""Reads and writes workspaces, the names that everything belongs to."""

from __future__ import annotations

import json

from sqlalchemy import Connection, Row, delete, func, insert, select

from jupyter_aml.domain.errors import IllegalMove, NotFound
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.workspace import Workspace
from jupyter_aml.store.database import Database
from jupyter_aml.store.schema import experiments, runs, workspaces
from jupyter_aml.wire.coding import decode_time, encode_time


class WorkspaceTable:
    """Reads and writes workspaces."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, workspace: Workspace) -> Workspace:
        """Enter a workspace, in the place of the one of its name."""
        with self._db.transaction() as connection:
            connection.execute(delete(workspaces).where(workspaces.c.name == workspace.name))
            connection.execute(insert(workspaces).values(workspace_columns(workspace)))
        return workspace

    def get(self, name: WorkspaceName) -> Workspace:
        """The workspace, or NotFound with the names that there are."""
        with self._db.reading() as connection:
            row = connection.execute(select(workspaces).where(workspaces.c.name == name)).first()
            if row is not None:
                return _workspace(row)
            few = select(workspaces.c.name).order_by(workspaces.c.name).limit(10)
            names = ", ".join(connection.execute(few).scalars())
        raise NotFound(f"there is no workspace {name!r}; there are: {names or 'none yet'}")

    def list(self) -> list[Workspace]:
        """All workspaces, by name."""
        with self._db.reading() as connection:
            rows = connection.execute(select(workspaces).order_by(workspaces.c.name))
            return [_workspace(row) for row in rows]

    def need_empty(self, name: WorkspaceName) -> None:
        """Raise IllegalMove where the workspace has runs."""
        with self._db.reading() as connection:
            _need_empty(connection, name)

    def remove(self, name: WorkspaceName) -> None:
        """Delete a workspace and its experiments; raises IllegalMove where it has runs."""
        with self._db.transaction() as connection:
            _need_empty(connection, name)
            connection.execute(delete(experiments).where(experiments.c.workspace == name))
            connection.execute(delete(workspaces).where(workspaces.c.name == name))


def _need_empty(connection: Connection, name: WorkspaceName) -> None:
    inside = select(func.count()).select_from(runs).where(runs.c.workspace == name)
    count = connection.execute(inside).scalar_one()
    if count:
        many = "1 run" if count == 1 else f"{count} runs"
        raise IllegalMove(f"workspace {name!r} has {many}: delete them first")


def workspace_columns(workspace: Workspace) -> dict[str, str | None]:
    """A workspace as a row."""
    return {
        "name": workspace.name,
        "subscription_id": workspace.subscription_id,
        "resource_group": workspace.resource_group,
        "location": workspace.location,
        "tags": json.dumps(dict(workspace.tags)),
        "labels": json.dumps(dict(workspace.labels)),
        "created_at": encode_time(workspace.created_at),
    }


def _workspace(row: Row[tuple[object, ...]]) -> Workspace:
    created = decode_time(row.created_at)
    assert created is not None
    return Workspace(
        name=WorkspaceName(row.name),
        created_at=created,
        subscription_id=row.subscription_id,
        resource_group=row.resource_group,
        location=row.location,
        tags=json.loads(row.tags),
        labels=json.loads(row.labels),
    )
