"""Types and properties of runs can be filtered by: they are labels, taken from the bodies."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MANY = 500

_bodies = sa.table("run_bodies", sa.column("run", sa.BigInteger), sa.column("body", sa.Text))
_labels = sa.table(
    "run_labels",
    sa.column("run", sa.BigInteger),
    sa.column("kind", sa.String),
    sa.column("key", sa.Text),
    sa.column("value", sa.Text),
)


def upgrade() -> None:
    """Enter what is not there yet; a run whose body cannot be read is left as it is."""
    connection = op.get_bind()
    connection.execute(sa.delete(_labels).where(_labels.c.kind.in_(("type", "property"))))
    last = -1
    while True:
        some = connection.execute(
            sa.select(_bodies.c.run, _bodies.c.body)
            .where(_bodies.c.run > last)
            .order_by(_bodies.c.run)
            .limit(_MANY)
        ).all()
        if not some:
            return
        last = some[-1].run
        rows = [row for pk, body in some for row in _of(pk, body)]
        if rows:
            op.bulk_insert(_labels, rows)


def _of(pk: int, body: str) -> list[dict[str, Any]]:
    try:
        told = json.loads(body)
        kind, properties = told["type"], dict(told["properties"])
    except (ValueError, KeyError, TypeError):
        return []
    pairs = {("property", key): str(value) for key, value in properties.items()}
    pairs["type", kind] = ""
    return [
        {"run": pk, "kind": label, "key": key, "value": value}
        for (label, key), value in pairs.items()
    ]
