"""A Zammad that does not take what Steward writes to one ticket: named, tried again in peace, and nobody else waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugin.model.work import CaseStatus
from plugin.store import cases
from tests.scenarios.helpdesk import Helpdesk

PAGE = {"body": "<html><body>Request blocked</body></html>", "content_type": "text/html"}
PUT, TAG = {"method": "PUT", "path": "/tickets/{id}$"}, {"method": "POST", "path": "/tags/add"}


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """What Zammad answers never meets the store's SQL: one store will do."""
    return f"sqlite:///{tmp_path / 'steward.db'}"


@pytest.fixture
def like() -> str:
    """Both versions take and refuse alike: one will do."""
    return "6.5"


REFUSALS = [
    pytest.param({"kind": "status", "status": 500, **PUT}, id="a permanent 500"),
    pytest.param({"kind": "status", "status": 500, "after": True, **PUT}, id="a 500 after the effect"),
    pytest.param({"kind": "answer", "status": 413, **PAGE, **PUT}, id="too large for the proxy"),
    pytest.param({"kind": "answer", "status": 403, **PAGE, **PUT}, id="blocked by the proxy"),
    pytest.param({"kind": "status", "status": 422, **PUT}, id="422"),
    pytest.param({"kind": "status", "status": 409, **PUT}, id="409"),
    pytest.param({"kind": "login_page", **PUT}, id="a login page"),
    pytest.param({"kind": "answer", "status": 200, "body": "{}", **PUT}, id="an empty object"),
    pytest.param({"kind": "bent", "put": {"id": 4711}, **PUT}, id="an answer about another ticket"),
    pytest.param({"kind": "bent", "drop": ["updated_at"], **PUT}, id="an answer without a version"),
    pytest.param({"kind": "answer", "status": 200, "body": "null", **PUT}, id="null"),
    pytest.param({"kind": "answer", "status": 301, **PAGE, **PUT}, id="a redirect"),
    pytest.param({"kind": "status", "status": 500, "count": 4, **TAG}, id="a tag that fails"),
    pytest.param({"kind": "answer", "status": 200, "body": "false", "count": 4, **TAG}, id="a tag unconfirmed"),
]


@pytest.mark.parametrize("fault", REFUSALS)
def test_a_ticket_that_takes_no_writes_waits_alone(helpdesk: Helpdesk, fault: dict[str, Any]) -> None:
    barred = helpdesk.mails("I want to complain: the device is broken.")
    path = fault["path"].format(id=barred.id)
    helpdesk.post("/sandbox/faults", json={"user_agent": "zammad-steward", **fault, "path": path})
    other = helpdesk.creates(helpdesk.anna, customer="olga@customer.example")
    helpdesk.passes(minutes=12)
    assert other.field("next_due") == "first_response"
    assert helpdesk.sandbox.faults.list()[0]["struck"] <= 14
    with helpdesk.service.store.read() as connection:
        assert {case.status for case in cases.listed(connection)} == {CaseStatus.OPEN}
    helpdesk.sandbox.faults.clear()
    helpdesk.passes(minutes=12)
    assert barred.ours == {"suspected"}
    assert barred.field("next_due") == "first_response"
    added = [row for row in barred.history if row.kind == "added" and row.value_to == "steward:suspected"]
    assert len(added) == 1


def test_a_write_refused_again_and_again_raises_an_alarm(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    fault = {"kind": "status", "status": 500, "method": "PUT", "path": f"/tickets/{ticket.id}$"}
    helpdesk.post("/sandbox/faults", json={"user_agent": "zammad-steward", **fault})
    helpdesk.passes(hours=1)
    assert helpdesk.alarms("effect_refused") >= 1
    assert any("500" in effect.error for effect in helpdesk.effects_of(ticket))
