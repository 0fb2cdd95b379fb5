"""The first tables: runs with what they are found by, experiments, workspaces, one counter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and the one row that counts changes."""
    _make_engine()
    _make_places()
    _make_runs()
    _make_parts()


def _make_engine() -> None:
    engine = op.create_table(
        "engine",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(engine, [{"id": 1, "epoch": 0, "holder": "", "seq": 0}])


def _make_places() -> None:
    op.create_table(
        "workspaces",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("subscription_id", sa.Text, nullable=False),
        sa.Column("resource_group", sa.Text, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "experiments",
        sa.Column("workspace", sa.String(255), primary_key=True),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "tombstones",
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("workspace", sa.String(255), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    op.create_index("tombstones_by_change", "tombstones", ["workspace", "seq"])


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("pk", KEY, primary_key=True),
        sa.Column("id", sa.String(255), nullable=False, unique=True),
        sa.Column("workspace", sa.String(255), nullable=False),
        sa.Column("experiment", sa.String(255), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("started_at", sa.String(32)),
        sa.Column("ended_at", sa.String(32)),
        sa.Column("name", sa.Text),
        sa.Column("parent", sa.String(255)),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
    )
    for name, columns in {
        "runs_by_creation": ["workspace", "created_at", "pk"],
        "runs_by_experiment": ["workspace", "experiment", "created_at", "pk"],
        "runs_by_number": ["workspace", "experiment", "number"],
        "runs_by_status": ["workspace", "status", "created_at", "pk"],
        "runs_by_start": ["workspace", "started_at", "pk"],
        "runs_by_end": ["workspace", "ended_at", "pk"],
        "runs_by_name": ["workspace", "name", "pk"],
        "runs_by_change": ["workspace", "seq"],
        "runs_by_parent": ["parent"],
    }.items():
        op.create_index(name, "runs", columns)


def _make_parts() -> None:
    op.create_table(
        "run_bodies",
        _run(),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "run_metrics",
        _run(),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Double),
        sa.Column("text", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_index("metrics_by_value", "run_metrics", ["key", "value", "run"])
    op.create_table(
        "run_labels",
        _run(),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("labels_by_value", "run_labels", ["kind", "key", "value", "run"])


def _run() -> sa.Column[int]:
    part_of = sa.ForeignKey("runs.pk", ondelete="CASCADE")
    return sa.Column("run", KEY, part_of, primary_key=True, autoincrement=False)
