"""After the closing of a complaint: confirmation, visit and survey, and the loop for a customer who is not satisfied.

Within their times after closing the customer gets a written confirmation (C2.3), a follow-up visit (E4.4) and a survey
(C4.3, E3.4): one message for all three with ``STEWARD_CUSTOMER_MAIL`` on, and a phone call beside it where the matter
is serious or major, or is called so before the visit is settled; one task ticket for a person with it off. Each ends at
the attempt; two tries that reach nobody are an outcome; a task that was ticked counts with an article or a reply as
proof (D3.3). A customer is surveyed once in a while, whatever he complains about. *dissatisfied* reopens the matter one
tier up with a new plan (D5.3), a bounded number of times; a plan nobody has made by then gives way to the newer one.
Then management's final answer ends it. Requests have none of it. Where it is asked for, the acceptance of a matter is
acknowledged with the moment by which the customer hears from us (E4.2).

A rule::

    - policy: follow_up
      mode: enforce
      options:
        rounds: 3

Options: ``rounds``, how often a dissatisfied customer reopens the matter; ``plan_within`` (a duration on the office
calendar) for the new plan and the final answer; ``tries`` to reach the customer before he counts as unreachable;
``visit_needs_proof`` (true, false): a ticked task counts only with an article or a reply; ``survey_pause`` (a duration,
calendar days) between two surveys of one customer; ``message_after`` (a duration on the confirmation's calendar) the
closing, for whom closed by mistake; ``acknowledge`` (true, false), off as Zammad's own trigger replies to new tickets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from plugin.model.aftercare import FOLLOW_UP, Visit, visit_of
from plugin.model.case import Case, known
from plugin.model.clocks import Clock, ClockState
from plugin.model.conversation import articles, is_our_message
from plugin.model.decision import Finding, Look, Message, Note, Should, Task, TaskForm, Ticketed, Urgency
from plugin.model.durations import Duration, Unit
from plugin.model.life import Closing
from plugin.model.pack import TIERS, Kind, Tier
from plugin.model.plans import plan_since
from plugin.model.promises import Promise, run
from plugin.model.refusals import refusal
from plugin.model.said import Said
from plugin.model.words import Text, text

CLAUSES = ("C2.3", "C4.2", "C4.3", "D3.3", "D5.3", "E3.4", "E4.2", "E4.4")
CLOCKS = ("confirmation", "follow_up_visit", "survey")
AFTER = ("classification", "deadlines", "first_responder")


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    rounds: int = 3
    plan_within: Duration = Duration(1, Unit.WORKING_DAYS)
    tries: int = 2
    visit_needs_proof: bool = True
    survey_pause: Duration = Duration(30, Unit.DAYS)
    message_after: Duration = Duration(1, Unit.HOURS)
    acknowledge: bool = False


def decide(case: Case, options: Options) -> Iterator[Should]:
    if options.acknowledge and case.customer_mail:
        yield from _acknowledgement(case)
    if not case.is_complaint:
        yield from _no_complaint(case)
        return
    afters = [_After(case, options, number, closing) for number, closing in enumerate(case.matter.closings, 1)]
    stands = case.matter.is_closed and case.matter.suspended_at is None
    is_elsewhere = case.matter.is_closed and _ended_elsewhere(case, afters[-1])
    if stands and not is_elsewhere:
        yield from _after_closing(case, options, afters)
    else:
        yield Finding("followed_up", is_elsewhere, "E4.4", text("The matter is not closed."))
    for after in afters[:-1] if stands else afters:
        if not _ended_elsewhere(case, after):
            yield from _broken_before(case, after)
    for number, closing in enumerate(case.matter.closings, start=1):
        if closing.until is not None:
            yield _task(case, number, closing.at, wanted=False)
    words = case.said_now("dissatisfied")
    for number, word in enumerate(words, start=1):
        yield from _again(case, options, word, number, newest=number == min(len(words), options.rounds))


def _no_complaint(case: Case) -> Iterator[Should]:
    yield Finding("followed_up", case.matter.is_closed, "E4.4", text("Only complaints are followed up."))
    if case.kind is Kind.REQUEST:
        yield from (_not_a_complaint(word) for word in case.said_now("dissatisfied"))
    if case.finding("kind_by_agent"):
        # an agent may take back that it is a complaint after it was closed as one
        yield from (
            _task(case, number, closing.at, wanted=False) for number, closing in enumerate(case.matter.closings, 1)
        )


def _ended_elsewhere(case: Case, after: _After) -> bool:
    """Not ours: there is nothing of ours to confirm or to visit about; of a closing that did not last, said by then."""
    return any(after.until is None or word.at <= after.until for word in case.said_now("not-ours"))


# -- acknowledgement --------------------------------------------------------------------------------------------------


def _acknowledgement(case: Case) -> Iterator[Message]:
    """The moment by which the customer hears from us, told while that is still to come and nobody has answered."""
    owed = next((c for c in reversed(case.clocks_named("first_response")) if c.is_open and not c.was_broken), None)
    if owed is None or case.matter.is_closed:
        return
    yield Message(
        rule="follow_up.acknowledgement",
        epoch=f"m{case.matter.number}",
        template="acknowledgement",
        clause="E4.2",
        because=text("The customer is told when he will hear from us."),
        moment=owed.starts_at,
        values=(("answer_by", text("{moment}", moment=owed.limit_at)),),
    )


# -- confirmation, visit, survey --------------------------------------------------------------------------------------


class _After:
    """The time after one closing: what was done about the customer, and what he is asked."""

    def __init__(self, case: Case, options: Options, number: int, closing: Closing) -> None:
        self.closed_at = closing.at
        self.until = closing.until or closing.reopened_at
        self.epoch = f"m{case.matter.number}-c{number}"
        self.number = number
        self.by_phone = case.tier_at(closing.at) is not Tier.GENERAL
        self.visit = self._visit(case, options)
        since, tier = case.tier_of_closed(closing.at)
        is_late = tier is not Tier.GENERAL and not self.by_phone and self.until is None
        if is_late and (self.visit.settled_at is None or self.visit.settled_at >= since):
            self.by_phone = True
            self.visit = self._visit(case, options)
        self.surveys = not self._was_surveyed(case, options)

    def _visit(self, case: Case, options: Options) -> Visit:
        return visit_of(
            case,
            self.closed_at,
            until=self.until,
            tries=options.tries,
            needs_proof=options.visit_needs_proof,
            asking_is_enough=not self.by_phone,
        )

    def _was_surveyed(self, case: Case, options: Options) -> bool:
        """A customer is surveyed once in a while: on another ticket, or after an earlier closing of this one."""
        seen = case.timeline.observed("surveyed")
        asked = [datetime.fromisoformat(str(seen["at"]))] if seen is not None and seen["at"] else []
        # what we write while a ticket is open asks nothing: of an interruption, say
        ours = (a.at for a in articles(case.timeline) if a.at < self.closed_at and is_our_message(a))
        asked += [at for at in ours if _was_closed(case, at)]
        pause = case.pack.calendar(_calendar(case))
        return any(at <= self.closed_at < pause.after(at, options.survey_pause) for at in asked)


def _was_closed(case: Case, moment: datetime) -> bool:
    """Whether the ticket was closed then, in whichever of its matters."""
    closings = (closing for matter in case.matters for closing in matter.closings if closing.at <= moment)
    return any(end is None or moment <= end for end in (one.until or one.reopened_at for one in closings))


def _calendar(case: Case) -> str:
    """Of the days a customer counts himself."""
    clocks = case.pack.clocks
    return next((clocks[name].calendar for name in CLOCKS if name in clocks), case.pack.office)


def _after_closing(case: Case, options: Options, afters: list[_After]) -> Iterator[Should]:
    after = afters[-1]
    visit = after.visit
    clocks = [*_clocks(case, after)]
    yield from clocks
    settled = visit.settled_at is not None
    yield Finding("followed_up", settled or not clocks, "E4.4", text("Visit and confirmation are settled."))
    over_at = visit.settled_at or (None if clocks else after.closed_at)
    yield Finding("followed_up_at", over_at, "E4.4", text("When they were."))
    yield Finding("visit_outcome", visit.outcome, "E4.4", text("What became of the visit."))
    if not clocks:
        return
    writes = _writes(case, after, clocks)
    if writes:
        yield from _message(case, options, after, clocks)
    # what a message asks, nobody need call about
    wanted = not settled and (after.by_phone or not writes)
    due_at = min(c.limit_at for c in clocks)
    yield _task(case, after.number, after.closed_at, wanted=wanted, due_at=due_at, after=after, writes=writes)
    if visit.unproven and not settled:
        yield _unproven(case, after)


def _writes(case: Case, after: _After, clocks: list[Clock]) -> bool:
    """Whether Steward writes to the customer: more than one working day late it is for a person to do."""
    confirmation = next((c for c in clocks if c.name == "confirmation"), None)
    if not case.customer_mail or confirmation is None:
        return False
    return after.visit.asked_at is not None or case.now <= case.one_working_day_after(confirmation.limit_at)


def _broken_before(case: Case, after: _After) -> Iterator[Clock]:
    """What broke after a closing that did not last stays broken."""
    yield from (clock for clock in _clocks(case, after) if clock.was_broken)


def _task(
    case: Case,
    closing: int,
    closed_at: datetime,
    *,
    wanted: bool,
    due_at: datetime | None = None,
    after: _After | None = None,
    writes: bool = False,
) -> Task:
    """The follow-up task of a closing; one that is not done is void when it is settled otherwise, or reopened."""
    because = text("The complaint was closed on {at}.", at=closed_at)
    return Task(
        rule="follow_up.visit",
        epoch=f"m{case.matter.number}-c{closing}",
        key=FOLLOW_UP,
        title=_task_title(after, writes=writes),
        clause="E4.4",
        because=because if wanted else text("The visit is settled, or the matter is open again."),
        due_at=due_at,
        assignee=_visitor(case),
        form=TaskForm.TICKET,
        wanted=wanted,
        lines=(_QUESTIONS,) if after is not None and after.surveys else (),
    )


_QUESTIONS = text(
    "Ask, from 1 (very bad) to 5 (very good): how we treated the customer, how fast we were, what we told, the place or"
    " the page, and how well it is settled. Write the answers here: a visit counts with an article or a reply as proof."
)
"""The survey of E3.4 and A4.3, asked by whoever visits."""


def _visitor(case: Case) -> str | None:
    """Somebody of the quality department who did not handle it, where one is named; else who is accountable."""
    handlers = {case.accountable, case.owner}
    return next(
        (login for login in case.impartial(case.pack.people.quality) if login not in handlers), case.responsible
    )


def _task_title(after: _After | None, *, writes: bool) -> Text:
    if writes:
        return text("Follow up by phone: ask the customer whether it is done, and record the answer")
    if after is not None and after.by_phone:
        return text("Follow up: confirm in writing that it is done, ask by phone whether it is, and record the answer")
    return text("Follow up: confirm in writing that it is done, ask whether it is, and record the answer")


def _message(case: Case, options: Options, after: _After, clocks: list[Clock]) -> Iterator[Message | Look]:
    """One message confirms, asks and surveys."""
    if after.visit.confirmed_at is not None:
        return
    calendar = case.pack.calendar(next(c.calendar for c in clocks if c.name == "confirmation"))
    goes_at = calendar.after(after.closed_at, options.message_after)
    if case.now < goes_at:
        yield Look(goes_at, text("Then the customer is written to."), certain=True)
        return
    surveys = after.surveys and case.pack.message("closing") is not None
    yield Message(
        rule="follow_up.confirmation",
        epoch=after.epoch,
        template="closing" if surveys else "confirmation",
        clause="C2.3",
        because=text("The complaint was closed on {at}.", at=after.closed_at),
        moment=goes_at,
        values=(("closed_on", after.closed_at),),
    )


def _unproven(case: Case, after: _After) -> Note:
    """Whoever ticked the visit learns that nothing shows it."""
    return Note(
        rule="follow_up.unproven",
        epoch=after.epoch,
        lines=(text("Write down what the customer said, or that he could not be reached."),),
        clause="D3.3",
        because=text("The follow-up was ticked, and no article shows it."),
        moment=after.visit.ticked_at or after.closed_at,
        ends_with=text("an article by an agent, “satisfied” or “dissatisfied”"),
        tell=known((case.responsible,)),
        urgency=Urgency.TELL,
        asked=True,
        about="refusal",
    )


def _clocks(case: Case, after: _After) -> Iterator[Clock]:
    """The three clocks from the closing; a reopening ends them."""
    visit = after.visit
    ends = {"confirmation": visit.confirmed_at, "follow_up_visit": visit.visited_at}
    if after.surveys:
        ends["survey"] = visit.surveyed_at
    for name, ended_at in ends.items():
        settings = case.clock_settings(name)
        if settings is None:
            continue
        is_reopened = ended_at is None and after.until is not None
        yield run(
            Promise(
                settings=settings,
                calendar=case.pack.calendar(settings.calendar),
                epoch=after.epoch,
                starts_at=after.closed_at,
                ended_at=ended_at or after.until,
                end_state=ClockState.CANCELLED if is_reopened else ClockState.MET,
                because=text("Attempted, the outcome recorded.")
                if ended_at
                else text("The customer has not been asked."),
                ends_with=text("the follow-up task being done"),
            ),
            now=case.now,
        )


# -- not satisfied ----------------------------------------------------------------------------------------------------


def _again(case: Case, options: Options, word: Said, number: int, *, newest: bool) -> Iterator[Should]:
    responsible = case.responsible
    if number > options.rounds:
        yield from _final_answer(case, options, word)
        return
    because = text("{login} said the customer is not satisfied.", login=word.by.login)
    closed_at = case.matter.closed_at
    if closed_at is not None and word.at >= closed_at:
        yield Ticketed("follow_up.reopen", word.key, "open", "D5.3", because)
    is_ready = plan_since(case, word.at).ready_at is not None
    if newest:
        yield Finding("plan_again_since", word.at, "D5.3", because)
    yield Task(
        rule="follow_up.plan",
        epoch=word.key,
        key=f"plan{number}",
        title=text("Make a new plan: who, when, with what, and what if"),
        clause="D5.3",
        because=because if newest else text("A newer plan takes its place."),
        due_at=case.office.after(word.at, options.plan_within),
        assignee=responsible,
        wanted=newest and not is_ready,
        settled=newest and is_ready,
    )
    yield Note(
        rule="follow_up.dissatisfied",
        epoch=word.key,
        lines=(_new_plan(case, word),),
        clause="D5.3",
        because=because,
        moment=word.at,
        ends_with=text("a result the customer is satisfied with"),
        tell=known((responsible,)),
        urgency=Urgency.TELL,
        asked=True,
        about="dissatisfied",
    )


def _new_plan(case: Case, word: Said) -> Text:
    before = [tier for at, tier in case.tiers if at < word.at]
    if before and before[-1] is TIERS[-1]:
        return text("Make a new plan and tell the customer: the matter is open again.")
    return text("Make a new plan and tell the customer: the matter is open again, one tier up.")


def _not_a_complaint(word: Said) -> Note:
    """Said of a request, the word would do nothing: whoever said it learns what to say."""
    return refusal(
        "follow_up",
        word,
        text("Say “complaint” too: only complaints go up a tier and get a new plan."),
        clause="D5.3",
        because=text("The ticket is taken for a request."),
        ends_with=text("“complaint”"),
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
        assignee=next(iter(case.impartial(people.management)), case.responsible),
        form=TaskForm.TICKET,  # the ticket may be closed, and stay so
    )
    yield Note(
        rule="follow_up.final_answer",
        epoch=f"m{case.matter.number}",
        lines=(text("Give the customer management's final answer: position, reasons, where to go."),),
        clause="D5.3",
        because=because,
        moment=word.at,
        tell=case.impartial(people.management) or case.supervisors_or(case.accountable, case.owner),
        urgency=Urgency.TELL,
        asked=True,
        about="dissatisfied",
    )
