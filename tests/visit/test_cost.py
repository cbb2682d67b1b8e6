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


def test_a_night_in_which_nothing_happens_costs_one_search_a_sweep(helpdesk: Helpdesk) -> None:
    ticket = settled(helpdesk)
    ticket.answered(helpdesk.anna)
    helpdesk.works()
    helpdesk.sandbox.reset_cost()
    for _ in range(9 * 6):
        helpdesk.passes(minutes=10)
    cost = helpdesk.sandbox.cost(login="steward")
    print(f"a quiet night of 9 hours: {cost.zammad_ms:.0f} ms")
    sweeps = sum(row.milliseconds for row in cost.rows if row.name == "search, full")
    # beside the sweeps: who owns tickets is asked once an hour, because no event tells of people
    assert cost.zammad_ms - sweeps <= 9 * 25 + 27


def test_what_is_written_last_is_a_put_so_that_no_sweep_looks_for_what_we_know(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains()
    ticket.said(helpdesk.anna, "major")
    helpdesk.works()
    ticket.answered(helpdesk.anna)
    helpdesk.passes(minutes=11)
    helpdesk.sandbox.reset_cost()
    ticket.said(helpdesk.anna, "assessed")
    helpdesk.works()
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    assert {"POST /tickets", "PUT /checklists/:id"} & calls(helpdesk).keys()
    helpdesk.sandbox.reset_cost()
    helpdesk.passes(minutes=11)
    assert "GET /ticket_history/:id" not in calls(helpdesk)


def test_a_moment_that_changes_nothing_is_not_worth_a_look(helpdesk: Helpdesk) -> None:
    ticket = settled(helpdesk)
    looked_at = 0
    for _ in range(48):
        helpdesk.sandbox.reset_cost()
        wrote = sum(helpdesk.writes.values())
        helpdesk.passes(hours=1)
        looks = calls(helpdesk).get("GET /tickets/:id", 0)
        looked_at += bool(looks)
        # nobody does anything, so a look has either something to write, or comes after a tag of ours
        assert not looks or sum(helpdesk.writes.values()) > wrote or "GET /ticket_history/:id" in calls(helpdesk)
    print(f"two days in which nobody answers: {looked_at} hours with looks, tags {sorted(ticket.ours)}")
    assert "breached" in ticket.ours
