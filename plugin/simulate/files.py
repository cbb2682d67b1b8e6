"""The files of a report: one page for people, CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, TextIO

import orjson

from plugin.simulate import tally as tallies
from plugin.simulate.comparing import Difference
from plugin.simulate.judging import Score
from plugin.simulate.outcome import ClockEnd, Doing
from plugin.simulate.report import About, html
from plugin.simulate.running import Result, TicketRow
from plugin.simulate.tally import Tally

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


class TicketFile:
    """``tickets.csv``: handed the tickets' lines as they come, so that a million of them need no memory."""

    def __init__(self, out: TextIO) -> None:
        self._writer = csv.writer(out)
        self._writer.writerow(one.name for one in fields(TicketRow))

    def add(self, rows: list[TicketRow]) -> None:
        """Write some more."""
        self._writer.writerows([*map(_cell, astuple(row))] for row in rows)


@contextmanager
def tickets(folder: Path) -> Iterator[TicketFile]:
    """The file of tickets in ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(folder / "tickets.csv") as out:
        yield TicketFile(out)


def write(result: Result, about: About, folder: Path) -> Path:
    """Write everything but the tickets; returns the page."""
    tally = result.tally
    _table(folder / "clocks.csv", ("clock", "group", "week", "end", "clocks"), _counted(tally.clocks))
    _table(folder / "days.csv", ("what", "person", "day", "times"), _counted(tally.doings))
    _table(folder / "rules.csv", ("rule", "about", "what", "only_observed", "times"), _counted(tally.rules))
    load = ((person, week, minutes / 60) for (person, week), minutes in sorted(tally.load.items()))
    _table(folder / "load.csv", ("person", "week", "hours_of_open_matters"), load)
    _table(folder / "scores.csv", ("rule", "about", "week", "score", "tickets"), _counted(tally.scores))
    if about.against is not None:
        head = tuple(one.name for one in fields(Difference))
        _table(folder / "differences.csv", head, map(astuple, result.comparison.found))
    (folder / "report.json").write_bytes(orjson.dumps(as_json(result, about), option=orjson.OPT_INDENT_2))
    page = folder / "report.html"
    page.write_text(html(result, about), encoding="utf-8")
    return page


def as_json(result: Result, about: About) -> dict[str, Any]:
    """The figures of a report as one JSON object."""
    found: dict[str, Any] = {
        "pack": {"name": about.pack.name, "version": about.pack.version},
        "source": about.source,
        "since": about.since,
        "made_at": about.made_at,
        "failed": [{"ticket_id": ticket_id, "why": why} for ticket_id, why in result.failed],
        "result": _figures(result.tally),
    }
    if about.against is not None:
        counts = result.comparison.counts
        found |= {
            "against": {"name": about.against.name, "version": about.against.version},
            "before": _figures(result.before),
            "changes": [{"place": one.place, "before": one.before, "after": one.after} for one in about.changes],
            "tickets_that_come_out_otherwise": result.comparison.tickets,
            "tickets_with_other_limits_only": result.comparison.moved,
            "differences": [
                {"what": what, "before": before, "after": after, "tickets": count}
                for (what, before, after), count in counts.most_common()
            ],
        }
    return found


def _figures(tally: Tally) -> dict[str, Any]:
    return {
        "tickets": tally.tickets,
        "kinds": [
            {"kind": kind, "tier": tier, "tickets": count} for (kind, tier), count in sorted(tally.kinds.items())
        ],
        "clocks": {
            str(name): {end.value: ends.of(end) for end in ClockEnd} | {"kept": ends.kept}
            for name, ends in tallies.ends_by(tally, place=0).items()
        },
        "done": {doing.value: tallies.total(tally, doing) for doing in Doing},
        "days": len(tallies.days_of(tally)),
        "notices": {who: of.total() for who, of in tallies.by_person(tally, Doing.NOTICE).items()},
        "load": {
            who: {week.isoformat(): round(value, 2) for week, value in of.items()}
            for who, of in tallies.load_by_person(tally).items()
        },
        "scores": [
            {"rule": rule, "about": subject, "week": week} | {one.value: counts.get(one, 0) for one in Score}
            for rule, subject, week, counts in tallies.score_rows(tally)
        ],
    }


def _counted(counter: Any) -> Iterator[tuple[Any, ...]]:
    ordered = sorted(counter.items(), key=lambda pair: tuple(map(str, pair[0])))
    return ((*key, count) for key, count in ordered)


def _table(file: Path, head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    with _opened(file) as out:
        writer = csv.writer(out)
        writer.writerow(head)
        writer.writerows([*map(_cell, row)] for row in rows)


def _opened(file: Path) -> TextIO:
    # the mark at the beginning tells spreadsheets that it is UTF-8
    return file.open("w", encoding="utf-8-sig", newline="")


def _cell(value: Any) -> Any:
    """As a spreadsheet may be given it: nothing that it would take for a formula."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
