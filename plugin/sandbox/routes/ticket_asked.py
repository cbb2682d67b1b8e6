"""What a request about a ticket asks for: its columns by id or by name, for whom, and whether the form allows it."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import tickets, workflow
from plugin.sandbox.answers import unprocessable
from plugin.sandbox.columns import STAMPS, ticket_columns
from plugin.sandbox.door import Asked
from plugin.sandbox.people import guess_customer, make_customer
from plugin.sandbox.permissions import user_may
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_moment
from plugin.sandbox.world import NOBODY

_LOOKUPS = {"group": "groups", "state": "states", "priority": "priorities", "organization": "organizations"}
_PEOPLE = ("owner", "customer")
_NOT_SETTABLE = frozenset({"id", "number", "checklist_id", *STAMPS})
_ID_TABLES = {
    "state_id": "states",
    "priority_id": "priorities",
    "owner_id": "users",
    "customer_id": "users",
    "organization_id": "organizations",
}


def columns_of(asked: Asked, params: dict[str, Any], *, for_new: bool) -> dict[str, Any]:
    """The ticket columns a request names, by id or by name; unknown keys are dropped."""
    world = asked.world
    known = set(ticket_columns(world.manners)) | set(world.ticket_fields)
    columns: dict[str, Any] = {}
    for key, value in params.items():
        if key in _LOOKUPS or key in _PEOPLE:
            columns.update(_looked_up(asked, key, value, for_new=for_new))
        elif key in known and key not in _NOT_SETTABLE:
            columns[key] = _checked_id(asked, key, tickets.cast(world, key, value))
    if columns.get("owner_id", NOBODY) is None:
        columns["owner_id"] = NOBODY
    if params.get("created_at") and world.setting("import_mode"):
        columns["created_at"] = to_moment(params["created_at"])
    return columns


def with_customer(asked: Asked, params: dict[str, Any]) -> dict[str, Any]:
    """Resolves `customer_id: "guess:mail"` and a nested `customer` to a user, making him where needed."""
    asked_id, nested = params.get("customer_id"), params.get("customer")
    if isinstance(asked_id, str) and asked_id.startswith("guess:"):
        customer = guess_customer(asked.engine, asked_id.removeprefix("guess:"))
        return {**params, "customer_id": customer.id}
    if isinstance(nested, dict):
        customer = make_customer(asked.engine, nested)
        return {**params, "customer_id": customer.id, "customer": None}
    return params


def as_this_person(asked: Asked, columns: dict[str, Any], *, for_new: bool) -> dict[str, Any]:
    """Customers write only for themselves, and change neither whose a ticket is nor who works on it."""
    if user_may(asked.world, asked.caller.user, "ticket.agent"):
        return columns
    dropped = {"owner_id", "customer_id", "preferences", *(() if for_new else ("organization_id",))}
    kept = {key: value for key, value in columns.items() if key not in dropped}
    return {**kept, "customer_id": asked.caller.user_id} if for_new else kept


def check_workflow(asked: Asked, *, screen: str, saved: Row | None, columns: dict[str, Any]) -> None:
    world = asked.world
    values = dict(columns)
    if saved is None:
        values.setdefault("state_id", tickets.default_state(world).id)
        values.setdefault("priority_id", tickets.default_priority(world).id)
    workflow.check(world, asked.caller, screen=screen, saved=saved, values=values, asked=set(columns))


def merged_preferences(asked: Asked, ticket: Row, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not asked.may("ticket.agent"):
        return dict(ticket.preferences)
    return {**ticket.preferences, **given}


def _looked_up(asked: Asked, key: str, value: Any, *, for_new: bool) -> dict[str, Any]:
    world = asked.world
    if value is None or value == "" or not isinstance(value, str):
        unset = {"owner": {"owner_id": NOBODY}}.get(key, {})
        return {} if for_new else unset
    if key in _LOOKUPS:
        row = getattr(world, _LOOKUPS[key]).first(name=value)
    else:
        row = world.users.first(login=value.lower()) or world.users.first(email=value.lower())
    if row is None:
        raise unprocessable(f"No lookup value found for '{key}': \"{value}\"")
    return {f"{key}_id": row.id}


def _checked_id(asked: Asked, key: str, value: Any) -> Any:
    if key in _ID_TABLES and value is not None and value not in getattr(asked.world, _ID_TABLES[key]):
        raise unprocessable(f"Invalid value for param '{key}': {value}")
    return value
