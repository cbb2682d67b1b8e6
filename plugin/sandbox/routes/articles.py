"""Article calls: read, add, change visibility, delete, and the files of an article."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from plugin.sandbox import articles, shapes
from plugin.sandbox.answers import Refusal, broken, forbidden
from plugin.sandbox.assets import Collector
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.permissions import has_group_right, may_ticket, require_ticket
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_integer
from plugin.sandbox.world import World


def create(asked: Asked) -> Answer:
    """POST /ticket_articles: needs *create* in the ticket's group, not read."""
    world = asked.world
    ticket = _ticket_of(asked, asked.params.get("ticket_id"))
    if not may_ticket(world, asked.caller, ticket, "create"):
        raise forbidden()
    drafted = articles.draft(asked.engine, asked.caller, ticket, asked.params)
    article = articles.add(asked.engine, ticket.id, drafted)
    asked.engine.settle_sla()
    return Answer(shapes.article(world, article), status=201)


def show(asked: Asked, article_id: str) -> Answer:
    """GET /ticket_articles/:id."""
    return _answer(asked, _readable(asked, article_id))


def by_ticket(asked: Asked, ticket_id: str) -> Answer:
    """GET /ticket_articles/by_ticket/:id: all the caller may see, unpaged."""
    world = asked.world
    ticket = asked.find(world.tickets, "Ticket", ticket_id)
    require_ticket(world, asked.caller, ticket, "read")
    rows = [row for row in world.articles_of(ticket.id) if _sees(asked, ticket, row)]
    if asked.flag("full"):
        collector = Collector(world, seen_by=asked.caller.user)
        for row in rows[-1:]:
            # Zammad starts anew with each article, so that only those of the last one are left
            collector.article(row)
            collector.ticket(ticket)
        return Answer({"record_ids": [row.id for row in rows], "assets": collector.assets})
    return Answer([shapes.article(world, row) for row in rows])


def index(asked: Asked) -> Answer:
    """GET /ticket_articles: for admins only."""
    asked.require("admin")
    offset, size = asked.page(default=100, most=1000)
    rows = list(asked.world.articles)[offset : offset + size]
    return Answer([shapes.article(asked.world, row) for row in rows])


def update(asked: Asked, article_id: str) -> Answer:
    """PUT /ticket_articles/:id: only the visibility and what is highlighted."""
    article = asked.find(asked.world.articles, "Ticket::Article", article_id)
    ticket = asked.world.tickets[article.ticket_id]
    if not has_group_right(asked.world, asked.caller.user, ticket.group_id, "change"):
        raise forbidden()
    return _answer(asked, articles.change(asked.engine, article, asked.params))


def delete(asked: Asked, article_id: str) -> Answer:
    """DELETE /ticket_articles/:id: own notes within ten minutes."""
    world = asked.world
    article = asked.find(world.articles, "Ticket::Article", article_id)
    ticket = world.tickets[article.ticket_id]
    if not (may_ticket(world, asked.caller, ticket, "read") and _sees(asked, ticket, article)):
        raise forbidden()
    if not asked.may("ticket.agent"):
        raise forbidden("Not authorized (agent permission required)!")
    if article.created_by_id != asked.caller.user_id:
        raise forbidden("Not authorized (you can only delete your own notes)!")
    if articles.is_communication(article) and not article.internal:
        raise forbidden("Not authorized (communication articles cannot be deleted)!")
    if article.created_at < world.now() - timedelta(seconds=_delete_seconds(world)):
        raise forbidden("Not authorized (note is too old to be deleted)!")
    articles.delete(asked.engine, article)
    return Answer({})


def attachment(asked: Asked, ticket_id: str, article_id: str, file_id: str) -> Answer:
    """GET /ticket_attachment/:ticket/:article/:file: the bytes of a file."""
    world = asked.world
    ticket = world.tickets.get(to_integer(ticket_id))
    if ticket is None:
        raise broken("Cannot find policy for nil")
    require_ticket(world, asked.caller, ticket, "read")
    article = asked.find(world.articles, "Ticket::Article", article_id)
    if article.ticket_id != ticket.id:
        if world.state_type(ticket.state_id) != "merged":
            raise forbidden("The article does not belong to the specified ticket.")
        require_ticket(world, asked.caller, world.tickets[article.ticket_id], "read")
    file = world.attachments.get(to_integer(file_id))
    if file is None or file.article_id != article.id:
        raise forbidden("The file does not belong to the specified article.")
    kind = _kind(file)
    return Answer(file.data, content_type=kind, headers={"Content-Disposition": _disposition(file, kind)})


def plain_mail(asked: Asked, article_id: str) -> Answer:
    """GET /ticket_article_plain/:id: the mail as it came in; 204 where there is none."""
    article = _readable(asked, article_id)
    raw = asked.engine.raw_mails.get(article.id)
    if not raw:
        return Answer(b"", status=204, content_type="text/html")
    return Answer(raw, content_type="message/rfc822")


def _answer(asked: Asked, article: Row) -> Answer:
    """An article with names, or with everybody around it."""
    if not asked.flag("full") or asked.flag("expand"):
        return Answer(shapes.article(asked.world, article))
    collector = Collector(asked.world, seen_by=asked.caller.user)
    collector.article(article)
    collector.ticket(asked.world.tickets[article.ticket_id])
    return Answer({"id": article.id, "assets": collector.assets})


def _ticket_of(asked: Asked, ticket_id: Any) -> Row:
    number = to_integer(ticket_id)
    row = asked.world.tickets.get(number)
    if row is None:
        raise Refusal(404, f"Couldn't find Ticket with 'id'={'' if number is None else number}")
    return row


def _readable(asked: Asked, article_id: str) -> Row:
    article = asked.find(asked.world.articles, "Ticket::Article", article_id)
    ticket = asked.world.tickets[article.ticket_id]
    require_ticket(asked.world, asked.caller, ticket, "read")
    if not _sees(asked, ticket, article):
        raise forbidden()
    return article


def _sees(asked: Asked, ticket: Row, article: Row) -> bool:
    if not article.internal:
        return True
    return asked.may("ticket.agent") and has_group_right(asked.world, asked.caller.user, ticket.group_id, "read")


def _delete_seconds(world: World) -> int:
    return int(world.setting("ui_ticket_zoom_article_delete_timeframe") or 600)


def _kind(file: Row) -> str:
    preferences = file.preferences
    return str(preferences.get("Mime-Type") or preferences.get("Content-Type") or "application/octet-stream")


def _disposition(file: Row, kind: str) -> str:
    shown = "inline" if kind.startswith("image/") else "attachment"
    plain = unicodedata.normalize("NFKD", file.filename).encode("ascii", "ignore").decode()
    return f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.filename)}"


ROUTES = (
    Route("GET", "/ticket_articles", index),
    Route("POST", "/ticket_articles", create),
    Route("GET", "/ticket_articles/<article_id>", show),
    Route("PUT", "/ticket_articles/<article_id>", update),
    Route("DELETE", "/ticket_articles/<article_id>", delete),
    Route("GET", "/ticket_articles/by_ticket/<ticket_id>", by_ticket),
    Route("GET", "/ticket_attachment/<ticket_id>/<article_id>/<file_id>", attachment),
    Route("GET", "/ticket_article_plain/<article_id>", plain_mail),
)
