"""The tables, as the newest migration leaves them; their indexes are in ``indexes``."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from plugin.store.types import Bytes, Id, Json, Moment

metadata = MetaData()

inbox = Table(
    "inbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("digest", Bytes(32), nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("delivery_id", Text),
    Column("ticket_id", Id),
    Column("version", Text),
    Column("received_at", Moment, nullable=False),
    Column("body", Bytes),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    CheckConstraint("state IN ('new', 'folded', 'quarantined')", name="inbox_state"),
)

cases = Table(
    "cases",
    metadata,
    Column("ticket_id", Id, primary_key=True, autoincrement=False),
    Column("number", Text),
    Column("status", Text, nullable=False),
    Column("wake_at", Moment),
    Column("wake_reason", Text),
    Column("wake_rank", SmallInteger),
    Column("not_before", Moment),
    Column("generation", Id, nullable=False),
    Column("claimed_generation", Id),
    Column("first_hint_at", Moment),
    Column("hinted_version", Text),
    Column("observed_version", Text),
    Column("snapshot", Json, nullable=False),
    Column("owner_id", Id),
    Column("group_id", Id),
    Column("baseline", Json),
    Column("pack_version", Text),
    Column("parked_reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("first_failure_at", Moment),
    Column("misses", Integer, nullable=False),
    Column("looks", Id, nullable=False),
    Column("last_looked_at", Moment),
    Column("settles", Json, nullable=False),
    Column("data_key", Bytes),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("ticket_id", Id, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("by", Json, nullable=False),
    Column("data", Json, nullable=False),
    Column("payload", Bytes),
    Column("payload_digest", Text),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("ticket_id", "key", "revision", name="facts_key"),
)

clocks = Table(
    "clocks",
    metadata,
    Column("ticket_id", Id, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("epoch", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("limit_at", Moment, nullable=False),
    Column("breached_at", Moment),
    Column("content", Json, nullable=False),
)

complaints = Table(
    "complaints",
    metadata,
    Column("ticket_id", Id, primary_key=True, autoincrement=False),
    Column("customer_id", Id, nullable=False),
    Column("organization_id", Id),
    Column("accepted_at", Moment, nullable=False),
    Column("nature", Text),
    Column("subject", Text),
    Column("explains", SmallInteger, nullable=False),
    Column("surveyed_at", Moment),
)

interrupted = Table(
    "interrupted",
    metadata,
    Column("ticket_id", Id, primary_key=True, autoincrement=False),
    Column("incident_id", Id, primary_key=True, autoincrement=False),
    Column("epoch", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("since", Moment, nullable=False),
    Column("back_at", Moment),
    Column("restored_at", Moment),
)

effects = Table(
    "effects",
    metadata,
    Column("op_key", Text, primary_key=True),
    Column("ticket_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("clause", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("intended_at", Moment),
    Column("settled_at", Moment),
    Column("retry_not_before", Moment),
    Column("tries", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("request", Json, nullable=False),
    Column("outcome", Json, nullable=False),
    Column("pack_version", Text, nullable=False),
)

chores = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("cursor", Json, nullable=False),
    Column("wake_at", Moment, nullable=False),
)

packs = Table(
    "packs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("loaded_at", Moment, nullable=False),
)

activations = Table(
    "activations",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("approver", Text, nullable=False),
    Column("running", Text, nullable=False),
)

brakes = Table(
    "brakes",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    Column("rule", Text, nullable=False),
    Column("most", Integer, nullable=False),
    Column("ticket_id", Id, nullable=False),
    Column("stopped_at", Moment, nullable=False),
    Column("released_at", Moment),
    Column("released_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

switches = Table(
    "switches",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("enforced_since", Moment, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("beat_at", Moment, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("told", Json),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
