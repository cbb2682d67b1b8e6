"""Asks Zammad what time it is, which no call of its API tells: by searches whose answers depend on its clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.skew import TOLERATED, Skew
from plugin.zammad import schemas
from plugin.zammad.reader import Reader

ASKED_ABOUT = 10
"""The newest tickets, so that one of them changed at a second that suits."""
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Question:
    """Whether ``ticket_id`` changed in the last ``minutes``; ``slack`` is how much less exact than a minute it is."""

    ticket_id: int
    minutes: int
    slack: timedelta


def ask(reader: Reader, skew: Skew, *, clock: Callable[[], datetime]) -> None:
    """Three searches of few rows, some 70 ms of Zammad's time. ``skew`` learns from them; without tickets nothing.

    Exact to the second with a proxy's ``Date`` or a note of ours, these cannot be: relative conditions count minutes.
    A skew of two minutes is found out for certain, one of more than 60 s as a rule. Raises the errors of a read.
    """
    since, now = skew.mark(), clock()
    newest = [schemas.changed_ticket(raw, path="search") for raw in reader.newest(ASKED_ABOUT)]
    changed = {ticket.id: ticket.updated_at for ticket in newest}
    # an odd date of the future, imported say, tells nothing; unless all are: then it is our clock
    past = {one: at for one, at in changed.items() if at <= now + TOLERATED} or changed
    if not past:
        return
    earliest, latest = max(past.values()), None
    for question in (_ahead(past, now), _behind(past, now)):
        if question is None:
            continue
        edge = timedelta(minutes=question.minutes)
        found = reader.changed_within(question.minutes, [question.ticket_id]).get(question.ticket_id)
        if found is None:
            earliest = max(earliest, past[question.ticket_id] + edge)
        else:
            latest = found + edge if latest is None else min(latest, found + edge)
    skew.between(earliest, latest, since=since)


def _ahead(changed: Mapping[int, datetime], now: datetime) -> _Question | None:
    """A yes shows that our clock is ahead; None where every ticket is too young to show it."""
    questions = []
    for ticket_id, at in changed.items():
        minutes = max(1, math.ceil((now - at - TOLERATED) / MINUTE) - 1)  # exactly what is tolerated shows nothing
        if now - at > TOLERATED:
            questions.append(_Question(ticket_id, minutes, abs(now - at - TOLERATED - minutes * MINUTE)))
    return min(questions, key=lambda question: question.slack, default=None)


def _behind(changed: Mapping[int, datetime], now: datetime) -> _Question:
    """A no shows that our clock is behind."""
    questions = []
    for ticket_id, at in changed.items():
        minutes = max(1, math.floor((now - at + TOLERATED) / MINUTE) + 1)
        questions.append(_Question(ticket_id, minutes, minutes * MINUTE - TOLERATED - (now - at)))
    return min(questions, key=lambda question: question.slack)
