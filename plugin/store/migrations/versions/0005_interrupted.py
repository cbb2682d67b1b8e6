"""Which tickets are linked to which interruption, so that each of them is told by a visit of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

# SQLite makes only an INTEGER primary key the row's own number
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# microseconds since 1970 in UTC
MOMENT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "interrupted",
        sa.Column("ticket_id", ID, autoincrement=False, nullable=False),
        sa.Column("incident_id", ID, autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("back_at", MOMENT, nullable=True),
        sa.Column("restored_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", "incident_id"),
    )
    op.create_index("interrupted_incident", "interrupted", ["incident_id"])
