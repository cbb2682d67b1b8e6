"""What one part of a pack says of another: calendars, classes and names that must exist, numbers that must agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from plugin.model.calendars import Calendar
from plugin.model.durations import Duration
from plugin.model.pack import ClockSettings, Pack
from plugin.packs import record, values
from plugin.packs.source import Fault

_A_MONDAY = datetime(2027, 3, 1, 12, tzinfo=UTC)
"""Durations of different units are compared from here."""


def of_text(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    """Faults found on the text as it was read, whatever else is wrong with it."""
    yield from _calendars_exist(pack)
    yield from _make_up_days_copy_open_days(pack)
    yield from _classes_exist(pack)
    yield from _rules_differ(pack)
    yield from record.faults(pack)


def of_numbers(pack: Pack) -> Iterator[Fault]:
    """Faults of a pack that is well-formed otherwise."""
    for clock in pack.clocks.values():
        yield from _limits_agree(clock, pack.calendars[clock.calendar])
    minimum, office = pack.retention.minimum, pack.office_calendar
    for name, kept in pack.retention.classes.items():
        if _is_longer(minimum, kept, office):
            yield Fault(("retention", "classes", name), f"found {kept}, allowed the minimum of {minimum} or longer")


def _calendars_exist(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    calendars = _keys(pack, "calendars")
    allowed = f"allowed a calendar of this pack: {', '.join(map(str, calendars))}"
    for name, clock in _keys(pack, "clocks").items():
        if isinstance(clock, Mapping) and isinstance(clock.get("calendar"), str) and clock["calendar"] not in calendars:
            yield Fault(("clocks", name, "calendar"), allowed)
    if "office" in pack and isinstance(pack["office"], str) and pack["office"] not in calendars:
        yield Fault(("office",), allowed)
    if "office" not in pack and calendars and "office" not in calendars:
        yield Fault(("calendars",), "found no calendar named office, allowed one, or the key office naming another")


def _make_up_days_copy_open_days(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    for name, calendar in _keys(pack, "calendars").items():
        hours = _keys(calendar, "hours") if isinstance(calendar, Mapping) else {}
        open_days = {day for days, times in hours.items() if times != "closed" for day in _weekdays(days)}
        if not open_days:
            continue
        allowed = (
            f"allowed a weekday that has hours ({', '.join(sorted(open_days, key=values.WEEKDAYS.index))}), or times"
        )
        closed = set(values.WEEKDAYS) - open_days
        for day, like in _keys(calendar, "make_up_days").items():
            if like in closed:
                yield Fault(("calendars", name, "make_up_days", day), allowed)
        if calendar.get("make_up_hours") in closed:
            yield Fault(("calendars", name, "make_up_hours"), allowed)


def _weekdays(days: object) -> list[str]:
    try:
        return [values.WEEKDAYS[number] for number in values.weekdays(days)]
    except ValueError:
        return []  # named by the schema


def _classes_exist(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    retention = _keys(pack, "retention")
    classes = _keys(retention, "classes")
    for key, default in (("default_class", "service"), ("complaint_class", "complaint")):
        if classes and retention.get(key, default) not in classes:
            there = ", ".join(map(str, classes))
            found = f"found {retention.get(key, default)}, allowed a class of this pack: {there}"
            yield Fault(("retention", key) if key in retention else ("retention", "classes"), found)


def _rules_differ(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    """Each name once, and each policy once for the same tickets."""
    rules = pack.get("rules")
    names: set[str] = set()
    served: set[str] = set()
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, Mapping) or not isinstance(rule.get("policy"), str):
            continue
        name, policy = str(rule.get("name", rule["policy"])), rule["policy"]
        tickets = f"{policy} {_canonical(rule.get('when') or {})}"
        if tickets in served:
            yield Fault(("rules", number), f"found {policy} again for the same tickets, allowed once per when")
        elif name in names:
            yield Fault(("rules", number), f"found a second rule {name}, allowed names of their own: add name")
        names.add(name)
        served.add(tickets)


def _canonical(when: object) -> str:
    if not isinstance(when, Mapping):
        return str(when)
    parts = (
        (str(key), sorted(map(str, part)) if isinstance(part, list) else [str(part)]) for key, part in when.items()
    )
    return str(sorted((key, part) for key, part in parts if part))


def _limits_agree(clock: ClockSettings, calendar: Calendar) -> Iterator[Fault]:
    if clock.target is not None and _is_longer(clock.target, clock.limit, calendar):
        yield Fault(("clocks", clock.name, "target"), f"found {clock.target}, allowed up to the limit of {clock.limit}")
    extended = clock.extended_limit
    if extended is not None and not _is_longer(extended, clock.limit, calendar):
        message = f"found {extended}, allowed more than the limit of {clock.limit}"
        yield Fault(("clocks", clock.name, "extended_limit"), message)


def _is_longer(one: Duration, other: Duration, calendar: Calendar) -> bool:
    return calendar.after(_A_MONDAY, one) > calendar.after(_A_MONDAY, other)


def _keys(part: object, name: str) -> Mapping[Any, Any]:
    inner = part.get(name) if isinstance(part, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}
