"""The kinds of values a pack may hold: each function takes what YAML read, or says in a ValueError what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from enum import Enum
from functools import cache
from string import Formatter
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from plugin.model.calendars import Opening, check_openings
from plugin.model.durations import ALLOWED, Duration
from plugin.model.pack import MESSAGE_VALUES

LANGUAGES = ("en", "de", "zh-CN")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
E = TypeVar("E", bound=Enum)

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%", re.ASCII)


def text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("allowed a text")
    return value.strip()


def message(value: object) -> str:
    """A text for the customer whose ``{placeholders}`` are all known, without formats or attributes."""
    found = text(value)
    try:
        named = [(name, spec, how) for _, name, spec, how in Formatter().parse(found) if name is not None]
    except ValueError:
        named = [("", "", None)]
    if any(name not in MESSAGE_VALUES or spec or how for name, spec, how in named):
        raise ValueError(f"allowed a text with no placeholders but {{{'}, {'.join(MESSAGE_VALUES)}}}")
    return found


def code(value: object) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise ValueError("allowed a name of small letters, digits and _")
    return value


def name(value: object) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value.replace("-", "_")):
        raise ValueError("allowed a name of small letters, digits, - and _")
    return value


def phrase(value: object) -> str:
    """Words to look for; ``*`` only as their ending, after two letters at least (one in Chinese)."""
    found = " ".join(text(value).split()) if isinstance(value, str) else ""
    stem = found.removesuffix("*")
    shortest = 1 if any(ord(letter) > 0x2E7F for letter in stem) else 2
    if not shortest <= len(stem) <= 200 or "*" in stem or not any(letter.isalnum() for letter in stem):
        raise ValueError("allowed words of two letters or more, with * only as their ending")
    return found


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("allowed true or false")
    return value


def whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("allowed a whole number")
    return int(value)


def count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("allowed a whole number from 1")
    return int(value)


def number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError("allowed a number")
    return float(value)


def share(value: object) -> float:
    """``75 %`` or 0.75, as a share of 1."""
    percent = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    found = float(percent[1]) / 100 if percent else value
    if not isinstance(found, float | int) or isinstance(found, bool) or not 0 < found <= 1:
        raise ValueError("allowed a share above 0 % and up to 100 %, such as 75 %")
    return float(found)


def duration(value: object) -> Duration:
    if not isinstance(value, str):
        raise ValueError(f"allowed {ALLOWED}")
    return Duration.parse(value)


def day(value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("allowed a date such as 2027-05-01")
    return date(value.year, value.month, value.day)


def zone(value: object) -> str:
    refusal = "allowed the name of a time zone such as Europe/Berlin, Asia/Shanghai or UTC"
    if not isinstance(value, str):
        raise ValueError(refusal)
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise ValueError(refusal) from fault


def language(value: object) -> str:
    if value not in LANGUAGES:
        raise ValueError(f"allowed {', '.join(LANGUAGES)}")
    return str(value)


def country(value: object) -> str:
    """A code of python-holidays: ``DE``, or with a part of the country ``DE-BY``."""
    found, _, part = value.partition("-") if isinstance(value, str) else ("", "", "")
    parts = _countries().get(found)
    if parts is None:
        raise ValueError("allowed a country's two letters such as DE, CN, GB, or with a part of it such as DE-BY")
    if part and part not in parts:
        raise ValueError(f"allowed {found}, or {found}- with one of {', '.join(parts) or 'no parts: it has none'}")
    return str(value)


@cache
def _countries() -> dict[str, list[str]]:
    return holidays.utils.list_supported_countries(include_aliases=True)


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
            raise ValueError(refusal)
        opens, closes = (int(span[1]), int(span[2])), (int(span[3]) % 24, int(span[4]))
        if span[3] == "00" and span[4] == "00":
            raise ValueError(f"{refusal}; the end of the day is 24:00")
        found.append((time(*opens), time(*closes)))
    try:
        check_openings(tuple(found))
    except ValueError as fault:
        raise ValueError("allowed openings in order, each before its closing (a night is two days' hours)") from fault
    return tuple(found)


def weekdays(value: object) -> range:
    """The days (0 is Monday) that ``friday`` or ``monday to friday`` names."""
    first, _, last = value.partition(" to ") if isinstance(value, str) else ("", "", "")
    if first in WEEKDAYS and (last or first) in WEEKDAYS:
        days = range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)
        if days:
            return days
    raise ValueError(f"found the key {value}, allowed {', '.join(WEEKDAYS)}, or a stretch of them: monday to friday")


def one_of(*names: str) -> Callable[[object], str]:
    def take(value: object) -> str:
        if value not in names:
            raise ValueError(f"allowed {', '.join(names)}")
        return str(value)

    return take


def member(kind: type[E]) -> Callable[[object], E]:
    def take(value: object) -> E:
        try:
            return kind(value)
        except ValueError as fault:
            raise ValueError(f"allowed {', '.join(str(item.value) for item in kind)}") from fault

    return take
