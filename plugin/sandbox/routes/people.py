"""Users, their tokens, groups, roles and organizations."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import people, search, shapes
from plugin.sandbox.answers import forbidden, unprocessable
from plugin.sandbox.assets import Collector
from plugin.sandbox.columns import group_columns, organization_columns
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.permissions import user_may
from plugin.sandbox.rows import Row, Table
from plugin.sandbox.values import to_boolean, to_integer

_BY_ADMINS = frozenset({"role_ids", "roles", "group_ids", "groups"})
"""What of a user only administrators give; from agents it is dropped without a word."""


def me(asked: Asked) -> Answer:
    """GET /users/me."""
    user = asked.world.users[asked.caller.user_id]
    return Answer(_shown(asked, user))


def users(asked: Asked) -> Answer:
    """GET /users: everybody for agents and admins, oneself for customers."""
    offset, size = asked.page(default=100, most=1000)
    rows = [row for row in asked.world.users if _sees_all(asked) or row.id == asked.caller.user_id]
    return _listed(asked, rows[offset : offset + size])


def user(asked: Asked, user_id: str) -> Answer:
    """GET /users/:id."""
    row = asked.find(asked.world.users, "User", user_id)
    if not _may_see(asked, row):
        raise forbidden()
    if asked.flag("full"):
        collector = Collector(asked.world, seen_by=asked.caller.user)
        collector.user(row.id)
        return Answer({"id": row.id, "assets": collector.assets})
    return Answer(_shown(asked, row))


def search_users(asked: Asked) -> Answer:
    """GET or POST /users/search: by a part of name, login or address, those who changed last first."""
    asked.require("ticket.agent", "admin.user")
    found = [row for row in _found(asked, asked.world.users, "firstname", "lastname", "email", "login") if row.id != 1]
    wanted = {to_integer(role_id) for role_id in asked.params.get("role_ids") or []}
    if wanted:
        found = [row for row in found if not wanted.isdisjoint(row.role_ids)]
    return _answered(asked, found, _listed(asked, _page(asked, found), key=_key(asked, "user_ids")))


def search_organizations(asked: Asked) -> Answer:
    """GET or POST /organizations/search: by a part of name or note."""
    asked.require("ticket.agent", "admin.organization")
    world, found = asked.world, _found(asked, asked.world.organizations, "name", "note")
    rows = _page(asked, found)
    if not asked.flag("full") or asked.flag("expand"):
        shape = shapes.organization_expanded if asked.flag("expand") else shapes.organization
        return Answer([shape(world, row) for row in rows])
    collector = Collector(world, seen_by=asked.caller.user)
    for row in rows:
        collector.organization(row)
    told = {_key(asked, "organization_ids"): [row.id for row in rows], "assets": collector.assets}
    return _answered(asked, found, Answer(told))


def _found(asked: Asked, table: Table, *columns: str) -> list[Row]:
    wanted = search.looks_for(asked.world, str(asked.params.get("query") or asked.params.get("term") or ""))
    rows = [row for row in table if any(wanted.search(str(row[column] or "")) for column in columns)]
    order = {name: asked.params.get(name) for name in ("sort_by", "order_by")}
    return search.sort(rows, order if order["sort_by"] else {"sort_by": "active,updated_at", "order_by": "desc"})


def _page(asked: Asked, rows: list[Row]) -> list[Row]:
    offset, size = asked.page(default=50, most=200)
    return rows[offset : offset + size]


def _key(asked: Asked, older: str) -> str:
    return older if asked.world.manners.version == "6.1" else "record_ids"


def _answered(asked: Asked, found: list[Row], answer: Answer) -> Answer:
    """Newer servers tell beside the rows in full, or instead of them, how many there are."""
    if asked.world.manners.version == "6.1":
        return answer
    if asked.flag("only_total_count"):
        return Answer({"total_count": len(found)})
    return Answer({**answer.body, "total_count": len(found)}) if isinstance(answer.body, dict) else answer


def create_user(asked: Asked) -> Answer:
    """POST /users: agents make customers, admins everybody."""
    asked.require("admin.user", "ticket.agent")
    given = dict(asked.params)
    if not asked.may("admin.user"):
        given = {key: value for key, value in given.items() if key not in _BY_ADMINS}
        given["role_ids"] = [people.CUSTOMER_ROLE]
    return Answer(_shown(asked, people.make(asked.engine, given)), status=201)


def update_user(asked: Asked, user_id: str) -> Answer:
    """PUT /users/:id."""
    row = asked.find(asked.world.users, "User", user_id)
    world, given = asked.world, dict(asked.params)
    if not asked.may("admin.user"):
        is_customer = user_may(world, row, "ticket.customer") and not user_may(world, row, "ticket.agent", "admin.*")
        if not (asked.may("ticket.agent") and is_customer):
            raise forbidden()
        given = {key: value for key, value in given.items() if key not in _BY_ADMINS}
    return Answer(_shown(asked, people.change(asked.engine, row, given)))


def delete_user(asked: Asked, user_id: str) -> Answer:
    """DELETE /users/:id: refused while anything points at him."""
    asked.require("admin.user")
    row = asked.find(asked.world.users, "User", user_id)
    if people.has_references(asked.world, row):
        raise unprocessable("Can't delete, object has references.")
    asked.world.users.delete(row.id)
    return Answer({})


def unlock_user(asked: Asked, user_id: str) -> Answer:
    """PUT /users/unlock/:id: forgets wrong passwords."""
    asked.require("admin.user")
    row = asked.find(asked.world.users, "User", user_id)
    asked.world.users.put(row.id, login_failed=0)
    return Answer({"message": "ok"})


def tokens(asked: Asked) -> Answer:
    """GET /user_access_token: one's own tokens and the permissions to choose from."""
    asked.require("user_preferences.access_token")
    world = asked.world
    mine = [
        {"id": row.id, "name": row.name, "created_at": row.get("created_at"), "expires_at": row.expires_at}
        for row in world.tokens
        if row.user_id == asked.caller.user_id
    ]
    offered = [
        {"id": row.id, "name": row.name, "preferences": row.preferences, "active": row.active}
        for row in sorted(world.permissions, key=lambda row: str(row.name))
        if asked.may(row.name)
    ]
    return Answer({"tokens": mine, "permissions": offered})


def create_token(asked: Asked) -> Answer:
    """POST /user_access_token: shown once."""
    asked.require("user_preferences.access_token")
    return Answer({"token": people.new_token(asked.world, asked.caller.user, asked.params)})


def delete_token(asked: Asked, token_id: str) -> Answer:
    """DELETE /user_access_token/:id."""
    asked.require("user_preferences.access_token")
    row = asked.find(asked.world.tokens, "Token", token_id)
    if row.user_id != asked.caller.user_id:
        raise forbidden()
    asked.world.tokens.delete(row.id)
    return Answer({})


def groups(asked: Asked) -> Answer:
    """GET /groups: on 6.1 for admins only; customers on 6.5 see the least of them."""
    _require_list(asked, "admin.group")
    rows = list(asked.world.groups)
    if _is_plain_customer(asked):
        keys = ("id", "name", "name_last", "follow_up_possible", "reopen_time_in_days", "active", "parent_id")
        return Answer([{key: row[key] for key in keys} for row in rows])
    shape = shapes.group_expanded if asked.flag("expand") else shapes.group
    return Answer([shape(asked.world, row) for row in rows])


def group(asked: Asked, group_id: str) -> Answer:
    """GET /groups/:id."""
    _require_list(asked, "admin.group")
    row = asked.find(asked.world.groups, "Group", group_id)
    shape = shapes.group_expanded if asked.flag("expand") else shapes.group
    return Answer(shape(asked.world, row))


def create_group(asked: Asked) -> Answer:
    """POST /groups."""
    asked.require("admin.group")
    columns = _with_defaults(asked, group_columns(asked.world.manners))
    row = _insert(asked, asked.world.groups, _named_parts(columns))
    return Answer(shapes.group(asked.world, row), status=201)


def update_group(asked: Asked, group_id: str) -> Answer:
    """PUT /groups/:id."""
    asked.require("admin.group")
    row = asked.find(asked.world.groups, "Group", group_id)
    changed = _put(asked, asked.world.groups, row, group_columns(asked.world.manners))
    return Answer(shapes.group(asked.world, changed))


def delete_group(asked: Asked, group_id: str) -> Answer:
    """DELETE /groups/:id: refused while tickets, people or roles belong to it."""
    asked.require("admin.group")
    row, world = asked.find(asked.world.groups, "Group", group_id), asked.world
    holders = (*world.users, *world.roles)
    if world.tickets.where(group_id=row.id) or any(row.id in map(int, holder.group_ids) for holder in holders):
        raise unprocessable("Can't delete, object has references.")
    world.groups.delete(row.id)
    return Answer({})


def delete_role(asked: Asked, role_id: str) -> Answer:
    """DELETE /roles/:id: refused while somebody has it."""
    asked.require("admin.role")
    row, world = asked.find(asked.world.roles, "Role", role_id), asked.world
    if any(row.id in user.role_ids for user in world.users):
        raise unprocessable("Can't delete, object has references.")
    world.roles.delete(row.id)
    return Answer({})


def organizations(asked: Asked) -> Answer:
    """GET /organizations: everybody's for agents, one's own for customers."""
    rows = list(asked.world.organizations)
    if not _sees_all(asked):
        own = asked.caller.user.organization_id
        rows = [row for row in rows if row.id == own]
    offset, size = asked.page(default=500, most=1000)
    shape = shapes.organization_expanded if asked.flag("expand") else shapes.organization
    return Answer([shape(asked.world, row) for row in rows[offset : offset + size]])


def organization(asked: Asked, organization_id: str) -> Answer:
    """GET /organizations/:id."""
    row = asked.find(asked.world.organizations, "Organization", organization_id)
    if not _sees_all(asked) and row.id != asked.caller.user.organization_id:
        raise forbidden()
    shape = shapes.organization_expanded if asked.flag("expand") else shapes.organization
    return Answer(shape(asked.world, row))


def create_organization(asked: Asked) -> Answer:
    """POST /organizations."""
    asked.require("ticket.agent", "admin.organization")
    columns = _with_defaults(asked, organization_columns(asked.world.manners))
    row = _insert(asked, asked.world.organizations, columns)
    _take_members(asked, row)
    return Answer(shapes.organization(asked.world, row), status=201)


def update_organization(asked: Asked, organization_id: str) -> Answer:
    """PUT /organizations/:id."""
    asked.require("ticket.agent", "admin.organization")
    row = asked.find(asked.world.organizations, "Organization", organization_id)
    columns = organization_columns(asked.world.manners)
    changed = _put(asked, asked.world.organizations, row, columns)
    _take_members(asked, changed)
    return Answer(shapes.organization(asked.world, changed))


def delete_organization(asked: Asked, organization_id: str) -> Answer:
    """DELETE /organizations/:id: refused while people or tickets belong to it."""
    asked.require("admin.organization")
    row = asked.find(asked.world.organizations, "Organization", organization_id)
    world = asked.world
    if world.users.where(organization_id=row.id) or world.tickets.where(organization_id=row.id):
        raise unprocessable("Can't delete, object has references.")
    world.organizations.delete(row.id)
    return Answer({})


def _take_members(asked: Asked, organization: Row) -> None:
    """Makes exactly those people members whom `member_ids`, or `members` by login, name."""
    world, params = asked.world, asked.params
    ids = params.get("member_ids")
    if ids is None and params.get("members") is not None:
        ids = [people.id_of_name(world, "users", login, column="login") for login in params["members"]]
    if ids is None:
        return
    wanted = {to_integer(user_id) for user_id in ids}
    for user in world.users:
        belongs = user.organization_id == organization.id
        if belongs != (user.id in wanted):
            people.change(asked.engine, user, {"organization_id": None if belongs else organization.id})


def roles(asked: Asked) -> Answer:
    """GET /roles: on 6.1 for admins only; customers on 6.5 see no names."""
    _require_list(asked, "admin.role")
    rows = list(asked.world.roles)
    if _is_plain_customer(asked):
        return Answer([_bare_role(row) for row in rows])
    shape = shapes.role_expanded if asked.flag("expand") else shapes.role
    return Answer([shape(asked.world, row) for row in rows])


def role(asked: Asked, role_id: str) -> Answer:
    """GET /roles/:id."""
    _require_list(asked, "admin.role")
    row = asked.find(asked.world.roles, "Role", role_id)
    shape = shapes.role_expanded if asked.flag("expand") else shapes.role
    return Answer(shape(asked.world, row))


def create_role(asked: Asked) -> Answer:
    """POST /roles."""
    asked.require("admin.role")
    columns = _with_defaults(asked, _ROLE)
    row = _insert(asked, asked.world.roles, {**columns, **_role_parts(asked, Row())})
    return Answer(shapes.role(asked.world, row), status=201)


def update_role(asked: Asked, role_id: str) -> Answer:
    """PUT /roles/:id."""
    asked.require("admin.role")
    row = asked.find(asked.world.roles, "Role", role_id)
    changed = _put(asked, asked.world.roles, row, _ROLE)
    changed = asked.world.roles.put_all(changed.id, _role_parts(asked, changed))
    return Answer(shapes.role(asked.world, changed))


_ROLE: dict[str, Any] = {
    "name": None,
    "preferences": {},
    "default_at_signup": False,
    "active": True,
    "note": None,
    "updated_by_id": 1,
    "created_by_id": 1,
    "created_at": None,
    "updated_at": None,
}


def _role_parts(asked: Asked, row: Row) -> dict[str, Any]:
    world, params = asked.world, asked.params
    ids = row.get("permission_ids", [])
    if params.get("permission_ids") is not None:
        ids = people.known_ids(world.permissions, params["permission_ids"])
    elif params.get("permissions") is not None:
        found = [world.permissions.first(name=name) for name in params["permissions"]]
        ids = [permission.id for permission in found if permission is not None]
    held = row.get("group_ids", {})
    if params.get("group_ids") is not None:
        held = people.rights(params["group_ids"])
    return {"permission_ids": sorted(ids), "group_ids": held}


def _bare_role(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": f"Role_{row.id}",
        "group_ids": {},
        "permission_ids": row.permission_ids,
        "active": row.active,
    }


def _require_list(asked: Asked, permission: str) -> None:
    if asked.world.manners.agents_list_groups:
        asked.require("ticket.agent", "ticket.customer", permission)
    else:
        asked.require(permission)


def _is_plain_customer(asked: Asked) -> bool:
    return not asked.may("ticket.agent") and not asked.may("admin.*")


def _may_see(asked: Asked, user: Row) -> bool:
    """Whether the caller may read about a user: customers see themselves and those of their organization."""
    mine = asked.caller.user
    if _sees_all(asked) or user.id == mine.id:
        return True
    return asked.may("ticket.customer") and None is not mine.organization_id == user.organization_id


def _sees_all(asked: Asked) -> bool:
    return asked.may("ticket.agent") or asked.may("admin.*")


def _shown(asked: Asked, row: Row) -> dict[str, Any]:
    shape = shapes.user_expanded if asked.flag("expand") else shapes.user
    return shape(asked.world, row, seen_by=asked.caller.user)


def _listed(asked: Asked, rows: list[Row], *, key: str = "record_ids") -> Answer:
    if asked.flag("full") and not asked.flag("expand"):
        collector = Collector(asked.world, seen_by=asked.caller.user)
        for row in rows:
            collector.user(row.id)
        return Answer({key: [row.id for row in rows], "assets": collector.assets})
    return Answer([_shown(asked, row) for row in rows])


def _with_defaults(asked: Asked, columns: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in asked.params.items() if name in columns}
    return {**columns, **_typed(columns, known)}


def _typed(columns: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    return {
        name: bool(to_boolean(value)) if isinstance(columns[name], bool) else value for name, value in given.items()
    }


def _named_parts(columns: dict[str, Any]) -> dict[str, Any]:
    if "name_last" not in columns:
        return columns
    return {**columns, "name_last": str(columns["name"]).rpartition("::")[2]}


def _insert(asked: Asked, table: Table, columns: dict[str, Any]) -> Row:
    if table.first(name=columns["name"]) is not None:
        raise unprocessable("Name has already been taken")
    stamp = asked.world.stamp()
    authors = {"created_by_id": asked.caller.user_id, "updated_by_id": asked.caller.user_id}
    return table.insert({**columns, **authors, "created_at": stamp, "updated_at": stamp})


def _put(asked: Asked, table: Table, row: Row, columns: dict[str, Any]) -> Row:
    skipped = {"created_by_id", "updated_by_id", "created_at", "updated_at"}
    given = {name: asked.params[name] for name in asked.params if name in columns and name not in skipped}
    changes = _named_parts({**row, **_typed(columns, given)})
    changes |= {"updated_by_id": asked.caller.user_id, "updated_at": asked.world.stamp()}
    return table.put_all(row.id, changes)


ROUTES = (
    Route("GET", "/users/me", me),
    Route("GET", "/users", users),
    Route("POST", "/users", create_user),
    Route("GET", "/users/search", search_users),
    Route("POST", "/users/search", search_users),
    Route("GET", "/organizations/search", search_organizations),
    Route("POST", "/organizations/search", search_organizations),
    Route("DELETE", "/groups/<group_id>", delete_group),
    Route("DELETE", "/roles/<role_id>", delete_role),
    Route("PUT", "/users/unlock/<user_id>", unlock_user),
    Route("GET", "/users/<user_id>", user),
    Route("PUT", "/users/<user_id>", update_user),
    Route("DELETE", "/users/<user_id>", delete_user),
    Route("GET", "/user_access_token", tokens),
    Route("POST", "/user_access_token", create_token),
    Route("DELETE", "/user_access_token/<token_id>", delete_token),
    Route("GET", "/groups", groups),
    Route("POST", "/groups", create_group),
    Route("GET", "/groups/<group_id>", group),
    Route("PUT", "/groups/<group_id>", update_group),
    Route("GET", "/organizations", organizations),
    Route("POST", "/organizations", create_organization),
    Route("GET", "/organizations/<organization_id>", organization),
    Route("PUT", "/organizations/<organization_id>", update_organization),
    Route("DELETE", "/organizations/<organization_id>", delete_organization),
    Route("GET", "/roles", roles),
    Route("POST", "/roles", create_role),
    Route("GET", "/roles/<role_id>", role),
    Route("PUT", "/roles/<role_id>", update_role),
)
