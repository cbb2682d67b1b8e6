"""Lay down the first tables: inbox, cases, facts, clocks, effects, chores, packs, switches, workers, meta."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite makes only an INTEGER primary key the row's own number
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# microseconds since 1970 in UTC
MOMENT = sa.BigInteger()


def partial_index(name: str, table: str, columns: list[str], *, where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("ticket_id", ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("wake_at", MOMENT, nullable=True),
        sa.Column("wake_reason", sa.Text(), nullable=True),
        sa.Column("wake_rank", sa.SmallInteger(), nullable=True),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("generation", ID, nullable=False),
        sa.Column("claimed_generation", ID, nullable=True),
        sa.Column("first_hint_at", MOMENT, nullable=True),
        sa.Column("hinted_version", sa.Text(), nullable=True),
        sa.Column("observed_version", sa.Text(), nullable=True),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("owner_id", ID, nullable=True),
        sa.Column("group_id", ID, nullable=True),
        sa.Column("baseline", sa.Text(), nullable=True),
        sa.Column("pack_version", sa.Text(), nullable=True),
        sa.Column("parked_reason", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("first_failure_at", MOMENT, nullable=True),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("looks", ID, nullable=False),
        sa.Column("last_looked_at", MOMENT, nullable=True),
        sa.Column("settles", sa.Text(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id"),
    )
    partial_index("cases_due", "cases", ["wake_rank", "wake_at"], where="wake_at IS NOT NULL")
    partial_index("cases_not_before", "cases", ["not_before"], where="not_before IS NOT NULL")
    op.create_index("cases_number", "cases", ["number"])
    partial_index("cases_owned", "cases", ["owner_id", "group_id"], where="owner_id IS NOT NULL")
    partial_index("cases_troubled", "cases", ["status"], where="status != 'open'")
    op.create_table(
        "chores",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("wake_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "clocks",
        sa.Column("ticket_id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("limit_at", MOMENT, nullable=False),
        sa.Column("breached_at", MOMENT, nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "name", "epoch"),
    )
    op.create_index("clocks_limit", "clocks", ["state", "limit_at"])
    op.create_table(
        "effects",
        sa.Column("op_key", sa.Text(), nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("intended_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("retry_not_before", MOMENT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("op_key"),
    )
    op.create_index("effects_kind", "effects", ["kind", "intended_at"])
    op.create_index("effects_rule", "effects", ["rule", "intended_at"])
    op.create_index("effects_ticket", "effects", ["ticket_id", "created_at"])
    partial_index("effects_unsettled", "effects", ["created_at"], where="state IN ('intended', 'unknown')")
    op.create_table(
        "facts",
        sa.Column("ticket_id", ID, autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("payload_digest", sa.Text(), nullable=True),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "seq"),
        sa.UniqueConstraint("ticket_id", "key", "revision", name="facts_key"),
    )
    op.create_table(
        "inbox",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=True),
        sa.Column("ticket_id", ID, nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('new', 'folded', 'quarantined')", name="inbox_state"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    partial_index("inbox_body", "inbox", ["received_at"], where="body IS NOT NULL")
    partial_index("inbox_new", "inbox", ["id"], where="state = 'new'")
    op.create_index("inbox_received", "inbox", ["received_at"])
    op.create_index("inbox_ticket", "inbox", ["ticket_id", "id"])
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "packs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("loaded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", "version"),
    )
    op.create_table(
        "switches",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("enforced_since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("rule"),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("beat_at", MOMENT, nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
