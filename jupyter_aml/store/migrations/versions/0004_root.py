"""Of which root the index is: a database that lies apart may be that of one root alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """An index that is there belongs to the root that opens it next."""
    op.add_column("engine", sa.Column("root", sa.Text(), nullable=False, server_default=""))
