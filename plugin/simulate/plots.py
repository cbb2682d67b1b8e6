"""Plots as inline SVG that holds shapes only: the words stand beside it as text, and stay readable on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

HEIGHT = 100
UNIT, GAP = 10, 2
FEWEST = 8
"""Columns a plot has room for at least, so that one or two are not as broad as the page."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One colour of a stack: its name, its class in the style sheet, and a value for each column."""

    name: str
    style: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """A plot over time: ``picture`` is the SVG, ``most`` the value at its upper edge, ``marks`` the words below it."""

    picture: Markup
    most: str
    layers: tuple[Layer, ...]
    marks: tuple[str, ...]
    share: float
    """Of the plot's width, 0 to 100, that the marks stand below."""


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a bar, ``share`` of 0 to 100."""

    name: str
    style: str
    share: float
    value: int


def columns(labels: Sequence[str], layers: Sequence[Layer]) -> Columns | None:
    """Stacked columns, one a label; None where there is nothing to show."""
    sums = [sum(values) for values in zip(*(layer.values for layer in layers), strict=True)]
    if not any(sums):
        return None
    most = _rounded_up(max(sums))
    drawn = "".join(_column(number, label, layers, most) for number, label in enumerate(labels))
    width = max(len(labels), FEWEST) * UNIT
    lines = "".join(f'<path class="grid" d="M0 {y}H{width}"/>' for y in (0, HEIGHT // 2, HEIGHT))
    svg = f'<svg viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none" role="img">{lines}{drawn}</svg>'
    # every part was made here, and its words escaped
    return Columns(Markup(svg), _number(most), tuple(layers), _marks(labels), 100 * len(labels) * UNIT / width)


def bar(parts: Sequence[tuple[str, str, int]]) -> tuple[Part, ...]:
    """A bar of the whole, in stretches: (name, style, value) each; those of nothing left out."""
    whole = sum(value for _, _, value in parts) or 1
    return tuple(Part(name, style, 100 * value / whole, value) for name, style, value in parts if value)


def _column(number: int, label: str, layers: Sequence[Layer], most: float) -> str:
    words = ", ".join(f"{layer.name} {_number(layer.values[number])}" for layer in layers)
    return f"<g><title>{escape(label)}: {escape(words)}</title>{''.join(_stack(number, layers, most))}</g>"


def _stack(number: int, layers: Sequence[Layer], most: float) -> Iterator[str]:
    top = float(HEIGHT)
    for layer in layers:
        tall = HEIGHT * layer.values[number] / most
        top -= tall
        if tall:
            place = f'x="{number * UNIT + GAP / 2}" y="{top:.2f}" width="{UNIT - GAP}" height="{tall:.2f}"'
            yield f'<rect class="{layer.style}" {place}/>'


def _marks(labels: Sequence[str]) -> tuple[str, ...]:
    """The first, the middle and the last."""
    if len(labels) < 3:
        return tuple(labels)
    return labels[0], labels[len(labels) // 2], labels[-1]


def _rounded_up(value: float) -> float:
    """To a number that can be halved and read: 1, 2, 4, 5, 10, 20 …"""
    step = 1.0
    while True:
        for factor in (1, 2, 4, 5):
            if factor * step >= value:
                return factor * step
        step *= 10


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
