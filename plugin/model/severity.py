"""How severe a complaint is before an agent says so: what speaks for it is weighed, danger decides by itself (C3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.model.amounts import Amount
from plugin.model.case import Case
from plugin.model.grounds import Ground
from plugin.model.pack import TIERS, Tier
from plugin.model.related import related
from plugin.model.voices import DANGER, MOOD, REACH, SERIOUS, URGENCY, Voice
from plugin.model.words import Text, text

ABOUT = "tier"


@dataclass(frozen=True, slots=True)
class Weights:
    """Points for each thing that speaks for severity, counted once; from ``serious_from`` a complaint is serious."""

    serious_from: int
    serious_words: int
    vip: int
    large_loss: int
    reach: int
    urgency: int
    repeated: int
    mood: int
    difficulty: int
    large_losses: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Severity:
    """The tier that its grounds give a complaint, and each they raised it to on the way, with its moment."""

    tier: Tier
    because: Text
    clause: str
    grounds: tuple[Ground, ...]
    steps: tuple[tuple[datetime, Tier], ...]

    @property
    def points(self) -> int:
        return sum(ground.weight or 0 for ground in self.grounds)


def severity(case: Case, voices: Iterable[Voice], *, weights: Weights, nature: str | None, natures: int) -> Severity:
    """``nature`` is the complaint's own, ``natures`` how many its words speak of."""
    found = [*_deciding(case, voices), *_weighed(case, tuple(voices), weights, nature, natures)]
    grounds = sorted((ground for ground in found if ground.weight != 0), key=lambda ground: ground.at)
    steps = tuple(_steps(grounds, weights))
    tier = steps[-1][1] if steps else Tier.GENERAL
    because, clause = _because(grounds, tier, weights)
    return Severity(tier, because, clause, tuple(sorted(grounds, key=_strongest_first)), steps)


def _steps(grounds: Iterable[Ground], weights: Weights) -> Iterator[tuple[datetime, Tier]]:
    """Each rise with its moment: points only add up, so the tier never falls, and what adds nothing is no step."""
    tier, points = Tier.GENERAL, 0
    for ground in grounds:
        points += ground.weight or 0
        given = Tier(ground.value) if ground.weight is None else Tier.GENERAL
        weighed = Tier.SERIOUS if points >= weights.serious_from else Tier.GENERAL
        raised = max(given, weighed, key=TIERS.index)
        if not tier.is_from(raised):
            tier = raised
            yield ground.at, tier


def _because(grounds: Iterable[Ground], tier: Tier, weights: Weights) -> tuple[Text, str]:
    """What decides, or the fewest that together weigh enough."""
    if tier is Tier.GENERAL:
        return text("Nothing raises it."), "A2.1"
    decided = next((ground for ground in grounds if ground.weight is None and ground.value == tier), None)
    if decided is not None:
        return decided.because, decided.clause
    weighed = sorted((ground for ground in grounds if ground.weight is not None), key=_strongest_first)
    because, points = weighed[0].because, weighed[0].weight or 0
    for ground in weighed[1:]:
        if points >= weights.serious_from:
            break
        because, points = text("{first} {more}", first=because, more=ground.because), points + (ground.weight or 0)
    return because, weighed[0].clause


def _strongest_first(ground: Ground) -> tuple[bool, int, datetime]:
    return ground.weight is not None, -(ground.weight or 0), ground.at


# -- what speaks for it -----------------------------------------------------------------------------------------------


def _deciding(case: Case, voices: Iterable[Voice]) -> Iterator[Ground]:
    """Danger to persons, and what a complaint had already when it came in by a merge."""
    for voice in voices:
        if voice.is_danger:
            because = text("Words of danger in the message of {at}.", at=voice.at)
            yield Ground(ABOUT, Tier.MAJOR, because, voice.at, fact=voice.article.key, words=voice.found[DANGER])
    for merge in case.merges:
        for tier in (merge["tier"], merge["voiced_tier"]):
            if tier in TIERS and tier != Tier.GENERAL:
                because = text("It came with a merged complaint.")
                yield Ground(ABOUT, Tier(tier), because, merge.at, fact=merge.key, clause="A2.1")


def _weighed(
    case: Case, voices: tuple[Voice, ...], weights: Weights, nature: str | None, natures: int
) -> Iterator[Ground]:
    """Each kind of ground once, with the first message that gives it."""
    yield from _of_words(voices, weights)
    yield from _of_customer(case, weights, nature)
    yield from _of_difficulty(case, weights, natures)


def _of_words(voices: tuple[Voice, ...], weights: Weights) -> Iterator[Ground]:
    for name, weight, sentence in (
        (SERIOUS, weights.serious_words, _SERIOUS),
        (REACH, weights.reach, _REACH),
        (URGENCY, weights.urgency, _URGENCY),
        (MOOD, weights.mood, _MOOD),
    ):
        voice = next((voice for voice in voices if name in voice.found), None)
        if voice is not None:
            yield _points(weight, replace(sentence, values={"at": voice.at}), voice, words=voice.found[name])
    for voice in voices:
        lost = next((amount for amount in voice.amounts if _is_large(amount, weights)), None)
        if lost is not None:
            because = text("A large loss in the message of {at}.", at=voice.at)
            yield _points(weights.large_loss, because, voice, words=str(lost))
            break


_SERIOUS = text("Serious words in the message of {at}.")
_REACH = text("It concerns many, says the message of {at}.")
_URGENCY = text("It is urgent, says the message of {at}.")
_MOOD = text("The customer is upset in the message of {at}.")


def _points(weight: int, because: Text, voice: Voice, *, words: str) -> Ground:
    return Ground(ABOUT, Tier.SERIOUS, because, voice.at, weight=weight, fact=voice.article.key, words=words)


def _is_large(amount: Amount, weights: Weights) -> bool:
    return any(amount.currency == one.currency and amount >= one for one in weights.large_losses)


def _of_customer(case: Case, weights: Weights, nature: str | None) -> Iterator[Ground]:
    """These held before the complaint was voiced."""
    vip = case.timeline.observed("vip")
    if vip is not None and vip["value"]:
        because = text("The customer is a VIP.")
        yield Ground(ABOUT, Tier.SERIOUS, because, case.accepted_at, weights.vip, vip.key, clause="C2.1")
    seen = related(case.timeline)
    before = [one for one in seen.earlier if nature is not None and one.nature == nature] if seen else []
    if before:
        because = text("An earlier complaint of the same nature, of {at}.", at=max(one.accepted_at for one in before))
        yield Ground(ABOUT, Tier.SERIOUS, because, case.accepted_at, weights.repeated, clause="C4.3")


def _of_difficulty(case: Case, weights: Weights, natures: int) -> Iterator[Ground]:
    """Help from outside is needed, or it is about several things at once (C3.2)."""
    help_needed = next(iter(case.said_now("outside-help")), None)
    if help_needed is not None:
        because = text("It needs somebody outside.")
        yield Ground(ABOUT, Tier.SERIOUS, because, help_needed.at, weights.difficulty, help_needed.key)
    elif natures > 1:
        because = text("It is about several things at once.")
        yield Ground(ABOUT, Tier.SERIOUS, because, case.accepted_at, weights.difficulty)
