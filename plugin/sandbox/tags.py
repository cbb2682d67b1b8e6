"""Tags: adding and removing them, which touches a ticket and leaves history but is no event."""

from __future__ import annotations

from plugin.sandbox import history, tickets
from plugin.sandbox.answers import unprocessable
from plugin.sandbox.engine import Engine
from plugin.sandbox.permissions import user_may
from plugin.sandbox.rows import Row
from plugin.sandbox.world import World

LONGEST = 250
"""Longer tags are cut without a word."""


def find_item(world: World, name: str) -> Row | None:
    """The tag of exactly that name (case counts on PostgreSQL)."""
    return world.tag_items.first(name=name)


def is_allowed(world: World, user: Row, name: str) -> bool:
    """Whether somebody may use a tag: where no new ones are wanted, only those that are there (not asked by 6.1)."""
    if world.setting("tag_new") is not False or world.manners.version == "6.1" or user_may(world, user, "admin.tag"):
        return True
    return find_item(world, name.strip()) is not None


def add(engine: Engine, ticket_id: int, name: str, *, source: tickets.Source | None = None) -> bool:
    """Adds a tag; returns whether it is new on the ticket."""
    world = engine.world
    name = name.strip()[:LONGEST]
    _check(world, name)
    item = find_item(world, name) or world.tag_items.insert({"name": name})
    if world.tags.where(ticket_id=ticket_id, item_id=item.id):
        return False
    world.tags.insert({"ticket_id": ticket_id, "item_id": item.id, "created_by_id": world.actor_id})
    tickets.touch(world, ticket_id)
    _record(world, ticket_id, "added", name, source)
    return True


def remove(engine: Engine, ticket_id: int, name: str, *, source: tickets.Source | None = None) -> None:
    """Takes a tag off; what is not there stays as it is."""
    world = engine.world
    item = find_item(world, name.strip())
    rows = world.tags.where(ticket_id=ticket_id, item_id=item.id) if item else []
    if not rows:
        return
    world.tags.delete(rows[0].id)
    tickets.touch(world, ticket_id)
    _record(world, ticket_id, "removed", name.strip(), source)


def rename(world: World, item: Row, name: str) -> None:
    """Renames a tag on every ticket and in what administrators wrote; one of that name takes its place."""
    if not name:
        raise unprocessable("Name can't be blank")
    other = find_item(world, name)
    if name == item.name:
        return
    for row in world.tags.where(item_id=item.id):
        if other is not None and world.tags.where(ticket_id=row.ticket_id, item_id=other.id):
            world.tags.delete(row.id)
        elif other is not None:
            world.tags.put(row.id, item_id=other.id)
        _touch(world, row.ticket_id)
    if other is not None:
        world.tag_items.delete(item.id)
        return
    _rename_in_records(world, item.name, name)
    world.tag_items.put(item.id, name=name)


def forget(world: World, item: Row) -> None:
    """Takes a tag off every ticket and out of the list."""
    for row in world.tags.where(item_id=item.id):
        world.tags.delete(row.id)
        _touch(world, row.ticket_id)
    world.tag_items.delete(item.id)


def _touch(world: World, ticket_id: int) -> None:
    if ticket_id in world.tickets:
        tickets.touch(world, ticket_id)


def _rename_in_records(world: World, old: str, new: str) -> None:
    """Overviews, triggers and jobs that ask for a tag, or set one, go on with its new name."""
    for table in (world.overviews, world.triggers, world.jobs):
        for record in table:
            for column in ("condition", "perform"):
                what = record.get(column) or {}
                part = what.get("ticket.tags")
                names = str(part.get("value") or "").split(", ") if isinstance(part, dict) else []
                if isinstance(part, dict) and old in names:
                    value = ", ".join(new if name == old else name for name in names)
                    table.put_all(record.id, {column: {**what, "ticket.tags": {**part, "value": value}}})


def _check(world: World, name: str) -> None:
    listed = world.manners.tag_refuses_list_characters and ("," in name or "*" in name)
    if not name or listed:
        raise unprocessable("Attribute 'tag_item_id\" of relation \"tags' required!")


def _record(world: World, ticket_id: int, kind: str, name: str, source: tickets.Source | None) -> None:
    history.write(
        world,
        kind=kind,
        ticket_id=ticket_id,
        at=world.tickets[ticket_id].updated_at,
        attribute="tag",
        value_from=None,
        value_to=name,
        source=source,
    )
