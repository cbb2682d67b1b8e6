"""Packs with one number, share, hour, choice or ``when`` changed, to see whether their examples notice."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plugin.model.pack import Kind, Tier
from plugin.packs.values import WEEKDAYS

Path = tuple[Any, ...]

NOT_CHANGED = frozenset(
    {"pack", "title", "standard", "language", "zone", "people", "words", "natures", "messages", "examples", "extends"}
)
"""Names, words and texts: no numbers, and nothing that says for which tickets a rule is."""
_LISTS_OF_NAMES = frozenset({"items", "plan", "lines", "values", "clauses"})
"""Inside other parts too."""

_DURATION = re.compile(r"(\d+) (min|h|days?|working days?|working hours?|weeks?|months?)")
_AMOUNT = re.compile(r"(\d+) ([A-Z]{3})")
_PERCENT = re.compile(r"(\d+) ?%")
_SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_SMALLER = {
    "h": "30 min",
    "day": "23 h",
    "working day": "1 h",
    "week": "6 days",
    "month": "3 weeks",
    "working hour": "30 min",
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A pack's values with one change; ``name`` says which."""

    name: str
    path: Path
    values: Mapping[str, Any]


def mutants(values: Mapping[str, Any]) -> Iterator[Mutant]:
    """Every change, one at a time."""
    for path, change, new in _changes(values, ()):
        changed = copy.deepcopy({key: value for key, value in values.items() if key != "examples"})
        _put(changed, path, new)
        yield Mutant(f"{_called(values, path)}: {change}", path, changed)


_GONE = object()


def _changes(node: Any, path: Path) -> Iterator[tuple[Path, str, Any]]:
    if isinstance(node, Mapping):
        yield from _of_mapping(node, path)
        for key, inner in node.items():
            if key not in (_LISTS_OF_NAMES if path else NOT_CHANGED):
                yield from _changes(inner, (*path, key))
    elif isinstance(node, list):
        yield from _of_list(node, path)
        for number, inner in enumerate(node):
            if isinstance(inner, Mapping):
                yield from _changes(inner, (*path, number))
    else:
        for new in _of_scalar(node, path):
            yield path, f"{node} → {new}", new


def _of_mapping(node: Mapping[Any, Any], path: Path) -> Iterator[tuple[Path, str, Any]]:
    for key in node:
        if path == ("clocks",) or (path and key in _LEFT_OUT.get(path[0], ())):
            yield (*path, key), "taken away", _GONE
        first, _, last = str(key).partition(" to ")
        if path[-1:] == ("hours",) and last in WEEKDAYS:
            for other in (WEEKDAYS.index(last) - 1, WEEKDAYS.index(last) + 1):
                days = f"{first} to {WEEKDAYS[other]}"
                yield path, f"{key} → {days}", {days if k == key else k: v for k, v in node.items()}


_LEFT_OUT = {
    "clocks": ("target", "extended_limit", "warn_at", "tiers", "when"),
    "rules": ("when", "groups", "share", "limit"),
    "record": ("when",),
}
"""Keys that may be left out: without them something else holds."""
_MEMBERS = {"kinds": [k.value for k in (Kind.COMPLAINT, Kind.REQUEST)], "tiers": [t.value for t in Tier]}


def _of_list(node: list[Any], path: Path) -> Iterator[tuple[Path, str, Any]]:
    if path[0] == "rules" and len(path) == 1:
        yield from (((*path, n), "taken away", _GONE) for n in range(len(node)))
        return
    if any(isinstance(one, Mapping) for one in node):
        return
    others = [one for one in _MEMBERS.get(str(path[-1]), ()) if node and one not in node]
    if others and len(node) == 1:
        yield from ((path, f"{node[0]} → {one}", [one]) for one in others)
    elif len(node) > 1 or "when" not in path:  # without its only name a when is taken away
        for number, one in enumerate(node):
            yield path, f"without {one}", [other for n, other in enumerate(node) if n != number]
    yield from ((path, f"with {one}", [*node, one]) for one in others)
    for number, one in enumerate(node):
        amount = _AMOUNT.fullmatch(one) if isinstance(one, str) else None
        for more in (1, -1) if amount else ():
            changed = f"{int(amount[1]) + more} {amount[2]}" if amount else ""
            yield path, f"{one} → {changed}", [*node[:number], changed, *node[number + 1 :]]


def _of_scalar(value: Any, path: Path) -> Iterator[Any]:
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
            if value > 1:
                yield value - 1
        case float():
            yield value * 1.2
            yield value * 0.8
        case str():
            yield from _of_text(value, path)


def _of_text(value: str, path: Path) -> Iterator[Any]:
    duration, percent, span = _DURATION.fullmatch(value), _PERCENT.fullmatch(value), _SPAN.fullmatch(value)
    if duration:
        amount, unit = int(duration[1]), duration[2].removesuffix("s")
        plural = unit if unit in ("min", "h") else f"{unit}s"
        yield f"{amount + 1} {plural}"
        yield f"{amount - 1} {plural}" if amount > 1 else _SMALLER[unit]
    elif percent:
        yield f"{int(percent[1]) + 5} %"
        yield f"{int(percent[1]) - 5} %"
    elif span:
        opens, closes = int(span[1]), int(span[3])
        yield from (f"{h:02d}:{span[2]}-{span[3]}:{span[4]}" for h in (opens - 1, opens + 1))
        yield from (f"{span[1]}:{span[2]}-{h:02d}:{span[4]}" for h in (closes - 1, closes + 1))
    elif path[0] == "rules" and path[2:3] == ("options",) and value in _MEMBERS["tiers"]:
        yield from (tier for tier in _MEMBERS["tiers"] if tier != value)
    elif path[0] == "clocks" and path[-1] == "calendar":
        yield "always" if value != "always" else "office"
    elif path[-1] in ("default_class", "complaint_class"):
        yield "service" if value != "service" else "complaint"


def _put(values: Any, path: Path, new: Any) -> None:
    for step in path[:-1]:
        values = values[step]
    if new is _GONE:
        del values[path[-1]]
    else:
        values[path[-1]] = new


def _called(values: Mapping[str, Any], path: Path) -> str:
    """``rules.deadlines.options.silence``: rules by their names."""
    named = list(path)
    if named[0] == "rules" and len(named) > 1:
        rule = values["rules"][named[1]]
        named[1] = rule.get("name", rule.get("policy"))
    return ".".join(map(str, named))
