"""What a visit costs the helpdesk, by the table of promises.md."""

from __future__ import annotations

from tests.scenarios.helpdesk import Helpdesk, Ticket


def calls(helpdesk: Helpdesk) -> dict[str, int]:
    return {row.name: row.calls for row in helpdesk.sandbox.cost(login="steward").rows}


def settled(helpdesk: Helpdesk) -> Ticket:
    """A ticket Steward knows, catalogues and all; from now on every call counts."""
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    helpdesk.passes(minutes=11)
    helpdesk.sandbox.reset_cost()
    return ticket


def test_an_answer_is_heard_and_settled_with_one_look_its_history_and_one_put(helpdesk: Helpdesk) -> None:
    ticket = settled(helpdesk)
    ticket.answered(helpdesk.anna)
    helpdesk.works()
    assert calls(helpdesk) == {
        "GET /tickets/:id": 1,
        "GET /ticket_history/:id": 1,
        "PUT /tickets/:id, fields": 1,
    }
    assert helpdesk.sandbox.cost(login="steward").zammad_ms <= 230


def test_an_echo_of_our_own_write_costs_nothing(helpdesk: Helpdesk) -> None:
    ticket = settled(helpdesk)
    ticket.answered(helpdesk.anna)
    helpdesk.works()
    helpdesk.sandbox.reset_cost()
    helpdesk.passes(minutes=5)
    assert calls(helpdesk) == {}


def test_a_sweep_over_what_is_known_costs_its_list_calls_only(helpdesk: Helpdesk) -> None:
    ticket = settled(helpdesk)
    ticket.answered(helpdesk.anna)
    helpdesk.works()
    helpdesk.sandbox.reset_cost()
    helpdesk.passes(minutes=25)
    told = {"search, full", "other reads", "POST /core_workflows/perform", "GET /tickets/:id", "GET /users/me"}
    assert set(calls(helpdesk)) <= told  # the preflight and catalogues that grew old among them
    assert calls(helpdesk).get("GET /tickets/:id", 0) <= 3  # the preflight's


def test_a_change_that_matters_to_nobody_costs_a_look_and_its_history(helpdesk: Helpdesk) -> None:
    ticket = settled(helpdesk)
    ticket.put(helpdesk.anna, priority_id=3)
    helpdesk.works()
    assert calls(helpdesk) == {"GET /tickets/:id": 1, "GET /ticket_history/:id": 1}


def test_quiet_writes_tell_no_agent(helpdesk: Helpdesk) -> None:
    ticket = settled(helpdesk)
    ticket.answered(helpdesk.anna)
    before = len(helpdesk.told)
    helpdesk.works()
    by_people = [
        login for login in helpdesk.told[before:] if login not in ("ben", "chief", "dora", "admin@example.com")
    ]
    assert by_people == []
