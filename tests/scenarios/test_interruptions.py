"""An incident and the customers' tickets linked to it, through Zammad's links and checklists (E4.1, E4.3)."""

from __future__ import annotations

from tests.scenarios.conftest import Open
from tests.scenarios.helpdesk import Helpdesk, Ticket
from tests.scenarios.test_messages import public_articles_of_steward


def linked(helpdesk: Helpdesk, one: Ticket, *, to: Ticket) -> None:
    """Anna links a customer's ticket to the incident."""
    link = {
        "link_type": "normal",
        "link_object_source": "Ticket",
        "link_object_source_number": one.row.number,
        "link_object_target": "Ticket",
        "link_object_target_value": to.id,
    }
    helpdesk.anna.call("POST", "/links/add", link)


def waits(ticket: Ticket, words: str) -> bool:
    """Whether a task that begins so is still to be done."""
    titles = [*ticket.items, *(str(task.row.title) for task in ticket.tasks if task.state != "closed")]
    return any(title.startswith(words) for title in titles)


def test_an_incident_from_the_word_to_what_is_learnt_of_it(helpdesk: Helpdesk) -> None:
    incident = helpdesk.mails("The shop is down.")
    incident.owned(helpdesk.anna)
    incident.said(helpdesk.anna, "interruption")
    helpdesk.works()
    assert "interruption" in incident.notes[-1]
    assert incident.clock("interruption_answer").state == "running"

    other = helpdesk.mails("I cannot order anything.")
    linked(helpdesk, other, to=incident)
    helpdesk.passes(minutes=15)  # of links nobody tells us: the sweep finds them
    assert waits(incident, "Tell the customers of the linked tickets")

    other.answered(helpdesk.anna, "It will be back at six.")
    incident.answered(helpdesk.anna, "It will be back at six.")
    helpdesk.passes(hours=1, minutes=5)
    assert not waits(incident, "Tell the customers of the linked tickets")
    assert incident.clock("interruption_update").state == "running"

    incident.said(helpdesk.anna, "restored")
    helpdesk.works()
    assert waits(incident, "Review systems")
    assert waits(incident, "Verify that")
    assert len(incident.notes) == 1


def test_with_messages_to_customers_those_of_linked_tickets_are_written_to(opens: Open) -> None:
    helpdesk = opens(customer_mail="on")
    incident = helpdesk.mails("The shop is down.")
    incident.owned(helpdesk.anna)
    incident.said(helpdesk.anna, "interruption")
    other = helpdesk.mails("I cannot order anything.")
    linked(helpdesk, other, to=incident)
    incident.noted(helpdesk.anna, "Back: 18:00")
    helpdesk.passes(minutes=30)
    incident.said(helpdesk.anna, "restored")
    helpdesk.passes(hours=1)
    known, over = public_articles_of_steward(helpdesk, other)
    assert known.subject == f"Your message {other.row.number}: we know of the interruption"
    assert "18:00" in known.body
    assert over.subject == f"Your message {other.row.number}: the interruption is over"
    assert not waits(incident, "Tell the customers of the linked tickets")
    assert public_articles_of_steward(helpdesk, incident) == []
