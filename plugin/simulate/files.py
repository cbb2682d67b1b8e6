"""The files of a report: one page for people, CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, fields
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import orjson

from plugin.simulate import tally as tallies
from plugin.simulate.comparing import Difference
from plugin.simulate.examples import Otherwise
from plugin.simulate.judging import Score
from plugin.simulate.limits import Reached
from plugin.simulate.outcome import ClockEnd, Doing
from plugin.simulate.report import About, html, limits_of
from plugin.simulate.running import Result, TicketRow
from plugin.simulate.tally import Tally

if TYPE_CHECKING:
    from _csv import Writer as CsvWriter

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


class Lines:
    """``tickets.csv`` and ``differences.csv``, written batch by batch: a million tickets fit in no memory."""

    def __init__(self, tickets: TextIO, differences: TextIO | None) -> None:
        self._tickets = _writer(tickets, TicketRow)
        self._differences = _writer(differences, Difference) if differences is not None else None

    def add(self, batch: Result) -> None:
        """Write some more."""
        self._tickets.writerows([*map(_cell, astuple(row))] for row in batch.rows)
        if self._differences is not None:
            self._differences.writerows([*map(_cell, astuple(one))] for one in batch.comparison.found)


@contextmanager
def lines(folder: Path, *, compared: bool) -> Iterator[Lines]:
    """The files in ``folder``, which is made; differences only where two packs are ``compared``."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        tickets = opened.enter_context(_opened(folder / "tickets.csv"))
        differences = opened.enter_context(_opened(folder / "differences.csv")) if compared else None
        yield Lines(tickets, differences)


def write(result: Result, about: About, folder: Path) -> Path:
    """Write everything but what ``lines`` wrote; returns the page."""
    tally = result.tally
    _table(folder / "clocks.csv", ("clock", "group", "week", "end", "clocks"), _counted(tally.clocks))
    _table(folder / "days.csv", ("what", "person", "day", "times"), _counted(tally.doings))
    _table(folder / "rules.csv", ("rule", "about", "what", "only_observed", "times"), _counted(tally.rules))
    load = ((person, week, minutes / 60) for (person, week), minutes in sorted(tally.load.items()))
    _table(folder / "load.csv", ("person", "week", "hours_of_open_matters"), load)
    _table(folder / "limits.csv", ("pack", *(one.name for one in fields(Reached))), _limits(result, about))
    _table(folder / "scores.csv", ("rule", "about", "week", "score", "tickets"), _counted(tally.scores))
    (folder / "report.json").write_bytes(orjson.dumps(as_json(result, about), option=orjson.OPT_INDENT_2))
    page = folder / "report.html"
    page.write_text(html(result, about), encoding="utf-8")
    return page


def as_json(result: Result, about: About) -> dict[str, Any]:
    """The figures of a report as one JSON object."""
    now, before = limits_of(result, about)
    found: dict[str, Any] = {
        "pack": {"name": about.pack.name, "version": about.pack.version},
        "source": about.source,
        "since": about.since,
        "made_at": about.made_at,
        "failed": [{"ticket_id": ticket_id, "why": why} for ticket_id, why in result.failed],
        "result": _figures(result.tally) | {"limits": [*map(_limit, now)]},
    }
    if about.against is not None:
        counts = result.comparison.counts
        found |= {
            "against": {"name": about.against.name, "version": about.against.version},
            "before": _figures(result.before) | {"limits": [*map(_limit, before)]},
            "changes": [{"place": one.place, "before": one.before, "after": one.after} for one in about.changes],
            "examples": {"played": about.examples.played, "otherwise": [*map(_example, about.examples.otherwise)]},
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


def _example(one: Otherwise) -> dict[str, Any]:
    parts = ("what", "before", "after", "why_before", "why_after")
    found = [{name: getattr(difference, name) for name in parts} for difference in one.differences]
    return {"name": one.name, "place": one.place, "differences": found}


def _limit(one: Reached) -> dict[str, Any]:
    figures = {"rule": one.rule, "limit": one.limit, "most_in_24_h": one.most, "over_by": one.over}
    return figures | {"stopped_first_at": one.first_at, "days_over": one.days}


def _limits(result: Result, about: About) -> Iterator[tuple[Any, ...]]:
    now, before = limits_of(result, about)
    yield from (("now", *astuple(one)) for one in now)
    yield from (("before", *astuple(one)) for one in before)


def _counted(counter: Any) -> Iterator[tuple[Any, ...]]:
    ordered = sorted(counter.items(), key=lambda pair: tuple(map(str, pair[0])))
    return ((*key, count) for key, count in ordered)


def _writer(out: TextIO, rows_of: type[TicketRow] | type[Difference]) -> CsvWriter:
    made = csv.writer(out)
    made.writerow(one.name for one in fields(rows_of))
    return made


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
