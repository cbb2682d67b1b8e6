"""Clause by clause: which rules of a pack carry it, which examples prove it, and how both are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from plugin.cli import main
from plugin.packs import clauses, shipped
from plugin.packs.examples.book import load
from plugin.packs.examples.coverage import coverage

SMALL = """\
pack: small
title: A small house
zone: Europe/Berlin
calendars: {office: {hours: {monday to friday: 09:00-17:00}}, always: {hours: always}}
clocks: {first_response: {clause: C3.1, kinds: [complaint, request], limit: 24 h, calendar: always}}
retention: {minimum: 6 months, classes: {service: 6 months, complaint: 6 months}}
"""
RULES = "rules: [{policy: classification}, {policy: deadlines}]\n"
BROKEN = """\
examples:
  an answer in time:
    clauses: [C3.1]
    story: {monday 09:00: customer writes}
    expect: {at once: {kind: complaint}}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return tmp_path / "small.yaml"


@pytest.mark.parametrize("name", shipped())
def test_every_clause_of_a_shipped_pack_is_carried_or_named_as_still_to_come(name: str) -> None:
    found = coverage(load(name))
    print(found.counts)
    assert [f"{row.clause} {row.matter}: {row.missing}" for row in found.rows if row.missing] == []
    assert found.unknown == ()


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_pack_has_a_catalogue_of_its_standard(name: str) -> None:
    assert clauses.of(name) is not None


def test_a_pack_without_a_catalogue_is_measured_by_what_it_cites_itself(small: Path) -> None:
    small.write_text(SMALL + "rules: [{policy: deadlines, clauses: [X1, X2]}]\n" + BROKEN, encoding="utf-8")
    found = coverage(load(small))
    assert [(row.clause, row.rules, row.missing) for row in found.rows] == [
        ("X1", ("deadlines",), "no example"),
        ("X2", ("deadlines",), "no example"),
    ]
    assert [line.partition(": ")[2] for line in found.unknown] == [
        "example “an answer in time”: the standard has no C3.1"
    ]


def test_a_clause_that_asks_for_several_things_is_cited_with_the_one_that_is_meant(small: Path) -> None:
    small.write_text(f"standard: service-standard\n{SMALL}{RULES}{BROKEN}", encoding="utf-8")
    (line,) = coverage(load(small)).unknown
    assert "C3.1 asks for several things: C3.1 any channel, C3.1 first response, C3.1 result" in line


def test_a_rule_that_is_missing_is_named(small: Path) -> None:
    small.write_text(f"standard: service-standard\n{SMALL}rules: [{{policy: deadlines}}]\n", encoding="utf-8")
    found = coverage(load(small))
    row = next(row for row in found.rows if (row.clause, row.matter) == ("C2.1", "VIP"))
    assert row.missing == "no rule of classification cites it, no example"
    assert not found.is_whole


# -- in the terminal --------------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["pack", *arguments])
    return result.exit_code, result.output


def test_coverage_ends_with_its_counts_and_fails_where_a_clause_has_nothing(small: Path) -> None:
    assert run("coverage", "asic-rg271")[0] == 0
    small.write_text(f"standard: service-standard\n{SMALL}rules: [{{policy: deadlines}}]\n", encoding="utf-8")
    status, said = run("coverage", str(small), "--markdown")
    assert status == 1
    assert "- C2.1 VIP: no rule of classification cites it, no example" in said
    assert said.splitlines()[-1].startswith("small: ")


def test_coverage_as_json_has_every_clause() -> None:
    status, said = run("coverage", "fca-disp", "--json")
    found = json.loads(said)
    assert (status, found["whole"], found["unknown"]) == (0, True, [])
    assert {row["clause"] for row in found["clauses"]} >= {"DISP 1.5.4R", "DISP 1.6.2R"}


def test_a_failing_example_is_told_as_given_expected_and_got(small: Path) -> None:
    small.write_text(SMALL + RULES + BROKEN, encoding="utf-8")
    status, said = run("test", str(small))
    assert status == 1
    assert "monday 09:00  customer writes" in said
    assert "expected  complaint" in said
    assert "got       request" in said
    assert said.splitlines()[-1] == "small: 1 example, 1 failed"


def test_what_is_given_in_a_failing_example_is_told_with_its_values(small: Path) -> None:
    given = """\
    given:
      vip: true
      people: {supervisors: [chief, deputy], sales: [sam]}
      handlers: {major: [mei]}
      options: {deadlines: {waiting_ends_after: 7 days, extension_needs_second_person: true}}
"""
    small.write_text(SMALL + RULES + BROKEN + given, encoding="utf-8")
    said = run("test", str(small))[1]
    assert [line.strip() for line in said.splitlines() if line.startswith("  given")] == [
        "given  vip: yes",
        "given  people: supervisors chief, deputy; sales sam",
        "given  handlers: major mei",
        "given  options: deadlines waiting_ends_after: 7 days, extension_needs_second_person: true",
    ]


def test_examples_that_hold_are_counted() -> None:
    status, said = run("test", "fca-disp", "--only", "acknowledged")
    assert (status, said) == (0, "fca-disp: 1 example, none failed\n")


def test_the_outcome_of_examples_as_json(small: Path) -> None:
    small.write_text(SMALL + RULES + BROKEN, encoding="utf-8")
    status, said = run("test", str(small), "--json")
    found = json.loads(said)
    (one,) = found["examples"]
    assert (status, found["count"], found["failed"]) == (1, 1, 1)
    assert one["failures"][0]["about"] == "kind"


def test_a_broken_pack_is_refused_with_its_places(small: Path) -> None:
    small.write_text(SMALL + RULES + "examples: {it: {}}\n", encoding="utf-8")
    for command in ("test", "coverage"):
        status, said = run(command, str(small))
        assert status == 1
        assert said.startswith(f"{small}:8:16: examples.it.")
