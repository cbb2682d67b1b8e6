"""Mails that triggers write: to whom, how many, and to whom never (contract 6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Town

NEW = {"ticket.action": {"operator": "is", "value": "create"}}
CHANGED = {"ticket.priority_id": {"operator": "has changed"}}


def answering(town: Town, recipient: Any, condition: dict[str, Any], **more: Any) -> None:
    """A trigger that mails somebody, and does more."""
    mail = {"recipient": recipient, "subject": "We have it", "body": "Dear #{ticket.customer.firstname}"}
    perform = {"notification.email": mail, **more}
    answer = town.person("admin").post("triggers", {"name": "answer", "condition": condition, "perform": perform})
    assert answer.status_code == 201, answer.text


def mailed(town: Town, ticket_id: int) -> list[str]:
    """To whom a ticket's automatic mails went."""
    rows = town.sandbox.world.articles_of(ticket_id)
    return [row.to for row in rows if row.sender_id == 3 and row.type_id == 1]


@pytest.mark.parametrize(
    ("recipient", "to"),
    [
        pytest.param("ticket_customer", ["mei@customer.example"], id="the customer"),
        pytest.param("ticket_owner", ["anna@example.com"], id="the owner"),
        pytest.param("article_last_sender", [], id="an agent's note has no address"),
        pytest.param("userid_1", [], id="nobody"),
        pytest.param("userid_9999", [], id="who is not there"),
        pytest.param(["ticket_customer", "ticket_customer"], ["mei@customer.example"], id="one who is named twice"),
        pytest.param("ticket_agents", ["admin@example.com, anna@example.com, ben@example.com, chief@example.com"],
                     id="those with full rights, by login"),
    ],
)  # fmt: skip
def test_a_trigger_writes_to(town: Town, recipient: Any, to: list[str]) -> None:
    answering(town, recipient, NEW)
    ticket_id = town.person("anna").opens_ticket(owner="anna")
    assert mailed(town, ticket_id) == to


def test_a_placeholder_says_whom_it_is_for(town: Town) -> None:
    answering(town, "ticket_customer", NEW)
    ticket_id = town.person("anna").opens_ticket()
    assert town.sandbox.world.articles_of(ticket_id)[-1].body == "Dear Mei"


@pytest.mark.parametrize(
    ("headers", "answered"),
    [
        pytest.param("", True, id="a person"),
        pytest.param("Auto-Submitted: auto-replied\r\n", False, id="an absence note"),
        pytest.param("Precedence: bulk\r\n", False, id="a circular"),
    ],
)
def test_a_machine_gets_no_answer_and_nothing_else_of_that_trigger(town: Town, headers: str, answered: bool) -> None:
    answering(town, "article_last_sender", NEW, **{"ticket.priority_id": {"value": "3"}})
    raw = f"From: New <new@somewhere.example>\r\nTo: help@example.com\r\n{headers}Subject: Hello\r\n\r\nBody"
    ticket_id = town.control("POST", "mail", data=raw.encode()).json()["ticket_id"]
    assert mailed(town, ticket_id) == (["new@somewhere.example"] if answered else [])
    assert town.sandbox.world.tickets[ticket_id].priority_id == (3 if answered else 2)


@pytest.mark.parametrize("address", ["noreply@shop.example", "postmaster@shop.example", "MAILER-DAEMON@shop.example"])
def test_machines_are_known_by_their_address(town: Town, address: str) -> None:
    answering(town, "article_last_sender", NEW)
    raw = f"From: {address}\r\nTo: help@example.com\r\nSubject: Hello\r\n\r\nBody"
    ticket_id = town.control("POST", "mail", data=raw.encode()).json()["ticket_id"]
    assert mailed(town, ticket_id) == []


def test_one_address_gets_ten_mails_of_one_ticket_in_ten_minutes(town: Town) -> None:
    answering(town, "ticket_customer", CHANGED)
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    for number in range(14):
        anna.put(f"tickets/{ticket_id}", {"priority_id": 1 + number % 2})
    assert len(mailed(town, ticket_id)) == 10
    town.passes(minutes=11)
    anna.put(f"tickets/{ticket_id}", {"priority_id": 3})
    assert len(mailed(town, ticket_id)) == 11


def test_a_group_without_an_address_mails_nobody_but_refuses_an_agent_s_mail(town: Town) -> None:
    admin = town.person("admin")
    group = admin.post("groups", {"name": "No mail", "active": True}).json()
    me = admin.get("users/me").json()
    admin.put(f"users/{me['id']}", {"group_ids": {**me["group_ids"], str(group["id"]): ["full"]}})
    answering(town, "ticket_customer", NEW, **{"ticket.priority_id": {"value": "3"}})
    ticket_id = admin.opens_ticket(group="No mail")
    assert mailed(town, ticket_id) == []
    assert town.sandbox.world.tickets[ticket_id].priority_id == 3
    mail = {"ticket_id": ticket_id, "type": "email", "to": "mei@customer.example", "subject": "s", "body": "b"}
    assert admin.post("ticket_articles", mail).status_code == 500


def test_an_agent_s_mail_that_comes_in_leaves_a_new_ticket_new(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    number = town.sandbox.world.tickets[ticket_id].number
    raw = f"From: Anna <anna@example.com>\r\nTo: help@example.com\r\nSubject: [Ticket#{number}] Re\r\n\r\nWe come."
    assert town.control("POST", "mail", data=raw.encode()).json()["ticket_id"] == ticket_id
    ticket = anna.get(f"tickets/{ticket_id}?expand=true").json()
    assert (ticket["state"], ticket["first_response_at"]) == ("new", ticket["last_contact_agent_at"])


@pytest.mark.parametrize(
    ("possible", "days", "status"),
    [
        pytest.param("yes", None, 200, id="yes"),
        pytest.param("new_ticket", None, 422, id="a new ticket"),
        pytest.param("new_ticket_after_certain_time", 2, 200, id="within the time"),
        pytest.param("new_ticket_after_certain_time", 0, 422, id="after the time"),
    ],
)
def test_a_customer_goes_on_with_a_closed_ticket(town: Town, possible: str, days: int | None, status: int) -> None:
    anna, mei = town.person("anna"), town.person("mei@customer.example")
    ticket_id = anna.opens_ticket(state="closed")
    group = town.sandbox.world.tickets[ticket_id].group_id
    rule = {"follow_up_possible": possible, "reopen_time_in_days": days}
    town.person("admin").put(f"groups/{group}", rule)
    town.passes(hours=1)
    assert mei.put(f"tickets/{ticket_id}", {"article": {"body": "again"}}).status_code == status
    assert anna.put(f"tickets/{ticket_id}", {"article": {"body": "agents may"}}).status_code == 200
    raw = f"From: mei@customer.example\r\nSubject: [Ticket#{town.sandbox.world.tickets[ticket_id].number}]\r\n\r\nx"
    went_to = town.control("POST", "mail", data=raw.encode()).json()["ticket_id"]
    assert (went_to == ticket_id) is (status == 200)


def test_a_closed_ticket_keeps_its_owner_for_the_record(town: Town) -> None:
    chief = town.person("chief")
    ticket_id = chief.opens_ticket(owner="ben")
    chief.put(f"tickets/{ticket_id}", {"state": "closed"})
    ben = town.sandbox.world.users.where(login="ben")[0]
    town.person("admin").put(f"users/{ben.id}", {"active": False})
    assert chief.put(f"tickets/{ticket_id}", {"title": "closed"}).json()["owner_id"] == ben.id
    assert chief.put(f"tickets/{ticket_id}", {"state": "open"}).json()["owner_id"] == 1
