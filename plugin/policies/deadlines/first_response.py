"""From acceptance to the first public answer to the customer (C3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from plugin.model.case import Case
from plugin.model.clocks import Clock, ClockState
from plugin.model.conversation import is_answer, last_public_word
from plugin.model.facts import Fact, FactKind
from plugin.model.life import ONE_ACT
from plugin.model.pack import Kind
from plugin.model.words import text
from plugin.policies.deadlines import ends
from plugin.policies.deadlines.clock import clock_of, epoch_of
from plugin.policies.deadlines.ends import End


def clocks(case: Case, matter_end: End | None) -> Iterator[Clock]:
    """From acceptance to the first public reply; a request that became a complaint keeps what it had before."""
    begins_by_us = not any(a.at <= case.accepted_at + ONE_ACT for a in case.customer_articles) and _owes_none(case)
    if begins_by_us:
        return
    if case.is_complaint and case.accepted_at > case.matter.starts_at:
        # the request's clock stays what it was: what was said of it is not said again
        yield from _first_response(case, case.matter.starts_at, epoch_of(case), matter_end)
        yield from _first_response(case, case.accepted_at, f"{epoch_of(case)}-complaint", matter_end)
    else:
        yield from _first_response(case, case.accepted_at, epoch_of(case), matter_end)
        yield from _late_before_a_merge(case, matter_end)


def _late_before_a_merge(case: Case, matter_end: End | None) -> Iterator[Clock]:
    """A merge that brings an earlier acceptance leaves one first response owed, from there; what was late stays so."""
    merge = next((m for m in case.timeline.of(FactKind.RECEIVED_MERGE) if _brings_an_earlier_acceptance(case, m)), None)
    if merge is None:
        return
    lapsed = End(merge.at, text("A complaint was merged into it."), ClockState.CANCELLED)
    ended = ends.earliest(matter_end, lapsed)
    for clock in _first_response(case, case.matter.starts_at, f"{epoch_of(case)}-own", ended):
        if clock.was_broken:
            yield clock


def _brings_an_earlier_acceptance(case: Case, merge: Fact) -> bool:
    """``voiced_at`` is of a complaint that was only suspected when its ticket came in."""
    if not case.is_complaint or merge.at < case.matter.starts_at:
        return False
    known = (merge["accepted_at"] if merge["kind"] == Kind.COMPLAINT else None, merge["voiced_at"])
    return any(datetime.fromisoformat(str(at)) < case.matter.starts_at for at in known if at)


def _owes_none(case: Case) -> bool:
    """A matter that began with our own outbound message owes no answer to it."""
    word = last_public_word(case.timeline, before=case.matter.starts_at + ONE_ACT)
    return word is not None and is_answer(word) and word["sender"] == "Agent"


def _first_response(case: Case, since: datetime, epoch: str, matter_end: End | None) -> Iterator[Clock]:
    answer = case.first_answer_since(since)
    answered = End(answer.at, text("{login} answered.", login=answer.by.login)) if answer else None
    yield from clock_of(
        case,
        "first_response",
        epoch=epoch,
        starts_at=since,
        end=_end(answered, matter_end),
        because=text("No public answer to the customer yet."),
        ends_with=text("a public answer to the customer"),
    )


def _end(answered: End | None, matter_end: End | None) -> End | None:
    """Closing with an answer is one PUT, in which Zammad records the state first and the article after it."""
    if answered is not None and (matter_end is None or answered.at <= matter_end.at + ONE_ACT):
        return answered
    if matter_end is None or matter_end.state is not ClockState.MET:
        return matter_end
    because = text("Closed without an answer to the customer.")
    return replace(matter_end, state=ClockState.CLOSED_UNANSWERED, because=because)
