"""What somebody may have meant: the nearest of the things that are allowed, for the end of a message."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

_NEAR = 0.6
_LONGEST = 60
_AMOUNT = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)\s*(\D{0,40})")
_HOURS = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*(?:-|–|to)\s*(\d{1,2})(?:[:.](\d\d))?", re.ASCII)
_SHORT = frozenset({"min", "h"})
_UNITS: Mapping[str, str] = {
    "": "h",
    "m": "min",
    "mins": "min",
    "分钟": "min",
    "hr": "h",
    "hrs": "h",
    "std": "h",
    "stunde": "h",
    "stunden": "h",
    "小时": "h",
    "小時": "h",
    "business hour": "working hours",
    "business hours": "working hours",
    "office hours": "working hours",
    "arbeitsstunden": "working hours",
    "工作小时": "working hours",
    "d": "days",
    "tag": "days",
    "tage": "days",
    "calendar days": "days",
    "天": "days",
    "business day": "working days",
    "business days": "working days",
    "workday": "working days",
    "workdays": "working days",
    "wd": "working days",
    "arbeitstag": "working days",
    "arbeitstage": "working days",
    "werktage": "working days",
    "工作日": "working days",
    "w": "weeks",
    "wk": "weeks",
    "woche": "weeks",
    "wochen": "weeks",
    "周": "weeks",
    "mo": "months",
    "monat": "months",
    "monate": "months",
    "个月": "months",
}
"""Units as people write them elsewhere."""


def did_you_mean(found: object, choices: Iterable[object]) -> str:
    """``; did you mean limit?``, empty where no choice is near."""
    near = nearest(found, choices)
    return meant(near) if near is not None else ""


def meant(near: str) -> str:
    """The end of a message that says what was meant."""
    return f"; did you mean {near}?"


def nearest(found: object, choices: Iterable[object]) -> str | None:
    """The one choice that is ``found`` but for its case, begins with it, or is spelled much like it."""
    written = str(found).strip().casefold()
    names = {str(choice).casefold(): str(choice) for choice in choices}
    if not isinstance(found, str) or not written or len(written) > _LONGEST:
        return None
    if written in names:
        return names[written]
    begun = [name for name in names if len(written) > 1 and name.startswith(written)]
    close = begun if len(begun) == 1 else get_close_matches(written, names, n=1, cutoff=_NEAR)
    return names[close[0]] if close else None


def of_duration(found: object, units: Collection[str]) -> str:
    """The same amount in a unit there is: ``2 business days`` is ``2 working days``."""
    written = _AMOUNT.fullmatch(" ".join(str(found).casefold().split())) if isinstance(found, str | int) else None
    if written is None or isinstance(found, bool):
        return ""
    amount, unit = written[1], written[2].strip().rstrip(".")
    if unit in units or not float(amount):
        return ""
    if unit in ("y", "yr", "year", "years", "jahr", "jahre", "年") and amount.isdigit():
        return meant(f"{int(amount) * 12} months")
    turned = " ".join(reversed(unit.split()))
    known = _UNITS.get(unit) or (turned if turned in units else nearest(unit, units)) or _misspelt(unit)
    return meant(f"{amount} {_fitting(known, amount)}") if known else ""


def _fitting(unit: str, amount: str) -> str:
    """The unit as it stands behind that amount: ``1 hour``, ``24 hours``; a short one is always the same."""
    if unit.rpartition(" ")[2] in _SHORT:
        return unit
    one = unit.removesuffix("s")
    return one if float(amount) == 1 else f"{one}s"


def _misspelt(unit: str) -> str | None:
    """``bussines hours`` are those of a business; of short units anything would be a misspelling."""
    near = nearest(unit, [name for name in _UNITS if len(name) > 3])
    return _UNITS[near] if near else None


def of_flag(found: object) -> str:
    """``yes`` is true."""
    written = str(found).strip().casefold()
    meanings = {"true": ("yes", "on", "y", "ja", "1", "是"), "false": ("no", "off", "n", "nein", "0", "否")}
    return next((meant(flag) for flag, words in meanings.items() if written in (flag, *words)), "")


def of_openings(found: object) -> str:
    """``9-17`` as hours of a day are written."""
    spans = [_HOURS.fullmatch(part.strip()) for part in found.split(",")] if isinstance(found, str) else [None]
    written = [f"{_time(span[1], span[2])}-{_time(span[3], span[4])}" for span in spans if span is not None]
    return meant(", ".join(written)) if len(written) == len(spans) else ""


def _time(hour: str, minute: str | None) -> str:
    return f"{int(hour):02}:{minute or '00'}"


def of_weekdays(found: object, weekdays: Iterable[str]) -> str:
    """``Mon-Fri`` as days are written."""
    names = tuple(weekdays)
    parts = [part.strip() for part in re.split(r"\s+to\s+|\s*[-–]\s*", found)] if isinstance(found, str) else []
    days = [nearest(part, names) for part in parts]
    if not 1 <= len(days) <= 2 or None in days:
        return ""
    return meant(" to ".join(day for day in days if day is not None))


def of_zone(found: object, zones: Iterable[str]) -> str:
    """``Berlin`` is Europe/Berlin."""
    names = sorted(zones)
    city = str(found).strip().casefold().replace(" ", "_")
    ending = next((name for name in names if city and name.casefold().endswith(f"/{city}")), None)
    return meant(ending) if ending else did_you_mean(found, names)
