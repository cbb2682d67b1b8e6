"""People change what Steward wrote, do its tasks, pause it, or lose its webhooks."""

from __future__ import annotations

import pytest

from plugin.model.facts import FactKind
from plugin.model.work import SETTLES_AN_HOUR
from plugin.store import meta
from tests.scenarios.helpdesk import TASKS_OF_A_MAJOR, Helpdesk, Ticket


def says(ticket: Ticket, helpdesk: Helpdesk, word: str) -> None:
    """As a macro of ours does in the browser: the word as a tag, a line of internal note with it."""
    ticket.tagged(helpdesk.anna, f"steward:say:{word}")
    ticket.put(helpdesk.anna, article={"body": f"Steward: {word}", "internal": True, "type": "note"})


def done(helpdesk: Helpdesk, ticket: Ticket) -> list[tuple[str, str]]:
    facts = helpdesk.timeline_of(ticket).of(FactKind.TASK_DONE)
    return [(str(fact["task"]), fact.by.login) for fact in facts]


# -- words and values -------------------------------------------------------------------------------------------------


def test_a_word_is_read_and_taken_off(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Hello?")
    helpdesk.works()
    says(ticket, helpdesk, "complaint")
    helpdesk.works()
    assert ticket.field("kind") == "complaint"
    assert "steward:say:complaint" not in ticket.tags


def test_a_customers_value_is_reset_at_once(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Hello?", sender="mei@customer.example")
    helpdesk.works()
    ticket.put(helpdesk.mei, steward_kind="none", steward_stage="done")
    helpdesk.works()
    assert ticket.field("kind") == "request"
    assert ticket.field("stage") == "accept"


def test_a_value_an_agent_set_stays(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Hello?")
    helpdesk.works()
    ticket.put(helpdesk.admin, steward_stage="follow_up")
    helpdesk.works()
    helpdesk.passes(hours=2)
    assert ticket.field("stage") == "follow_up"


def test_a_tag_an_agent_took_off_stays_off(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain.")
    helpdesk.works()
    assert "steward:suspected" in ticket.tags
    ticket.untagged(helpdesk.anna, "steward:suspected")
    helpdesk.passes(hours=1)
    assert "steward:suspected" not in ticket.tags


# -- tasks ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def major(helpdesk: Helpdesk) -> Ticket:
    ticket = helpdesk.mails("It is broken.")
    helpdesk.works()
    says(ticket, helpdesk, "major")
    helpdesk.works()
    return ticket


def test_a_task_is_done_by_who_ticks_it_or_closes_its_ticket(helpdesk: Helpdesk, major: Ticket, like: str) -> None:
    if like == "6.5":
        major.ticked(helpdesk.ben, "Investigate")
    else:
        task = next(one for one in major.tasks if one.row.title.startswith("Investigate"))
        task.closed(helpdesk.ben)
    helpdesk.works()
    helpdesk.passes(minutes=11)
    assert done(helpdesk, major) == [("investigate", "ben")]


def test_task_tickets_are_never_cases_of_their_own(helpdesk: Helpdesk, major: Ticket) -> None:
    helpdesk.passes(hours=30)
    for task in major.tasks:
        assert "steward:task" in task.tags
        assert len(task.ours) == 1
        assert not any(value for name, value in task.fields.items() if name != "hold")


def test_tasks_are_made_once_however_often_the_ticket_is_looked_at(helpdesk: Helpdesk, major: Ticket) -> None:
    before = len(major.todo)
    for _ in range(3):
        major.noted(helpdesk.anna)
        helpdesk.works()
    assert len(major.todo) == before == TASKS_OF_A_MAJOR


# -- pause, loss, loops -----------------------------------------------------------------------------------------------


def test_a_pause_stops_all_writes_and_nothing_else(helpdesk: Helpdesk) -> None:
    store = helpdesk.service.store
    with store.write() as connection:
        meta.pause(connection, now=helpdesk.now)
    ticket = helpdesk.mails("I want to complain.")
    helpdesk.works()
    assert ticket.is_untouched()
    assert {effect.state for effect in helpdesk.effects_of(ticket)} == {"observed"}
    with store.write() as connection:
        meta.resume(connection)
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    assert "steward:suspected" in ticket.tags
    assert ticket.field("kind") == "request"


def test_what_no_webhook_told_of_is_settled_after_one_sweep(helpdesk: Helpdesk) -> None:
    helpdesk.drop_deliveries = True
    ticket = helpdesk.mails("I want to complain.")
    ticket.answered(helpdesk.anna)
    helpdesk.passes(minutes=11)
    assert ticket.field("first_responder") == "anna"
    assert "steward:suspected" in ticket.tags


def test_a_machine_that_undoes_our_writes_is_left_alone_after_six_of_them(helpdesk: Helpdesk) -> None:
    """A job of Zammad's resets our field again and again: nobody explains it, so Steward waits, with an alarm."""
    ticket = helpdesk.mails("Hello?")
    helpdesk.works()
    world = helpdesk.sandbox.world
    resets = 0
    for _ in range(2 * SETTLES_AN_HOUR):
        undo(helpdesk, ticket)
        resets += 1
        helpdesk.works()
    assert resets > SETTLES_AN_HOUR
    assert helpdesk.alarms("loop_guard") >= 1
    written = [r for r in ticket.history if r.created_by_id == helpdesk.user_id("steward") and r.value_to == "accept"]
    assert len(written) <= SETTLES_AN_HOUR + 1
    assert world.tickets[ticket.id].steward_stage in ("", None)
    helpdesk.passes(hours=2)
    assert ticket.field("stage") == "accept"


def undo(helpdesk: Helpdesk, ticket: Ticket) -> None:
    """A scheduler job empties the stage."""
    world = helpdesk.sandbox.world
    jobs = [job for job in world.jobs if job.name == "undo"]
    if not jobs:
        helpdesk.admin.call(
            "POST", "/jobs", UNDO | {"condition": {"ticket.id": {"operator": "is", "value": [ticket.id]}}}
        )
        jobs = [job for job in world.jobs if job.name == "undo"]
    helpdesk.sandbox.run_job(jobs[0].id)


UNDO = {
    "name": "undo",
    "object": "Ticket",
    "timeplan": {"days": {"Mon": True}, "hours": {"0": True}, "minutes": {"0": True}},
    "perform": {"ticket.steward_stage": {"value": ""}},
    "disable_notification": True,
    "active": True,
}
