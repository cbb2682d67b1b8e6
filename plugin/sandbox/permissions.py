"""Who may do what: named permissions with their hierarchy, and rights in groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from plugin.sandbox.answers import forbidden, unprocessable
from plugin.sandbox.rows import Row
from plugin.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sends a request: the user and, for a token, the permissions it is limited to."""

    user: Row
    token_permissions: tuple[str, ...] | None = None

    @property
    def user_id(self) -> int:
        """The user's id."""
        return int(self.user.id)


def permission_names(world: World, user: Row) -> set[str]:
    """The names of the permissions a user's active roles give him."""
    names: set[str] = set()
    for role_id in user.role_ids:
        role = world.roles.get(role_id)
        if role is not None and role.active:
            names.update(world.permissions[item].name for item in role.permission_ids)
    return names


def covers(granted: Iterable[str], asked: str) -> bool:
    """Whether one of the granted names is the asked one or its parent; `x.*` asks for anything below x."""
    if asked.endswith(".*"):
        prefix = asked[:-1]
        return any(name.startswith(prefix) or name == asked[:-2] for name in granted)
    parts = asked.split(".")
    parents = {".".join(parts[: size + 1]) for size in range(len(parts))}
    return any(name in parents for name in granted)


def user_may(world: World, user: Row, *asked: str) -> bool:
    """Whether the user has one of the permissions, whatever his token allows."""
    granted = permission_names(world, user)
    return any(covers(granted, name) for name in asked)


def caller_may(world: World, caller: Caller, *asked: str) -> bool:
    """Whether the caller has one of the permissions with his token's limits."""
    granted = permission_names(world, caller.user)
    limits = caller.token_permissions
    return any(covers(granted, name) and (limits is None or covers(limits, name)) for name in asked)


def require(world: World, caller: Caller, *asked: str) -> None:
    """Refuses a caller without any of the permissions, in the words of the version (403)."""
    if caller_may(world, caller, *asked):
        return
    limited = caller.token_permissions is not None
    raise forbidden(world.manners.token_refused if limited else world.manners.user_refused)


def is_agent(world: World, user: Row) -> bool:
    """Whether the user has the permission `ticket.agent`."""
    return user_may(world, user, "ticket.agent")


def group_rights(world: World, user: Row) -> dict[int, set[str]]:
    """The user's rights per group id, his own and those of his roles."""
    rights: dict[int, set[str]] = {}
    sources = [user.group_ids]
    sources += [world.roles[role_id].group_ids for role_id in user.role_ids if role_id in world.roles]
    for source in sources:
        for group_id, names in source.items():
            rights.setdefault(int(group_id), set()).update(names)
    return rights


def has_group_right(world: World, user: Row, group_id: int | None, *rights: str) -> bool:
    """Whether an active agent has one of the rights (or `full`) in an active group."""
    group = world.groups.get(group_id)
    if group is None or not group.active or not user.active or not is_agent(world, user):
        return False
    held = group_rights(world, user).get(group.id, set())
    return "full" in held or any(right in held for right in rights)


def groups_with(world: World, user: Row, *rights: str) -> list[int]:
    """Ids of the groups where the user has one of the rights."""
    return [group.id for group in world.groups if has_group_right(world, user, group.id, *rights)]


def is_customer_of(world: World, user: Row, ticket: Row) -> bool:
    """Whether the ticket is the user's own as customer, or one his organization shares."""
    if not user_may(world, user, "ticket.customer"):
        return False
    if ticket.customer_id == user.id:
        return True
    organization = world.organizations.get(ticket.organization_id)
    if organization is None or not organization.shared or user.organization_id is None:
        # who has only further organizations shares nothing with them
        return False
    return organization.id == user.organization_id or organization.id in user.organization_ids


def may_ticket(world: World, caller: Caller, ticket: Row, right: str) -> bool:
    """Whether the caller may `read`, `change`, `create` or `full` on this ticket."""
    if may_as_agent(world, caller, ticket, right):
        return True
    if right == "full" or not caller_may(world, caller, "ticket.customer"):
        return False
    return is_customer_of(world, caller.user, ticket)


def may_as_agent(world: World, caller: Caller, ticket: Row, right: str) -> bool:
    """Whether the caller may do that as an agent of the ticket's group, not as its customer."""
    return caller_may(world, caller, "ticket.agent") and has_group_right(world, caller.user, ticket.group_id, right)


def require_ticket(world: World, caller: Caller, ticket: Row, right: str) -> None:
    """Refuses (403) a caller who may not do that with the ticket."""
    if not may_ticket(world, caller, ticket, right):
        raise forbidden()


def require_follow_up(world: World, caller: Caller, ticket: Row) -> None:
    """Refuses whoever may not change a ticket: 403, but 422 where it is closed, for whatever reason.

    Agents with the right go on with any closed ticket, customers where its group lets them.
    """
    if world.state_type(ticket.state_id) != "closed":
        require_ticket(world, caller, ticket, "change")
        return
    if may_as_agent(world, caller, ticket, "change"):
        return
    if not (follow_up_possible(world, ticket) and may_ticket(world, caller, ticket, "change")):
        raise unprocessable("Cannot follow-up on a closed ticket. Please create a new ticket.")


def follow_up_possible(world: World, ticket: Row) -> bool:
    """Whether a closed ticket's group lets customers go on with it, for good or for some days."""
    group = world.groups[ticket.group_id]
    if group.follow_up_possible == "new_ticket_after_certain_time" and ticket.last_close_at is not None:
        return bool(ticket.last_close_at > world.now() - timedelta(days=int(group.reopen_time_in_days or 0)))
    return bool(group.follow_up_possible != "new_ticket")


def visible(world: World, user: Row) -> list[Row]:
    """The tickets in the user's lists and searches, by ascending id (the token's limits do not count there)."""
    readable, is_customer = set(groups_with(world, user, "read")), user_may(world, user, "ticket.customer")
    return [
        ticket
        for ticket in world.tickets
        if ticket.group_id in readable or (is_customer and is_customer_of(world, user, ticket))
    ]


def full_agents(world: World, group_id: int) -> list[Row]:
    """The active agents with `full` in a group: owners to choose from, receivers of notices."""
    return [user for user in world.users if has_group_right(world, user, group_id, "full")]
