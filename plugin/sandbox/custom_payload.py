"""Custom payloads of webhooks: a JSON template whose placeholders are filled as Zammad fills them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugin.sandbox import history
from plugin.sandbox.engine import Engine
from plugin.sandbox.events import Event
from plugin.sandbox.placeholders import look_up
from plugin.sandbox.rows import Row
from plugin.sandbox.values import rails_json

_PLACE = re.compile(r'("?)#\{\s*([a-z0-9_.?!]+)\s*\}("?)')
_TEMPLATES = frozenset({"create", "update", "escalation", "escalation_warning", "reminder_reached", "info"})


_ODD_ESCAPE = re.compile(r'(?<!\\)\\([^"\\/bfnrtu])')
_HIDDEN = frozenset({"preferences"})
"""Columns no placeholder can read."""


class Unrenderable(Exception):
    """The event has no message template, so that Zammad's job dies."""


@dataclass(frozen=True, slots=True)
class Told:
    """What placeholders can speak of."""

    ticket: Row
    article: Row | None
    event: Event | None


def custom_payload(engine: Engine, webhook: Row, ticket: Row, article: Row | None, event: Event | None) -> bytes:
    """The template filled in; what is no JSON afterwards goes out as an `error` object (contract 2.2)."""
    kind = "info" if event is None else event.kind
    if kind not in _TEMPLATES or (event is not None and not _is_newer(engine) and _tells_nothing(event)):
        raise Unrenderable(kind)
    told = Told(ticket, article, event)
    filled = _PLACE.sub(lambda found: _filled(engine, found, told), str(webhook.custom_payload))
    if not _is_newer(engine):
        # the older parser takes any letter after a backslash for itself
        filled = _ODD_ESCAPE.sub(r"\1", filled)
    try:
        return rails_json(json.loads(filled))
    except ValueError:
        return rails_json({"error": f"unexpected token at '{filled}'"})


def _tells_nothing(event: Event) -> bool:
    """Whether an update has no change to put into words: then the older job dies (live: the last pass of a merge)."""
    return event.kind == "update" and event.article_id is None and history.IGNORED.issuperset(event.changes)


def _is_newer(engine: Engine) -> bool:
    return engine.world.manners.version != "6.1"


def _filled(engine: Engine, found: re.Match[str], told: Told) -> str:
    opening, path, closing = found.groups()
    value = _value(engine, path, told)
    if opening and closing and _is_newer(engine) and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{opening}{_escaped(text)}{closing}"


def _value(engine: Engine, path: str, told: Told) -> Any:
    first, _, rest = path.partition(".")
    if first == "notification":
        return _notification(engine, rest, told)
    if first not in ("ticket", "article", "config") or (first == "config" and not _is_newer(engine)):
        return f"#{{{first} / no such object}}"
    unknown = f"#{{{path} / no such method}}"
    column = rest.partition(".")[0]
    if (first == "article" and told.article is None) or column in _HIDDEN or not _is_known(engine, first, column):
        return unknown
    try:
        return _leaf(engine, unknown, look_up(engine.world, path, told.ticket, told.article))
    except LookupError:
        return unknown


def _is_known(engine: Engine, first: str, column: str) -> bool:
    """Whether the worker knows a field: the older one only those that were there when it started."""
    custom = first == "ticket" and column in engine.world.ticket_fields
    return not custom or _is_newer(engine) or column in engine.worker_knows


def _leaf(engine: Engine, unknown: str, value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, (str, float)) or (isinstance(value, int) and not isinstance(value, bool)):
        return value if _is_newer(engine) else str(value)
    return value if _is_newer(engine) and isinstance(value, (bool, list, dict)) else unknown


def _notification(engine: Engine, part: str, told: Told) -> str:
    """A part of the mail agents would get; what changed and by whom is prose, told here in fewer words."""
    world, ticket, event = engine.world, told.ticket, told.event
    link = f"{world.setting('http_type')}://{world.setting('fqdn')}/#ticket/zoom/{ticket.id}"
    texts = {
        "subject": str(ticket.title),
        "link": link,
        "changes": "\n".join(
            f"{name}: {old} -> {new}" for name, (old, new) in ({} if event is None else event.changes).items()
        ),
        "message": f"Ticket {ticket.title}",
        "body": "" if told.article is None else str(told.article.body),
    }
    return texts.get(part, "")


def _escaped(text: str) -> str:
    """Quotes, line breaks and tabs, but not backslashes: Zammad's own gap."""
    for character, escaped in (('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(character, escaped)
    return text
