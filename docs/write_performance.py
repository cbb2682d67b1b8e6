"""Writes the tables and plots of docs/performance.md from docs/performance/figures.json: all are of one run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.telling import Cell, Report, Sheet, from_json, text
from docs.plots import Series, bars, lines

PAGE = Path(__file__).with_name("performance.md")
FOLDER = PAGE.with_name("performance")
FIGURES = FOLDER / "figures.json"
BLOCK = re.compile(r"(<!-- figures: (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)
"""What stands between these lines is written anew: the tables of one bench, or ``machine``."""


def figures() -> dict[str, Any]:
    """What ``make performance`` kept."""
    found: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return found


def page(before: str, found: dict[str, Any]) -> str:
    """The page with every block written from the figures; the words around them stay."""
    return BLOCK.sub(lambda block: f"{block[1]}{_block(block['name'], found)}{block[3]}", before)


def plots(found: dict[str, Any]) -> dict[str, str]:
    """SVG by the name of its file."""
    reports = {name: from_json(report) for name, report in found["benches"].items()}
    drawn = {"cost": _cost, "settle": _settle, "due": _due}
    return {f"{name}.svg": draw(reports[name]) for name, draw in drawn.items() if name in reports}


# -- blocks -----------------------------------------------------------------------------------------------------------


def _block(name: str, found: dict[str, Any]) -> str:
    if name == "machine":
        return _machine(found["machine"])
    raw = found["benches"].get(name)
    if raw is None:
        return "\nNot measured yet.\n\n"
    parts = [*_sheets(from_json(raw))]
    return "\n" + "\n".join(parts) + f"\nMeasured {raw['at'][:10]}, load {raw['machine']['load']} at the end.\n\n"


def _machine(machine: dict[str, Any]) -> str:
    return f"\n{machine['cores']} cores of {machine['processor']}, {machine['system']}, Python {machine['python']}.\n\n"


def _sheets(report: Report) -> Iterator[str]:
    for sheet in report.sheets:
        yield f"**{sheet.title}**\n\n{_table(sheet)}"
    if report.bars:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (bar.what, f"{text(bar.value)} {bar.unit}".strip(), bar.promise, "met" if bar.is_met else "**missed**")
            for bar in report.bars
        )
        yield f"**promised**\n\n{_table(Sheet('promised', ('', 'measured', 'promised', ''), rows))}"
    yield "".join(f"- {note}\n" for note in report.notes)


def _table(sheet: Sheet) -> str:
    head = [" | ".join(sheet.columns), " | ".join("---" for _ in sheet.columns)]
    rows = [" | ".join(text(cell).replace("|", "\\|") for cell in row) for row in sheet.rows]
    return "".join(f"| {line} |\n" for line in [*head, *rows])


# -- plots ------------------------------------------------------------------------------------------------------------


def _sheet(report: Report, title: str) -> Sheet:
    return next(sheet for sheet in report.sheets if title in sheet.title)


def _cost(report: Report) -> str:
    rows = _sheet(report, "the demo's story").rows
    return bars("What the demo's story costs Zammad", [(str(row[0]), _real(row[1])) for row in rows], unit="ms")


def _settle(report: Report) -> str:
    rows = _sheet(report, "settle").rows
    values = [(f"{row[0]}, {row[1]} worker{'s' if row[1] != 1 else ''}", _real(row[3])) for row in rows]
    return bars("New complaints settled a second", values, unit="/s", limit=("SQLite: at least", 300))


def _due(report: Report) -> str:
    rows = _sheet(report, "finding").rows
    stores = list(dict.fromkeys(str(row[0]) for row in rows))
    series = [Series(name, tuple((_real(r[1]), _real(r[2])) for r in rows if r[0] == name)) for name in stores]
    return lines("Finding the next due case", series, across="open cases", unit="ms")


def _real(cell: Cell) -> float:
    assert isinstance(cell, int | float), cell
    return float(cell)


def main() -> None:
    """Write page and plots."""
    found = figures()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    for name, drawing in plots(found).items():
        (FOLDER / name).write_text(drawing, encoding="utf-8")


if __name__ == "__main__":
    main()
