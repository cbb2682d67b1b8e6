"""A Zammad that costs next to nothing: many tickets like one of the sandbox's, answered in process from memory.

It measures Steward alone: a look, its history and the writes are answered at once, with answers of the right shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import orjson
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from plugin.sandbox import Delivery, Sandbox, SandboxClock

URL = "http://zammad.test"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MAIL = b"""From: olga@customer.example\r
To: support@example.com\r
Subject: Not good\r
Message-ID: <1@customer.example>\r
\r
I want to complain: the device is broken, and nobody calls me back.\r
"""
_TICKET = re.compile(r"/api/v1/tickets/(\d+)$")
_HISTORY = re.compile(r"/api/v1/ticket_history/(\d+)$")
_MOMENT = re.compile(rb"2026-03-02T[0-9:.]+Z")
Row = dict[str, Any]
_NUMBER = "@NUMBER@"
_NUMBER_OF_ROW = "@NUMBER{:02}@"
_HEADERS = CaseInsensitiveDict({"Content-Type": "application/json; charset=utf-8"})


@dataclass(frozen=True)
class Model:
    """The one ticket: the look, its history, its webhook, and everything else that was asked beside it, by call."""

    ticket: Row
    history: Row
    delivery: Row
    others: dict[str, bytes]
    own_id: int

    @cached_property
    def history_of_any(self) -> bytes:
        """The history of one of the many tickets, with words in place of what differs between them."""
        rows = [
            {**row, "id": _NUMBER_OF_ROW.format(place), "o_id": _NUMBER}
            for place, row in enumerate(self.history["history"])
        ]
        return orjson.dumps({**self.history, "history": rows}).replace(b'"@', b"").replace(b'@"', b"")


def model() -> Model:
    """Recorded from a sandbox in which a customer complained by mail."""
    sandbox = Sandbox(like="6.5", clock=SandboxClock.virtual(MONDAY))
    heard: list[Delivery] = []

    def deliver(delivery: Delivery) -> int:
        heard.append(delivery)
        return 200

    sandbox.deliver = deliver
    sandbox.connect_steward("http://steward.test/zammad/ticket", "secret")
    session = requests.Session()
    session.mount(URL, sandbox.adapter())
    session.headers["Authorization"] = f"Token token={sandbox.tokens['steward']}"
    made = session.post(f"{URL}/sandbox/mail", data=MAIL, headers={"Content-Type": "message/rfc822"}).json()
    sandbox.run_until(MONDAY + timedelta(minutes=1))

    def get(path: str) -> Any:
        return session.get(f"{URL}/api/v1{path}").json()

    flow = {"event": "core_workflow", "request_id": "1", "class_name": "Ticket", "screen": "edit"}
    asked = {**flow, "params": {"id": made["ticket_id"]}}
    others = {
        f"GET /api/v1/{name}": orjson.dumps(get(f"/{name}?expand=true"))
        for name in ("users/me", "roles", "ticket_states", "ticket_priorities", "groups")
    }
    others["POST /api/v1/core_workflows/perform"] = session.post(
        f"{URL}/api/v1/core_workflows/perform", json=asked
    ).content
    return Model(
        ticket=get(f"/tickets/{made['ticket_id']}?expand=true"),
        history=get(f"/ticket_history/{made['ticket_id']}"),
        delivery=orjson.loads(heard[0].body),
        others=others,
        own_id=int(get("/users/me")["id"]),
    )


def moved(like: Model, to: datetime) -> Model:
    """The same at another time: every moment of the recording is as far from ``to`` as it was from Monday at nine."""
    later = to - MONDAY

    def shift(found: re.Match[bytes]) -> bytes:
        moment = datetime.fromisoformat(found[0].decode()) + later
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()

    def shifted(row: Row) -> Row:
        changed: Row = orjson.loads(_MOMENT.sub(shift, orjson.dumps(row)))
        return changed

    return replace(like, ticket=shifted(like.ticket), history=shifted(like.history), delivery=shifted(like.delivery))


class Canned(BaseAdapter):
    """Mount it as Steward's transport, or ask it yourself. ``calls`` counts all calls, ``puts`` those that wrote.

    Tickets are like ``model`` when they are first asked for; ``clock`` is the server's.
    """

    def __init__(self, like: Model, *, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._clock = clock
        self.model = like
        self._tickets: dict[int, Row] = {}
        self.calls = 0
        self.puts = 0

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """The answer, at once."""
        target = str(request.url).removeprefix(URL)
        return _Response(request, self.answer(str(request.method), target, _bytes(request.body)))

    def close(self) -> None:
        """Nothing is held open."""

    def answer(self, method: str, target: str, body: bytes) -> bytes:
        """What Zammad says to a call."""
        self.calls += 1
        path = target.partition("?")[0]
        if found := _TICKET.match(path):
            ticket = self._ticket(int(found[1]))
            if method == "PUT":
                self._put(ticket, orjson.loads(body))
            return orjson.dumps(ticket)
        if found := _HISTORY.match(path):
            return self.model.history_of_any.replace(b"NUMBER", found[1].encode())
        if path in ("/api/v1/tags/add", "/api/v1/tags/remove"):
            return b"true"
        if path == "/api/v1/tickets/search":
            return b'{"record_ids": [], "assets": {}}'
        return self.model.others.get(f"{method} {path}", b"{}")

    def _ticket(self, ticket_id: int) -> Row:
        if ticket_id not in self._tickets:
            number = f"8{ticket_id:07d}"
            self._tickets[ticket_id] = {
                **self.model.ticket, "id": ticket_id, "number": number, "article_ids": [ticket_id]
            }  # fmt: skip
        return self._tickets[ticket_id]

    def _put(self, ticket: Row, body: Row) -> None:
        self.puts += 1
        ticket |= {name: value for name, value in body.items() if name not in ("article", "preferences")}
        ticket["updated_by_id"] = self.model.own_id
        ticket["updated_at"] = self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if "article" in body:
            ticket["article_ids"] = [*ticket["article_ids"], 10_000_000 + self.puts]


def deliveries(like: Model, count: int) -> Iterator[bytes]:
    """Webhook bodies of ``count`` tickets, numbered from 1."""
    for ticket_id in range(1, count + 1):
        ticket = {**like.delivery["ticket"], "id": ticket_id, "article_ids": [ticket_id]}
        article = {**like.delivery["article"], "id": ticket_id, "ticket_id": ticket_id}
        yield orjson.dumps({**like.delivery, "ticket": ticket, "article": article})


def _bytes(body: Any) -> bytes:
    """A request's body, whatever it was handed over as."""
    read = body.read() if hasattr(body, "read") else body or b""
    return read.encode() if isinstance(read, str) else bytes(read)


class _Response(requests.Response):
    """What a client reads of an answer, without the cookies and hooks that take requests longer than all the rest."""

    headers = _HEADERS
    encoding = "utf-8"
    raw = None
    _content_consumed = True

    def __init__(self, request: requests.PreparedRequest, body: bytes) -> None:
        self.status_code = 201 if request.method == "POST" else 200
        self._content = body
        self.url = str(request.url)
        self.request = request
