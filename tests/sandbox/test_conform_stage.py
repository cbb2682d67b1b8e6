"""Behind the scenes: credentials nobody wrote down, and directions that are carried out."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugin.sandbox.conform.credentials import Credentials
from plugin.sandbox.conform.directions import Direction, Script
from plugin.sandbox.conform.identities import Identities
from plugin.sandbox.conform.stage import Stage
from plugin.sandbox.conform.stories import Step, Story
from tests.sandbox.echo import EchoBench

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def step(
    *,
    person: str,
    header: str | None,
    status: int = 200,
    name: str = "x",
    path: str = "/api/v1/users/me",
    body: Any = None,
) -> Step:
    headers = {} if header is None else {"Authorization": header}
    method = "GET" if body is None else "POST"
    request = {"method": method, "path": path, "headers": headers, "body": body}
    record = {
        "kind": "rest",
        "name": name,
        "as": person,
        "request": request,
        "response": {"status": status, "body": {}},
    }
    return Step(index=0, kind="rest", seconds=0, lasts=0, record=record)


@pytest.fixture
def credentials() -> Credentials:
    return Credentials(tokens={"admin": "a", "agent": "t"}, passwords={"anna": "pw", "lockme": "pw2"})


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        pytest.param({"person": "agent", "header": "Token token=<agent>"}, "Token token=t", id="own token"),
        pytest.param({"person": "agent", "header": "Bearer <agent>"}, "Bearer t", id="as bearer"),
        pytest.param({"person": "agent", "header": "Basic <agent>"}, basic("anna:pw"), id="password"),
        pytest.param({"person": "anonymous", "header": None, "status": 403}, None, id="none"),
        pytest.param({"person": "anonymous", "header": "Digest x", "status": 403}, "Digest x", id="as recorded"),
        pytest.param(
            {"person": "anonymous", "header": "Token token=<anonymous>", "status": 401},
            "Token token=nonsense",
            id="wrong",
        ),
        pytest.param(
            {"person": "anonymous", "header": "Token token=<anonymous>", "name": "token in quotes"},
            'Token token="t"',
            id="in quotes",
        ),
        pytest.param(
            {"person": "anonymous", "header": "Token token=<anonymous>", "status": 403, "name": "empty token"},
            "Token token=",
            id="empty",
        ),
        pytest.param({"person": "anonymous", "header": "Basic <anonymous>"}, basic("anna:pw"), id="a right password"),
        pytest.param(
            {"person": "anonymous", "header": "Basic <anonymous>", "status": 401}, basic("anna:wrong"), id="a wrong one"
        ),
        pytest.param(
            {"person": "anonymous", "header": "Basic <anonymous>", "status": 401, "name": "right password, locked"},
            basic("anna:pw"),
            id="right though refused",
        ),
    ],
)
def test_what_was_sent_follows_from_what_was_answered(
    asked: dict[str, Any], sent: str | None, credentials: Credentials
) -> None:
    assert credentials.header(step(**asked)) == sent


def test_a_token_made_in_a_story_is_used_until_it_ends(credentials: Credentials) -> None:
    making = step(
        person="agent", header="Token token=<agent>", path="/api/v1/user_access_token", body={"name": "narrow"}
    )
    credentials.learn(making, answer={"token": "narrow"})
    using = step(person="agent", header="Token token=<agent>")
    assert credentials.header(using) == "Token token=narrow"
    credentials.begin_story()
    assert credentials.header(using) == "Token token=t"


def test_whom_nobody_knows_uses_the_token_an_administrator_made_for_him(credentials: Credentials) -> None:
    making = step(person="admin", header="Token token=<admin>", path="/api/v1/user_access_token", body={"name": "his"})
    making.record["request"]["headers"]["From"] = "new@example.com"
    credentials.learn(making, answer={"token": "his"})
    assert credentials.header(step(person="agent3", header="Token token=<agent3>")) == "Token token=his"
    assert credentials.header(step(person="agent", header="Token token=<agent>")) == "Token token=t"


def test_the_newcomer_of_a_story_is_the_one_who_mistypes(credentials: Credentials) -> None:
    body = {"login": "lockme", "password": "pw2"}
    making = step(person="admin", header="Token token=<admin>", path="/api/v1/users", body=body)
    credentials.learn(making, answer={"login": "lockme"})
    wrong = step(person="anonymous", header="Basic <anonymous>", status=401)
    assert credentials.header(wrong) == basic("lockme:wrong")
    assert credentials.wrong_password() == {"Authorization": basic("lockme:another wrong one")}


@pytest.mark.parametrize(
    ("direction", "done"),
    [
        pytest.param({"do": "check", "name": "pending"}, ["check ('pending',) []"], id="a check"),
        pytest.param({"do": "job", "id": 3, "name": "sweep"}, ["run_job (30,) []"], id="a scheduler job"),
        pytest.param({"do": "job", "name": "data privacy tasks"}, ["check ('data privacy tasks',) []"], id="erasure"),
        pytest.param(
            {"do": "setting", "name": "import_mode", "value": True},
            ["set_setting ('import_mode', True) []"],
            id="setting",
        ),
        pytest.param(
            {"do": "setting", "name": "form_ticket_create_group_id", "value": 2},
            ["set_setting ('form_ticket_create_group_id', 4) []"],
            id="a setting that names a group",
        ),
        pytest.param({"do": "worker", "action": "stop"}, ["stop_workers () []"], id="no worker"),
        pytest.param({"do": "worker", "action": "start", "count": 4}, ["start_workers (4,) []"], id="four workers"),
        pytest.param(
            {
                "do": "shift",
                "object": "ticket",
                "id": 6,
                "columns": ["created_at"],
                "amount": "-50 min",
                "articles": ["created_at"],
                "recompute_sla": True,
            },
            [
                "shift_ticket (2,) ['change', 'columns']",
                "shift_articles (2,) ['change', 'columns']",
                "recompute_sla (2,) []",
            ],
            id="a shift",
        ),
        pytest.param(
            {
                "do": "shift",
                "object": "history",
                "of_ticket": 6,
                "rows": "x",
                "columns": ["created_at"],
                "to": "now-25 h",
            },
            ["shift_history (2,) ['change', 'columns', 'kind']"],
            id="history",
        ),
        pytest.param(
            {"do": "other", "text": "off", "object": "trigger", "ids": [5, 6], "active": False},
            ["switch ('Trigger', 50) ['active']"],
            id="a trigger off, one unknown",
        ),
        pytest.param(
            {"do": "other", "text": "gone", "object": "trigger", "ids": [5], "deleted": True},
            ["delete ('Trigger', 50) []"],
            id="a trigger deleted",
        ),
        pytest.param(
            {
                "do": "other",
                "text": 'the incoming mail channel was set behind the API to put new tickets into the group "A"',
            },
            ["set_mail_group ('A',) []"],
            id="mail",
        ),
        pytest.param(
            {
                "do": "other",
                "id": 6,
                "text": 'the bodies of all articles of ticket 6 longer than 100,000 characters were replaced by "cut"',
            },
            ["cut_articles (2,) ['longer_than', 'text']"],
            id="long bodies",
        ),
        pytest.param({"do": "other", "text": "the processes were started again"}, [], id="a mere remark"),
    ],
)
def test_directions_are_carried_out(direction: dict[str, Any], done: list[str], credentials: Credentials) -> None:
    identities = Identities()
    for kind, recorded, own in (("Ticket", 6, 2), ("Trigger", 5, 50), ("Job", 3, 30), ("Group", 2, 4)):
        identities.match(kind, recorded=recorded, own=own)
    story = Story("tale", "zammad-6.1", Path(), NOON, NOON, ())
    bench = EchoBench(story, Script())
    stage = Stage(bench, identities=identities, credentials=credentials)
    stage.carry_out(Direction(after_step=0, before_step=1, do=direction["do"], detail=direction), story)
    assert bench.done == done
