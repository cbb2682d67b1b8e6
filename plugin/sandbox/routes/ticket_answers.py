"""How tickets are answered: alone, with those around them, or with everything that hangs on them."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import form_meta, links, shapes
from plugin.sandbox.assets import Collector
from plugin.sandbox.door import Answer, Asked
from plugin.sandbox.permissions import full_agents, may_ticket
from plugin.sandbox.rows import Row


def answered(asked: Asked, ticket: Row) -> dict[str, Any]:
    if asked.flag("expand"):
        return shapes.ticket_expanded(asked.world, ticket)
    if asked.flag("full"):
        return with_everybody(asked, ticket)
    if asked.flag("all"):
        return whole(asked, ticket)
    return shapes.ticket_with_ids(asked.world, ticket)


def with_everybody(asked: Asked, ticket: Row) -> dict[str, Any]:
    collector = Collector(asked.world, seen_by=asked.caller.user)
    collector.ticket(ticket)
    return {"id": ticket.id, "assets": collector.assets}


def whole(asked: Asked, ticket: Row) -> dict[str, Any]:
    world = asked.world
    collector = Collector(world, seen_by=asked.caller.user)
    agent = may_ticket(world, asked.caller, ticket, "read") and asked.may("ticket.agent")
    rows = [row for row in world.articles_of(ticket.id) if agent or not row.internal]
    for person in full_agents(world, ticket.group_id):
        # who can own the ticket comes along with `all`
        collector.user(person.id)
    if world.manners.workflow_sends_assets:
        for priority in world.priorities:
            collector.other("TicketPriority", priority)
    collector.ticket(ticket)
    for row in rows:
        collector.article(row)
    checklist = world.checklist_of(ticket)
    if checklist is not None:
        collector.checklist(checklist)
    for other in _named_beside(asked, ticket, checklist):
        collector.ticket(other)
    whole: dict[str, Any] = {
        "ticket_id": ticket.id,
        "ticket_article_ids": [row.id for row in rows],
        "assets": collector.assets,
        "links": links.seen_from(world, ticket.id),
        "tags": world.tags_of(ticket.id),
        "mentions": [row.id for row in world.mentions.where(mentionable_id=ticket.id)],
        "form_meta": form_meta.of_ticket(world, asked.caller, ticket),
    }
    if world.manners.has_checklists:
        whole["time_accountings"] = _time_accountings(asked, ticket)
    return whole


def with_assets(asked: Asked, rows: list[Row], *, key: str) -> Answer:
    collector = Collector(asked.world, seen_by=asked.caller.user)
    for row in rows:
        collector.ticket(row)
    return Answer({key: [row.id for row in rows], "assets": collector.assets})


def _named_beside(asked: Asked, ticket: Row, checklist: Row | None) -> list[Row]:
    """The tickets that links and checklist items name, as far as the caller may read them."""
    world = asked.world
    ids = [link["link_object_value"] for link in links.seen_from(world, ticket.id)]
    ids += [] if checklist is None else [item.ticket_id for item in world.items_of(checklist)]
    rows = [world.tickets[other] for other in ids if other in world.tickets]
    return [row for row in rows if may_ticket(world, asked.caller, row, "read")]


def _time_accountings(asked: Asked, ticket: Row) -> list[dict[str, Any]]:
    keys = ("id", "ticket_id", "ticket_article_id", "time_unit", "type_id")
    return [{key: row[key] for key in keys} for row in asked.world.time_accountings.where(ticket_id=ticket.id)]
