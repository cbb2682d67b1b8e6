"""``steward pack simulate``, ``diff`` and ``scorecard``, as typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import chdir
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.lives import lives
from plugin.cli import main
from plugin.cli.pack.simulating import span
from plugin.packs import text_of
from plugin.simulate.histories import to_bytes


@pytest.fixture
def steward(tmp_path: Path) -> Iterator[CliRunner]:
    """A command line in an empty directory, with nothing set."""
    with chdir(tmp_path):
        yield CliRunner(env={"STEWARD_DATABASE_URL": "sqlite:///steward.db"})


def run(steward: CliRunner, *words: str) -> Result:
    return steward.invoke(main, ["pack", *words])


@pytest.fixture
def stricter(tmp_path: Path) -> str:
    """A pack with first response in 8 hours and no word for lawyers."""
    text = text_of("service-standard").replace("    limit: 24 h", "    limit: 4 h", 1).replace("    - lawyer\n", "", 1)
    (tmp_path / "stricter.yaml").write_text(text, encoding="utf-8")
    return "stricter.yaml"


def test_the_demos_histories_need_nothing(steward: CliRunner, tmp_path: Path) -> None:
    ran = run(steward, "simulate", "--demo", "--out", "report")
    assert ran.exit_code == 0, ran.output
    assert "first_response" in ran.stdout
    assert "report.html" in ran.stderr
    made = {file.name for file in (tmp_path / "report").iterdir()}
    assert {"report.html", "report.json", "tickets.csv", "clocks.csv", "days.csv"} <= made


def test_another_pack_is_told_in_effects(steward: CliRunner, stricter: str) -> None:
    ran = run(steward, "diff", "active", stricter)
    assert ran.exit_code == 0, ran.output
    for words in ("clocks.first_response.limit", "24 h", "4 h", "words.serious.lawyer", "come out otherwise", "notes"):
        assert words in ran.stdout


def test_the_same_pack_differs_in_nothing(steward: CliRunner) -> None:
    ran = run(steward, "diff", "service-standard", "service-standard", "--demo")
    assert "differ in 0 places" in ran.stdout
    assert "0 of" in ran.stdout


def test_figures_can_be_piped(steward: CliRunner, stricter: str) -> None:
    ran = run(steward, "simulate", stricter, "--against", "active", "--demo", "--json")
    found = json.loads(ran.stdout)
    assert found["against"]["name"] == "service-standard"
    assert {one["place"] for one in found["changes"]} >= {"clocks.first_response.limit"}


def test_the_scorecard_is_told_over_recorded_histories(steward: CliRunner) -> None:
    ran = run(steward, "scorecard", "--demo", "--weeks")
    assert ran.exit_code == 0, ran.output
    assert "hit" in ran.stdout
    assert "steward_kind" in ran.stdout


def test_a_file_of_histories_is_read_and_exported_again(steward: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_bytes(b"\n".join(to_bytes(one) for one in lives(5)))
    ran = run(steward, "simulate", "--from", "mine.jsonl", "--export", "masked.jsonl.gz")
    assert ran.exit_code == 0, ran.output
    assert run(steward, "simulate", "--from", "masked.jsonl.gz").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("simulate", "--since", "90x", "--demo"), "90x"),
        (("simulate", "--since", "3 months", "--demo"), "allowed hours, days or weeks"),
        (("simulate", "nowhere"), "nowhere"),
        (("simulate",), "STEWARD_ZAMMAD_URL"),
        (("simulate", "--from", "nothing.jsonl"), "nothing.jsonl"),
        (("simulate", "--from", "broken.jsonl"), "broken.jsonl"),
        (("simulate", "--offline"), "no histories"),
        (("scorecard",), "steward.db"),
        (("diff", "service-standard"), "NEW"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_what_cannot_be_is_said_in_one_line(
    steward: CliRunner, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "broken.jsonl").write_text("no history\n", encoding="utf-8")
    ran = run(steward, *words)
    assert ran.exit_code != 0
    assert said in ran.output
    assert "Traceback" not in ran.output


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("90d", timedelta(days=90)),
        ("12w", timedelta(weeks=12)),
        ("36h", timedelta(hours=36)),
        ("90 days", timedelta(days=90)),
        (" 2 weeks", timedelta(weeks=2)),
    ],
)
def test_a_span_is_read_as_people_write_it(text: str, found: timedelta) -> None:
    assert span(text) == found
