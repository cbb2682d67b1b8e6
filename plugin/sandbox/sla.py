"""Zammad's own service levels: when a ticket escalates, and how long answers and solutions took."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from plugin.sandbox import conditions, tickets
from plugin.sandbox.calendars import after_minutes, minutes_between
from plugin.sandbox.engine import Engine
from plugin.sandbox.rows import Row
from plugin.sandbox.values import iso
from plugin.sandbox.world import OPEN_STATES, World

ESCALATIONS = ("first_response_escalation_at", "update_escalation_at", "close_escalation_at")


def recalculate(engine: Engine, ticket_id: int, *, forced: bool = False) -> None:
    """Reckons a saved ticket's escalation anew and saves what changed, as Zammad does after each commit.

    Only the clocks whose moments moved since the last time are reckoned; `forced` reckons all.
    """
    world = engine.world
    ticket = world.tickets.get(ticket_id)
    if ticket is None or world.setting("import_mode"):
        return
    changes = _reckoned(world, ticket, forced=forced)
    if any(ticket.get(name) != value for name, value in changes.items()):
        with engine.acting_as(ticket.updated_by_id):
            tickets.save(engine, ticket_id, changes)
        engine.take_touched()


def queue_rebuild(engine: Engine) -> None:
    """Queues that all open tickets are reckoned anew, as a change of an SLA or a calendar asks for."""
    if not engine.world.setting("import_mode"):
        engine.jobs.add("TicketEscalationRebuildJob", lambda: _rebuild(engine), run_at=engine.world.now())


def _rebuild(engine: Engine) -> None:
    """The job commits no events: what it changed is told when the worker commits the next time."""
    world = engine.world
    for ticket in list(world.tickets):
        if world.state_type(ticket.state_id) not in OPEN_STATES:
            continue
        changes = _reckoned(world, ticket, forced=True)
        if any(ticket.get(name) != value for name, value in changes.items()):
            with engine.aside(), engine.acting_as(ticket.updated_by_id):
                tickets.save(engine, ticket.id, changes)
            engine.take_touched()
    engine.settle_sla()
    world.journal.forget()


def matching(world: World, ticket: Row) -> Row | None:
    """The first SLA by name that fits the ticket; one without condition is the fallback."""
    fallback = None
    for sla in sorted(world.slas, key=lambda row: str(row.name).casefold()):
        if not sla.condition:
            fallback = sla  # the last one by name
        elif conditions.matches(world, sla.condition, ticket, conditions.Occasion(now=world.now())):
            return sla
    return fallback


def _reckoned(world: World, ticket: Row, *, forced: bool = False) -> dict[str, Any]:
    ignored = bool(world.states[ticket.state_id].ignore_escalation)
    noted = ticket.preferences.get("escalation_calculation") or {}
    if ignored and not forced and _shown(ticket.close_at) == noted.get("close_at"):
        disabled = {**noted, "escalation_disabled": True}
        return {**_cleared(), "preferences": {**ticket.preferences, "escalation_calculation": disabled}}
    sla = matching(world, ticket)
    calendar = None if sla is None else world.calendars.get(sla.calendar_id)
    if sla is None or calendar is None:
        return _cleared()
    now_noted = _notes(ticket, sla, calendar, ignored=ignored)
    if now_noted == noted and not ignored:
        # nothing to count anew; moments that were moved behind Zammad's back come back
        return _escalations(sla, calendar, ticket, _Changes(ticket, {}, now_noted), ignored=ignored)
    fresh = _Changes(ticket, {} if forced else noted, now_noted)
    return {
        **_escalations(sla, calendar, ticket, fresh, ignored=ignored),
        **_statistics(sla, calendar, ticket, fresh),
        "preferences": {**ticket.preferences, "escalation_calculation": now_noted},
    }


class _Changes:
    """Which of the moments an SLA counts from have moved since it was reckoned last."""

    def __init__(self, ticket: Row, before: dict[str, Any], now: dict[str, Any]) -> None:
        self.ticket = ticket
        rules = ("sla_id", "sla_updated_at", "calendar_id", "calendar_updated_at")
        reopened = bool(before.get("escalation_disabled")) and not now["escalation_disabled"]
        self._all = reopened or any(before.get(key) != now.get(key) for key in rules)
        self._moved = {key for key in ("first_response_at", "last_update_at", "close_at", "last_contact_at")
                       if before.get(key) != now.get(key)}  # fmt: skip

    def any_of(self, *keys: str) -> bool:
        return self._all or not self._moved.isdisjoint(keys)


def _cleared() -> dict[str, Any]:
    return dict.fromkeys((*ESCALATIONS, "escalation_at"))


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def _notes(ticket: Row, sla: Row, calendar: Row, *, ignored: bool) -> dict[str, Any]:
    contacts = [at for at in (ticket.last_contact_agent_at, ticket.last_contact_customer_at) if at is not None]
    contacts = [
        moment for moment in (ticket.last_contact_agent_at, ticket.last_contact_customer_at) if moment is not None
    ]
    notes = {
        "first_response_at": _shown(ticket.first_response_at),
        "last_update_at": _shown(max(contacts, default=None)),
        "close_at": _shown(ticket.close_at),
        "last_contact_at": _shown(ticket.last_contact_at),
        "sla_id": sla.id,
        "sla_updated_at": _shown(sla.updated_at),
        "calendar_id": calendar.id,
        "calendar_updated_at": _shown(calendar.updated_at),
        "escalation_disabled": ignored,
    }
    return {key: value for key, value in notes.items() if value is not None}


def _escalations(sla: Row, calendar: Row, ticket: Row, fresh: _Changes, *, ignored: bool) -> dict[str, Any]:
    moments = {name: ticket[name] for name in ESCALATIONS}
    if fresh.any_of("first_response_at"):
        open_still = sla.first_response_time and ticket.first_response_at is None and not ignored
        due = after_minutes(calendar, ticket.created_at, sla.first_response_time) if open_still else None
        moments["first_response_escalation_at"] = due
    if fresh.any_of("last_update_at", "last_contact_at"):
        moments["update_escalation_at"] = None if ignored else _update_due(sla, calendar, ticket)
    if fresh.any_of("close_at"):
        open_still = sla.solution_time and ticket.close_at is None and not ignored
        due = after_minutes(calendar, ticket.created_at, sla.solution_time) if open_still else None
        moments["close_escalation_at"] = due
    due_moments = [moment for moment in moments.values() if moment is not None]
    return {**moments, "escalation_at": None if ignored else min(due_moments, default=None)}


def _update_due(sla: Row, calendar: Row, ticket: Row) -> datetime | None:
    if sla.response_time:
        if not _customer_waits(ticket):
            return None
        return after_minutes(calendar, ticket.last_contact_customer_at, sla.response_time)
    if sla.update_time:
        return after_minutes(calendar, ticket.last_contact_at or ticket.created_at, sla.update_time)
    return None


def _customer_waits(ticket: Row) -> bool:
    asked, answered = ticket.last_contact_customer_at, ticket.last_contact_agent_at
    return asked is not None and (answered is None or answered < asked)


def _statistics(sla: Row, calendar: Row, ticket: Row, fresh: _Changes) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    if sla.first_response_time and ticket.first_response_at and fresh.any_of("first_response_at"):
        numbers |= _used("first_response", calendar, ticket.created_at, ticket.first_response_at,
                         sla.first_response_time)  # fmt: skip
    if fresh.any_of("last_update_at", "last_contact_at"):
        numbers |= _update_used(sla, calendar, ticket)
    if sla.solution_time and ticket.close_at and fresh.any_of("close_at"):
        numbers |= _used("close", calendar, ticket.created_at, ticket.close_at, sla.solution_time)
    return numbers


def _update_used(sla: Row, calendar: Row, ticket: Row) -> dict[str, Any]:
    asked, answered = ticket.last_contact_customer_at, ticket.last_contact_agent_at
    if not sla.response_time or asked is None or answered is None or answered < asked:
        return {}
    used = _used("update", calendar, asked, answered, sla.response_time)
    longest = ticket.update_in_min
    return used if longest is None or used["update_in_min"] > longest else {}


def _used(name: str, calendar: Row, start: datetime, end: datetime, allowed: int) -> dict[str, Any]:
    minutes = minutes_between(calendar, start, end)
    return {f"{name}_in_min": minutes, f"{name}_diff_in_min": allowed - minutes}
