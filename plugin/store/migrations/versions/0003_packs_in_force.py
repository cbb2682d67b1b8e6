"""Which pack was put in force when and by whom, brakes on rules, and the version each effect was decided by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# SQLite makes only an INTEGER primary key the row's own number
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# microseconds since 1970 in UTC
MOMENT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "activations",
        sa.Column("number", ID, autoincrement=True, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("running", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "brakes",
        sa.Column("number", ID, autoincrement=True, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=False),
        sa.Column("released_at", MOMENT, nullable=True),
        sa.Column("released_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.add_column("effects", sa.Column("pack_version", sa.Text(), nullable=False, server_default=""))
