"""Reads: the fewest and cheapest calls, whatever shape the version answers in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from plugin.model.errors import NotFound, OutOfSight, Unavailable
from plugin.model.ticket import Link, StateType
from plugin.zammad import client as client_module
from plugin.zammad.client import Call
from plugin.zammad.reader import found_tickets
from plugin.zammad.room import Zammad
from tests.zammad.conftest import API, Body

SINCE = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


def routes(calls: Iterable[Call]) -> list[str]:
    return [call.route for call in calls]


def test_a_look_is_one_call_once_the_catalogues_are_there(
    server: responses.RequestsMock, zammad: Zammad, body: Body, calls: list[Call]
) -> None:
    ticket_id = body("ticket")["id"]
    first = zammad.reader.look(ticket_id)
    calls.clear()
    assert zammad.reader.look(ticket_id) == first
    assert routes(calls) == ["GET /tickets/:id"]
    url = str(server.calls[-1].request.url)
    assert url.endswith("?expand=true")


@pytest.mark.parametrize(
    ("status", "outcome"), [(404, NotFound), (403, OutOfSight), (500, Unavailable), (502, Unavailable)]
)
def test_a_ticket_that_cannot_be_seen_says_why(
    wire: responses.RequestsMock, zammad: Zammad, status: int, outcome: type[Exception]
) -> None:
    wire.get(f"{API}/tickets/7", status=status, json={"error": "text"})
    with pytest.raises(outcome):
        zammad.reader.look(7)


@pytest.mark.usefixtures("server")
def test_history_brings_its_people_along(zammad: Zammad, body: Body, calls: list[Call]) -> None:
    raw = body("history")
    rows, users = zammad.reader.history(body("ticket")["id"])
    assert [row.id for row in rows] == [one["id"] for one in raw["history"]]
    assert users[7].login == "anna"
    assert users[7].can_own_in(2)
    calls.clear()
    zammad.people.user(7)
    assert calls == []


def articles(ids: Iterable[int], ticket_id: int = 7) -> list[dict[str, Any]]:
    return [
        {
            "id": one,
            "ticket_id": ticket_id,
            "type": "note",
            "sender": "Agent",
            "internal": True,
            "created_by_id": 7,
            "created_at": "2026-11-21T07:00:00.000Z",
        }
        for one in ids
    ]


@pytest.mark.parametrize(
    ("wanted", "total", "at_once"),
    [
        pytest.param(1, 1, False, id="the only one"),
        pytest.param(1, 2, False, id="one of two"),
        pytest.param(2, 2, True, id="both"),
        pytest.param(4, 10, False, id="few of ten"),
        pytest.param(5, 10, True, id="half of ten"),
        pytest.param(1, 150, False, id="one of many"),
        pytest.param(39, 150, False, id="a quarter of many"),
        pytest.param(150, 150, True, id="all of many"),
        pytest.param(3, 2000, False, id="three of very many"),
    ],
)
def test_articles_are_read_the_cheaper_way(
    wire: responses.RequestsMock, zammad: Zammad, calls: list[Call], wanted: int, total: int, at_once: bool
) -> None:
    ids = range(1, total + 1)
    wire.get(f"{API}/ticket_articles/by_ticket/7", json=articles(ids))
    for one in articles(ids):
        wire.get(f"{API}/ticket_articles/{one['id']}", json=one)
    new = [*ids][-wanted:]
    found = zammad.reader.articles(7, new, total=total)
    assert [article.id for article in found] == new
    single, all_of_them = ["GET /ticket_articles/:id"] * wanted, ["GET /ticket_articles/by_ticket/:id"]
    assert routes(calls) == (all_of_them if at_once else single)


def test_articles_that_are_gone_or_moved_are_left_out(wire: responses.RequestsMock, zammad: Zammad) -> None:
    wire.get(f"{API}/ticket_articles/1", status=404, json={"error": "Couldn't find Ticket::Article"})
    wire.get(f"{API}/ticket_articles/2", json=articles([2], ticket_id=8)[0])
    wire.get(f"{API}/ticket_articles/3", json=articles([3])[0])
    assert [article.id for article in zammad.reader.articles(7, [1, 2, 3], total=40)] == [3]


def test_a_ticket_too_large_to_read_at_once_is_read_in_parts(wire: responses.RequestsMock, zammad: Zammad) -> None:
    huge = b"[" + b" " * client_module.LARGEST_ANSWER + b"]"
    wire.get(f"{API}/ticket_articles/by_ticket/7", body=huge)
    for one in articles([1, 2]):
        wire.get(f"{API}/ticket_articles/{one['id']}", json=one)
    assert len(zammad.reader.articles(7, [1, 2], total=2)) == 2


def test_no_articles_are_no_call(zammad: Zammad, calls: list[Call]) -> None:
    assert zammad.reader.articles(7, []) == ()
    assert calls == []


def test_doubled_tags_are_one(wire: responses.RequestsMock, zammad: Zammad) -> None:
    query = {"object": "Ticket", "o_id": "7"}
    wire.get(f"{API}/tags", json={"tags": ["vip", "vip", "多"]}, match=[matchers.query_param_matcher(query)])
    assert zammad.reader.tags(7) == {"vip", "多"}


def test_links_bring_the_other_tickets_along(
    server: responses.RequestsMock, zammad: Zammad, body: Body, like: str
) -> None:
    other = {**body("ticket_plain"), "id": 9, "number": "81009", "state_id": 4}
    links = [{"link_type": "child", "link_object": "Ticket", "link_object_value": one} for one in (9, 10)]
    assets = {"Ticket": {"9": other}} if like == "6.5" else {"Ticket": {"9": other}, "User": {}}
    server.get(f"{API}/links", json={"links": links, "assets": assets})
    found, tickets = zammad.reader.linked(7)
    assert found == (Link("child", 9), Link("child", 10))
    assert [(one.number, one.state_type) for one in tickets] == [("81009", StateType.CLOSED)]


def search_answer(like: str, tickets: list[dict[str, Any]]) -> dict[str, Any]:
    ids = [one["id"] for one in tickets]
    assets = {"assets": {"Ticket": {str(one["id"]): one for one in tickets}}}
    if like == "6.1":
        return {"tickets": ids, "tickets_count": len(ids), **assets}
    return {"record_ids": ids, "total_count": len(ids), **assets}


def test_a_number_is_found_by_condition(server: responses.RequestsMock, zammad: Zammad, body: Body, like: str) -> None:
    raw = body("ticket_plain")
    server.post(f"{API}/tickets/search", json=search_answer(like, [{**raw, "number": "7T1-abcde"}]))
    found = zammad.reader.find_by_number("7T1-abcde")
    assert found is not None
    assert found.id == raw["id"]
    assert zammad.reader.find_by_number("7T1-abc") is None


def test_the_search_of_6_5_without_full_is_understood_too(body: Body) -> None:
    assert found_tickets([body("ticket_plain")])[0]["id"] == body("ticket_plain")["id"]


class ChangingZammad:
    """Answers the sweep's search from a list of tickets that may change between two pages."""

    def __init__(self, like: str, template: dict[str, Any]) -> None:
        self.like = like
        self.template = template
        self.moments: dict[int, datetime] = {}
        self.asked = 0
        self.between: list[tuple[int, datetime]] = []

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        self.asked += 1
        query = json.loads(request.body or b"{}")
        since = datetime.fromisoformat(query["condition"]["ticket.updated_at"]["value"])
        found = sorted((moment, one) for one, moment in self.moments.items() if moment >= since)
        start = (query["page"] - 1) * query["per_page"]
        page = [
            {**self.template, "id": one, "updated_at": moment.isoformat(timespec="milliseconds")}
            for moment, one in found[start : start + query["per_page"]]
        ]
        for one, moment in self.between:
            self.moments[one] = moment
        self.between = []
        return 200, {}, json.dumps(search_answer(self.like, page))


@pytest.fixture
def changing(server: responses.RequestsMock, like: str, body: Body) -> ChangingZammad:
    playing = ChangingZammad(like, body("ticket_plain"))
    server.add_callback("POST", f"{API}/tickets/search", playing.answer)
    return playing


def swept(zammad: Zammad, limit: int) -> list[int]:
    return [ticket.id for page in zammad.reader.changed_since(SINCE, limit=limit) for ticket in page]


def test_a_sweep_finds_each_change_once(zammad: Zammad, changing: ChangingZammad) -> None:
    changing.moments = {one: SINCE + timedelta(seconds=one) for one in range(1, 101)}
    assert swept(zammad, limit=10) == [*range(1, 101)]
    assert changing.asked <= 13


def test_a_ticket_that_changes_during_a_sweep_pushes_no_other_out(zammad: Zammad, changing: ChangingZammad) -> None:
    changing.moments = {one: SINCE + timedelta(seconds=one) for one in range(1, 31)}
    changing.between = [(one, SINCE + timedelta(hours=1, seconds=one)) for one in range(1, 6)]
    assert set(swept(zammad, limit=10)) == {*range(1, 31)}


def test_many_changes_in_one_instant_are_all_found(zammad: Zammad, changing: ChangingZammad) -> None:
    changing.moments = dict.fromkeys(range(1, 36), SINCE) | {99: SINCE + timedelta(seconds=1)}
    assert swept(zammad, limit=10) == [*range(1, 36), 99]


def test_an_empty_sweep_is_one_call(zammad: Zammad, changing: ChangingZammad) -> None:
    assert swept(zammad, limit=10) == []
    assert changing.asked == 1


def test_a_mandatory_field_that_is_empty_is_named(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    raw = {**body("ticket"), "steward_tier": ""}
    server.replace("GET", f"{API}/tickets/{raw['id']}", json=raw)
    ticket = zammad.reader.look(raw["id"])
    assert zammad.reader.workflow(ticket).blockers(ticket) == {"steward_tier"}


@pytest.mark.usefixtures("server")
def test_what_is_filled_blocks_nothing(zammad: Zammad, body: Body) -> None:
    ticket = zammad.reader.look(body("ticket")["id"])
    assert zammad.reader.workflow(ticket).blockers(ticket) == frozenset()
