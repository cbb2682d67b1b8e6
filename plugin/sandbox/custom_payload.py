"""Custom payloads of webhooks: a JSON template whose placeholders are filled as Zammad fills them."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from plugin.sandbox.engine import Engine
from plugin.sandbox.events import Event
from plugin.sandbox.placeholders import look_up
from plugin.sandbox.rows import Row
from plugin.sandbox.values import rails_json

_PLACE = re.compile(r'("?)#\{\s*([a-z0-9_.?!]+)\s*\}("?)')
_TEMPLATES = frozenset({"create", "update", "escalation", "escalation_warning", "reminder_reached", "info"})


class Unrenderable(Exception):
    """The event has no message template, so that Zammad's job dies."""


def custom_payload(engine: Engine, webhook: Row, ticket: Row, article: Row | None, event: Event | None) -> bytes:
    """The template filled in; what is no JSON afterwards goes out as an `error` object (contract 2.2)."""
    kind = "info" if event is None else event.kind
    if kind not in _TEMPLATES:
        raise Unrenderable(kind)
    filled = _PLACE.sub(
        lambda found: _filled(engine, found, webhook=webhook, ticket=ticket, article=article, event=event),
        str(webhook.custom_payload),
    )
    try:
        return rails_json(json.loads(filled))
    except ValueError:
        return rails_json({"error": f"unexpected token at '{filled}'"})


def _filled(
    engine: Engine,
    found: re.Match[str],
    *,
    webhook: Row,
    ticket: Row,
    article: Row | None,
    event: Event | None,
) -> str:
    opening, path, closing = found.groups()
    value = _value(engine, path, webhook=webhook, ticket=ticket, article=article, event=event)
    newer = engine.world.manners.version != "6.1"
    if opening and closing and newer and not isinstance(value, str):
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{opening}{_escaped(text)}{closing}"


def _value(engine: Engine, path: str, *, webhook: Row, ticket: Row, article: Row | None, event: Event | None) -> Any:
    if path.startswith("notification."):
        return _notification(engine, path.partition(".")[2], ticket, event)
    if path.startswith("webhook."):
        return str(webhook.get(path.partition(".")[2]) or "")
    try:
        value = look_up(engine.world, path, ticket, article)
    except LookupError:
        return f"#{{{path} / no such method}}"
    return _leaf(engine, path, value)


def _leaf(engine: Engine, path: str, value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, (str, float)) or (isinstance(value, int) and not isinstance(value, bool)):
        return value if engine.world.manners.version != "6.1" else str(value)
    if engine.world.manners.version != "6.1" and isinstance(value, (bool, list, dict)):
        return value
    return f"#{{{path} / no such method}}"


def _notification(engine: Engine, part: str, ticket: Row, event: Event | None) -> str:
    world = engine.world
    link = f"{world.setting('http_type')}://{world.setting('fqdn')}/#ticket/zoom/{ticket.id}"
    texts = {
        "subject": str(ticket.title),
        "link": link,
        "changes": "\n".join(
            f"{name}: {old} -> {new}" for name, (old, new) in ({} if event is None else event.changes).items()
        ),
        "message": f"Ticket {ticket.title}",
        "body": "",
    }
    return texts.get(part, "")


def _escaped(text: str) -> str:
    """Quotes, line breaks and tabs, but not backslashes: Zammad's own gap."""
    for character, escaped in (('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(character, escaped)
    return text
