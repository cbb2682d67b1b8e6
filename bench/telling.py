"""How a measurement is told: tables and bars in the terminal, or one JSON object with machine and moment."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure that was promised: ``value`` in ``unit`` is to be at most ``limit``, or at least where ``at_least``."""

    what: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def promise(self) -> str:
        """The limit in words: ``≤ 230 ms``."""
        return f"{'≥' if self.at_least else '≤'} {text(self.limit)} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table; ``title`` also names it where a plot or a page looks for it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What one bench found out. ``seconds``: how long it took; ``notes``: what a reader must know, a sentence each."""

    bench: str
    sheets: tuple[Sheet, ...] = ()
    bars: tuple[Bar, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def is_met(self) -> bool:
        """Whether every bar is met."""
        return all(bar.is_met for bar in self.bars)

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON object, with the machine and the moment it was made."""
        bars = [{**asdict(bar), "is_met": bar.is_met} for bar in self.bars]
        found = {**asdict(self), "bars": bars, "is_met": self.is_met}
        return {**found, "machine": machine(), "at": datetime.now(UTC).isoformat(timespec="seconds")}


def progress() -> Progress:
    """Bars for long work, beside what it prints: they are gone when it is done, and shown to a terminal alone."""
    return Progress(console=Console(stderr=True), transient=True)


def tell(report: Report, *, as_json: bool) -> int:
    """Print the report; returns the status to end with: 1 where a bar is missed."""
    if as_json:
        print(json.dumps(report.as_json()))
    else:
        show(report)
    return 0 if report.is_met else 1


def show(report: Report) -> None:
    """Print the report as tables."""
    console = Console(soft_wrap=True, highlight=False)
    for sheet in (*report.sheets, *_bars(report)):
        console.print(f"\n[bold]{report.bench}: {sheet.title}[/bold]")
        console.print(_table(sheet))
    for note in report.notes:
        console.print(note)
    console.print(f"{report.bench}: {report.seconds:.0f} s")


def from_json(found: dict[str, Any]) -> Report:
    """A report from what ``as_json`` made of it."""
    sheets = (Sheet(s["title"], tuple(s["columns"]), tuple(tuple(row) for row in s["rows"])) for s in found["sheets"])
    bars = (Bar(**{name: value for name, value in bar.items() if name != "is_met"}) for bar in found["bars"])
    return replace(
        Report(found["bench"]),
        sheets=tuple(sheets),
        bars=tuple(bars),
        notes=tuple(found["notes"]),
        seconds=found["seconds"],
    )


def text(cell: Cell) -> str:
    """A cell as it is printed: numbers with the digits that matter."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.4g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of the values do not exceed. Raises ValueError where there is none."""
    if not values:
        raise ValueError("no values, no percentile")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> dict[str, Any]:
    """What the figures were measured on, without its name."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _bars(report: Report) -> Iterator[Sheet]:
    if report.bars:
        rows = tuple(
            (bar.what, bar.value, bar.unit, bar.promise, "met" if bar.is_met else "MISSED") for bar in report.bars
        )
        yield Sheet("bars", ("", "measured", "", "promised", ""), rows)


def _table(sheet: Sheet) -> Table:
    table = Table(box=None, pad_edge=False)
    for position, column in enumerate(sheet.columns):
        numbers = all(isinstance(row[position], int | float | None) for row in sheet.rows)
        table.add_column(column, justify="right" if numbers else "left")
    for row in sheet.rows:
        table.add_row(*map(text, row))
    return table
