"""What Steward says, in the languages of its packs: gettext catalogues, read once at the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent
CATALOGUES: Mapping[str, Path] = {
    "de": FOLDER / "de" / "steward.po",
    "zh-CN": FOLDER / "zh_CN" / "steward.po",
}
"""English needs none: its sentences are the keys."""


@cache
def translator(language: str) -> Callable[[str], str]:
    """A function from an English template to the language's; what has no translation stays English.

    Raises ValueError for a language without a catalogue.
    """
    if language == "en":
        return str
    if language not in CATALOGUES:
        raise ValueError(f"language: found {language}, allowed en, {', '.join(CATALOGUES)}")
    known = translations(CATALOGUES[language])
    return lambda template: known.get(template, template)


def translations(path: Path) -> dict[str, str]:
    """The translated templates of a catalogue."""
    with path.open("rb") as file:
        catalogue = read_po(file)
    return {str(message.id): str(message.string) for message in catalogue if message.id and message.string}
