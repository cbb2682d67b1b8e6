"""A pack in words, for ``steward pack validate`` and ``steward pack show``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from pathlib import Path

from plugin.model.calendars import Calendar, Opening
from plugin.model.decision import Mode
from plugin.model.pack import ClockSettings, Pack, Rule
from plugin.packs import load
from plugin.packs.values import LANGUAGES, WEEKDAYS


def check(name_or_path: str | Path) -> str:
    """A line on a pack without mistakes, and what is worth knowing; raises PackError with a line for each otherwise."""
    pack = load(name_or_path)
    counted = f"{len(pack.rules)} rules, {len(pack.clocks)} clocks, {len(pack.calendars)} calendars"
    return "\n".join((f"{pack.name}: no mistakes; {counted}; version {pack.version[:12]}", *_remarks(pack)))


def _remarks(pack: Pack) -> Iterator[str]:
    """What is allowed, and yet worth knowing."""
    for name, texts in pack.messages.items():
        lacking = [language for language in LANGUAGES if language not in texts]
        if lacking:
            yield f"messages.{name}: has no {', '.join(lacking)}; {pack.language} is sent"
    for rule in pack.rules:
        if rule.mode is Mode.ENFORCE and (rule.groups or rule.share < 1):
            where = [f"in {', '.join(rule.groups)}"] if rule.groups else []
            where += [f"on {rule.share * 100:g} % of all tickets"] if rule.share < 1 else []
            yield f"rules.{rule.name}: enforces {' and '.join(where)} only, observes elsewhere"


def show(name_or_path: str | Path) -> str:
    """What a pack does, rule by rule and clock by clock, each with its clauses; raises PackError as ``check`` does."""
    return "\n".join(_lines(load(name_or_path)))


def _lines(pack: Pack) -> Iterator[str]:
    yield f"{pack.title} ({pack.name}, version {pack.version[:12]}); notes in {pack.language}, times of {pack.zone}"
    groups = "every group the service user may change" if pack.scope.groups is None else ", ".join(pack.scope.groups)
    yield f"For tickets of {groups}"
    yield from _section("Rules", map(_rule, pack.rules))
    yield from _section("Clocks", (_clock(clock) for clock in pack.clocks.values()))
    yield from _section("Calendars", (_calendar(calendar) for calendar in pack.calendars.values()))
    kept = (f"{name}: {period} after the last closing" for name, period in pack.retention.classes.items())
    yield from _section("Records kept at least", kept)
    people = {
        "supervisors": pack.people.supervisors,
        "management": pack.people.management,
        "legal": pack.people.legal,
        "quality": pack.people.quality,
        **{f"{tier} tier": settings.handlers for tier, settings in pack.tiers.items()},
    }
    yield from _section("People", (f"{part}: {', '.join(logins) or 'nobody named'}" for part, logins in people.items()))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {line}" for line in lines)


def _rule(rule: Rule) -> str:
    clauses = ", ".join(rule.clauses)
    only = [*rule.when.kinds, *rule.when.tiers, *rule.when.groups]
    parts = [
        f"{rule.name}: {rule.mode}",
        f"only {', '.join(only)}" if only else "",
        f"at most {rule.limit} tickets in 24 h" if rule.limit else "",
        f"({clauses})" if clauses else "",
    ]
    return " ".join(part for part in parts if part)


def _clock(clock: ClockSettings) -> str:
    whom = ", ".join((*clock.kinds, *(f"{tier} tier" for tier in clock.tiers or ())))
    target = f"target {clock.target}, " if clock.target else ""
    extended = f", once extended {clock.extended_limit}" if clock.extended_limit else ""
    pauses = ", stops while waiting for the customer" if clock.pauses else ""
    limits = f"{target}limit {clock.limit}{extended} on {clock.calendar}{pauses}"
    return f"{clock.name}: {limits}; {whom} ({clock.clause})"


def _calendar(calendar: Calendar) -> str:
    holidays = f"; holidays of {', '.join(calendar.countries)}" if calendar.countries else ""
    return f"{calendar.name}: {_hours(calendar)}, {calendar.zone}{holidays}"


def _hours(calendar: Calendar) -> str:
    if calendar.hours is None:
        return "always open"
    return ", ".join(f"{day[:3]} {_times(hours)}" for day, hours in zip(WEEKDAYS, calendar.hours, strict=True) if hours)


def _times(openings: tuple[Opening, ...]) -> str:
    return " and ".join(f"{opens:%H:%M}-{_closing(closes)}" for opens, closes in openings)


def _closing(closes: time) -> str:
    return f"{closes:%H:%M}" if closes != time(0) else "24:00"
