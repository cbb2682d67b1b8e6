"""A pack in words, for ``steward pack validate`` and ``steward pack show``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import time
from pathlib import Path

from plugin.model.calendars import Calendar, Opening
from plugin.model.decision import Mode
from plugin.model.pack import ClockSettings, Pack, Rule, When
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
        rolled_out = where(rule)
        if rule.mode is Mode.ENFORCE and rolled_out:
            yield f"rules.{rule.name}: enforces {rolled_out} only, observes elsewhere"


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
    people = asdict(pack.people) | {f"{tier} tier": settings.handlers for tier, settings in pack.tiers.items()}
    yield from _section("People", (f"{part}: {', '.join(logins) or 'nobody named'}" for part, logins in people.items()))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {line}" for line in lines)


def _rule(rule: Rule) -> str:
    clauses = ", ".join(rule.clauses)
    only = in_words(rule.when)
    rolled_out = where(rule)
    parts = [
        f"{rule.name}: {rule.mode}",
        f"only {only}" if only else "",
        f"{rolled_out}, elsewhere observe" if rolled_out else "",
        f"at most {rule.limit} tickets in 24 h" if rule.limit else "",
        f"({clauses})" if clauses else "",
    ]
    return " ".join(part for part in parts if part)


def in_words(when: When) -> str:
    """Whom a rule or another time is for; empty for everybody."""
    parts = [
        ", ".join(when.kinds),
        f"{', '.join(when.tiers)} tier" if when.tiers else "",
        f"in {', '.join(when.groups)}" if when.groups else "",
        f"about {', '.join(when.natures)}" if when.natures else "",
        {True: "VIP", False: "not VIP", None: ""}[when.vip],
    ]
    return ", ".join(part for part in parts if part)


def where(rule: Rule) -> str:
    """Where a rule is rolled out to; empty for everywhere."""
    parts = [f"in {', '.join(rule.groups)}"] if rule.groups else []
    parts += [f"on {rule.share * 100:g} % of all tickets"] if rule.share < 1 else []
    return " and ".join(parts)


def _clock(clock: ClockSettings) -> str:
    whom = ", ".join((*clock.kinds, *(f"{tier} tier" for tier in clock.tiers or ())))
    others = "".join(f"; {in_words(other.when)}: {_limits(clock.with_time(other))}" for other in clock.instead)
    return f"{clock.name}: {_limits(clock)}; {whom}{others} ({clock.clause})"


def _limits(clock: ClockSettings) -> str:
    target = f"target {clock.target}, " if clock.target else ""
    extended = f", once extended {clock.extended_limit}" if clock.extended_limit else ""
    pauses = ", stops while waiting for the customer" if clock.pauses else ""
    return f"{target}limit {clock.limit}{extended} on {clock.calendar}{pauses}"


def _calendar(calendar: Calendar) -> str:
    holidays = f"; holidays of {', '.join(calendar.countries)}" if calendar.countries else ""
    return f"{calendar.name}: {opening_hours(calendar)}, {calendar.zone}{holidays}"


def opening_hours(calendar: Calendar) -> str:
    """Its week: ``mon 09:00-12:00 and 13:00-17:00; …``."""
    if calendar.hours is None:
        return "always open"
    return "; ".join(f"{day[:3]} {_times(hours)}" for day, hours in zip(WEEKDAYS, calendar.hours, strict=True) if hours)


def _times(openings: tuple[Opening, ...]) -> str:
    return " and ".join(f"{opens:%H:%M}-{_closing(closes)}" for opens, closes in openings)


def _closing(closes: time) -> str:
    return f"{closes:%H:%M}" if closes != time(0) else "24:00"
