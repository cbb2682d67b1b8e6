"""Triggers on events: at the end of a request each active one is asked, in order of name, about each event."""

from __future__ import annotations

import re

from plugin.sandbox import conditions, mailing
from plugin.sandbox.answers import UNFORESEEN, Refusal
from plugin.sandbox.engine import Engine, TriggerRun
from plugin.sandbox.events import Event
from plugin.sandbox.performing import Performer, perform
from plugin.sandbox.rows import Row
from plugin.sandbox.world import NOBODY


def commit(engine: Engine, run: TriggerRun) -> None:
    """Takes the buffered events, runs the triggers on each and queues the agents' notices."""
    if engine.world.setting("import_mode"):
        engine.events.take()
        return
    for event in engine.events.take():
        if event.ticket_id not in engine.world.tickets:
            continue
        try:
            with engine.rows():
                run_triggers(engine, event, run)
        except (Refusal, *UNFORESEEN):
            # Zammad logs what breaks a pass; nothing of it remains, whichever trigger it was (contract 1.4)
            engine.events.take()
        if not run.silent:
            engine.notices.queue(engine, event)


def by_name(rows: list[Row]) -> list[Row]:
    """Rows as PostgreSQL sorts names: letters and digits first, case and punctuation last."""
    return sorted(rows, key=lambda row: (re.sub(r"[\W_]", "", str(row.name)).casefold(), str(row.name)))


def run_triggers(engine: Engine, event: Event, run: TriggerRun) -> None:
    """One pass: every action trigger, with the recursion guard of contract 3.4."""
    world = engine.world
    performed = run.performed if run.depth else {}
    deeper = TriggerRun(depth=run.depth + 1, performed=performed, silent=True)
    if deeper.depth > int(world.setting("ticket_trigger_recursive_max_loop") or 10):
        return
    recursive = bool(world.setting("ticket_trigger_recursive"))
    active = [row for row in world.triggers if row.active and row.activator == "action"]
    for trigger in by_name(active):
        ticket = world.tickets.get(event.ticket_id)
        if ticket is None:
            return
        article = world.articles.get(event.article_id)
        if not _fires(engine, trigger, ticket, article, event):
            continue
        if deeper.depth > 1 and not recursive:
            return
        done = performed.setdefault(ticket.id, set())
        if trigger.id in done or mailing.answers_a_machine(trigger.perform or {}, article):
            continue
        done.add(trigger.id)
        _carry_out(engine, trigger, article, event)
        if recursive:
            engine.commit_events(deeper)
    if not recursive:
        engine.commit_events(deeper)


def _fires(engine: Engine, trigger: Row, ticket: Row, article: Row | None, event: Event) -> bool:
    world = engine.world
    occasion = conditions.Occasion(
        now=world.now(),
        user=world.users.get(_person(ticket, article)),
        action=event.kind,
        article=article,
        changes=event.changes,
        must_mention=trigger.execution_condition_mode == "selective",
    )
    return conditions.matches(world, trigger.condition, ticket, occasion)


def _person(ticket: Row, article: Row | None) -> int:
    return int(ticket.updated_by_id if article is None else article.updated_by_id)


def _carry_out(engine: Engine, trigger: Row, article: Row | None, event: Event) -> None:
    ticket = engine.world.tickets[event.ticket_id]
    performer = Performer(kind="trigger", row=trigger, user_id=_person(ticket, article), article=article)
    with engine.acting_as(NOBODY):
        webhooks = perform(engine, event.ticket_id, performer)
    for webhook_id in webhooks:
        engine.courier.queue(
            performer=("trigger", trigger.id),
            webhook_id=webhook_id,
            ticket_id=event.ticket_id,
            article_id=event.article_id,
            event=event,
        )
