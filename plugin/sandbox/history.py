"""A ticket's history: one row per thing that happened, as Zammad records it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from plugin.sandbox.rows import Row, Table
from plugin.sandbox.world import World

_NAMED = {
    "group_id": "groups",
    "state_id": "states",
    "priority_id": "priorities",
    "organization_id": "organizations",
}
_PEOPLE = frozenset({"owner_id", "customer_id"})
IGNORED = frozenset(
    {
        "updated_at",
        "updated_by_id",
        "created_at",
        "created_by_id",
        "article_count",
        "preferences",
        "create_article_type_id",
        "create_article_sender_id",
        "id",
        "checklist_id",
    }
)
"""Ticket columns whose change leaves no row."""


def write(
    world: World,
    *,
    kind: str,
    ticket_id: int,
    at: datetime,
    by: int | None = None,
    record: str = "Ticket",
    record_id: int | None = None,
    source: tuple[str, int, str] | None = None,
    **details: Any,
) -> Row:
    """Adds a row of `kind` ("updated", "added", …) about a ticket or a record that belongs to it.

    `at` is the record's `updated_at` (Zammad's own choice), `source` the trigger, job or macro that did it as
    (type, id, name); `details` are attribute, value_from, value_to, id_from, id_to.
    """
    source_type, source_id, source_name = source or (None, None, None)
    return world.history.insert(
        {
            "ticket_id": ticket_id,
            "o_id": ticket_id if record_id is None else record_id,
            "object": record,
            "kind": kind,
            "created_by_id": world.actor_id if by is None else by,
            "created_at": at,
            "sourceable_type": source_type,
            "sourceable_id": source_id,
            "sourceable_name": source_name,
            **details,
        }
    )


def write_changes(
    world: World,
    before: Row,
    after: Row,
    *,
    source: tuple[str, int, str] | None = None,
) -> None:
    """One "updated" row for every column of a ticket that changed and is not ignored."""
    for column in after:
        old, new = before.get(column), after.get(column)
        if column in IGNORED or old == new:
            continue
        details = _change_details(world, column, old, new)
        write(world, kind="updated", ticket_id=after.id, at=after.updated_at, source=source, **details)


def shown_row(row: Row) -> dict[str, Any]:
    """A row as `GET /ticket_history/:id` lists it."""
    attribute = row.get("attribute")
    shown: dict[str, Any] = {"id": row.id}
    if attribute is None:
        shown["history_attribute_id"] = None
    shown.update({key: row.get(key) for key in ("sourceable_type", "sourceable_id", "sourceable_name")})
    shown["o_id"] = row.o_id
    if row.object == "Ticket":
        shown["related_history_object_id"] = None
    else:
        shown["related_o_id"] = row.ticket_id
    for key in ("id_to", "id_from", "value_from", "value_to"):
        if key in row:
            shown[key] = row[key]
    shown.update(
        {
            "created_by_id": row.created_by_id,
            "created_at": row.created_at,
            "object": row.object,
            "type": row.kind,
        }
    )
    if attribute is not None:
        shown["attribute"] = attribute
    if row.object != "Ticket":
        shown["related_object"] = "Ticket"
    return shown


def _change_details(world: World, column: str, old: Any, new: Any) -> dict[str, Any]:
    if column in _PEOPLE:
        names = (world.user_name(old), world.user_name(new))
    elif column in _NAMED:
        table = getattr(world, _NAMED[column])
        names = (_name_in(table, old), _name_in(table, new))
        if new is None:
            # Zammad looks names up only where there is a new one
            names = (str(old), "")
    else:
        return {"attribute": column, "value_from": _value(old), "value_to": _value(new)}
    return {
        "attribute": column.removesuffix("_id"),
        "id_to": new,
        "id_from": old,
        "value_from": names[0],
        "value_to": names[1],
    }


def _name_in(table: Table, row_id: Any) -> str:
    row = table.get(row_id)
    return "" if row is None else str(row.name)


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return str(value)
