"""Checklist calls (6.5): lists, items and templates."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import checklists
from plugin.sandbox.answers import forbidden, unprocessable
from plugin.sandbox.assets import Collector
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.permissions import has_group_right
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_boolean, to_integer


def create(asked: Asked) -> Answer:
    """POST /checklists: one per ticket."""
    world = asked.world
    ticket = asked.find(world.tickets, "Ticket", str(asked.params.get("ticket_id")))
    _require(asked, ticket, "change")
    wanted = asked.params.get("template_id")
    template = asked.find(world.checklist_templates, "ChecklistTemplate", str(wanted)) if wanted else None
    checklist = checklists.create(asked.engine, ticket, template=template)
    return Answer(_full(asked, checklist), status=201)


def show(asked: Asked, checklist_id: str) -> Answer:
    """GET /checklists/:id."""
    checklist = _checklist(asked, checklist_id, "read")
    return Answer(_full(asked, checklist) if asked.flag("full") else _shown(asked, checklist))


def update(asked: Asked, checklist_id: str) -> Answer:
    """PUT or PATCH /checklists/:id: name and order."""
    checklist = _checklist(asked, checklist_id, "change")
    return Answer(_shown(asked, checklists.change(asked.engine, checklist, asked.params)))


def delete(asked: Asked, checklist_id: str) -> Answer:
    """DELETE /checklists/:id."""
    checklists.delete(asked.engine, _checklist(asked, checklist_id, "change"))
    return Answer({})


def create_item(asked: Asked) -> Answer:
    """POST /checklist_items: `checked` is ignored here."""
    checklist = _checklist(asked, str(asked.params.get("checklist_id")), "change")
    item = checklists.add_item(asked.engine, checklist, str(asked.params.get("text") or ""))
    return Answer(item, status=201)


def show_item(asked: Asked, item_id: str) -> Answer:
    """GET /checklist_items/:id: an unknown one is a 403."""
    return Answer(_item(asked, item_id, "read"))


def update_item(asked: Asked, item_id: str) -> Answer:
    """PUT or PATCH /checklist_items/:id: text and tick."""
    item = _item(asked, item_id, "change")
    given: dict[str, Any] = {key: asked.params[key] for key in ("text", "checked") if key in asked.params}
    if "checked" in given:
        given["checked"] = bool(to_boolean(given["checked"]))
    return Answer(checklists.change_item(asked.engine, item, given))


def delete_item(asked: Asked, item_id: str) -> Answer:
    """DELETE /checklist_items/:id."""
    checklists.delete_item(asked.engine, _item(asked, item_id, "change"))
    return Answer({})


def templates(asked: Asked) -> Answer:
    """GET /checklist_templates."""
    asked.require("ticket.agent", "admin.checklist")
    return Answer([_template(asked, row) for row in asked.world.checklist_templates])


def template(asked: Asked, template_id: str) -> Answer:
    """GET /checklist_templates/:id."""
    asked.require("ticket.agent", "admin.checklist")
    return Answer(_template(asked, asked.find(asked.world.checklist_templates, "ChecklistTemplate", template_id)))


def create_template(asked: Asked) -> Answer:
    """POST /checklist_templates."""
    asked.require("admin.checklist")
    name = str(asked.params.get("name") or "").strip()
    if not name:
        raise unprocessable("Name can't be blank")
    row = checklists.make_template(
        asked.world,
        name=name,
        active=to_boolean(asked.params.get("active")) is not False,
        texts=[str(text) for text in asked.params.get("items") or [] if str(text).strip()],
    )
    return Answer(_template(asked, row), status=201)


def update_template(asked: Asked, template_id: str) -> Answer:
    """PUT or PATCH /checklist_templates/:id: name and whether it is offered; items, where given, all anew."""
    asked.require("admin.checklist")
    row = asked.find(asked.world.checklist_templates, "ChecklistTemplate", template_id)
    return Answer(_template(asked, checklists.change_template(asked.world, row, asked.params)))


def delete_template(asked: Asked, template_id: str) -> Answer:
    """DELETE /checklist_templates/:id."""
    asked.require("admin.checklist")
    row = asked.find(asked.world.checklist_templates, "ChecklistTemplate", template_id)
    for item in asked.world.checklist_template_items.where(template_id=row.id):
        asked.world.checklist_template_items.delete(item.id)
    asked.world.checklist_templates.delete(row.id)
    return Answer({})


def _require(asked: Asked, ticket: Row | None, right: str) -> None:
    if ticket is None or not has_group_right(asked.world, asked.caller.user, ticket.group_id, right):
        raise forbidden()


def _checklist(asked: Asked, checklist_id: str, right: str) -> Row:
    row = asked.world.checklists.get(to_integer(checklist_id))
    if row is None:
        raise forbidden()
    _require(asked, checklists.ticket_of(asked.world, row), right)
    return row


def _item(asked: Asked, item_id: str, right: str) -> Row:
    row = asked.world.checklist_items.get(to_integer(item_id))
    if row is None:
        raise forbidden()
    _checklist(asked, str(row.checklist_id), right)
    return row


def _shown(asked: Asked, checklist: Row) -> dict[str, Any]:
    items = asked.world.checklist_items.where(checklist_id=checklist.id)
    return {**checklist, "item_ids": [item.id for item in items]}


def _full(asked: Asked, checklist: Row) -> dict[str, Any]:
    collector = Collector(asked.world, seen_by=asked.caller.user)
    collector.checklist(checklist)
    ticket = checklists.ticket_of(asked.world, checklist)
    if ticket is not None:
        collector.ticket(ticket)
    return {"id": checklist.id, "assets": collector.assets}


def _template(asked: Asked, row: Row) -> dict[str, Any]:
    items = asked.world.checklist_template_items.where(template_id=row.id)
    return {**row, "item_ids": [item.id for item in items]}


ROUTES = (
    Route("POST", "/checklists", create),
    Route("GET", "/checklists/<checklist_id>", show),
    Route("PUT", "/checklists/<checklist_id>", update),
    Route("PATCH", "/checklists/<checklist_id>", update),
    Route("DELETE", "/checklists/<checklist_id>", delete),
    Route("POST", "/checklist_items", create_item),
    Route("GET", "/checklist_items/<item_id>", show_item),
    Route("PUT", "/checklist_items/<item_id>", update_item),
    Route("PATCH", "/checklist_items/<item_id>", update_item),
    Route("DELETE", "/checklist_items/<item_id>", delete_item),
    Route("GET", "/checklist_templates", templates),
    Route("POST", "/checklist_templates", create_template),
    Route("GET", "/checklist_templates/<template_id>", template),
    Route("PUT", "/checklist_templates/<template_id>", update_template),
    Route("PATCH", "/checklist_templates/<template_id>", update_template),
    Route("DELETE", "/checklist_templates/<template_id>", delete_template),
)
