"""The one extension of the resolution, and why one is not taken (A2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugin.model.case import Case
from plugin.model.decision import Note
from plugin.model.refusals import refusal
from plugin.model.said import Said
from plugin.model.words import Text, text
from plugin.policies.deadlines.ends import End
from plugin.policies.deadlines.matter import resolution


@dataclass(frozen=True, slots=True)
class Extension:
    granted: bool
    refusals: tuple[Note, ...] = ()


def extension_of(case: Case, matter_end: End | None, *, second_person: bool) -> Extension:
    """Once; with a reason, before the limit, and told to the customer between the word and the limit (A2.1)."""
    settings = case.clock_settings("resolution") or case.pack.clocks.get("resolution")
    words = case.said_now("extend")
    if settings is None or settings.extended_limit is None or not words:
        return Extension(
            granted=False, refusals=tuple(_refusal(w, text("This pack knows no extension.")) for w in words)
        )
    plain = next(iter(resolution(case, matter_end, extended=False)), None)
    limit = plain.limit_at if plain else None
    refusals: list[Note] = []
    accepted: list[Said] = []
    for word in words:
        why = _why_refused(word, limit, accepted, second_person=second_person)
        if why is None:
            accepted.append(word)
        else:
            refusals.append(_refusal(word, why))
    needed = 2 if second_person else 1
    granted = len(accepted) >= needed and _was_told(case, accepted[-1], limit)
    return Extension(granted=granted, refusals=tuple(refusals))


def _why_refused(word: Said, limit: datetime | None, accepted: list[Said], *, second_person: bool) -> Text | None:
    if limit is None:
        return text("The time for a resolution does not run for this ticket.")
    if word.at >= limit:
        return text("The limit of {limit} had passed.", limit=limit)
    if not word.has_reason:
        return text("A reason is missing: write it in an internal note, then say it again.")
    second_wanted = second_person and len(accepted) == 1
    if accepted and not (second_wanted and accepted[0].by.id != word.by.id):
        return text("It was extended once already.")
    return None


def _was_told(case: Case, word: Said, limit: datetime | None) -> bool:
    told = case.first_answer_since(word.at)
    return told is not None and limit is not None and told.at < limit


def _refusal(word: Said, why: Text) -> Note:
    return refusal("deadlines", word, text("The extension was not taken."), clause="A2.1", because=why)
