"""A helpdesk with Steward beside it, all in one process: people act in the sandbox Zammad, Steward hears and works."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import requests
from flask.testing import FlaskClient

from plugin.sandbox import Sandbox, SandboxClock
from plugin.sandbox.deliveries import Delivery
from plugin.sandbox.rows import Row
from plugin.service import Service
from plugin.settings import Settings
from plugin.store import cases, effects, inbox

URL = "http://zammad.test"
SECRET = "scenario-webhook-secret"
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""Nine o'clock in Berlin, an ordinary working Monday."""
QUIET = timedelta(seconds=1.5)


@dataclass
class Person:
    """Somebody who acts in Zammad by API."""

    login: str
    session: requests.Session

    def call(self, method: str, path: str, body: Any = None, *, expect: int | None = None) -> Any:
        answer = self.session.request(method, f"{URL}/api/v1{path}", json=body)
        if expect is not None:
            assert answer.status_code == expect, answer.text
        else:
            assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@dataclass
class Helpdesk:
    """The sandbox, Steward, and the verbs of a story."""

    sandbox: Sandbox
    service: Service
    receiver: FlaskClient
    people: dict[str, Person] = field(default_factory=dict)
    drop_deliveries: bool = False
    delivered: list[Delivery] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    # -- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def works(self) -> None:
        """Zammad delivers what waits, and Steward works until nothing is due; a few seconds pass."""
        worker = self.service.worker
        assert worker is not None
        for _ in range(20):
            self.sandbox.run_until(self.now + timedelta(seconds=5))
            done = worker.drain()
            if not done and not self._waits():
                return
        raise AssertionError("Steward and Zammad do not come to rest")

    def _waits(self) -> bool:
        with self.service.store.read() as connection:
            soon = cases.next_wake(connection, now=self.now)
            return inbox.has_new(connection) or (soon is not None and soon <= self.now + timedelta(seconds=10))

    def passes(self, **span: float) -> None:
        """Time goes by, with everything that comes due on the way done at its moment."""
        end = self.now + timedelta(**span)
        worker = self.service.worker
        assert worker is not None
        while self.now < end:
            with self.service.store.read() as connection:
                wake = cases.next_wake(connection, now=self.now)
            step = min(end, wake) if wake is not None and wake > self.now else end
            self.sandbox.run_until(step)
            self.sandbox.work_off()
            worker.drain()
        self.works()

    # -- people -------------------------------------------------------------------------------------------------------

    def person(self, login: str) -> Person:
        if login not in self.people:
            session = requests.Session()
            session.mount(URL, self.sandbox.adapter())
            session.headers["Authorization"] = f"Token token={self.sandbox.tokens[login]}"
            self.people[login] = Person(login, session)
        return self.people[login]

    @property
    def anna(self) -> Person:
        return self.person("anna")

    @property
    def ben(self) -> Person:
        return self.person("ben")

    @property
    def chief(self) -> Person:
        return self.person("chief")

    @property
    def admin(self) -> Person:
        return self.person("admin@example.com")

    @property
    def mei(self) -> Person:
        return self.person("mei@customer.example")

    @property
    def olga(self) -> Person:
        return self.person("olga@customer.example")

    def mails(
        self,
        text: str,
        *,
        subject: str = "A question",
        sender: str = "olga@customer.example",
        to: Ticket | None = None,
        **headers: str,
    ) -> Ticket:
        """A customer's mail comes in; ``to`` makes it a reply to that ticket."""
        message = EmailMessage()
        message["From"] = sender
        message["To"] = "support@example.com"
        message["Subject"] = f"Re: [Ticket#{to.row.number}] {subject}" if to else subject
        message["Message-ID"] = f"<{self.now.timestamp()}@customer.example>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        answer = self.post("/sandbox/mail", data=message.as_bytes(), headers={"Content-Type": "message/rfc822"})
        return Ticket(self, int(answer["ticket_id"]))

    def post(self, path: str, **arguments: Any) -> Any:
        """One of the sandbox's own calls."""
        session = requests.Session()
        session.mount(URL, self.sandbox.adapter())
        answer = session.post(f"{URL}{path}", **arguments)
        assert answer.ok, answer.text
        return answer.json()

    def creates(self, by: Person, *, title: str = "A question", group: str = "First line", **ticket: Any) -> Ticket:
        """Somebody makes a ticket through the API."""
        article = ticket.pop("article", None) or {"body": "Where is my order?", "type": "note", "internal": False}
        body = {"title": title, "group": group, "article": article, **ticket}
        return Ticket(self, int(by.call("POST", "/tickets", body)["id"]))

    # -- what Steward did ---------------------------------------------------------------------------------------------

    def effects_of(self, ticket: Ticket) -> list[Any]:
        with self.service.store.read() as connection:
            return list(effects.of_case(connection, ticket.id))

    @property
    def calls(self) -> list[Any]:
        return list(self.sandbox.cost(login="steward").rows)


@dataclass
class Ticket:
    """One ticket: what people do to it, and how it stands in Zammad."""

    helpdesk: Helpdesk
    id: int

    # -- people act ---------------------------------------------------------------------------------------------------

    def put(self, by: Person, **fields: Any) -> Any:
        return by.call("PUT", f"/tickets/{self.id}", fields)

    def answered(self, by: Person, text: str = "Here you are.", **fields: Any) -> None:
        """A mail to the customer, with changes of the ticket in the same PUT."""
        article = {"type": "email", "internal": False, "to": self.customer["email"], "body": text, "subject": "Re"}
        self.put(by, article=article, **fields)

    def noted(self, by: Person, text: str = "Looked into it.") -> None:
        by.call("POST", "/ticket_articles", {"ticket_id": self.id, "body": text, "internal": True, "type": "note"})

    def said(self, by: Person, word: str) -> None:
        """As our macro does: the word as a tag, a line of internal note."""
        by.call("POST", "/tags/add", {"object": "Ticket", "o_id": self.id, "item": f"steward:say:{word}"})
        article = {"ticket_id": self.id, "body": f"Steward: {word}", "internal": True, "sender": "System"}
        by.call("POST", "/ticket_articles", article)

    def owned(self, by: Person, owner: Person | None = None) -> None:
        world = self.helpdesk.sandbox.world
        login = (owner or by).login
        self.put(by, owner_id=next(u.id for u in world.users if u.email == login or u.login == login))

    def closed(self, by: Person) -> None:
        self.put(by, state="closed")

    def aged(self, hours: float) -> None:
        self.helpdesk.post("/sandbox/age", json={"ticket_id": self.id, "hours": hours})

    # -- how it stands ------------------------------------------------------------------------------------------------

    @property
    def row(self) -> Row:
        return self.helpdesk.sandbox.world.tickets[self.id]

    @property
    def customer(self) -> Row:
        return self.helpdesk.sandbox.world.users[self.row.customer_id]

    @property
    def tags(self) -> set[str]:
        return set(self.helpdesk.admin.call("GET", f"/tags?object=Ticket&o_id={self.id}")["tags"])

    @property
    def ours(self) -> set[str]:
        return {tag for tag in self.tags if tag.startswith("steward:")}

    def field(self, name: str) -> Any:
        return self.row[f"steward_{name}"]

    @property
    def notes(self) -> list[Row]:
        """Notes Steward wrote, oldest first."""
        world = self.helpdesk.sandbox.world
        steward = next(u.id for u in world.users if u.login == "steward")
        return [a for a in world.articles if a.ticket_id == self.id and a.created_by_id == steward]

    @property
    def items(self) -> list[str]:
        """Texts of the checklist."""
        world = self.helpdesk.sandbox.world
        lists = {c.id for c in world.checklists if c.ticket_id == self.id}
        return [i.text for i in world.checklist_items if i.checklist_id in lists]

    @property
    def tasks(self) -> list[Row]:
        """Child tickets that carry a task."""
        links = self.helpdesk.admin.call("GET", f"/links?link_object=Ticket&link_object_value={self.id}")["links"]
        children = [link["link_object_value"] for link in links if link["link_type"] == "child"]
        return [self.helpdesk.sandbox.world.tickets[i] for i in children]


def open_helpdesk(*, like: Any, store_url: str, start: datetime = MONDAY, **settings: str) -> Helpdesk:
    """Sandbox and Steward joined without a network, on a clock that stands still until told."""
    sandbox = Sandbox(like=like, clock=SandboxClock.virtual(start))
    environ: Mapping[str, str] = {
        "STEWARD_ZAMMAD_URL": URL,
        "STEWARD_ZAMMAD_TOKEN": sandbox.tokens["steward"],
        "STEWARD_WEBHOOK_SECRET": SECRET,
        "STEWARD_DATABASE_URL": store_url,
        "STEWARD_MODE": "enforce",
        "STEWARD_RATE": "1000",
        **{f"STEWARD_{name.upper()}": value for name, value in settings.items()},
    }
    service = Service.open(
        Settings.from_environ(environ), web=True, worker=True, clock=sandbox.clock.now, adapter=sandbox.adapter()
    )
    assert service.app is not None
    helpdesk = Helpdesk(sandbox=sandbox, service=service, receiver=service.app.test_client())
    sandbox.deliver = lambda delivery: deliver(helpdesk, delivery)
    sandbox.connect_steward("http://steward.test/zammad/ticket", SECRET)
    return helpdesk


def deliver(helpdesk: Helpdesk, delivery: Delivery) -> int | None:
    """Hand a webhook to the receiver, unless the story drops it."""
    helpdesk.delivered.append(delivery)
    if helpdesk.drop_deliveries:
        return None
    path = delivery.url.removeprefix("http://steward.test")
    headers = [(name, value) for name, value in delivery.headers if name.lower() != "host"]
    answer = helpdesk.receiver.post(path, data=delivery.body, headers=headers)
    helpdesk.answers.append(answer.status_code)
    return answer.status_code


def payload_of(delivery: Delivery) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(delivery.body)
    return body
