"""Articles: what is taken, what is overwritten, what may be changed and deleted (contract 4.7)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.sandbox.conftest import MakeTown, Town


@pytest.fixture
def ticket_id(town: Town) -> int:
    return town.person("anna").opens_ticket()


def write(town: Town, ticket_id: int, who: str = "steward", **article: Any) -> Any:
    """POST of an article."""
    return town.person(who).post("ticket_articles", {"ticket_id": ticket_id, "body": "text", **article})


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param(
            {}, {"type": "note", "sender": "Agent", "internal": False, "content_type": "text/plain"}, id="defaults"
        ),
        pytest.param(
            {"from": "me", "created_at": "2020-01-01"}, {"from": "Steward Service"}, id="the author is the caller"
        ),
        pytest.param(
            {"message_id": "<a@b>", "in_reply_to": "<c@d>", "to": "x", "cc": "y", "reply_to": "z", "subject": "s"},
            {"message_id": "<a@b>", "in_reply_to": "<c@d>", "to": "x", "cc": "y", "reply_to": "z", "subject": "s"},
            id="a client's own message id",
        ),
        pytest.param(
            {"preferences": {"steward": {"op": "k"}}}, {"preferences": {"steward": {"op": "k"}}}, id="preferences"
        ),
        pytest.param({"sender": "System"}, {"sender": "System"}, id="as the system"),
        pytest.param(
            {"body": "<script>x</script><b>y</b>", "content_type": "text/html"}, {"body": "<b>y</b>"}, id="scripts go"
        ),
    ],
)
def test_an_article_comes_back(town: Town, ticket_id: int, sent: dict[str, Any], stored: dict[str, Any]) -> None:
    answer = write(town, ticket_id, **sent)
    assert answer.status_code == 201, answer.text
    assert answer.json().items() >= stored.items()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param({"body": ""}, 422, id="no words"),
        pytest.param({"body": "x" * 1_500_001}, 422, id="one letter too many"),
        pytest.param({"type": "pigeon"}, 422, id="an unknown type"),
        pytest.param({"sender": "Nobody"}, 422, id="an unknown sender"),
        pytest.param(
            {"attachments": [{"filename": "a.txt", "data": "!", "mime-type": "text/plain"}]}, 422, id="no base64"
        ),
        pytest.param({"attachments": [{"filename": "a.txt"}]}, 422, id="a file without content"),
    ],
)
def test_an_article_is_refused(town: Town, ticket_id: int, sent: dict[str, Any], status: int) -> None:
    assert write(town, ticket_id, **sent).status_code == status
    assert len(town.sandbox.world.articles_of(ticket_id)) == 1


def test_a_mail_needs_an_address_on_newer_servers(make_town: MakeTown) -> None:
    statuses = []
    for town in (make_town("6.1"), make_town("6.5")):
        made = town.person("anna").opens_ticket()
        statuses.append(write(town, made, who="anna", type="email", to="", subject="s").status_code)
    assert statuses == [201, 422]


def test_a_file_is_read_with_rights_only(town: Town, ticket_id: int) -> None:
    file = {"filename": "gerät.txt", "data": base64.b64encode(b"x y").decode(), "mime-type": "text/plain"}
    made = write(town, ticket_id, attachments=[file]).json()
    path = f"ticket_attachment/{ticket_id}/{made['id']}/{made['attachments'][0]['id']}"
    assert town.person("anna").get(path).content == b"x y"
    assert town.person("olga@customer.example").get(path).status_code == 403
    assert made["attachments"][0]["size"] == "3"


def test_only_the_visibility_changes_and_it_is_no_event(town: Town, ticket_id: int) -> None:
    made = write(town, ticket_id).json()
    town.passes(seconds=5)
    town.receiver.deliveries.clear()
    before = town.sandbox.world.tickets[ticket_id].updated_at
    sent = {"internal": True, "body": "other", "preferences": {"x": 1}}
    changed = town.person("anna").put(f"ticket_articles/{made['id']}", sent).json()
    assert (changed["internal"], changed["body"], changed["preferences"]) == (True, "text", {})
    assert town.sandbox.world.tickets[ticket_id].updated_at > before
    town.passes(seconds=5)
    assert town.receiver.deliveries == []


@pytest.mark.parametrize(
    ("article", "who", "waited", "status"),
    [
        pytest.param({}, "steward", 0, 200, id="one's own note"),
        pytest.param({}, "anna", 0, 403, id="another's note"),
        pytest.param({}, "steward", 11, 403, id="after ten minutes"),
        pytest.param({"type": "phone", "internal": False}, "steward", 0, 403, id="a call"),
        pytest.param({"type": "phone", "internal": True}, "steward", 0, 200, id="an internal call"),
    ],
)
def test_who_may_delete(
    town: Town, ticket_id: int, article: dict[str, Any], who: str, waited: int, status: int
) -> None:
    made = write(town, ticket_id, **article).json()
    town.passes(minutes=waited)
    assert town.person(who).delete(f"ticket_articles/{made['id']}").status_code == status
    assert len(town.sandbox.world.articles_of(ticket_id)) == (1 if status == 200 else 2)


def test_a_customer_writes_as_customer_and_in_public(town: Town, ticket_id: int) -> None:
    sent = {"type": "phone", "sender": "Agent", "internal": True, "origin_by_id": 1}
    made = write(town, ticket_id, who="mei@customer.example", **sent).json()
    assert (made["sender"], made["type"], made["internal"]) == ("Customer", "note", False)


def test_whoever_speaks_for_another_speaks_as_customer(town: Town, ticket_id: int) -> None:
    mei = town.sandbox.world.users.where(login="mei@customer.example")[0]
    made = write(town, ticket_id, who="anna", type="phone", origin_by_id=mei.id).json()
    assert (made["sender"], made["origin_by"]) == ("Customer", "mei@customer.example")


def test_the_systems_articles_do_not_count(town: Town, ticket_id: int) -> None:
    write(town, ticket_id, sender="System", internal=True)
    write(town, ticket_id, internal=True)
    ticket = town.person("anna").get(f"tickets/{ticket_id}").json()
    assert (ticket["article_count"], len(town.sandbox.world.articles_of(ticket_id))) == (2, 3)


def test_fields_sent_with_an_article_are_ignored(town: Town, ticket_id: int) -> None:
    write(town, ticket_id, title="other", state="closed", priority_id=3)
    ticket = town.sandbox.world.tickets[ticket_id]
    assert (ticket.title, ticket.priority_id, ticket.close_at) == ("No heating", 2, None)


def test_notes_and_message_ids_repeat_freely(town: Town, ticket_id: int) -> None:
    for _ in range(2):
        assert write(town, ticket_id, message_id="<same@x>").status_code == 201
    found = town.person("steward").post(
        "tickets/search", {"condition": {"article.message_id": {"operator": "is", "value": "<same@x>"}}, "expand": True}
    )
    assert [row["id"] for row in found.json()] == [ticket_id]


def test_all_articles_are_for_admins(town: Town, ticket_id: int) -> None:
    del ticket_id
    assert town.person("anna").get("ticket_articles").status_code == 403
    assert len(town.person("admin").get("ticket_articles").json()) == 1
