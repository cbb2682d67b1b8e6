"""What one part of a pack says of another: calendars, classes and names that must exist, numbers that must agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from plugin.model.calendars import Calendar
from plugin.model.durations import Duration
from plugin.model.pack import ClockSettings, Pack
from plugin.packs import hints, record, values
from plugin.packs.plain import entries, keys
from plugin.packs.source import Fault
from plugin.packs.tree import Step

_A_MONDAY = datetime(2027, 3, 1, 12, tzinfo=UTC)
"""Durations of different units are compared from here."""


def of_text(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    """Faults found on the text as it was read, whatever else is wrong with it."""
    yield from _calendars_exist(pack)
    yield from _make_up_days_copy_open_days(pack)
    yield from _classes_exist(pack)
    yield from _rules_differ(pack)
    yield from _whens_can_be_known(pack)
    yield from _natures_given_exist(pack)
    yield from record.faults(pack)


def of_numbers(pack: Pack) -> Iterator[Fault]:
    """Faults of a pack that is well-formed otherwise."""
    for clock in pack.clocks.values():
        yield from _of_clock(clock, pack, ())
        for number, other in enumerate(clock.instead):
            yield from _of_clock(clock.with_time(other), pack, ("instead", number))
    yield from _messages_are_sent(pack)
    minimum, office = pack.retention.minimum, pack.office_calendar
    for name, kept in pack.retention.classes.items():
        if _is_longer(minimum, kept, office):
            yield Fault(("retention", "classes", name), f"found {kept}, allowed the minimum of {minimum} or longer")


def _calendars_exist(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    calendars = keys(pack, "calendars")
    allowed = f"allowed a calendar of this pack: {', '.join(map(str, calendars))}"
    for path, clock in _clocks(pack):
        named = clock.get("calendar")
        if isinstance(named, str) and named not in calendars:
            yield Fault((*path, "calendar"), allowed + hints.did_you_mean(named, calendars))
    if "office" in pack and isinstance(pack["office"], str) and pack["office"] not in calendars:
        yield Fault(("office",), allowed + hints.did_you_mean(pack["office"], calendars))
    if "office" not in pack and calendars and "office" not in calendars:
        yield Fault(("calendars",), "found no calendar named office, allowed one, or the key office naming another")


def _make_up_days_copy_open_days(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    for name, calendar in keys(pack, "calendars").items():
        hours = keys(calendar, "hours") if isinstance(calendar, Mapping) else {}
        open_days = {day for days, times in hours.items() if times != "closed" for day in _weekdays(days)}
        if not open_days:
            continue
        allowed = (
            f"allowed a weekday that has hours ({', '.join(sorted(open_days, key=values.WEEKDAYS.index))}), or times"
        )
        closed = set(values.WEEKDAYS) - open_days
        for day, like in keys(calendar, "make_up_days").items():
            if isinstance(like, str) and like in closed:
                yield Fault(("calendars", name, "make_up_days", day), allowed)
        like = calendar.get("make_up_hours")
        if isinstance(like, str) and like in closed:
            yield Fault(("calendars", name, "make_up_hours"), allowed)


def _weekdays(days: object) -> list[str]:
    try:
        return [values.WEEKDAYS[number] for number in values.weekdays(days)]
    except ValueError:
        return []  # named by the schema


def _classes_exist(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    retention = keys(pack, "retention")
    classes = keys(retention, "classes")
    for key, default in (("default_class", "service"), ("complaint_class", "complaint")):
        named = retention.get(key, default)
        if classes and isinstance(named, str) and named not in classes:
            there = ", ".join(map(str, classes))
            found = f"found {named}, allowed a class of this pack: {there}{hints.did_you_mean(named, classes)}"
            yield Fault(("retention", key) if key in retention else ("retention", "classes"), found)


def _rules_differ(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    """Each name once, and each policy once for the same tickets."""
    names: set[str] = set()
    served: set[str] = set()
    for number, rule in enumerate(entries(pack, "rules")):
        if not isinstance(rule, Mapping) or not isinstance(rule.get("policy"), str) or rule.get("mode") == "off":
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


def _whens_can_be_known(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    """Natures of this pack; and what classification finds out cannot say for which tickets it is to find it out."""
    natures = keys(pack, "natures")
    ruled = [(("rules", number), rule) for number, rule in enumerate(entries(pack, "rules"))]
    for path, part in [*ruled, *_clocks(pack)]:
        when = keys(part, "when")
        for number, nature in enumerate(entries(when, "natures")):
            if isinstance(nature, str) and nature not in natures:
                yield _no_nature((*path, "when", "natures", number), nature, natures)
        if isinstance(part, Mapping) and part.get("policy") == "classification":
            for key in set(when) - {"groups"}:
                found = f"found the key {key}, allowed groups: classification itself finds out the rest"
                yield Fault((*path, "when", key), found)


def _natures_given_exist(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    """What a group or an attribute's value says a complaint is about."""
    natures = keys(pack, "natures")
    given: list[tuple[tuple[Step, ...], Mapping[Any, Any]]] = [(("group_natures",), keys(pack, "group_natures"))]
    attributes = keys(pack, "attribute_natures")
    given += [(("attribute_natures", name), keys(attributes, name)) for name in attributes]
    for path, meanings in given:
        for value, nature in meanings.items():
            if isinstance(nature, str) and nature not in natures:
                yield _no_nature((*path, value), nature, natures)


def _no_nature(path: tuple[Step, ...], nature: object, natures: Mapping[Any, Any]) -> Fault:
    allowed = f"allowed a nature of this pack: {', '.join(map(str, natures)) or 'it names none'}"
    return Fault(path, allowed + hints.did_you_mean(nature, natures))


def _clocks(pack: Mapping[Any, Any]) -> Iterator[tuple[tuple[Step, ...], Mapping[Any, Any]]]:
    """Every clock, and the other times on it."""
    for name, clock in keys(pack, "clocks").items():
        if isinstance(clock, Mapping):
            yield ("clocks", name), clock
            for number, other in enumerate(entries(clock, "instead")):
                if isinstance(other, Mapping):
                    yield ("clocks", name, "instead", number), other


def _of_clock(clock: ClockSettings, pack: Pack, among: tuple[Step, ...]) -> Iterator[Fault]:
    """``among``: the way to other times on the clock, whose own keys are pointed at where they are the odd ones."""
    calendar, path = pack.calendars[clock.calendar], ("clocks", clock.name, *among)
    if clock.target is not None and _is_longer(clock.target, clock.limit, calendar):
        yield Fault((*path, "target"), f"found {clock.target}, allowed up to the limit of {clock.limit}")
    extended = clock.extended_limit
    if extended is not None and not _is_longer(extended, clock.limit, calendar):
        message = f"found {extended}, allowed more than the limit of {clock.limit}"
        yield Fault((*path, "extended_limit"), message)
    for key, duration in (("target", clock.target), ("limit", clock.limit), ("extended_limit", extended)):
        if duration is not None and duration.needs_opening_hours and calendar.hours is None:
            plain = str(duration).replace("working hour", "hour").replace("hours", "h").replace("hour", "h")
            closing = [name for name, other in pack.calendars.items() if other.hours is not None]
            found = f"found {duration} on the calendar {calendar.name}, which never closes"
            meant = f"allowed {plain}, or a calendar with hours: {', '.join(closing) or 'make one'}"
            yield Fault((*path, key), f"{found}, {meant}")


def _messages_are_sent(pack: Pack) -> Iterator[Fault]:
    """Each message has the language it is sent in."""
    for name, texts in pack.messages.items():
        if pack.language not in texts:
            there = ", ".join(texts) or "none"
            found = f"found no {pack.language}, the language of this pack (only {there})"
            yield Fault(("messages", name), f"{found}, allowed a text in it")


def _is_longer(one: Duration, other: Duration, calendar: Calendar) -> bool:
    return calendar.after(_A_MONDAY, one) > calendar.after(_A_MONDAY, other)
