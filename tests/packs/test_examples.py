"""The story language of a pack's examples: what is told becomes facts, what is expected is compared in one wording."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from docs import write_examples
from plugin.model.errors import PackError
from plugin.model.facts import FactKind
from plugin.packs import shipped
from plugin.packs.examples import deeds
from plugin.packs.examples.book import Exampled, load
from plugin.packs.examples.moments import Diary, Moment
from plugin.packs.examples.proving import tell
from plugin.packs.examples.sentences import SENTENCES, spoken

Read = Callable[[str], Exampled]

SMALL = """\
pack: small
title: A small house
zone: Europe/Berlin
calendars: {office: {hours: {monday to friday: 09:00-17:00}}, always: {hours: always}}
clocks: {first_response: {clause: C3.1, kinds: [complaint, request], limit: 24 h, calendar: always}}
rules: [{policy: classification}, {policy: deadlines}]
retention: {minimum: 6 months, classes: {service: 6 months, complaint: 6 months}}
"""
OWN = """\
pack: own
extends: service-standard
title: A house of our own
"""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """A small pack with these examples."""
    return lambda text: written(tmp_path / "own.yaml", SMALL + text)


@pytest.fixture
def extended(tmp_path: Path) -> Read:
    """A pack over the shipped one, with whatever else is written."""
    return lambda text: written(tmp_path / "own.yaml", OWN + text)


def written(file: Path, text: str) -> Exampled:
    file.write_text(text, encoding="utf-8")
    return load(file)


STORY = '      monday 09:00: customer writes "Where is it?"\n'
EXPECT = "      at once: {kind: request}\n"


def example(*, story: str = STORY, expect: str = EXPECT, more: str = "") -> str:
    return f"examples:\n  it:\n    clauses: [C3.1 first response]\n{more}    story:\n{story}    expect:\n{expect}"


def refused(read: Read, text: str) -> list[str]:
    with pytest.raises(PackError) as fault:
        read(text)
    return [line.partition("own.yaml:")[2] for line in str(fault.value).splitlines()]


@pytest.mark.parametrize("name", shipped())
def test_the_examples_of_a_shipped_pack_hold(name: str) -> None:
    assert [(p.name, p.failures) for p in load(name).proofs() if not p.holds] == []


def test_the_page_of_examples_is_current_and_its_example_holds(extended: Read) -> None:
    assert write_examples.PAGE.read_text(encoding="utf-8") == write_examples.page(), "run: make docs"
    block = write_examples.HEAD.partition("```yaml\n")[2].partition("```")[0]
    own = extended(block)
    (name,) = [name for name in own.examples if own.is_own(name)]
    assert own.proof(name).failures == ()


# -- moments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        pytest.param("at once", "2026-03-05T08:00", id="the beginning"),
        pytest.param("+3 h", "2026-03-05T11:00", id="hours"),
        pytest.param("+90min", "2026-03-05T09:30", id="minutes without a blank"),
        pytest.param("+1 day 2 h", "2026-03-06T10:00", id="a day and some hours"),
        pytest.param("+30 days", "2026-04-04T07:00", id="days keep the local time over summer time"),
        pytest.param("thursday 18:00", "2026-03-05T17:00", id="the day it began"),
        pytest.param("monday 09:00", "2026-03-09T08:00", id="a weekday after it"),
        pytest.param("next monday 09:00", "2026-03-16T08:00", id="a week later"),
        pytest.param("2026-12-24 17:00", "2026-12-24T16:00", id="a date"),
    ],
)
def test_a_moment_is_read_as_it_is_said(written: str, moment: str) -> None:
    diary = Diary(zone="Europe/Berlin", first=Moment.parse("thursday 09:00"))
    assert diary.when(Moment.parse(written)) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize("written", ["soon", "+3", "+2 working days", "someday 09:00", "monday", "monday 25:00", 9])
def test_what_is_no_moment_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="allowed"):
        Moment.parse(written)


# -- sentences --------------------------------------------------------------------------------------------------------


def test_every_deed_has_a_sentence_that_is_understood() -> None:
    told = {known.deed for known in SENTENCES}
    assert {deed for name, deed in vars(deeds).items() if getattr(deed, "__module__", "") == deeds.__name__} == told


def test_a_customers_mail_opens_a_closed_ticket_again(read: Read) -> None:
    story = """\
      monday 09:00: customer writes
      monday 10:00: anna answers and closes it
      monday 11:00: customer writes "Thank you."
"""
    own = read(example(story=story, expect="      monday 11:00: {kind: request}\n"))
    facts = [fact for _, _, timeline, _ in tell("it", own.examples["it"], pack=own.pack).moments for fact in timeline]
    states = [str(fact["to"]) for fact in facts if fact.kind is FactKind.CHANGED and fact["attribute"] == "state"]
    assert states == ["open", "closed", "open"]


def test_a_sentence_nobody_knows_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"allowed a sentence of the story language, such as: <agent> answers"):
        spoken("anna anwsers")


def test_the_customer_is_no_agent() -> None:
    with pytest.raises(ValueError, match="allowed a sentence"):
        spoken("customer closes it")


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            example(story="      monday 09:00: customer sleeps\n"),
            "12:21: examples.it.story.monday 09:00: found 'customer sleeps', allowed a sentence of the story language",
            id="a sentence nobody knows",
        ),
        pytest.param(
            example(expect="      later: {kind: request}\n"),
            "14:7: examples.it.expect.later: found the key later, allowed a moment:",
            id="no moment",
        ),
        pytest.param(
            example(expect="      at once: {kinds: request}\n"),
            "14:17: examples.it.expect.at once.kinds: found the key kinds, allowed ",
            id="nothing that can be expected",
        ),
        pytest.param(
            example(expect="      at once: {clocks: {result: late}}\n"),
            "14:34: examples.it.expect.at once.clocks.result: found 'late', allowed running, paused, met, breached",
            id="no state of a clock",
        ),
        pytest.param(
            example(expect="      at once: {notes: {breach: mails anna}}\n"),
            "14:33: examples.it.expect.at once.notes.breach: found 'mails anna', allowed tells anna, chief;",
            id="no telling",
        ),
        pytest.param(
            example(expect="      at once: {tasks: {talk: open}}\n"),
            "14:31: examples.it.expect.at once.tasks.talk: found 'open', allowed wanted, withdrawn or none",
            id="no state of a task",
        ),
        pytest.param(
            example(more="    given: {rank: VIP}\n"),
            "11:13: examples.it.given.rank: found the key rank, allowed vip, group, channel",
            id="nothing that can be given",
        ),
        pytest.param(
            example(more="    given: {options: {deadlines: {waiting_ends: 3 days}}}\n"),
            "11:35: examples.it.given.options.deadlines.waiting_ends: found the key waiting_ends, allowed ",
            id="no option of the policy",
        ),
        pytest.param(
            example(story="      +3 h: customer writes\n"),
            "12:7: examples.it.story: found +3 h first, allowed a story that begins at a weekday or date",
            id="a story without a beginning",
        ),
    ],
)
def test_a_mistake_in_an_example_is_placed(text: str, line: str, read: Read) -> None:
    (found,) = refused(read, text)
    assert found.startswith(line)


# -- what is expected -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "about", "got"),
    [
        pytest.param("kind: complaint", "kind", "request", id="a field"),
        pytest.param("tags: breached", "tags", "none", id="tags"),
        pytest.param("next_due_at: monday 10:00", "next_due_at", "Tue 2026-03-03 09:00", id="a moment"),
        pytest.param("findings: {vip: true}", "findings.vip", "false", id="a finding"),
        pytest.param("findings: {nonsense: 1}", "findings.nonsense", "none", id="a finding nobody made"),
        pytest.param(
            "clocks: {first_response: met until monday 10:00}",
            "clocks.first_response",
            "running until Tue 2026-03-03 09:00",
            id="a clock",
        ),
        pytest.param("clocks: none", "clocks", "first_response", id="no clocks"),
        pytest.param("clocks: {first_response: none}", "clocks.first_response", "running", id="a clock that runs"),
        pytest.param("notes: {breach: tells anna}", "notes.breach", "none", id="a note"),
        pytest.param("tasks: {talk: wanted}", "tasks.talk", "none", id="a task"),
        pytest.param("messages: closing", "messages", "none", id="messages"),
        pytest.param("in_force: false", "in_force", "true", id="in force"),
        pytest.param("ticket: open", "ticket", "none", id="the ticket"),
    ],
)
def test_what_comes_out_otherwise_is_told_in_the_same_words(expected: str, about: str, got: str, read: Read) -> None:
    (failure,) = read(example(expect=f"      at once: {{{expected}}}\n")).proof("it").failures
    assert (failure.about, failure.got) == (about, got)


# -- packs that extend ------------------------------------------------------------------------------------------------


def test_a_pack_takes_over_the_examples_of_the_one_it_extends(extended: Read) -> None:
    own = extended("people: {supervisors: [carla], management: [max]}\nscope: {groups: [Complaints, Sales]}\n")
    assert own.examples.keys() == load("service-standard").examples.keys()
    assert [proof.name for proof in own.proofs() if not proof.holds] == []


def test_a_changed_limit_makes_an_example_fail_that_was_taken_over(extended: Read) -> None:
    own = extended("clocks: {first_response: {limit: 8 h}}\n")
    failed = {proof.name for proof in own.proofs() if not proof.holds}
    name = "without an answer the promise is broken after 24 hours, at night and on Sunday too"
    assert name in failed
    assert not own.is_own(name)


def test_whoever_means_the_change_says_so_under_the_same_name_or_takes_the_example_away(extended: Read) -> None:
    changed = extended(
        "clocks: {first_response: {limit: 12 h}}\n"
        "examples:\n"
        "  closing without an answer is a deviation: null\n"
        "  a first answer within 24 hours keeps the promise:\n"
        "    clauses: [C3.1 first response]\n"
        "    story: {monday 09:00: customer writes}\n"
        "    expect: {+12 h: {breached: first_response}}\n"
    )
    assert "closing without an answer is a deviation" not in changed.examples
    name = "a first answer within 24 hours keeps the promise"
    assert changed.proof(name).failures == ()
    assert changed.is_own(name)
