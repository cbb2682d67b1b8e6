"""How long the record is kept: class, first day erasure is allowed, hold (C3.3, A2.2). Shown, nothing is erased here.

The first day is the date of the last closing in the pack's zone plus the class's months, clipped to the month, plus
one day. Reopening and a hold empty it; after a merge the longest class wins. A hold is asked for by an agent setting
``steward_hold``; only an operator releases it.

A rule::

    - policy: retention
      mode: enforce
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from plugin.model.case import Case
from plugin.model.decision import Field, Finding, Should
from plugin.model.durations import Duration
from plugin.model.facts import FactKind
from plugin.model.pack import Kind
from plugin.model.said import fields_set_by_agents
from plugin.model.words import Text, text

CLAUSES = ("C3.3", "A2.2")
AFTER = ("classification", "deadlines")


@dataclass(frozen=True, slots=True)
class Options:
    """No options: classes and minimum stand in the pack's ``retention``."""


def decide(case: Case, options: Options) -> Iterator[Should]:  # noqa: ARG001 - every policy is called alike
    if case.kind is Kind.NONE:
        return
    name = _class(case)
    yield Field("steward_retention", name, "C3.3", text("A {kind} is kept so long.", kind=case.kind.value))
    held = _hold_asked(case)
    yield Finding("hold", held, "A2.2", text("A hold was asked for.") if held else text("No hold."))
    because = text("A hold was asked for; only an operator releases it.") if held else text("No hold.")
    yield Field("steward_hold", held, "A2.2", because)
    first_day, because = _first_day(case, name, held=held)
    yield Field("steward_erase_after", first_day, "C3.3", because)


def _class(case: Case) -> str:
    settings = case.pack.retention
    names = {settings.complaint_class if case.is_complaint else settings.default_class}
    for merge in case.timeline.of(FactKind.RECEIVED_MERGE):
        if merge["kind"] == Kind.COMPLAINT:
            names.add(settings.complaint_class)
    if len(names) == 1:
        return names.pop()
    return max(sorted(names), key=lambda name: _kept_until(case, case.created_at, settings.classes[name]))


def _hold_asked(case: Case) -> bool:
    """Once asked for by an agent it holds; released by an operator's own fact, not by the field."""
    asked = [f for f in fields_set_by_agents(case.timeline, "steward_hold") if str(f.value).lower() == "true"]
    released = case.timeline.observed("hold_released")
    return bool(asked) and (released is None or released.at < asked[-1].at)


def _first_day(case: Case, name: str, *, held: bool) -> tuple[date | None, Text]:
    if not case.matter.is_closed or case.matter.suspended_at is not None:
        return None, text("The ticket is open.")
    closed_at = case.matter.closings[-1].last_at
    if held:
        return None, text("A hold is set.")
    period = case.pack.retention.classes[name]
    because = text("Closed on {at}; kept {period} at least.", at=closed_at, period=str(period))
    return _kept_until(case, closed_at, period) + timedelta(days=1), because


def _kept_until(case: Case, closed_at: datetime, period: Duration) -> date:
    """The closing's date in the pack's zone plus the period: calendar months, clipped to the month."""
    zone = ZoneInfo(case.pack.zone)
    noon = datetime.combine(closed_at.astimezone(zone).date(), time(12), zone)
    calendar = case.pack.office_calendar
    return calendar.after(noon, period).astimezone(zone).date()
