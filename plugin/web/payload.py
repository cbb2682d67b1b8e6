"""The one bounded parse of a webhook body: ticket id and version, nothing else is believed before a look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

LARGEST_ID = 2**63 - 1
_VERSION = re.compile(r"[0-9A-Za-z:.+-]{1,40}")


class Unreadable(Exception):
    """A body that says of no ticket that it changed; the text says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A ticket deserves a look. ``version`` None where the body names none that could be Zammad's."""

    ticket_id: int
    version: str | None


def read(body: bytes) -> Hint:
    """Raises Unreadable.

    orjson is strict (UTF-8, no NaN, no lone surrogates) and gives up at a nesting of 1024 instead of overflowing.
    """
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unreadable("not JSON") from None
    if not isinstance(said, dict):
        raise Unreadable("not a JSON object")
    ticket = said.get("ticket")
    if not isinstance(ticket, dict):
        raise Unreadable("no ticket in it")
    return Hint(ticket_id=_id(ticket.get("id")), version=_version(ticket.get("updated_at")))


def _id(value: Any) -> int:
    # true is an int to Python, and 2**70 a float to orjson
    if type(value) is not int or not 0 < value <= LARGEST_ID:
        raise Unreadable("no ticket id in it")
    return value


def _version(value: Any) -> str | None:
    return value if isinstance(value, str) and _VERSION.fullmatch(value) else None
