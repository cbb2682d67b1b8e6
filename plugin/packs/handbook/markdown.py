"""A handbook in Markdown, for a wiki or a repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from plugin.packs.handbook.parts import Bars, Folded, Handbook, Letter, Part, Table, Words

_ENDING = re.compile(r"(?<=\w)\*(?=,|$)")
"""The star at the end of a word that is looked for, which is no emphasis."""
_WIDTH = 40
"""Characters of the longest bar."""


def render(book: Handbook) -> str:
    return "\n".join(_lines(book)).rstrip() + "\n"


def _lines(book: Handbook) -> Iterator[str]:
    yield f"# {book.title}"
    yield ""
    yield from (f"- {name}: {value}" for name, value in book.about)
    for section in book.sections:
        yield ""
        yield f"## {section.title}"
        yield from _parts(section.parts)


def _parts(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        yield ""
        match part:
            case Words():
                yield part.text
            case Table():
                yield from _table(part)
            case Bars():
                yield from _bars(part)
            case Letter():
                yield f"> **{part.subject}**"
                yield ">"
                yield from (f"> {line}".rstrip() for line in part.body.strip().splitlines())
            case Folded():
                yield f"### {part.summary}"
                yield from _parts(part.parts)


def _table(table: Table) -> Iterator[str]:
    yield _row(table.columns)
    yield "|" + "---|" * len(table.columns)
    yield from map(_row, table.rows)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_ENDING.sub(r"\\*", cell.replace("|", "\\|").replace("\n", " ")) for cell in cells) + " |"


def _bars(drawn: Bars) -> Iterator[str]:
    longest = max(len(bar.name) for bar in drawn.bars)
    yield f"{drawn.title} (`-` in time, `=` warned, `|` the limit, `+` extended):"
    yield ""
    yield "```"
    for bar in drawn.bars:
        warned, limit = (round(share * _WIDTH / 100) for share in (bar.warns_at, bar.limit_at))
        line = "-" * warned + "=" * max(0, limit - warned) + "|"
        if bar.extended_to is not None:
            line += "+" * max(1, round(bar.extended_to * _WIDTH / 100) - limit)
        yield f"{bar.name.ljust(longest)}  {line.ljust(_WIDTH + 2)}  {bar.says}"
    yield "```"
