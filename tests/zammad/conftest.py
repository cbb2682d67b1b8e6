"""A Zammad at the wire: recorded bodies behind ``responses``, and a room that speaks to it in no time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import responses

from plugin.zammad.client import Call
from plugin.zammad.room import Zammad, connect

URL = "https://zammad.test"
API = f"{URL}/api/v1"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
BODIES = Path(__file__).parent / "bodies"

Body = Callable[[str], Any]


@pytest.fixture(params=["6.1", "6.5"])
def like(request: pytest.FixtureRequest) -> str:
    """The version whose recorded answers are played."""
    return str(request.param)


@pytest.fixture
def body(like: str) -> Body:
    """A recorded body of that version."""
    return lambda name: json.loads((BODIES / f"{name}-{like}.json").read_text())


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
def seconds() -> list[float]:
    """The monotonic clock of the room, set by hand."""
    return [0.0]


@pytest.fixture
def zammad(calls: list[Call], seconds: list[float]) -> Iterator[Zammad]:
    room = connect(
        URL,
        token="t0ken",
        rate=1000,
        on_call=calls.append,
        clock=lambda: NOW,
        seconds=lambda: seconds[0],
        wait=lambda _: None,
    )
    yield room
    room.close()


@pytest.fixture
def server(wire: responses.RequestsMock, body: Body, like: str) -> responses.RequestsMock:
    """The recorded server as our service user sees it: 6.1 lists neither groups nor roles for it."""
    refused = {"error": "Not authorized (token)!", "error_human": "Not authorized (token)!"}
    wire.get(f"{API}/users/me", json=body("me"))
    wire.get(f"{API}/ticket_states", json=body("states"))
    wire.post(f"{API}/core_workflows/perform", json=body("workflow"))
    if like == "6.1":
        wire.get(f"{API}/groups", status=403, json=refused)
        wire.get(f"{API}/roles", status=403, json=refused)
    else:
        wire.get(f"{API}/groups", json=body("groups"))
        wire.get(f"{API}/roles", json=body("roles"))
    ticket = body("ticket")
    wire.get(f"{API}/tickets/{ticket['id']}", json=ticket)
    history = body("history")
    wire.get(f"{API}/ticket_history/{ticket['id']}", json=history)
    return wire
