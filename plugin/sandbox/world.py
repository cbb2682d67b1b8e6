"""The world of the sandbox: all tables, the clock, the lock and the lookups everything else needs."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from plugin.sandbox.clock import SandboxClock
from plugin.sandbox.manners import MANNERS, Manners
from plugin.sandbox.rows import Journal, Row, Table

NOBODY = 1
"""The user "-": owner of what nobody owns, and author of what Zammad does by itself."""

ARTICLE_TYPES = {
    1: "email",
    2: "sms",
    3: "chat",
    4: "fax",
    5: "phone",
    6: "twitter status",
    7: "twitter direct-message",
    8: "facebook feed post",
    9: "facebook feed comment",
    10: "note",
    11: "web",
    12: "telegram personal-message",
    13: "facebook direct-message",
    14: "whatsapp message",
}
ARTICLE_SENDERS = {1: "Agent", 2: "Customer", 3: "System"}
AGENT, CUSTOMER, SYSTEM = 1, 2, 3

STATE_TYPES = {
    1: "new",
    2: "open",
    3: "pending reminder",
    4: "pending action",
    5: "closed",
    6: "merged",
    7: "removed",
}
WORK_ON_STATES = frozenset({"new", "open"})
OPEN_STATES = frozenset({"new", "open", "pending reminder", "pending action"})

_INDEXES: dict[str, tuple[str, ...]] = {
    "users": ("login", "email"),
    "tickets": ("number", "customer_id"),
    "articles": ("ticket_id", "message_id_md5"),
    "attachments": ("article_id",),
    "history": ("ticket_id",),
    "tags": ("ticket_id",),
    "links": ("source_id", "target_id"),
    "mentions": ("mentionable_id",),
    "tokens": ("token",),
    "checklist_items": ("checklist_id", "ticket_id"),
    "online_notifications": ("user_id", "o_id"),
    "time_accountings": ("ticket_id",),
    "settings": ("name",),
}
_TABLES = (
    "settings",
    "permissions",
    "users",
    "roles",
    "groups",
    "organizations",
    "tokens",
    "tickets",
    "articles",
    "attachments",
    "history",
    "tags",
    "tag_items",
    "links",
    "mentions",
    "checklists",
    "checklist_items",
    "checklist_templates",
    "checklist_template_items",
    "states",
    "priorities",
    "object_attributes",
    "core_workflows",
    "macros",
    "triggers",
    "jobs",
    "webhooks",
    "calendars",
    "slas",
    "overviews",
    "online_notifications",
    "time_accountings",
    "data_privacy_tasks",
    "ticket_counters",
    "templates",
    "text_modules",
    "signatures",
    "email_addresses",
    "postmaster_filters",
    "report_profiles",
)


class World:
    """Everything the sandbox knows; read it in tests as `world.tickets[7].title`.

    All access that changes something happens under `lock`, inside a transaction (`transaction.py`).
    """

    users: Table
    roles: Table
    groups: Table
    organizations: Table
    tokens: Table
    tickets: Table
    articles: Table
    attachments: Table
    history: Table
    tags: Table
    tag_items: Table
    links: Table
    mentions: Table
    checklists: Table
    checklist_items: Table
    checklist_templates: Table
    checklist_template_items: Table
    states: Table
    priorities: Table
    object_attributes: Table
    core_workflows: Table
    macros: Table
    triggers: Table
    jobs: Table
    webhooks: Table
    calendars: Table
    slas: Table
    overviews: Table
    online_notifications: Table
    time_accountings: Table
    data_privacy_tasks: Table
    ticket_counters: Table
    templates: Table
    text_modules: Table
    signatures: Table
    email_addresses: Table
    postmaster_filters: Table
    report_profiles: Table
    settings: Table
    permissions: Table

    def __init__(self, *, like: str, clock: SandboxClock) -> None:
        self.manners: Manners = MANNERS[like]
        self.clock = clock
        self.lock = threading.RLock()
        self.journal = Journal()
        self.actor_id: int = NOBODY
        self.passwords: dict[int, str] = {}
        self.ticket_fields: dict[str, Row] = {}
        self._last_stamp: datetime | None = None
        for name in _TABLES:
            setattr(self, name, Table(name, journal=self.journal, indexes=_INDEXES.get(name, ())))

    def now(self) -> datetime:
        """The clock's moment."""
        return self.clock.now()

    def stamp(self) -> datetime:
        """A moment for `updated_at`: the clock's, but always later than the stamp before it.

        Two writes in one millisecond (or on a standing clock) would otherwise leave one version of a ticket.
        """
        moment = self.clock.now()
        if self._last_stamp is not None and moment <= self._last_stamp < moment + timedelta(seconds=5):
            moment = self._last_stamp + timedelta(milliseconds=1)
        self._last_stamp = moment
        return moment

    def latest(self) -> datetime:
        """Now, or the newest stamp, where the clock stands and is behind it: no change was made in the future."""
        now, last = self.clock.now(), self._last_stamp
        return last if last is not None and now < last < now + timedelta(seconds=5) else now

    def setting(self, name: str) -> Any:
        """The value of a Zammad setting; None where the sandbox has none."""
        row = self.settings.first(name=name)
        return None if row is None else row.state_current["value"]

    def set_setting(self, name: str, value: Any) -> None:
        """Sets a setting, making it where it is missing."""
        row = self.settings.first(name=name)
        if row is None:
            self.settings.insert({"name": name, "state_current": {"value": value}, "preferences": {}})
        else:
            self.settings.put(row.id, state_current={"value": value})

    def state_type(self, state_id: Any) -> str:
        """The type of a state ("pending reminder"); empty where the state is unknown."""
        row = self.states.get(state_id)
        return "" if row is None else STATE_TYPES[row.state_type_id]

    def state_named(self, name: str) -> Row:
        """The state of that name."""
        row = self.states.first(name=name)
        if row is None:
            raise LookupError(name)
        return row

    def user_name(self, user_id: Any) -> str:
        """First and last name as Zammad shows them, else the login."""
        user = self.users.get(user_id)
        if user is None:
            return ""
        return f"{user.firstname} {user.lastname}".strip() or user.email or user.login

    def articles_of(self, ticket_id: int) -> list[Row]:
        """A ticket's articles by id."""
        return self.articles.where(ticket_id=ticket_id)

    def tags_of(self, ticket_id: int) -> list[str]:
        """A ticket's tags as Zammad lists them: in order of adding, doubles included."""
        return [self.tag_items[row.item_id].name for row in self.tags.where(ticket_id=ticket_id)]

    def links_of(self, ticket_id: int) -> list[Row]:
        """The links a ticket is part of, as stored (source is `type` of target)."""
        found = {row.id: row for row in self.links.where(source_id=ticket_id)}
        found.update({row.id: row for row in self.links.where(target_id=ticket_id)})
        return [found[row_id] for row_id in sorted(found)]

    def history_of(self, ticket_id: int) -> list[Row]:
        """A ticket's history rows in Zammad's order: by time, then id."""
        return sorted(self.history.where(ticket_id=ticket_id), key=lambda row: (row.created_at, row.id))

    def checklist_of(self, ticket: Row) -> Row | None:
        """The ticket's checklist, where it has one."""
        return self.checklists.get(ticket.get("checklist_id"))

    def items_of(self, checklist: Row) -> list[Row]:
        """A checklist's items in its own order."""
        items = {str(row.id): row for row in self.checklist_items.where(checklist_id=checklist.id)}
        ordered = [items.pop(item_id) for item_id in checklist.sorted_item_ids if item_id in items]
        return ordered + list(items.values())

    def ticket_by_number(self, number: str) -> Row | None:
        """The ticket of that number."""
        return self.tickets.first(number=number)

    def active(self, rows: Iterable[Row]) -> list[Row]:
        """Those rows that are active."""
        return [row for row in rows if row.get("active")]
