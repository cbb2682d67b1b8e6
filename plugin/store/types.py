"""Column types that read and compare alike on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import orjson
from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# SQLite makes only an INTEGER primary key the row's own number
Id = BigInteger().with_variant(Integer(), "sqlite")
Bytes = LargeBinary


@dataclass(frozen=True, slots=True)
class Written:
    """A JSON value that was written already, for ``canonical`` to take over: alone, or as a part of another."""

    text: str

    @classmethod
    def of(cls, value: Any) -> Written:
        """As it will be written once more when it was read again: a number too large for that comes back another."""
        return cls(_quickly(value) or canonical(read_json(_ENCODER.encode(value))))


def canonical(value: Any) -> str:
    """JSON with sorted keys, without blanks, in ASCII: what digests and comparisons are made over."""
    return _quickly(value) or _ENCODER.encode(value)


def _quickly(value: Any) -> str | None:
    """``canonical`` where orjson writes the same, None where it does not."""
    try:
        text = orjson.dumps(value, default=_as_plain, option=_OPTIONS)
    except TypeError:  # numbers and keys it does not take, and what has no place in the store
        return None
    if text.isascii() and b"\x7f" not in text and not _EXPONENT.search(text):
        return text.decode("ascii")
    return None


def _written(value: Any) -> str:
    return value.text if type(value) is Written else canonical(value)


def read_json(text: str) -> Any:
    """What ``canonical`` wrote. Numbers beyond 64 bits, which no answer of Zammad brings, come back as floats."""
    try:
        return orjson.loads(text)
    except ValueError:  # half a surrogate pair, a number that is none
        return json.loads(text)


def _as_plain(value: Any) -> Any:
    """For orjson, which takes over what was written as it is."""
    return orjson.Fragment(value.text) if type(value) is Written else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    if isinstance(value, Written):
        return read_json(value.text)
    raise TypeError(f"{type(value).__name__} has no place in the store")


# orjson takes a fifth of the time, and writes the same but for what is not ASCII and for 1e+16, which it writes 1e16
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_EXPONENT = re.compile(rb"e-?[0-9]+(?:[,\]}]|\Z)")
# made once: json.dumps makes one for each call
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_plain)


def to_microseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError("a time without a zone; give an aware one")
    return (moment - EPOCH) // MICROSECOND


def from_microseconds(count: int) -> datetime:
    return EPOCH + timedelta(microseconds=count)


class Converted(TypeDecorator[Any]):
    """A type that is one function each way, whatever the database; None stays None."""

    cache_ok = True
    to_driver: ClassVar[staticmethod[[Any], Any]]
    from_driver: ClassVar[staticmethod[[Any], Any]]

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else self.to_driver(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else self.from_driver(value)


class Moment(Converted):
    """An aware datetime, kept as microseconds since 1970 in UTC; a naive one is refused."""

    impl = BigInteger
    cache_ok = True
    to_driver = staticmethod(to_microseconds)
    from_driver = staticmethod(from_microseconds)


class Json(Converted):
    """A JSON value as canonical text, so that equal values are equal texts on both databases."""

    impl = Text
    cache_ok = True
    to_driver = staticmethod(_written)
    from_driver = staticmethod(read_json)
