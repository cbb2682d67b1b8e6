"""Zammad's history rows as facts: every change of a ticket with its person and time (contract 4.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from plugin.handlers.who import Who
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.people import NOBODY_ID, Actor, Role
from plugin.model.ticket import HistoryRow, StateType, Ticket

FIELD_PREFIX = "steward_"
_SHOWN = frozenset({"group", "state", "priority", "owner", "pending_time", "type"})
"""Attributes whose values are codes or names of our own people; what others hold may be a customer's words."""
_CALCULATED = frozenset(
    {
        "close_at", "last_close_at", "first_response_at", "escalation_at", "last_owner_update_at",
        "last_contact_at", "last_contact_agent_at", "last_contact_customer_at", "time_unit",
    }
)  # fmt: skip
"""What Zammad works out itself and writes beside the change that caused it."""
_CALCULATED_ENDINGS = ("_in_min", "_escalation_at")


def key_of(row: HistoryRow) -> str:
    return f"history:{row.id}"


def created(ticket: Ticket, rows: Sequence[HistoryRow], who: Who, *, known: Timeline, now: datetime) -> Iterator[Fact]:
    """How the ticket began, with the values it had then: unwound from the history, said once."""
    if known.of(FactKind.CREATED):
        return
    row = next((r for r in rows if r.object == "Ticket" and r.type == "created"), None)
    first = first_changes(rows)
    owner_id = _id_at_creation(first, "owner", ticket.owner_id) or NOBODY_ID
    customer_id = _id_at_creation(first, "customer", ticket.customer_id) or ticket.customer_id
    owner = who.user(owner_id) if owner_id != NOBODY_ID else None
    yield Fact(
        # an imported ticket may have no row of its own
        key=key_of(row) if row else "observed:created",
        kind=FactKind.CREATED,
        at=ticket.created_at,
        seen_at=now,
        by=who.actor(row.created_by_id if row else ticket.created_by_id, source=row.source if row else None),
        data={
            "number": ticket.number,
            "group_id": _id_at_creation(first, "group", ticket.group_id),
            "group": str(value_at_creation(first, "group", ticket.group) or ""),
            "owner_id": owner_id,
            "owner": owner.login if owner else "-",
            "customer_id": customer_id,
            "state_type": str(_state_at_creation(ticket, first, who)),
            "priority_id": _id_at_creation(first, "priority", ticket.priority_id),
        },
    )


def changes(
    rows: Iterable[HistoryRow], who: Who, *, known: Timeline, now: datetime, intended: frozenset[str] = frozenset()
) -> Iterator[Fact]:
    """A fact for each row that tells of a change and is not known yet.

    ``intended`` are attributes beside ``steward_*`` that our own writes meant to change: what else a row says in our
    name, Zammad did (an owner who lost the group falls to "-", contract 5.4).
    """
    keys = {fact.key for fact in known}
    for row in rows:
        if row.object != "Ticket" or key_of(row) in keys:
            continue
        fact = _change(row, who)
        if fact is not None:
            yield replace(_as_intended(fact, intended), seen_at=now)


def moved(ticket: Ticket, rows: Iterable[HistoryRow], *, known: Timeline, now: datetime) -> Iterator[Fact]:
    """Known facts whose row in Zammad has another time now: an operator or an import moved it."""
    times = {key_of(row): row.created_at for row in rows}
    for fact in known:
        if fact.kind is FactKind.CREATED:
            times[fact.key] = ticket.created_at
        at = times.get(fact.key)
        if at is not None and at != fact.at:
            yield replace(fact, at=at, seen_at=now, revision=fact.revision + 1)


def is_moved(ticket: Ticket, *, known: Timeline) -> bool:
    """The ticket began at another time than we knew: its articles will have moved too."""
    created = known.of(FactKind.CREATED)
    return bool(created) and created[0].at != ticket.created_at


def revivals(rows: Iterable[HistoryRow], who: Who, *, known: Timeline, now: datetime) -> Iterator[Fact]:
    """A merged ticket that was given another state again: a new epoch begins (contract 5.5)."""
    for row in rows:
        if row.object != "Ticket" or row.attribute != "state":
            continue
        key = f"observed:revived:{row.id}"
        if known.get(key) is None and _leaves_merged(row, who):
            by = who.actor(row.created_by_id, source=row.source)
            yield Fact(key, FactKind.OBSERVED, row.created_at, now, by, {"what": "revived", "value": True})


def first_changes(rows: Iterable[HistoryRow]) -> Mapping[str | None, HistoryRow]:
    """Of each attribute that was ever changed the first recorded change."""
    changed = sorted((r for r in rows if r.object == "Ticket" and r.type == "updated"), key=_place, reverse=True)
    return {row.attribute: row for row in changed}


def value_at_creation(first: Mapping[str | None, HistoryRow], attribute: str, present: Any) -> Any:
    """What the attribute was before its first recorded change; ``present`` where it never changed."""
    row = first.get(attribute)
    return row.value_from if row else present


def _change(row: HistoryRow, who: Who) -> Fact | None:
    if row.type == "updated" and row.attribute and not _is_calculated(row.attribute):
        return _attribute(row, who)
    if row.type in ("added", "removed") and row.attribute == "tag":
        kind = FactKind.TAG_ADDED if row.type == "added" else FactKind.TAG_REMOVED
        return _fact(row, who, kind, {"tag": row.value_to or row.value_from or ""})
    if row.type == "merged_into":
        return _fact(row, who, FactKind.MERGED_INTO, {"target_id": row.id_to})
    if row.type == "time_trigger_performed":
        return _fact(row, who, FactKind.TIME_TRIGGER, {"trigger": row.value_from or ""})
    return None


def _attribute(row: HistoryRow, who: Who) -> Fact:
    name = row.attribute or ""
    data: dict[str, Any] = {"attribute": name, "id_from": row.id_from, "id_to": row.id_to}
    values = {"from": row.value_from or "", "to": row.value_to or ""}
    if name == "state":
        data["state_type_from"] = str(who.state_type(row.id_from or 0, row.value_from or ""))
        data["state_type_to"] = str(who.state_type(row.id_to or 0, row.value_to or ""))
    if name == "owner":
        data |= {"login_from": _login(who, row.id_from), "login_to": _login(who, row.id_to)}
    if name == "customer":
        values |= {"login_from": _login(who, row.id_from), "login_to": _login(who, row.id_to)}
    fact = _fact(row, who, FactKind.CHANGED, data)
    shown = name in _SHOWN or (name.startswith(FIELD_PREFIX) and not fact.by.is_customer)
    return replace(fact, data=data | values) if shown else replace(fact, payload=values)


def _fact(row: HistoryRow, who: Who, kind: FactKind, data: Mapping[str, Any]) -> Fact:
    by = who.actor(row.created_by_id, source=row.source)
    return Fact(key_of(row), kind, row.created_at, row.created_at, by, data)


def _as_intended(fact: Fact, intended: frozenset[str]) -> Fact:
    name = str(fact["attribute"] or "")
    if fact.by.role is not Role.STEWARD or fact.kind is not FactKind.CHANGED:
        return fact
    if name.startswith(FIELD_PREFIX) or name in intended:
        return fact
    return replace(fact, by=Actor(id=fact.by.id, login=fact.by.login, role=Role.SYSTEM))


def _is_calculated(attribute: str) -> bool:
    return attribute in _CALCULATED or attribute.endswith(_CALCULATED_ENDINGS)


def _leaves_merged(row: HistoryRow, who: Who) -> bool:
    before = who.state_type(row.id_from or 0, row.value_from or "")
    after = who.state_type(row.id_to or 0, row.value_to or "")
    return before is StateType.MERGED and after is not StateType.MERGED


def _login(who: Who, user_id: int | None) -> str:
    if user_id is None or user_id == NOBODY_ID:
        return "-"
    user = who.user(user_id)
    return user.login if user else ""


def _place(row: HistoryRow) -> tuple[datetime, int]:
    return row.created_at, row.id


def _id_at_creation(first: Mapping[str | None, HistoryRow], attribute: str, present: int | None) -> int | None:
    row = first.get(attribute)
    return row.id_from if row else present


def _state_at_creation(ticket: Ticket, first: Mapping[str | None, HistoryRow], who: Who) -> StateType:
    row = first.get("state")
    return who.state_type(row.id_from or 0, row.value_from or "") if row else ticket.state_type
