"""A sandbox on a standing clock and the people who use it, spoken to as over the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from plugin.sandbox import Delivery, Reply, Sandbox, SandboxClock
from plugin.sandbox.manners import Like

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BASE = "http://zammad.test"


@dataclass
class Receiver:
    """Whoever the webhooks go to: keeps them and answers as told."""

    deliveries: list[Delivery] = field(default_factory=list)
    answer: int | Reply | None = 202

    def __call__(self, delivery: Delivery) -> int | Reply | None:
        """One delivery arrives."""
        self.deliveries.append(delivery)
        return self.answer


class Person:
    """Somebody at Zammad's API, logged in by token or, as customers are, by password."""

    def __init__(self, sandbox: Sandbox, login: str) -> None:
        self._session = requests.Session()
        self._session.mount(BASE, sandbox.adapter())
        token = sandbox.tokens.get(login)
        if token is None:
            self._session.auth = (login, login.partition("@")[0])
        else:
            self._session.headers["Authorization"] = f"Token token={token}"

    def get(self, path: str) -> requests.Response:
        """Reads."""
        return self._session.get(f"{BASE}/api/v1/{path}")

    def post(self, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Makes something."""
        return self._session.post(f"{BASE}/api/v1/{path}", json=body, headers=headers)

    def put(self, path: str, body: Any = None) -> requests.Response:
        """Changes something."""
        return self._session.put(f"{BASE}/api/v1/{path}", json=body)

    def delete(self, path: str, body: Any = None) -> requests.Response:
        """Removes something."""
        return self._session.delete(f"{BASE}/api/v1/{path}", json=body)

    def opens_ticket(self, title: str = "No heating", **more: Any) -> int:
        """Makes a ticket in First line for Mei and gives its id."""
        body = {
            "title": title,
            "group": "First line",
            "customer": "mei@customer.example",
            "article": {"body": "It is cold."},
        }
        answer = self.post("tickets", {**body, **more})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])


@dataclass
class Town:
    """A sandbox with its people, a receiver and a clock to turn."""

    sandbox: Sandbox
    receiver: Receiver

    def person(self, login: str) -> Person:
        """Somebody by login."""
        return Person(self.sandbox, login)

    def passes(self, **time: float) -> None:
        """Lets time pass, with the worker's polls on the way."""
        self.sandbox.run_until(self.sandbox.clock.now() + timedelta(**time))

    def control(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """One of the sandbox's own calls."""
        session = requests.Session()
        session.mount(BASE, self.sandbox.adapter())
        return session.request(method, f"{BASE}/sandbox/{path}", **arguments)


MakeTown = Callable[[Like], Town]


@pytest.fixture
def make_town() -> MakeTown:
    """Founds towns like a version of Zammad, with Steward's webhook installed."""

    def found(like: Like) -> Town:
        sandbox = Sandbox(like=like, clock=SandboxClock.virtual(START))
        receiver = Receiver()
        sandbox.deliver = receiver
        sandbox.connect_steward("http://steward.test/zammad/main", "secret-ü")
        return Town(sandbox, receiver)

    return found


@pytest.fixture(params=["6.1", "6.5"])
def town(request: pytest.FixtureRequest, make_town: MakeTown) -> Town:
    """A town like each version."""
    return make_town(request.param)
