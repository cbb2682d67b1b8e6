"""Tickets in the sandbox: what is taken, corrected, refused, and what moves their version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import MakeTown, Town


def version(town: Town, ticket_id: int) -> str:
    return str(town.person("steward").get(f"tickets/{ticket_id}").json()["updated_at"])


def test_a_ticket_comes_back_with_names_when_expanded(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    ticket = town.person("steward").get(f"tickets/{ticket_id}?expand=true").json()
    assert (ticket["group"], ticket["state"], ticket["owner"]) == ("First line", "new", "-")
    assert ticket["customer"] == "mei@customer.example"
    assert ticket["create_article_type"] == "note"


def test_a_put_changes_only_what_is_sent_and_answers_as_itself(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    answer = town.person("steward").put(f"tickets/{ticket_id}", {"steward_tier": "major"})
    assert answer.status_code == 200
    assert answer.json()["steward_tier"] == "major"
    assert answer.json()["title"] == "No heating"
    assert answer.json()["article_ids"]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param({"title": "T" * 300}, {"title": "T" * 250}, id="a title is cut"),
        pytest.param({"steward_next_due_at": "tomorrow-ish"}, {"steward_next_due_at": None}, id="no instant"),
        pytest.param(
            {"steward_next_due_at": "2026-12-01T10:00:00+08:00"},
            {"steward_next_due_at": "2026-12-01T02:00:00.000Z"},
            id="zones become UTC",
        ),
        pytest.param({"steward_next_due": "a\u0000b"}, {"steward_next_due": "ab"}, id="NUL is dropped"),
        pytest.param({"owner_id": 8}, {"owner_id": 1}, id="an owner without full access is dropped"),
        pytest.param({"nonsense": 1}, {"title": "No heating"}, id="unknown keys are ignored"),
        pytest.param({"number": "4711"}, {"title": "No heating"}, id="the number stays"),
    ],
)
def test_zammad_corrects_silently(town: Town, sent: dict[str, Any], stored: dict[str, Any]) -> None:
    ticket_id = town.person("anna").opens_ticket()
    answer = town.person("steward").put(f"tickets/{ticket_id}", sent)
    assert answer.status_code == 200, answer.text
    assert answer.json().items() >= stored.items()


@pytest.mark.parametrize(
    ("sent", "masked"),
    [
        pytest.param({"state": "merged"}, True, id="nobody merges by PUT"),
        pytest.param({"state": "pending reminder"}, True, id="pending needs a time"),
        pytest.param({"title": ""}, True, id="a title is mandatory"),
        pytest.param({"state": "Open"}, False, id="names know their case"),
        pytest.param({"state_id": 9999}, False, id="an unknown state id"),
        pytest.param({"steward_next_due": "x" * 121}, False, id="longer than the field"),
        pytest.param({"article": {"body": " "}}, False, id="an article without words"),
    ],
)
def test_a_refusal_shows_its_reason_only_where_zammad_does(town: Town, sent: dict[str, Any], masked: bool) -> None:
    ticket_id = town.person("anna").opens_ticket()
    answer = town.person("steward").put(f"tickets/{ticket_id}", sent)
    assert answer.status_code == 422
    assert ("error_human" in answer.json()) is not masked
    assert answer.json()["error"].startswith("Error ID") is masked


def test_only_older_servers_refuse_undefined_options(make_town: MakeTown) -> None:
    older, newer = make_town("6.1"), make_town("6.5")
    statuses = []
    for town in (older, newer):
        ticket_id = town.person("chief").opens_ticket()
        statuses.append(town.person("admin").put(f"tickets/{ticket_id}", {"steward_tier": "odd"}).status_code)
    assert statuses == [422, 200]


def test_a_refused_article_takes_the_fields_back(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    sent = {"steward_tier": "major", "article": {"body": "x", "type": "pigeon"}}
    assert town.person("steward").put(f"tickets/{ticket_id}", sent).status_code == 422
    assert town.person("steward").get(f"tickets/{ticket_id}").json()["steward_tier"] == ""


def test_a_number_of_ones_own_makes_one_ticket(town: Town) -> None:
    town.person("steward").opens_ticket(number="26001T1-abcde")
    again = town.person("steward").post(
        "tickets",
        {
            "title": "again",
            "group": "First line",
            "customer": "mei@customer.example",
            "number": "26001T1-abcde",
            "article": {"body": "x"},
        },
    )
    assert again.status_code == 422
    assert len(town.sandbox.world.tickets.where(number="26001T1-abcde")) == 1


@pytest.mark.parametrize(
    "change",
    ["field", "note", "tag", "link", "visibility", "preferences"],
)
def test_every_change_that_matters_moves_the_version(town: Town, change: str) -> None:
    anna = town.person("anna")
    ticket_id, other_id = anna.opens_ticket(), anna.opens_ticket("another")
    article_id = town.sandbox.world.articles_of(ticket_id)[0].id
    number = town.sandbox.world.tickets[other_id].number
    before = version(town, ticket_id)
    changes = {
        "field": lambda: anna.put(f"tickets/{ticket_id}", {"priority": "3 high"}),
        "note": lambda: anna.post("ticket_articles", {"ticket_id": ticket_id, "body": "note", "internal": True}),
        "tag": lambda: anna.post("tags/add", {"object": "Ticket", "o_id": ticket_id, "item": "x"}),
        "link": lambda: anna.post(
            "links/add",
            {
                "link_type": "normal",
                "link_object_source": "Ticket",
                "link_object_source_number": number,
                "link_object_target": "Ticket",
                "link_object_target_value": ticket_id,
            },
        ),
        "visibility": lambda: anna.put(f"ticket_articles/{article_id}", {"internal": True}),
        "preferences": lambda: anna.put(f"tickets/{ticket_id}", {"preferences": {"steward": {"op": "1"}}}),
    }
    assert changes[change]().status_code in (200, 201)
    assert version(town, ticket_id) > before


def test_a_put_that_changes_nothing_moves_nothing(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    before = version(town, ticket_id)
    anna.put(f"tickets/{ticket_id}", {"title": "No heating"})
    assert version(town, ticket_id) == before


def test_closing_keeps_the_first_time_and_the_last(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket(state="open")
    moments = []
    for state in ("closed", "open", "closed"):
        town.passes(hours=1)
        moments.append(anna.put(f"tickets/{ticket_id}", {"state": state}).json())
    assert moments[2]["close_at"] == moments[0]["close_at"]
    assert moments[2]["last_close_at"] > moments[2]["close_at"]


def test_an_answer_sets_the_first_response_and_opens_the_ticket(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    anna.post("ticket_articles", {"ticket_id": ticket_id, "body": "We come.", "type": "phone", "internal": False})
    ticket = anna.get(f"tickets/{ticket_id}?expand=true").json()
    assert ticket["state"] == "open"
    assert ticket["first_response_at"] == ticket["last_contact_agent_at"]


def test_a_note_and_a_system_mail_are_no_first_response(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    steward = town.person("steward")
    steward.post("ticket_articles", {"ticket_id": ticket_id, "body": "note", "internal": False})
    mail = {"type": "email", "sender": "System", "to": "mei@customer.example", "subject": "Hello"}
    steward.post("ticket_articles", {"ticket_id": ticket_id, "body": "mail", **mail})
    ticket = steward.get(f"tickets/{ticket_id}?expand=true").json()
    assert (ticket["state"], ticket["first_response_at"]) == ("new", None)


def test_the_history_names_person_time_and_values(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    anna.put(f"tickets/{ticket_id}", {"owner": "anna"})
    rows = anna.get(f"ticket_history/{ticket_id}").json()["history"]
    owner = next(row for row in rows if row.get("attribute") == "owner")
    assert (owner["value_from"], owner["value_to"], owner["id_to"]) == ("-", "Anna Erste", owner["created_by_id"])


def test_a_merged_ticket_is_a_child_of_its_target_and_loses_its_articles(town: Town) -> None:
    anna = town.person("anna")
    source, target = anna.opens_ticket("first"), anna.opens_ticket("second")
    number = town.sandbox.world.tickets[target].number
    assert anna.put(f"ticket_merge/{source}/{number}").json()["result"] == "success"
    assert town.sandbox.world.state_type(town.sandbox.world.tickets[source].state_id) == "merged"
    assert len(town.sandbox.world.articles_of(target)) == 2
    links = anna.get(f"links?link_object=Ticket&link_object_value={source}").json()["links"]
    assert links == [{"link_type": "parent", "link_object": "Ticket", "link_object_value": target}]


def test_a_mandatory_field_blocks_every_put_but_no_note_and_no_tag(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket(state="open")
    town.person("admin").post(
        "core_workflows",
        {
            "name": "nature needed",
            "object": "Ticket",
            "preferences": {"screen": ["edit"]},
            "condition_selected": {"ticket.state_id": {"operator": "is", "value": ["2"]}},
            "perform": {"ticket.steward_nature": {"operator": "set_mandatory", "set_mandatory": "true"}},
            "active": True,
        },
    )
    steward = town.person("steward")
    form = {"event": "core_workflow", "class_name": "Ticket", "screen": "edit", "params": {"id": ticket_id}}
    asked = town.person("admin").post("core_workflows/perform", {**form, "request_id": "1"}).json()
    assert asked["mandatory"]["steward_nature"] is True
    assert town.person("admin").put(f"tickets/{ticket_id}", {"title": "x"}).status_code == 422
    assert steward.post("ticket_articles", {"ticket_id": ticket_id, "body": "n"}).status_code == 201
    assert steward.post("tags/add", {"object": "Ticket", "o_id": ticket_id, "item": "t"}).status_code == 201
