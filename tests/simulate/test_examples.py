"""The packs' own examples through both packs: a clause that no ticket touches differs there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from plugin.cli import main
from plugin.packs import text_of
from plugin.packs.examples import book
from plugin.packs.examples.book import Exampled
from plugin.simulate.examples import Examples, Otherwise, chosen, compare

MEDIATION = """  mediation:
    clause: A2.4
    limit: 30 days
"""
BY_MEDIATION = "a mediation ends within 30 days"


@pytest.fixture
def steward(tmp_path: Path) -> Iterator[CliRunner]:
    """A command line in an empty directory, with nothing set."""
    with chdir(tmp_path):
        yield CliRunner(env={"STEWARD_DATABASE_URL": "sqlite:///steward.db"})


def run(steward: CliRunner, *words: str) -> Result:
    return steward.invoke(main, ["pack", *words])


def written(folder: Path, *changes: tuple[str, str], name: str = "mine.yaml") -> str:
    """The shipped pack with some places changed, each of which is there."""
    text = text_of("service-standard")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def compared(folder: Path, *changes: tuple[str, str]) -> Examples:
    return compare(book.load("service-standard"), book.load(written(folder, *changes)))


def named(found: Examples) -> dict[str, Otherwise]:
    return {one.name: one for one in found.otherwise}


def test_a_pack_is_like_itself() -> None:
    found = compare(book.load("fca-disp"), book.load("fca-disp"))
    assert found.played == len(book.load("fca-disp").examples)
    assert found.otherwise == ()


def test_another_limit_is_shown_where_an_example_touches_it(tmp_path: Path) -> None:
    found = named(compared(tmp_path, (MEDIATION, MEDIATION.replace("30", "20"))))
    assert BY_MEDIATION in found
    (one,) = (each for each in found[BY_MEDIATION].differences if each.what.startswith("clock mediation"))
    assert "30 days" in one.why_before
    assert "20 days" in one.why_after
    assert found[BY_MEDIATION].place.startswith(f"{tmp_path}/mine.yaml:") or "mine.yaml:" in found[BY_MEDIATION].place
    assert all("mediat" in name or "dispute" in name for name in found)


def test_what_an_example_says_was_seen_of_other_complaints_holds(tmp_path: Path) -> None:
    found = named(compared(tmp_path, ("      within: 90 days\n", "      within: 30 days\n")))
    again = found["a complaint that comes again gets its root cause and an attribution"]
    assert {"task repeat_complaints.root_cause", "task repeat_complaints.attribution"} <= {
        one.what for one in again.differences
    }


def test_an_example_of_either_pack_is_played_once_where_both_have_it(tmp_path: Path) -> None:
    old, new = (
        book.load("service-standard"),
        book.load(written(tmp_path, (f"  {BY_MEDIATION}:", "  a mediation ends:"))),
    )
    names = [name for _, name in chosen(old, new)]
    assert names == [*new.examples, BY_MEDIATION]
    (of_the_old,) = (found for found, name in chosen(old, new) if name == BY_MEDIATION)
    assert of_the_old is old


def test_how_far_it_has_come_is_told() -> None:
    small: Exampled = book.load("asic-rg271")
    heard: list[int] = []
    found = compare(small, small, tell=heard.append)
    assert heard == [*range(1, found.played + 1)]


def test_a_difference_the_demo_never_touches_is_told_with_its_reason(steward: CliRunner, tmp_path: Path) -> None:
    written(tmp_path, (MEDIATION, MEDIATION.replace("30", "20")))
    ran = run(steward, "diff", "active", "mine.yaml", "--most", "1")
    assert ran.exit_code == 0, ran.output
    assert "0 of" in ran.stdout
    told = " ".join(ran.stdout.split())
    assert "examples come out otherwise:" in told
    assert f"“{BY_MEDIATION}”" in told
    assert "20 days" in told
    assert told.count("“") == 1
    assert "more: --most shows them" in told


def test_examples_can_be_piped_and_left_out(steward: CliRunner, tmp_path: Path) -> None:
    text = text_of("asic-rg271").replace("    limit: 30 days", "    limit: 20 days", 1)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    ran = run(steward, "diff", "asic-rg271", "mine.yaml", "--json")
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)["examples"]
    assert found["played"] > 10
    assert found["otherwise"]
    one = found["otherwise"][0]
    assert set(one) == {"name", "place", "differences"}
    assert any("20 days" in each["why_after"] for each in one["differences"])
    left_out = run(steward, "diff", "asic-rg271", "mine.yaml", "--no-examples")
    assert "examples" not in left_out.stdout
