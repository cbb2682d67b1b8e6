"""The indexes, as the newest migration leaves them.

They are apart from the tables for what is said of PostgreSQL's loads its dialect, and no start on SQLite need wait for
that.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Index

from plugin.store.tables import cases, clocks, complaints, effects, inbox, interrupted
from plugin.store.tables import metadata as metadata  # with these indexes


def _partial(name: str, *columns: Column[Any], where: ColumnElement[bool]) -> None:
    """An index of those rows only, which each database wants to be told in its own way."""
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


_partial("inbox_new", inbox.c.id, where=inbox.c.state == "new")
Index("inbox_ticket", inbox.c.ticket_id, inbox.c.id)
Index("inbox_received", inbox.c.received_at)
_partial("inbox_body", inbox.c.received_at, where=inbox.c.body.is_not(None))
_partial("cases_due", cases.c.wake_rank, cases.c.wake_at, where=cases.c.wake_at.is_not(None))
_partial("cases_not_before", cases.c.not_before, where=cases.c.not_before.is_not(None))
Index("cases_number", cases.c.number)
_partial("cases_owned", cases.c.owner_id, cases.c.group_id, where=cases.c.owner_id.is_not(None))
_partial("cases_troubled", cases.c.status, where=cases.c.status != "open")
Index("clocks_limit", clocks.c.state, clocks.c.limit_at)
Index("complaints_customer", complaints.c.customer_id, complaints.c.accepted_at)
for _column in (complaints.c.organization_id, complaints.c.nature, complaints.c.subject):
    _name = f"complaints_{_column.name.removesuffix('_id')}"
    _partial(_name, _column, complaints.c.accepted_at, where=_column.is_not(None))
Index("effects_ticket", effects.c.ticket_id, effects.c.created_at)
Index("effects_kind", effects.c.kind, effects.c.intended_at)
Index("effects_rule", effects.c.rule, effects.c.intended_at)
Index("interrupted_incident", interrupted.c.incident_id)
_partial("effects_unsettled", effects.c.created_at, where=effects.c.state.in_(("intended", "unknown")))
