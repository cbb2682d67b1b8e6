"""Recorded ids and the sandbox's are paired one to one, by kind."""

import pytest

from plugin.sandbox.conform.identities import Identities, kind_of_key, kind_of_path
from plugin.sandbox.conform.requests import own_body, own_path, whole


@pytest.fixture
def identities() -> Identities:
    identities = Identities()
    pairs = [("Ticket", 6, 2), ("TicketArticle", 10, 3), ("Attachment", 7, 1), ("User", 10, 5), ("Group", 2, 4)]
    for kind, recorded, own in [*pairs, ("number", 81006, 26001), ("Webhook", 3, 9)]:
        identities.match(kind, recorded=recorded, own=own)
    return identities


def test_a_pair_stays_a_pair(identities: Identities) -> None:
    assert identities.match("Ticket", recorded=6, own=2)
    assert not identities.match("Ticket", recorded=6, own=3)
    assert not identities.match("Ticket", recorded=7, own=2)
    assert identities.match("User", recorded=6, own=2)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("created_by_id", "User"),
        ("article_ids", "TicketArticle"),
        ("webhook_id", "Webhook"),
        ("next_state_id", "TicketState"),
        ("ticket_time_accounting_ids", "TicketTimeAccounting"),
        ("message_id", None),
        ("title", None),
    ],
)
def test_a_key_tells_the_kind_of_its_ids(key: str, kind: str | None) -> None:
    assert kind_of_key(key) == kind


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/tickets/7?all=true", "Ticket"),
        ("/api/v1/ticket_articles/by_ticket/7", "TicketArticle"),
        ("/api/v1/tickets/7/time_accountings", "TimeAccounting"),
        ("/api/v1/version", None),
    ],
)
def test_a_path_tells_the_kind_of_what_it_answers(path: str, kind: str | None) -> None:
    assert kind_of_path(path) == kind


@pytest.mark.parametrize(
    ("recorded", "own"),
    [
        pytest.param("/api/v1/tickets/6?all=true", "/api/v1/tickets/2?all=true", id="by route"),
        pytest.param("/api/v1/tickets/99999", "/api/v1/tickets/99999", id="an id nobody has"),
        pytest.param("/api/v1/tickets/2", "/api/v1/tickets/7000002", id="an id only the sandbox has"),
        pytest.param("/api/v1/ticket_merge/6/81006", "/api/v1/ticket_merge/2/26001", id="a merge names the number"),
        pytest.param("/api/v1/ticket_attachment/6/10/7", "/api/v1/ticket_attachment/2/3/1", id="an attachment"),
        pytest.param("/api/v1/tags?object=Ticket&o_id=6", "/api/v1/tags?object=Ticket&o_id=2", id="in the query"),
        pytest.param("/api/v1/ticket_articles/by_ticket/6", "/api/v1/ticket_articles/by_ticket/2", id="by ticket"),
        pytest.param("/api/v1/tickets/search?query=81006", "/api/v1/tickets/search?query=26001", id="a number"),
        pytest.param("/api/v1/users/10", "/api/v1/users/5", id="another route"),
        pytest.param(
            "/api/v1/time_accounting/log/by_ticket/2026/6",
            "/api/v1/time_accounting/log/by_ticket/2026/6",
            id="a year and a month",
        ),
    ],
)
def test_paths_are_said_in_the_sandboxs_ids(recorded: str, own: str, identities: Identities) -> None:
    assert own_path(recorded, identities) == own


def test_bodies_are_said_in_the_sandboxs_ids(identities: Identities) -> None:
    recorded = {
        "title": "10",
        "group_id": 2,
        "customer_id": 10,
        "group_ids": {"2": ["full"]},
        "condition": {"ticket.customer_id": {"operator": "is", "value": ["10"]}},
        "perform": {
            "notification.webhook": {"webhook_id": "3"},
            "notification.email": {"recipient": ["userid_10", "ticket_owner"]},
        },
        "ids": [6],
        "article": {"body": "see Ticket#81006", "internal": True},
    }
    assert own_body(recorded, identities) == {
        "title": "10",
        "group_id": 4,
        "customer_id": 5,
        "group_ids": {"4": ["full"]},
        "condition": {"ticket.customer_id": {"operator": "is", "value": ["5"]}},
        "perform": {
            "notification.webhook": {"webhook_id": "9"},
            "notification.email": {"recipient": ["userid_5", "ticket_owner"]},
        },
        "ids": [2],
        "article": {"body": "see Ticket#26001", "internal": True},
    }


def test_people_mentioned_in_a_condition_are_the_sandbox_s(identities: Identities) -> None:
    recorded = {"ticket.mention_user_ids": {"operator": "is", "pre_condition": "specific", "value": ["10"]}}
    own = {"ticket.mention_user_ids": {"operator": "is", "pre_condition": "specific", "value": ["5"]}}
    assert own_body({"condition": recorded}, identities) == {"condition": own}
    assert own_path("/api/v1/text_modules/10", identities) == "/api/v1/text_modules/10"


def test_message_ids_made_by_the_server_are_paired() -> None:
    identities = Identities()
    theirs = "<20261121074302.104.953ef15e-39f5-4510-8109-abbbbd0c75aa@127.0.0.1:3061>"
    ours = "<20261121074303.9.11111111-39f5-4510-8109-abbbbd0c75aa@zammad.test>"
    assert identities.match_text(recorded=theirs, own=ours)
    assert identities.own_text(f"In-Reply-To: {theirs}") == f"In-Reply-To: {ours}"
    assert not identities.match_text(recorded=theirs, own=ours.replace("1111", "2222"))


def test_an_address_is_no_token() -> None:
    identities = Identities()
    assert not identities.match_text(recorded="Mei <mei@a.example>", own="Mei <may@a.example>")


def test_a_cut_request_is_made_whole() -> None:
    cut = {"__shortened__": '{"ticket_id": 1, "body": "xxxxx', "__length__": 26 + 1000 + 20}
    text = whole(cut, named=lambda length: length == 1000)
    assert text == '{"ticket_id": 1, "body": "' + "x" * 1000 + '", "internal": true}'
