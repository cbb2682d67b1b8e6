"""How Zammad takes and shows values: what it makes of a wrong type, and how a stored value looks in JSON."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import orjson

from plugin.sandbox.clock import to_milliseconds

_FALSE = frozenset({"", "0", "f", "F", "false", "FALSE", "off", "OFF"})


def to_integer(value: Any) -> int | None:
    """As PostgreSQL columns take it through Rails: "7" is 7, "seven" 0, nothing stays nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    if isinstance(value, str):
        found = re.match(r"\s*([-+]?\d+)", value)
        return int(found.group(1)) if found else 0
    return None


def to_boolean(value: Any) -> bool | None:
    """Everything that is not one of Rails' false words is true; "" and None stay None."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value not in _FALSE
    return bool(value)


def to_text(value: Any) -> str | None:
    """Text without NUL characters; other types in Ruby's own notation."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, bool):
        return "t" if value else "f"
    return ruby_text(value)


def to_moment(value: Any) -> datetime | None:
    """An instant in UTC with milliseconds; what cannot be read is None."""
    if isinstance(value, datetime):
        return to_milliseconds(value.astimezone(UTC))
    return _read_moment(value) if isinstance(value, str) else None


@lru_cache(maxsize=1024)  # one search asks of thousands of tickets whether they changed after the same moment
def _read_moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return to_milliseconds(moment.astimezone(UTC))


def to_day(value: Any) -> date | None:
    """A calendar day; what cannot be read is None."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None


def to_decimal(value: Any) -> Decimal | None:
    """A decimal column (time units)."""
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)


def ruby_text(value: Any) -> str:
    """How Ruby would inspect a JSON value (`{"a"=>1}`, `[1, nil]`)."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{ruby_quoted(key)}=>{ruby_inner(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(ruby_inner(item) for item in value) + "]"
    return str(value)


def ruby_inner(value: Any) -> str:
    """`ruby_text` for a value inside another one: text is quoted."""
    return ruby_quoted(value) if isinstance(value, str) else ruby_text(value)


def ruby_quoted(text: Any) -> str:
    """Text in Ruby's double quotes."""
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def iso(moment: datetime) -> str:
    """An instant as Zammad writes it: UTC, milliseconds, Z."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def shown(value: Any) -> Any:
    """A stored value as it appears in JSON: instants, days and decimals as text, keys as text."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, dict):
        return {str(key): shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return value


def decimal_text(value: Decimal) -> str:
    """A decimal as Rails prints it: always with a fraction ("4.0")."""
    text = format(value.normalize(), "f")
    return text if "." in text else f"{text}.0"


def to_json(value: Any) -> bytes:
    """Compact JSON of an answer."""
    return orjson.dumps(shown(value), option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME)


def rails_json(value: Any) -> bytes:
    """JSON as Rails' to_json sends it in webhooks: `<`, `>`, `&` and line separators escaped (contract 1.3)."""
    text = orjson.dumps(shown(value), option=orjson.OPT_NON_STR_KEYS).decode("utf-8")
    for character, escaped in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
        text = text.replace(character, escaped)
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode("utf-8")
