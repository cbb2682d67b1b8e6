"""Moments that agents promised to customers (D5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from plugin.model.case import Case
from plugin.model.clocks import Clock, ClockState
from plugin.model.facts import Fact
from plugin.model.life import ONE_ACT
from plugin.model.promises import Promise, run
from plugin.model.quoting import strip_quoted
from plugin.model.ticket import StateType
from plugin.model.wording import matcher
from plugin.model.words import text
from plugin.policies.deadlines import ends
from plugin.policies.deadlines.clock import epoch_of
from plugin.policies.deadlines.ends import End


def clocks(case: Case, matter_end: End | None) -> Iterator[Clock]:
    """Each promised moment until the customer hears from us again; a reminder moved in silence releases nobody."""
    settings = case.clock_settings("promised")
    if settings is None:
        return
    for told, due_at in _promises(case):
        # whatever is promised before a closing is settled by it, also when the ticket is reopened
        closings = (c for c in case.matter.closings if c.at >= told.at)
        closed = [End(c.at, text("Closed by {login}.", login=c.by.login)) for c in closings]
        end = ends.earliest(_heard(case.first_answer_since(told.at + ONE_ACT)), matter_end, *closed)
        clock = run(
            Promise(
                settings=settings,
                calendar=case.pack.calendar(settings.calendar),
                epoch=f"{epoch_of(case)}-{told.key}",
                starts_at=told.at,
                ended_at=end.at if end else None,
                end_state=end.state if end else ClockState.MET,
                because=end.because if end else text("{login} promised it.", login=told.by.login),
                ends_with=text("a public answer to the customer, or a recorded call"),
                due_at=due_at,
            ),
            now=case.now,
        )
        if clock.is_open or clock.was_broken:
            yield clock


def _heard(answer: Fact | None) -> End | None:
    return End(answer.at, text("{login} told the customer.", login=answer.by.login)) if answer else None


def _promises(case: Case) -> Iterator[tuple[Fact, datetime]]:
    """The answers that came with a pending reminder in the same act, and the moment it was set for."""
    for change in case.timeline.changes_of("pending_time"):
        due_at = _moment_of(str(change["to"] or ""))
        if due_at is None or not change.by.is_agent or change.at < case.matter.starts_at:
            continue
        said = (a for a in case.answers if abs(a.at - change.at) <= ONE_ACT and a.by.id == change.by.id)
        told = next((a for a in said if _promises_in_words(case, a)), None)
        if told is not None and due_at > told.at and _is_reminded(case, change.at + ONE_ACT):
            yield told, due_at


def _promises_in_words(case: Case, answer: Fact) -> bool:
    return matcher(case.pack.words.promise)(strip_quoted(answer.text("body")))


def _moment_of(value: str) -> datetime | None:
    """A moment as Zammad's history writes it: ``2026-11-23 07:23:00 UTC``."""
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S %Z").replace(tzinfo=UTC)
    except ValueError:
        return None


def _is_reminded(case: Case, at: datetime) -> bool:
    """Whether the ticket was pending a reminder then: a pending close promises nothing."""
    states = [c for c in case.timeline.changes_of("state") if c.at <= at]
    created = case.created["state_type"] if case.created else None
    return bool((states[-1]["state_type_to"] if states else created) == StateType.PENDING_REMINDER)
