"""A word of an agent's that is not taken: whoever said it learns why, and what to say instead."""

from __future__ import annotations

from plugin.model.decision import Note
from plugin.model.said import Said
from plugin.model.words import Text


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
