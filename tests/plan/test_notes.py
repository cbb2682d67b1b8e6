"""Notes: one for all that is due, two unasked ones in a life, in office hours, under the brake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.model.decision import Note, Urgency
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.words import text
from plugin.plan import Brake, Put, Terms
from plugin.plan.parts import NoteText, Person, Plan
from tests.plan.givens import MONDAY, decision, done, hours, kinds, left, note, planned, terms, wants

NIGHT = terms(now=MONDAY + timedelta(hours=14))
TOLD = {"anna": Person(7, "anna", "Anna Erste", may_read=True, may_own=True)}


def about(*notes: Note, under: Terms | None = None, applied: tuple[Effect, ...] = ()) -> Plan:
    return planned(decision(notes=notes), under=under, applied=applied)


def written(plan: Plan) -> NoteText:
    (put,) = [call for call in plan.calls if isinstance(call, Put)]
    assert put.note is not None
    return put.note


def test_a_note_says_what_is_next_then_clause_reason_and_end() -> None:
    html = written(about(note())).html
    assert html == "<p>Answer the customer.<br>C3.1: No answer yet.<br>This ends with an answer.</p>"


def test_a_line_that_names_its_clause_is_enough() -> None:
    line = text("Answer – {clause}", clause="C3.1")
    assert "<br>No answer yet.<br>" in written(about(note(line=line))).html


def test_what_a_note_says_is_escaped() -> None:
    assert "&lt;b&gt;" in written(about(note(line=text("{name}", name="<b>")))).html


def test_all_that_is_due_goes_in_one_note_beside_the_fields() -> None:
    plan = planned(decision(fields=(wants("tier", "major"),), notes=(note("a.one"), note("b.two"))))
    assert kinds(plan) == ["Put"]
    assert written(plan).html.count("<p>") == 2
    assert len(written(plan).op_keys) == 2
    assert [e.kind for e in plan.calls[0].effects] == [EffectKind.FIELDS, EffectKind.NOTE, EffectKind.NOTE]


def test_a_note_that_was_written_is_not_written_again() -> None:
    assert about(note(), applied=done(about(note()).calls)).is_empty


def test_a_note_whose_outcome_is_unknown_rests() -> None:
    effect = about(note()).calls[0].effects[0]
    unknown = left(effect, EffectState.UNKNOWN, retry_not_before=hours(4))
    plan = about(note(), applied=(unknown,))
    assert plan.is_empty
    assert plan.wakes_at == hours(4)


def test_who_must_act_is_mentioned_and_told() -> None:
    told = written(about(note(), under=terms(people=TOLD)))
    assert told.notify
    assert told.tell == ((7, "Anna Erste"),)


@pytest.mark.parametrize(
    "people",
    [
        pytest.param({}, id="nobody knows him"),
        pytest.param({"anna": replace(TOLD["anna"], may_read=False)}, id="he may not read the ticket"),
    ],
)
def test_only_who_may_read_the_ticket_is_mentioned(people: dict[str, Person]) -> None:
    assert written(about(note(), under=terms(people=people))).tell == ()


def test_where_nobody_of_those_meant_is_there_a_stand_in_is_told() -> None:
    people = {"anna": Person(7, "anna", "Anna", may_read=False, may_own=False), "dora": TOLD["anna"]}
    under = terms(people=people, standins=("chief", "dora"), people_known=True)
    assert [who for who, _ in written(about(note(), under=under)).tell] == [TOLD["anna"].id]


def test_where_nobody_at_all_is_there_an_alarm_says_so() -> None:
    planned = about(note(), under=terms(people_known=True))
    assert "nobody_present" in planned.alarms
    assert written(planned).tell == ()


def test_a_quiet_note_tells_nobody() -> None:
    quiet = written(about(note(urgency=Urgency.QUIET), under=terms(people=TOLD)))
    assert not quiet.notify
    assert quiet.tell == ()


# -- a life's worth ---------------------------------------------------------------------------------------------------


def two_written() -> tuple[Effect, ...]:
    first = done(about(note("a.one")).calls, article_id=11)
    return (*first, *done(about(note("a.two")).calls, article_id=12))


@pytest.mark.parametrize(
    ("third", "goes"),
    [
        pytest.param(note("a.three"), False, id="nobody asked"),
        pytest.param(note("a.three", asked=True), True, id="answers an agent's word"),
        pytest.param(note("a.three", ladder=True), True, id="a step of a major matter"),
        pytest.param(note("a.three", urgency=Urgency.DANGER), True, id="danger to persons"),
    ],
)
def test_after_two_unasked_notes_only_some_are_written(third: Note, goes: bool) -> None:
    plan = about(third, applied=two_written())
    assert plan.is_empty is not goes
    assert [effect.error for effect in plan.observed] == ([] if goes else ["two unasked notes already"])


def test_a_note_that_may_have_been_written_says_why_it_is_wanted_no_more() -> None:
    third = note("a.three")
    unknown = left(about(third).calls[0].effects[0], EffectState.UNKNOWN, retry_not_before=hours(-1))
    plan = about(third, applied=(*two_written(), unknown))
    assert plan.is_empty
    assert [(effect.op_key, effect.error) for effect in plan.observed] == [
        (unknown.op_key, "two unasked notes already")
    ]


def test_notes_joined_in_one_article_count_as_one() -> None:
    joined = done(about(note("a.one"), note("a.two")).calls, article_id=11)
    assert not about(note("a.three"), applied=joined).is_empty


# -- when -------------------------------------------------------------------------------------------------------------


def test_who_is_told_is_told_when_the_office_opens() -> None:
    plan = planned(decision(fields=(wants("tier", "major"),), notes=(note(),)), under=NIGHT)
    assert kinds(plan) == ["Put"]
    assert [effect.kind for effect in plan.calls[0].effects] == [EffectKind.FIELDS]
    assert plan.wakes_at == MONDAY + timedelta(days=1)


@pytest.mark.parametrize(
    "night_note",
    [
        pytest.param(note(urgency=Urgency.DANGER), id="danger does not wait"),
        pytest.param(note(asked=True), id="who asked is there"),
        pytest.param(note(urgency=Urgency.QUIET), id="nobody is woken"),
    ],
)
def test_some_notes_are_written_at_night(night_note: Note) -> None:
    assert not about(night_note, under=NIGHT).is_empty


def test_the_brake_over_all_tickets_holds_notes_back_and_says_so() -> None:
    under = terms(brake=Brake(left=0, again_at=hours(4)))
    plan = planned(decision(fields=(wants("tier", "major"),), notes=(note(),)), under=under)
    assert [effect.kind for effect in plan.calls[0].effects] == [EffectKind.FIELDS]
    assert plan.alarms == ("note_brake",)
    assert plan.wakes_at == hours(4)


def test_danger_passes_the_brake() -> None:
    plan = about(note(urgency=Urgency.DANGER), under=terms(brake=Brake(left=0)))
    assert kinds(plan) == ["Put"]
    assert plan.alarms == ()
