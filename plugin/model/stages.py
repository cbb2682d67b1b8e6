"""The five steps of a matter as it took them: which stage since when, and by whose act (C1.3, B1.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from plugin.model.case import Case
from plugin.model.facts import FactKind, Timeline, once
from plugin.model.people import NOBODY_ID


class Stage(StrEnum):
    """The values of ``steward_stage``."""

    ACCEPT = "accept"
    ASSESS = "assess"
    HANDLE = "handle"
    FEED_BACK = "feed_back"
    FOLLOW_UP = "follow_up"
    DONE = "done"


STAGES = tuple(Stage)


@dataclass(frozen=True, slots=True)
class Step:
    """One stage, entered at ``since`` by the act of ``by`` (None: not an agent's) and left at ``until`` (None: now)."""

    stage: Stage
    since: datetime
    by: str | None = None
    until: datetime | None = None


def history(case: Case) -> tuple[Step, ...]:
    """The stages of the matter at hand in the order it was in them; one that was passed over is not among them."""
    found: list[Step] = []
    reached = Stage.ACCEPT
    for at, event in sorted(_events(case), key=lambda one: (one[0], STAGES.index(one[1]) if one[1] else len(STAGES))):
        closed = bool(found) and found[-1].stage in (Stage.FOLLOW_UP, Stage.DONE)
        stage = event or reached
        if stage not in (Stage.FOLLOW_UP, Stage.DONE):
            reached = max(reached, stage, key=STAGES.index)
            stage = found[-1].stage if closed and event is not None else reached
        _enter(found, stage, at, by=_actors(case.timeline).get(at))
    return tuple(found)


def _enter(found: list[Step], stage: Stage, at: datetime, *, by: str | None) -> None:
    """The next stage begins; one that began in the same act was passed over."""
    if len(found) > 1 and found[-1].since == at:
        found.pop()
    if found and found[-1].stage is stage:
        found[-1] = replace(found[-1], until=None)
        return
    if found:
        found[-1] = replace(found[-1], until=at)
    found.append(Step(stage, at, by))


def _events(case: Case) -> Iterator[tuple[datetime, Stage | None]]:
    """When each stage might begin; None: the ticket was open again."""
    accepted_at = case.accepted_at
    yield accepted_at, Stage.ACCEPT
    answered_at = _answered_at(case)
    begun = min((at for at in (_taken_at(case), answered_at) if at is not None), default=None)
    assessed_at = case.moment_found("assessed_at") if case.is_complaint else answered_at
    told_at = case.moment_found("result_told_at")
    for at, stage in ((begun, Stage.ASSESS), (assessed_at, Stage.HANDLE), (told_at, Stage.FEED_BACK)):
        if at is not None:
            yield max(at, accepted_at), stage
    for closing in case.matter.closings:
        yield max(closing.at, accepted_at), Stage.FOLLOW_UP
        again = closing.until or closing.reopened_at
        if again is not None:
            yield max(again, accepted_at), None
    settled_at = _settled_at(case)
    if settled_at is not None:
        yield settled_at, Stage.DONE


def _answered_at(case: Case) -> datetime | None:
    answer = case.first_answer_since(case.accepted_at)
    return answer.at if answer else None


def _taken_at(case: Case) -> datetime | None:
    """Since when somebody owned it, or said *accept*."""
    moments = [word.at for word in case.said_now("accept")]
    created = case.created
    owners = [(created.at, created["owner_id"])] if created is not None else []
    owners += [(change.at, change["id_to"]) for change in case.timeline.changes_of("owner")]
    before = [owner for at, owner in owners if at <= case.accepted_at][-1:]
    later = [at for at, owner in owners if at > case.accepted_at and owner not in (None, NOBODY_ID)]
    moments += [case.accepted_at] if before and before[0] not in (None, NOBODY_ID) else later
    return min((max(at, case.accepted_at) for at in moments), default=None)


def _settled_at(case: Case) -> datetime | None:
    """When nothing was left to follow up: after a complaint's visit, of a request at its closing."""
    closed_at = case.matter.closed_at
    if closed_at is None or case.matter.suspended_at is not None or not case.finding("followed_up"):
        return None
    return case.moment_found("followed_up_at") or closed_at


@once
def _actors(timeline: Timeline) -> Mapping[datetime, str]:
    """Which agent did something at which moment."""
    acts = (FactKind.ARTICLE, FactKind.CHANGED, FactKind.TAG_ADDED, FactKind.TASK_DONE)
    return {fact.at: fact.by.login for fact in timeline if fact.kind in acts and fact.by.is_agent}
