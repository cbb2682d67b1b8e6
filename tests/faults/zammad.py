"""A sandbox Zammad in a process of its own, on a clock that stands still until told, and the client that drives it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import requests
from flask import Response, request

from plugin.sandbox import Sandbox, SandboxClock
from plugin.sandbox.deliveries import Delivery, Reply, over_http
from plugin.sandbox.manners import Like
from plugin.sandbox.serve import listen
from plugin.sandbox.values import to_json

ROOT = Path(__file__).parents[2]
SECRET = "a-webhook-secret-of-the-fault-tests"
STEWARD = "zammad-steward"
"""How Steward calls itself: faults are for its calls, people's go through."""


# -- the process ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Heard:
    """What Steward answered to webhooks: digest of the body, ticket, status (None: no answer)."""

    rows: list[tuple[str, int, int | None]] = field(default_factory=list)

    def deliver(self, delivery: Delivery) -> Reply:
        reply = over_http(delivery)
        self.rows.append((hashlib.sha256(delivery.body).hexdigest(), delivery.ticket_id, reply.status))
        return reply


class Holding:
    """WSGI middleware that does what Steward asks and keeps the answer back, as long as it is told to."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._released = threading.Event()
        self._released.set()
        self._path = re.compile("")
        self._held: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._application(environ, start_response)
        called = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        by_steward = STEWARD in environ.get("HTTP_USER_AGENT", "") and "/api/" in called
        if by_steward and not self._released.is_set() and self._path.search(called):
            self._held.append(called)
            self._released.wait()
        return answer

    def told(self) -> Response:
        """``POST {"hold": a regular expression of method and path}``, ``{"hold": null}``; what is held."""
        if request.method == "POST":
            wanted = request.get_json()["hold"]
            self._held.clear()
            self._path = re.compile(wanted or "")
            self._released.clear() if wanted is not None else self._released.set()
        return Response(to_json({"held": self._held}), content_type="application/json")


def run(*, like: Like, start: datetime, endpoint: str) -> None:
    """Serve until killed; the first line printed says where, as JSON."""
    sandbox = Sandbox(like=like, clock=SandboxClock.virtual(start))
    heard = Heard()
    sandbox.deliver = heard.deliver
    sandbox.connect_steward(endpoint, SECRET)
    sandbox.app.add_url_rule("/sandbox/world", "fault-tests-world", lambda: _world(sandbox, heard))
    sandbox.app.add_url_rule("/sandbox/waiting", "fault-tests-waiting", lambda: _waiting(sandbox))
    holding = Holding(sandbox.app.wsgi_app)
    sandbox.app.add_url_rule("/sandbox/hold", "fault-tests-hold", holding.told, methods=["GET", "POST"])
    sandbox.app.wsgi_app = holding  # type: ignore[method-assign]
    server = listen(sandbox, host="127.0.0.1", port=0)
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "tokens": sandbox.tokens}), flush=True)
    server.serve_forever()


def tables(sandbox: Sandbox) -> dict[str, Any]:
    """Everything a comparison of two runs looks at, as JSON has it."""
    world = sandbox.world
    names = ("tickets", "articles", "history", "tags", "tag_items", "links", "users", "checklists", "checklist_items")
    with world.lock:
        found: dict[str, Any] = {name: list(getattr(world, name)) for name in names}
        found["state_types"] = {row.id: world.state_type(row.id) for row in world.states}
        read: dict[str, Any] = json.loads(to_json(found))
    return read


def _world(sandbox: Sandbox, heard: Heard) -> Response:
    return Response(to_json({**tables(sandbox), "heard": heard.rows}), content_type="application/json")


def _waiting(sandbox: Sandbox) -> Response:
    with sandbox.world.lock:
        moment = sandbox.engine.jobs.next_run_at()
    return Response(to_json({"next": moment}), content_type="application/json")


# -- the client -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A ticket as its creation was answered."""

    id: int
    number: str


class Zammad:
    """Speaks to a sandbox: as people, and as whoever holds its controls."""

    def __init__(self, url: str, *, tokens: Mapping[str, str], session: requests.Session, now: datetime) -> None:
        self.url = url
        self.now = now
        self._tokens = tokens
        self._session = session
        self._session.trust_env = False
        self._mails = 0

    # -- people -------------------------------------------------------------------------------------------------------

    def call(self, login: str, method: str, path: str, body: Any = None) -> Any:
        """Somebody's call to Zammad's API; what is refused fails the test."""
        token = self._tokens[login.partition("@")[0]]
        headers = {"Authorization": f"Token token={token}"}
        return self._asked(method, f"/api/v1{path}", json=body, headers=headers)

    def mail(self, *, sender: str, subject: str, text: str, **headers: str) -> Known:
        """A customer's mail comes in."""
        self._mails += 1
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, "support@example.com", subject
        message["Message-ID"] = f"<{self._mails}@{sender.partition('@')[2]}>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        said = self.control("POST", "mail", data=message.as_bytes(), headers={"Content-Type": "message/rfc822"})
        return Known(id=int(said["ticket_id"]), number=str(said["number"]))

    # -- controls -----------------------------------------------------------------------------------------------------

    def control(self, method: str, name: str, **arguments: Any) -> Any:
        return self._asked(method, f"/sandbox/{name}", **arguments)

    def set_clock(self, moment: datetime) -> None:
        """Time goes on to ``moment``; Zammad sends on the way what it has to send."""
        said = self.control("POST", "clock", json={"set": moment.isoformat()})
        self.now = datetime.fromisoformat(said["now"])

    def _asked(self, method: str, path: str, **arguments: Any) -> Any:
        answer = self._session.request(method, f"{self.url}{path}", timeout=60, **arguments)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


class ZammadProcess(Zammad):
    """A sandbox in a process of its own, started here."""

    def __init__(self, *, like: str, start: datetime, endpoint: str) -> None:
        command = [sys.executable, "-m", "tests.faults.zammad", like, start.isoformat(), endpoint]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = json.loads(self._process.stdout.readline())
        self.pid = self._process.pid
        self.token: str = said["tokens"]["steward"]
        super().__init__(said["url"], tokens=said["tokens"], session=requests.Session(), now=start)

    def close(self) -> None:
        self._session.close()
        self._process.terminate()
        self._process.wait(60)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def next_delivery(self) -> datetime | None:
        said = self.control("GET", "waiting")["next"]
        return None if said is None else datetime.fromisoformat(said).astimezone(UTC)

    def disturb(self, faults: list[dict[str, Any]], *, seed: int) -> None:
        """Steward's calls fail like this from now on."""
        told = [{"user_agent": STEWARD, **fault} for fault in faults]
        self.control("POST", "faults", json={"seed": seed, "faults": told})

    def struck(self) -> int:
        """How many calls were disturbed so far."""
        return sum(fault["struck"] for fault in self.control("GET", "faults")["faults"])

    def hold(self, calls: str | None) -> None:
        """Keep answers to Steward back where ``GET /api/v1/…`` matches, though the effect takes place; None: let go."""
        self.control("POST", "hold", json={"hold": calls})

    def held(self) -> list[str]:
        """The calls whose answers are kept back."""
        found: list[str] = self.control("GET", "hold")["held"]
        return found

    def world(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "world")
        return found


if __name__ == "__main__":
    run(like="6.1" if sys.argv[1] == "6.1" else "6.5", start=datetime.fromisoformat(sys.argv[2]), endpoint=sys.argv[3])
