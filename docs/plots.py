"""Draws what docs/performance/figures.json says: bars, and lines over a logarithmic axis, as plain SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT = 720, 190, 90
BAR, GAP, TOP = 22, 10, 44
PLOT = 200
COLOURS = ("#2563eb", "#d97706", "#059669", "#7c3aed")
INK, FAINT = "#1f2937", "#d1d5db"


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name, and points whose ``x`` are above 0."""

    name: str
    points: tuple[tuple[float, float], ...]


def bars(title: str, values: Sequence[tuple[str, float]], *, unit: str, limit: tuple[str, float] | None = None) -> str:
    """Horizontal bars; ``limit`` is a named line across them."""
    most = max([value for _, value in values] + ([limit[1]] if limit else [])) or 1.0
    scale = (WIDTH - LEFT - RIGHT) / most
    height = TOP + len(values) * (BAR + GAP) + (26 if limit else 8)
    return _picture(title, height, "".join(_bars(values, scale, unit)) + _limit(limit, scale, height, unit))


def _bars(values: Sequence[tuple[str, float]], scale: float, unit: str) -> Iterator[str]:
    for number, (name, value) in enumerate(values):
        y = TOP + number * (BAR + GAP)
        yield _text(LEFT - 8, y + 15, name, anchor="end")
        yield f'<rect x="{LEFT}" y="{y}" width="{value * scale:.1f}" height="{BAR}" fill="{COLOURS[0]}"/>'
        yield _text(LEFT + value * scale + 6, y + 15, f"{_number(value)} {unit}")


def _limit(limit: tuple[str, float] | None, scale: float, height: int, unit: str) -> str:
    if limit is None:
        return ""
    x = LEFT + limit[1] * scale
    ends = f'x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height - 20}"'
    line = f'<line {ends} stroke="{COLOURS[1]}" stroke-dasharray="4"/>'
    return line + _text(x, height - 6, f"{limit[0]} {_number(limit[1])} {unit}", anchor="middle")


def lines(title: str, series: Sequence[Series], *, across: str, unit: str) -> str:
    """Lines over a logarithmic axis of x, from 0 on y; names stand beside their last points."""
    xs = sorted({x for one in series for x, _ in one.points})
    most = max(y for one in series for _, y in one.points) or 1.0
    low, high = math.log10(xs[0]), math.log10(xs[-1])

    def place(x: float, y: float) -> tuple[float, float]:
        share = (math.log10(x) - low) / ((high - low) or 1.0)
        return 70 + share * (WIDTH - 70 - 150), TOP + PLOT * (1 - y / most)

    drawn = [f'<line x1="70" y1="{TOP + PLOT}" x2="{WIDTH - 150}" y2="{TOP + PLOT}" stroke="{FAINT}"/>']
    drawn += [_text(place(x, 0)[0], TOP + PLOT + 18, f"{x:,.0f}", anchor="middle") for x in xs]
    drawn.append(_text((WIDTH - 80) / 2, TOP + PLOT + 38, across, anchor="middle"))
    drawn += [_text(62, TOP + PLOT * (1 - part) + 4, _number(most * part), anchor="end") for part in (0.0, 0.5, 1.0)]
    drawn.append(_text(62, TOP - 10, unit, anchor="end"))
    for colour, one in zip(COLOURS, series, strict=False):
        points = [place(x, y) for x, y in one.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        drawn.append(_text(points[-1][0] + 8, points[-1][1] + 4, f"{one.name} {_number(one.points[-1][1])}"))
    return _picture(title, TOP + PLOT + 50, "".join(drawn))


def _picture(title: str, height: int, drawn: str) -> str:
    style = "font-family:system-ui,sans-serif;font-size:13px"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" style="{style}" role="img">'
    back = f'<title>{escape(title)}</title><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    return f"{head}{back}{_text(12, 22, title, bold=True)}{drawn}</svg>\n".replace("><", ">\n<")


def _text(x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{INK}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
