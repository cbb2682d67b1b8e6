"""``steward pack new``: five answers become a pack that validates and does what was answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from plugin.cli import main
from plugin.model.pack import Tier
from plugin.packs import load, shipped

NOTHING = ["--weekends", "nobody", "--waiting", "default", "--groups", "all", "--supervisors", "nobody"]


def new(file: Path, *options: str, answers: str = "") -> Result:
    return CliRunner().invoke(main, ["pack", "new", str(file), *options], input=answers)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "our pack.yaml"


@pytest.mark.parametrize("base", shipped())
@pytest.mark.parametrize(
    ("weekends", "mail"),
    [pytest.param("nobody", "--customer-mail", id="nobody"), pytest.param("wei, anna", "--no-customer-mail", id="two")],
)
def test_what_it_writes_validates(base: str, weekends: str, mail: str, file: Path) -> None:
    ended = new(file, *NOTHING, "--extends", base, "--weekends", weekends, mail)
    assert (ended.exit_code, ended.stderr) == (0, "")
    pack = load(file)
    assert pack.name == "our-pack"
    assert pack.title == f"our-pack, after {load(base).title}"
    assert set(pack.clocks) == set(load(base).clocks)
    assert bool(pack.messages) == (mail == "--customer-mail" and bool(load(base).messages))


def test_it_asks_five_questions(file: Path) -> None:
    ended = new(file, answers="anna、ben\nwaiting for customer\nUsers, 投诉\nboss@x.example\ny\n")
    assert ended.exit_code == 0, ended.output
    assert ended.output.count("?") == 5
    pack = load(file)
    assert pack.tiers[Tier.MAJOR].handlers == ("anna", "ben")
    assert pack.office_calendar.hours is not None
    assert all(pack.office_calendar.hours)
    assert pack.waiting_states == ("waiting for customer",)
    assert pack.scope.groups == ("Users", "投诉")
    assert pack.people.supervisors == ("boss@x.example",)
    assert pack.messages == load("service-standard").messages


def test_it_may_extend_a_pack_of_ones_own(file: Path) -> None:
    hours = "{monday: 09:00-12:00, tuesday: closed, wednesday to friday: 09:00-12:00}"
    base = file.with_name("base.yaml")
    base.write_text(f"pack: base\nextends: fca-disp\ncalendars: {{office: {{hours: {hours}}}}}\n", encoding="utf-8")
    ended = new(file, *NOTHING, "--extends", str(base), "--weekends", "anna", "--customer-mail")
    assert (ended.exit_code, ended.stderr) == (0, "")
    week = load(file).office_calendar.hours
    assert week is not None
    assert [bool(day) for day in week] == [True, False, True, True, True, True, True]


def test_every_question_may_be_passed_over(file: Path) -> None:
    assert new(file, answers="\n\n\n\n\n").exit_code == 0
    pack, base = load(file), load("service-standard")
    assert (pack.scope.groups, pack.people, pack.waiting_states) == (None, base.people, None)
    assert not pack.messages


def test_where_nobody_answers_at_weekends_no_hours_run_round_the_clock(file: Path) -> None:
    new(file, *NOTHING, "--no-customer-mail")
    clocks = load(file).clocks
    assert {name: str(clocks[name].limit) for name in ("first_response", "assessment", "resolution")} == {
        "first_response": "1 working day",
        "assessment": "2 working days",
        "resolution": "30 days",
    }
    assert {clocks[name].calendar for name in ("first_response", "assessment")} == {"office"}


@pytest.mark.parametrize("weekends", ["nobody", "anna"])
def test_the_examples_it_keeps_hold(weekends: str, file: Path) -> None:
    options = ("--weekends", weekends, "--groups", "Users", "--waiting", "waiting for customer", "--no-customer-mail")
    ended = new(file, "--supervisors", "chief", *options)
    assert (ended.exit_code, ended.stderr) == (0, "")
    tested = CliRunner().invoke(main, ["pack", "test", str(file)])
    assert tested.exit_code == 0, tested.output
    assert "examples, none failed" in tested.output


def test_examples_that_come_out_otherwise_are_taken_away_by_the_lines_that_are_shown(file: Path) -> None:
    file.write_text("pack: ours\nextends: fca-disp\nclocks: {resolution: {limit: 9 weeks}}\n", encoding="utf-8")
    tested = CliRunner().invoke(main, ["pack", "test", str(file)])
    assert tested.exit_code == 1
    shown = "examples:" + tested.output.partition("examples:")[2].partition("\n\n")[0] + "\n"
    file.write_text(file.read_text(encoding="utf-8") + shown, encoding="utf-8")
    assert CliRunner().invoke(main, ["pack", "test", str(file)]).exit_code == 0


def test_odd_names_are_written_as_yaml_wants_them(file: Path) -> None:
    names = ("no: [1]", "null", "007", "a # b", "O'Neill", 'x"y', "on", "@home", "投诉", "- a", "a: b", "*", "")
    assert new(file, *NOTHING, "--supervisors", ",".join(names), "--no-customer-mail").exit_code == 0
    assert load(file).people.supervisors == names[:-1]


def test_what_is_proposed_behind_hashes_loads_too(file: Path) -> None:
    new(file, *NOTHING, "--weekends", "anna", "--no-customer-mail")
    text = file.read_text(encoding="utf-8")
    kept, _, proposed = text.partition("What you may want to change next")
    uncommented = [
        line.removeprefix("# ") for line in proposed.splitlines()[1:] if not line.endswith(":") or "# " in line
    ]
    lines = [line for line in uncommented if line.startswith((" ", "clocks", "words", "rules"))]
    file.write_text(f"{kept}\n" + "\n".join(lines) + "\n", encoding="utf-8")
    pack = load(file)
    assert [str(other.limit) for other in pack.clocks["first_response"].instead] == ["8 working hours"]
    assert "refund" in pack.words.complaint
    assert any(rule.groups == ("Users",) for rule in pack.rules)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("there.yaml", "found a file, which would be lost", id="a file that is there"),
        pytest.param("pack.txt", "found no .yaml behind the name", id="no yaml"),
        pytest.param("nowhere/pack.yaml", "cannot be written (No such file or directory)", id="no directory"),
    ],
)
def test_it_says_why_it_cannot_write(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "there.yaml").touch()
    ended = new(tmp_path / name, *NOTHING, "--no-customer-mail")
    assert (ended.exit_code, said in ended.stderr) == (1, True)
