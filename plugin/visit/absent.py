"""Tickets that are no case now: gone, out of our sight, or tasks of our own making."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from plugin.handlers import observations
from plugin.model.effects import EffectState
from plugin.model.facts import Timeline
from plugin.model.ticket import Ticket
from plugin.model.work import CaseStatus, Outcome, Verdict, Wake, WakeReason
from plugin.store import cases, complaints, effects, interrupted, waking
from plugin.visit import keeping, recovering
from plugin.visit.under_way import UnderWay

ACROSS_A_SWEEP = timedelta(minutes=10)
"""A second 404 so long after the first is a deletion (promises 9)."""
MANY_MISSES = 20
"""So many tickets missing within a sweep: the wrong server, or one that was restored."""
TASK_NUMBER = re.compile(r"(?P<parent>.+)T[0-9]+-[a-p]{5}")
"""What task tickets of ours are numbered like."""


def missing(visit: UnderWay) -> Verdict:
    """404: gone for good the second time across a sweep; many at once are another server (promises 9)."""
    now = visit.means.clock()
    case = visit.case
    again_at = now + ACROSS_A_SWEEP
    if case.misses and case.last_looked_at is not None and now - case.last_looked_at < ACROSS_A_SWEEP:
        return Verdict(next_wake=Wake(at=case.last_looked_at + ACROSS_A_SWEEP, reason=WakeReason.SWEEP))
    with visit.findings.transaction() as connection:
        misses = cases.miss(connection, visit.ticket_id, now=now)
        many = cases.recent_misses(connection, since=now - ACROSS_A_SWEEP) >= MANY_MISSES
    if many:
        visit.alarm(("many_missing",))
    if many or misses < 2:
        return Verdict(next_wake=Wake(at=again_at, reason=WakeReason.SWEEP))
    _delete(visit, now)
    return Verdict()


def hide(visit: UnderWay) -> Timeline:
    """403: nothing is written any more, and an alarm is raised; returns the timeline, for its clocks go on."""
    now = visit.means.clock()
    visit.alarm(("out_of_sight",))
    with visit.findings.transaction() as connection:
        timeline = visit.means.store.timeline(connection, visit.ticket_id)
        hidden = observations.sight(timeline, visible=False, now=now)
        visit.means.store.append_facts(connection, visit.ticket_id, hidden, now=now)
        cases.set_status(connection, visit.ticket_id, CaseStatus.OUT_OF_SIGHT, now=now)
    return timeline


def is_own_task(visit: UnderWay, seen: Ticket) -> bool:
    """A ticket we made to carry a task, by its number and its creator."""
    if seen.created_by_id != visit.means.zammad.people.me().id:
        return False
    return TASK_NUMBER.fullmatch(seen.number) is not None


def own_task(visit: UnderWay, seen: Ticket) -> Verdict:
    """A task ticket is never a case: what happens to it concerns the ticket it belongs to."""
    now = visit.means.clock()
    number = TASK_NUMBER.fullmatch(seen.number)
    with visit.findings.transaction() as connection:
        parent = cases.by_number(connection, number["parent"]) if number else None
        if parent is not None and seen.version != visit.case.version:
            waking.wake(connection, parent.ticket_id, at=now, reason=WakeReason.EVENT, now=now)
        visit.read = seen.version
        keeping.keep(visit, connection, seen, frozenset(), now=now)
    return Verdict(outcome=Outcome.DONE)


def _delete(visit: UnderWay, now: datetime) -> None:
    with visit.findings.transaction() as connection:
        timeline = visit.means.store.timeline(connection, visit.ticket_id)
        gone = observations.deleted(timeline, is_deleted=True, now=now)
        visit.means.store.append_facts(connection, visit.ticket_id, gone, now=now)
        for effect in recovering.unsettled(effects.of_case(connection, visit.ticket_id)):
            effects.settle(connection, effect.op_key, state=EffectState.VOID, now=now, error="the ticket is gone")
        complaints.drop(connection, visit.ticket_id)
        interrupted.drop(connection, visit.ticket_id)
        cases.set_status(connection, visit.ticket_id, CaseStatus.GONE, now=now)
