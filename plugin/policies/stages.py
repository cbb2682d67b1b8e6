"""The five steps of a matter, each with its owner, norm and moment; the plan, and the review of the result.

``accept`` until an answer, an owner or *accept*; ``assess`` until it is assessed (a request: until it is answered);
``handle`` until the result is told; ``feed_back`` while it stays open; ``follow_up`` once closed; ``done`` when visit
and confirmation are settled (C1.3, B1.3). The way it took is kept with times and persons; a step that was passed over
is named in what was found, and, on matters that are reviewed, to the reviewer.

A complex complaint (grave enough, or in need of outside help) has a plan: who, when, with what, and what if (C4.2,
D5.3). *plan-ready* settles its task once the plan names what the pack's ``record.plan`` says. After the closing of a
grave one, called so before or after, somebody other than those who handled it reviews the result (B3.3).

A rule::

    - policy: stages
      mode: enforce
      options:
        plan_from: serious
        plan_within: 1 working day
        review_from: serious
        review_within: 5 working days

Options: ``plan_from`` and ``review_from``, the least tier (general, serious, major; null: none) of a complaint that has
a plan, and a review; ``plan_within`` and ``review_within`` (durations on the office calendar); ``tasks_from``, the
least tier of a complaint whose every step is a task of its own, with person and date (left out: none).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from plugin.model import records
from plugin.model.case import Case, known
from plugin.model.decision import Field, Finding, Note, Should, Task, TaskForm
from plugin.model.durations import Duration, Unit
from plugin.model.life import Closing
from plugin.model.pack import Kind, Tier
from plugin.model.plans import Plan, plan_since
from plugin.model.refusals import refusal
from plugin.model.said import Said, fields_set_by_agents
from plugin.model.stages import STAGES, Stage, Step, history
from plugin.model.tasks import done
from plugin.model.words import Text, listed, text

CLAUSES = ("C1.3", "B1.3", "B3.3", "C4.2", "C4.3", "D5.3")
AFTER = ("classification", "deadlines", "fairness", "first_responder", "follow_up")


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    plan_from: Tier | None = Tier.SERIOUS
    plan_within: Duration = Duration(1, Unit.WORKING_DAYS)
    review_from: Tier | None = Tier.SERIOUS
    review_within: Duration = Duration(5, Unit.WORKING_DAYS)
    tasks_from: Tier | None = None


def decide(case: Case, options: Options) -> Iterator[Should]:
    if case.kind is Kind.NONE or (not case.is_complaint and case.finding("kind_by_agent")):
        # an agent may take back that it is a complaint, or give it to a customer who is a colleague
        yield from _taken_back(case, options)
    if case.kind is Kind.NONE:
        return
    steps = history(case)
    stage, because = steps[-1].stage, _because(steps[-1].stage)
    passed = tuple(_passed_over(case, steps))
    yield Finding("stage", stage, "C1.3", because)
    yield Finding("stages", steps, "B1.3", text("The steps it took."))
    yield Finding("stage_until", _until(case, stage), "C4.3", text("By when this step is to be done."))
    yield Finding("passed_over", passed, "C1.3", text("Steps it did not take, or took too late."))
    yield Field("steward_stage", stage.value, "C1.3", because)
    if case.is_complaint:
        yield from _step_tasks(case, options, stage)
        yield from _plan(case, options)
        yield from _review(case, options, passed)


# -- the steps --------------------------------------------------------------------------------------------------------

_CLOCKS = {
    Stage.ACCEPT: "first_response",
    Stage.ASSESS: "assessment",
    Stage.HANDLE: "result",
    Stage.FEED_BACK: "resolution",
    Stage.FOLLOW_UP: "follow_up_visit",
}
"""The clock whose limit is the moment a step is to be done by."""


def _because(stage: Stage) -> Text:
    match stage:
        case Stage.ACCEPT:
            return text("Nobody has answered or taken it.")
        case Stage.ASSESS:
            return text("It is not assessed yet.")
        case Stage.HANDLE:
            return text("It is being handled; no result was told.")
        case Stage.FEED_BACK:
            return text("The result was told; the ticket is still open.")
        case Stage.FOLLOW_UP:
            return text("Closed; visit and confirmation are not settled.")
        case Stage.DONE:
            return text("Closed, and nothing is left to follow up.")


def _until(case: Case, stage: Stage) -> datetime | None:
    clocks = case.clocks_named(_CLOCKS.get(stage, ""))
    return clocks[-1].limit_at if clocks else None


def _passed_over(case: Case, steps: tuple[Step, ...]) -> Iterator[Text]:
    """Of a complaint: what came before its time, and what never came."""
    if not case.is_complaint or case.said_now("not-ours"):
        return
    assessed_at, told_at = case.moment_found("assessed_at"), case.moment_found("result_told_at")
    is_over = steps[-1].stage in (Stage.FOLLOW_UP, Stage.DONE)
    if told_at is not None and (assessed_at is None or told_at < assessed_at):
        yield text("the result was told before it was assessed")
    elif is_over and assessed_at is None:
        yield text("it was closed without being assessed")
    if is_over and told_at is None:
        yield text("it was closed without telling the customer a result")


def _step_tasks(case: Case, options: Options, stage: Stage) -> Iterator[Task]:
    """Each step as a task of its own, where the pack asks for it."""
    if options.tasks_from is None or case.matter.is_closed:
        return
    reached = STAGES.index(stage)
    is_grave = _is_from(options.tasks_from, case.tier)
    for one, title in _RESULTS.items():
        yield Task(
            rule=f"stages.{one}",
            epoch=f"m{case.matter.number}",
            key=f"step_{one}",
            title=title,
            clause="C1.3",
            because=_because(one),
            due_at=_until(case, one),
            assignee=case.accountable or case.owner,
            wanted=is_grave and one is stage,
            settled=STAGES.index(one) < reached,
        )


_RESULTS: dict[Stage, Text] = {
    Stage.ACCEPT: text("Accept it: answer the customer, or take it over"),
    Stage.ASSESS: text("Assess it: judge whether the matter is ours, and how grave it is"),
    Stage.HANDLE: text("Handle it: tell the customer a result"),
    Stage.FEED_BACK: text("Feed back: hear what the customer says to the result, then close"),
}
"""What a step has to bring about."""


def _is_from(least: Tier | None, tier: Tier) -> bool:
    return least is not None and tier.is_from(least)


# -- the plan ---------------------------------------------------------------------------------------------------------


def _plan(case: Case, options: Options) -> Iterator[Should]:
    """One plan for each time it came to be complex; after *dissatisfied* follow_up asks for the new one."""
    if case.matter.is_closed or options.plan_from is None:
        return
    unsatisfied = case.said_now("dissatisfied")
    times = _times_complex(case, options)
    yield from _void_plans(case, options, after=len(times))
    for number, (since, until) in enumerate(times, start=1):
        plan = plan_since(case, case.matter.starts_at if number == 1 else since)
        is_now = until is None and not unsatisfied and not case.said_now("not-ours")
        yield _plan_task(case, options, since, number, wanted=is_now and plan.ready_at is None, plan=plan)
        if is_now:
            yield from (_incomplete(case, word, plan.missing) for word in plan.words if plan.ready_at is None)
    again_since = case.moment_found("plan_again_since")
    if again_since is not None:
        plan = plan_since(case, again_since)
        yield from (_incomplete(case, word, plan.missing) for word in plan.words if plan.ready_at is None)


def _times_complex(case: Case, options: Options) -> list[tuple[datetime, datetime | None]]:
    """From when until when it was grave enough; in need of outside help it stays complex."""
    found: list[tuple[datetime, datetime | None]] = []
    for at, tier in case.tiers:
        is_on = bool(found) and found[-1][1] is None
        if _is_from(options.plan_from, tier) and not is_on:
            found.append((at, None))
        elif not _is_from(options.plan_from, tier) and is_on:
            found[-1] = (found[-1][0], at)
    helped = [word.at for word in case.said_now("outside-help")][:1]
    if not helped:
        return found
    before = [(since, until) for since, until in found if until is not None and until <= helped[0]]
    since = next((since for since, until in found if since <= helped[0] and (until is None or until > helped[0])), None)
    return [*before, (since or helped[0], None)]


def _taken_back(case: Case, options: Options) -> Iterator[Task]:
    """What was made while it was taken for a complaint is void."""
    yield from _void_plans(case, options, after=0)
    for number, closing in enumerate(case.matter.closings, start=1):
        yield _review_task(case, options, closing, number, (), (), wanted=False, since=closing.at)


def _void_plans(case: Case, options: Options, *, after: int) -> Iterator[Task]:
    """Plans that were asked for at times it does not count as complex any more: another customer is no VIP, say."""
    grounds = [*case.said_now(*Tier, "outside-help"), *fields_set_by_agents(case.timeline, "steward_tier")]
    nothing = Plan((), ())
    for number in range(after + 1, len(grounds) + 2):
        yield _plan_task(case, options, case.accepted_at, number, wanted=False, plan=nothing)


def _plan_task(case: Case, options: Options, since: datetime, number: int, *, wanted: bool, plan: Plan) -> Task:
    return Task(
        rule="stages.plan",
        epoch=f"m{case.matter.number}" if number == 1 else f"m{case.matter.number}-{number}",
        key="plan",
        title=text("Make a plan: who, when, with what, and what if"),
        clause="C4.2",
        because=text("The matter is complex since {since}.", since=since) if wanted else text("It no longer holds."),
        due_at=case.office.after(since, options.plan_within),
        assignee=case.accountable or case.owner,
        wanted=wanted,
        settled=plan.ready_at is not None,
    )


def _incomplete(case: Case, word: Said, missing: tuple[str, ...]) -> Note:
    """Whoever said *plan-ready* learns what the plan does not name yet."""
    return refusal(
        "stages",
        word,
        text("The plan is not complete. Write in an internal note: {lines}", lines=_form(case, missing)),
        clause="D5.3",
        because=text("A plan names measures, person and date."),
        ends_with=text("these lines"),
    )


def _form(case: Case, items: tuple[str, ...]) -> Text | str:
    """The lines as they are to be written."""
    return listed([text("“{label}: …”", label=records.label(case.pack, name)) for name in items])


# -- the review -------------------------------------------------------------------------------------------------------


def _review(case: Case, options: Options, passed: tuple[Text, ...]) -> Iterator[Should]:
    """A follow-up task for each closing; those of closings that did not last, or are grave no more, are withdrawn."""
    if options.review_from is None:
        return
    stands = case.matter.is_closed and case.matter.suspended_at is None and not case.said_now("not-ours")
    for number, closing in enumerate(case.matter.closings, start=1):
        since, tier = case.tier_of_closed(closing.at)
        wanted = stands and number == len(case.matter.closings) and _is_from(options.review_from, tier)
        yield from _reviews(case, options, closing, number, passed, wanted=wanted, since=since)


def _reviews(
    case: Case,
    options: Options,
    closing: Closing,
    number: int,
    passed: tuple[Text, ...],
    *,
    wanted: bool,
    since: datetime,
) -> Iterator[Should]:
    """A review by one of those who handled it does not count: another is asked for, once."""
    handlers = known((closing.by.login if closing.by.is_agent else None, case.accountable, case.owner))
    first, second = (done(case.timeline, key, since=closing.at) for key in ("review", "review2"))
    own = first is not None and first.by.login in handlers
    yield _review_task(case, options, closing, number, passed, handlers, wanted=wanted, since=since)
    if own:
        yield _review_task(case, options, closing, number, passed, handlers, wanted=wanted, since=since, again=True)
    if wanted:
        counted = second if own else first
        yield Finding("reviewed_by", counted.by.login if counted else None, "B3.3", text("Who reviewed the result."))


def _review_task(
    case: Case,
    options: Options,
    closing: Closing,
    number: int,
    passed: tuple[Text, ...],
    handlers: tuple[str, ...],
    *,
    wanted: bool,
    since: datetime,
    again: bool = False,
) -> Task:
    because = text("A complaint of tier {tier} was closed on {at}.", tier=case.tier.value, at=closing.at)
    if again:
        because = text("Whoever handled it reviewed it himself.")
    elif passed:
        because = text("Closed on {at}; to look at: {passed}.", at=closing.at, passed=listed(passed))
    key = "review2" if again else "review"
    reviewer = _reviewer(case, handlers)
    return Task(
        rule=f"stages.{key}",
        epoch=f"m{case.matter.number}-c{number}",
        key=key,
        title=text("Review the result: is it right, was it done as it should be, what is to be learned from it"),
        clause="B3.3",
        because=because if wanted else text("It no longer holds."),
        # nobody owns it where nobody is named: then its reminder would tell the whole group
        due_at=case.office.after(since, options.review_within) if reviewer else None,
        assignee=reviewer,
        form=TaskForm.TICKET,
        wanted=wanted,
    )


def _reviewer(case: Case, handlers: tuple[str, ...]) -> str | None:
    """The first of supervisors, quality and management who neither handled it nor is complained about."""
    people = case.pack.people
    able = case.impartial((*people.supervisors, *people.quality, *people.management))
    return next((login for login in able if login not in handlers), None)
