"""Agents' notices: who hears of an event, online and by mail, as Zammad's notification job decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plugin.sandbox import history
from plugin.sandbox.engine import Engine
from plugin.sandbox.events import Event
from plugin.sandbox.permissions import full_agents, user_may
from plugin.sandbox.rows import Row
from plugin.sandbox.world import NOBODY, SYSTEM, World

_VISIBLE = frozenset(
    {"title", "number", "customer_id", "organization_id", "type", "group_id", "owner_id", "state_id"}
    | {"pending_time", "priority_id"}
)
"""Built-in ticket attributes whose change is worth a notice."""

NOTICE_TYPES = {"create": 1, "update": 2, "escalation": 3, "escalation_warning": 4, "reminder_reached": 5}


@dataclass(frozen=True, slots=True)
class Notice:
    """One agent told about one event of a ticket, over these channels."""

    ticket_id: int
    login: str
    kind: str
    channels: tuple[str, ...]


class NoticeBook:
    """Counts the notices and queues the jobs that send them."""

    def __init__(self) -> None:
        self.sent: list[Notice] = []

    def queue(self, engine: Engine, event: Event, *, by_person: bool = True) -> None:
        """Queues the notification job of an event."""
        engine.jobs.add(
            "TransactionJob",
            lambda: self._tell(engine, event, by_person=by_person),
            run_at=engine.world.now(),
        )

    def _tell(self, engine: Engine, event: Event, *, by_person: bool) -> None:
        world = engine.world
        with world.lock:
            ticket = world.tickets.get(event.ticket_id)
            if ticket is None or world.setting("import_mode"):
                return
            article = _worth_telling(world, event)
            if article == "silent":
                return
            for user, channels in _recipients(world, ticket, event.kind):
                if _told(world, user, event, article, by_person=by_person):
                    self._send(engine, ticket, user, channels, event)
            world.journal.forget()

    def _send(self, engine: Engine, ticket: Row, user: Row, channels: dict[str, Any], event: Event) -> None:
        world = engine.world
        used = []
        if channels.get("online"):
            used.append("online")
            _note_online(world, ticket, user, event)
        if channels.get("email") and user.email:
            used.append("email")
        if not used:
            return
        self.sent.append(Notice(ticket.id, user.login, event.kind, tuple(used)))
        history.write(
            world,
            kind="notification",
            ticket_id=ticket.id,
            at=world.stamp(),
            by=event.user_id or NOBODY,
            value_from=None,
            value_to=f"{user.email or user.login}({event.kind}:{','.join(used)})",
        )


def _worth_telling(world: World, event: Event) -> Row | str | None:
    """The article to tell of, None where there is none, "silent" where nobody is told."""
    article = world.articles.get(event.article_id)
    if article is None:
        return None
    loud = article.preferences.get("notification") is True
    if article.preferences.get("notification") is False:
        return "silent"
    if article.sender_id != SYSTEM or loud:
        return article
    # a creation has no changes to tell of: made with a System note it is silent
    return None if event.changes and event.kind != "create" else "silent"


def _recipients(world: World, ticket: Row, kind: str) -> list[tuple[Row, dict[str, Any]]]:
    people = sorted(full_agents(world, ticket.group_id), key=lambda user: str(user.login))
    people += [world.users[row.user_id] for row in world.mentions.where(mentionable_id=ticket.id)]
    if ticket.owner_id != NOBODY:
        people.append(world.users[ticket.owner_id])
    found: dict[int, tuple[Row, dict[str, Any]]] = {}
    for user in people:
        channels = _channels(world, user, ticket, kind)
        if channels is not None and user.active:
            found.setdefault(user.id, (user, channels))
    return list(found.values())


def _channels(world: World, user: Row, ticket: Row, kind: str) -> dict[str, Any] | None:
    matrix = (user.preferences.get("notification_config") or {}).get("matrix") or {}
    row = matrix.get(_matrix_row(kind))
    if not row:
        return None
    criteria, channels = row.get("criteria") or {}, dict(row.get("channel") or {})
    owned_by_me = ticket.owner_id == user.id
    subscribed = bool(world.mentions.where(mentionable_id=ticket.id, user_id=user.id))
    wanted = (
        criteria.get("no")
        or (criteria.get("owned_by_me") and owned_by_me)
        or (criteria.get("owned_by_nobody") and ticket.owner_id == NOBODY)
        or (criteria.get("subscribed") and subscribed)
    )
    return channels if wanted else None


def _matrix_row(kind: str) -> str:
    if kind.startswith("update"):
        return "update"
    return "escalation" if kind.startswith("escalation") else kind


def _told(world: World, user: Row, event: Event, article: Row | str | None, *, by_person: bool) -> bool:
    if by_person and _did_it(user, event, article):
        return False
    if event.kind == "update" and article is None:
        return any(_sees(world, user, column) for column in event.changes)
    return True


def _did_it(user: Row, event: Event, article: Row | str | None) -> bool:
    author = article.updated_by_id if isinstance(article, Row) else event.user_id
    return bool(author == user.id)


def _sees(world: World, user: Row, column: str) -> bool:
    if column in _VISIBLE:
        return True
    field = world.ticket_fields.get(column)
    if field is None:
        return False
    asked = field.data_option.get("permission")
    return not asked or user_may(world, user, *asked)


def _note_online(world: World, ticket: Row, user: Row, event: Event) -> None:
    stamp = world.stamp()
    world.online_notifications.insert(
        {
            "o_id": ticket.id,
            "object_lookup_id": 1,
            "type_lookup_id": NOTICE_TYPES.get(event.kind, 6),
            "type": event.kind,
            "user_id": user.id,
            "seen": world.state_type(ticket.state_id) in ("closed", "merged"),
            "updated_by_id": event.user_id or NOBODY,
            "created_by_id": event.user_id or NOBODY,
            "created_at": stamp,
            "updated_at": stamp,
        }
    )
