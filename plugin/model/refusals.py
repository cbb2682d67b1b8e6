"""What an agent said or wrote that is not taken: he learns why, and what to say or write instead."""

from __future__ import annotations

from plugin.model.decision import Note
from plugin.model.records import Entry
from plugin.model.said import Said
from plugin.model.words import Text, text


def refusal(policy: str, word: Said, line: Text, *, clause: str, because: Text, ends_with: Text | None = None) -> Note:
    """The one note on it, beside what the ticket is told unasked; ``ends_with``: what would be taken."""
    return Note(
        rule=f"{policy}.refused.{word.word}",
        epoch=word.key,
        lines=(line,),
        clause=clause,
        because=because,
        moment=word.at,
        ends_with=ends_with,
        asked=True,
        about="refusal",
    )


def unread(rule: str, entry: Entry, line: Text, *, clause: str) -> Note:
    """The one note on a line of a record that cannot be read. ``line`` says what is allowed, without repeating it."""
    return Note(
        rule=rule,
        epoch=entry.key,
        lines=(line,),
        clause=clause,
        because=text("Nothing was done about it."),
        moment=entry.at,
        asked=True,
        about="refusal",
    )
