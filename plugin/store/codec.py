"""Clocks and their sentences as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from plugin.model.clocks import Clock, ClockState, Span
from plugin.model.words import Text
from plugin.store.types import from_microseconds, to_microseconds


def to_json(value: Any) -> Any:
    """``value``, times, dates and sentences tagged: {"$at": µs}, {"$on": ISO date}, {"$text": [template, values]}."""
    if isinstance(value, datetime):
        return {"$at": to_microseconds(value)}
    if isinstance(value, date):
        return {"$on": value.isoformat()}
    if isinstance(value, Text):
        return {"$text": [value.template, to_json(value.values)]}
    if isinstance(value, Mapping):
        return {str(key): to_json(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(part) for part in value]
    # numbers, strings, None as they are; anything else is shown as its text, since it is only shown
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def from_json(value: Any) -> Any:
    """The inverse of ``to_json``; sequences come back as tuples."""
    if isinstance(value, list):
        return tuple(from_json(part) for part in value)
    if not isinstance(value, dict):
        return value
    match value:
        case {"$at": int(count)}:
            return from_microseconds(count)
        case {"$on": str(day)}:
            return date.fromisoformat(day)
        case {"$text": [str(template), dict(values)]}:
            return Text(template, from_json(values))
    return {key: from_json(part) for key, part in value.items()}


def clock_to_json(clock: Clock) -> dict[str, Any]:
    named = {name: to_json(getattr(clock, name)) for name in Clock.__slots__ if name != "pauses"}
    return named | {"pauses": [to_json([span.since, span.until, span.because]) for span in clock.pauses]}


def clock_from_json(content: Mapping[str, Any]) -> Clock:
    """Keys a newer Steward wrote and this one does not know are left out."""
    known = {name: from_json(content[name]) for name in Clock.__slots__ if name in content}
    pauses = tuple(Span(since=since, until=until, because=because) for since, until, because in known["pauses"])
    return Clock(**known | {"pauses": pauses, "state": ClockState(known["state"])})
