"""An article's HTML as plain text: quotes keep their ``>``, so that words in them are not taken for new ones."""

from __future__ import annotations

import re
from html.parser import HTMLParser

LONGEST = 200_000
"""Characters of a body that are kept; Zammad takes 1.5 million."""

_BLOCKS = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "pre", "hr", "blockquote"}
)
_HIDDEN = frozenset({"script", "style", "head", "title"})
_EMPTY_LINES = re.compile(r"\n(?:[ >]*\n){2,}")


def plain(body: str, *, content_type: str) -> str:
    """The text a person reads."""
    if "html" not in content_type.lower():
        return body[:LONGEST].strip()
    reader = _Reader()
    reader.feed(body[: 2 * LONGEST])
    reader.close()
    return reader.text()[:LONGEST]


class _Reader(HTMLParser):
    """Collects text line by line; a line inside a blockquote begins with ``>``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._quoted = 0
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _HIDDEN:
            self._hidden += 1
        if tag in _BLOCKS:
            self._new_line()
        if tag == "blockquote":
            self._quoted += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if tag in _BLOCKS:
            self._new_line()
        if tag == "blockquote":
            self._quoted = max(0, self._quoted - 1)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        text = " ".join(data.split())
        if not text:
            return
        line = self._lines[-1]
        if not line:
            line = "> " * min(self._quoted, 1)
        elif data[:1].isspace() and not line.endswith(" "):
            line += " "
        self._lines[-1] = line + text + (" " if data[-1:].isspace() else "")

    def text(self) -> str:
        lines = "\n".join(line.rstrip() for line in self._lines)
        return _EMPTY_LINES.sub("\n\n", lines).strip()

    def _new_line(self) -> None:
        if self._lines[-1]:
            self._lines.append("")
