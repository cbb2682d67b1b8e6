"""A history under the virtual clock: what would have been written, told and asked, and by when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.model.decision import Mode
from plugin.model.facts import Fact, FactKind
from plugin.model.pack import Pack
from plugin.model.people import SYSTEM
from plugin.simulate.histories import History, as_lived
from plugin.simulate.outcome import Doing
from plugin.simulate.playing import play
from tests.policies.story import ANNA, BEN, STEWARD, Story, shipped, with_people
from tests.simulate.played import doings, end, history, played


def in_mode(pack: Pack, mode: Mode) -> Pack:
    return replace(pack, rules=tuple(replace(rule, mode=mode) for rule in pack.rules))


def unanswered(*, at: float = 0) -> Story:
    """Anna's ticket, ``at`` hours after nine on Monday morning, and nobody answers."""
    story = Story(started_at=Story().at(at)).customer_writes_in("Where is my order?")
    story.gives(ANNA, by=ANNA, after=1)
    return story


def test_an_answer_in_time_makes_no_noise() -> None:
    story = unanswered()
    story.answers(after=2)
    outcome = played(story, until=400)
    assert end(outcome, "first_response") == "met"
    assert outcome.done == ()


def test_whoever_does_not_answer_is_warned_and_told_once_each() -> None:
    outcome = played(unanswered(at=3), until=60)
    assert end(outcome, "first_response") == "breached"
    notes = doings(outcome, Doing.NOTE)
    assert notes["tiered_escalation.warning.first_response → anna"] == 1
    assert notes["tiered_escalation.breach.first_response → anna"] == 1
    assert doings(outcome, Doing.NOTICE)["tiered_escalation.breach.first_response → anna"] == 1


def test_an_answer_after_the_warning_is_counted_as_such() -> None:
    story = unanswered()
    story.answers(after=23)
    assert end(played(story, until=60), "first_response") == "warned"


def test_who_is_told_at_night_is_told_in_the_morning() -> None:
    story = unanswered(at=3)  # three quarters of its 24 hours have passed at six in the morning
    outcome = played(story, until=120)
    told = [one.at for one in outcome.done if one.doing is Doing.NOTE]
    office = story.pack.office_calendar
    assert told
    assert all(office.is_open(at) for at in told)


def test_while_nobody_owns_it_the_whole_group_hears() -> None:
    pack = with_people(shipped(), supervisors=("chief",))
    outcome = played(Story(pack=pack).customer_writes_in("Where is my order?"), until=60)
    heard = {one.person for one in outcome.done if one.doing is Doing.NOTICE}
    assert {"all of First line", "chief"} <= heard


def test_rules_that_observe_are_only_recorded() -> None:
    outcome = played(unanswered(), until=60, pack=in_mode(shipped(), Mode.OBSERVE))
    assert outcome.done
    assert all(one.only_observed for one in outcome.done)
    assert not any(one.doing is Doing.NOTICE for one in outcome.done)


def test_a_major_complaint_asks_for_its_tasks_once() -> None:
    story = Story().customer_writes_in("I complain: there was a fire, my child is injured.")
    story.gives(ANNA, by=ANNA, after=1)
    for hours in (2, 3, 4):
        story.notes(after=hours)
    tasks = [one.what for one in played(story, until=40).done if one.doing is Doing.TASK]
    assert {"investigate", "talk", "put_right"} <= set(tasks)
    assert len(tasks) == len(set(tasks))


def test_the_load_is_theirs_who_were_accountable_while_it_was_open() -> None:
    story = unanswered()
    story.answers(after=5)
    story.closes(after=6)
    carried = [(one.person, (one.until - one.since) / timedelta(hours=1)) for one in played(story, until=99).carried]
    assert carried == [("nobody", 1.0), ("anna", 5.0)]


def test_what_steward_did_is_left_out() -> None:
    story = unanswered()
    before = played(story, until=60)
    story.tell(FactKind.TAG_ADDED, after=30, by=STEWARD, tag="steward:breached")
    story.sets("steward_kind", "none", by=STEWARD, after=31)
    assert played(story, until=60) == replace(before, decisions=before.decisions)


def test_a_ticket_steward_made_for_a_task_is_none() -> None:
    story = Story().begin(by=STEWARD)
    assert play(history(story, until=60), shipped()) is None


def test_a_history_read_before_anything_is_known_is_none() -> None:
    assert play(History(1, "81001", "1", Story().at(1), ()), shipped()) is None


def test_a_vip_was_one_from_the_beginning() -> None:
    story = Story().customer_writes_in("I complain, it is broken.")
    story.says("complaint", after=1)
    seen = Fact("observed:vip", FactKind.OBSERVED, story.at(900), story.at(900), SYSTEM, {"what": "vip", "value": True})
    whole = replace(history(story, until=1000), facts=(*history(story, until=1000).facts, seen))
    assert [fact.at for fact in as_lived(whole) if fact["what"] == "vip"] == [story.at(0)]
    outcome = play(whole, shipped())
    assert outcome is not None
    assert outcome.verdicts["tier"] == "serious"


def test_articles_a_merge_brought_from_before_the_ticket_are_no_beginning() -> None:
    story = unanswered()
    story.customer_writes("I wrote this on another ticket.", after=-20)
    assert played(story, until=60).decisions > 1


def test_it_was_late_before_steward_came_does_not_count() -> None:
    """A ticket adopted late was played from its first moment: there was no baseline then."""
    story = unanswered()
    story.observe("adopted", after=48, older=True, created_at=story.at(0).isoformat())
    assert end(played(story, until=60), "first_response") == "breached"
    assert doings(played(story, until=60), Doing.NOTE)


@pytest.mark.parametrize("customer_mail", [False, True], ids=["as a task", "as a mail"])
def test_the_confirmation_is_sent_where_mails_may_be(customer_mail: bool) -> None:
    story = Story().customer_writes_in("I complain, it is broken.")
    story.says("complaint", after=1)
    story.gives(ANNA, by=ANNA, after=1)
    story.answers(after=2)
    story.closes(after=3)
    outcome = played(story, until=20, customer_mail=customer_mail)
    mails = [one for one in outcome.done if one.doing is Doing.MESSAGE]
    assert bool(mails) is customer_mail
    assert any(one.doing is Doing.TASK and one.person == "anna" for one in outcome.done) is not customer_mail


def test_a_decision_like_the_last_is_not_planned_again() -> None:
    story = unanswered()
    outcome = played(story, until=24 * 80)
    assert len([one for one in outcome.done if one.doing is Doing.NOTE]) <= 3


def test_two_people_who_take_turns_are_named_by_login() -> None:
    story = unanswered()
    story.gives(BEN, by=ANNA, after=2)
    story.answers(BEN, after=3)
    assert {one.person for one in played(story, until=10).carried} <= {"nobody", "anna", "ben"}


def closed_complaint() -> Story:
    story = Story().customer_writes_in("I complain, it is broken.")
    story.says("complaint", after=1)
    story.gives(ANNA, by=ANNA, after=1)
    story.answers(after=2)
    story.closes(after=3)
    return story


@pytest.mark.parametrize(
    ("tasks_done", "ends"), [(True, {"met", "warned"}), (False, {"breached"})], ids=["done", "left"]
)
def test_a_task_ends_its_clocks_where_people_are_taken_to_do_it(tasks_done: bool, ends: set[str]) -> None:
    outcome = play(history(closed_complaint(), until=200), shipped(), tasks_done=tasks_done)
    assert outcome is not None
    assert end(outcome, "follow_up_visit") in ends


def test_a_mail_that_went_out_is_the_confirmation() -> None:
    outcome = played(closed_complaint(), until=200, customer_mail=True)
    assert end(outcome, "confirmation") in {"met", "warned"}
    assert len([one for one in outcome.done if one.doing is Doing.MESSAGE and one.what == "confirmation"]) <= 1
