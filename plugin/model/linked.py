"""Interruptions and the tickets linked to them: what these are told of it, by whom and when their customers were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plugin.model.conversation import answers, articles, is_our_message
from plugin.model.facts import FactKind, Timeline, once

ANNOUNCED = "announced"
"""The finding on the incident's ticket that its linked tickets hear of."""
DOWN, DOWN_UNTIL, OVER = "interruption", "interruption_until", "restored"
"""The pack's messages to the customers of linked tickets."""
INTERRUPTED = "interrupted"
"""The observation's name. incidents: of each its id, epoch, opened_at, since, back_at, restored_at."""


@dataclass(frozen=True, slots=True)
class Incident:
    """An interruption on the ticket that stands for it. ``epoch`` tells several of one ticket apart."""

    epoch: str
    opened_at: datetime
    restored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """What an incident has its linked tickets know: their customers are written to ``after`` they are linked."""

    incident: Incident
    after: timedelta
    back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Interruption:
    """One incident as a ticket linked to it knows it.

    ``epoch`` tells several interruptions of one incident's ticket apart; ``since`` is when the link was first seen,
    ``back_at`` when it is expected to be over (None: nobody said), ``restored_at`` when an agent said that it is.
    """

    incident_id: int
    epoch: str
    opened_at: datetime
    since: datetime
    back_at: datetime | None = None
    restored_at: datetime | None = None

    def as_said(self) -> dict[str, Any]:
        """As the observation keeps it: ids and codes only."""
        return {
            "id": self.incident_id,
            "epoch": self.epoch,
            "opened_at": self.opened_at.isoformat(),
            "since": self.since.isoformat(),
            "back_at": self.back_at.isoformat() if self.back_at else None,
            "restored_at": self.restored_at.isoformat() if self.restored_at else None,
        }


@once
def interruptions(timeline: Timeline) -> tuple[Interruption, ...]:
    """Those the ticket was linked to when we looked last, the one that was linked first at the head."""
    seen = timeline.observed(INTERRUPTED)
    found = (_interruption(said) for said in (seen["incidents"] if seen is not None else None) or ())
    return tuple(sorted(found, key=lambda one: (one.since, one.incident_id)))


def _interruption(said: Mapping[str, Any]) -> Interruption:
    return Interruption(
        incident_id=int(said["id"]),
        epoch=str(said["epoch"]),
        opened_at=datetime.fromisoformat(said["opened_at"]),
        since=datetime.fromisoformat(said["since"]),
        back_at=_moment(said["back_at"]),
        restored_at=_moment(said["restored_at"]),
    )


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None


def told(timeline: Timeline, *, opened_at: datetime, since: datetime) -> tuple[datetime, ...]:
    """When Steward told the customer of an interruption: here, or on a ticket that was merged into this one."""
    brought = {str(key) for merge in timeline.of(FactKind.RECEIVED_MERGE) for key in merge["articles"] or ()}
    ours = (article for article in articles(timeline) if is_our_message(article))
    return tuple(a.at for a in ours if a.at >= (opened_at if a.key in brought else since))


def is_answered(timeline: Timeline, since: datetime) -> bool:
    """Whether an agent answered the customer since: he has it in hand."""
    return any(answer.at >= since for answer in answers(timeline))
