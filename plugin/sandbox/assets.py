"""Assets: the records an answer with `full` or `all` brings along, by class and id."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import shapes
from plugin.sandbox.rows import Row
from plugin.sandbox.world import World

Assets = dict[str, dict[str, Any]]


class Collector:
    """Gathers the records around what is asked for, each once."""

    def __init__(self, world: World, *, seen_by: Row) -> None:
        self._world = world
        self._seen_by = seen_by
        self.assets: Assets = {}

    def ticket(self, ticket: Row) -> None:
        """A ticket with its people, and on 6.1 its group and their roles."""
        if self._has("Ticket", ticket.id):
            return
        self._put("Ticket", ticket.id, shapes.ticket_with_ids(self._world, ticket))
        for role in ("created_by_id", "updated_by_id", "owner_id", "customer_id"):
            self.user(ticket[role])
        organization = self._world.organizations.get(ticket.organization_id)
        if organization is not None:
            self.organization(organization)
        self.group(ticket.group_id)

    def article(self, article: Row) -> None:
        """An article with its people."""
        if self._has("TicketArticle", article.id):
            return
        shape = {**article, "attachments": shapes.attachments(self._world, article)}
        self._put("TicketArticle", article.id, shape)
        for key in ("created_by_id", "updated_by_id", "origin_by_id"):
            self.user(article[key])

    def user(self, user_id: Any) -> None:
        """A user; with his organization, and on 6.1 his roles and groups."""
        user = self._world.users.get(user_id)
        if user is None or self._has("User", user.id):
            return
        self._put("User", user.id, shapes.user(self._world, user, seen_by=self._seen_by))
        organization = self._world.organizations.get(user.organization_id)
        if organization is not None:
            self.organization(organization)
        if self._world.manners.version == "6.1":
            for role_id in user.role_ids:
                self.role(role_id)
            for group_id in user.group_ids:
                self.group(int(group_id))

    def organization(self, organization: Row) -> None:
        """An organization, on 6.1 with all its members."""
        if self._has("Organization", organization.id):
            return
        self._put("Organization", organization.id, shapes.organization(self._world, organization))
        if self._world.manners.version == "6.1":
            for member in self._world.users.where(organization_id=organization.id):
                self.user(member.id)

    def group(self, group_id: Any) -> None:
        """A group (6.1 only: 6.5 keeps groups out of assets)."""
        group = self._world.groups.get(group_id)
        if group is None or self._world.manners.version != "6.1" or self._has("Group", group.id):
            return
        self._put("Group", group.id, shapes.group(self._world, group))
        for key in ("created_by_id", "updated_by_id"):
            self.user(group[key])

    def role(self, role_id: Any) -> None:
        """A role with its permissions' ids."""
        role = self._world.roles.get(role_id)
        if role is not None and not self._has("Role", role.id):
            self._put("Role", role.id, shapes.role(self._world, role))

    def checklist(self, checklist: Row) -> None:
        """A checklist with its items."""
        if self._has("Checklist", checklist.id):
            return
        items = self._world.items_of(checklist)
        ids = sorted(item.id for item in items)
        self._put("Checklist", checklist.id, {**checklist, "item_ids": ids})
        for item in items:
            self._put("ChecklistItem", item.id, dict(item))

    def other(self, kind: str, row: Row, shape: dict[str, Any] | None = None) -> None:
        """A record of any other class."""
        self._put(kind, row.id, dict(row) if shape is None else shape)

    def _has(self, kind: str, row_id: int) -> bool:
        return str(row_id) in self.assets.get(kind, {})

    def _put(self, kind: str, row_id: int, shape: Any) -> None:
        self.assets.setdefault(kind, {})[str(row_id)] = shape
