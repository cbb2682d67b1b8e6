"""What became of a closed complaint: tries to reach the customer, how he sees it, and what proves it (E4.4, D3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from plugin.model.case import Case
from plugin.model.conversation import articles, is_answer, is_by_agent, is_from_customer, is_our_message
from plugin.model.facts import Fact
from plugin.model.life import ONE_ACT
from plugin.model.tasks import done

BETWEEN_TRIES = timedelta(hours=1)
"""Messages that follow each other faster are one try to reach the customer."""
FOLLOW_UP = "follow_up"
"""The key of the task that asks the customer."""


class Outcome(StrEnum):
    """How the visit ended."""

    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    RECORDED = "recorded"
    """Its task was done, and an article or a reply says what came of it."""
    ASKED = "asked"
    """The message to the customer asked him; nobody need call."""
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Visit:
    """The time after one closing. ``written_at``: the first written word to the customer; ``asked_at``: our message.

    ``ticked_at`` is when the task was done, ``unproven`` that nothing shows it, ``settled_at`` when the outcome was
    known.
    """

    attempted_at: datetime | None = None
    written_at: datetime | None = None
    asked_at: datetime | None = None
    ticked_at: datetime | None = None
    unproven: bool = False
    settled_at: datetime | None = None
    outcome: Outcome | None = None

    @property
    def confirmed_at(self) -> datetime | None:
        return _first(self.written_at, self.asked_at, self.settled_at)

    @property
    def visited_at(self) -> datetime | None:
        """It ends at the attempt."""
        return _first(self.attempted_at, self.settled_at)

    @property
    def surveyed_at(self) -> datetime | None:
        return _first(self.asked_at, self.settled_at)


def visit_of(
    case: Case, closed_at: datetime, *, until: datetime | None, tries: int, needs_proof: bool, asking_is_enough: bool
) -> Visit:
    """What was done about the customer from the closing on, up to ``until`` (the reopening; None: up to now).

    ``tries`` to reach him settle it; ``asking_is_enough``: so does our own message.
    """
    end = until or case.now
    since = [a for a in articles(case.timeline) if closed_at <= a.at <= end]
    # the answer that closes stands milliseconds behind the closing: it is no visit
    reached = [a for a in since if is_answer(a) and a.at > closed_at + ONE_ACT]
    asked_at = next((a.at for a in since if is_our_message(a)), None)
    ticked = done(case.timeline, FOLLOW_UP, since=closed_at)
    ticked = ticked if ticked is not None and ticked.at <= end else None
    proved_at = _proved_at(ticked, since, closed_at, needs_proof=needs_proof) if ticked is not None else None
    settled = [(proved_at, Outcome.RECORDED)] if proved_at is not None else []
    settled += [(s.at, Outcome(s.word)) for s in case.said_now(*_VIEWS) if closed_at <= s.at <= end]
    settled += [(at, Outcome.UNREACHABLE) for at in _tries(reached)[tries - 1 : tries]]
    settled += [(asked_at, Outcome.ASKED)] if asked_at is not None and asking_is_enough else []
    settled_at, outcome = min(settled, default=(None, None))
    return Visit(
        attempted_at=reached[0].at if reached else None,
        written_at=next((a.at for a in reached if a["type"] != "phone"), None),
        asked_at=asked_at,
        ticked_at=ticked.at if ticked is not None else None,
        unproven=ticked is not None and proved_at is None,
        settled_at=settled_at,
        outcome=outcome,
    )


_VIEWS = (Outcome.SATISFIED.value, Outcome.DISSATISFIED.value)


def _proved_at(ticked: Fact, since: list[Fact], closed_at: datetime, *, needs_proof: bool) -> datetime | None:
    """Since when an article or a reply shows the visit: written in the task's own ticket, or on this one."""
    if ticked["proved"] or not needs_proof:
        return ticked.at
    shown = (a.at for a in since if a.at > closed_at + ONE_ACT and (_is_record(a) or is_from_customer(a)))
    first = next(shown, None)
    return max(first, ticked.at) if first is not None else None


def _is_record(article: Fact) -> bool:
    return is_by_agent(article) and not article["macro"]


def _tries(reached: list[Fact]) -> list[datetime]:
    """When he was tried, bursts of messages counted once."""
    tries: list[datetime] = []
    for one in reached:
        if not tries or one.at - tries[-1] >= BETWEEN_TRIES:
            tries.append(one.at)
    return tries


def _first(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
