"""Alembic runs this to migrate over the connection that `Database` holds."""

from __future__ import annotations

from alembic import context

from jupyter_aml.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
