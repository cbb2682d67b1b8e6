"""Any value of any answer may be anything: a look ends well, or waits under a name; it never fails like a mistake."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugin.model.work import Outcome
from tests.scenarios.helpdesk import Helpdesk

BENDS = 120
SEED = 5
ANYTHING: tuple[Any, ...] = (
    None, "", "x", "7", 0, -1, 7.5, True, [], {}, [None], {"id": None}, 2**53, "9" * 40, "2026-13-45T99:00:00Z",
    "0001-01-01T00:00:00+23:59", "\x00", "ß" * 3000, "\u202e",
)  # fmt: skip
ROUTES = {
    "look": ("GET", r"/tickets/{id}$", "/tickets/{id}?expand=true"),
    "history": ("GET", r"/ticket_history/{id}$", "/ticket_history/{id}"),
    "articles": ("GET", r"/ticket_articles/by_ticket/{id}$", "/ticket_articles/by_ticket/{id}"),
    "article": ("GET", r"/ticket_articles/\d+$", "/ticket_articles/{article}"),
    "links": ("GET", r"/links$", "/links?link_object=Ticket&link_object_value={id}"),
    "states": ("GET", r"/ticket_states$", "/ticket_states?expand=true"),
    "user": ("GET", r"/users/\d+$", "/users/{customer}?expand=true"),
    "me": ("GET", r"/users/me$", "/users/me?expand=true"),
    "roles": ("GET", r"/roles$", "/roles?expand=true"),
}


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """What Zammad answers never meets the store's SQL but by way of facts: one store will do."""
    return f"sqlite:///{tmp_path / 'steward.db'}"


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Every place in an answer, as faults name it."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield f"{prefix}{key}"
        yield from paths(inner, f"{prefix}{key}.")


@pytest.mark.parametrize("like", ["6.5"])
def test_a_bent_answer_is_never_taken_for_a_mistake_of_our_own(helpdesk: Helpdesk) -> None:
    chance = random.Random(SEED)
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    ticket.owned(helpdesk.anna)
    ticket.said(helpdesk.chief, "major")
    ticket.answered(helpdesk.anna)
    helpdesk.works()
    article = next(iter(helpdesk.sandbox.world.articles.where(ticket_id=ticket.id))).id
    ids = {"id": ticket.id, "article": article, "customer": ticket.row.customer_id}
    true = {name: helpdesk.person("steward").call("GET", ask.format(**ids)) for name, (_, _, ask) in ROUTES.items()}
    worker = helpdesk.service.worker
    assert worker is not None
    ended: dict[Outcome, int] = {}
    mistakes = []
    for number in range(BENDS):
        name = chance.choice([*ROUTES])
        method, route, _ = ROUTES[name]
        place, value = chance.choice([*paths(true[name])]), chance.choice(ANYTHING)
        fault = {"kind": "bent", "method": method, "path": route.format(**ids), "put": {place: value}}
        helpdesk.post("/sandbox/faults", json={"user_agent": "zammad-steward", **fault})
        if number % 5 == 0:
            helpdesk.restarts()  # nothing is remembered: roles, states and users are asked for again
            worker = helpdesk.service.worker
            assert worker is not None
        verdict = worker.look(ticket.id)
        if verdict.outcome is Outcome.FAILED:
            mistakes.append(f"bend {number}: {fault}: {verdict.reason}")
        ended[verdict.outcome] = ended.get(verdict.outcome, 0) + 1
        helpdesk.sandbox.faults.clear()
    print(f"seed {SEED}: {BENDS} bends, {ended}")
    assert mistakes == []
    assert ended[Outcome.UNREADABLE] > 0
    assert worker.look(ticket.id).outcome is Outcome.DONE
