"""Whose word counts for what: customers in closed and shared tickets, agents as customers, articles to delete."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Town

MEI, TOM, JUERGEN = "mei@customer.example", "tom@handel.example", "juergen@handel.example"


def closed_ticket(town: Town, follow_up: str, customer: str = MEI) -> int:
    """A closed ticket of a group with that follow-up rule."""
    group = town.sandbox.world.groups.first(name="First line")
    assert group is not None
    town.sandbox.world.groups.put(group.id, follow_up_possible=follow_up)
    return town.person("anna").opens_ticket(customer=customer, state="closed")


@pytest.mark.parametrize(
    ("rule", "who", "status"),
    [
        pytest.param("yes", MEI, 200, id="the customer, where the group lets him"),
        pytest.param("new_ticket", MEI, 422, id="the customer, where it does not"),
        pytest.param("yes", TOM, 422, id="another customer is told the same"),
        pytest.param("new_ticket", "anna", 200, id="an agent always"),
    ],
)
def test_a_closed_ticket_is_changed_by_whom_its_group_lets(town: Town, rule: str, who: str, status: int) -> None:
    ticket_id = closed_ticket(town, rule)
    assert town.person(who).put(f"tickets/{ticket_id}", {"title": "again"}).status_code == status


def test_an_article_alone_asks_for_no_follow_up_rule(town: Town) -> None:
    ticket_id = closed_ticket(town, "new_ticket")
    assert town.person(MEI).post("ticket_articles", {"ticket_id": ticket_id, "body": "again"}).status_code == 201


def test_a_colleague_changes_a_shared_ticket_but_not_whose_it_is(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket(customer=JUERGEN)
    before = town.sandbox.world.tickets[ticket_id]
    changes = {"title": "ours", "customer": TOM, "organization_id": None, "owner": "ben"}
    assert town.person(TOM).put(f"tickets/{ticket_id}", changes).status_code == 200
    after = town.sandbox.world.tickets[ticket_id]
    assert after.title == "ours"
    assert (after.customer_id, after.organization_id) == (before.customer_id, before.organization_id)


def written(town: Town, who: str, customer: str, **article: Any) -> dict[str, Any]:
    """An article somebody wrote to a ticket of that customer."""
    ticket_id = town.person("anna").opens_ticket(customer=customer)
    answer = town.person(who).post("ticket_articles", {"ticket_id": ticket_id, "body": "x", **article})
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.parametrize(
    ("who", "customer", "article", "origin", "sender", "shown"),
    [
        pytest.param(MEI, MEI, {}, MEI, "Customer", "Mei Lin 林", id="a customer's note has no address"),
        pytest.param(MEI, MEI, {"type": "web"}, MEI, "Customer", f'"Mei Lin 林" <{MEI}>', id="her web article has"),
        pytest.param(TOM, JUERGEN, {}, None, "Customer", "Tom Keller", id="a colleague speaks for himself"),
        pytest.param(
            "anna", MEI, {"sender": "Customer", "type": "phone"}, MEI, "Customer", f'"Mei Lin 林" <{MEI}>', id="a call"
        ),
        pytest.param("anna", MEI, {"origin_by": "anna"}, "anna", "Customer", "Anna Erste", id="who names herself"),
        pytest.param(
            "anna", MEI, {"sender": "Customer", "type": "email", "from": "x@y.example"},
            None, "Customer", "x@y.example", id="a mail keeps its sender",
        ),
    ],
)  # fmt: skip
def test_an_article_names_who_stands_behind_it(
    town: Town, who: str, customer: str, article: dict[str, Any], origin: str | None, sender: str, shown: str
) -> None:
    world = town.sandbox.world
    if "origin_by" in article:
        article = {"origin_by_id": world.users.where(login=article["origin_by"])[0].id}
    told = written(town, who, customer, **article)
    assert (told.get("origin_by"), told["sender"], told["from"]) == (origin, sender, shown)


@pytest.mark.parametrize(
    ("author", "remover", "status"),
    [
        pytest.param("anna", "anna", 200, id="one's own note"),
        pytest.param("anna", "admin", 403, id="an admin does not remove others' notes"),
        pytest.param("anna", "ben", 403, id="nor does another agent"),
        pytest.param(MEI, MEI, 403, id="nor a customer her own"),
    ],
)
def test_only_one_s_own_note_is_deleted(town: Town, author: str, remover: str, status: int) -> None:
    article_id = written(town, author, MEI)["id"]
    assert town.person(remover).delete(f"ticket_articles/{article_id}").status_code == status


def test_an_article_is_shown_in_full_with_its_ticket(town: Town) -> None:
    article = written(town, "anna", MEI)
    full = town.person("anna").get(f"ticket_articles/{article['id']}?full=true").json()
    assert full["id"] == article["id"]
    assert str(article["ticket_id"]) in full["assets"]["Ticket"]


def test_all_articles_in_full_bring_along_only_what_is_around_the_last(town: Town) -> None:
    last = written(town, "anna", MEI)
    full = town.person("anna").get(f"ticket_articles/by_ticket/{last['ticket_id']}?full=true").json()
    assert len(full["record_ids"]) == 2
    assert list(full["assets"]["TicketArticle"]) == [str(last["id"])]


def test_a_reader_s_marks_stay_in_an_article(town: Town) -> None:
    article_id = written(town, "anna", MEI)["id"]
    told = town.person("anna").put(f"ticket_articles/{article_id}", {"preferences": {"highlight": "1$", "x": 1}}).json()
    assert told["preferences"] == {"highlight": "1$"}


def test_a_file_is_found_under_the_ticket_it_was_merged_from(town: Town) -> None:
    anna = town.person("anna")
    file = {"filename": "a.txt", "data": "YQ==", "mime-type": "text/plain"}
    source_id = anna.opens_ticket(article={"body": "x", "attachments": [file]})
    target = town.sandbox.world.tickets[anna.opens_ticket()]
    article = anna.get(f"ticket_articles/by_ticket/{source_id}").json()[0]
    path = f"ticket_attachment/{source_id}/{article['id']}/{article['attachments'][0]['id']}"
    assert anna.get(f"ticket_attachment/{target.id}/{article['id']}/1").status_code == 403
    anna.put(f"ticket_merge/{source_id}/{target.number}")
    assert anna.get(path).content == b"a"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        pytest.param({"article": {}}, 422, id="an empty article"),
        pytest.param({"links": {"Ticket": {"child": 1}}}, 422, id="links that are no list"),
        pytest.param({"links": {"Ticket": [1]}}, 422, id="links without a type"),
        pytest.param({"links": {}}, 201, id="no links"),
    ],
)
def test_what_a_new_ticket_brings_along_has_to_have_its_shape(town: Town, more: dict[str, Any], status: int) -> None:
    body = {"title": "x", "group": "First line", "customer": MEI, "article": {"body": "x"}, **more}
    assert town.person("anna").post("tickets", body).status_code == status


def test_a_mass_change_names_the_ticket_to_whoever_is_no_agent_of_it(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    answer = town.person(MEI).post("tickets/mass_update", {"ticket_ids": [ticket_id], "attributes": {"title": "x"}})
    assert (answer.status_code, answer.json()) == (422, {"error": True, "ticket_id": ticket_id})


def test_a_mail_is_from_the_agent_by_way_of_the_group_s_address(town: Town) -> None:
    article = {"type": "email", "to": MEI, "subject": "x", "message_id": "<mine@x.example>"}
    told = written(town, "anna", MEI, **article)
    address = town.sandbox.world.email_addresses[1]
    assert told["from"] == f"Anna Erste via {address['name']} <{address.email}>"
    assert told["message_id"] != "<mine@x.example>"
    town.sandbox.set_setting("ticket_define_email_from", "SystemAddressName")
    assert written(town, "anna", MEI, **article)["from"] == f"{address['name']} <{address.email}>"
