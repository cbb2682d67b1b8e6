"""A sign of life carries what the worker tells of its condition: web processes show it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("workers", sa.Column("told", sa.Text(), nullable=True))
