"""Packs as an administrator writes them: what is read, what is shipped, and how a mistake is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.model.decision import Mode
from plugin.model.durations import Duration, Unit
from plugin.model.errors import PackError
from plugin.model.pack import Kind, Pack, Tier
from plugin.packs import load, shipped, showing, text_of
from plugin.packs.loading import loads
from plugin.packs.options import HasOptions
from plugin.packs.source import parse
from plugin.policies import discover


class Loudness(StrEnum):
    SOFT = "soft"
    LOUD = "loud"


@dataclass(frozen=True, slots=True)
class GreetingOptions:
    """One option of each type a pack can hold."""

    loudness: Loudness = Loudness.SOFT
    after: Duration = Duration(1, Unit.HOURS)
    times: int = 1
    share: float = 0.5
    words: str = "hello"
    again: bool = False
    names: tuple[str, ...] = ()
    most: int | None = 3

    def __post_init__(self) -> None:
        if self.times > 9:
            raise ValueError("found too many times, allowed nine")


class Greeting:
    Options = GreetingOptions
    CLOCKS = ("hello", "bye")


@dataclass(frozen=True, slots=True)
class NoOptions:
    """Nothing to choose."""


class Silence:
    Options = NoOptions


POLICIES: dict[str, HasOptions] = {"greeting": Greeting, "silence": Silence}

SMALL = """\
pack: small
title: A small pack
zone: Europe/Berlin
calendars:
  office:
    hours:
      monday to friday: 09:00-17:00
clocks:
  hello:
    clause: X1
    limit: 24 h
    calendar: office
rules:
  - policy: greeting
    options:
      times: 2
retention:
  minimum: 6 months
  classes:
    service: 6 months
    complaint: 12 months
"""

Read = Callable[[str], Pack]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Load a text as a file, with the policies of this test; messages name the file ``pack.yaml``."""

    def load_text(text: str) -> Pack:
        file = tmp_path / "pack.yaml"
        file.write_text(text, encoding="utf-8")
        try:
            return load(file, policies=POLICIES)
        except PackError as fault:
            raise PackError(str(fault).replace(str(file), "pack.yaml")) from None

    return load_text


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


def mistakes(read: Read, text: str) -> list[str]:
    with pytest.raises(PackError) as refused:
        read(text)
    return str(refused.value).splitlines()


# -- what is read -----------------------------------------------------------------------------------------------------


def test_a_small_pack_has_the_values_it_leaves_out(read: Read) -> None:
    pack = read(SMALL)
    assert (pack.name, pack.language, pack.zone, pack.office) == ("small", "en", "Europe/Berlin", "office")
    assert pack.scope.groups is None
    assert pack.people.supervisors == ()
    assert set(pack.tiers) == set(Tier)
    assert pack.clocks["hello"].kinds == (Kind.COMPLAINT,)
    assert pack.clocks["hello"].warn_at == 0.75
    assert pack.retention.classes["complaint"] == Duration(12, Unit.MONTHS)
    assert pack.office_calendar.hours is not None
    assert pack.office_calendar.hours[4:] == (((time(9), time(17)),), (), ())


def test_a_rule_is_observed_until_it_says_enforce(read: Read) -> None:
    (rule,) = read(SMALL).rules
    assert (rule.name, rule.policy, rule.mode, rule.limit) == ("greeting", "greeting", Mode.OBSERVE, None)
    assert rule.options == GreetingOptions(times=2)


def test_options_are_read_by_their_types(read: Read) -> None:
    options = """times: 3
      loudness: loud
      after: 2 working days
      share: 1
      words: good day
      again: true
      names: [anna, ben]
      most: null
"""
    (rule,) = read(changed("times: 2\n", options)).rules
    assert rule.options == GreetingOptions(
        loudness=Loudness.LOUD,
        after=Duration(2, Unit.WORKING_DAYS),
        times=3,
        share=1.0,
        words="good day",
        again=True,
        names=("anna", "ben"),
        most=None,
    )


def test_a_calendar_with_everything(read: Read) -> None:
    hours = """hours:
      monday to thursday: 09:00-12:00, 13:00-17:00
      friday: 09:00-12:00
      sunday: closed
    zone: Asia/Shanghai
    holidays:
      of: [CN, DE-BY]
      also: [2026-12-24]
      without: [2026-12-26]
    make_up_days:
      2026-10-10: friday
      2026-10-11: 10:00-24:00
    make_up_hours: monday
"""
    calendar = read(changed("hours:\n      monday to friday: 09:00-17:00\n", hours)).office_calendar
    assert calendar.zone == "Asia/Shanghai"
    assert calendar.countries == ("CN", "DE-BY")
    assert calendar.holidays_added == {date(2026, 12, 24)}
    assert calendar.holidays_removed == {date(2026, 12, 26)}
    assert calendar.openings_on(date(2026, 10, 10)) == ((time(9), time(12)),)
    assert calendar.openings_on(date(2026, 10, 11)) == ((time(10), time(0)),)
    assert calendar.openings_on(date(2026, 2, 14)) == ((time(9), time(12)), (time(13), time(17)))


def test_a_clock_with_everything(read: Read) -> None:
    everything = """limit: 30 days
    target: 2 weeks
    extended_limit: 60 days
    warn_at: 50 %
    pauses: true
    kinds: [complaint, request]
    tiers: [major]
"""
    found = read(changed("limit: 24 h\n", everything)).clocks["hello"]
    assert (found.target, found.limit) == (Duration(2, Unit.WEEKS), Duration(30, Unit.DAYS))
    assert found.extended_limit == Duration(60, Unit.DAYS)
    assert found.warn_at == 0.5
    assert found.pauses
    assert found.kinds == (Kind.COMPLAINT, Kind.REQUEST)
    assert found.tiers == (Tier.MAJOR,)


def test_a_policy_may_serve_different_tickets_by_different_rules(read: Read) -> None:
    second = """times: 2
  - policy: greeting
    name: loud greeting
    when: {tiers: [major], groups: [Complaints]}
    limit: 5
    options: {loudness: loud}
"""
    first, other = read(changed("times: 2\n", second)).rules
    assert (first.name, other.name) == ("greeting", "loud greeting")
    assert (other.when.tiers, other.when.groups, other.limit) == ((Tier.MAJOR,), ("Complaints",), 5)


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        pytest.param(
            "limit: 24 h",
            "limit: 24 h\n    limt: 12 h",
            "pack.yaml:12:5: clocks.hello.limt: found the key limt, allowed clause, kinds, tiers, target, limit,"
            " extended_limit, calendar, warn_at, pauses",
            id="unknown key",
        ),
        pytest.param("zone: Europe/Berlin", "zone:", "pack.yaml:3:1: zone: found nothing, allowed", id="empty"),
        pytest.param("zone: Europe/Berlin\n", "", "pack.yaml:1:1: zone: found nothing, allowed", id="left out"),
        pytest.param(
            "calendar: office",
            "calendar: offise",
            "pack.yaml:12:15: clocks.hello.calendar: found 'offise', allowed a calendar of this pack: office",
            id="calendar that is not there",
        ),
        pytest.param(
            "  hello:",
            "  helo:",
            "pack.yaml:9:3: clocks.helo: found the key helo, allowed hello, bye",
            id="clock no policy runs",
        ),
        pytest.param(
            "policy: greeting",
            "policy: greting",
            "pack.yaml:14:13: rules.greting.policy: found 'greting', allowed greeting, silence",
            id="unknown policy",
        ),
        pytest.param(
            "times: 2",
            "tims: 2",
            "pack.yaml:16:7: rules.greeting.options.tims: found the key tims, allowed loudness, after, times",
            id="unknown option",
        ),
        pytest.param(
            "times: 2",
            "times: two",
            "pack.yaml:16:14: rules.greeting.options.times: found 'two', allowed a whole number",
            id="option of another type",
        ),
        pytest.param(
            "times: 2",
            "loudness: huge",
            "pack.yaml:16:17: rules.greeting.options.loudness: found 'huge', allowed soft, loud",
            id="option with another choice",
        ),
        pytest.param(
            "times: 2",
            "times: 10",
            "pack.yaml:16:7: rules.greeting.options: found too many times, allowed nine",
            id="option the policy refuses",
        ),
        pytest.param(
            "monday to friday: 09:00-17:00",
            "monday to freitag: 09:00-17:00",
            "pack.yaml:7:7: calendars.office.hours.monday to freitag: found the key monday to freitag, allowed monday,",
            id="weekday",
        ),
        pytest.param(
            "09:00-17:00",
            "9-17",
            "pack.yaml:7:25: calendars.office.hours.monday to friday: found '9-17', allowed",
            id="time",
        ),
        pytest.param(
            "09:00-17:00",
            "17:00-09:00",
            "pack.yaml:7:25: calendars.office.hours.monday to friday: found '17:00-09:00', allowed openings in order",
            id="backwards",
        ),
        pytest.param(
            "09:00-17:00",
            "closed",
            "pack.yaml:7:7: calendars.office.hours: found hours that never open, allowed times on one weekday",
            id="never open",
        ),
        pytest.param(
            "09:00-17:00",
            "09:00-17:00\n      friday: 09:00-12:00",
            "pack.yaml:7:7: calendars.office.hours: found friday twice, allowed each weekday once",
            id="a weekday twice",
        ),
        pytest.param(
            "09:00-17:00",
            "09:00-17:00\n    make_up_days: {2026-10-10: sunday}",
            "pack.yaml:8:32: calendars.office.make_up_days.2026-10-10: found 'sunday', allowed a weekday that has",
            id="made up for on a closed weekday",
        ),
        pytest.param(
            "09:00-17:00",
            "09:00-17:00\n    make_up_days: {soon: monday}",
            "pack.yaml:8:20: calendars.office.make_up_days.soon: found the key soon, allowed a date such as",
            id="no date",
        ),
        pytest.param(
            "service: 6 months",
            "service: 5 months",
            "pack.yaml:20:14: retention.classes.service: found 5 months, allowed the minimum of 6 months or longer",
            id="kept too short",
        ),
        pytest.param(
            "complaint: 12 months",
            "complaints: 12 months",
            "pack.yaml:20:5: retention.classes: found complaint, allowed a class of this pack: service, complaints",
            id="class that is not there",
        ),
        pytest.param(
            "times: 2",
            "times: 2\n  - policy: greeting\n    when: {tiers: [major]}",
            "pack.yaml:17:5: rules.greeting: found a second rule greeting, allowed names of their own: add name",
            id="a name twice",
        ),
        pytest.param(
            "title: A small pack",
            "title: A small pack\nwords: {complaint: ['']}",
            "pack.yaml:3:21: words.complaint.0: found '', allowed a text",
            id="empty word",
        ),
        pytest.param(
            "title: A small pack",
            "title: A small pack\nwords: {complaint: ['*']}",
            "pack.yaml:3:21: words.complaint.0: found '*', allowed words of two letters or more",
            id="a word for everything",
        ),
        pytest.param(
            "title: A small pack",
            "title: A small pack\nwords: {complaint: complain}",
            "pack.yaml:3:20: words.complaint: found 'complain', allowed a list",
            id="no list",
        ),
        pytest.param(
            "title: A small pack",
            "title: A small pack\ntiers: {huge: {}}",
            "pack.yaml:3:9: tiers.huge: found the key huge, allowed general, serious, major",
            id="tier",
        ),
        pytest.param(
            "title: A small pack",
            "title: A small pack\nscope:",
            "pack.yaml:3:1: scope: found nothing, allowed keys with values",
            id="section without keys",
        ),
        pytest.param(
            "title: A small pack",
            "title: A small pack\noffice: home",
            "pack.yaml:3:9: office: found 'home', allowed a calendar of this pack: office",
            id="office",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_is_allowed(read: Read, old: str, new: str, line: str) -> None:
    (found,) = mistakes(read, changed(old, new))
    assert found.startswith(line)
    assert ", allowed " in found


def test_all_mistakes_are_named_at_once_from_top_to_bottom(read: Read) -> None:
    text = changed("zone: Europe/Berlin", "zone: Berlin").replace("limit: 24 h", "limit: soon").replace("times", "tims")
    text = text.replace("calendar: office", "calendar: home")
    places = [line.split(" ")[0] for line in mistakes(read, text)]
    assert places == ["pack.yaml:3:7:", "pack.yaml:11:12:", "pack.yaml:12:15:", "pack.yaml:16:7:"]


def test_an_unknown_name_is_refused_with_the_packs_there_are() -> None:
    with pytest.raises(PackError, match="found no such pack, allowed asic-rg271, fca-disp, service-standard, or"):
        load("nonsense")


ODD = (
    "null",
    "[]",
    "{}",
    "-1",
    "true",
    "2026-01-01",
    "2026-01-01T10:00:00Z",
    "'x'",
    "[1, [2]]",
    "{a: {b: 1}}",
    "1e400",
)
ODDER = (
    ".nan",
    "0x10",
    "*a",
    "&a b",
    "!!binary aGk=",
    "!foo bar",
    "? x",
    "",
    "\t",
    "|",
    "- a",
    "a: b: c",
    "{",
    "\u0000",
)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, SMALL.count("\n") - 1), st.sampled_from((*ODD, *ODDER)), st.booleans())
def test_whatever_is_written_is_read_or_refused_by_line(number: int, value: str, indented: bool) -> None:
    lines = SMALL.splitlines(keepends=True)
    key, _, rest = lines[number].partition(":")
    lines[number] = f" {key}:{rest}" if indented else f"{key}: {value}\n"
    try:
        loads(parse("".join(lines), name="pack.yaml"), policies=POLICIES)
    except PackError as fault:
        for line in str(fault).splitlines():
            assert re.fullmatch(r"pack\.yaml:\d+:\d+: .+: found .+, allowed .+", line)


# -- versions ---------------------------------------------------------------------------------------------------------


def test_the_version_is_that_of_the_text(read: Read) -> None:
    version = read(SMALL).version
    assert len(version) == 64
    assert read(SMALL.replace("\n", "\r\n").replace("24 h", "24 h  ") + "\n\n").version == version
    assert read(changed("24 h", "25 h")).version != version


# -- what is shipped --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_pack_has_no_mistakes_and_enforces(name: str) -> None:
    pack = load(name)
    assert pack.name == name
    assert {rule.mode for rule in pack.rules} == {Mode.ENFORCE}
    assert all(clock.clause for clock in pack.clocks.values())
    assert not any(settings.handlers for settings in pack.tiers.values())


def test_the_service_standard_puts_every_policy_to_work_with_its_own_defaults() -> None:
    rules = {rule.policy: rule for rule in load("service-standard").rules}
    assert set(rules) == set(discover())
    assert all(rule.options == discover()[policy].Options() for policy, rule in rules.items())


@pytest.mark.parametrize(
    ("name", "clause", "limit"),
    [
        pytest.param("first_response", "C3.1", "24 h", id="first response"),
        pytest.param("assessment", "C4.1", "48 h", id="assessment"),
        pytest.param("coordination", "C4.1", "24 h", id="coordination"),
        pytest.param("notice", "C4.1", "2 working days", id="formal notice"),
        pytest.param("result", "C3.1", "48 h", id="result"),
        pytest.param("resolution", "A2.1", "30 days", id="resolution"),
        pytest.param("progress", "A2.1", "3 working days", id="progress"),
        pytest.param("confirmation", "C2.3", "24 h", id="confirmation"),
        pytest.param("follow_up_visit", "E4.4", "24 h", id="follow-up visit"),
    ],
)
def test_the_service_standard_has_the_standard_s_numbers(name: str, clause: str, limit: str) -> None:
    found = load("service-standard").clocks[name]
    assert (found.clause, str(found.limit)) == (clause, limit)


def test_waiting_stops_result_resolution_and_progress_never_the_first_response() -> None:
    clocks = load("service-standard").clocks.values()
    assert {found.name for found in clocks if found.pauses} == {"result", "resolution", "progress"}


def test_other_standards_keep_their_own_numbers() -> None:
    disp, guide = load("fca-disp"), load("asic-rg271")
    assert str(disp.clocks["resolution"].limit) == "8 weeks"
    assert str(disp.clocks["resolution"].target) == "3 working days"
    assert str(disp.retention.minimum) == "36 months"
    assert str(guide.clocks["first_response"].limit) == "24 h"
    assert str(guide.clocks["resolution"].limit) == "30 days"


def test_a_clock_of_the_service_standard_runs_on_its_calendar() -> None:
    pack = load("service-standard")
    friday = datetime(2026, 12, 18, 15, tzinfo=UTC)
    notice = pack.clocks["notice"]
    assert pack.calendar(notice.calendar).after(friday, notice.limit) == datetime(2026, 12, 22, 15, tzinfo=UTC)


# -- in words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_a_pack_is_shown_with_every_clock_and_rule(name: str) -> None:
    shown, pack = showing.show(name), load(name)
    for part in (*pack.clocks, *(rule.name for rule in pack.rules), *(found.clause for found in pack.clocks.values())):
        assert part in shown


def test_a_pack_without_mistakes_is_said_to_be_so() -> None:
    said, pack = showing.check("service-standard"), load("service-standard")
    assert said.startswith(f"service-standard: no mistakes; {len(pack.rules)} rules, {len(pack.clocks)} clocks")


def test_the_text_of_a_pack_is_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(SMALL, encoding="utf-8")
    assert text_of(tmp_path / "own.yaml") == SMALL


def test_whom_a_clock_or_rule_is_for_is_shown(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        """\
pack: own
extends: fca-disp
clocks:
  first_response: {instead: [{when: {vip: true, groups: [Shop]}, limit: 4 h}]}
rules:
  - {name: stages, when: {tiers: [major], natures: [advice]}, groups: [Users], share: 10 %, limit: 7}
""",
        encoding="utf-8",
    )
    shown, checked = showing.show(own), showing.check(own)
    assert "limit 1 working day on office; complaint; in Shop, VIP: limit 4 h on office (DISP" in shown
    only, rolled_out = "only major tier, about advice", "in Users and on 10 % of all tickets"
    assert f"stages: enforce {only} {rolled_out}, elsewhere observe at most 7 tickets in 24 h" in shown
    assert f"rules.stages: enforces {rolled_out} only, observes elsewhere" in checked


def test_the_languages_a_message_lacks_are_named(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    text = "messages: {confirmation: {en: {subject: Settled, body: It is settled.}}}"
    own.write_text(f"pack: own\nextends: fca-disp\n{text}\n", encoding="utf-8")
    assert "messages.confirmation: has no de, zh-CN; en is sent" in showing.check(own)
