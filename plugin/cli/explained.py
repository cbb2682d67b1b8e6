"""``steward case explain`` in words and as JSON: verdicts with grounds, clocks day by day, what became of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from plugin.cli import telling
from plugin.cli.reading import Known
from plugin.explaining import ClockTold, Verdict, why_not
from plugin.model.clocks import Clock
from plugin.model.counting import Counted
from plugin.model.grounds import Ground

MANY = 60
"""Days of one clock that are shown; JSON has them all."""


def told(known: Known) -> Iterator[RenderableType]:
    """The whole explanation for the terminal."""
    yield from telling.head(known)
    yield Text(f"decided by {known.pack.name} version {known.pack.version[:12]}")
    if known.held_back:
        yield Text("STEWARD_MODE is observe: every rule only observes, whatever the pack says")
    yield Text(f"Moments are UTC; the days of clocks, and what was written, are of {known.pack.zone}.")
    yield telling.heading("Verdicts")
    for verdict in known.explanation.verdicts:
        yield from _verdict(verdict)
    for clock in known.explanation.clocks:
        yield from _clock(clock)
    yield telling.heading("What should hold, and what became of it")
    yield _wanted(known)
    yield telling.heading("What was done, or recorded only")
    yield _effects(known)


def _verdict(verdict: Verdict) -> Iterator[RenderableType]:
    trial = f", on trial by {verdict.rule}" if verdict.rule else ""
    line = Text(f"{verdict.name}: ", style="bold")
    line.append(telling.value(_plain(verdict.value)), style="bold cyan")
    line.append(f"  ({verdict.clause}{trial}) {verdict.because}", style="default not bold")
    yield line
    for sign, grounds in (("for", verdict.grounds_for), ("against", verdict.grounds_against)):
        for ground in grounds:
            yield Text(f"    {sign}: {_ground(ground)}")


def _ground(ground: Ground) -> str:
    weight = f" [{ground.weight:+d}]" if ground.weight is not None else ""
    words = f" “{ground.words}”" if ground.words else ""
    return f"{ground.value}{weight} {ground.because}{words} ({telling.moment(ground.at)}, {ground.clause})"


def _clock(told_of: ClockTold) -> Iterator[RenderableType]:
    clock = told_of.clock
    trial = "" if clock.mode == "enforce" else ", only observed"
    yield telling.heading(f"Clock {clock.name} ({clock.clause}{trial}): {_result(clock)}")
    yield Text(f"  {clock.because}")
    rows = [
        ("starts", telling.moment(clock.starts_at)),
        ("has", f"{clock.allowed} on the calendar {clock.calendar}"),
        *(
            ("paused", f"{telling.moment(p.since)} to {telling.moment(p.until) if p.until else 'now'}: {p.because}")
            for p in clock.pauses
        ),
        *([("extended", f"was due {telling.moment(clock.extended_from)}")] if clock.extended_from else []),
        ("warns", telling.moment(clock.warn_at)),
        ("target", telling.moment(clock.target_at)),
        ("limit", telling.moment(clock.limit_at)),
        ("ended", telling.moment(clock.ended_at)),
    ]
    grid = Table.grid(padding=(0, 2))
    for name, value in rows:
        grid.add_row(f"  {name}", value)
    yield grid
    yield _days(told_of)


def _result(clock: Clock) -> str:
    late = ""
    if clock.was_broken:
        at = clock.ended_at
        late = f", late by {_span(at - clock.limit_at)}" if at else f", late since {telling.moment(clock.limit_at)}"
    ends = f"; ends with {clock.ends_with}" if clock.is_open and clock.ends_with else ""
    said = "" if clock.announced else ", recorded and never announced"
    return f"{clock.state}{late}{said}{ends}"


def _days(told_of: ClockTold) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for title in ("  day", "open", "paused", "counted", "sum"):
        table.add_column(title, justify="left" if "day" in title else "right")
    shown = told_of.days[-MANY:]
    if len(shown) < len(told_of.days):
        table.add_row(f"  … {len(told_of.days) - len(shown)} lines before", "", "", "", "")
    for day in shown:
        table.add_row(f"  {_when(day)}", *_times(day))
    return table


def _times(day: Counted) -> tuple[str, str, str, str]:
    if not day.open:
        return ("closed", "", "", _span(day.total))
    times = "" if day.days == 1 else f"{day.days} × "
    paused = _span(day.paused) if day.paused else ""
    return (f"{times}{_span(day.open)}", paused, f"{times}{_span(day.counted)}", _span(day.total))


def _when(day: Counted) -> str:
    return f"{day.day:%a %d %b %Y}" if day.days == 1 else f"{day.day:%a %d %b} – {day.until:%a %d %b %Y}"


def _span(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    return f"{minutes // 60}:{minutes % 60:02d} h"


def _wanted(known: Known) -> Table:
    table = telling.table("what", "value", "clause", "rule", "because", "holds", "why")
    for part in known.explanation.wanted:
        rule = part.rule if part.mode.value == "enforce" else f"{part.rule} (observes)"
        holds = "yes" if part.holds else "no"
        table.add_row(part.what, telling.value(part.value), part.clause, rule, part.because, holds, part.why)
    return table


def _effects(known: Known) -> Table:
    table = telling.table("when", "what", "clause", "rule", "version", "because", "became")
    for effect in known.effects:
        table.add_row(
            telling.moment(effect.settled_at or effect.created_at),
            telling.effect_in_words(effect.kind, effect.request),
            effect.clause,
            effect.rule,
            effect.pack_version[:12] or "–",
            effect.because,
            why_not(effect),
        )
    return table


# -- as JSON ----------------------------------------------------------------------------------------------------------


def as_json(known: Known) -> Mapping[str, Any]:
    """All of it, times in UTC, spans in minutes."""
    case, decision = known.case, known.decision
    return {
        "ticket": case.ticket_id,
        "number": case.number,
        "status": case.status.value,
        "at": decision.now,
        "in_force": decision.in_force,
        "because": str(decision.because),
        "pack": {"name": known.pack.name, "version": known.pack.version},
        "verdicts": [_verdict_json(verdict) for verdict in known.explanation.verdicts],
        "clocks": [_clock_json(clock) for clock in known.explanation.clocks],
        "wanted": [{name: _plain(getattr(part, name)) for name in part.__slots__} for part in known.explanation.wanted],
        "effects": [
            {
                "at": effect.settled_at or effect.created_at,
                "what": telling.effect_in_words(effect.kind, effect.request),
                "kind": effect.kind.value,
                "state": effect.state.value,
                "clause": effect.clause,
                "rule": effect.rule,
                "pack_version": effect.pack_version,
                "because": effect.because,
                "became": why_not(effect),
            }
            for effect in known.effects
        ],
    }


def _verdict_json(verdict: Verdict) -> Mapping[str, Any]:
    return {
        "name": verdict.name,
        "value": _plain(verdict.value),
        "clause": verdict.clause,
        "because": verdict.because,
        "on_trial_by": verdict.rule or None,
        "for": [_ground_json(ground) for ground in verdict.grounds_for],
        "against": [_ground_json(ground) for ground in verdict.grounds_against],
    }


def _ground_json(ground: Ground) -> Mapping[str, Any]:
    return {name: _plain(getattr(ground, name)) for name in ground.__slots__}


def _clock_json(told_of: ClockTold) -> Mapping[str, Any]:
    clock = told_of.clock
    return {name: getattr(clock, name) for name in _OF_A_CLOCK} | {
        "state": clock.state.value,
        "because": str(clock.because),
        "ends_with": str(clock.ends_with) if clock.ends_with else None,
        "pauses": [{"since": p.since, "until": p.until, "because": str(p.because)} for p in clock.pauses],
        "counted_to": told_of.counted_to,
        "days": [
            {
                "day": day.day,
                "until": day.until,
                "days": day.days,
                "open_minutes": day.open / timedelta(minutes=1),
                "paused_minutes": day.paused / timedelta(minutes=1),
                "total_minutes": day.total / timedelta(minutes=1),
            }
            for day in told_of.days
        ],
    }


def _plain(value: object) -> Any:
    """What JSON and a terminal can show of any value."""
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, bool | int | float | str | datetime | date) else str(value)


_OF_A_CLOCK = (
    "name",
    "epoch",
    "clause",
    "calendar",
    "allowed",
    "starts_at",
    "target_at",
    "warn_at",
    "limit_at",
    "ended_at",
    "breached_at",
    "extended_from",
    "announced",
    "mode",
)
