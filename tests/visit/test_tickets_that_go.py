"""Tickets that are deleted, hidden, merged or brought back."""

from __future__ import annotations

from plugin.model.effects import EffectKind, EffectState
from plugin.model.facts import FactKind
from plugin.model.work import CaseRow, CaseStatus
from plugin.store import cases
from tests.scenarios.helpdesk import TASKS_OF_A_MAJOR, Helpdesk, Ticket


def case(helpdesk: Helpdesk, ticket: Ticket) -> CaseRow:
    with helpdesk.service.store.read() as connection:
        found = cases.get(connection, ticket.id)
    assert found is not None
    return found


def look(helpdesk: Helpdesk, ticket: Ticket) -> None:
    assert helpdesk.service.worker is not None
    helpdesk.service.worker.look(ticket.id)


def hide(helpdesk: Helpdesk, ticket: Ticket, *, rights: list[str]) -> None:
    """Steward's rights in the ticket's group are changed."""
    steward = helpdesk.user_id("steward")
    helpdesk.sandbox.world.users[steward]["group_ids"][ticket.row.group_id] = rights


def observed(helpdesk: Helpdesk, ticket: Ticket, what: str) -> bool:
    seen = helpdesk.timeline_of(ticket).observed(what)
    return bool(seen and seen["value"])


def a_major_complaint(helpdesk: Helpdesk) -> Ticket:
    ticket = helpdesk.mails("I want to complain: it is broken.")
    helpdesk.works()
    ticket.tagged(helpdesk.anna, "steward:say:major")
    ticket.put(helpdesk.anna, article={"body": "Steward: major", "internal": True, "type": "note"})
    helpdesk.works()
    return ticket


# -- gone -------------------------------------------------------------------------------------------------------------


def test_a_ticket_missing_once_is_not_yet_gone(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Hello?")
    helpdesk.works()
    helpdesk.admin.call("DELETE", f"/tickets/{ticket.id}")
    look(helpdesk, ticket)
    look(helpdesk, ticket)
    assert case(helpdesk, ticket).status is CaseStatus.OPEN
    helpdesk.passes(minutes=11)
    assert case(helpdesk, ticket).status is CaseStatus.GONE
    assert observed(helpdesk, ticket, "deleted")
    helpdesk.passes(hours=30)
    assert case(helpdesk, ticket).wake is None


def test_many_tickets_missing_at_once_are_another_server(helpdesk: Helpdesk) -> None:
    tickets = [helpdesk.mails(f"Hello {number}?") for number in range(20)]
    helpdesk.works()
    for ticket in tickets:
        helpdesk.admin.call("DELETE", f"/tickets/{ticket.id}")
        look(helpdesk, ticket)
    assert helpdesk.alarms("many_missing") >= 1
    helpdesk.passes(minutes=11)
    assert {case(helpdesk, ticket).status for ticket in tickets} == {CaseStatus.OPEN}


# -- hidden -----------------------------------------------------------------------------------------------------------


def test_a_ticket_out_of_sight_raises_an_alarm_and_its_clocks_go_on(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    hide(helpdesk, ticket, rights=[])
    helpdesk.passes(hours=25)
    assert case(helpdesk, ticket).status is CaseStatus.OUT_OF_SIGHT
    assert helpdesk.alarms("out_of_sight") >= 1
    assert ticket.clock("first_response").was_broken
    assert ticket.ours == set()
    hide(helpdesk, ticket, rights=["read", "create", "change"])
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    assert case(helpdesk, ticket).status is CaseStatus.OPEN
    assert "steward:breached" in ticket.tags


# -- merged -----------------------------------------------------------------------------------------------------------


def test_a_merge_carries_the_complaint_and_the_person_asked_to_the_target(helpdesk: Helpdesk) -> None:
    source = a_major_complaint(helpdesk)
    source.answered(helpdesk.anna)
    helpdesk.works()
    target = helpdesk.mails("Another matter.")
    helpdesk.works()
    source.merged(helpdesk.ben, into=target)
    helpdesk.works()
    assert target.field("kind") == "complaint"
    assert target.field("tier") == "major"
    assert target.field("first_responder") == "anna"
    merge = next(f for f in helpdesk.timeline_of(target) if f.kind is FactKind.RECEIVED_MERGE)
    assert merge["source_id"] == source.id


def test_the_open_tasks_of_a_merged_ticket_move_to_the_target_and_are_void_on_it(helpdesk: Helpdesk) -> None:
    source = a_major_complaint(helpdesk)
    target = helpdesk.mails("Another matter.")
    helpdesk.works()
    written = len(source.history)
    source.merged(helpdesk.ben, into=target)
    helpdesk.works()
    helpdesk.passes(minutes=15)
    by_steward = [row for row in source.history[written:] if row.created_by_id == helpdesk.user_id("steward")]
    assert by_steward == []
    kinds = (EffectKind.ITEM, EffectKind.TASK)
    assert {e.state for e in helpdesk.effects_of(source) if e.kind in kinds} == {EffectState.VOID}
    assert (
        len([e for e in helpdesk.effects_of(target) if e.kind in kinds and e.state is EffectState.APPLIED])
        == TASKS_OF_A_MAJOR
    )
    assert case(helpdesk, source).status is CaseStatus.MERGED


def test_a_merge_is_understood_also_when_the_source_was_never_heard_of(helpdesk: Helpdesk) -> None:
    helpdesk.drop_deliveries = True
    source = helpdesk.mails("I want to complain: it is broken.")
    source.answered(helpdesk.anna)
    target = helpdesk.mails("Another matter.")
    source.merged(helpdesk.ben, into=target)
    look(helpdesk, target)
    merge = next(f for f in helpdesk.timeline_of(target) if f.kind is FactKind.RECEIVED_MERGE)
    assert merge["first_asked"]["login"] == "anna"
    assert merge["accepted_at"] is not None


def test_a_merged_ticket_that_lives_again_is_a_case_again(helpdesk: Helpdesk) -> None:
    source = helpdesk.mails("Hello?")
    target = helpdesk.mails("Another matter.")
    helpdesk.works()
    source.merged(helpdesk.ben, into=target)
    helpdesk.works()
    assert case(helpdesk, source).status is CaseStatus.MERGED
    source.put(helpdesk.ben, state="open")
    helpdesk.works()
    assert case(helpdesk, source).status is CaseStatus.OPEN
    assert observed(helpdesk, source, "revived")
