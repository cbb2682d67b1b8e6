"""The scorecard: what a rule had said of a ticket, held against what an agent made of it by hand later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from plugin.model.decision import Decision, Tag
from plugin.model.facts import Fact, FactKind
from plugin.model.pack import TIERS, Kind, Pack
from plugin.model.said import SAY
from plugin.simulate.outcome import Judged

OURS = "steward:"
SUSPECTED = "steward:suspected"
CLASSIFICATION = "classification"
NOTHING = ""
"""What a rule says that sees nothing out of the ordinary."""
ORDINARY = frozenset({NOTHING, "request", "general", "False", "false"})
KINDS = frozenset(kind.value for kind in Kind)
TIER_NAMES = frozenset(tier.value for tier in TIERS)
JUDGED_FIELDS = frozenset({"steward_kind", "steward_tier", "steward_nature"})
"""Fields an agent may have a view of his own on; the others say what follows from clocks and acts."""

FOLLOWS = frozenset(
    {"steward:warned", "steward:breached", "steward:waiting", SUSPECTED} | {f"{OURS}{tier}" for tier in TIER_NAMES}
)
"""What follows from clocks and acts, or stands in a field too: no opinion of its own."""


class Score(StrEnum):
    """How a rule fared on one ticket."""

    HIT = "hit"
    """The agent said the same."""
    MISS = "miss"
    """The agent saw something, and the rule had not, or something else."""
    EXTRA = "extra"
    """The rule saw something where the agent saw nothing, or something else."""
    UNJUDGED = "unjudged"
    """The rule saw something, and no agent ever said anything about it."""


def scores(judged: Judged) -> tuple[Score, ...]:
    """One for agreement; taking one thing for another is both a miss and an extra."""
    claims, says = judged.claimed not in ORDINARY, judged.said not in ORDINARY
    if judged.claimed == judged.said or not (claims or says):
        return (Score.HIT,)
    return ((Score.MISS,) if says else ()) + ((Score.EXTRA,) if claims else ())


@dataclass(slots=True)
class Judge:
    """Follows one ticket: ``hears`` what happened before ``sees`` what is decided of it.

    Only the first thing an agent says of a subject is held against the rules: what he says after is about himself.
    """

    pack: Pack
    judged: list[Judged] = field(default_factory=list)
    _claims: dict[str, dict[str, str]] = field(default_factory=dict)
    """By subject and rule: one that writes and one on trial may both have a view."""
    _stood: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)

    def hears(self, facts: Iterable[Fact]) -> None:
        """What people did, before anything is decided on it."""
        for fact in facts:
            for subject, said in self._said(fact):
                if self._claims and subject not in self._settled:
                    self._settled.add(subject)
                    claims = self._claims.get(subject) or {_nobodys(subject): NOTHING}
                    self.judged += (
                        Judged(r, subject, what, said, fact.at, fact.by.login) for r, what in claims.items()
                    )

    def sees(self, decision: Decision) -> None:
        """What the rules say now."""
        self._claims = {}
        # a rule on trial that says the same as one that writes has a view of its own too
        for part in (*decision.fields, *decision.tags, *decision.trial_alike):
            if isinstance(part, Tag):
                self._claim(part.tag, part.rule, part.tag)
            elif part.name in JUDGED_FIELDS:
                self._claim(part.name, part.rule, str(part.value or NOTHING))
        for rule in self._claims.get(SUSPECTED, ()):
            self._claim("steward_kind", rule, Kind.COMPLAINT.value)
        for subject, claims in self._claims.items():
            for rule, claimed in claims.items():
                if claimed not in ORDINARY and subject not in FOLLOWS:
                    self._stood.setdefault((rule, subject), decision.now)

    @property
    def unjudged(self) -> tuple[tuple[str, str, datetime], ...]:
        """(rule, subject, since when) of stands that nobody ever said anything about."""
        return tuple((*key, at) for key, at in self._stood.items() if key[1] not in self._settled)

    def _claim(self, subject: str, rule: str, claimed: str) -> None:
        self._claims.setdefault(subject, {})[rule] = claimed

    def _said(self, fact: Fact) -> Iterator[tuple[str, str]]:
        """What an agent said by this, as (subject, value)."""
        if not fact.by.is_agent:
            return
        if fact.kind is FactKind.TAG_ADDED:
            yield from _by_tag(str(fact["tag"]))
        elif fact.kind is FactKind.TAG_REMOVED and str(fact["tag"]).startswith(OURS):
            if not str(fact["tag"]).startswith(SAY) and fact["tag"] not in FOLLOWS:
                yield str(fact["tag"]), NOTHING
        elif fact.kind is FactKind.CHANGED:
            yield from self._by_change(fact)

    def _by_change(self, fact: Fact) -> Iterator[tuple[str, str]]:
        name = str(fact["attribute"])
        if name in JUDGED_FIELDS:
            yield name, str(fact["to"] or NOTHING)
        elif name == "group" and str(fact["to"]) in self.pack.group_kinds:
            yield "steward_kind", self.pack.group_kinds[str(fact["to"])].value


def _by_tag(tag: str) -> Iterator[tuple[str, str]]:
    if not tag.startswith(SAY):
        if tag.startswith(OURS) and tag not in FOLLOWS:
            yield tag, tag
        return
    word = tag.removeprefix(SAY)
    if word in KINDS:
        yield "steward_kind", word
    elif word in TIER_NAMES:
        yield "steward_tier", word
        yield "steward_kind", Kind.COMPLAINT.value


def _nobodys(subject: str) -> str:
    """Where no rule had said anything, the miss is that of the policy for such a subject, as far as it is known."""
    return CLASSIFICATION if subject in JUDGED_FIELDS else subject
