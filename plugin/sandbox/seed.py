"""What is in the sandbox from the start: the seed of a fresh Zammad, its admin, and the people of `sandbox serve`."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib import resources
from typing import Any

from plugin.sandbox.attributes import define, migrate
from plugin.sandbox.columns import MATRIX, USER, group_columns, organization_columns
from plugin.sandbox.rows import Row
from plugin.sandbox.world import NOBODY, World

ADMIN_LOGIN = "admin@example.com"

_LISTS = (
    "permissions",
    "states",
    "priorities",
    "macros",
    "overviews",
    "triggers",
    "signatures",
    "email_addresses",
    "report_profiles",
)

QUIET = {"permission": ["admin", "report"]}
"""The data option that hides a field from agents, so that its changes cause no notice (contract 4.12)."""

QUIET_FIELDS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    (
        "steward_kind",
        "Kind",
        "select",
        {"options": {"complaint": "Complaint", "request": "Request", "none": "None"}},
    ),
    (
        "steward_tier",
        "Tier",
        "select",
        {"options": {"general": "General", "serious": "Serious", "major": "Major"}},
    ),
    (
        "steward_nature",
        "Nature",
        "select",
        {
            "options": {
                "product": "Product",
                "service": "Service",
                "environment": "Environment",
                "system": "System",
            }
        },
    ),
    (
        "steward_stage",
        "Stage",
        "select",
        {
            "options": {
                "accept": "Accept",
                "assess": "Assess",
                "handle": "Handle",
                "feed_back": "Feed back",
                "follow_up": "Follow up",
                "done": "Done",
            }
        },
    ),
    ("steward_first_responder", "First responder", "input", {"type": "text", "maxlength": 250}),
    ("steward_next_due_at", "Next due at", "datetime", {"future": True, "past": True, "diff": None}),
    ("steward_next_due", "Next due", "input", {"type": "text", "maxlength": 120}),
    ("steward_breached", "Breached", "input", {"type": "text", "maxlength": 250}),
    ("steward_retention", "Retention", "input", {"type": "text", "maxlength": 120}),
    ("steward_erase_after", "Erase after", "date", {"future": True, "past": True, "diff": None}),
    ("steward_hold", "Hold", "boolean", {"options": {"true": "yes", "false": "no"}, "default": False}),
)
"""Steward's ticket attributes: name, label, data type and data option, as the design names them."""


SHIPPED_WORKFLOWS = 2
"""Zammad ships two workflows of its own (`workflow.py` knows what they do), so that others begin at id 3."""


def stable_token(login: str) -> str:
    """The API token of a seeded person: the same in every sandbox, so that examples can show it."""
    return hashlib.sha256(f"sandbox token of {login}".encode()).hexdigest()


def sow(world: World) -> None:
    """Fills an empty world with what a fresh Zammad has, and the admin (password `admin`)."""
    data = _recorded_seed(world.manners.version)
    for name in _LISTS:
        table = getattr(world, name)
        for row in data[name]:
            table.insert(_stamped(world, row), row_id=row["id"])
    for row in data["settings"]:
        world.settings.insert(_stamped(world, row))
    for row in data["object_attributes"]:
        world.object_attributes.insert(_stamped(world, _seed_attribute(row)), row_id=row["id"])
    world.core_workflows.reserve(SHIPPED_WORKFLOWS)
    _sow_roles(world, data["roles"])
    _sow_people(world)


def people_the_town(world: World) -> dict[str, str]:
    """Adds groups, people, Steward's role and fields of `sandbox serve`; returns the API tokens by login."""
    for trigger in world.triggers:
        world.triggers.put(trigger.id, active=False)
    groups = {name: add_group(world, name) for name in ("First line", "Second line", "Complaints")}
    groups["Users"] = world.groups[1]
    handels = world.organizations.insert(
        _stamped(world, {**organization_columns(world.manners), "name": "Muster Handels GmbH"})
    )
    service = world.roles.insert(
        _stamped(
            world,
            {
                "name": "Steward service",
                "preferences": {},
                "default_at_signup": False,
                "active": True,
                "note": "least permission for Steward",
                "permission_ids": [_permission(world, "ticket.agent")],
                "group_ids": {},
            },
        )
    )
    full = ["full"]
    admin = world.users.where(login=ADMIN_LOGIN)[0]
    # the admin sees the quiet fields, so each change of them would notify him: he has switched that off
    world.users.put(
        admin.id, group_ids={group.id: full for group in groups.values()}, preferences={"notification_config": {}}
    )
    add_person(world, "anna", "Anna", "Erste", role_ids=[2], group_ids={groups["First line"].id: full})
    add_person(
        world,
        "ben",
        "Ben",
        "Zweite",
        role_ids=[2],
        group_ids={groups[name].id: full for name in ("First line", "Second line")},
    )
    add_person(
        world,
        "chief",
        "Carla",
        "Chief",
        role_ids=[2],
        group_ids={group.id: full for group in groups.values()},
    )
    working = ["read", "create", "change"]
    add_person(
        world,
        "steward",
        "Steward",
        "Service",
        role_ids=[service.id],
        group_ids={group.id: working for group in groups.values()},
    )
    for mail, first, last, extra in (
        ("mei@customer.example", "Mei", "Lin 林", {"vip": True}),
        ("juergen@handel.example", "Jürgen", "Weißmüller", {"organization_id": handels.id}),
        ("olga@customer.example", "Olga", "Sommer", {}),
        ("tom@handel.example", "Tom", "Keller", {"organization_id": handels.id}),
    ):
        add_person(world, mail, first, last, role_ids=[3], group_ids={}, extra=extra)
    _add_quiet_fields(world)
    logins = [ADMIN_LOGIN, "anna", "ben", "chief", "steward"]
    tokens = {login: add_token(world, login, token=stable_token(login)) for login in logins}
    tokens["admin"] = tokens[ADMIN_LOGIN]
    return tokens


def add_group(world: World, name: str) -> Row:
    """A group with Zammad's defaults and the sandbox's mail address."""
    columns = {**group_columns(world.manners), "name": name, "email_address_id": 1}
    if "name_last" in columns:
        columns["name_last"] = name
    return world.groups.insert(_stamped(world, columns))


def add_person(
    world: World,
    login: str,
    first: str,
    last: str,
    *,
    role_ids: list[int],
    group_ids: dict[int, list[str]],
    extra: dict[str, Any] | None = None,
) -> Row:
    """A person whose password is his login up to the @."""
    email = login if "@" in login else f"{login}@example.com"
    columns = {
        **USER,
        "login": login,
        "firstname": first,
        "lastname": last,
        "email": email,
        "preferences": {} if role_ids == [3] else MATRIX,
        "role_ids": role_ids,
        "organization_ids": [],
        "group_ids": group_ids,
        **(extra or {}),
    }
    person = world.users.insert(_stamped(world, columns))
    world.passwords[person.id] = login.partition("@")[0]
    return person


def add_token(world: World, login: str, *, token: str) -> str:
    """An API token with all permissions of that person; returns it."""
    user = world.users.where(login=login)[0]
    world.tokens.insert(
        _stamped(
            world,
            {"token": token, "user_id": user.id, "name": "sandbox", "permissions": None, "expires_at": None},
        )
    )
    return token


@lru_cache
def _recorded_seed(version: str) -> dict[str, Any]:
    text = resources.files("plugin.sandbox").joinpath(f"data/seed-{version}.json").read_text(encoding="utf-8")
    seed: dict[str, Any] = json.loads(text)
    return seed


def _stamped(world: World, columns: dict[str, Any]) -> dict[str, Any]:
    moment = world.now()
    stamps = {
        "updated_by_id": NOBODY,
        "created_by_id": NOBODY,
        "created_at": moment,
        "updated_at": moment,
    }
    return {**stamps, **{name: value for name, value in columns.items() if value is not None}, **_nulls(columns)}


def _nulls(columns: dict[str, Any]) -> dict[str, Any]:
    missing = (name for name, value in columns.items() if value is None)
    return {name: None for name in missing if name not in ("created_at", "updated_at")}


def _seed_attribute(row: dict[str, Any]) -> dict[str, Any]:
    return {"display": row["name"], "data_option": {}, "active": True, "screens": {}, "position": 0, **row}


def _permission(world: World, name: str) -> int:
    row = world.permissions.first(name=name)
    if row is None:
        raise LookupError(name)
    return int(row.id)


def _sow_roles(world: World, roles: list[dict[str, Any]]) -> None:
    for role in roles:
        columns = {name: value for name, value in role.items() if name != "permissions"}
        ids = [_permission(world, name) for name in role["permissions"]]
        world.roles.insert(_stamped(world, {**columns, "permission_ids": sorted(ids), "group_ids": {}}))


def _sow_people(world: World) -> None:
    users = world.groups.insert(
        _stamped(
            world,
            {
                **group_columns(world.manners),
                "name": "Users",
                "signature_id": 1,
                "email_address_id": 1,
                "note": "Standard Group/Pool for Tickets.",
            },
        )
    )
    if "name_last" in users:
        world.groups.put(users.id, name_last="Users")
    world.organizations.insert(_stamped(world, {**organization_columns(world.manners), "name": "Example Demo Ltd"}))
    links: dict[str, Any] = {"role_ids": [], "organization_ids": [], "group_ids": {}}
    nobody = {"login": "-", "firstname": "-", "active": False, "department": "", "address": ""}
    world.users.insert(_stamped(world, {**USER, **links, **nobody}))
    add_person(world, "nora@example.com", "Nora", "Beispiel", role_ids=[3], group_ids={})
    add_person(world, ADMIN_LOGIN, "Ada", "Admin", role_ids=[1, 2], group_ids={users.id: ["full"]})


def _add_quiet_fields(world: World) -> None:
    for position, (name, label, data_type, option) in enumerate(QUIET_FIELDS, start=900):
        define(
            world,
            {
                "name": name,
                "object": "Ticket",
                "display": label,
                "data_type": data_type,
                "data_option": {"null": True, **option, **QUIET},
                "active": True,
                "screens": {
                    "create_middle": {"ticket.agent": {"shown": False, "required": False}},
                    "edit": {"ticket.agent": {"shown": True, "required": False}},
                },
                "position": position,
            },
        )
    migrate(world)
