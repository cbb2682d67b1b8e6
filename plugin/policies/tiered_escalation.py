"""Who hears of it: handlers of a tier, the major response, the breach ladder (A2.1, C1.4, C2.3, C4.1, E4.1).

A complaint's tier has its own handlers, who are told, never assigned. A major one brings in management and legal, an
ad-hoc team, and the three-part response: internal investigation, talking with the customer, putting it right, each a
task. What is late goes up: the owner at the warning, supervisor and first responder at the limit, management one
working day later. Where the pack names nobody, steps go to first responder and owner. What is called major only after
its closing is told to the same people: its result is reviewed (B3.3), and the response begins if they open it again.

A rule::

    - policy: tiered_escalation
      mode: enforce
      options:
        management_after: 1 working day

Options: ``management_after`` (a duration on the office calendar) between the limit and management hearing of it;
``warn_of_requests`` (true, false): the ladder also serves requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.model.case import Case
from plugin.model.clocks import Clock, ClockState
from plugin.model.decision import Look, NextStep, Note, Should, Task, Urgency
from plugin.model.durations import Duration, Unit
from plugin.model.pack import Jurisdiction, Kind, Tier
from plugin.model.said import fields_set
from plugin.model.words import Text, text

CLAUSES = ("A2.1", "C1.4", "C2.2", "C2.3", "C4.1", "E4.1")
AFTER = ("classification", "deadlines", "disputes", "first_responder", "follow_up", "interruptions")


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    management_after: Duration = Duration(1, Unit.WORKING_DAYS)
    warn_of_requests: bool = True


def decide(case: Case, options: Options) -> Iterator[Should]:
    if case.matter.is_closed:
        yield from _major_late(case)
        return
    if not (case.is_complaint and case.tier is Tier.MAJOR):
        yield from _withdrawn(case)
    if not case.is_complaint:
        because = text("It no longer holds.")
        yield from (replace(task, wanted=False, because=because) for task in _outside_help(case))
    if case.kind is Kind.NONE:
        return
    yield from _next_step(case)
    if case.is_complaint:
        yield from _tier(case)
        yield from _outside_help(case)
    if case.is_complaint or options.warn_of_requests:
        for clock in case.clocks:
            yield from _ladder(case, options, clock)


# -- tiers ------------------------------------------------------------------------------------------------------------


def _tier(case: Case) -> Iterator[Should]:
    entered = case.tiers[-1][0] if case.tiers else case.accepted_at
    # words that come after an agent's tier make no new one of it
    steps = sum(at <= entered for at, _ in case.tiers)
    epoch = f"m{case.matter.number}-{steps or 1}"
    settings = case.pack.tiers.get(case.tier)
    handlers = settings.handlers if settings else ()
    if case.tier is Tier.MAJOR:
        yield _major_note(case, epoch, entered)
        majors = _majors(case)
        yield from _major_tasks(case, len(majors), since=majors[-1] if majors else None)
    elif handlers:
        yield Note(
            rule=f"tiered_escalation.{case.tier}",
            epoch=epoch,
            lines=(text("A complaint of your tier needs you."),),
            clause="A2.1",
            because=text("Its tier is {tier}.", tier=case.tier.value),
            moment=entered,
            tell=handlers,
            urgency=Urgency.TELL,
            about="tier",
        )


def _major_late(case: Case) -> Iterator[Note]:
    """What turns out major only once it is closed: its response (C2.3) begins when somebody opens it again."""
    closing = case.matter.closings[-1]
    since, tier = case.tier_of_closed(closing.at)
    was_major = case.tier_at(closing.at) is Tier.MAJOR
    if not case.is_complaint or tier is not Tier.MAJOR or was_major or case.said_now("not-ours"):
        return
    yield replace(
        _major_note(case, f"m{case.matter.number}-c{len(case.matter.closings)}", since),
        rule="tiered_escalation.major_late",
        lines=(text("Major since it was closed: open the ticket again where anything is still owed to the customer."),),
        ends_with=text("the review of the result, or the ticket being opened again"),
    )


def _for_major(case: Case) -> tuple[str, ...]:
    """Whom a major complaint brings in (A2.1)."""
    people, settings = case.pack.people, case.pack.tiers.get(Tier.MAJOR)
    handlers = settings.handlers if settings else ()
    named = case.impartial((*handlers, *people.management, *people.legal))
    return named or case.impartial((case.accountable, case.owner))


def _major_note(case: Case, epoch: str, entered: datetime) -> Note:
    return Note(
        rule="tiered_escalation.major",
        epoch=epoch,
        lines=(
            text("A major complaint: investigate, talk with the customer, put it right. The tasks are on this ticket."),
        ),
        clause="A2.1",
        because=text("Its tier is major."),
        moment=entered,
        ends_with=text("all tasks done and the result told to the customer"),
        tell=_for_major(case),
        urgency=Urgency.TELL,
        ladder=True,
        about="major",
    )


_RESPONSE: tuple[tuple[str, Text, str, str], ...] = (
    ("management", text("Bring in management or legal"), "A2.1", "first_response"),
    ("team", text("Call together the team that works on it, led by customer service"), "C4.1", "first_response"),
    ("investigate", text("Investigate internally: what happened, and why"), "C2.3", "assessment"),
    ("talk", text("Talk with the customer: what he needs, what he can expect"), "C2.3", "first_response"),
    ("put_right", text("Put it right"), "C2.3", "result"),
)
"""Key, title, clause, and the clock whose limit is the task's date."""


def _major_tasks(case: Case, time: int, *, since: datetime | None = None) -> Iterator[Task]:
    """The response of the n-th time it is major; ``since`` when."""
    for key, title, clause, clock_name in _RESPONSE:
        yield Task(
            rule=f"tiered_escalation.{key}",
            epoch=f"m{case.matter.number}" if time == 1 else f"m{case.matter.number}-{time}",
            key=key,
            title=title,
            clause=clause,
            because=text("Its tier is major."),
            due_at=_due_at(case, clock_name, since),
            assignee=case.investigator if key == "investigate" else case.responsible,
        )


def _majors(case: Case) -> tuple[datetime, ...]:
    """When the matter at hand came to stand as major; tasks that were withdrawn are made anew each time."""
    before = (None, *(tier for _, tier in case.tiers))
    return tuple(
        at for (at, tier), was in zip(case.tiers, before, strict=False) if tier is Tier.MAJOR and was is not tier
    )


def _withdrawn(case: Case) -> Iterator[Task]:
    """The tasks of every time it may have stood as major: those that were made and are not done are void."""
    by_field = [f for f in fields_set(case.timeline, "steward_tier") if f.value == Tier.MAJOR and not f.by.is_customer]
    because = text("It is not major any more.")
    for time in range(1, len(case.said_now(Tier.MAJOR)) + len(by_field) + 1):
        for task in _major_tasks(case, time):
            yield replace(task, wanted=False, because=because)


def _due_at(case: Case, clock_name: str, since: datetime | None) -> datetime | None:
    """The limit of the clock; where that had passed when it became major, the same time from then on."""
    clock = next(iter(case.clocks_named(clock_name)), None)
    if clock is None or since is None or since < clock.limit_at or not clock.allowed:
        return clock.limit_at if clock else None
    return case.pack.calendar(clock.calendar).after(since, Duration.parse(clock.allowed))


def _limit_of(case: Case, clock_name: str) -> datetime | None:
    return next((c.limit_at for c in case.clocks_named(clock_name)), None)


def _outside_help(case: Case) -> Iterator[Task]:
    for word in case.said_now("outside-help")[:1]:
        yield Task(
            rule="tiered_escalation.coordinate",
            epoch=f"m{case.matter.number}",
            key="coordinate",
            title=text("Start working with those outside who are needed"),
            clause="C4.1",
            because=text("{login} said outside help is needed.", login=word.by.login),
            due_at=_limit_of(case, "coordination"),
            assignee=case.responsible,
        )


# -- the ladder -------------------------------------------------------------------------------------------------------

NEXT_STEPS: dict[str, Text] = {
    "first_response": text("Answer the customer"),
    "assessment": text("Judge whether the matter is ours"),
    "coordination": text("Start working with those outside"),
    "notice": text("Send the customer a formal notice with a first solution"),
    "result": text("Tell the customer a result"),
    "resolution": text("Settle and close the ticket"),
    "progress": text("Tell the customer how it stands"),
    "third_party": text("Come to an agreement with the third party's help, or go on to mediation"),
    "mediation": text("Bring the mediation to an end: record the agreement, or that it failed"),
    "arbitration": text("Bring the arbitration to an end"),
    "court": text("Bring the matter before the court to an end"),
    "promised": text("Write or call: the customer was promised it"),
    "interruption_answer": text("Tell the customers what is down and when it will be back"),
    "interruption_report": text("Write the detailed report of the interruption"),
    "interruption_update": text("Tell the customers how the interruption stands"),
}
"""What to do about each clock, as a person would say it."""


CLOCK_NAMES: dict[str, Text] = {
    "first_response": text("first response"),
    "assessment": text("assessment"),
    "coordination": text("coordination"),
    "notice": text("formal notice"),
    "result": text("result"),
    "resolution": text("resolution"),
    "progress": text("progress"),
    "third_party": text("third party"),
    "mediation": text("mediation"),
    "arbitration": text("arbitration"),
    "court": text("court"),
    "promised": text("promised moment"),
    "interruption_answer": text("first answer to an interruption"),
    "interruption_report": text("report of an interruption"),
    "interruption_update": text("news of an interruption"),
}
"""Clocks as people call them."""


def _promise(clock: Clock) -> Text:
    """``first response 24 h``."""
    name = CLOCK_NAMES.get(clock.name) or text("clock {name}", name=clock.name)
    if not clock.allowed:
        return name
    return text("{name} {amount}", name=name, amount=_amount(Duration.parse(clock.allowed)))


def _amount(duration: Duration) -> Text:
    amount = str(duration.amount)
    match duration.unit:
        case Unit.MINUTES:
            return text("{amount} min", amount=amount)
        case Unit.HOURS:
            return text("{amount} h", amount=amount)
        case Unit.WORKING_HOURS:
            return text("{amount} working hours", amount=amount)
        case Unit.WORKING_DAYS:
            return text("{amount} working days", amount=amount)
        case Unit.WEEKS:
            return text("{amount} weeks", amount=amount)
        case Unit.MONTHS:
            return text("{amount} months", amount=amount)
        case Unit.DAYS:
            return text("{amount} days", amount=amount)


def _what_to_do(clock: Clock) -> Text:
    return NEXT_STEPS.get(clock.name) or text("Meet the clock {name}", name=clock.name)


def _ladder(case: Case, options: Options, clock: Clock) -> Iterator[Should]:
    if not clock.is_open or clock.state is ClockState.PAUSED:
        return
    upwards_at = case.office.after(clock.limit_at, options.management_after)
    yield Look(upwards_at, text("Then management hears of it."), certain=True)
    if case.now >= upwards_at:
        yield _step(case, clock, "management", upwards_at, _management(case))
    elif case.now >= clock.limit_at:
        tell = case.impartial((*case.supervisors, case.accountable)) or case.impartial((case.owner,))
        yield _step(case, clock, "breach", clock.limit_at, tell)
    elif case.now >= clock.warn_at and clock.name != "promised" and (case.owner or case.accountable):
        # of a promised moment Zammad's own reminder tells the owner
        yield _step(case, clock, "warning", clock.warn_at, case.impartial((case.owner, case.accountable))[:1])


def _management(case: Case) -> tuple[str, ...]:
    return case.impartial(case.pack.people.management) or case.supervisors_or(case.accountable, case.owner)


def _step(case: Case, clock: Clock, step: str, moment: datetime, tell: tuple[str, ...]) -> Note:
    do = _what_to_do(clock)
    values = {"do": do, "limit": clock.limit_at, "promise": _promise(clock), "clause": clock.clause}
    line = text("{do} by {limit} – {promise}, {clause}", **values)
    if step != "warning":
        line = text("{do}: the limit was {limit} – {promise}, {clause}", **values)
    return Note(
        rule=f"tiered_escalation.{step}.{clock.name}",
        epoch=f"{clock.epoch}-{clock.starts_at:%Y%m%dT%H%M%S}" if clock.name == "progress" else clock.epoch,
        lines=(line,),
        clause=clock.clause,
        because=clock.because,
        moment=moment,
        ends_with=clock.ends_with,
        tell=tell,
        urgency=Urgency.TELL,
        ladder=case.is_complaint and case.tier is Tier.MAJOR,
        about="warning" if step == "warning" else "breach",
    )


def _next_step(case: Case) -> Iterator[NextStep]:
    due = [c for c in case.clocks if c.is_due_next and c.announced]
    if due:
        clock = min(due, key=lambda c: c.limit_at)
        step = text("{do} by {limit}", do=_what_to_do(clock), limit=clock.limit_at)
        yield NextStep(_with_advice(case, clock, step), clock.clause, clock.because)


def _with_advice(case: Case, clock: Clock, step: Text) -> Text:
    """What classification makes of the customer's words is said where people look for the next step."""
    if case.finding("calm_first") and clock.name in _SPOKEN_TO:
        return text("{step}. Calm the customer first", step=step)
    if clock.name == "assessment" and case.finding("jurisdiction_suggested") is Jurisdiction.NOT_OURS:
        return text("{step}. It may be somebody else's", step=step)
    if clock.name == "assessment" and case.finding("jurisdiction_suggested") is Jurisdiction.SHARED:
        return text("{step}. Somebody outside may be needed", step=step)
    return step


_SPOKEN_TO = ("first_response", "notice", "result", "progress")
"""Clocks that end when the customer is spoken to."""
