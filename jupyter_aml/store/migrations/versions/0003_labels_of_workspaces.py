"""What SDK v1 told of a workspace beside its names: sku, friendly name, what the cloud had."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Workspaces that are there have none."""
    op.add_column("workspaces", sa.Column("labels", sa.Text(), nullable=False, server_default="{}"))
