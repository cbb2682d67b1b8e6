"""The one System note a settled change may carry: what is due now, in paragraphs (standard.md 9, "notes")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from plugin.model.decision import Note, Urgency
from plugin.model.effects import Effect, EffectKind
from plugin.model.words import text
from plugin.plan.making import Making
from plugin.plan.parts import Held, NoteText, Person

UNASKED_IN_A_LIFE = 2
"""Notes nobody asked for in a ticket's life, ladder steps of a major matter not counted."""
WARNINGS_IN_A_LIFE = 1
"""Warnings may spend only the first of them: what was broken must still be told."""


@dataclass(frozen=True, slots=True)
class NoteWrite:
    """The effects a note carries, and its text."""

    effects: tuple[Effect, ...]
    text: NoteText


def write(wanted: Iterable[Note], making: Making) -> NoteWrite | None:
    """All notes due now, joined into one; None when nothing is to be said."""
    due = sorted(wanted, key=lambda note: (note.moment, note.rule))
    chosen = [(note, effect) for note in due if (effect := _effect_if_due(note, making)) is not None]
    chosen = _braked(chosen, making)
    if not chosen:
        return None
    people = _people([note for note, _ in chosen], making)
    paragraphs = "".join(str(effect.request["body"]) for _, effect in chosen)
    keys = tuple(effect.op_key for _, effect in chosen)
    told = tuple((person.id, person.name or person.login) for person in people)
    # while nobody owns the ticket, Zammad tells the whole group: only for danger, or when somebody is meant
    notify = bool(people) or any(note.urgency is Urgency.DANGER for note, _ in chosen)
    return NoteWrite(tuple(effect for _, effect in chosen), NoteText(paragraphs, keys, tell=told, notify=notify))


def paragraph(note: Note, making: Making) -> str:
    """HTML: what is next and by when; then clause, reason, and what would end it."""
    named = any(line.values.get("clause") == note.clause for line in note.lines)
    sentences = [*note.lines]
    sentences.append(note.because if named else text("{clause}: {because}", clause=note.clause, because=note.because))
    if note.ends_with is not None:
        sentences.append(text("This ends with {what}.", what=note.ends_with))
    # as of the moment it became due, so that a note written late says the same
    lines = (escape(making.terms.render(sentence, note.moment)) for sentence in sentences)
    return f"<p>{'<br>'.join(lines)}</p>"


def _effect_if_due(note: Note, making: Making) -> Effect | None:
    effect = making.effect(
        EffectKind.NOTE,
        rule=note.rule,
        epoch=note.epoch,
        clause=note.clause,
        because=note.because,
        request={
            "body": paragraph(note, making),
            "tell": list(note.tell),
            "asked": note.asked,
            "ladder": note.ladder,
            "about": note.about,
        },
    )
    if not making.may_go(effect, note.mode):
        return None
    if _is_beyond_a_life(note, making):
        making.observe(effect, "two unasked notes already")
        return None
    if _is_for_office_hours(note) and not making.terms.office.is_open(making.terms.now):
        making.held.append(Held(effect.op_key, "quiet hours", making.terms.office.next_open(making.terms.now)))
        return None
    return effect


def _is_beyond_a_life(note: Note, making: Making) -> bool:
    counts = not note.asked and not note.ladder and note.urgency is not Urgency.DANGER
    most = WARNINGS_IN_A_LIFE if note.about == "warning" else UNASKED_IN_A_LIFE
    return counts and making.ledger.unasked_notes() >= most


def _is_for_office_hours(note: Note) -> bool:
    """Who is told is told when he is there; danger does not wait, nor does the answer to somebody who is."""
    return note.urgency is Urgency.TELL and bool(note.tell) and not note.asked


def _braked(chosen: list[tuple[Note, Effect]], making: Making) -> list[tuple[Note, Effect]]:
    """The brake over all tickets holds the rest back; danger passes."""
    brake = making.terms.brake
    if not chosen or brake.left is None or brake.left > 0:
        return chosen
    passing = [(note, effect) for note, effect in chosen if note.urgency is Urgency.DANGER]
    waiting = [effect for note, effect in chosen if note.urgency is not Urgency.DANGER]
    if waiting:
        making.alarms.append("note_brake")
    making.held.extend(Held(effect.op_key, "note brake", brake.again_at) for effect in waiting)
    return passing


def _people(notes: list[Note], making: Making) -> tuple[Person, ...]:
    """Those to be mentioned, each once; of every note somebody, for a step tells somebody present (standard.md 9)."""
    found: dict[int, Person] = {}
    for note in notes:
        if note.urgency >= Urgency.TELL and note.tell:
            found |= {person.id: person for person in _present(note.tell, making)}
    return tuple(found.values())


def _present(logins: Iterable[str], making: Making) -> tuple[Person, ...]:
    """Only who may read the ticket, else Zammad 6.5 refuses the whole note (contract 4.7); nobody raises an alarm."""
    found = _who_may_read(logins, making) or _who_may_read(making.terms.standins, making)[:1]
    if not found and making.terms.people_known:
        making.alarms.append("nobody_present")
    return found


def _who_may_read(logins: Iterable[str], making: Making) -> tuple[Person, ...]:
    people = (making.terms.people.get(login) for login in logins)
    return tuple(person for person in people if person is not None and person.may_read)
