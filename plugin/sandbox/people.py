"""People: making and changing users, and the customers a ticket or a mail brings along."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from plugin.sandbox import tickets
from plugin.sandbox.answers import Refusal, masked, unprocessable
from plugin.sandbox.columns import MATRIX, USER
from plugin.sandbox.engine import Engine, TriggerRun
from plugin.sandbox.permissions import user_may
from plugin.sandbox.rows import Row, Table
from plugin.sandbox.values import to_boolean, to_integer
from plugin.sandbox.world import NOBODY, World

_FLAGS = frozenset({"active", "vip", "verified", "out_of_office"})
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@[^@\s]+")
CUSTOMER_ROLE = 3
MOST_REASSIGNED = 100
"""How many of his tickets follow a customer to another organization."""

MOST_REPLACEMENTS = 10
"""How many levels of stand-ins Zammad follows."""


def make(engine: Engine, asked: dict[str, Any]) -> Row:
    """Makes a user as the current actor; a mail address or login can be there only once (422)."""
    world = engine.world
    email = str(asked.get("email") or "").strip().lower()
    _refuse_unnamed(asked)
    _refuse_mail(email)
    login = str(asked.get("login") or email).strip().lower() or _unique_login(world)
    if email:
        _refuse_taken(world, "email", email)
    _refuse_taken(world, "login", login)
    stamp = world.stamp()
    columns = {**USER, **_plain(asked), **_belongings(world, asked, Row())}
    columns |= {"email": email, "login": login, "created_by_id": world.actor_id}
    columns |= {"updated_by_id": world.actor_id, "created_at": stamp, "updated_at": stamp}
    user = world.users.insert(columns)
    if user_may(world, user, "ticket.agent") and not asked.get("preferences"):
        user = world.users.put(user.id, preferences=MATRIX)
    if asked.get("password"):
        world.passwords[user.id] = str(asked["password"])
    _touch_belongings(world, user, groups=list(user.group_ids))
    _sign_roles(world, user)
    return user


def _refuse_unnamed(asked: dict[str, Any]) -> None:
    if not any(str(asked.get(name) or "").strip() for name in ("login", "email", "firstname", "lastname", "phone")):
        raise unprocessable("At least one identifier (firstname, lastname, phone, mobile or email) is required.")


def _refuse_mail(email: str) -> None:
    if email and not _MAIL.fullmatch(email):
        raise unprocessable(f"Invalid email '{email}'")


def _refuse_taken(world: World, key: str, value: str, *, but: int | None = None) -> None:
    other = world.users.first(**{key: value})
    if other is not None and other.id != but:
        name = {"email": "Email address", "login": "Login"}[key]
        raise unprocessable(f"{name} '{value}' is already used for another user.")


def change(engine: Engine, user: Row, asked: dict[str, Any]) -> Row:
    """Changes a user as the current actor."""
    world = engine.world
    changes = {**_plain(asked), **_belongings(world, asked, user)}
    for key in ("login", "email"):
        if asked.get(key):
            changes[key] = str(asked[key]).strip().lower()
            _refuse_taken(world, key, changes[key], but=user.id)
    _refuse_mail(changes.get("email", ""))
    if asked.get("password"):
        world.passwords[user.id] = str(asked["password"])
    changes = {name: value for name, value in changes.items() if user.get(name) != value}
    if not changes and user.updated_by_id == world.actor_id:
        return user
    changed = world.users.put_all(user.id, {**changes, "updated_by_id": world.actor_id, "updated_at": world.stamp()})
    _touch_belongings(world, changed, groups=_groups_to_touch(world, before=user, after=changed))
    if user.organization_id != changed.organization_id:
        _touch_organization(world, user.organization_id)
        _take_tickets_along(engine, changed, left=user.organization_id)
    return changed


def _take_tickets_along(engine: Engine, user: Row, *, left: int | None) -> None:
    """Moves a customer's tickets of the organization he left to his new one, as nobody, each an event of its own."""
    world = engine.world
    if world.setting("ticket_organization_reassignment") is False:
        return
    belonging = world.tickets.where(customer_id=user.id, organization_id=left)
    for ticket in belonging[:MOST_REASSIGNED]:
        with engine.acting_as(NOBODY):
            tickets.save(engine, ticket.id, {"organization_id": user.organization_id})
        engine.commit_events(TriggerRun(silent=True))


def guess_customer(engine: Engine, mail: str) -> Row:
    """The customer of that address, made where he is unknown (`customer_id: "guess:…"`)."""
    found = engine.world.users.first(email=mail.strip().lower())
    if found is not None:
        return found
    if not _MAIL.fullmatch(mail.strip()) or "@" not in mail:
        raise Refusal(422, f"Invalid email '{mail}' of customer", human=False)
    return make(engine, {"email": mail, "role_ids": [CUSTOMER_ROLE]})


def make_customer(engine: Engine, asked: dict[str, Any]) -> Row:
    """The customer nested in a ticket: found by address, else made with these names."""
    mail = str(asked.get("email") or "").strip().lower()
    found = engine.world.users.first(email=mail) if mail else None
    return found or make(engine, {**asked, "role_ids": [CUSTOMER_ROLE]})


def sender_of_mail(engine: Engine, *, address: str, name: str) -> Row:
    """The user a mail comes from, made as customer where he is unknown."""
    found = engine.world.users.first(email=address.lower())
    if found is not None:
        return found
    first, _, last = name.strip().partition(" ")
    made = make(engine, {"email": address, "firstname": first, "lastname": last, "role_ids": [CUSTOMER_ROLE]})
    return engine.world.users.put(made.id, created_by_id=made.id)


def replacements(world: World, user: Row) -> list[Row]:
    """Who stands in for somebody today, and for him in turn, as far as ten levels and without a circle."""
    chain: list[Row] = []
    while len(chain) < MOST_REPLACEMENTS and is_away(world, user):
        other = world.users.get(user.out_of_office_replacement_id)
        if other is None or other in chain:
            break
        chain.append(other)
        user = other
    return chain


def is_away(world: World, user: Row) -> bool:
    """Whether somebody is out of office today; without both days he is not."""
    today = world.now().date().isoformat()
    start, end = user.out_of_office_start_at, user.out_of_office_end_at
    return bool(user.out_of_office and start and end and str(start)[:10] <= today <= str(end)[:10])


def has_references(world: World, user: Row) -> bool:
    """Whether records point at a user, so that he cannot be deleted."""
    if world.tickets.where(customer_id=user.id):
        return True
    if any(user.id in (row.owner_id, row.created_by_id, row.updated_by_id) for row in world.tickets):
        return True
    return any(user.id in (row.created_by_id, row.updated_by_id) for row in world.articles)


def new_token(world: World, user: Row, asked: dict[str, Any]) -> str:
    """Makes an access token for a user; it is shown only now."""
    stamp = world.stamp()
    secret = f"{user.id} {stamp} {len(world.tokens)} {asked.get('name')}"
    text = hashlib.sha256(secret.encode()).hexdigest()
    wanted = asked.get("permission") or asked.get("permissions") or []
    world.tokens.insert(
        {
            "token": text,
            "user_id": user.id,
            "name": asked.get("name"),
            "permissions": [str(name) for name in wanted],
            "expires_at": asked.get("expires_at"),
            "last_used_at": None,
            "created_at": stamp,
            "updated_at": stamp,
        }
    )
    return text


def _touch_belongings(world: World, user: Row, *, groups: list[int]) -> None:
    """Moves `updated_at` of a person's organization and of groups."""
    _touch_organization(world, user.organization_id)
    for group_id in groups:
        if group_id in world.groups:
            world.groups.put(group_id, updated_at=world.stamp())


def _touch_organization(world: World, organization_id: int | None) -> None:
    if organization_id in world.organizations and organization_id is not None:
        world.organizations.put(organization_id, updated_at=world.stamp())


def _groups_to_touch(world: World, *, before: Row, after: Row) -> list[int]:
    """The groups a change of rights touches: 6.1 writes all rights anew, 6.5 only those that changed."""
    if before.group_ids == after.group_ids:
        return []
    groups = list({**before.group_ids, **after.group_ids})
    if world.manners.writes_all_rights_anew:
        return groups
    return [group_id for group_id in groups if before.group_ids.get(group_id) != after.group_ids.get(group_id)]


def _sign_roles(world: World, user: Row) -> None:
    """Giving a role saves it: its `updated_by_id` becomes the giver's, and only that moves `updated_at`."""
    for role_id in user.role_ids:
        if world.roles[role_id].updated_by_id != world.actor_id:
            world.roles.put(role_id, updated_by_id=world.actor_id, updated_at=world.stamp())


def _plain(asked: dict[str, Any]) -> dict[str, Any]:
    skipped = {"login", "email", "updated_by_id", "created_by_id", "created_at", "updated_at", "last_login"}
    plain: dict[str, Any] = {}
    for name, value in asked.items():
        if name not in USER or name in skipped:
            continue
        plain[name] = bool(to_boolean(value)) if name in _FLAGS else value
    if "organization_id" in plain:
        plain["organization_id"] = to_integer(plain["organization_id"])
    return plain


def _belongings(world: World, asked: dict[str, Any], user: Row) -> dict[str, Any]:
    held: dict[str, Any] = {
        "role_ids": user.get("role_ids", [CUSTOMER_ROLE]),
        "organization_ids": user.get("organization_ids", []),
        "group_ids": user.get("group_ids", {}),
    }
    if asked.get("role_ids") is not None:
        held["role_ids"] = known_ids(world.roles, asked["role_ids"])
    elif asked.get("roles") is not None:
        held["role_ids"] = [id_of_name(world, "roles", name) for name in asked["roles"]]
    if asked.get("organization_ids") is not None:
        held["organization_ids"] = known_ids(world.organizations, asked["organization_ids"])
    if asked.get("group_ids") is not None:
        held["group_ids"] = rights(asked["group_ids"])
    elif asked.get("groups") is not None:
        named = asked["groups"]
        held["group_ids"] = rights({id_of_name(world, "groups", name): named[name] for name in named})
    if isinstance(asked.get("organization"), str) and asked["organization"]:
        held["organization_id"] = id_of_name(world, "organizations", asked["organization"])
    return held


def known_ids(table: Table, given: Any) -> list[int]:
    """Ids of rows there are, each once (422 where one is not)."""
    found: dict[int, None] = {}
    for item in given:
        row = table.get(to_integer(item))
        if row is None:
            raise masked(f"No value found with id {item}")
        found[int(row.id)] = None
    return list(found)


def rights(given: Any) -> dict[int, list[str]]:
    """Rights by group id, each a list ("full" alone is taken too)."""
    if not isinstance(given, dict):
        return {}
    return {int(key): list(names) if isinstance(names, list) else [str(names)] for key, names in given.items()}


def id_of_name(world: World, table: str, name: Any, *, column: str = "name") -> int:
    """The id of the row of that name (422 where there is none)."""
    row = getattr(world, table).first(**{column: name})
    if row is None:
        raise unprocessable(f"No lookup value found for '{table}': \"{name}\"")
    return int(row.id)


def _unique_login(world: World) -> str:
    return f"auto-{world.now():%Y%m%d%H%M%S}-{len(world.users) + NOBODY}"
