"""Placeholders like `#{ticket.title}` in notes, mails and payloads of triggers, jobs and macros."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from plugin.sandbox.engine import Engine
from plugin.sandbox.rows import Row
from plugin.sandbox.values import decimal_text, shown
from plugin.sandbox.world import ARTICLE_SENDERS, ARTICLE_TYPES, World

_PLACE = re.compile(r"#\{\s*([a-z0-9_.?!]+)\s*\}")
_ROWS = {
    "group": "groups",
    "state": "states",
    "priority": "priorities",
    "organization": "organizations",
    "owner": "users",
    "customer": "users",
    "created_by": "users",
    "updated_by": "users",
    "origin_by": "users",
}


def rendered(engine: Engine, text: str, ticket: Row, article: Row | None) -> str:
    """The text with its placeholders filled in, escaped for HTML as Zammad's notes and mails are."""
    return _PLACE.sub(lambda found: escape(_text(engine.world, found.group(1), ticket, article), quote=True), text)


def look_up(world: World, path: str, ticket: Row, article: Row | None) -> Any:
    """The value a placeholder path stands for; LookupError names the step Zammad does not know."""
    first, *steps = path.split(".")
    if first == "config":
        return world.setting(steps[0]) if steps else None
    start = {"ticket": ticket, "article": article}.get(first)
    if start is None:
        if first == "article":
            return None
        raise LookupError(path)
    return _walk(world, start, steps)


def _walk(world: World, row: Row, steps: list[str]) -> Any:
    value: Any = row
    for step in steps:
        if value is None:
            return None
        if not isinstance(value, Row):
            raise LookupError(step)
        value = _step(world, value, step)
    return value


def _step(world: World, row: Row, step: str) -> Any:
    if step in _ROWS and f"{step}_id" in row:
        return getattr(world, _ROWS[step]).get(row[f"{step}_id"])
    if step in ("type", "sender") and f"{step}_id" in row:
        names = ARTICLE_TYPES if step == "type" else ARTICLE_SENDERS
        return Row({"name": names.get(row[f"{step}_id"]), "id": row[f"{step}_id"]})
    if step in row:
        return row[step]
    raise LookupError(step)


def _text(world: World, path: str, ticket: Row, article: Row | None) -> str:
    try:
        value = look_up(world, path, ticket, article)
    except LookupError as missing:
        return f"#{{{path} / no such method}}" if str(missing) != path else f"#{{{path} / no such object}}"
    if value is None:
        return "-"
    if isinstance(value, Row):
        return str(value.get("name") or world.user_name(value.get("id")))
    if hasattr(value, "as_tuple"):
        return decimal_text(value)
    return str(shown(value))
