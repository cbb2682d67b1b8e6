"""History rows: every change with its person and time, whatever was heard of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.handlers import history
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.people import Role
from plugin.model.ticket import HistoryRow, StateType
from tests.handlers.looks import MONDAY, NOW, Known, look, only, owned, row, stated, ticket, updated


def test_a_ticket_begins_with_the_values_it_had_then() -> None:
    moved = updated(3, "group", "Second line", "First line", id_from=3, id_to=2)
    facts = look(owned(2, 1, 7), moved, owned(4, 7, 8), stated(5, 1, 2))
    created = only(facts, FactKind.CREATED)
    assert created.key == "history:1"
    assert created.at == MONDAY
    assert created.by.is_customer
    assert dict(created.data) == {
        "number": "81007", "group_id": 3, "group": "Second line", "owner_id": 1, "owner": "-", "customer_id": 10,
        "state_type": "new", "priority_id": 2,
    }  # fmt: skip


def test_the_beginning_is_told_once() -> None:
    first = look()
    assert [f for f in look(known=first) if f.kind is FactKind.CREATED] == []


def test_an_imported_ticket_without_a_row_begins_all_the_same() -> None:
    (created,) = history.created(ticket(), (), Known(), known=Timeline(7, ()), now=NOW)
    assert (created.key, created.at) == ("observed:created", MONDAY)


def test_an_owner_change_names_both_logins() -> None:
    change = only(look(owned(2, 7, 8)), FactKind.CHANGED)
    assert (change["attribute"], change["id_to"], change["login_from"], change["login_to"]) == (
        "owner", 8, "anna@example.com", "ben@example.com",
    )  # fmt: skip


def test_a_state_change_names_types_not_names() -> None:
    change = only(look(stated(2, 2, 4)), FactKind.CHANGED)
    assert (change["state_type_from"], change["state_type_to"]) == ("open", "closed")


@pytest.mark.parametrize(
    ("kind", "found"), [("added", FactKind.TAG_ADDED), ("removed", FactKind.TAG_REMOVED)], ids=["added", "removed"]
)
def test_tags_come_with_person_and_time(kind: str, found: FactKind) -> None:
    fact = only(look(row(2, kind, attribute="tag", value_to="steward:say:accept", after=2)), found)
    assert (fact["tag"], fact.by.login, fact.by.is_agent) == ("steward:say:accept", "anna@example.com", True)


def test_what_a_trigger_or_job_did_is_nobodys() -> None:
    change = only(look(owned(2, 7, 8, source="Trigger")), FactKind.CHANGED)
    assert change.by.role is Role.SYSTEM


@pytest.mark.parametrize(
    "skipped",
    [
        pytest.param(row(2, "notification", value_to="ben(update:online)"), id="notice"),
        pytest.param(row(2, "created", object="Ticket::Article"), id="article, told by itself"),
        pytest.param(row(2, "email", object="Ticket::Article"), id="mail that went out"),
        pytest.param(updated(2, "first_response_at", "", "2026-03-02 10:00:00 UTC"), id="worked out by Zammad"),
        pytest.param(updated(2, "close_in_min", "", "5"), id="minutes of its SLA"),
        pytest.param(row(2, "created", object="Checklist::Item"), id="checklist item"),
    ],
)
def test_some_rows_tell_of_no_change(skipped: HistoryRow) -> None:
    assert [f for f in look(skipped) if f.key == "history:2"] == []


def test_a_title_is_the_customers_words_and_stays_in_the_payload() -> None:
    change = only(look(updated(2, "title", "Old", "Mr Lin's order")), FactKind.CHANGED)
    assert "Lin" not in str(change.data)
    assert change.text("to") == "Mr Lin's order"


@pytest.mark.parametrize(
    ("by", "shown"), [(7, "serious"), (6, "serious"), (10, None)], ids=["agent", "Steward", "customer"]
)
def test_a_customers_value_in_our_fields_is_never_a_code(by: int, shown: str | None) -> None:
    change = only(look(updated(2, "steward_tier", "", "serious", by=by)), FactKind.CHANGED)
    assert change["to"] == shown


def test_what_zammad_changed_in_our_put_is_not_ours() -> None:
    dropped = owned(2, 8, 1, by=6)
    ours = updated(3, "steward_tier", "", "serious", by=6)
    reopened = stated(4, 4, 2, by=6)
    facts = {f.key: f.by.role for f in look(dropped, ours, reopened)}
    assert facts["history:2"] is Role.SYSTEM
    assert facts["history:3"] is Role.STEWARD
    assert facts["history:4"] is Role.SYSTEM


def test_a_state_we_meant_to_change_is_ours() -> None:
    facts = look(stated(4, 4, 2, by=6), intended=frozenset({"state"}))
    assert only(facts, FactKind.CHANGED).by.role is Role.STEWARD


def test_a_merge_away_names_its_target() -> None:
    assert only(look(row(2, "merged_into", id_from=7, id_to=9)), FactKind.MERGED_INTO)["target_id"] == 9


def test_a_merged_ticket_that_lives_again_is_a_new_epoch() -> None:
    facts = look(stated(2, 2, 5), stated(3, 5, 2, after=3))
    (revived,) = [f for f in facts if f["what"] == "revived"]
    assert revived.key == "observed:revived:3"
    assert [f for f in look(stated(2, 2, 5), stated(3, 5, 2, after=3), known=facts) if f["what"] == "revived"] == []


def test_a_reminder_zammad_fired_is_a_fact() -> None:
    fired = row(2, "time_trigger_performed", by=1, value_from="reminder_reached", source="Trigger")
    assert only(look(fired), FactKind.TIME_TRIGGER)["trigger"] == "reminder_reached"


def test_hearing_every_event_or_only_the_last_gives_the_same_facts() -> None:
    rows = [owned(2, 1, 8), stated(3, 1, 2, after=2), row(4, "added", attribute="tag", value_to="vip", after=3)]
    new = ticket(owner_id=1, state_type=StateType.NEW)
    as_it_was = [new, replace(new, owner_id=8), ticket(), ticket()]
    known: tuple[Fact, ...] = ()
    for count, then in enumerate(as_it_was):
        known = (*known, *look(*rows[:count], on=then, known=known))
    assert _in_zammad(known) == _in_zammad(look(*rows))


def _in_zammad(facts: tuple[Fact, ...]) -> list[tuple[str, object]]:
    """The facts that have a row there, with what they say."""
    return [(f.key, dict(f.data)) for f in Timeline(7, facts) if not f.key.startswith("observed")]
