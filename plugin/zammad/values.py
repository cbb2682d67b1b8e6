"""Values as Zammad takes them, checked before they are sent: Zammad coerces wrong ones silently (contract 4.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from plugin.model.errors import Refused

LONGEST_TITLE = 250
LONGEST_INPUT = 250
LONGEST_NUMBER = 60
"""Characters; Zammad cuts what is longer, and a number that is cut is another number."""


class FieldType(StrEnum):
    """The types of our fields, by Zammad's names."""

    SELECT = "select"
    INPUT = "input"
    DATETIME = "datetime"
    DATE = "date"
    BOOLEAN = "boolean"


FIELDS: Mapping[str, FieldType] = {
    "steward_kind": FieldType.SELECT,
    "steward_tier": FieldType.SELECT,
    "steward_nature": FieldType.SELECT,
    "steward_stage": FieldType.SELECT,
    "steward_first_responder": FieldType.INPUT,
    "steward_next_due_at": FieldType.DATETIME,
    "steward_next_due": FieldType.INPUT,
    "steward_breached": FieldType.INPUT,
    "steward_retention": FieldType.INPUT,
    "steward_erase_after": FieldType.DATE,
    "steward_hold": FieldType.BOOLEAN,
}
"""The product's fields (design.md, Quiet fields)."""

_CODE = re.compile(r"[a-z0-9_]{1,60}")
_REFERENCE = re.compile(r"#(?=\d)")


def as_json(name: str, value: Any, *, options: frozenset[str] | None = None) -> Any:
    """The value to send for one of our fields; raises ``Refused`` naming the field where it does not fit.

    ``options`` are a select's values where the server names them. None empties the field.
    """
    kind = FIELDS.get(name)
    if kind is None:
        raise Refused(f"{name} is not a field of Steward's")
    if value is None:
        return None
    return _CHECKS[kind](name, value, options)


def clean(text: str) -> str:
    """Text without what Zammad drops silently or cannot take: NUL characters and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def moment(value: datetime) -> str:
    """A moment as Zammad writes it: UTC, milliseconds, Z."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tag(text: str) -> str:
    """A tag; raises ``Refused`` where Zammad would split or refuse it (contract 4.8)."""
    if not text.strip() or text != text.strip() or any(sign in text for sign in ",*\x00"):
        raise Refused(f"{text!r} cannot be a tag")
    return text


def item_text(text: str) -> str:
    """A checklist item's text without ticket references: Zammad would link them, and tick by itself (contract 4.9)."""
    return clean(_REFERENCE.sub("", text))


def _select(name: str, value: Any, options: frozenset[str] | None) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise _wrong(name, value, "a code of lower-case letters, digits and _")
    if options and value not in options:
        raise _wrong(name, value, f"one of {', '.join(sorted(options))}")
    return value


def _input(name: str, value: Any, _: frozenset[str] | None) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_INPUT:
        raise _wrong(name, value, f"a text of at most {LONGEST_INPUT} characters")
    return clean(value)


def _datetime(name: str, value: Any, _: frozenset[str] | None) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _wrong(name, value, "a moment with a zone")
    return moment(value)


def _date(name: str, value: Any, _: frozenset[str] | None) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _wrong(name, value, "a day")
    return value.isoformat()


def _boolean(name: str, value: Any, _: frozenset[str] | None) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, value, "true or false")
    return value


_CHECKS = {
    FieldType.SELECT: _select,
    FieldType.INPUT: _input,
    FieldType.DATETIME: _datetime,
    FieldType.DATE: _date,
    FieldType.BOOLEAN: _boolean,
}


def _wrong(name: str, value: Any, allowed: str) -> Refused:
    return Refused(f"{name}: found {type(value).__name__} {str(value)[:60]!r}, allowed is {allowed}")
