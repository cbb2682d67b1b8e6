"""Complaints by customer, organization, nature and subject, so that a repeated one is seen to be one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# SQLite makes only an INTEGER primary key the row's own number
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# microseconds since 1970 in UTC
MOMENT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "complaints",
        sa.Column("ticket_id", ID, autoincrement=False, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=True),
        sa.Column("accepted_at", MOMENT, nullable=False),
        sa.Column("nature", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("explains", sa.SmallInteger(), nullable=False),
        sa.Column("surveyed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("ticket_id"),
    )
    op.create_index("complaints_customer", "complaints", ["customer_id", "accepted_at"])
    for column in ("organization_id", "nature", "subject"):
        where = sa.text(f"{column} IS NOT NULL")
        name = f"complaints_{column.removesuffix('_id')}"
        op.create_index(name, "complaints", [column, "accepted_at"], sqlite_where=where, postgresql_where=where)
