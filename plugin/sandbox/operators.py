"""What the operators of Zammad's selector ask of one value, in the database's three-valued logic.

A test answers True, False, or None where PostgreSQL would say NULL: of a column that holds nothing most operators
know neither yes nor no, and neither of the two fulfils a condition.
"""

from __future__ import annotations

import operator
import re
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from plugin.sandbox.answers import broken
from plugin.sandbox.values import to_boolean, to_integer, to_moment

Truth = bool | None
Test = Callable[[Any, Any, "Frame"], Truth]


class Frame:
    """What a test may need beside value and operand: the moment, the range of a relative time, how `like` reads."""

    __slots__ = ("now", "range", "wildcards")

    def __init__(self, *, now: datetime, range: Any = None, wildcards: bool = False) -> None:
        self.now = now
        self.range = range
        self.wildcards = wildcards


def negated(truth: Truth) -> Truth:
    """NOT."""
    return None if truth is None else not truth


def all_of(truths: list[Truth]) -> Truth:
    """AND over any number."""
    if False in truths:
        return False
    return None if None in truths else True


def any_of(truths: list[Truth]) -> Truth:
    """OR over any number."""
    if True in truths:
        return True
    return None if None in truths else False


def is_valid(name: Any) -> bool:
    """Whether Zammad knows an operator of this name."""
    return name in TESTS or name in SPECIAL


def _listed(asked: Any) -> list[Any]:
    return asked if isinstance(asked, list) else [asked]


def _same(value: Any, asked: Any) -> bool:
    if isinstance(value, bool):
        return to_boolean(asked) is value
    if isinstance(value, datetime):
        return to_moment(asked) == value
    if isinstance(value, list):
        return asked in value
    return str(value) == str(asked)


def _among(value: Any, asked: Any) -> Truth:
    return None if value is None else any(_same(value, item) for item in _listed(asked))


def _is(value: Any, asked: Any, _frame: Frame) -> Truth:
    """`value: null` asks for nothing, an empty text in a list for nothing too."""
    if asked is None:
        return value is None
    return True if value is None and "" in _listed(asked) else _among(value, asked)


def _is_not(value: Any, asked: Any, _frame: Frame) -> Truth:
    if asked is None:
        return value is not None
    if value is None:
        return "" not in _listed(asked)
    return negated(_among(value, asked))


def _any_of(value: Any, asked: Any, _frame: Frame) -> Truth:
    return _among(value, _listed(asked) or [""])


def _none_of(value: Any, asked: Any, _frame: Frame) -> Truth:
    return negated(_among(value, _listed(asked) or [""]))


def _like(shape: str) -> Test:
    """A part of a text, whatever its case; several parts are joined by OR."""

    def test(value: Any, asked: Any, frame: Frame) -> Truth:
        if value is None:
            return None
        patterns = (_pattern(shape, str("" if item is None else item), frame) for item in _listed(asked))
        return any(pattern.fullmatch(str(value)) for pattern in patterns)

    return test


def _pattern(shape: str, text: str, frame: Frame) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."} if frame.wildcards else {}
    inner = "".join(wild.get(letter, re.escape(letter)) for letter in text)
    return re.compile(shape.format(inner), re.IGNORECASE | re.DOTALL)


def _contains_not(value: Any, asked: Any, frame: Frame) -> Truth:
    """Older versions find no empty column by `contains not` (Zammad's issue 4948)."""
    if value is None:
        return None if frame.wildcards else True
    return negated(_contains(value, asked, frame))


def _regex(value: Any, asked: Any, _frame: Frame) -> Truth:
    return None if value is None else re.search(str(asked), str(value), re.IGNORECASE) is not None


def _no_regex(value: Any, asked: Any, frame: Frame) -> Truth:
    return negated(_regex(value, asked, frame))


def _absolute(compare: Callable[[datetime, datetime], bool]) -> Test:
    def test(value: Any, asked: Any, _frame: Frame) -> Truth:
        moment, edge = to_moment(_instant(value)), to_moment(asked)
        return None if moment is None or edge is None else compare(moment, edge)

    return test


def _relative(compare: Callable[[datetime, datetime, datetime], bool], *, sign: int) -> Test:
    def test(value: Any, asked: Any, frame: Frame) -> Truth:
        edge = shifted(frame.now, str(frame.range), sign * (to_integer(asked) or 0))
        moment = to_moment(_instant(value))
        return None if moment is None else compare(moment, edge, frame.now)

    return test


def _instant(value: Any) -> Any:
    if value is None or isinstance(value, (datetime, str)):
        return value
    return f"{value}T00:00:00Z"


def shifted(now: datetime, unit: str, amount: int) -> datetime:
    """A moment so many minutes, …, years away; 500 for other ranges."""
    spans = {"minute": "minutes", "hour": "hours", "day": "days", "week": "weeks"}
    if unit in spans:
        return now + timedelta(**{spans[unit]: amount})
    if unit not in ("month", "year"):
        raise broken("unknown selector")
    months = now.year * 12 + now.month - 1 + amount * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def _today(value: Any, _asked: Any, frame: Frame) -> Truth:
    moment = to_moment(_instant(value))
    return None if moment is None else moment.date() == frame.now.date()


def _of_members(check: Callable[[set[str], set[str]], bool]) -> Test:
    """An operator on fields with several values."""

    def test(value: Any, asked: Any, _frame: Frame) -> Truth:
        if value is None:
            return None
        return check(set(map(str, _listed(value))), set(map(str, _listed(asked))))

    return test


_contains = _like(".*{}.*")
_has_all, _has_one = _of_members(set.issuperset), _of_members(lambda held, asked: not held.isdisjoint(asked))
TESTS: dict[str, Test] = {
    "is": _is,
    "is not": _is_not,
    "is any of": _any_of,
    "is none of": _none_of,
    "contains": _contains,
    "contains not": _contains_not,
    "contains all": _has_all,
    "contains one": _has_one,
    "contains all not": lambda value, asked, frame: negated(_has_all(value, asked, frame)),
    "contains one not": lambda value, asked, frame: negated(_has_one(value, asked, frame)),
    "starts with": _like("{}.*"),
    "starts with one of": _like("{}.*"),
    "ends with": _like(".*{}"),
    "ends with one of": _like(".*{}"),
    "matches regex": _regex,
    "does not match regex": _no_regex,
    "before (absolute)": _absolute(operator.le),
    "after (absolute)": _absolute(operator.ge),
    "before (relative)": _relative(lambda moment, edge, _now: moment <= edge, sign=-1),
    "after (relative)": _relative(lambda moment, edge, _now: moment >= edge, sign=1),
    "within last (relative)": _relative(lambda moment, edge, now: edge <= moment <= now, sign=-1),
    "within next (relative)": _relative(lambda moment, edge, now: now <= moment <= edge, sign=1),
    "till (relative)": _relative(lambda moment, edge, _now: moment <= edge, sign=1),
    "from (relative)": _relative(lambda moment, edge, _now: moment >= edge, sign=-1),
    "today": _today,
}
"""Operators that look at a value."""

WITHOUT_VALUE = frozenset({"has changed", "has reached", "has reached warning", "is any of", "is none of"})
WITHOUT_VALUE |= {"is set", "not set"}
"""Operators whose condition is whole without a value."""

SPECIAL = frozenset({"has changed", "has reached", "has reached warning", "is set", "not set"})
SPECIAL |= {"is in working time", "is not in working time"}
"""Operators that look at the event, the calendar or a booking of time."""
