"""Checklists of tickets (6.5): items in their own order, references to other tickets that tick themselves."""

from __future__ import annotations

import re
from typing import Any

from plugin.sandbox import history, tickets
from plugin.sandbox.answers import unprocessable
from plugin.sandbox.engine import Engine
from plugin.sandbox.rows import Row
from plugin.sandbox.world import World

MOST_ITEMS = 100
NAME_LENGTH = 250


def create(engine: Engine, ticket: Row, *, template: Row | None = None) -> Row:
    """Makes the ticket's checklist, with one empty item or a template's items."""
    world = engine.world
    if ticket.checklist_id is not None:
        raise unprocessable("This ticket already has a checklist.")
    texts = [""]
    if template is not None:
        if not template.active:
            raise unprocessable("Checklist template must be active.")
        texts = [world.checklist_template_items[int(item)].text for item in template.sorted_item_ids]
    checklist = world.checklists.insert(
        {"name": "" if template is None else template.name, "sorted_item_ids": [], **_stamps(world)}
    )
    for text in texts:
        _insert_item(world, checklist.id, text)
    tickets.save(engine, ticket.id, {"checklist_id": checklist.id})
    tickets.queue_count(engine, ticket.customer_id, by=world.actor_id)  # the ticket is touched before its events
    return world.checklists[checklist.id]


def change(engine: Engine, checklist: Row, asked: dict[str, Any]) -> Row:
    """Renames a checklist or reorders it."""
    world = engine.world
    changes: dict[str, Any] = {}
    if "name" in asked:
        changes["name"] = str(asked["name"] or "")[:NAME_LENGTH]
    if "sorted_item_ids" in asked:
        changes["sorted_item_ids"] = [str(item) for item in asked["sorted_item_ids"] or []]
    changed = _put(world.checklists, world, checklist, changes)
    _new_writer(engine, ticket_of(world, changed))
    return changed


def delete(engine: Engine, checklist: Row) -> None:
    """Removes a checklist with its items; its ticket is touched, tickets its items named get a new writer."""
    world = engine.world
    ticket = ticket_of(world, checklist)
    named = []
    for item in world.checklist_items.where(checklist_id=checklist.id):
        if item.ticket_id in world.tickets:
            named.append(item.ticket_id)
        if ticket is not None:
            _record(world, ticket.id, "removed", item, item.text)
        world.checklist_items.delete(item.id)
    if ticket is not None:
        history.write(
            world,
            kind="removed",
            ticket_id=ticket.id,
            record="Checklist",
            record_id=checklist.id,
            at=checklist.updated_at,
            value_from=None,
            value_to=checklist.name,
        )
        world.tickets.put(ticket.id, checklist_id=None)
        tickets.touch(world, ticket.id)
    world.checklists.delete(checklist.id)
    for ticket_id in named:
        _new_writer(engine, world.tickets[ticket_id])


def add_item(engine: Engine, checklist: Row, text: str) -> Row:
    """Adds an item at the end; a ticket's number in its text links that ticket (contract 4.9)."""
    world = engine.world
    if len(world.checklist_items.where(checklist_id=checklist.id)) >= MOST_ITEMS:
        raise unprocessable(f"Checklist items are limited to {MOST_ITEMS} items per checklist.")
    ticket = ticket_of(world, checklist)
    named = _named_ticket(world, text)
    _refuse_itself(ticket, named)
    item = _insert_item(world, checklist.id, text, named)
    if ticket is not None:
        _record(world, ticket.id, "created", item, text)
    _new_writer(engine, ticket)
    _new_writer(engine, named)
    return item


def change_item(engine: Engine, item: Row, asked: dict[str, Any]) -> Row:
    """Rewords or ticks an item."""
    world = engine.world
    checklist = world.checklists[item.checklist_id]
    ticket = ticket_of(world, checklist)
    changes: dict[str, Any] = {}
    named = world.tickets.get(item.ticket_id)
    if "text" in asked:
        changes["text"] = str(asked["text"] or "")
        named = _named_ticket(world, changes["text"])
        _refuse_itself(ticket, named)
        changes["ticket_id"] = None if named is None else named.id
        if named is not None:
            changes["checked"] = _is_over(world, named)
    if "checked" in asked and named is None:
        changes["checked"] = bool(asked["checked"])
    changed = _put(world.checklist_items, world, item, changes)
    if ticket is not None and changed.checked != item.checked:
        _record(world, ticket.id, "checklist_item_checked", changed, str(changed.checked).lower())
    _new_writer(engine, ticket)
    return changed


def delete_item(engine: Engine, item: Row) -> None:
    """Removes an item."""
    world = engine.world
    checklist = world.checklists[item.checklist_id]
    order = [key for key in checklist.sorted_item_ids if key != str(item.id)]
    _put(world.checklists, world, checklist, {"sorted_item_ids": order})
    ticket = ticket_of(world, checklist)
    if ticket is not None:
        _record(world, ticket.id, "removed", item, item.text)
    world.checklist_items.delete(item.id)
    _new_writer(engine, ticket)
    _new_writer(engine, world.tickets.get(item.ticket_id))


def follow_ticket(engine: Engine, ticket: Row) -> None:
    """Ticks or unticks the items that name a ticket whose state has changed."""
    world = engine.world
    if not world.manners.has_checklists:
        return
    over = _is_over(world, ticket)
    for item in world.checklist_items.where(ticket_id=ticket.id):
        if item.checked != over:
            _put(world.checklist_items, world, item, {"checked": over})
            _new_writer(engine, ticket_of(world, world.checklists[item.checklist_id]))


def ticket_of(world: World, checklist: Row) -> Row | None:
    """The ticket a checklist belongs to."""
    return next((row for row in world.tickets if row.get("checklist_id") == checklist.id), None)


def make_template(world: World, *, name: str, active: bool, texts: list[str]) -> Row:
    """A template for checklists."""
    template = world.checklist_templates.insert(
        {"name": name, "active": active, "sorted_item_ids": [], **_stamps(world)}
    )
    return _with_items(world, template, texts)


def change_template(world: World, template: Row, asked: dict[str, Any]) -> Row:
    """Renames a template, offers it or not, and replaces its items where some are given."""
    changes: dict[str, Any] = {name: asked[name] for name in ("name", "active") if name in asked}
    changed = _put(world.checklist_templates, world, template, changes)
    texts = [str(text) for text in asked.get("items") or [] if str(text).strip()]
    if not texts:
        return changed
    for item in world.checklist_template_items.where(template_id=template.id):
        world.checklist_template_items.delete(item.id)
    return _with_items(world, template, texts)


def _with_items(world: World, template: Row, texts: list[str]) -> Row:
    ids = [world.checklist_template_items.insert({"text": text, "template_id": template.id}).id for text in texts]
    return world.checklist_templates.put(template.id, sorted_item_ids=[str(item) for item in ids])


def _insert_item(world: World, checklist_id: int, text: str, named: Row | None = None) -> Row:
    item = world.checklist_items.insert(
        {
            "text": text,
            "checked": named is not None and _is_over(world, named),
            "checklist_id": checklist_id,
            **_authors(world),
            "ticket_id": None if named is None else named.id,
            **_moments(world),
        }
    )
    checklist = world.checklists[checklist_id]
    _put(world.checklists, world, checklist, {"sorted_item_ids": [*checklist.sorted_item_ids, str(item.id)]})
    return item


def _named_ticket(world: World, text: str) -> Row | None:
    hook = re.escape(str(world.setting("ticket_hook") or "Ticket#"))
    divider = re.escape(str(world.setting("ticket_hook_divider") or ""))
    found = re.search(rf"{hook}{divider}(\d+)\b", text) or re.search(r"#ticket/zoom/(\d+)", text)
    if found is None:
        return None
    if "zoom" in found.group(0):
        return world.tickets.get(int(found.group(1)))
    return world.ticket_by_number(found.group(1))


def _refuse_itself(ticket: Row | None, named: Row | None) -> None:
    if ticket is not None and named is not None and ticket.id == named.id:
        raise unprocessable("Ticket reference must not be the checklist ticket.")


def _is_over(world: World, ticket: Row) -> bool:
    return world.state_type(ticket.state_id) in ("closed", "merged")


def _new_writer(engine: Engine, ticket: Row | None) -> None:
    """Touches a ticket as the current actor: an event only if somebody else wrote last."""
    if ticket is None:
        return
    tickets.save(engine, ticket.id, {})
    tickets.touch(engine.world, ticket.id)


def _put(table: Any, world: World, row: Row, changes: dict[str, Any]) -> Row:
    kept = {name: value for name, value in changes.items() if row.get(name) != value}
    if not kept:
        return row
    changed: Row = table.put_all(row.id, {**kept, "updated_by_id": world.actor_id, "updated_at": world.stamp()})
    return changed


def _record(world: World, ticket_id: int, kind: str, item: Row, text: str) -> None:
    history.write(
        world,
        kind=kind,
        ticket_id=ticket_id,
        record="Checklist::Item",
        record_id=item.id,
        at=item.updated_at,
        value_from=None,
        value_to=text,
    )


def _authors(world: World) -> dict[str, Any]:
    return {"created_by_id": world.actor_id, "updated_by_id": world.actor_id}


def _moments(world: World) -> dict[str, Any]:
    stamp = world.stamp()
    return {"created_at": stamp, "updated_at": stamp}


def _stamps(world: World) -> dict[str, Any]:
    return {**_authors(world), **_moments(world)}
