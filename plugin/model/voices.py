"""What the customer voices in each of his messages: a complaint, danger, a threat, a loss, a mood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from plugin.model.amounts import Amount, amounts
from plugin.model.case import Case
from plugin.model.facts import Fact, Timeline, once
from plugin.model.wording import messages_with, spoken

COMPLAINT, SERIOUS, DANGER, MOOD = "complaint", "serious", "danger", "mood"
REACH, URGENCY = "reach", "urgency"
NOT_OURS, SHARED = "not_ours", "shared"
LISTS = (COMPLAINT, SERIOUS, DANGER, MOOD, REACH, URGENCY, NOT_OURS, SHARED)
"""The pack's lists of words, natures apart."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A customer's message of the matter at hand: ``found`` has the words it was found by, by the list they are in."""

    article: Fact
    at: datetime
    found: Mapping[str, str]
    amounts: tuple[Amount, ...] = ()

    @property
    def is_danger(self) -> bool:
        return DANGER in self.found

    @property
    def complains(self) -> bool:
        """Whoever tells of danger complains."""
        return self.is_danger or COMPLAINT in self.found


def voices(case: Case) -> tuple[Voice, ...]:
    """Every message of the customer since the matter at hand began, oldest first."""
    return tuple(_voices(case))


def _voices(case: Case) -> Iterator[Voice]:
    words = case.pack.words
    found = {name: messages_with(case.timeline, getattr(words, name)) for name in LISTS}
    told = _told_amounts(case.timeline)
    for position, article in enumerate(a for a in case.customer_articles if a.at >= case.matter.starts_at):
        # Zammad stamps a ticket and its first article some milliseconds apart: it is one moment.
        began = position == 0 and case.matter.number == 1
        yield Voice(
            article=article,
            at=case.matter.starts_at if began else article.at,
            found={name: keys[article.key] for name, keys in found.items() if article.key in keys},
            amounts=told.get(article.key, ()),
        )


@once
def _told_amounts(timeline: Timeline) -> Mapping[str, tuple[Amount, ...]]:
    """The amounts of money the customer names, by the message's key."""
    told = {key: amounts(said) for key, said in spoken(timeline).items()}
    return {key: found for key, found in told.items() if found}
