"""Interruptions and service exceptions: first answer, report, updates until restored, and what is learnt (E4.1, E4.3).

The ticket on which an agent says *interruption* stands for the incident; customers' tickets are linked to it. From the
word on a first answer with the time of recovery and a detailed report are owed, and after each word to the customers
the next one within an interval, until an agent says *restored*. The customers of linked tickets are told once: a ticket
whose customer was answered since needs nothing more. Where messages to customers do that (``linked_customers``), only
those are left to a person to whom none went within the hour. Afterwards systems, people and process are reviewed, and
the effect of what is improved is verified, each a task ticket. Said again after *restored*, it is another interruption.
On a ticket that is taken for none of ours, say *request* first.

A rule::

    - policy: interruptions
      mode: enforce
      options:
        review_within: 5 working days
        verify_within: 20 working days

Options: ``review_within`` and ``verify_within``, durations on the office calendar from *restored*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.model.case import Case, known
from plugin.model.clocks import Clock, ClockState
from plugin.model.decision import Finding, Look, Mode, Note, Should, Task, TaskForm, Urgency
from plugin.model.durations import Duration, Unit
from plugin.model.life import ONE_ACT
from plugin.model.linked import DOWN, Incident
from plugin.model.pack import Kind
from plugin.model.promises import Promise, run
from plugin.model.refusals import refusal
from plugin.model.said import Said
from plugin.model.tasks import done_at
from plugin.model.words import Text, text

CLAUSES = ("E4.1", "E4.3", "E6.3", "A4.2")
CLOCKS = ("interruption_answer", "interruption_report", "interruption_update")
AFTER = ("classification", "fairness", "deadlines", "first_responder")


ASKED_EVERY = timedelta(hours=1)
"""How often it is found out which linked tickets were answered: of those nobody tells the incident."""


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    review_within: Duration = Duration(5, Unit.WORKING_DAYS)
    verify_within: Duration = Duration(20, Unit.WORKING_DAYS)


@dataclass(frozen=True, slots=True)
class _Incident:
    """One interruption: the word that opened it, the one that ended it, and how manieth it is on this ticket."""

    number: int
    opened: Said
    restored: Said | None = None

    @property
    def epoch(self) -> str:
        return self.opened.key

    @property
    def known(self) -> Incident:
        """As other policies know it."""
        return Incident(self.epoch, self.opened.at, self.restored.at if self.restored is not None else None)


def decide(case: Case, options: Options) -> Iterator[Should]:
    if case.kind is Kind.NONE:
        return
    incidents, idle = _incidents(case)
    yield from (_refused(word) for word in idle)
    for incident in incidents:
        told = _told(case, incident)
        yield from _clocks(case, incident, told)
        yield from _tasks(case, options, incident, told)
    if incidents:
        last = incidents[-1]
        because = text("{login} said there is an interruption.", login=last.opened.by.login)
        yield Finding("interrupted_since", None if last.restored else last.opened.at, "E4.3", because)
        stands = last.restored is not None or not case.matter.is_closed
        yield Finding("incident", last.known if stands else None, "E4.3", because)
        if last.restored is None and not case.matter.is_closed:
            yield _opened(case, last)
            if _untold(case) or _beyond(case):
                hours = int((case.now - last.opened.at) / ASKED_EVERY) + 1
                moment = last.opened.at + ASKED_EVERY * hours
                yield Look(moment, text("Then more linked customers may be told."), certain=True)


def _incidents(case: Case) -> tuple[tuple[_Incident, ...], tuple[Said, ...]]:
    """The interruptions of the matter at hand, oldest first, and words *restored* that end none."""
    found: list[_Incident] = []
    idle: list[Said] = []
    for word in sorted(case.said_now("interruption", "restored"), key=lambda word: word.at):
        is_open = bool(found) and found[-1].restored is None
        if word.word == "interruption" and not is_open:
            found.append(_Incident(len(found) + 1, word))
        elif word.word == "restored" and is_open:
            found[-1] = _Incident(found[-1].number, found[-1].opened, word)
        elif word.word == "restored":
            idle.append(word)
    return tuple(found), tuple(idle)


def _told(case: Case, incident: _Incident) -> tuple[datetime, ...]:
    """When the customers were told: public answers here, and the task that stands for all of them being done."""
    until = incident.restored.at if incident.restored else case.now
    moments = [a.at for a in case.answers if incident.opened.at - ONE_ACT <= a.at <= until]
    ticked = done_at(case.timeline, _key("interruption_answer", incident), since=incident.opened.at)
    moments += [ticked] if ticked is not None and ticked <= until else []
    return tuple(sorted(moments))


def _key(task: str, incident: _Incident) -> str:
    return task if incident.number == 1 else f"{task}{incident.number}"


# -- clocks -----------------------------------------------------------------------------------------------------------


def _clocks(case: Case, incident: _Incident, told: tuple[datetime, ...]) -> Iterator[Clock]:
    over_at = _over_at(case, incident)
    opened_at = incident.opened.at
    first = told[0] if told else None
    yield from _clock(
        case,
        "interruption_answer",
        epoch=incident.epoch,
        starts_at=opened_at,
        told_at=first,
        over_at=over_at,
        ends_with=text("a public answer, or its task being ticked"),
    )
    yield from _clock(
        case,
        "interruption_report",
        epoch=incident.epoch,
        starts_at=opened_at,
        told_at=done_at(case.timeline, _key("interruption_report", incident), since=opened_at),
        over_at=case.matter.closed_at,  # what was restored is still to be reported
        ends_with=text("the report's task being ticked"),
    )
    for number, since in enumerate(told):
        for clock in _clock(
            case,
            "interruption_update",
            epoch=f"{incident.epoch}-{number}",
            starts_at=since,
            told_at=told[number + 1] if number + 1 < len(told) else None,
            over_at=over_at,
            ends_with=text("a public message on how it stands, or “restored”"),
        ):
            if clock.is_open or clock.was_broken:
                yield clock


def _over_at(case: Case, incident: _Incident) -> datetime | None:
    """Restored, or the ticket was closed."""
    ends = [incident.restored.at] if incident.restored else []
    ends += [c.at for c in case.matter.closings if c.at >= incident.opened.at][:1]
    return min(ends, default=None)


def _clock(
    case: Case,
    name: str,
    *,
    epoch: str,
    starts_at: datetime,
    told_at: datetime | None,
    over_at: datetime | None,
    ends_with: Text,
) -> Iterator[Clock]:
    settings = case.clock_settings(name)
    if settings is None:
        return
    is_told = told_at is not None and (over_at is None or told_at <= over_at)
    if told_at is not None and is_told:
        because = text("It was recorded.")
    else:
        because = text("Restored, or closed.") if over_at is not None else text("There is an interruption.")
    yield run(
        Promise(
            settings=settings,
            calendar=case.pack.calendar(settings.calendar),
            epoch=epoch,
            starts_at=starts_at,
            ended_at=told_at if is_told else over_at,
            end_state=ClockState.MET,
            because=because,
            ends_with=ends_with,
        ),
        now=case.now,
    )


# -- tasks ------------------------------------------------------------------------------------------------------------


def _tasks(case: Case, options: Options, incident: _Incident, told: tuple[datetime, ...]) -> Iterator[Task]:
    because = text("{login} said there is an interruption.", login=incident.opened.by.login)
    is_on = incident.restored is None and not case.matter.is_closed
    yield _task(
        case,
        incident,
        "interruption_answer",
        text("Work by the emergency plan; tell the customers what is down and when it will be back"),
        because,
        wanted=is_on and not told,
    )
    yield _task(
        case,
        incident,
        "interruption_linked",
        text("Tell the customers of the linked tickets what is down and when it will be back"),
        because,
        wanted=is_on and (_is_late(case, incident) if _are_mailed(case) else bool(_untold(case))),
    )
    yield _task(
        case,
        incident,
        "interruption_report",
        text("Write the detailed report: time, description, process, result, feedback"),
        because,
        wanted=not case.matter.is_closed,
    )
    if incident.restored is not None:
        yield from _afterwards(case, options, incident, incident.restored)


def _task(case: Case, incident: _Incident, key: str, title: Text, because: Text, *, wanted: bool) -> Task:
    clock_name = "interruption_report" if key == "interruption_report" else "interruption_answer"
    due = [c.limit_at for c in case.clocks_named(clock_name) if c.epoch == incident.epoch]
    return Task(
        rule=f"interruptions.{key.removeprefix('interruption_')}",
        epoch=incident.epoch,
        key=_key(key, incident),
        title=title,
        clause="E4.1" if key == "interruption_report" else "E4.3",
        because=because if wanted else text("It is told, restored, or closed."),
        due_at=next(iter(due), None),
        assignee=case.responsible,
        wanted=wanted,
    )


def _untold(case: Case) -> tuple[int, ...]:
    """Linked tickets whose customers were not answered since."""
    seen = case.timeline.observed("linked")
    return tuple(seen["untold"] or ()) if seen is not None else ()


def _are_mailed(case: Case) -> bool:
    """Whether the customers of linked tickets get messages."""
    writes = any(rule.policy == "linked_customers" and rule.mode is Mode.ENFORCE for rule in case.pack.rules)
    return writes and case.customer_mail and case.pack.message(DOWN) is not None


def _is_late(case: Case, incident: _Incident) -> bool:
    """A linked ticket got no message within the hour, or there are more of them than we look after."""
    seen = case.timeline.observed("linked")
    linked_at = (seen["since"] if seen is not None else None) or {}
    since = [datetime.fromisoformat(linked_at[str(one)]) for one in _untold(case) if str(one) in linked_at]
    return _beyond(case) > 0 or any(max(at, incident.opened.at) + ASKED_EVERY <= case.now for at in since)


def _beyond(case: Case) -> int:
    """How many more tickets are linked than are looked after."""
    seen = case.timeline.observed("linked")
    return int(seen["beyond"] or 0) if seen is not None else 0


def _afterwards(case: Case, options: Options, incident: _Incident, restored: Said) -> Iterator[Task]:
    """Task tickets: they must not hold up the closing."""
    because = text("{login} said it is restored.", login=restored.by.login)
    parts = (
        (
            "interruption_review",
            text("Review systems, people and process: what failed, and what is improved by whom and when"),
            options.review_within,
            case.investigator,
        ),
        (
            "interruption_verify",
            text("Verify that what was improved after the interruption works"),
            options.verify_within,
            next(iter(case.supervisors), case.responsible),
        ),
    )
    for key, title, within, assignee in parts:
        yield Task(
            rule=f"interruptions.{key.removeprefix('interruption_')}",
            epoch=incident.epoch,
            key=_key(key, incident),
            title=title,
            clause="E4.3",
            because=because,
            due_at=case.office.after(restored.at, within),
            assignee=assignee,
            form=TaskForm.TICKET,
        )


# -- notes ------------------------------------------------------------------------------------------------------------


def _opened(case: Case, incident: _Incident) -> Note:
    return Note(
        rule="interruptions.opened",
        epoch=incident.epoch,
        lines=(text("An interruption: tell the customers what is down and when it will be back."),),
        clause="E4.3",
        because=text("{login} said there is an interruption.", login=incident.opened.by.login),
        moment=incident.opened.at,
        ends_with=text("“restored”"),
        tell=known((*case.supervisors, case.responsible)),
        urgency=Urgency.TELL,
        asked=True,
        about="interruption",
    )


def _refused(word: Said) -> Note:
    return refusal(
        "interruptions",
        word,
        text("Say “interruption” first: nothing is known to be interrupted."),
        clause="E4.3",
        because=text("The word ends an interruption, and there is none."),
    )
