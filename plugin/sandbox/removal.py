"""Removing a ticket with everything that hangs on it."""

from __future__ import annotations

from plugin.sandbox.engine import Engine
from plugin.sandbox.world import NOBODY


def remove_ticket(engine: Engine, ticket_id: int) -> None:
    """Deletes a ticket, its articles, files, tags, links, history and checklist; no event (contract 3.1)."""
    world = engine.world
    for article in world.articles_of(ticket_id):
        for file in world.attachments.where(article_id=article.id):
            world.attachments.delete(file.id)
        world.articles.delete(article.id)
    checklist = world.checklist_of(world.tickets[ticket_id])
    if checklist is not None:
        for item in world.checklist_items.where(checklist_id=checklist.id):
            world.checklist_items.delete(item.id)
        world.checklists.delete(checklist.id)
    for item in world.checklist_items.where(ticket_id=ticket_id):
        world.checklist_items.put(item.id, ticket_id=None)
    _remove_rows(engine, ticket_id)
    ticket = world.tickets[ticket_id]
    by = ticket.updated_by_id if world.actor_id == NOBODY else world.actor_id
    engine.recount(ticket.customer_id, by=by)
    world.tickets.delete(ticket_id)


def _remove_rows(engine: Engine, ticket_id: int) -> None:
    world = engine.world
    for table, key in (
        (world.history, "ticket_id"),
        (world.tags, "ticket_id"),
        (world.time_accountings, "ticket_id"),
        (world.mentions, "mentionable_id"),
        (world.online_notifications, "o_id"),
    ):
        for row in table.where(**{key: ticket_id}):
            table.delete(row.id)
    for row in world.links_of(ticket_id):
        world.links.delete(row.id)
