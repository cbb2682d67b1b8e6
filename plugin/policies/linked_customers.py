"""The customers of tickets linked to an interruption are told of it once, and once more when it is over (E4.3).

With ``STEWARD_CUSTOMER_MAIL`` on and messages for it in the pack, each gets one in his own ticket: what is down, and
when it is expected to be back, where an agent wrote that into an internal note of the incident's ticket (the pack's
record says with which words, ``Back: 18:00`` or ``Back: 2026-03-02 18:00``) and it is still to come; who writes no time
there that can be read is told so once. Nobody is written to whom an agent answered since, whose ticket is closed, none
of ours, out of scope, or an incident itself. After *restored* he is told once more, and where he heard nothing before,
that once only. More than one working day late it is left to a person: until *restored* the incident's task says so.
Otherwise all of it is that task, as with mail off.

``limit`` is the brake on all of it: a link too many is soon made, and a mail cannot be taken back. A simulation plays
each ticket by itself and forecasts none of these: a ticket learns of an incident from our own store alone.

A rule::

    - policy: linked_customers
      mode: enforce
      limit: 100
      options:
        message_after: 10 min

Options: ``message_after`` (a duration in minutes or hours), from the link, or from *restored*: time to take a link
back that was made by mistake, and to write down when it will be back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from plugin.model import records
from plugin.model.case import Case
from plugin.model.decision import Finding, Look, Message, Note, Should
from plugin.model.durations import Duration, Unit
from plugin.model.linked import (
    ANNOUNCED,
    DOWN,
    DOWN_UNTIL,
    OVER,
    Announced,
    Incident,
    Interruption,
    interruptions,
    is_answered,
    told,
)
from plugin.model.pack import Kind
from plugin.model.records import Entry
from plugin.model.refusals import unread
from plugin.model.said import REASON_WITHIN
from plugin.model.words import Text, text

CLAUSES = ("E4.3",)
AFTER = ("classification", "interruptions")
BACK = "back"
"""The record's item that says when it is expected to be over."""
APART = timedelta(minutes=1)
"""Zammad's clock and ours differ by so much at most; beyond it no deadline is worked."""


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring. Raises ValueError for a time that is not in minutes or hours."""

    message_after: Duration = Duration(10, Unit.MINUTES)

    def __post_init__(self) -> None:
        if not self.message_after.is_clocked:
            raise ValueError(f"found message_after: {self.message_after}, allowed minutes or hours: 10 min, 1 h")


def decide(case: Case, options: Options) -> Iterator[Should]:
    if not case.customer_mail or case.pack.message(DOWN) is None or case.kind is Kind.NONE:
        return
    incident = case.finding("incident")
    if isinstance(incident, Incident):
        noted = _noted(case, incident)
        back_at = records.moment(noted, zone=case.pack.zone) if noted is not None else None
        announced = Announced(incident, options.message_after.clocked, back_at)
        yield Finding(ANNOUNCED, announced, "E4.3", text("Customers of linked tickets are told."))
        if incident.restored_at is None:
            if noted is not None and back_at is None:
                yield _no_time(case, noted)
            return
    if case.matter.is_closed:
        return
    for one in interruptions(case.timeline):
        yield from _over(case, options, one) if one.restored_at is not None else _down(case, options, one)


def _noted(case: Case, incident: Incident) -> Entry | None:
    """The newest note on when it is expected to be back."""
    since = incident.opened_at - REASON_WITHIN
    return records.newest(case.timeline, case.pack.record.items, since=since).get(BACK)


def _no_time(case: Case, noted: Entry) -> Note:
    line = text(
        "“{label}: …” names no time. Write “{label}: 18:00”, or with its day “{label}: {day} 18:00”.",
        label=records.label(case.pack, BACK),
        day=noted.at.astimezone(ZoneInfo(case.pack.zone)).date().isoformat(),
    )
    return unread("linked_customers.back", noted, line, clause="E4.3")


def _down(case: Case, options: Options, one: Interruption) -> Iterator[Message | Look]:
    if is_answered(case.timeline, one.opened_at) or told(case.timeline, opened_at=one.opened_at, since=one.since):
        return
    goes_at = one.since + options.message_after.clocked
    is_said = one.back_at is not None and one.back_at > case.now and case.pack.message(DOWN_UNTIL) is not None
    values = (("back_at", text("{moment}", moment=one.back_at)),) if is_said else ()
    yield from _message(case, one, DOWN_UNTIL if is_said else DOWN, goes_at=goes_at, values=values)


def _over(case: Case, options: Options, one: Interruption) -> Iterator[Message | Look]:
    assert one.restored_at is not None
    goes_at = one.restored_at + options.message_after.clocked
    written = told(case.timeline, opened_at=one.opened_at, since=one.since)
    is_done = any(at >= goes_at - APART for at in written) or is_answered(case.timeline, one.restored_at)
    # whom an agent answered before we wrote a word, he tells himself
    if is_done or not (written or not is_answered(case.timeline, one.opened_at)) or case.pack.message(OVER) is None:
        return
    yield from _message(case, one, OVER, goes_at=max(goes_at, one.since + options.message_after.clocked))


def _message(
    case: Case, one: Interruption, template: str, *, goes_at: datetime, values: tuple[tuple[str, Text], ...] = ()
) -> Iterator[Message | Look]:
    if case.now < goes_at:
        yield Look(goes_at, text("Then the customer is written to."), certain=True)
    elif case.now <= case.one_working_day_after(goes_at):
        yield Message(
            rule=f"linked_customers.{OVER if template == OVER else DOWN}",
            epoch=f"{one.incident_id}-{one.epoch}",
            template=template,
            clause="E4.3",
            because=text("The ticket is linked to an interruption that began on {at}.", at=one.opened_at),
            moment=goes_at,
            values=values,
        )
