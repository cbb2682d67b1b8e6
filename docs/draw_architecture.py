"""Draws docs/architecture.svg from the import map: each room with its purpose, doors above, nouns below."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape
from pathlib import Path

from docs import import_map

PICTURE = Path(__file__).with_name("architecture.svg")

BOX_WIDTH, BOX_HEIGHT, GAP, LAYER = 228, 92, 26, 158
MARGIN = 30
LETTERS, LINES = 34, 3

STYLE = """
  .page { fill: #ffffff } .box { fill: #f3f6fa; stroke: #5b7083 } .door { fill: #fdf3e3; stroke: #a8792b }
  .pure { fill: #e8f5ec; stroke: #3d8657 } .name { fill: #14202b; font-weight: 600; font-size: 15px }
  .purpose, .legend { fill: #3a4a59; font-size: 11.5px }
  .arrow { fill: none; stroke: #8496a6; stroke-width: 1.3 }
  .head { fill: #8496a6 } text { font-family: system-ui, "DejaVu Sans", sans-serif }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0f151b } .box { fill: #1b2631; stroke: #7f97ad } .door { fill: #33291a; stroke: #d3a556 }
    .pure { fill: #17301f; stroke: #62b481 } .name { fill: #f0f4f8 } .purpose, .legend { fill: #c3ced9 }
    .arrow { stroke: #75899b } .head { fill: #75899b }
  }
"""

LEGEND = (
    "An arrow points at what is imported; those that follow from others are left out. "
    "Yellow: doors. Green: pure, without clock, network or database."
)

DOORS = frozenset({"cli", "web", "demo", "sandbox", import_map.FACTORY})

Graph = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a room's box stands: its upper left corner in the picture's units."""

    x: float
    y: float


def draw() -> str:
    """The whole picture as SVG text, the same for the same tree."""
    graph = _graph()
    layers = _layers(graph)
    widest = max(len(layer) for layer in layers)
    width = 2 * MARGIN + widest * (BOX_WIDTH + GAP) - GAP
    height = 2 * MARGIN + (len(layers) - 1) * LAYER + BOX_HEIGHT + 26
    spots = _spots(layers, width=width)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>The rooms of plugin/ and which imports which</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
        f'<rect class="page" width="{width}" height="{height}" rx="8"/>',
        *(_arrow(spots[room], spots[other]) for room in sorted(graph) for other in _nearest(graph, room)),
        *(_box(room, spots[room]) for room in sorted(graph)),
        f'<text class="legend" x="{MARGIN}" y="{height - 14}">{LEGEND}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _graph() -> Graph:
    found = import_map.arrows()
    return {
        room: frozenset(arrow.target for arrow in found if arrow.inside and arrow.room == room)
        for room in import_map.rooms()
    }


def _reached(graph: Graph, room: str) -> frozenset[str]:
    direct = graph[room]
    return direct.union(*(_reached(graph, other) for other in direct)) if direct else direct


def _nearest(graph: Graph, room: str) -> list[str]:
    """The imports of ``room`` that no other of its imports brings along."""
    brought = frozenset[str]().union(*(_reached(graph, other) for other in graph[room]))
    return sorted(graph[room] - brought)


def _layers(graph: Graph) -> list[list[str]]:
    """Rooms by the longest way down from a door nobody imports, each line in the order that crosses least."""
    importers = {room: [other for other in graph if room in _nearest(graph, other)] for room in graph}

    def depth(room: str) -> int:
        return 1 + max((depth(other) for other in importers[room]), default=-1)

    places: dict[str, float] = {}

    def middle(room: str) -> float:
        above = [places[other] for other in importers[room]]
        return sum(above) / len(above) if above else 0.5

    layers = []
    for level in range(max(map(depth, graph)) + 1):
        line = sorted((room for room in graph if depth(room) == level), key=lambda room: (middle(room), room))
        places.update({room: (index + 0.5) / len(line) for index, room in enumerate(line)})
        layers.append(line)
    return layers


def _spots(layers: list[list[str]], *, width: float) -> dict[str, Spot]:
    spots = {}
    for level, layer in enumerate(layers):
        left = (width - len(layer) * (BOX_WIDTH + GAP) + GAP) / 2
        for index, room in enumerate(layer):
            spots[room] = Spot(x=left + index * (BOX_WIDTH + GAP), y=MARGIN + level * LAYER)
    return spots


def _arrow(start: Spot, end: Spot) -> str:
    x, y = start.x + BOX_WIDTH / 2, start.y + BOX_HEIGHT
    to_x, to_y = end.x + BOX_WIDTH / 2, end.y - 2
    bend = (to_y - y) / 2
    path = f"M{x:g} {y:g}C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"
    return f'<path class="arrow" d="{path}" marker-end="url(#head)"/>'


def _box(room: str, spot: Spot) -> str:
    kind = "pure" if room in import_map.PURE_ROOMS else "door" if room in DOORS else "box"
    lines = textwrap.wrap(import_map.purpose(room).replace("``", ""), LETTERS, max_lines=LINES, placeholder=" …")
    texts = "".join(
        f'<text class="purpose" x="{spot.x + 12:g}" y="{spot.y + 44 + 16 * index:g}">{escape(line)}</text>'
        for index, line in enumerate(lines)
    )
    name = "__init__: create_app" if room == import_map.FACTORY else room
    size = f'width="{BOX_WIDTH}" height="{BOX_HEIGHT}"'
    return (
        f'<g><rect class="{kind}" x="{spot.x:g}" y="{spot.y:g}" {size} rx="7"/>'
        f'<text class="name" x="{spot.x + 12:g}" y="{spot.y + 24:g}">{escape(name)}</text>{texts}</g>'
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
