"""A handbook as one HTML page that needs nothing beside it: light and dark, on paper and on a phone."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from plugin.packs.handbook.parts import Bar, Handbook

_CODE = re.compile(r"`([^`]+)`")
_STRESSED = re.compile(r"(?<![\w*])\*(\w[^*]*)\*(?!\w)")
"""Not the star at the end of a word that is looked for."""


def render(book: Handbook) -> str:
    return _template().render(book=book)


@cache
def _template() -> Template:
    text = resources.files(__package__ or "").joinpath("page.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["words"] = _words
    environment.filters["drawn"] = _drawn
    environment.filters["kind"] = lambda part: type(part).__name__.lower()
    return environment.from_string(text)


def _words(text: str) -> Markup:
    """What stands in backticks as code, in stars as stressed; everything else is only text."""
    marked = _STRESSED.sub(r"<em>\1</em>", _CODE.sub(r"<code>\1</code>", escape(text)))
    return Markup(marked)


def _drawn(bar: Bar) -> Markup:
    """The bar as SVG: shapes only, its words stand beside it."""
    shapes = [_box("calm", 0, bar.warns_at), _box("warned", bar.warns_at, bar.limit_at)]
    if bar.extended_to is not None:
        shapes.append(_box("extended", bar.limit_at, bar.extended_to))
    if bar.target_at < bar.limit_at:
        shapes.append(_line("target", bar.target_at))
    shapes.append(_line("limit", bar.limit_at))
    drawn = f'<svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{escape(bar.says)}">'
    return Markup(drawn + "".join(shapes) + "</svg>")


def _box(style: str, since: float, until: float) -> str:
    return f'<rect class="{style}" x="{since:.2f}" y="1" width="{max(0.0, until - since):.2f}" height="8"/>'


def _line(style: str, at: float) -> str:
    return f'<path class="{style}" d="M{at:.2f} 0V10"/>'
