"""What ends clocks: a closing, *not ours* once told, an assessment, a result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugin.model.case import Case
from plugin.model.clocks import ClockState
from plugin.model.conversation import is_answer, last_public_word, last_word_is_ours
from plugin.model.facts import Fact
from plugin.model.life import ONE_ACT
from plugin.model.pack import TIERS
from plugin.model.said import fields_set_by_agents
from plugin.model.words import Text, text


@dataclass(frozen=True, slots=True)
class End:
    """What ended a clock. ``state`` cancelled: neither met nor broken, it no longer applies."""

    at: datetime
    because: Text
    state: ClockState = ClockState.MET


def earliest(*ends: End | None) -> End | None:
    """What came first counts."""
    return min((e for e in ends if e is not None), key=lambda e: e.at, default=None)


def of_matter(case: Case) -> End | None:
    """The closing that stands, or *not ours* once the customer was told where to go."""
    closed = case.matter.closings[-1] if case.matter.is_closed else None
    closing = End(closed.at, text("Closed by {login}.", login=closed.by.login)) if closed else None
    told = _told_not_ours(case)
    elsewhere = End(told.at, text("Not ours, and the customer was told."), ClockState.CANCELLED) if told else None
    return earliest(closing, elsewhere)


def _told_not_ours(case: Case) -> Fact | None:
    for word in case.said_now("not-ours"):
        told = case.first_answer_since(word.at)
        if told is not None:
            return told
    return None


def by_assessment(case: Case) -> End | None:
    """The first of an agent's words on it, or a tier he set."""
    said = [(s.at, s.by.login) for s in case.said_now("assessed", "not-ours", "outside-help", *TIERS)]
    said += [
        (f.at, f.by.login)
        for f in fields_set_by_agents(case.timeline, "steward_tier")
        if f.value in TIERS and f.at >= case.matter.starts_at and not _is_partial(case, f.by.login, f.at)
    ]
    if not said:
        return None
    at, login = min(said)
    return End(at, text("{login} assessed it.", login=login))


def _is_partial(case: Case, login: str, at: datetime) -> bool:
    """Whether it was done by the person complained about, after he was named."""
    about = case.complained_about
    return about is not None and about.did(login, at)


def by_result(case: Case) -> End | None:
    """*result-told*, or an agent's closing after a public answer to the customer's last message."""
    words = case.said_now("result-told")
    told = End(words[0].at, text("{login} says the result was told.", login=words[0].by.login)) if words else None
    closings = (
        c
        for c in case.matter.closings
        if c.by.is_agent and not _is_partial(case, c.by.login, c.at) and _last_word_is_ours_or_call(case, c.at)
    )
    first = next(closings, None)
    closed = End(first.at, text("Closed by {login} after an answer.", login=first.by.login)) if first else None
    return earliest(told, closed)


def _last_word_is_ours_or_call(case: Case, at: datetime) -> bool:
    """Whether an agent's public answer stands behind the customer's last message at ``at``."""
    word = last_public_word(case.timeline, before=at + ONE_ACT)
    return word is not None and (is_answer(word) or last_word_is_ours(case.timeline, at=at + ONE_ACT))
