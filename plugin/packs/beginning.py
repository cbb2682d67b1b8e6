"""A pack of one's own, begun from five answers: it extends a shipped one and says in comments what to change next."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import time
from itertools import groupby
from math import ceil
from operator import itemgetter

from plugin.model.calendars import Calendar, Opening
from plugin.model.durations import Duration, Unit
from plugin.model.pack import ClockSettings, Pack
from plugin.packs.values import WEEKDAYS

_BARE = re.compile(r"[A-Za-z][\w .@/-]*\w|[A-Za-z]")
_SPECIAL = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "all", "nobody"})
_DAY_HOURS = 24
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Answers:
    """What ``steward pack new`` asks. Empty: nobody, the states of the type pending reminder, every group."""

    name: str
    extends: str
    """The shipped pack, or the path of another from where this one will lie."""
    weekends: tuple[str, ...] = ()
    """Logins of those who answer then."""
    waiting: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    supervisors: tuple[str, ...] = ()
    customer_mail: bool = False


def begin(answers: Answers, *, base: Pack, untrue: Collection[str] = ()) -> str:
    """The text of the pack; ``base`` is the one it extends, ``untrue`` are its examples that the answers contradict."""
    parts = (*_head(answers, base), *_answered(answers, base), *_without(untrue, base), *_next(base))
    return "\n".join(parts) + "\n"


def taken_away(examples: Iterable[str]) -> Iterator[str]:
    """The lines under ``examples`` by which a pack does without some it would take over."""
    yield from (f"  {_scalar(name)}: null" for name in examples)


def _head(answers: Answers, base: Pack) -> Iterator[str]:
    yield f"# Our pack: {base.title}, with what we do otherwise."
    yield "#"
    yield f"# What does not stand here is taken over from {base.name}; see: steward pack show {answers.extends}"
    yield "# Keys are laid over those of the same name, lists take the place of the whole list, null takes a key away,"
    yield "# rules go by their name. Check it after each change:  steward pack validate FILE"
    yield "#"
    yield "# Completion in your editor:  steward pack schema > pack.schema.json  and this line with one # only:"
    yield "## yaml-language-server: $schema=pack.schema.json"
    yield ""
    yield f"pack: {_scalar(answers.name)}"
    yield f"extends: {answers.extends}"
    yield "# What reports and the handbook call it."
    yield f"title: {_scalar(f'{answers.name}, after {base.title}')}"
    yield ""
    yield "# The language of notes and tasks: en, de or zh-CN. The zone of notes, dates and opening hours."
    yield f"language: {base.language}"
    yield f"zone: {base.zone}"


def _answered(answers: Answers, base: Pack) -> Iterator[str]:
    yield from _heading("Which groups are in scope")
    yield "scope:"
    yield "  # Every group the service user may change: all; or a list of their names."
    yield f"  groups: {_list(answers.groups) if answers.groups else 'all'}"
    yield from _heading("Who supervises")
    yield "# Logins as Zammad has them. Where nobody is named, a step goes to the first responder and the owner."
    yield "people:"
    yield f"  supervisors: {_list(answers.supervisors)}"
    yield from _heading("Which states mean waiting for the customer")
    yield "# Names as Zammad has them; they count where the last public word is ours. Left out: every state of the type"
    yield "# pending reminder."
    yield f"waiting_states: {_list(answers.waiting)}" if answers.waiting else "# waiting_states: [waiting for customer]"
    yield from _weekends(answers, base)
    yield from _heading("Whether customers may be mailed")
    if not base.messages:
        yield f"# {base.name} has no messages to customers; people are given tasks instead."
    elif answers.customer_mail:
        yield f"# The messages of {base.name} are sent in the pack's language once STEWARD_CUSTOMER_MAIL=on is set."
        yield "# To word one anew, write it here as it stands there:"
        yield "# messages:"
        yield "#   confirmation:"
        yield "#     en:"
        yield "#       subject: Your complaint {number} is settled"
        yield "#       body: We closed it on {closed_on}."
    else:
        yield "# No message goes to a customer, whatever STEWARD_CUSTOMER_MAIL says: people are given tasks instead."
        yield "messages: null"


def _weekends(answers: Answers, base: Pack) -> Iterator[str]:
    yield from _heading("Who answers at weekends")
    office = base.office_calendar
    if answers.weekends:
        yield f"# The calendar {office.name} is open at weekends too; these people are told of major complaints."
        yield from ("calendars:", f"  {office.name}:", "    hours:")
        yield from (f"      {days}: {times}" for days, times in _week_with_weekend(office))
        yield from ("tiers:", "  major:", f"    handlers: {_list(answers.weekends)}")
        return
    round_the_clock = [clock for clock in base.clocks.values() if _runs_at_weekends(clock, base)]
    if not round_the_clock:
        yield f"# Nobody, and no clock of {base.name} runs then."
        return
    yield f"# Nobody. {base.name} counts these day and night; here they run in the hours of {office.name} instead."
    yield "clocks:"
    for clock in round_the_clock:
        yield f"  {clock.name}:  # {clock.limit} round the clock ({clock.clause})"
        yield f"    limit: {_in_working_days(clock.limit)}"
        yield f"    calendar: {office.name}"


def _without(untrue: Collection[str], base: Pack) -> Iterator[str]:
    if untrue:
        yield from _heading("Examples that are not meant any more")
        yield f"# {base.name} tells them, and the answers above make them come out otherwise. Tell your own instead,"
        yield "# under their names or others; all that are left must hold:  steward pack test FILE"
        yield "examples:"
        yield from taken_away(untrue)


def _next(base: Pack) -> Iterator[str]:
    clock = next(iter(base.clocks.values()))
    rule = base.rules[-1]
    yield from _heading("What you may want to change next: take the # away")
    yield from (
        "# Another time for some tickets; with nobody at weekends put it beside the clock above:",
        "# clocks:",
        f"#   {clock.name}:",
        "#     instead:",
        "#       - when: {vip: true}",
        "#         limit: 8 working hours",
        f"#         calendar: {base.office}",
        "#",
        "# Words more and less than those that are taken over:",
        "# words:",
        "#   complaint: {add: [refund], without: []}",
        "#",
        "# A rule for some groups only at first; it observes everywhere else. mode: observe records only, off is off:",
        "# rules:",
        f"#   - name: {rule.name}",
        "#     mode: enforce",
        "#     groups: [Users]",
    )


def _heading(title: str) -> tuple[str, ...]:
    return ("", "", f"# ---- {title} ".ljust(120, "-"))


def _runs_at_weekends(clock: ClockSettings, base: Pack) -> bool:
    return base.calendars[clock.calendar].hours is None and clock.limit.unit is Unit.HOURS and clock.target is None


def _in_working_days(limit: Duration) -> Duration:
    return Duration(ceil(limit.amount / _DAY_HOURS), Unit.WORKING_DAYS)


def _week_with_weekend(office: Calendar) -> Iterator[tuple[str, str]]:
    """Days and their times; a weekend that was closed has the times of the first open day."""
    week = office.hours or ((),) * 7
    usual = next((day for day in week if day), ((time(9), time(17)),))
    opened = [
        (name, day or (usual if name in WEEKDAYS[_SATURDAY:] else ())) for name, day in zip(WEEKDAYS, week, strict=True)
    ]
    for times, alike in groupby(opened, key=itemgetter(1)):
        days = [day for day, _ in alike]
        if times:
            yield (f"{days[0]} to {days[-1]}" if len(days) > 1 else days[0]), _times(times)


def _times(openings: tuple[Opening, ...]) -> str:
    return ", ".join(
        f"{opens:%H:%M}-{'24:00' if closes == time(0) else f'{closes:%H:%M}'}" for opens, closes in openings
    )


def _list(items: Iterable[str]) -> str:
    return f"[{', '.join(map(_scalar, items))}]"


def _scalar(value: str) -> str:
    """As YAML wants it: in quotes where it could be taken for something else."""
    is_plain = _BARE.fullmatch(value) and value.casefold() not in _SPECIAL
    return value if is_plain else json.dumps(value, ensure_ascii=False)
