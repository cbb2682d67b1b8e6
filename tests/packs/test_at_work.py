"""What a pack may say of whom a clock or rule is for, and of messages: how it comes out on a ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from plugin.model.clocks import ClockState
from plugin.model.decision import Message, Mode
from plugin.model.pack import MessageText, Pack, share_of_tickets
from plugin.packs import loads
from plugin.plan.parts import SendMessage
from tests.plan.givens import MONDAY as NOON
from tests.plan.givens import WHY, decision, planned, terms
from tests.policies.story import Story

HEAD = "pack: own\nextends: service-standard\n"
VIP = """
clocks:
  first_response:
    instead:
      - when: {vip: true, kinds: [complaint]}
        limit: 4 working hours
        calendar: office
      - when: {groups: [Shop]}
        limit: 12 h
"""


def own(changes: str) -> Pack:
    return loads(HEAD + changes, name="own.yaml")


# -- other times on a clock -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vip", "words", "group", "allowed"),
    [
        pytest.param(False, "I want to complain", "First line", "24 h", id="everybody"),
        pytest.param(True, "I want to complain", "First line", "4 working hours", id="a VIP's complaint"),
        pytest.param(True, "Where is my order?", "First line", "24 h", id="a VIP's request"),
        pytest.param(False, "Where is my order?", "Shop", "12 h", id="a group"),
        pytest.param(True, "I want to complain", "Shop", "4 working hours", id="the first that fits"),
    ],
)
def test_a_clock_has_another_time_for_those_the_pack_names(vip: bool, words: str, group: str, allowed: str) -> None:
    story = Story(pack=own(VIP)).customer_writes_in(words, vip=vip, group=group)
    if "complain" in words:
        story.says("complaint", after=0)
    assert story.decided(after=1).clock("first_response").allowed == allowed


def test_the_other_time_runs_on_its_own_calendar() -> None:
    friday = datetime(2026, 3, 6, 15, tzinfo=UTC)  # four o'clock in Berlin
    story = Story(pack=own(VIP), started_at=friday).customer_writes_in("I want to complain", vip=True)
    story.says("complaint", after=0)
    clock = story.decided(after=1).clock("first_response")
    assert (clock.calendar, clock.limit_at) == ("office", datetime(2026, 3, 9, 11, tzinfo=UTC))


# -- roll-out ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rolled_out", "group", "mode"),
    [
        pytest.param("", "First line", Mode.ENFORCE, id="everywhere"),
        pytest.param("groups: [Shop]", "Shop", Mode.ENFORCE, id="in the group"),
        pytest.param("groups: [Shop]", "First line", Mode.OBSERVE, id="elsewhere"),
        pytest.param("share: 100 %", "First line", Mode.ENFORCE, id="everyone's share"),
        pytest.param("share: 0.0001 %", "First line", Mode.OBSERVE, id="hardly anyone's share"),
    ],
)
def test_a_rule_enforces_only_where_it_is_rolled_out_to(rolled_out: str, group: str, mode: Mode) -> None:
    pack = own(f"rules:\n  - name: stages\n    {rolled_out}\n")
    decided = Story(pack=pack).customer_writes_in(group=group).decided(after=1).decision
    assert {field.mode for field in decided.fields if field.name == "steward_stage"} == {mode}


def test_a_share_is_always_of_the_same_tickets_and_only_grows() -> None:
    tenth = {ticket for ticket in range(1, 5001) if share_of_tickets(ticket) < 0.1}
    half = {ticket for ticket in range(1, 5001) if share_of_tickets(ticket) < 0.5}
    assert tenth < half
    assert 400 < len(tenth) < 600
    assert share_of_tickets(7) == share_of_tickets(7)
    print(f"10 % of 5000 tickets are {len(tenth)}")


@pytest.mark.parametrize(
    ("when", "words", "vip", "applies"),
    [
        pytest.param("{vip: true}", "Hello", True, True, id="VIP"),
        pytest.param("{vip: true}", "Hello", False, False, id="not VIP"),
        pytest.param("{vip: false}", "Hello", True, False, id="only those who are not"),
        pytest.param("{natures: [product]}", "I complain: it is broken", False, True, id="nature"),
        pytest.param("{natures: [system]}", "I complain: it is broken", False, False, id="another nature"),
    ],
)
def test_a_rule_is_for_those_its_when_names(when: str, words: str, vip: bool, applies: bool) -> None:
    pack = own(f"rules:\n  - name: stages\n    when: {when}\n")
    story = Story(pack=pack).customer_writes_in(words, vip=vip)
    if "complain" in words:
        story.says("complaint", after=0)
    assert ("stage" in story.decided(after=1).fields) == applies


# -- waiting ----------------------------------------------------------------------------------------------------------


def waiting(pack: Pack, *, state: str, state_type: str) -> bool:
    story = Story(pack=pack).customer_writes_in("I want to complain")
    story.says("complaint", after=0)
    story.answers(after=1)
    fact = story.state(state_type, after=2)
    story.facts[-1] = replace(fact, data={**fact.data, "to": state})
    return story.decided(after=3).clock("result").state is ClockState.PAUSED


def test_left_out_every_pending_reminder_means_waiting() -> None:
    assert waiting(own(""), state="pending reminder", state_type="pending reminder")
    assert waiting(own(""), state="on holiday", state_type="pending reminder")
    assert not waiting(own(""), state="waiting for parts", state_type="open")


def test_only_the_states_that_are_named_mean_waiting() -> None:
    pack = own("waiting_states: [waiting for customer]\n")
    assert waiting(pack, state="waiting for customer", state_type="open")
    assert not waiting(pack, state="pending reminder", state_type="pending reminder")


# -- messages ---------------------------------------------------------------------------------------------------------


def message(*values: tuple[str, str | datetime]) -> Message:
    return Message(
        rule="follow_up.confirmation",
        epoch="m1",
        template="confirmation",
        clause="C2.3",
        because=WHY,
        moment=NOON - timedelta(hours=1),
        values=values,
    )


def test_a_value_that_is_not_known_stops_the_message_and_nothing_else() -> None:
    text = {"confirmation": MessageText("Settled: {number}", "On {closed_on}.")}
    found = planned(decision(messages=(message(),)), under=terms(messages=text))
    assert found.calls == ()
    assert [effect.error for effect in found.observed] == ["no value for {closed_on}"]
    assert found.alarms == ("message_without_value",)


def test_a_message_goes_out_with_its_values() -> None:
    text = {"confirmation": MessageText("Settled: {number}", "{{On}} {closed_on}.")}
    found = planned(decision(messages=(message(("closed_on", "Monday")),)), under=terms(messages=text))
    (sent,) = found.calls
    assert isinstance(sent, SendMessage)
    assert (sent.subject, sent.body) == ("Settled: 81007", "{On} Monday.")


def test_a_pack_without_messages_mails_nobody_whatever_the_switch_says() -> None:
    for changes, sent in (("", True), ("messages: null\n", False)):
        story = Story(pack=own(changes)).customer_writes_in("I want to complain")
        story.says("complaint", after=0)
        story.answers(after=1)
        story.closes(after=2)
        decided = story.decided(after=4, customer_mail=True).decision
        assert bool(decided.messages) == sent
        assert "follow_up" in {task.key for task in decided.tasks}
