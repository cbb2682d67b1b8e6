"""A pack that extends another: what it takes over, what it changes, and that it loads years later by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugin.model.decision import Mode
from plugin.model.durations import Duration, Unit
from plugin.model.errors import PackError
from plugin.model.pack import Kind, Pack, When
from plugin.packs import load, loads, shipped, text_of
from plugin.packs.examples import book
from plugin.policies import deadlines

BASE = """\
pack: base
title: The base
zone: Europe/Berlin
people:
  supervisors: [boss]
  management: [chief]
words:
  complaint: [complain*, Beschwerde]
  mood: [furious]
calendars:
  office:
    hours:
      monday to friday: 09:00-17:00
clocks:
  first_response:
    clause: C3.1
    kinds: [complaint, request]
    limit: 24 h
    calendar: office
  resolution:
    clause: A2.1
    limit: 30 days
    calendar: office
rules:
  - policy: classification
    mode: enforce
  - policy: deadlines
    mode: enforce
    limit: 50
    options:
      waiting_ends_after: 7 days
      extension_needs_second_person: true
  - policy: stages
    mode: observe
retention:
  minimum: 6 months
  classes:
    service: 6 months
    complaint: 6 months
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    return tmp_path / "own.yaml"


def written(file: Path, changes: str) -> Pack:
    file.write_text(f"pack: own\nextends: base.yaml\n{changes}", encoding="utf-8")
    return load(file)


def refused(file: Path, changes: str) -> list[str]:
    with pytest.raises(PackError) as fault:
        written(file, changes)
    return str(fault.value).replace(f"{file.parent}/", "").splitlines()


# -- what is taken over -----------------------------------------------------------------------------------------------


def test_what_it_does_not_say_is_taken_over_but_the_name(own: Path) -> None:
    pack, base = written(own, ""), load(own.with_name("base.yaml"))
    assert pack.name == "own"
    assert (pack.title, pack.clocks, pack.rules, pack.words) == (base.title, base.clocks, base.rules, base.words)


def test_one_number_changes_and_its_neighbours_stay(own: Path) -> None:
    clock = written(own, "clocks:\n  first_response: {limit: 8 working hours}\n").clocks["first_response"]
    assert (str(clock.limit), clock.clause, clock.calendar) == ("8 working hours", "C3.1", "office")
    assert clock.kinds == (Kind.COMPLAINT, Kind.REQUEST)


def test_a_list_takes_the_place_of_the_list(own: Path) -> None:
    assert written(own, "words:\n  complaint: [refund]\n").words.complaint == ("refund",)


def test_a_list_may_be_written_as_its_changes(own: Path) -> None:
    words = written(own, "words:\n  complaint: {add: [refund], without: [Beschwerde]}\n").words
    assert (words.complaint, words.mood) == (("complain*", "refund"), ("furious",))


def test_null_takes_a_key_away(own: Path) -> None:
    pack = written(own, "clocks:\n  resolution: null\npeople:\n  management: null\n")
    assert set(pack.clocks) == {"first_response"}
    assert (pack.people.supervisors, pack.people.management) == (("boss",), ())


def test_a_rule_goes_by_its_name_and_keeps_what_is_not_said(own: Path) -> None:
    changes = "rules:\n  - name: deadlines\n    mode: observe\n    options: {waiting_ends_after: 3 days}\n"
    rules = {rule.name: rule for rule in written(own, changes).rules}
    assert list(rules) == ["classification", "deadlines", "stages"]
    rule = rules["deadlines"]
    assert (rule.mode, rule.limit) == (Mode.OBSERVE, 50)
    assert rule.options == deadlines.Options(Duration(3, Unit.DAYS), extension_needs_second_person=True)


def test_a_rule_is_switched_off_and_on_again(own: Path) -> None:
    written(own, "rules:\n  - {name: stages, mode: off}\n")
    assert [rule.name for rule in load(own).rules] == ["classification", "deadlines"]
    third = own.with_name("third.yaml")
    third.write_text("pack: third\nextends: own.yaml\nrules:\n  - {name: stages, mode: enforce}\n", encoding="utf-8")
    assert [rule.name for rule in load(third).rules] == ["classification", "deadlines", "stages"]


def test_a_rule_more_stands_behind_the_others(own: Path) -> None:
    rules = written(own, "rules:\n  - {policy: retention, mode: enforce}\n").rules
    assert [rule.name for rule in rules][-1] == "retention"


def test_hours_take_the_place_of_the_whole_week(own: Path) -> None:
    week = written(own, "calendars:\n  office:\n    hours: {saturday: 10:00-12:00}\n").office_calendar.hours
    assert week is not None
    assert [bool(day) for day in week] == [False] * 5 + [True, False]


def test_a_when_takes_the_place_of_the_whole_when(own: Path) -> None:
    written(own, "rules:\n  - {name: stages, when: {tiers: [major]}}\n")
    third = own.with_name("third.yaml")
    third.write_text(
        "pack: third\nextends: own.yaml\nrules:\n  - {name: stages, when: {vip: true}}\n", encoding="utf-8"
    )
    assert load(third).rules[-1].when == When(vip=True)


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_pack_can_be_extended(name: str, own: Path) -> None:
    own.write_text(f"pack: own\nextends: '{name}'   # ours\n", encoding="utf-8")
    pack, base = load(own), load(name)
    assert (pack.clocks, pack.rules, pack.messages) == (base.clocks, base.rules, base.messages)


def test_the_clauses_are_those_of_the_pack_at_the_end_of_the_chain(own: Path) -> None:
    own.write_text("pack: own\nextends: fca-disp\n", encoding="utf-8")
    third = own.with_name("third.yaml")
    third.write_text("pack: third\nextends: own.yaml\n", encoding="utf-8")
    assert book.load(third).standard == "fca-disp"


# -- mistakes ---------------------------------------------------------------------------------------------------------


def test_a_mistake_is_shown_in_the_file_it_stands_in(own: Path) -> None:
    own.with_name("base.yaml").write_text(BASE.replace("30 days", "30 moons"), encoding="utf-8")
    lines = refused(own, "clocks:\n  first_response: {limit: 24 moons}\n")
    assert lines[0].startswith("own.yaml:4:27: clocks.first_response.limit: found '24 moons', allowed")
    assert lines[1].startswith("base.yaml:22:12: clocks.resolution.limit: found '30 moons', allowed")
    assert lines[1].endswith("(as own.yaml:2:10 extends it)")


def test_the_mistakes_of_one_file_come_before_those_of_what_it_extends(own: Path) -> None:
    lines = refused(own, "zonne: null\ncalendars:\n  office: null\nrules:\n  - {name: dedlines, mode: off}\n")
    assert [line.partition(":")[0] for line in lines] == ["own.yaml", "own.yaml", "base.yaml", "base.yaml"]


# -- versions ---------------------------------------------------------------------------------------------------------


def test_the_text_that_is_kept_loads_without_the_base(own: Path) -> None:
    pack = written(own, "clocks:\n  resolution: {limit: 20 days}\n")
    kept = text_of(own)
    own.with_name("base.yaml").unlink()
    with pytest.raises(PackError, match=r"own\.yaml:2:10: extends: found 'base.yaml', allowed"):
        load(own)
    assert loads(kept, name="kept") == pack


def test_the_version_is_that_of_all_that_is_taken_over(own: Path) -> None:
    before = written(own, "")
    own.with_name("base.yaml").write_text(BASE.replace("24 h", "23 h"), encoding="utf-8")
    assert load(own).version != before.version


def test_a_kept_text_points_at_its_own_lines(own: Path) -> None:
    written(own, "")
    kept = text_of(own).replace("30 days", "30 moons")
    line = next(number for number, text in enumerate(kept.splitlines(), start=1) if "30 moons" in text)
    with pytest.raises(PackError, match=rf"^kept:{line}:12: clocks\.resolution\.limit: found '30 moons'"):
        loads(kept, name="kept")


def test_a_chain_is_kept_whole(own: Path) -> None:
    written(own, "title: Ours\n")
    third = own.with_name("third.yaml")
    third.write_text("pack: third\nextends: own.yaml\nlanguage: de\n", encoding="utf-8")
    pack, kept = load(third), text_of(third)
    assert (pack.title, pack.language, kept.count("# ===== extends ")) == ("Ours", "de", 2)
    assert loads(kept, name="kept") == pack
