"""The report's page and files: whole in themselves, and harmless whatever a ticket is called."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest

from bench.lives import lives
from plugin.model.pack import Pack
from plugin.simulate import files
from plugin.simulate.changes import changes
from plugin.simulate.histories import History, to_bytes
from plugin.simulate.plots import Layer, bar, columns
from plugin.simulate.report import About
from plugin.simulate.running import Work, simulate
from plugin.simulate.sources import Kept, Source
from plugin.simulate.tally import Window
from tests.policies.story import shipped
from tests.simulate.test_comparing import with_first_response

HOSTILE = "<script>alert('é')</script>"
FORMULAS = ("=HYPERLINK('http://evil')", "+1", "-1", "@SUM(1)", "\tx")
MADE_AT = datetime(2026, 6, 1, tzinfo=UTC)


class Page(HTMLParser):
    """What the page is made of, and what it reaches for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.reaches: set[str] = set()
        self.words: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.reaches |= {str(value) for name, value in attrs if name in ("src", "href", "action", "srcset", "data")}

    def handle_data(self, data: str) -> None:
        self.words.add(data.strip())


def written(folder: Path, *, group: str = "First line", against: Pack | None = None, count: int = 12) -> Path:
    """A report over made-up lives, all in one group."""
    made = [in_group(one, group) for one in lives(count, seed=3)]
    source = Source("made up", count, lambda: (Kept(one.ticket_id, to_bytes(one)) for one in made))
    with files.lines(folder, compared=against is not None) as lines:
        result = simulate(source, Work(shipped(), Window("UTC"), against), on_batch=lines.add)
    about = About(
        shipped(), against, "made up", None, MADE_AT, changes(against, shipped()) if against is not None else ()
    )
    return files.write(result, about, folder)


def in_group(history: History, group: str) -> History:
    facts = (replace(f, data={**f.data, "group": group}) if "group" in f.data else f for f in history.facts)
    return replace(history, number=group, facts=tuple(facts))


def rows_of(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened))


def test_the_page_reaches_for_nothing_and_runs_nothing(tmp_path: Path) -> None:
    text = written(tmp_path, against=with_first_response("4 h")).read_text(encoding="utf-8")
    page = Page(text)
    assert page.reaches == set()
    assert not page.tags & {"script", "link", "iframe", "img", "object", "form"}
    assert "@import" not in text
    assert "url(" not in text
    assert "svg" in page.tags


@pytest.mark.parametrize("group", [HOSTILE, '"><img src=x onerror=alert(1)>', "</table></main><script>", "{{ 7 * 7 }}"])
def test_a_hostile_name_is_only_shown(tmp_path: Path, group: str) -> None:
    text = written(tmp_path, group=group, against=with_first_response("4 h")).read_text(encoding="utf-8")
    page = Page(text)
    assert not page.tags & {"script", "img"}
    assert group in page.words


@pytest.mark.parametrize("group", FORMULAS)
def test_no_cell_is_taken_for_a_formula(tmp_path: Path, group: str) -> None:
    written(tmp_path, group=group)
    for file in tmp_path.glob("*.csv"):
        cells = [cell for row in rows_of(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))], file.name


def test_every_ticket_has_its_line(tmp_path: Path) -> None:
    written(tmp_path, count=12)
    head, *rows = rows_of(tmp_path / "tickets.csv")
    assert head[:3] == ["ticket_id", "number", "group"]
    assert sorted(int(row[0]) for row in rows) == [*range(1, 13)]


def test_lines_are_in_the_order_of_their_source_and_complaints_come_last(tmp_path: Path) -> None:
    written(tmp_path, count=40)
    head, *rows = rows_of(tmp_path / "tickets.csv")
    kind = head.index("kind")
    last = [int(row[0]) for row in rows if row[kind] == "complaint"]
    others = [int(row[0]) for row in rows[: -len(last)] if row[kind] != "complaint"]
    assert last
    assert last == sorted(last)
    assert others == sorted(others)


def test_figures_say_the_same_in_every_form(tmp_path: Path) -> None:
    written(tmp_path, against=with_first_response("4 h"))
    figures = orjson.loads((tmp_path / "report.json").read_bytes())
    clocks = rows_of(tmp_path / "clocks.csv")[1:]
    counted = sum(int(row[4]) for row in clocks if row[0] == "first_response" and row[3] == "breached")
    assert figures["result"]["clocks"]["first_response"]["breached"] == counted
    assert figures["result"]["tickets"] == 12
    otherwise = [row for row in rows_of(tmp_path / "tickets.csv")[1:] if row[-1] == "True"]
    compared = figures["tickets_that_come_out_otherwise"] + figures["tickets_with_other_limits_only"]
    assert compared == len(otherwise)


def test_nothing_at_all_is_a_report_too(tmp_path: Path) -> None:
    assert "0 tickets" in written(tmp_path, count=0).read_text(encoding="utf-8")


def test_a_column_is_as_tall_as_its_share() -> None:
    plot = columns(["a", "b"], [Layer("notes", "note", (2.0, 4.0)), Layer("tasks", "task", (0.0, 1.0))])
    assert plot is not None
    assert plot.most == "5"
    assert plot.picture.count("<rect") == 3
    assert 'height="80.00"' in plot.picture


def test_columns_of_nothing_are_no_plot() -> None:
    assert columns(["a"], [Layer("notes", "note", (0.0,))]) is None


def test_a_bar_leaves_out_what_is_not_there() -> None:
    parts = bar([("met", "met", 3), ("breached", "breached", 0), ("open", "open", 1)])
    assert [(part.name, part.share) for part in parts] == [("met", 75.0), ("open", 25.0)]


def test_the_page_is_made_for_light_dark_phone_and_paper(tmp_path: Path) -> None:
    text = written(tmp_path).read_text(encoding="utf-8")
    for rule in ("prefers-color-scheme: dark", "max-width:600px", "@media print", 'name="viewport"'):
        assert rule in text
