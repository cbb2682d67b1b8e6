"""The clocks of a whole matter: assessment, coordination, notice, result, progress, resolution."""

from __future__ import annotations

from collections.abc import Iterator

from plugin.model.case import Case
from plugin.model.clocks import Clock
from plugin.model.decision import Finding, Should
from plugin.model.tasks import done_at
from plugin.model.words import text
from plugin.policies.deadlines import ends
from plugin.policies.deadlines.clock import clock_of, epoch_of
from plugin.policies.deadlines.ends import End


def assessment(case: Case, matter_end: End | None) -> Iterator[Should]:
    assessed = ends.by_assessment(case)
    yield Finding("assessed_at", assessed.at if assessed else None, "C4.1", text("When it was assessed."))
    yield from clock_of(
        case,
        "assessment",
        epoch=epoch_of(case),
        starts_at=case.accepted_at,
        end=ends.earliest(assessed, matter_end),
        because=text("Nobody has judged yet whether the matter is ours."),
        ends_with=text("“assessed”, “not ours”, “outside help” or a tier set by an agent"),
    )


def coordination(case: Case, matter_end: End | None) -> Iterator[Clock]:
    for word in case.said_now("outside-help")[:1]:
        done = done_at(case.timeline, "coordinate", since=word.at)
        started = End(done, text("The coordination was started.")) if done else None
        yield from clock_of(
            case,
            "coordination",
            epoch=epoch_of(case),
            starts_at=word.at,
            end=ends.earliest(started, matter_end),
            because=text("Somebody outside is needed."),
            ends_with=text("the coordination task being ticked"),
        )


def notice(case: Case, matter_end: End | None) -> Iterator[Clock]:
    """The formal notice with a first solution: the first answer once it is assessed, or the result told."""
    assessed = ends.by_assessment(case)
    answer = case.first_answer_since(assessed.at) if assessed else None
    sent = End(answer.at, text("{login} told the customer.", login=answer.by.login)) if answer else None
    yield from clock_of(
        case,
        "notice",
        epoch=epoch_of(case),
        starts_at=case.accepted_at,
        end=ends.earliest(sent, ends.by_result(case), matter_end),
        because=text("The customer has no formal notice with a first solution."),
        ends_with=text("an answer to the customer after the assessment"),
    )


def result(case: Case, matter_end: End | None) -> Iterator[Should]:
    told = ends.by_result(case)
    yield Finding("result_told_at", told.at if told else None, "C3.1", text("When the first result was told."))
    yield from clock_of(
        case,
        "result",
        epoch=epoch_of(case),
        starts_at=case.accepted_at,
        end=ends.earliest(told, matter_end),
        because=text("The customer has not been told a result."),
        ends_with=text("“result told”, or closing after an answer"),
    )


def progress(case: Case, matter_end: End | None) -> Iterator[Clock]:
    """Progress told at intervals: each answer to the customer begins the next interval."""
    marks = [case.accepted_at, *(a.at for a in case.answers if a.at > case.accepted_at)]
    for number, since in enumerate(marks):
        following = marks[number + 1] if number + 1 < len(marks) else None
        told = End(following, text("The customer was told how it stands.")) if following else None
        for clock in clock_of(
            case,
            "progress",
            epoch=f"{epoch_of(case)}-{number}",
            starts_at=since,
            end=ends.earliest(told, matter_end),
            because=text("The customer last heard from us on {at}.", at=since)
            if number
            else text("The customer has waited to hear from us since {at}.", at=since),
            ends_with=text("a public message to the customer on how it stands"),
        ):
            if clock.is_open or clock.was_broken:
                yield clock


def resolution(case: Case, matter_end: End | None, *, extended: bool) -> Iterator[Clock]:
    yield from clock_of(
        case,
        "resolution",
        epoch=epoch_of(case),
        starts_at=case.accepted_at,
        end=matter_end,
        because=text("The ticket is not closed."),
        ends_with=text("closing the ticket"),
        closed=tuple(c for c in case.matter.closings if c.until is not None),
        extended=extended,
    )
