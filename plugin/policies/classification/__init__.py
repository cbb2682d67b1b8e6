"""What a ticket is taken for: kind, nature, tier, jurisdiction and mood, agents' words first of all.

An agent's word or field wins until an agent changes it. Without one: exclusions make it ``none``; a group, a ticket
attribute or a channel listed in the pack decides; complaint words make it *suspected* (``steward:suspected``), which
one click confirms and one working day turns into a complaint (C3.1). What speaks for severity is weighed: words raise
the tier to ``serious`` at most, danger to persons to ``major`` (C3.2); a VIP's complaint gets its own path (C2.1).
Whose matter it is the pack may only suggest (C4.1). A customer who is upset is calmed first (E4.2). Every verdict
keeps what spoke for and against it, and what would have been said without agents.

A rule::

    - policy: classification
      mode: enforce
      options:
        confirm_after: 1 working day
        serious_from: 50
        weight_vip: 50
        large_losses: [5000 EUR, 40000 CNY]

Options: ``confirm_after`` (a duration in working days or hours of the office calendar) after which a suspicion counts
as a complaint. ``serious_from`` (points) from which a complaint is serious; ``weight_serious_words``, ``weight_vip``,
``weight_large_loss`` (a loss of at least one of ``large_losses``, amounts with their currency), ``weight_reach``,
``weight_urgency``, ``weight_repeated`` (an earlier complaint of the same nature), ``weight_mood``,
``weight_difficulty`` (help from outside, several natures at once): the points of each, 0 for none; danger is not
weighed. ``calm_first`` (true, false): the next step of an upset customer's ticket begins with calming him.
"""

from __future__ import annotations

from collections.abc import Iterator

from plugin.model.case import Case
from plugin.model.decision import Field, Finding, Should
from plugin.model.grounds import Ground
from plugin.model.pack import Kind
from plugin.model.severity import Severity, severity
from plugin.model.voices import voices
from plugin.model.words import text
from plugin.policies.classification import jurisdiction, kind, mood, nature, suspicion, tier
from plugin.policies.classification.options import Options, weights
from plugin.policies.classification.verdicts import Verdict, verdicts

__all__ = ["AFTER", "CLAUSES", "Options", "decide"]

CLAUSES = ("C1.1", "C2.1", "C3.1", "C3.2", "C4.1", "E4.2", "A2.1", "D1.2")
AFTER: tuple[str, ...] = ()


def decide(case: Case, options: Options) -> Iterator[Should]:
    heard = voices(case)
    found = tuple(verdicts(case, options, heard))
    verdict = found[0]
    yield from kind.conclude(case, verdict)
    yield from _vip(case)
    natures = nature.grounds(case, verdict)
    yield from nature.conclude(natures)
    about = natures[0].value if natures else None
    weighed = severity(case, heard, weights=weights(options), nature=about, natures=nature.spoken(natures))
    if verdict.suspected:
        yield Finding("voiced_at", verdict.voiced_at, verdict.clause, verdict.because)
        yield Finding("voiced_tier", weighed.tier, verdict.clause, verdict.because)
        yield from suspicion.mark(case, verdict, heard)
    if verdict.kind is Kind.COMPLAINT:
        yield from tier.conclude(case, found, heard, weighed)
    else:
        yield Field("steward_tier", None, "A2.1", text("Only complaints have a tier."))
    ours, moods = tuple(jurisdiction.grounds(case, heard)), tuple(mood.grounds(case, heard))
    yield from jurisdiction.conclude(ours)
    yield from mood.conclude(case, options, heard, moods)
    yield from _without_agents(found, natures, weighed)
    tiers = tier.grounds(case) if verdict.kind is Kind.COMPLAINT else ()
    kinds = (one.ground for one in found)
    yield Finding("grounds", (*kinds, *tiers, *weighed.grounds, *natures, *ours, *moods), "C3.2", verdict.because)


def _vip(case: Case) -> Iterator[Finding]:
    seen = case.timeline.observed("vip")
    vip = bool(seen and seen["value"])
    because = text("The customer is a VIP.") if vip else text("Neither the customer nor his organization is a VIP.")
    yield Finding("vip", vip, "C2.1", because)


def _without_agents(found: tuple[Verdict, ...], natures: tuple[Ground, ...], weighed: Severity) -> Iterator[Finding]:
    """What would hold if no agent had said anything: what he says is counted against it."""
    unsaid = next(verdict for verdict in found if not verdict.by_agent)
    value = Kind.COMPLAINT if unsaid.suspected else unsaid.kind
    yield Finding("kind_by_words", value, unsaid.clause, unsaid.because)
    yield Finding("tier_by_words", weighed.tier, weighed.clause, weighed.because)
    about = next((ground for ground in natures if not ground.by_agent), None)
    because = about.because if about else text("Nothing says what it is about.")
    yield Finding("nature_by_words", about and about.value, "C3.2", because)
