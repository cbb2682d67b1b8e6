"""Our tasks as people left them: an item ticked, a task ticket closed, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from plugin.handlers.who import Who
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.people import SYSTEM, Actor
from plugin.model.ticket import CLOSED_TYPES, Checklist, HistoryRow, LinkedTicket

OPEN = (EffectState.APPLIED,)


def of_items(
    checklist: Checklist, effects: Iterable[Effect], who: Who, *, known: Timeline, now: datetime
) -> Iterator[Fact]:
    """Ticks on our items. Zammad has no history row for them: by and at are the item's own."""
    items = {item.id: item for item in checklist.items}
    for effect in _standing(effects, EffectKind.ITEM):
        item = items.get(int(effect.outcome.get("item_id") or 0))
        if item is None or item.checked == _is_done(effect, known):
            continue
        at = item.updated_at or now
        by = who.actor(item.updated_by_id) if item.updated_by_id else SYSTEM
        yield _fact(
            effect, f"item:{item.id}:{at.isoformat()}", done=item.checked, at=at, by=by, now=now, item_id=item.id
        )


def of_tickets(
    linked: Iterable[LinkedTicket],
    effects: Iterable[Effect],
    who: Who,
    *,
    known: Timeline,
    histories: Mapping[int, Iterable[HistoryRow]],
    now: datetime,
) -> Iterator[Fact]:
    """Task tickets that were closed or reopened. ``histories`` are those of the tickets that changed."""
    tickets = {ticket.id: ticket for ticket in linked}
    for effect in _standing(effects, EffectKind.TASK):
        ticket = tickets.get(int(effect.outcome.get("ticket_id") or 0))
        if ticket is None or not has_moved(ticket, effect, known):
            continue
        closed = ticket.state_type in CLOSED_TYPES
        rows = [*histories.get(ticket.id, ())]
        row = _last_state_row(rows)
        by = who.actor(row.created_by_id, source=row.source) if row else SYSTEM
        at = row.created_at if row else ticket.close_at or now
        key = f"task:{ticket.id}:{row.id if row else at.isoformat()}"
        proved = closed and any(_is_by_agent(row, who) for row in rows)
        yield _fact(effect, key, done=closed, at=at, by=by, now=now, ticket_id=ticket.id, proved=proved)


def moved(linked: Iterable[LinkedTicket], effects: Iterable[Effect], *, known: Timeline) -> tuple[int, ...]:
    """Ids of the task tickets whose histories are worth reading."""
    by_id = {int(e.outcome.get("ticket_id") or 0): e for e in _standing(effects, EffectKind.TASK)}
    return tuple(t.id for t in linked if t.id in by_id and has_moved(t, by_id[t.id], known))


def has_moved(ticket: LinkedTicket, effect: Effect, known: Timeline) -> bool:
    """Whether the task ticket is open or closed otherwise than the timeline has it."""
    return (ticket.state_type in CLOSED_TYPES) != _is_done(effect, known)


def _standing(effects: Iterable[Effect], kind: EffectKind) -> Iterator[Effect]:
    return (effect for effect in effects if effect.kind is kind and effect.state in OPEN)


def _is_done(effect: Effect, known: Timeline) -> bool:
    said = [f for f in known.of(FactKind.TASK_DONE, FactKind.TASK_REOPENED) if f["op_key"] == effect.op_key]
    return bool(said) and said[-1].kind is FactKind.TASK_DONE


def _fact(effect: Effect, key: str, *, done: bool, at: datetime, by: Actor, now: datetime, **data: Any) -> Fact:
    kind = FactKind.TASK_DONE if done else FactKind.TASK_REOPENED
    named = {"task": effect.request.get("task"), "op_key": effect.op_key, **data}
    return Fact(key, kind, at, now, by, named)


def _is_by_agent(row: HistoryRow, who: Who) -> bool:
    """Whether an agent wrote an article there: it shows what was done."""
    is_article = row.object == "Ticket::Article" and row.type == "created"
    return is_article and who.actor(row.created_by_id, source=row.source).is_agent


def _last_state_row(rows: Iterable[HistoryRow]) -> HistoryRow | None:
    found = [r for r in rows if r.object == "Ticket" and r.type == "updated" and r.attribute == "state"]
    return max(found, key=lambda r: (r.created_at, r.id), default=None)
