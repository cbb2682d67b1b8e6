"""Tags, links, mentions and merges: what they change, what they touch, what they refuse (contract 4.7, 4.8, 5.5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.conftest import MakeTown, Town


@pytest.fixture
def pair(town: Town) -> tuple[int, int]:
    """Two tickets whose creation was told."""
    made = (town.person("anna").opens_ticket("one"), town.person("anna").opens_ticket("two"))
    told(town)
    return made


def told(town: Town) -> list[int]:
    """The tickets told of since the last look."""
    town.passes(seconds=5)
    ids = [delivery.ticket_id for delivery in town.receiver.deliveries]
    town.receiver.deliveries.clear()
    return ids


def number(town: Town, ticket_id: int) -> str:
    return str(town.sandbox.world.tickets[ticket_id].number)


def tag(town: Town, ticket_id: int, name: str, who: str = "steward") -> int:
    sent = {"object": "Ticket", "o_id": ticket_id, "item": name}
    return town.person(who).post("tags/add", sent).status_code


def test_a_tag_is_one_however_often_it_is_added(town: Town, pair: tuple[int, int]) -> None:
    assert [tag(town, pair[0], name) for name in ("VIP", " VIP ", "vip", "VIP")] == [201] * 4
    assert town.person("mei@customer.example").get(f"tags?object=Ticket&o_id={pair[0]}").json() == {
        "tags": ["VIP", "vip"]
    }
    anna = town.person("anna")
    assert anna.delete("tags/remove", {"object": "Ticket", "o_id": pair[0], "item": "Vip"}).json() is True
    assert anna.delete(f"tags/remove?object=Ticket&o_id={pair[0]}&item=VIP").json() is True
    assert town.sandbox.world.tags_of(pair[0]) == ["vip"]
    assert anna.get("tags?object=Ticket&o_id=9999").json() == {"tags": []}


@pytest.mark.parametrize("name", ["a,b", "st*r"])
def test_characters_of_lists_are_refused_by_newer_servers_only(make_town: MakeTown, name: str) -> None:
    statuses = [tag(town, town.person("anna").opens_ticket(), name) for town in (make_town("6.1"), make_town("6.5"))]
    assert statuses == [201, 422]


@pytest.mark.parametrize(
    ("who", "item", "status"),
    [
        pytest.param("anna", "ok", 201, id="an agent of the group"),
        pytest.param("mei@customer.example", "ok", 403, id="its customer"),
        pytest.param("ben", "", 422, id="no name"),
    ],
)
def test_who_may_tag(town: Town, pair: tuple[int, int], who: str, item: str, status: int) -> None:
    assert tag(town, pair[0], item, who) == status


def test_tags_come_with_a_new_ticket_as_text_only(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket(tags="a, b,c")
    assert town.sandbox.world.tags_of(ticket_id) == ["a", "b", "c"]
    body = {"title": "t", "group": "First line", "customer": "mei@customer.example", "article": {"body": "x"}}
    assert town.person("anna").post("tickets", {**body, "tags": ["a"]}).status_code == 500
    assert town.person("anna").put(f"tickets/{ticket_id}", {"tags": "d"}).status_code == 200
    assert town.sandbox.world.tags_of(ticket_id) == ["a", "b", "c"]


def link(town: Town, kind: str, source: int, target: int, who: str = "anna") -> Any:
    return town.person(who).post(
        "links/add",
        {
            "link_type": kind,
            "link_object_source": "Ticket",
            "link_object_source_number": number(town, source),
            "link_object_target": "Ticket",
            "link_object_target_value": target,
        },
    )


@pytest.mark.parametrize(
    ("kind", "of_source", "of_target"),
    [("normal", "normal", "normal"), ("parent", "child", "parent"), ("child", "parent", "child")],
)
def test_each_side_names_the_others_role(
    town: Town, pair: tuple[int, int], kind: str, of_source: str, of_target: str
) -> None:
    assert link(town, kind, *pair).status_code == 201
    seen = [
        town.person("anna").get(f"links?link_object=Ticket&link_object_value={ticket_id}").json()["links"]
        for ticket_id in pair
    ]
    assert [(rows[0]["link_type"], rows[0]["link_object_value"]) for rows in seen] == [
        (of_source, pair[1]),
        (of_target, pair[0]),
    ]
    assert told(town) == []


def test_a_second_link_is_refused_or_nothing(make_town: MakeTown) -> None:
    answers = []
    for town in (make_town("6.1"), make_town("6.5")):
        source, target = town.person("anna").opens_ticket("one"), town.person("anna").opens_ticket("two")
        link(town, "normal", source, target)
        answers.append(link(town, "normal", source, target))
    assert [answer.status_code for answer in answers] == [422, 201]
    assert answers[1].json()["id"] is None


def test_any_word_and_oneself_can_be_linked_but_not_what_is_not_there(town: Town, pair: tuple[int, int]) -> None:
    assert link(town, "resembles", *pair).status_code == 201
    assert link(town, "normal", pair[0], pair[0]).status_code == 201
    assert link(town, "normal", pair[0], 9999).status_code == 404


def test_removing_a_link_says_201_whatever_it_did(town: Town, pair: tuple[int, int]) -> None:
    link(town, "normal", *pair)
    gone = {"link_type": "normal", "link_object_source": "Ticket", "link_object_source_number": number(town, pair[0]),
            "link_object_target": "Ticket", "link_object_target_value": pair[1]}  # fmt: skip
    anna = town.person("anna")
    assert (anna.delete("links/remove", gone).status_code, len(town.sandbox.world.links)) == (201, 1)
    by_id = {**gone, "link_object_source_value": pair[0]}
    assert (anna.delete("links/remove", by_id).json(), len(town.sandbox.world.links)) == ([], 0)


def test_a_link_of_a_new_ticket_says_its_own_role(town: Town, pair: tuple[int, int]) -> None:
    made = town.person("anna").opens_ticket("follow-up", links={"Ticket": {"child": [pair[0]]}})
    rows = town.person("anna").get(f"links?link_object=Ticket&link_object_value={pair[0]}").json()["links"]
    assert rows == [{"link_type": "child", "link_object": "Ticket", "link_object_value": made}]


def merge(town: Town, source: int, target_number: str, who: str = "anna") -> Any:
    return town.person(who).put(f"ticket_merge/{source}/{target_number}")


@pytest.mark.parametrize(
    ("source", "target", "status", "result"),
    [
        pytest.param(9999, None, 200, "failed", id="an unknown source"),
        pytest.param(None, "99999999", 200, "failed", id="an unknown number"),
        pytest.param(None, "itself", 422, None, id="itself"),
    ],
)
def test_a_merge_that_cannot_be(
    town: Town, pair: tuple[int, int], source: int | None, target: str | None, status: int, result: str | None
) -> None:
    to = number(town, pair[0]) if target == "itself" else target or number(town, pair[1])
    answer = merge(town, source or pair[0], to)
    assert (answer.status_code, answer.json().get("result")) == (status, result)
    assert told(town) == []


def test_a_merge_needs_change_on_both(town: Town, pair: tuple[int, int]) -> None:
    elsewhere = town.person("chief").opens_ticket("elsewhere", group="Second line")
    assert merge(town, pair[0], number(town, elsewhere)).status_code == 403


def test_a_merge_moves_articles_links_and_subscriptions_but_no_tags(town: Town, pair: tuple[int, int]) -> None:
    source, target = pair
    third = town.person("anna").opens_ticket("three")
    tag(town, source, "stays")
    link(town, "normal", source, third)
    town.person("anna").post("mentions", {"mentionable_type": "Ticket", "mentionable_id": source})
    told(town)
    assert merge(town, source, number(town, target)).json()["result"] == "success"
    world = town.sandbox.world
    assert [len(world.articles_of(ticket_id)) for ticket_id in (source, target)] == [1, 2]
    assert (world.tags_of(source), world.tags_of(target)) == (["stays"], [])
    assert [row.user_id for row in world.mentions.where(mentionable_id=target)] == [
        world.users.where(login="anna")[0].id
    ]
    partners = {other for row in world.links_of(target) for other in (row.source_id, row.target_id)} - {target}
    assert partners == {source, third}
    assert (world.state_type(world.tickets[source].state_id), world.tickets[source].owner_id) == ("merged", 1)
    kinds = {row.kind for row in world.history.where(ticket_id=source)} | {
        row.kind for row in world.history.where(ticket_id=target)
    }
    assert {"merged_into", "received_merge"} <= kinds


def test_a_merge_passes_source_target_and_source_again(town: Town, pair: tuple[int, int]) -> None:
    merge(town, pair[0], number(town, pair[1]))
    town.passes(seconds=5)
    seen = [
        (delivery.ticket_id, json.loads(delivery.body)["article"].get("body")) for delivery in town.receiver.deliveries
    ]
    assert seen == [(pair[0], "merged"), (pair[1], None), (pair[0], None)]


def test_a_merged_ticket_can_be_written_and_merged_again(town: Town, pair: tuple[int, int]) -> None:
    merge(town, pair[0], number(town, pair[1]))
    anna = town.person("anna")
    assert anna.put(f"tickets/{pair[0]}", {"title": "still here"}).status_code == 200
    assert anna.put(f"tickets/{pair[0]}", {"state": "open"}).status_code == 200
    third = anna.opens_ticket("three")
    assert merge(town, pair[0], number(town, third)).json()["result"] == "success"


def test_a_mail_to_a_merged_ticket_goes_to_its_target(town: Town, pair: tuple[int, int]) -> None:
    merge(town, pair[0], number(town, pair[1]))
    raw = f"From: mei@customer.example\r\nSubject: [Ticket#{number(town, pair[0])}] again\r\n\r\nHello"
    assert town.control("POST", "mail", data=raw.encode()).json()["ticket_id"] == pair[1]


def test_only_oneself_can_be_subscribed(town: Town, pair: tuple[int, int]) -> None:
    about = {"mentionable_type": "Ticket", "mentionable_id": pair[0]}
    anna, mei = town.person("anna"), town.person("mei@customer.example")
    assert anna.post("mentions", {**about, "user_id": 7}).status_code == 201
    assert [row.user_id for row in town.sandbox.world.mentions] == [town.sandbox.world.users.where(login="anna")[0].id]
    assert mei.post("mentions", about).status_code == 403
    assert anna.post("mentions", {**about, "mentionable_type": "User"}).status_code == 422
    mention = next(iter(town.sandbox.world.mentions))
    assert town.person("ben").delete(f"mentions/{mention.id}").status_code == 403
    assert anna.delete(f"mentions/{mention.id}").json() is True


@pytest.mark.parametrize(
    ("mentioned", "older", "newer"),
    [
        pytest.param("ben", (201, 1), (201, 1), id="an agent of the group"),
        pytest.param("mei@customer.example", (201, 0), (422, 0), id="a customer"),
        pytest.param(None, (201, 0), (404, 0), id="nobody there"),
    ],
)
def test_a_note_subscribes_whom_it_names(
    make_town: MakeTown, mentioned: str | None, older: tuple[int, int], newer: tuple[int, int]
) -> None:
    for town, expected in ((make_town("6.1"), older), (make_town("6.5"), newer)):
        world = town.sandbox.world
        user_id = 9999 if mentioned is None else world.users.where(login=mentioned)[0].id
        ticket_id = town.person("anna").opens_ticket()
        body = f'<a data-mention-user-id="{user_id}">x</a>'
        note = {"ticket_id": ticket_id, "body": body, "content_type": "text/html", "internal": True}
        answer = town.person("steward").post("ticket_articles", note)
        assert (answer.status_code, len(world.mentions)) == expected


def test_a_tag_is_renamed_everywhere_and_two_of_a_name_become_one(town: Town) -> None:
    admin, anna, world = town.person("admin"), town.person("anna"), town.sandbox.world
    both, one = anna.opens_ticket(tags="old,new"), anna.opens_ticket(tags="old")
    condition = {"ticket.tags": {"operator": "contains one", "value": "x, old"}}
    view = {"condition": condition, "order": {"by": "id", "direction": "ASC"}, "view": {"s": ["title"]}}
    overview = admin.post("overviews", {"name": "tagged", **view}).json()["id"]
    ids = {row["name"]: row["id"] for row in admin.get("tag_list").json()}
    town.passes(seconds=10)
    before = world.tickets[one].updated_at
    assert admin.put(f"tag_list/{ids['old']}", {"name": "older"}).status_code == 200
    assert (world.tags_of(one), world.overviews[overview].condition["ticket.tags"]["value"]) == (["older"], "x, older")
    assert world.tickets[one].updated_at > before
    admin.put(f"tag_list/{ids['old']}", {"name": "new"})
    assert (world.tags_of(both), world.tags_of(one)) == (["new"], ["new"])
    admin.delete(f"tag_list/{ids['new']}")
    assert world.tags_of(both) == []


@pytest.mark.parametrize(
    ("mentioned", "status"),
    [
        pytest.param({"mentionable_type": "Ticket", "mentionable_id": 999}, 422, id="no ticket"),
        pytest.param({"mentionable_type": "User", "mentionable_id": 1}, 422, id="no kind of thing"),
    ],
)
def test_only_a_ticket_there_is_can_be_followed(town: Town, mentioned: dict[str, object], status: int) -> None:
    anna = town.person("anna")
    assert anna.post("mentions", mentioned).status_code == status
    assert anna.delete("mentions/999").status_code == 403
