"""The page of figures, its plots and the kept figures belong to one run."""

from __future__ import annotations

import pytest

from bench.telling import Bar, Report, Sheet, from_json, percentile, text
from docs import write_performance
from docs.plots import Series, bars, lines


def test_the_tables_are_those_of_the_kept_figures() -> None:
    page = write_performance.PAGE.read_text(encoding="utf-8")
    assert page == write_performance.page(page, write_performance.figures()), "run `make performance`"


def test_the_plots_are_those_of_the_kept_figures() -> None:
    drawn = write_performance.plots(write_performance.figures())
    kept = {path.name: path.read_text(encoding="utf-8") for path in write_performance.FOLDER.glob("*.svg")}
    assert kept == drawn, "run `make performance`"


@pytest.mark.parametrize(
    ("bar", "is_met"),
    [
        pytest.param(Bar("cost", 1.3, 1.3), True, id="at most: the limit itself"),
        pytest.param(Bar("cost", 1.31, 1.3), False, id="at most: above"),
        pytest.param(Bar("speed", 299, 300, at_least=True), False, id="at least: below"),
        pytest.param(Bar("speed", 301, 300, at_least=True), True, id="at least: above"),
    ],
)
def test_a_bar_is_met_on_its_own_side(bar: Bar, *, is_met: bool) -> None:
    assert bar.is_met is is_met


def test_a_report_comes_back_from_its_json() -> None:
    sheet = Sheet("one", ("name", "ms"), (("a", 1.5), ("b", None)))
    report = Report("cost", (sheet,), (Bar("ms", 1.5, 2, "ms"),), ("A note.",), 3.0)
    assert from_json(report.as_json() | {"bars": report.as_json()["bars"]}) == report


@pytest.mark.parametrize(
    ("cell", "shown"), [(None, ""), ("word", "word"), (1234, "1,234"), (1234.5, "1,234"), (0.12345, "0.1235")]
)
def test_cells_show_the_digits_that_matter(cell: str | float | None, shown: str) -> None:
    assert text(cell) == shown


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0], 0.99) == 1.0


def test_pictures_hold_their_words_and_figures() -> None:
    drawing = bars("A & B", [("SQLite", 310.0)], unit="/s", limit=("at least", 300))
    assert "A &amp; B" in drawing
    assert "310 /s" in drawing
    assert "at least 300 /s" in drawing
    drawing = lines("due", [Series("SQLite", ((10.0, 0.1), (1000.0, 0.2)))], across="cases", unit="ms")
    assert drawing.count("<circle") == 2
