"""Custom ticket fields: how an attribute is defined, migrated into a column, changed and dropped."""

from __future__ import annotations

import re
from typing import Any

from plugin.sandbox.answers import Refusal, broken, unprocessable
from plugin.sandbox.rows import Row
from plugin.sandbox.world import World

_RESERVED = frozenset({"destroy", "true", "false", "integer", "select", "drop", "create", "alter", "index"})
_RESERVED |= {"table", "varchar", "blob", "date", "datetime", "timestamp", "url", "icon", "initials"}
_RESERVED |= {"avatar", "permission", "validate", "subscribe", "unsubscribe", "translate", "search", "_type"}
_RESERVED |= {"_doc", "_id", "id", "action", "scope", "constructor"}

_LISTED = frozenset({"select", "multiselect", "tree_select", "multi_tree_select", "checkbox", "radio"})
_TEXT = frozenset({"input", "textarea", "richtext"})
_NEW_COLUMN = frozenset({"integer", "boolean"})


def define(world: World, asked: dict[str, Any], *, by: int = 1) -> Row:
    """Defines an attribute; nothing is in the tickets before `migrate` (contract 4.10)."""
    data_type = asked.get("data_type")
    if not isinstance(data_type, str):
        tail = ":NilClass" if world.manners.version == "6.1" else ""
        raise broken(f"undefined method `match?' for nil{tail}")
    name = str(asked.get("name", ""))
    if world.object_attributes.first(name=name, object=asked.get("object", "Ticket")) is not None:
        raise unprocessable("This object already exists.")
    option = _completed(data_type, dict(asked.get("data_option") or {}))
    _check(world, name, data_type, option)
    moment = world.stamp()
    positions = [row.get("position") or 0 for row in world.object_attributes.where(object="Ticket")]
    return world.object_attributes.insert(
        {
            "object": asked.get("object", "Ticket"),
            "name": name,
            "display": asked.get("display"),
            "data_type": data_type,
            "data_option": option,
            "data_option_new": {},
            "editable": True,
            "active": asked.get("active", True),
            "screens": asked.get("screens") or {},
            "to_create": True,
            "to_migrate": True,
            "to_delete": False,
            "to_config": False,
            "position": asked.get("position") or max(positions, default=0) + 1,
            "created_by_id": by,
            "updated_by_id": by,
            "created_at": moment,
            "updated_at": moment,
        }
    )


def redefine(world: World, attribute: Row, asked: dict[str, Any], *, by: int = 1) -> Row:
    """Changes an attribute: its option waits for the next migration."""
    option = _completed(attribute.data_type, dict(asked.get("data_option") or attribute.data_option))
    _check(world, None, attribute.data_type, option)
    waiting: dict[str, Any] = {"data_option_new": option, "to_config": True}
    if attribute.to_create:
        waiting = {"data_option": option}
    kept: dict[str, Any] = {name: asked[name] for name in ("display", "active", "screens", "position") if name in asked}
    return world.object_attributes.put_all(
        attribute.id, {**waiting, **kept, "updated_by_id": by, "updated_at": world.stamp()}
    )


def drop(world: World, attribute: Row) -> None:
    """Marks an attribute for deletion; one that was never migrated is gone at once."""
    if attribute.to_create:
        world.object_attributes.delete(attribute.id)
    else:
        world.object_attributes.put(attribute.id, to_delete=True)


def migrate(world: World) -> bool:
    """Carries out what is defined; returns whether columns came or went."""
    changed = False
    for attribute in list(world.object_attributes):
        if attribute.to_delete:
            _remove_column(world, attribute)
            changed = True
        elif attribute.to_create or attribute.to_config:
            changed = _apply(world, attribute) or changed
    return changed


def options_of(attribute: Row) -> list[str]:
    """The values an attribute offers, leaves and branches of a tree alike, in order."""
    options = attribute.data_option.get("options") or {}
    if isinstance(options, dict):
        return [str(key) for key in options]
    return list(_tree_values(options))


def value_at_creation(attribute: Row) -> Any:
    """What a ticket made through the API gets where nothing was said."""
    return attribute.data_option.get("default")


def _tree_values(options: list[Any]) -> list[str]:
    values: list[str] = []
    for option in options:
        values.append(str(option["value"]))
        values.extend(_tree_values(option.get("children") or []))
    return values


def _completed(data_type: str, option: dict[str, Any]) -> dict[str, Any]:
    option = {key: value for key, value in option.items() if key != "historical_options"}
    if data_type in _LISTED:
        option.setdefault("default", "")
        option.setdefault("options", {})
        option.setdefault("relation", "")
        option.setdefault("null", True)
        option.setdefault("nulloption", True)
        option.setdefault("maxlength", 255)
        return option
    if data_type == "boolean":
        option.setdefault("options", {"false": "no", "true": "yes"})
        option["options"] = {str(key).lower(): text for key, text in sorted(option["options"].items())}
    elif data_type in _TEXT:
        option.setdefault("default", "")
    elif data_type != "integer":
        option.setdefault("default", None)
    option.setdefault("null", True)
    option.setdefault("options", {})
    option.setdefault("relation", "")
    return option


def _check(world: World, name: str | None, data_type: str, option: dict[str, Any]) -> None:
    fault = (name is not None and _name_fault(world, name)) or _option_fault(world, data_type, option)
    if not fault:
        return
    prefix = "Validation failed: " if world.manners.version == "6.1" else ""
    raise Refusal(422, prefix + fault)


def _name_fault(world: World, name: str) -> str:
    if name in _RESERVED or (name == "article" and world.manners.version != "6.1"):
        return f"Name {name} is a reserved word"
    if re.search(r"_ids?$", name):
        return "Name can't be used because *_id and *_ids are not allowed"
    if not re.fullmatch(r"[a-z0-9_]+", name):
        return "Name only lowercase letters, numbers, and '_' are allowed"
    if not re.search(r"[a-z]", name):
        return "Name at least one letter is required"
    return ""


def _option_fault(world: World, data_type: str, option: dict[str, Any]) -> str:
    if data_type == "integer":
        return _integer_fault(world, option)
    if data_type == "input" and not isinstance(option.get("maxlength"), int):
        return "Data option must have integer for :maxlength"
    return ""


def _integer_fault(world: World, option: dict[str, Any]) -> str:
    missing = [key for key in ("min", "max") if not isinstance(option.get(key), int)]
    if not missing:
        return ""
    if world.manners.version != "6.1":
        return "Maximal value must be an integer" if "max" in missing else "Minimal value must be an integer"
    texts = [f"Data option must have integer for :{key}" for key in missing]
    for key in missing:
        texts.append(f"Data option {key} must be higher than -2147483648")
        texts.append(f"Data option {key} must be lower than 2147483648")
    return ", ".join([*texts, "Data option min must be lower than max"])


def _apply(world: World, attribute: Row) -> bool:
    option = attribute.data_option_new or attribute.data_option
    if attribute.data_type in _LISTED and isinstance(option.get("options"), dict):
        earlier = attribute.data_option.get("historical_options") or {}
        option = {**option, "historical_options": {**earlier, **option["options"]}}
    changes: dict[str, Any] = {
        "data_option": option,
        "data_option_new": {},
        "to_create": False,
        "to_migrate": False,
        "to_config": False,
        "updated_at": world.stamp(),
    }
    row = world.object_attributes.put_all(attribute.id, changes)
    if row.object == "Ticket":
        world.ticket_fields[row.name] = row
        if attribute.to_create:
            _add_column(world, row)
    return bool(attribute.to_create)


def _add_column(world: World, attribute: Row) -> None:
    default = attribute.data_option.get("default") if attribute.data_type in _NEW_COLUMN else None
    for ticket in list(world.tickets):
        world.tickets.put_all(ticket.id, {attribute.name: default})


def _remove_column(world: World, attribute: Row) -> None:
    world.object_attributes.delete(attribute.id)
    world.ticket_fields.pop(attribute.name, None)
    for ticket in list(world.tickets):
        columns = {name: value for name, value in ticket.items() if name != attribute.name}
        world.tickets.delete(ticket.id)
        world.tickets.insert(columns, row_id=ticket.id)
