"""Plain pages for people: the list of tickets, and one ticket with everything that hangs on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template

from plugin.sandbox import links
from plugin.sandbox.engine import Engine
from plugin.sandbox.html import plain
from plugin.sandbox.rows import Row
from plugin.sandbox.world import ARTICLE_SENDERS, ARTICLE_TYPES, NOBODY, World

TASK_TAG = "steward:task"


def pages(engine: Engine) -> Blueprint:
    """The blueprint with `/` and `/ticket/<id>`; it only reads."""
    blueprint = Blueprint("pages", __name__, template_folder="templates")

    @blueprint.get("/")
    def index() -> str:
        with engine.world.lock:
            world = engine.world
            rows = [_summary(world, ticket) for ticket in world.tickets]
            now = world.now()
        cases = [row for row in rows if not row["is_task"]]
        tasks = [row for row in rows if row["is_task"]]
        return render_template("tickets.html", cases=cases[::-1], tasks=tasks[::-1], now=_moment(now),
                               like=engine.world.manners.version)  # fmt: skip

    @blueprint.get("/ticket/<int:ticket_id>")
    def ticket(ticket_id: int) -> str:
        with engine.world.lock:
            world = engine.world
            row = world.tickets.get(ticket_id)
            if row is None:
                abort(404)
            page = {**_summary(world, row), **_details(world, row)}
        return render_template("ticket.html", ticket=page, like=engine.world.manners.version)

    return blueprint


def _summary(world: World, ticket: Row) -> dict[str, Any]:
    tags = world.tags_of(ticket.id)
    return {
        "id": ticket.id,
        "number": ticket.number,
        "title": ticket.title,
        "state": world.states[ticket.state_id].name,
        "priority": world.priorities[ticket.priority_id].name,
        "group": world.groups[ticket.group_id].name,
        "owner": "nobody" if ticket.owner_id == NOBODY else world.user_name(ticket.owner_id),
        "customer": world.user_name(ticket.customer_id),
        "tags": tags,
        "is_task": TASK_TAG in tags,
        "fields": _fields(world, ticket),
        "hangs_on": _hangs_on(world, ticket),
        "created": _moment(ticket.created_at),
        "updated": _moment(ticket.updated_at),
    }


def _hangs_on(world: World, ticket: Row) -> str:
    """How many internal notes, tasks and links a ticket has, in words; empty for none."""
    notes = sum(1 for article in world.articles_of(ticket.id) if article.internal)
    others = [world.tickets.get(link["link_object_value"]) for link in links.seen_from(world, ticket.id)]
    linked = [other for other in others if other is not None]
    checklist = world.checklist_of(ticket)
    done = [bool(item.checked) for item in world.items_of(checklist)] if checklist is not None else []
    done += [world.states[o.state_id].name == "closed" for o in linked if TASK_TAG in world.tags_of(o.id)]
    plain_links = sum(1 for other in linked if TASK_TAG not in world.tags_of(other.id))
    parts = [_count(notes, "internal note"), f"{sum(done)} of {_count(len(done), 'task')} done" if done else ""]
    return " · ".join(part for part in (*parts, _count(plain_links, "link")) if part)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number > 1)}" if number else ""


def _fields(world: World, ticket: Row) -> list[tuple[str, str]]:
    shown = []
    for name, attribute in world.ticket_fields.items():
        value = ticket.get(name)
        if value not in (None, "", False):
            text = _moment(value) if hasattr(value, "hour") else str(value)
            shown.append((str(attribute.display or name), text))
    return shown


def _details(world: World, ticket: Row) -> dict[str, Any]:
    checklist = world.checklist_of(ticket)
    linked = []
    for link in links.seen_from(world, ticket.id):
        other = world.tickets.get(link["link_object_value"])
        if other is not None:
            linked.append({**_summary(world, other), "role": link["link_type"] or "linked"})
    return {
        "articles": [_article(world, row) for row in world.articles_of(ticket.id)],
        "checklist": None if checklist is None else checklist.name,
        "items": [] if checklist is None else [dict(item) for item in world.items_of(checklist)],
        "tasks": [other for other in linked if other["is_task"]],
        "links": [other for other in linked if not other["is_task"]],
        "history": [_event(world, row) for row in world.history_of(ticket.id)][::-1],
        "pending": _moment(ticket.pending_time) if ticket.pending_time else "",
    }


def _article(world: World, article: Row) -> dict[str, Any]:
    return {
        "type": ARTICLE_TYPES[article.type_id],
        "sender": ARTICLE_SENDERS[article.sender_id],
        "internal": article.internal,
        "from": article["from"] or world.user_name(article.created_by_id),
        "subject": article.subject,
        "body": plain(article.body) if article.content_type == "text/html" else article.body,
        "created": _moment(article.created_at),
        "files": [file.filename for file in world.attachments.where(article_id=article.id)],
    }


def _event(world: World, row: Row) -> dict[str, Any]:
    what = " ".join(part for part in (row.kind.replace("_", " "), row.get("attribute") or "") if part)
    if row.object != "Ticket":
        what = f"{row.object.rpartition('::')[2].lower()} {what}"
    return {
        "when": _moment(row.created_at),
        "who": world.user_name(row.created_by_id) or "-",
        "what": what,
        "before": row.get("value_from") or "",
        "after": row.get("value_to") or "",
    }


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
