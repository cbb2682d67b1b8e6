"""After the closing of a complaint: written confirmation and visit, and the loop for a customer who is not satisfied.

Within their times after closing, the customer gets a written confirmation (C2.3) and a follow-up visit (E4.4): with
``STEWARD_CUSTOMER_MAIL`` off both are one follow-up task ticket; on, the confirmation is a message and the visit the
task. *dissatisfied* reopens the matter one tier up with a new plan (D5.3), a bounded number of times; a plan nobody
has made by then gives way to the newer one. Then management's final answer ends it. Requests have neither.

A rule::

    - policy: follow_up
      mode: enforce
      options:
        rounds: 3

Options: ``rounds``, how often a dissatisfied customer reopens the matter; ``plan_within`` (a duration on the office
calendar) for the new plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from plugin.model.case import Case, known
from plugin.model.clocks import Clock
from plugin.model.decision import Finding, Message, Note, Should, Task, TaskForm, Ticketed, Urgency
from plugin.model.durations import Duration, Unit
from plugin.model.facts import Fact, FactKind
from plugin.model.pack import Kind
from plugin.model.people import Role
from plugin.model.promises import Promise, run
from plugin.model.said import Said
from plugin.model.tasks import done_at
from plugin.model.words import Text, text

CLAUSES = ("C2.3", "C4.2", "D5.3", "E4.4")
CLOCKS = ("confirmation", "follow_up_visit")
AFTER = ("classification", "deadlines", "first_responder")


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    rounds: int = 3
    plan_within: Duration = Duration(1, Unit.WORKING_DAYS)


def decide(case: Case, options: Options) -> Iterator[Should]:
    if not case.is_complaint:
        yield Finding("followed_up", case.matter.is_closed, "E4.4", text("Only complaints are followed up."))
        if case.kind is Kind.REQUEST:
            yield from (_not_a_complaint(word) for word in case.said_now("dissatisfied"))
        if case.finding("kind_by_agent"):
            # an agent may take back that it is a complaint after it was closed as one
            yield from (
                _task(case, number, closing.at, wanted=False) for number, closing in enumerate(case.matter.closings, 1)
            )
        return
    closed_at = case.matter.closed_at
    if closed_at is not None and case.matter.suspended_at is None and not _ended_elsewhere(case):
        yield from _after_closing(case, closed_at)
    else:
        yield Finding("followed_up", _ended_elsewhere(case), "E4.4", text("The matter is not closed."))
    for number, closing in enumerate(case.matter.closings, start=1):
        if closing.until is not None:
            yield _task(case, number, closing.at, wanted=False)
    words = case.said_now("dissatisfied")
    for number, word in enumerate(words, start=1):
        yield from _again(case, options, word, number, newest=number == min(len(words), options.rounds))


def _ended_elsewhere(case: Case) -> bool:
    """Not ours: there is nothing of ours to confirm or to visit about."""
    return bool(case.said_now("not-ours")) and case.matter.is_closed


# -- confirmation and visit -------------------------------------------------------------------------------------------


def _after_closing(case: Case, closed_at: datetime) -> Iterator[Should]:
    done = _visited_at(case, closed_at)
    confirmed = min((m for m in (done, _confirmed_at(case, closed_at)) if m is not None), default=None)
    clocks = [*_clock(case, "confirmation", closed_at, confirmed), *_clock(case, "follow_up_visit", closed_at, done)]
    yield from clocks
    settled = done is not None and confirmed is not None
    yield Finding("followed_up", settled or not clocks, "E4.4", text("Visit and confirmation are settled."))
    if clocks:
        yield _task(
            case, len(case.matter.closings), closed_at, wanted=done is None, due_at=min(c.limit_at for c in clocks)
        )
    for clock in clocks:
        if case.customer_mail and clock.name == "confirmation" and confirmed is None:
            yield _confirmation(case, clock, closed_at)


def _task(case: Case, closing: int, closed_at: datetime, *, wanted: bool, due_at: datetime | None = None) -> Task:
    """The follow-up task of a closing; one that is not done is void when it is settled otherwise, or reopened."""
    because = text("The complaint was closed on {at}.", at=closed_at)
    return Task(
        rule="follow_up.visit",
        epoch=f"m{case.matter.number}-c{closing}",
        key="follow_up",
        title=_task_title(case),
        clause="E4.4",
        because=because if wanted else text("The visit is settled, or the matter is open again."),
        due_at=due_at,
        assignee=case.accountable or case.owner,
        form=TaskForm.TICKET,
        wanted=wanted,
    )


def _task_title(case: Case) -> Text:
    if case.customer_mail:
        return text("Follow up: ask the customer whether it is done, and record the answer")
    return text("Follow up: confirm in writing that it is done, ask whether it is, and record the answer")


def _confirmation(case: Case, clock: Clock, closed_at: datetime) -> Message | Task:
    """The written confirmation; more than one working day late it is a task for a person."""
    because = text("The complaint was closed on {at}.", at=closed_at)
    if case.now > case.one_working_day_after(clock.limit_at):
        return Task(
            rule="follow_up.confirm",
            epoch=_epoch(case),
            key="confirm",
            title=text("Confirm in writing that it is done: Steward could not send the message in time"),
            clause="C2.3",
            because=because,
            due_at=clock.limit_at,
            assignee=case.accountable or case.owner,
            form=TaskForm.TICKET,
        )
    return Message(
        rule="follow_up.confirmation",
        epoch=_epoch(case),
        template="confirmation",
        clause="C2.3",
        because=because,
        moment=closed_at,
        values=(("closed_on", closed_at),),
    )


def _epoch(case: Case) -> str:
    return f"m{case.matter.number}-c{len(case.matter.closings)}"


def _clock(case: Case, name: str, closed_at: datetime, ended_at: datetime | None) -> Iterator[Clock]:
    settings = case.pack.clocks.get(name)
    if settings is None or case.kind not in settings.kinds:
        return
    yield run(
        Promise(
            settings=settings,
            calendar=case.pack.calendar(settings.calendar),
            epoch=_epoch(case),
            starts_at=closed_at,
            ended_at=ended_at,
            because=text("Attempted, the outcome recorded.") if ended_at else text("The customer has not been asked."),
            ends_with=text("the follow-up task being done"),
        ),
        now=case.now,
    )


def _visited_at(case: Case, closed_at: datetime) -> datetime | None:
    """The visit ends at the attempt: its task done, or an agent saying how the customer sees it."""
    ticked = done_at(case.timeline, "follow_up", since=closed_at)
    moments = [ticked] if ticked is not None else []
    moments += [s.at for s in case.said_now("satisfied", "dissatisfied") if s.at >= closed_at]
    return min(moments, default=None)


def _confirmed_at(case: Case, closed_at: datetime) -> datetime | None:
    sent = (a.at for a in case.timeline.of(FactKind.ARTICLE) if a.at >= closed_at and _is_our_message(a))
    return next(sent, None)


def _is_our_message(article: Fact) -> bool:
    ours = article.by.role is Role.STEWARD and bool(article["communication"])
    return ours and not article["internal"] and not article["failed"]


# -- not satisfied ----------------------------------------------------------------------------------------------------


def _again(case: Case, options: Options, word: Said, number: int, *, newest: bool) -> Iterator[Should]:
    responsible = case.accountable or case.owner
    if number > options.rounds:
        yield from _final_answer(case, options, word)
        return
    because = text("{login} said the customer is not satisfied.", login=word.by.login)
    closed_at = case.matter.closed_at
    if closed_at is not None and word.at >= closed_at:
        yield Ticketed("follow_up.reopen", word.key, "open", "D5.3", because)
    yield Task(
        rule="follow_up.plan",
        epoch=word.key,
        key=f"plan{number}",
        title=text("Make a new plan: who, when, with what, and what if"),
        clause="D5.3",
        because=because if newest else text("A newer plan takes its place."),
        due_at=case.office.after(word.at, options.plan_within),
        assignee=responsible,
        wanted=newest,
    )
    yield Note(
        rule="follow_up.dissatisfied",
        epoch=word.key,
        lines=(text("Make a new plan and tell the customer: the matter is open again, one tier up."),),
        clause="D5.3",
        because=because,
        moment=word.at,
        ends_with=text("a result the customer is satisfied with"),
        tell=known((responsible,)),
        urgency=Urgency.TELL,
        asked=True,
        about="dissatisfied",
    )


def _not_a_complaint(word: Said) -> Note:
    """Said of a request, the word would do nothing: whoever said it learns what to say."""
    return Note(
        rule="follow_up.refused.dissatisfied",
        epoch=word.key,
        lines=(text("Say “complaint” too: only complaints go up a tier and get a new plan."),),
        clause="D5.3",
        because=text("The ticket is taken for a request."),
        moment=word.at,
        ends_with=text("“complaint”"),
        asked=True,
        about="refusal",
    )


def _final_answer(case: Case, options: Options, word: Said) -> Iterator[Should]:
    because = text("The customer was not satisfied {count} times.", count=options.rounds)
    people = case.pack.people
    yield Task(
        rule="follow_up.final_answer",
        epoch=f"m{case.matter.number}",
        key="final_answer",
        title=text("Management's final answer: position, reasons, and where the customer can go"),
        clause="D5.3",
        because=because,
        due_at=case.office.after(word.at, options.plan_within),
        assignee=next(iter(people.management), case.accountable or case.owner),
    )
    yield Note(
        rule="follow_up.final_answer",
        epoch=f"m{case.matter.number}",
        lines=(text("Give the customer management's final answer: position, reasons, where to go."),),
        clause="D5.3",
        because=because,
        moment=word.at,
        tell=people.management or case.supervisors_or(case.accountable, case.owner),
        urgency=Urgency.TELL,
        asked=True,
        about="dissatisfied",
    )
