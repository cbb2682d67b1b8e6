"""Tickets far beyond the ordinary: thousands of articles, megabytes of body, thousands of members."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from plugin.sandbox.seed import add_person
from tests.scenarios.helpdesk import Helpdesk, Ticket


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """What Zammad answers never meets the store's SQL: one store will do."""
    return f"sqlite:///{tmp_path / 'steward.db'}"


def grows(ticket: Ticket, *, articles: int, rows: int = 0, body: str = "<p>And another word.</p>") -> None:
    """The ticket has so many more articles and rows of history, as if years had passed."""
    world = ticket.helpdesk.sandbox.world
    first = next(iter(world.articles.where(ticket_id=ticket.id)))
    columns = {name: value for name, value in first.items() if name != "id"}
    for _ in range(articles):
        world.articles.insert({**columns, "body": body, "content_type": "text/html", "internal": True})
    row = {name: value for name, value in list(world.history.where(ticket_id=ticket.id))[-1].items() if name != "id"}
    for _ in range(rows):
        world.history.insert(dict(row))


def calls_of_a_look(helpdesk: Helpdesk, what: str) -> dict[str, int]:
    """What Steward calls until nothing is due, with the time it took printed."""
    helpdesk.sandbox.reset_cost()
    began = time.process_time()
    helpdesk.works()
    cost, took = helpdesk.sandbox.cost(login="steward"), time.process_time() - began
    print(f"{what}: {took:.2f} s of CPU (the sandbox's included), {cost.zammad_ms:.0f} ms of Zammad")
    return {line.name: line.calls for line in cost.rows}


@pytest.mark.parametrize("like", ["6.5"])
def test_two_thousand_articles_are_read_once_in_three_calls(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    grows(ticket, articles=2000, rows=8000)
    ticket.noted(helpdesk.anna)
    first = calls_of_a_look(helpdesk, "first look at 2,000 articles and 10,000 rows")
    assert sum(first.values()) <= 5, first
    assert first["GET /ticket_articles/by_ticket/:id"] == 1
    ticket.noted(helpdesk.anna)
    second = calls_of_a_look(helpdesk, "second look")
    assert sum(second.values()) <= 3, second
    assert "GET /ticket_articles/by_ticket/:id" not in second
    began = time.process_time()
    ticket.decided()
    took = time.process_time() - began
    print(f"read and decided anew from {len(helpdesk.timeline_of(ticket))} facts: {took:.2f} s of CPU")
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    assert ticket.field("stage") == "done"


@pytest.mark.parametrize("like", ["6.5"])
def test_more_text_than_one_answer_may_hold_is_read_piece_by_piece(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    grows(ticket, articles=25, body="<p>" + "wort " * 300_000 + "</p>")
    other = helpdesk.mails("Where is my order?")
    calls = calls_of_a_look(helpdesk, "25 articles of 1.5 MB")
    assert ticket.ours == {"suspected"}
    assert other.field("kind") == "request"
    assert calls["GET /ticket_articles/:id"] == 25
    longest = max(len(fact.text("body")) for fact in helpdesk.timeline_of(ticket))
    assert longest <= 20_000


def test_an_organization_of_three_thousand_hinders_nobody(helpdesk: Helpdesk) -> None:
    world = helpdesk.sandbox.world
    organization = next(iter(world.organizations.where(name="Muster Handels GmbH")))
    extra: dict[str, Any] = {"organization_id": organization.id}
    for number in range(3000):
        add_person(world, f"m{number}@handel.example", "", "", role_ids=[3], group_ids={}, extra=extra)
    ticket = helpdesk.mails("I want to complain: the device is broken.", sender="tom@handel.example")
    calls = calls_of_a_look(helpdesk, "an organization of 3,000")
    assert ticket.ours == {"suspected"}
    assert sum(calls.values()) <= 20, calls
