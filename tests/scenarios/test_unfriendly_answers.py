"""A Zammad that answers, but not as it should: the ticket concerned waits under a named alarm, no other one does."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from plugin.model.work import CaseStatus
from plugin.store import cases
from tests.scenarios.helpdesk import Helpdesk, Ticket

LOGIN_PAGE = "<!DOCTYPE html><html><body><form>Sign in</form></body></html>"
LOOK, HISTORY, ARTICLE = r"/tickets/{id}$", r"/ticket_history/{id}$", r"/ticket_articles"
OURS = "zammad-steward"


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """What Zammad answers never meets the store's SQL: one store will do."""
    return f"sqlite:///{tmp_path / 'steward.db'}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What Zammad does to Steward's calls about one ticket, whose id stands for ``{id}`` in ``path``."""

    path: str
    kind: str = "bent"
    more: dict[str, Any] = field(default_factory=dict)

    def begins(self, helpdesk: Helpdesk, ticket: Ticket) -> None:
        path = self.path.format(id=ticket.id)
        fault = {"kind": self.kind, "path": path, "method": "GET", "user_agent": OURS, **self.more}
        helpdesk.post("/sandbox/faults", json=fault)


def ends(helpdesk: Helpdesk) -> None:
    helpdesk.sandbox.faults.clear()


def reason_of(helpdesk: Helpdesk, ticket: Ticket) -> str:
    with helpdesk.service.store.read() as connection:
        case = cases.get(connection, ticket.id)
    assert case is not None
    assert case.status is CaseStatus.OPEN
    return case.parked_reason


def alarms_shown(helpdesk: Helpdesk) -> Any:
    """The alarms as ``/readyz`` shows them."""
    assert helpdesk.service.app is not None
    return helpdesk.service.app.test_client().get("/readyz").get_json()["parts"]["alarms"]


def answer(body: str, **more: Any) -> dict[str, Any]:
    return {"status": 200, "body": body, **more}


def put(**values: Any) -> dict[str, Any]:
    return {"put": {name.replace("__", "."): value for name, value in values.items()}}


UNREADABLE = [
    pytest.param(Trouble(LOOK, "status", {"status": 500}), id="a permanent 500"),
    pytest.param(Trouble(HISTORY, "status", {"status": 500}), id="a permanent 500 of its history"),
    pytest.param(Trouble(LOOK, "answer", answer('{"id": NaN, "number": Infinity}')), id="NaN"),
    pytest.param(Trouble(LOOK, "answer", answer("[" * 100_000 + "]" * 100_000)), id="nested 100,000 deep"),
    pytest.param(Trouble(LOOK, "answer", answer('{"id": 7, "number": "81')), id="half an answer"),
    pytest.param(Trouble(LOOK, "answer", answer("[]")), id="a list for an object"),
    pytest.param(Trouble(LOOK, "answer", answer("null")), id="null"),
    pytest.param(Trouble(LOOK, "answer", answer("")), id="nothing"),
    pytest.param(Trouble(LOOK, "answer", answer('"ok"')), id="a word"),
    pytest.param(Trouble(LOOK, "bent", {"drop": ["updated_at"]}), id="no version"),
    pytest.param(Trouble(LOOK, "bent", put(updated_at="yesterday")), id="no moment"),
    pytest.param(Trouble(LOOK, "bent", put(group_id=None)), id="no group"),
    pytest.param(Trouble(LOOK, "bent", put(owner_id={"id": 3})), id="an object for an id"),
    pytest.param(Trouble(LOOK, "bent", put(state_id=2**63)), id="an id beyond all bounds"),
    pytest.param(Trouble(LOOK, "bent", put(article_ids="1,2")), id="a text for a list"),
    pytest.param(Trouble(LOOK, "bent", put(created_at="9999-12-31T23:59:59-23:00")), id="after the last day"),
    pytest.param(Trouble(HISTORY, "bent", {"drop": ["history"]}), id="a history without rows"),
    pytest.param(Trouble(HISTORY, "bent", put(history__0__created_at="0000-00-00")), id="a row without a moment"),
    pytest.param(Trouble(HISTORY, "answer", answer('{"history": [7]}')), id="a number for a row"),
]


@pytest.mark.parametrize("trouble", UNREADABLE)
def test_a_ticket_that_cannot_be_read_waits_alone(helpdesk: Helpdesk, trouble: Trouble) -> None:
    broken = helpdesk.mails("I want to complain: the device is broken.")
    trouble.begins(helpdesk, broken)
    other = helpdesk.mails("I want to complain: the other one, too.")
    helpdesk.passes(minutes=3)
    assert other.ours == {"suspected"}
    assert broken.is_untouched()
    assert helpdesk.alarms("unreadable") >= 1
    assert broken.id in alarms_shown(helpdesk)["unreadable"]["tickets"]
    assert reason_of(helpdesk, broken)
    ends(helpdesk)
    helpdesk.passes(minutes=10)
    assert broken.ours == {"suspected"}
    assert reason_of(helpdesk, broken) == ""


TOLERATED = [
    pytest.param(Trouble(LOOK, "bent", put(priority_id="2", owner_id="1", article_ids__0="1")), id="numbers as texts"),
    pytest.param(Trouble(LOOK, "bent", put(number=81007)), id="a number as a number"),
    pytest.param(Trouble(LOOK, "bent", put(article_ids=None, preferences=None, title=None)), id="null for lists"),
    pytest.param(Trouble(LOOK, "bent", put(priority_id=None, organization_id=None)), id="no priority"),
    pytest.param(Trouble(LOOK, "bent", {"drop": ["priority_id", "title", "state", "group"]}), id="keys left out"),
    pytest.param(Trouble(LOOK, "bent", put(updated_at="2026-03-02T10:00:00.123456789+01:00")), id="odd moments"),
    pytest.param(Trouble(LOOK, "bent", put(created_at="2026-03-02 09:00:00 UTC")), id="Ruby's moments"),
    pytest.param(Trouble(LOOK, "bent", put(title="ß" * 3000)), id="a title of 3,000 characters"),
    pytest.param(Trouble(LOOK, "bent", put(title="")), id="an empty title"),
    pytest.param(Trouble(LOOK, "bent", put(group={"id": 2, "name": "First line"})), id="names as objects"),
    pytest.param(Trouble(LOOK, "bent", put(steward_kind=["request"], steward_hold="maybe")), id="our fields bent"),
    pytest.param(Trouble(LOOK, "bent", put(steward_next_due_at="soon")), id="our moments bent"),
    pytest.param(Trouble(HISTORY, "bent", put(history__0__type="teleported")), id="an unknown row"),
    pytest.param(Trouble(HISTORY, "bent", put(history__1__value_to=7, history__1__value_from=[1])), id="values bent"),
    pytest.param(Trouble(HISTORY, "bent", {"drop": ["assets"]}), id="no assets"),
    pytest.param(Trouble(HISTORY, "bent", put(assets=None)), id="null assets"),
    pytest.param(Trouble(HISTORY, "bent", put(assets__User__1={"login": 5})), id="a user without an id"),
    pytest.param(
        Trouble(HISTORY, "bent", put(**{"assets__User__*__firstname": None, "assets__User__*__lastname": None})),
        id="users without names",
    ),
    pytest.param(Trouble(ARTICLE, "bent", {"drop": ["body", "subject", "to", "cc"]}), id="an article without a body"),
    pytest.param(Trouble(ARTICLE, "bent", put(body=None, subject=None, preferences=None)), id="null for texts"),
    pytest.param(Trouble(ARTICLE, "bent", put(attachments="many", internal="false")), id="an article bent"),
    pytest.param(
        Trouble("/ticket_states$", "bent", {"drop": ["*.state_type", "*.state_type_id"]}), id="no state types"
    ),
    pytest.param(Trouble("/ticket_states$", "answer", answer("[]")), id="no states"),
    pytest.param(Trouble("/ticket_states$", "status", {"status": 403}), id="states refused"),
    pytest.param(Trouble("/ticket_priorities$", "status", {"status": 403}), id="priorities refused"),
    pytest.param(Trouble("/organizations/", "status", {"status": 403}), id="organizations refused"),
    pytest.param(Trouble("/users/[0-9]+$", "status", {"status": 403}), id="users refused"),
    pytest.param(Trouble("/roles$", "bent", {"drop": ["*.permissions", "*.group_ids"]}), id="roles without rights"),
    pytest.param(Trouble("/core_workflows", "status", {"status": 500, "method": "POST"}), id="no workflow engine"),
    pytest.param(Trouble("/core_workflows", "answer", {**answer("[]"), "method": "POST"}), id="a workflow bent"),
    pytest.param(Trouble("/links", "status", {"status": 403}), id="links refused"),
]


@pytest.mark.parametrize("trouble", TOLERATED)
def test_what_is_odd_and_can_be_done_without_hinders_nothing(helpdesk: Helpdesk, trouble: Trouble) -> None:
    helpdesk.drop_deliveries = True
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    trouble.begins(helpdesk, ticket)
    other = helpdesk.mails("Where is my order?")
    helpdesk.passes(minutes=11)
    assert "first_response" in (other.field("next_due") or ""), helpdesk.service.health.parts()
    assert helpdesk.alarms("parked") == 0
    assert helpdesk.alarms("unreadable") == 0
    assert reason_of(helpdesk, ticket) == ""
    ends(helpdesk)
    ticket.noted(helpdesk.anna)
    helpdesk.passes(minutes=11)
    assert ticket.field("next_due") == "first_response"
