"""The kinds of values a pack may hold: each takes what YAML read, or says in a ValueError what is allowed.

``written`` says beside each how it is written, for editors (``plugin.packs.fields``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from functools import cache
from string import Formatter
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import holidays
from babel import Locale

from plugin.model.calendars import Opening, check_openings
from plugin.model.durations import ALLOWED, UNITS, Duration
from plugin.packs import hints

LANGUAGES = ("en", "de", "zh-CN")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LARGEST = 10**9
"""No number of a pack is beyond it."""
E = TypeVar("E", bound=Enum)
Taker = TypeVar("Taker", bound=Callable[[object], object])

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%", re.ASCII)

_WRITTEN: dict[Callable[[object], object], Mapping[str, Any]] = {}


def written(**schema: Any) -> Callable[[Taker], Taker]:
    """Decorates a taker with how its values are written, in the words of JSON Schema."""

    def note(take: Taker) -> Taker:
        _WRITTEN[take] = schema
        return take

    return note


def as_json(take: Callable[[object], object]) -> dict[str, Any]:
    """How the values of a taker are written, as JSON Schema; nothing where nobody said."""
    own = take.as_json if isinstance(take, OneOf | Member | Message) else _WRITTEN.get(take, {})
    return dict(own)


@written(type="string", pattern=r"\S")
def text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("allowed a text")
    return value.strip()


@dataclass(frozen=True, slots=True)
class Message:
    """A text for the customer that names nothing but these placeholders, without formats or attributes."""

    names: tuple[str, ...]

    @property
    def as_json(self) -> Mapping[str, Any]:
        names = "|".join(self.names)
        return {"type": "string", "pattern": rf"^(?=[\s\S]*\S)(?:[^{{}}]|\{{\{{|\}}\}}|\{{(?:{names})\}})*$"}

    def __call__(self, value: object) -> str:
        found = text(value)
        allowed = f"allowed {', '.join(f'{{{name}}}' for name in self.names)}"
        try:
            named = [(name, spec, how) for _, name, spec, how in Formatter().parse(found) if name is not None]
        except ValueError as fault:
            raise ValueError(f"found a single brace, {allowed}, or {{{{ and }}}} for braces") from fault
        for name, spec, how in named:
            if name not in self.names or spec or how:
                near = hints.nearest(name, self.names)
                hint = hints.meant(f"{{{near}}}") if near else ""
                raise ValueError(f"found {{{name[:40]}{':' if spec else ''}{spec}}}, {allowed}{hint}")
        return found


@written(type="string", pattern="^[a-z][a-z0-9_]{0,39}$")
def code(value: object) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise ValueError("allowed a name of small letters, digits and _")
    return value


@written(type="string", pattern="^[a-z][a-z0-9_-]{0,39}$")
def name(value: object) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value.replace("-", "_")):
        raise ValueError("allowed a name of small letters, digits, - and _")
    return value


@written(type="string", pattern=r"^[^*]*\w[^*]*\*?\s*$", maxLength=200)
def phrase(value: object) -> str:
    """Words to look for; ``*`` only as their ending, after two letters at least (one in Chinese)."""
    found = " ".join(text(value).split()) if isinstance(value, str) else ""
    stem = found.removesuffix("*")
    shortest = 1 if any(ord(letter) > 0x2E7F for letter in stem) else 2
    if not shortest <= len(stem) <= 200 or "*" in stem or not any(letter.isalnum() for letter in stem):
        raise ValueError("allowed words of two letters or more, with * only as their ending")
    return found


@written(type="boolean")
def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"allowed true or false{hints.of_flag(value)}")
    return value


@written(type="integer", minimum=-LARGEST, maximum=LARGEST)
def whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        raise ValueError("allowed a whole number")
    return int(value)


@written(type="integer", minimum=1, maximum=LARGEST)
def count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST:
        raise ValueError("allowed a whole number from 1")
    return int(value)


@written(type="number", minimum=-LARGEST, maximum=LARGEST)
def number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
    if not isinstance(value, int | float) or not is_number or math.isnan(value):
        raise ValueError("allowed a number")
    return float(value)


@written(
    anyOf=[
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^\d{1,3}(\.\d+)?\s*%$"},
    ]
)
def share(value: object) -> float:
    """``75 %`` or 0.75, as a share of 1."""
    percent = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    found = float(percent[1]) / 100 if percent else value
    if not isinstance(found, float | int) or isinstance(found, bool) or not 0 < found <= 1:
        raise ValueError("allowed a share above 0 % and up to 100 %, such as 75 %")
    return float(found)


@written(
    type="string",
    pattern=rf"^\s*[0-9]{{1,7}}(\.[0-9]{{1,3}})?\s*({'|'.join(UNITS)})\s*$",
    examples=["24 h", "2 working days"],
)
def duration(value: object) -> Duration:
    if not isinstance(value, str):
        raise ValueError(f"allowed {ALLOWED}{hints.of_duration(value, UNITS)}")
    try:
        return Duration.parse(value)
    except ValueError as fault:
        raise ValueError(f"{fault}{hints.of_duration(value, UNITS)}") from fault


@written(type="string", pattern=r"^\d{4}-\d{2}-\d{2}$")
def day(value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("allowed a date such as 2027-05-01")
    return date(value.year, value.month, value.day)


@written(type="string", examples=["Europe/Berlin", "Asia/Shanghai", "UTC"])
def zone(value: object) -> str:
    refusal = "allowed the name of a time zone such as Europe/Berlin, Asia/Shanghai or UTC"
    if not isinstance(value, str):
        raise ValueError(refusal)
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise ValueError(f"{refusal}{hints.of_zone(value, available_timezones())}") from fault


@written(type="string", pattern="^[A-Z]{2}(-.+)?$", examples=["DE", "DE-BY", "CN", "GB-ENG"])
def country(value: object) -> str:
    """A code of python-holidays: ``DE``, or with a part of the country ``DE-BY``."""
    refusal = "allowed a country's two letters such as DE, CN, GB, or with a part of it such as DE-BY"
    if not isinstance(value, str):
        raise ValueError(refusal)
    found, _, part = value.partition("-")
    parts = _countries().get(found)
    if parts is None:
        raise ValueError(f"{refusal}{_country_meant(found)}")
    if part and part not in parts:
        allowed = f"allowed {found}, or {found}- with one of {', '.join(parts) or 'no parts: it has none'}"
        raise ValueError(f"{allowed}{hints.did_you_mean(part, parts)}")
    return value


@cache
def _countries() -> dict[str, list[str]]:
    return holidays.utils.list_supported_countries(include_aliases=True)


def _country_meant(name: str) -> str:
    """The code of a country that was written out, in English, German or Chinese."""
    named = {
        written: code
        for language in ("en", "de", "zh")
        for code, written in Locale(language).territories.items()
        if code in _countries()
    }
    near = hints.nearest(name, (*named, *_countries()))
    return hints.meant(named.get(near, near)) if near else ""


_TIMES = r"([01]\d|2[0-3]):[0-5]\d\s*[-–]\s*([01]\d|2[0-4]):[0-5]\d"


@written(type="string", pattern=rf"^closed$|^\s*{_TIMES}(\s*,\s*{_TIMES})*\s*$", examples=["09:00-17:00"])
def openings(value: object) -> tuple[Opening, ...]:
    """``09:00-17:00``, ``09:00-12:00, 13:00-17:00``, or ``closed``."""
    refusal = "allowed times such as 09:00-17:00, several with commas, or closed"
    if value == "closed":
        return ()
    if not isinstance(value, str):
        raise ValueError(refusal)
    spans = [_SPAN.fullmatch(part.strip()) for part in value.split(",")]
    found = []
    for span in spans:
        if span is None or (span[3] == "24" and span[4] != "00"):
            raise ValueError(f"{refusal}{hints.of_openings(value)}")
        opens, closes = (int(span[1]), int(span[2])), (int(span[3]) % 24, int(span[4]))
        if span[3] == "00" and span[4] == "00":
            raise ValueError(f"{refusal}; the end of the day is 24:00")
        found.append((time(*opens), time(*closes)))
    try:
        check_openings(tuple(found))
    except ValueError as fault:
        raise ValueError("allowed openings in order, each before its closing (a night is two days' hours)") from fault
    return tuple(found)


_DAY = f"({'|'.join(WEEKDAYS)})"


@written(type="string", pattern=f"^{_DAY}( to {_DAY})?$")
def weekdays(value: object) -> range:
    """The days (0 is Monday) that ``friday`` or ``monday to friday`` names."""
    first, _, last = value.partition(" to ") if isinstance(value, str) else ("", "", "")
    if first in WEEKDAYS and (last or first) in WEEKDAYS:
        days = range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)
        if days:
            return days
    allowed = f"allowed {', '.join(WEEKDAYS)}, or a stretch of them: monday to friday"
    raise ValueError(f"found the key {value}, {allowed}{hints.of_weekdays(value, WEEKDAYS)}")


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these names."""

    names: tuple[str, ...]

    @property
    def as_json(self) -> Mapping[str, Any]:
        return {"enum": list(self.names)}

    def __call__(self, value: object) -> str:
        if not isinstance(value, str) or value not in self.names:
            raise ValueError(f"allowed {', '.join(self.names)}{hints.did_you_mean(value, self.names)}")
        return value


def one_of(*names: str) -> OneOf:
    return OneOf(names)


language = one_of(*LANGUAGES)


@dataclass(frozen=True, slots=True)
class Member(Generic[E]):
    """One of an enumeration's values."""

    kind: type[E]

    @property
    def as_json(self) -> Mapping[str, Any]:
        return {"enum": [item.value for item in self.kind]}

    def __call__(self, value: object) -> E:
        try:
            return self.kind(value)
        except ValueError as fault:
            names = [str(item.value) for item in self.kind]
            raise ValueError(f"allowed {', '.join(names)}{hints.did_you_mean(value, names)}") from fault


def member(kind: type[E]) -> Member[E]:
    return Member(kind)
