"""The indexes, as the newest migration leaves them.

They are apart from the tables for what is said of PostgreSQL's loads its dialect, and no start on SQLite need wait for
that.
"""

from __future__ import annotations

from sqlalchemy import Index

from plugin.store.tables import cases, clocks, effects, inbox
from plugin.store.tables import metadata as metadata  # with these indexes

Index("inbox_new", inbox.c.id, sqlite_where=inbox.c.state == "new", postgresql_where=inbox.c.state == "new")
Index("inbox_ticket", inbox.c.ticket_id, inbox.c.id)
Index("inbox_received", inbox.c.received_at)
Index(
    "inbox_body",
    inbox.c.received_at,
    sqlite_where=inbox.c.body.is_not(None),
    postgresql_where=inbox.c.body.is_not(None),
)
Index(
    "cases_due",
    cases.c.wake_rank,
    cases.c.wake_at,
    sqlite_where=cases.c.wake_at.is_not(None),
    postgresql_where=cases.c.wake_at.is_not(None),
)
Index(
    "cases_not_before",
    cases.c.not_before,
    sqlite_where=cases.c.not_before.is_not(None),
    postgresql_where=cases.c.not_before.is_not(None),
)
Index("cases_number", cases.c.number)
Index(
    "cases_owned",
    cases.c.owner_id,
    cases.c.group_id,
    sqlite_where=cases.c.owner_id.is_not(None),
    postgresql_where=cases.c.owner_id.is_not(None),
)
Index(
    "cases_troubled",
    cases.c.status,
    sqlite_where=cases.c.status != "open",
    postgresql_where=cases.c.status != "open",
)
Index("clocks_limit", clocks.c.state, clocks.c.limit_at)
Index("effects_ticket", effects.c.ticket_id, effects.c.created_at)
Index("effects_kind", effects.c.kind, effects.c.intended_at)
Index("effects_rule", effects.c.rule, effects.c.intended_at)
Index(
    "effects_unsettled",
    effects.c.created_at,
    sqlite_where=effects.c.state.in_(("intended", "unknown")),
    postgresql_where=effects.c.state.in_(("intended", "unknown")),
)
