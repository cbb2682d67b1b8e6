"""An article's HTML as plain text: quotes keep their ``>``, so that words in them are not taken for new ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from plugin.zammad.schemas import LONGEST_BODY

LONGEST = 20_000
"""Characters of a text that are kept, about eight pages; Zammad takes 1.5 million, and a ticket may have thousands."""

_BLOCKS = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "pre", "hr", "blockquote"}
)
_HIDDEN = frozenset({"script", "style", "head", "title"})
_NO_TAG = re.compile(r"<(?![^<>]{1,20000}>)")
"""A tag ends before the next one begins, and within reason."""
_EMPTY_LINES = re.compile(r"\n(?:[ >]*\n){2,}")


def plain(body: str, *, content_type: str) -> str:
    """The text a person reads."""
    if "html" not in content_type.lower():
        return body[:LONGEST].strip()
    reader = _Reader()
    reader.feed(_tidied(body[:LONGEST_BODY]))
    reader.close()
    return reader.text()[:LONGEST]


def _tidied(html: str) -> str:
    """Without comments, and every ``<`` that begins no tag written as text: the parser takes minutes over thousands."""
    return _NO_TAG.sub("&lt;", "".join(_without_comments(html)))


def _without_comments(html: str) -> Iterator[str]:
    start = 0
    while (comment := html.find("<!--", start)) >= 0 and (end := html.find("-->", comment + 4)) >= 0:
        yield html[start:comment]
        start = end + 3
    yield html[start:]


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
