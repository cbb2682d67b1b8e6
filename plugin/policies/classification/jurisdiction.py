"""Whose matter it is: only an agent decides that, group and words suggest (C4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from plugin.model.case import Case
from plugin.model.decision import Finding
from plugin.model.grounds import Ground
from plugin.model.pack import Jurisdiction
from plugin.model.voices import NOT_OURS, SHARED, Voice
from plugin.model.words import text

_WHOSE = {"assessed": Jurisdiction.OURS, "not-ours": Jurisdiction.NOT_OURS, "outside-help": Jurisdiction.SHARED}


def grounds(case: Case, heard: tuple[Voice, ...]) -> Iterator[Ground]:
    """Only an agent decides whose matter it is, the newest word first; group and words suggest (C4.1)."""
    for word in reversed(case.said_now(*_WHOSE)):
        because = text("{login} said so.", login=word.by.login)
        yield Ground("jurisdiction", _WHOSE[word.word], because, word.at, fact=word.key, by_agent=True, clause="C4.1")
    group = case.pack.group_jurisdictions.get(case.group)
    if group is not None:
        because = text("Tickets of group {group} are taken so.", group=case.group)
        yield Ground("jurisdiction", group, because, case.matter.starts_at, weight=1, clause="C4.1")
    for name, whose in ((NOT_OURS, Jurisdiction.NOT_OURS), (SHARED, Jurisdiction.SHARED)):
        voice = next((voice for voice in heard if name in voice.found), None)
        if voice is not None:
            because, key = text("The customer's words speak of it."), voice.article.key
            words = voice.found[name]
            yield Ground("jurisdiction", whose, because, voice.at, 1, key, words, clause="C4.1")


def conclude(grounds: tuple[Ground, ...]) -> Iterator[Finding]:
    decided = next((ground for ground in grounds if ground.by_agent), None)
    suggested = next((ground for ground in grounds if not ground.by_agent), None)
    nobody = text("Nobody has judged whose matter it is.")
    yield Finding("jurisdiction", decided and decided.value, "C4.1", decided.because if decided else nobody)
    because = suggested.because if suggested else text("Nothing speaks of somebody else.")
    yield Finding("jurisdiction_suggested", suggested and suggested.value, "C4.1", because)
