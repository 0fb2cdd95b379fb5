"""The tables. Narrow ones are searched; a run's whole text is read for what is shown only."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)  # fmt: skip

VERSION = 4
"""The newest migration; a test compares these tables with what the migrations make."""

metadata = MetaData()

# SQLite numbers rows by itself in a column that is exactly INTEGER.
_Key = BigInteger().with_variant(Integer, "sqlite")

engine = Table(
    "engine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("root", Text, nullable=False, server_default=""),
)
"""One row: who writes, the number of the last change, and of which root the index is."""

workspaces = Table(
    "workspaces",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("subscription_id", Text, nullable=False),
    Column("resource_group", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("labels", Text, nullable=False, server_default="{}"),
)

experiments = Table(
    "experiments",
    metadata,
    Column("workspace", String(255), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("tags", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("pk", _Key, primary_key=True),
    Column("id", String(255), nullable=False, unique=True),
    Column("workspace", String(255), nullable=False),
    Column("experiment", String(255), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("started_at", String(32)),
    Column("ended_at", String(32)),
    Column("name", Text),
    Column("parent", String(255)),
    Column("seq", BigInteger, nullable=False),
    # What plain words are looked for in, folded to one case.
    Column("search", Text, nullable=False),
    Index("runs_by_creation", "workspace", "created_at", "pk"),
    Index("runs_by_experiment", "workspace", "experiment", "created_at", "pk"),
    Index("runs_by_number", "workspace", "experiment", "number"),
    Index("runs_by_status", "workspace", "status", "created_at", "pk"),
    Index("runs_by_start", "workspace", "started_at", "pk"),
    Index("runs_by_end", "workspace", "ended_at", "pk"),
    Index("runs_by_name", "workspace", "name", "pk"),
    Index("runs_by_change", "workspace", "seq"),
    Index("runs_by_parent", "parent"),
)

run_bodies = Table(
    "run_bodies",
    metadata,
    Column("run", _Key, ForeignKey("runs.pk", ondelete="CASCADE"), primary_key=True),
    Column("body", Text, nullable=False),
)
"""The wire form of each run as JSON, without `seq` and `metrics`."""

run_metrics = Table(
    "run_metrics",
    metadata,
    Column("run", _Key, ForeignKey("runs.pk", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    # NULL in both is not-a-number.
    Column("value", Double),
    Column("text", Text),
    Index("metrics_by_value", "key", "value", "run"),
    sqlite_with_rowid=False,
)
"""The last value of every metric of every run."""

run_labels = Table(
    "run_labels",
    metadata,
    Column("run", _Key, ForeignKey("runs.pk", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("labels_by_value", "kind", "key", "value", "run"),
    sqlite_with_rowid=False,
)
"""Tags, parameters, properties, type and environment, to filter by."""

tombstones = Table(
    "tombstones",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("workspace", String(255), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("tombstones_by_change", "workspace", "seq"),
)
"""Runs that were deleted, so that a page that was away learns of it."""
