"""What cannot wait for an agent's word: a suspicion is marked, danger to persons is told at once."""

from __future__ import annotations

from collections.abc import Iterator

from plugin.model.case import Case
from plugin.model.decision import Look, Note, Should, Slot, Tag, Urgency
from plugin.model.voices import Voice
from plugin.model.words import text
from plugin.policies.classification.verdicts import Verdict


def mark(case: Case, verdict: Verdict, heard: tuple[Voice, ...]) -> Iterator[Should]:
    assert verdict.confirmed_at is not None
    yield from tell_danger(case, heard)
    if case.matter.is_closed:
        return
    yield Tag("steward:suspected", Slot.TIER, f"m{case.matter.number}", "C3.1", verdict.because)
    yield Look(verdict.confirmed_at, text("Then it counts as a complaint."), certain=True)


def tell_danger(case: Case, heard: tuple[Voice, ...]) -> Iterator[Note]:
    """Danger to persons is told at once, suspected or not; so is what a customer writes of it on a closed ticket."""
    danger = next((v for v in heard if v.is_danger), None)
    if danger is not None and (not case.matter.is_closed or case.matter.suspended_at is not None):
        yield _danger_note(case, danger)


def _danger_note(case: Case, voice: Voice) -> Note:
    return Note(
        rule="classification.danger",
        epoch=f"m{case.matter.number}",
        lines=(text("Read this message at once: it may speak of danger to persons."),),
        clause="C3.2",
        because=text("Words of danger in the message of {at}.", at=voice.at),
        moment=voice.at,
        ends_with=text("somebody saying what it is"),
        tell=case.supervisors_or(case.owner),
        urgency=Urgency.DANGER,
        ladder=True,
        about="danger",
    )
