"""The handbook of a pack: whole, true to the pack, and a page that needs nothing beside it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from plugin import packs
from plugin.cli import main
from plugin.packs import handbook
from plugin.packs.handbook import axis
from plugin.packs.handbook.content import RUNS
from plugin.packs.options import clock_names
from plugin.policies import discover

VOID = frozenset({"meta", "br", "rect", "path"})


class Page(HTMLParser):
    """What a reader sees of a page; raises where its elements do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("href", "src")]
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.mark.parametrize("name", packs.shipped())
def test_everything_a_pack_says_stands_in_its_handbook(name: str) -> None:
    pack = packs.load(name)
    page, text = Page(handbook.as_html(name)).words, handbook.as_markdown(name)
    for found in (page, text):
        assert pack.title in found
        assert all(rule.name in found for rule in pack.rules)
        assert all(clock.name.replace("_", " ") in found for clock in pack.clocks.values())
        assert all(str(clock.limit) in found and clock.clause in found for clock in pack.clocks.values())
        assert all(calendar in found for calendar in pack.calendars)
        assert all(clause in found for rule in pack.rules for clause in rule.clauses)
        letters = [languages[pack.language].subject for languages in pack.messages.values()]
        assert all(subject in found for subject in letters)


def test_the_page_needs_nothing_beside_it() -> None:
    text = handbook.as_html("service-standard")
    page = Page(text)
    assert page.links
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not re.search(r"https?://|<script|@import|url\(", text)
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_what_an_administrator_writes_is_only_text(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    words = "  supervisors: ['<script>alert(1)</script>']"
    own = packs.text_of("service-standard").replace("title: Service", "title: <b>Our</b> & *your* Service")
    file.write_text(own.replace("  supervisors: []", words), encoding="utf-8")
    text = handbook.as_html(file)
    assert "<script>" not in text
    assert "<b>Our</b>" not in text
    assert "<script>alert(1)</script>" in Page(text).words


def test_words_with_any_ending_keep_their_star() -> None:
    assert "complain*, Beschwerd*" in Page(handbook.as_html("service-standard")).words
    assert "complain\\*, Beschwerd\\*" in handbook.as_markdown("service-standard")


def test_working_time_names_every_break_and_ends_a_day_at_24(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    week = "{monday: '09:00-12:00, 13:00-17:00', saturday: '18:00-24:00'}"
    file.write_text(
        f"pack: own\nextends: service-standard\ncalendars: {{office: {{hours: {week}}}}}\n", encoding="utf-8"
    )
    said = "mon 09:00-12:00 and 13:00-17:00; sat 18:00-24:00"
    assert said in handbook.as_markdown(file)
    assert said in Page(handbook.as_html(file)).words


@pytest.mark.parametrize("name", packs.shipped())
def test_bars_warn_before_their_limit_and_fit_on_the_axis(name: str) -> None:
    pack = packs.load(name)
    drawn = axis.bars("all", pack.clocks.values(), pack, until=axis.longest(pack))
    assert len(drawn.bars) == len(pack.clocks)
    for bar in drawn.bars:
        assert 0 <= bar.warns_at <= bar.target_at <= bar.limit_at <= (bar.extended_to or 100) <= 100
    places = [tick.at for tick in drawn.ticks]
    assert places == sorted(places)


def test_of_every_clock_it_is_said_from_what_to_what_it_runs() -> None:
    assert set(clock_names(discover())) == set(RUNS)


def test_a_day_is_drawn_where_the_axis_says_a_day() -> None:
    pack = packs.load("service-standard")
    drawn = axis.bars("one", [pack.clocks["first_response"]], pack, until=axis.longest(pack))
    assert drawn.bars[0].limit_at == next(tick.at for tick in drawn.ticks if tick.label == "1 day")


def test_every_table_in_markdown_is_even() -> None:
    width = None
    for line in handbook.as_markdown("service-standard").splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert width in (None, cells), line
        width = cells


def test_the_command_writes_a_file_or_the_terminal(tmp_path: Path) -> None:
    page, text = tmp_path / "handbook.html", tmp_path / "handbook.md"
    done = CliRunner().invoke(main, ["pack", "show", "fca-disp", "--html", str(page), "--markdown", str(text)])
    assert done.exit_code == 0, done.output
    assert done.output == f"written: {page}\nwritten: {text}\n"
    assert page.read_text(encoding="utf-8") == handbook.as_html("fca-disp")
    shown = CliRunner().invoke(main, ["pack", "show", "fca-disp", "--markdown", "-"])
    assert shown.output == text.read_text(encoding="utf-8")
    plain = CliRunner().invoke(main, ["pack", "show", "fca-disp"])
    assert "Clocks" in plain.output
    refused = CliRunner().invoke(main, ["pack", "show", "fca-disp", "--html", str(tmp_path / "no" / "where.html")])
    assert refused.exit_code == 1
    assert "No such file or directory; name a file that can be written" in refused.output
