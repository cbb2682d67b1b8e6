"""What agents say to Steward: ``steward:say:…`` tags with person, time and reason (design.md, "What agents say")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.model.conversation import articles
from plugin.model.facts import Fact, FactKind, Timeline, once
from plugin.model.people import Actor

SAY = "steward:say:"
REASON_WITHIN = timedelta(minutes=10)

WORDS = frozenset(
    {
        "complaint",
        "request",
        "none",
        "accept",
        "decline",
        "general",
        "serious",
        "major",
        "waiting",
        "resume",
        "extend",
        "assessed",
        "not-ours",
        "outside-help",
        "plan-ready",
        "result-told",
        "satisfied",
        "dissatisfied",
        "third-party",
        "mediation",
        "arbitration",
        "court",
        "settled",
        "interruption",
        "restored",
        "upset",
        "calm",
    }
)
"""Every word an agent can say; others are taken off and answered with a note."""


@dataclass(frozen=True, slots=True)
class Said:
    """An agent said ``word`` at ``at``; ``reason_key`` names the internal note with his reason, None without one."""

    word: str
    at: datetime
    by: Actor
    key: str
    reason_key: str | None = None

    @property
    def has_reason(self) -> bool:
        return self.reason_key is not None


@once
def said(timeline: Timeline) -> tuple[Said, ...]:
    """Every word an agent said, oldest first; what customers, triggers or jobs tag says nothing."""
    return tuple(_said(timeline))


def _said(timeline: Timeline) -> Iterator[Said]:
    for fact in timeline.of(FactKind.TAG_ADDED):
        tag = str(fact["tag"])
        if tag.startswith(SAY) and fact.by.is_agent:
            yield Said(
                word=tag.removeprefix(SAY), at=fact.at, by=fact.by, key=fact.key, reason_key=_reason(timeline, fact)
            )


def _reason(timeline: Timeline, word: Fact) -> str | None:
    """The same agent's newest internal note of the ten minutes before the word."""
    notes = (a for a in reversed(_notes(timeline)) if a.by.id == word.by.id)
    return next((a.key for a in notes if word.at - REASON_WITHIN <= a.at <= word.at), None)


@once
def _notes(timeline: Timeline) -> tuple[Fact, ...]:
    """Internal notes of people, our macros' lines not counted."""
    return tuple(a for a in articles(timeline) if a["internal"] and not a["macro"] and not a["ours"])


@once
def tags_now(timeline: Timeline) -> frozenset[str]:
    """The tags that are on the ticket after its last recorded change, in the order of Zammad's rows: times may move."""
    tags: set[str] = set()
    for fact in sorted(timeline.of(FactKind.TAG_ADDED, FactKind.TAG_REMOVED), key=row_number):
        if fact.kind is FactKind.TAG_ADDED:
            tags.add(str(fact["tag"]))
        else:
            tags.discard(str(fact["tag"]))
    return frozenset(tags)


def row_number(fact: Fact) -> int:
    """The number of the Zammad row a fact rests on, 0 without one."""
    number = fact.key.rpartition(":")[2]
    return int(number) if number.isdigit() else 0


@dataclass(frozen=True, slots=True)
class FieldSet:
    """Somebody set a ``steward_*`` field by hand: an agent's value is his word, a customer's is reset."""

    name: str
    value: str | None
    at: datetime
    by: Actor
    key: str


def fields_set(timeline: Timeline, name: str) -> tuple[FieldSet, ...]:
    """Who set the field ``name`` to what, Steward's own writes and creation values included, oldest first."""
    found = [
        FieldSet(name=name, value=f["value"] or None, at=f.at, by=f.by, key=f.key)
        for f in timeline.of(FactKind.OBSERVED)
        if f["what"] == "field_at_creation" and f["name"] == name
    ]
    found += [
        FieldSet(name=name, value=f["to"] or None, at=f.at, by=f.by, key=f.key) for f in timeline.changes_of(name)
    ]
    return tuple(found)


def fields_set_by_agents(timeline: Timeline, name: str) -> tuple[FieldSet, ...]:
    return tuple(f for f in fields_set(timeline, name) if f.by.is_agent)
