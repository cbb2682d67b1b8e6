"""List, read, make, change and delete of every kind of record an administrator keeps."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from plugin.sandbox import checks, search, shapes, sla
from plugin.sandbox.answers import unprocessable
from plugin.sandbox.assets import Collector
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.records import KINDS, Kind, typed
from plugin.sandbox.rows import Row, Table
from plugin.sandbox.values import to_integer

_ESCALATION_COLUMNS = {
    "slas": ("condition", "calendar_id", "first_response_time", "response_time", "update_time", "solution_time"),
    "calendars": ("timezone", "business_hours", "default", "ical_url", "public_holidays"),
}
"""What of an SLA and a calendar decides when tickets escalate."""


def index(kind: Kind, asked: Asked) -> Answer:
    """All rows of a kind."""
    asked.require(*kind.read)
    offset, size = asked.page(default=500, most=1000)
    order = {"sort_by": asked.params.get("sort_by") or "id", "order_by": asked.params.get("order_by") or "asc"}
    every = search.sort(list(_table(kind, asked)), order)
    rows = every[offset : offset + size]
    if asked.flag("full") and not asked.flag("expand"):
        return Answer({**_in_full(kind, asked, rows), "total_count": len(every)})
    return Answer([_read(kind, asked, row) for row in rows])


def show(kind: Kind, asked: Asked, row_id: str) -> Answer:
    """One row."""
    asked.require(*kind.read)
    row = asked.find(_table(kind, asked), kind.model, row_id)
    if asked.flag("full") and not asked.flag("expand"):
        return Answer({"id": row.id, "assets": _in_full(kind, asked, [row])["assets"]})
    return Answer(_read(kind, asked, row))


def _in_full(kind: Kind, asked: Asked, rows: list[Row]) -> dict[str, Any]:
    """Rows by id, with whoever made and changed them."""
    collector = Collector(asked.world, seen_by=asked.caller.user)
    for row in rows:
        collector.other(kind.model.replace("::", ""), row, _read(kind, asked, row))
        for author in ("created_by_id", "updated_by_id"):
            collector.user(row[author])
    return {"record_ids": [row.id for row in rows], "assets": collector.assets}


def _read(kind: Kind, asked: Asked, row: Row) -> Any:
    """A row as it is read again: on 6.1 the `data` of an SLA was never written down while it was empty."""
    shown = _shown(kind, asked, row)
    never_stored = kind.model == "Sla" and not row.data and asked.world.manners.empty_data_reads_null
    return {**shown, "data": None} if never_stored else shown


def create(kind: Kind, asked: Asked) -> Answer:
    """Makes a row."""
    asked.require(*kind.write)
    columns = {**kind.columns_for(asked.world), **kind.extra}
    row = Row({**columns, **typed(columns, asked.params)})
    row = _prepared(kind, asked, row)
    _refuse_double(kind, asked, row)
    _refuse_empty(kind, row)
    if kind.check is not None:
        kind.check(asked.world, row)
    stamp = asked.world.stamp()
    made = _table(kind, asked).insert(
        {
            **row,
            "created_by_id": asked.caller.user_id,
            "updated_by_id": asked.caller.user_id,
            "created_at": stamp,
            "updated_at": stamp,
        }
    )
    shown = _shown(kind, asked, made)
    _follow_up(kind, asked, made)
    _reckon_escalations(kind, asked, Row(), made)
    return Answer(shown, status=201)


def update(kind: Kind, asked: Asked, row_id: str) -> Answer:
    """Changes a row."""
    asked.require(*kind.write)
    table = _table(kind, asked)
    before = asked.find(table, kind.model, row_id)
    columns = {**kind.columns_for(asked.world), **kind.extra}
    row = _prepared(kind, asked, Row({**before, **typed(columns, asked.params)}))
    if row.get("name") != before.get("name"):
        _refuse_double(kind, asked, row)
    _refuse_empty(kind, Row({name: row[name] for name in kind.required if row.get(name) != before.get(name)}))
    if kind.check is not None:
        kind.check(asked.world, row)
    row.update({"updated_by_id": asked.caller.user_id, "updated_at": asked.world.stamp()})
    changed = table.put_all(before.id, row)
    _follow_up(kind, asked, changed)
    _reckon_escalations(kind, asked, before, changed)
    return Answer(_shown(kind, asked, table[changed.id]))


def delete(kind: Kind, asked: Asked, row_id: str) -> Answer:
    """Deletes a row nothing refers to."""
    asked.require(*kind.write)
    table = _table(kind, asked)
    row = asked.find(table, kind.model, row_id)
    if kind.path == "webhooks":
        _refuse_used(asked, row)
    table.delete(row.id)
    if kind.path == "calendars" and len(table):
        _after_a_calendar(asked)
    _keep_defaults(kind, asked, row)
    return Answer({})


def _after_a_calendar(asked: Asked) -> None:
    """There is always a default calendar, and service levels without one get it."""
    world = asked.world
    default = next((row for row in world.calendars if row.default), None)
    if default is None:
        default = world.calendars.put(min(row.id for row in world.calendars), default=True)
    for level in world.slas:
        if level.calendar_id not in world.calendars:
            world.slas.put(level.id, calendar_id=default.id)


def _table(kind: Kind, asked: Asked) -> Table:
    table: Table = getattr(asked.world, kind.table)
    return table


def _shown(kind: Kind, asked: Asked, row: Row) -> dict[str, Any]:
    shape: dict[str, Any] = dict(row)
    if kind.path in ("signatures", "email_addresses"):
        key = f"{kind.path.removesuffix('es') if kind.path == 'email_addresses' else 'signature'}_id"
        shape["group_ids"] = [group.id for group in asked.world.groups if group[key] == row.id]
    if asked.flag("expand"):
        shape |= shapes.state_expanded(asked.world, row) if kind.table == "states" else {}
        shape |= shapes.authors(asked.world, row)
    return shape


def _prepared(kind: Kind, asked: Asked, row: Row) -> Row:
    """What Zammad makes of some values before it stores them."""
    if kind.path == "webhooks" and row.endpoint:
        row["endpoint"] = str(row.endpoint)[: asked.world.manners.endpoint_length]
    if kind.path == "overviews" and not row.get("link"):
        row["link"] = _free_link(asked, str(row.name))
    if kind.path == "jobs":
        row["next_run_at"] = checks.next_run_at(row, asked.world.now())
        row["matching"] = checks.count_matching(asked.world, row)
    if kind.path == "calendars" and row.get("last_sync") is None:
        row["last_sync"] = asked.world.now()
    return row


def _free_link(asked: Asked, name: str) -> str:
    plain = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]", "_", name.lower())).strip("_")
    taken = {row.link for row in asked.world.overviews}
    link, number = plain, 0
    while link in taken:
        number += 1
        link = f"{plain}_{number}"
    return link


def _refuse_double(kind: Kind, asked: Asked, row: Row) -> None:
    if not (kind.unique and row.get("name")):
        return
    # newer versions ask for other names whatever their case, older ones leave it to the database
    same = str if asked.world.manners.version == "6.1" else lambda name: str(name).casefold()
    if any(same(other.name) == same(row.name) for other in _table(kind, asked) if other.id != row.get("id")):
        raise unprocessable(asked.world.manners.duplicate_name)


def _refuse_empty(kind: Kind, row: Row) -> None:
    for name in kind.required:
        if name in row and row[name] in (None, "", {}, []):
            raise unprocessable(f"Attribute '{name}\" of relation \"{kind.path}' required!")


def _refuse_used(asked: Asked, webhook: Row) -> None:
    world = asked.world
    uses = []
    for label, table in (("Trigger", world.triggers), ("Job", world.jobs)):
        users = [f"{row.name} (#{row.id})" for row in table if _uses(row, webhook.id)]
        if users:
            uses.append(f"{label}: {', '.join(users)}")
    if uses:
        raise unprocessable(f"Cannot delete! This webhook is referenced by {', '.join(uses)}")


def _uses(row: Row, webhook_id: int) -> bool:
    what = (row.perform or {}).get("notification.webhook") or {}
    return to_integer(what.get("webhook_id")) == webhook_id


def _follow_up(kind: Kind, asked: Asked, row: Row) -> None:
    if kind.path == "calendars":
        _keep_one_default(asked, row)
    _keep_defaults(kind, asked, row)


def _keep_one_default(asked: Asked, row: Row) -> None:
    calendars = asked.world.calendars
    defaults = [calendar for calendar in calendars if calendar.default]
    if row.default:
        for calendar in defaults:
            if calendar.id != row.id:
                calendars.put(calendar.id, default=False)
    elif not defaults:
        first = min(calendar.id for calendar in calendars)
        calendars.put(first, default=True)


def _keep_defaults(kind: Kind, asked: Asked, changed: Row) -> None:
    """Exactly one state, and one priority, is that of new tickets; and one state that of answered ones."""
    columns = {"states": ("default_create", "default_follow_up"), "priorities": ("default_create",)}
    table = _table(kind, asked)
    for column in columns.get(kind.table, ()):
        chosen = [row for row in table if row[column]]
        if len(chosen) > 1:
            for row in chosen:
                if row.id != changed.id:
                    table.put_all(row.id, {column: False})
        elif not chosen:
            first = next((row for row in table if row.active), None)
            if first is not None:
                table.put_all(first.id, {column: True})


def _reckon_escalations(kind: Kind, asked: Asked, before: Row, after: Row) -> None:
    if any(before.get(name) != after.get(name) for name in _ESCALATION_COLUMNS.get(kind.path, ())):
        sla.queue_rebuild(asked.engine)


def _routes() -> tuple[Route, ...]:
    found: list[Route] = []
    for kind in KINDS:
        whole, one = f"/{kind.path}", f"/{kind.path}/<row_id>"
        found += [
            Route("GET", whole, partial(index, kind)),
            Route("POST", whole, partial(create, kind)),
            Route("GET", one, partial(show, kind)),
            Route("PUT", one, partial(update, kind)),
            Route("DELETE", one, partial(delete, kind)),
        ]
    return tuple(found)


ROUTES = _routes()
