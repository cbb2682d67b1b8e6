"""A pack as a handbook: what a supervisor wants to know of it, as a page to look at, to print, or to keep in a wiki."""

from __future__ import annotations

from pathlib import Path

from plugin.packs.examples import book
from plugin.packs.examples.coverage import coverage
from plugin.packs.handbook import content, markdown, page

__all__ = ["as_html", "as_markdown"]


def as_html(name_or_path: str | Path) -> str:
    """One self-contained page; raises PackError as ``plugin.packs.load`` does."""
    return page.render(_handbook(name_or_path))


def as_markdown(name_or_path: str | Path) -> str:
    """The same in Markdown."""
    return markdown.render(_handbook(name_or_path))


def _handbook(name_or_path: str | Path) -> content.Handbook:
    exampled = book.load(name_or_path)
    return content.handbook(exampled.pack, coverage(exampled))
