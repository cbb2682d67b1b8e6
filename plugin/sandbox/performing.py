"""What triggers, jobs and macros do to a ticket: their list of changes, notes, tags and webhooks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from plugin.sandbox import articles, mailing, mentions, tags, tickets
from plugin.sandbox.engine import Engine
from plugin.sandbox.placeholders import rendered
from plugin.sandbox.removal import remove_ticket
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_boolean, to_integer
from plugin.sandbox.world import NOBODY


@dataclass(frozen=True, slots=True)
class Performer:
    """Who performs: `kind` is `trigger`, `job` or `macro`, `row` its record, `user_id` the person behind it."""

    kind: str
    row: Row
    user_id: int
    article: Row | None = None

    @property
    def source(self) -> tickets.Source | None:
        """What history rows name as their source; macros leave none."""
        names = {"trigger": "Trigger", "job": "Job"}
        return (names[self.kind], self.row.id, self.row.name) if self.kind in names else None


def perform(engine: Engine, ticket_id: int, performer: Performer) -> list[str]:
    """Carries out the list on one ticket as the current actor; returns the ids of webhooks to send.

    Order as in Zammad: tags and the like, then the fields in one save, then notes, then mails.
    """
    world = engine.world
    what_to_do: dict[str, Any] = performer.row.perform or {}
    changes: dict[str, Any] = {}
    for key, what in what_to_do.items():
        if key in _SPECIAL:
            _SPECIAL[key](engine, ticket_id, performer, what)
        elif key.startswith("ticket."):
            changes.update(_change(engine, ticket_id, performer, key.partition(".")[2], what))
    tagged = "ticket.tags" in what_to_do and world.manners.version != "6.1"
    if (changes or tagged) and ticket_id in world.tickets:
        tickets.save(engine, ticket_id, changes, source=performer.source)
    for key, write in (("article.note", _note), ("notification.email", _mail)):
        if key in what_to_do and ticket_id in world.tickets:
            write(engine, ticket_id, performer, what_to_do[key])
    webhook = what_to_do.get("notification.webhook")
    return [] if webhook is None else [str(webhook.get("webhook_id"))]


def _change(engine: Engine, ticket_id: int, performer: Performer, column: str, what: dict[str, Any]) -> dict[str, Any]:
    world = engine.world
    if column not in world.tickets[ticket_id]:
        return {}
    condition = what.get("pre_condition")
    if condition == "current_user.id":
        return {column: performer.user_id}
    if condition == "not_set":
        return {column: NOBODY if column == "owner_id" else None}
    if what.get("operator") == "relative":
        return {column: world.now() + _span(what)}
    value = what.get("value")
    if isinstance(value, str) and "#{" in value:
        value = rendered(engine, value, world.tickets[ticket_id], performer.article)
    return {column: tickets.cast(world, column, value)}


def _span(what: dict[str, Any]) -> timedelta:
    amount = to_integer(what.get("value")) or 0
    units = {"minute": 1, "hour": 60, "day": 1440, "week": 10080, "month": 43200, "year": 525600}
    return timedelta(minutes=amount * units.get(str(what.get("range")), 1))


def _tags(engine: Engine, ticket_id: int, performer: Performer, what: dict[str, Any]) -> None:
    names = [name.strip() for name in str(what.get("value") or "").split(",") if name.strip()]
    change = tags.remove if what.get("operator") == "remove" else tags.add
    for name in names:
        change(engine, ticket_id, name, source=performer.source)


def _subscribe(engine: Engine, ticket_id: int, performer: Performer, what: dict[str, Any]) -> None:
    condition = what.get("pre_condition")
    asked = performer.user_id if condition == "current_user.id" else to_integer(what.get("value"))
    if asked is not None:
        mentions.subscribe(engine.world, ticket_id, [asked])


def _delete(engine: Engine, ticket_id: int, performer: Performer, what: dict[str, Any]) -> None:
    del performer
    if what.get("value") == "delete":
        remove_ticket(engine, ticket_id)


_SPECIAL = {"ticket.tags": _tags, "ticket.subscribe": _subscribe, "ticket.action": _delete}


def _note(engine: Engine, ticket_id: int, performer: Performer, what: dict[str, Any]) -> None:
    ticket = engine.world.tickets[ticket_id]
    drafted = articles.system_note(
        rendered(engine, str(what.get("body") or ""), ticket, performer.article),
        subject=rendered(engine, str(what.get("subject") or ""), ticket, performer.article),
        internal=bool(to_boolean(what.get("internal"))),
        origin=performer.kind,
    )
    articles.add(engine, ticket_id, drafted, source=performer.source)


def _mail(engine: Engine, ticket_id: int, performer: Performer, what: dict[str, Any]) -> None:
    world = engine.world
    ticket = world.tickets[ticket_id]
    recipients = mailing.recipients(world, ticket, performer.article, what.get("recipient"))
    if not recipients or world.groups[ticket.group_id].email_address_id not in world.email_addresses:
        return
    text = rendered(engine, str(what.get("body") or ""), ticket, performer.article)
    drafted = articles.Draft(
        columns={
            "body": re.sub(r"<br\s*/>", "<br>", text),
            "subject": rendered(engine, str(what.get("subject") or ""), ticket, performer.article),
            "to": ", ".join(recipients),
            "internal": bool(to_boolean(what.get("internal"))),
            "type_id": articles.EMAIL,
            "sender_id": 3,
            "content_type": "text/html",
            "preferences": {"perform_origin": performer.kind},
        }
    )
    articles.add(engine, ticket_id, drafted, source=performer.source)
