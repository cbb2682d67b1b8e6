"""Agents' notices: who hears of an event, online and by mail, as Zammad's notification job decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plugin.sandbox import history
from plugin.sandbox.engine import Engine
from plugin.sandbox.events import Event
from plugin.sandbox.people import replacements
from plugin.sandbox.permissions import full_agents, has_group_right, user_may
from plugin.sandbox.rows import Row
from plugin.sandbox.world import NOBODY, SYSTEM, World

_VISIBLE = frozenset(
    {"title", "number", "customer_id", "organization_id", "group_id", "owner_id", "state_id", "pending_time"}
    | {"priority_id"}
)
"""Built-in ticket attributes whose change is worth a notice (`type` is switched off in a fresh Zammad)."""

NOTICE_TYPES = {
    "create": 1,
    "update": 2,
    "update.merged_into": 3,
    "update.received_merge": 4,
    "reminder_reached": 6,
    "escalation": 7,
    "escalation_warning": 8,
}
"""Zammad numbers the kinds as it first needs them; these are the recorded servers'."""

REMINDERS = frozenset({"reminder_reached", "escalation", "escalation_warning"})
"""Kinds the clock brings about: told once a day to each person, the newest one standing for the older ones."""


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

    def queue(self, engine: Engine, event: Event) -> None:
        """Queues the notification job of an event."""
        engine.jobs.add("TransactionJob", lambda: self._work(engine, event), run_at=engine.world.now())

    def _work(self, engine: Engine, event: Event) -> None:
        self.tell(engine, event)
        engine.commit_left_by_worker()

    def tell(self, engine: Engine, event: Event) -> None:
        """Tells everybody concerned now, as the checks do it."""
        world = engine.world
        with world.lock:
            ticket = world.tickets.get(event.ticket_id)
            if ticket is None or world.setting("import_mode"):
                return
            article = _worth_telling(world, event)
            if article == "silent":
                return
            for user, channels in _recipients(world, ticket, event.kind):
                if _is_told(world, user, event, article):
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
            value_to=f"{_told(user, event)}{','.join(used)})",
        )


def _worth_telling(world: World, event: Event) -> Row | str | None:
    """The article to tell of, None where there is none, "silent" where nobody is told."""
    article = world.articles.get(event.article_id)
    if article is None:
        return None
    loud = article.preferences.get("notification") is True
    if article.sender_id != SYSTEM or loud:
        return article
    # a creation has no changes to tell of: made with a System note it is silent
    return None if event.changes and event.kind != "create" else "silent"


def _recipients(world: World, ticket: Row, kind: str) -> list[tuple[Row, dict[str, Any]]]:
    people = sorted(full_agents(world, ticket.group_id), key=lambda user: str(user.login))
    subscribed = [world.users[row.user_id] for row in world.mentions.where(mentionable_id=ticket.id)]
    people += [user for user in subscribed if has_group_right(world, user, ticket.group_id, "read")]
    if ticket.owner_id != NOBODY:
        people.append(world.users[ticket.owner_id])
    people += [user for person in people if (user := _replacement(world, person, ticket)) is not None]
    found: dict[int, tuple[Row, dict[str, Any]]] = {}
    for user in people:
        channels = _channels(world, user, ticket, kind)
        if channels is not None and user.active:
            found.setdefault(user.id, (user, channels))
    return list(found.values())


def _replacement(world: World, user: Row, ticket: Row) -> Row | None:
    """Who in the end stands in today for somebody out of office, if he may read the ticket."""
    chain = replacements(world, user)
    if not chain or not has_group_right(world, chain[-1], ticket.group_id, "read"):
        return None
    return chain[-1]


def _channels(world: World, user: Row, ticket: Row, kind: str) -> dict[str, Any] | None:
    matrix = (user.preferences.get("notification_config") or {}).get("matrix") or {}
    row = matrix.get(_matrix_row(kind))
    if not row:
        return None
    criteria, channels = row.get("criteria") or {}, dict(row.get("channel") or {})
    owned_by_me = _owns(world, user, ticket)
    subscribed = bool(world.mentions.where(mentionable_id=ticket.id, user_id=user.id))
    if not (owned_by_me or subscribed) and not _chose(user, ticket.group_id):
        return None
    wanted = (
        criteria.get("no")
        or (criteria.get("owned_by_me") and owned_by_me)
        or (criteria.get("owned_by_nobody") and ticket.owner_id == NOBODY)
        or (criteria.get("subscribed") and subscribed)
    )
    return channels if wanted else None


def _owns(world: World, user: Row, ticket: Row) -> bool:
    """Whether the ticket is the user's, or that of somebody he stands in for."""
    if user.id == ticket.owner_id:
        return True
    owner = world.users.get(ticket.owner_id)
    return ticket.owner_id != NOBODY and owner is not None and user.id in {row.id for row in replacements(world, owner)}


def _chose(user: Row, group_id: int) -> bool:
    """Whether the user wants to hear of this group: all of them, unless he chose some."""
    chosen = (user.preferences.get("notification_config") or {}).get("group_ids")
    if not isinstance(chosen, list) or chosen in ([], ["-"]):
        return True
    return str(group_id) in map(str, chosen)


def _matrix_row(kind: str) -> str:
    if kind.startswith("update"):
        return "update"
    return "escalation" if kind.startswith("escalation") else kind


def _is_told(world: World, user: Row, event: Event, article: Row | str | None) -> bool:
    if event.kind in REMINDERS:
        return not _told_today(world, user, event)
    if _did_it(user, event, article):
        return False
    if event.kind == "update" and article is None:
        return any(_sees(world, user, column) for column in event.changes)
    return True


def _told(user: Row, event: Event) -> str:
    """How the history says whom it was told and what, up to the channels."""
    return f"{user.email or user.login}({event.kind}:"


def _told_today(world: World, user: Row, event: Event) -> bool:
    today = world.now().date()
    return any(
        row.kind == "notification"
        and str(row.value_to).startswith(_told(user, event))
        and row.created_at.date() == today
        for row in world.history.where(ticket_id=event.ticket_id)
    )


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
    replaced = {"escalation", "escalation_warning"} if event.kind.startswith("escalation") else {event.kind}
    for row in world.online_notifications.where(user_id=user.id, o_id=ticket.id):
        if event.kind in REMINDERS and row.type in replaced:
            world.online_notifications.delete(row.id)
    author = NOBODY if event.kind in REMINDERS else event.user_id or NOBODY
    stamp = world.stamp()
    world.online_notifications.insert(
        {
            "o_id": ticket.id,
            "object_lookup_id": 1,
            "type_lookup_id": NOTICE_TYPES.get(event.kind, 9),
            "type": event.kind,
            "user_id": user.id,
            "seen": _starts_seen(world, ticket, user, event),
            "updated_by_id": author,
            "created_by_id": author,
            "created_at": stamp,
            "updated_at": stamp,
        }
    )


def _starts_seen(world: World, ticket: Row, user: Row, event: Event) -> bool:
    """Whether a notice is born as read: only where the ticket was just made, or its state changed."""
    changed_state = event.kind in ("create", "update.merged_into") or "state_id" in event.changes
    if event.kind in REMINDERS or not changed_state:
        return False
    return counts_as_seen(world, ticket, user.id)


def counts_as_seen(world: World, ticket: Row, user_id: int | None = None) -> bool:
    """Whether nothing is to be done about a ticket in its state, for that user or (None) for everybody."""
    kind = world.state_type(ticket.state_id)
    mine = user_id == ticket.owner_id and user_id != ticket.updated_by_id
    if kind != "merged" and mine:
        return False
    if kind == "pending action" and world.states[ticket.state_id].next_state_id:
        kind = world.state_type(world.states[ticket.state_id].next_state_id)
    if kind == "pending reminder":
        return user_id is None or ticket.owner_id != NOBODY
    return kind in ("closed", "merged")


def follow_state(engine: Engine, ticket: Row) -> None:
    """Queues that the notices of a ticket count as seen when its new state leaves nothing to do."""
    if engine.world.setting("import_mode") or not counts_as_seen(engine.world, ticket):
        return
    by = engine.world.actor_id
    engine.jobs.add(
        "TicketOnlineNotificationSeenJob", lambda: _see_all(engine, ticket.id, by=by), run_at=engine.world.now()
    )


def _see_all(engine: Engine, ticket_id: int, *, by: int) -> None:
    world = engine.world
    with world.lock:
        ticket = world.tickets.get(ticket_id)
        for row in world.online_notifications.where(o_id=ticket_id):
            if ticket is not None and not row.seen and counts_as_seen(world, ticket, row.user_id):
                world.online_notifications.put(row.id, seen=True, updated_by_id=by, updated_at=world.stamp())
        world.journal.forget()
