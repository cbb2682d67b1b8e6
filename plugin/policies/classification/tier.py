"""How grave a complaint is: what was weighed, then what agents said, raised by *dissatisfied*."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from plugin.model.case import Case
from plugin.model.decision import Field, Finding, Should, Slot, Tag
from plugin.model.grounds import Ground
from plugin.model.pack import TIERS, Kind, Tier
from plugin.model.severity import Severity
from plugin.model.voices import SERIOUS, Voice
from plugin.model.words import Text, text
from plugin.policies.classification import suspicion
from plugin.policies.classification.kind import complaint_since
from plugin.policies.classification.verdicts import Verdict, fields_said, kind_meant, kinds_said


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    tier: Tier
    because: Text
    clause: str = "A2.1"
    by_agent: bool = False


def conclude(
    case: Case, verdicts: tuple[Verdict, ...], heard: tuple[Voice, ...], weighed: Severity
) -> Iterator[Should]:
    steps = tuple(_tier_steps(case, heard, weighed))
    last = steps[-1]
    yield Finding("tiers", tuple(_tiers_held(case, verdicts, weighed, steps)), last.clause, last.because)
    yield Finding("tier", last.tier, last.clause, last.because)
    yield Finding("tier_by_agent", any(step.by_agent for step in steps), last.clause, last.because)
    yield Finding("severity", weighed.points, weighed.clause, weighed.because)
    yield Field("steward_tier", last.tier.value, last.clause, last.because)
    if last.tier is not Tier.GENERAL:
        yield Tag(f"steward:{last.tier}", Slot.TIER, f"m{case.matter.number}-{len(steps)}", last.clause, last.because)
    yield from suspicion.tell_danger(case, heard)


def _tier_steps(case: Case, heard: tuple[Voice, ...], weighed: Severity) -> Iterator[_Step]:
    """The tiers in the order they came to hold: what was weighed, then what agents said, raised by *dissatisfied*."""
    yield _Step(case.accepted_at, weighed.tier, weighed.because, weighed.clause)
    current = weighed.tier
    for at, word, login in sorted([*_tiers_said(case), *_tiers_brought(case, heard)]):
        if word == "dissatisfied":
            if current is TIERS[-1]:
                continue
            current = TIERS[TIERS.index(current) + 1]
            yield _Step(at, current, text("The customer is not satisfied: one tier up."), "D5.3")
        else:
            current = Tier(word)
            because = text("{login} said so.", login=login) if login else text("It came with a merged complaint.")
            yield _Step(at, current, because, by_agent=True)


def _tiers_held(
    case: Case, verdicts: tuple[Verdict, ...], weighed: Severity, steps: tuple[_Step, ...]
) -> Iterator[tuple[datetime, Tier]]:
    """Each tier with the moment since when it held: what an agent gave comes last, as it outranks the rest."""
    since = complaint_since(case, verdicts)
    for at, tier in ((case.accepted_at, Tier.GENERAL), *weighed.steps):
        # what was no complaint yet had no tier, whatever spoke for one
        yield max(at, since), tier
    for step in steps[1:]:
        yield max(step.at, since), step.tier


def grounds(case: Case) -> Iterator[Ground]:
    """What agents said of the tier, the newest first."""
    for at, word, login in sorted(_tiers_said(case), reverse=True):
        if word != "dissatisfied":
            because = text("{login} said so.", login=login)
            yield Ground("tier", Tier(word), because, at, by_agent=True, clause="A2.1")


def _tiers_said(case: Case) -> list[tuple[datetime, str, str]]:
    spoken = [(s.at, s.word, s.by.login) for s in case.said_now(*TIERS, "dissatisfied")]
    return [*spoken, *fields_said(case, "steward_tier", TIERS)]


def _tiers_brought(case: Case, heard: tuple[Voice, ...]) -> Iterator[tuple[datetime, str, str]]:
    """The tier an agent gave a complaint before it was merged in; here too it wins over that complaint's own words.

    Not where this ticket was a complaint already, or may have been one: nobody has judged the two together.
    """
    merge = next((m for m in case.merges if m["kind"] == Kind.COMPLAINT), None)
    if merge is None or not merge["tier_by_agent"]:
        return
    said = any(at <= merge.at and kind_meant(word) is Kind.COMPLAINT for at, word, _ in kinds_said(case))
    voiced = any(
        v.at <= merge.at and (v.complains or SERIOUS in v.found) and v.article.key not in merge["articles"]
        for v in heard
    )
    if not (said or voiced or case.pack.group_kinds.get(case.group) is Kind.COMPLAINT):
        yield merge.at, merge["tier"], ""
