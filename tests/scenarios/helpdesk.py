"""A helpdesk with Steward beside it, all in one process: people act in the sandbox Zammad, Steward hears and works."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import requests

from plugin import packs
from plugin.engine import decide
from plugin.model.clocks import Clock
from plugin.model.decision import Decision
from plugin.model.effects import Effect
from plugin.model.facts import Timeline
from plugin.sandbox import Sandbox, SandboxClock
from plugin.sandbox.deliveries import Delivery
from plugin.sandbox.rows import Row
from plugin.sandbox.seed import add_person, add_token, stable_token
from plugin.service import Service
from plugin.settings import Settings
from plugin.store import clocks, effects, switches, waking
from plugin.zammad.limits import Limiter

SHIPPED = "service-standard"
URL = "http://zammad.test"
TASKS_OF_A_MAJOR = 6
"""Management, team, investigation, talk, remedy, plan."""
SECRET = "scenario-webhook-secret"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""Ten o'clock in Berlin, an ordinary working Monday."""
POLL = timedelta(seconds=5)
"""Zammad's worker polls every four seconds."""
A_MOMENT = 30.0
"""Seconds ``works`` takes: polls, Steward's quiet time and the echo of its own writes fit into them."""


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
    environ: Mapping[str, str]
    service: Service = field(init=False)
    people: dict[str, Person] = field(default_factory=dict)
    drop_deliveries: bool = False
    chance: random.Random | None = None
    """Where set: a third of the webhooks is lost, a third arrives twice."""
    deaf: bool = False
    """Steward hears and does nothing, as if it were not running."""
    delivered: list[Delivery] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.restarts()

    def restarts(self, **settings: str) -> None:
        """Steward is started (again), with other settings where some are given."""
        if hasattr(self, "service"):
            self.service.close()
        self.environ = {**self.environ, **{f"STEWARD_{name.upper()}": value for name, value in settings.items()}}
        known = Settings.from_environ(self.environ)
        clock, adapter = self.sandbox.clock.now, self.sandbox.adapter()
        self.service = Service.open(known, web=True, worker=True, clock=clock, adapter=adapter)

    def asks_by_the_storys_clock(self, *, rate: float, burst: float) -> None:
        """Zammad is asked ``rate`` times a second at most, and whoever waits for his turn lets the story's time pass.

        Until Steward ``restarts``; it asks as often as its settings say, and waits by the wall, otherwise.
        """
        client = self.service.zammad.client
        client.limiter = Limiter(
            rate=rate, burst=burst, clock=lambda: self.now.timestamp(), wait=self._wait, share=client.breaker.share
        )

    def _wait(self, seconds: float) -> None:
        # Zammad's clock counts in milliseconds: shorter waits would be none
        self.sandbox.clock.advance(timedelta(milliseconds=math.ceil(seconds * 1000)))

    # -- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def works(self) -> None:
        """Zammad delivers what waits, and Steward works until nothing is due; half a minute passes."""
        self.passes(seconds=A_MOMENT)

    def passes(self, **span: float) -> None:
        """Time goes by, with everything that comes due on the way done at its moment."""
        end = self.now + timedelta(**span)
        while self.now < end:
            self.sandbox.run_until(min(end, self._next_moment()))
            self._drain()

    def reaches(self, moment: datetime) -> None:
        """Time goes by until then."""
        self.passes(seconds=(moment - self.now).total_seconds())

    def _drain(self) -> None:
        worker = self.service.worker
        assert worker is not None
        if not self.deaf:
            worker.drain()

    def _next_moment(self) -> datetime:
        """When something comes due by itself: a job of Zammad's, or a case."""
        moments = [self.now + timedelta(days=400)]
        job = self.sandbox.engine.jobs.next_run_at()
        if job is not None:
            moments.append(max(job, self.now) + POLL)
        if not self.deaf:
            with self.service.store.read() as connection:
                wake = waking.next_wake(connection, now=self.now)
            # sweeps and other chores come with the next case, or at the end: a month has thousands
            moments += [wake] if wake is not None else []
        return max(min(moments), self.now + timedelta(seconds=1))

    # -- people -------------------------------------------------------------------------------------------------------

    def person(self, login: str) -> Person:
        if login not in self.people:
            session = requests.Session()
            session.mount(URL, self.sandbox.adapter())
            session.headers["Authorization"] = f"Token token={self._token(login)}"
            self.people[login] = Person(login, session)
        return self.people[login]

    def _token(self, login: str) -> str:
        known = self.sandbox.tokens.get(login)
        return known or add_token(self.sandbox.world, login, token=stable_token(login))

    def macro_id(self, word: str) -> int:
        """The macro of a word, made as the README says when it is first needed."""
        found = self.sandbox.world.macros.where(name=f"Steward: {word}")
        if found:
            return int(found[0].id)
        note = {"body": f"Steward: {word}", "subject": "Steward", "internal": "true"}
        perform = {"ticket.tags": {"operator": "add", "value": f"steward:say:{word}"}, "article.note": note}
        macro = {"name": f"Steward: {word}", "active": True, "ux_flow_next_up": "none", "perform": perform}
        return int(self.admin.call("POST", "/macros", macro)["id"])

    def user_id(self, login: str) -> int:
        return int(self.sandbox.world.users.where(login=login)[0].id)

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
        return self.person("admin")

    @property
    def mei(self) -> Person:
        return self.person("mei@customer.example")

    @property
    def olga(self) -> Person:
        return self.person("olga@customer.example")

    @property
    def dora(self) -> Person:
        """Management: reads everything, owns nothing."""
        return self.person("dora")

    def mails(
        self,
        text: str,
        *,
        subject: str = "A question",
        sender: str = "olga@customer.example",
        to: Ticket | None = None,
        attachment: tuple[str, bytes] | None = None,
        **headers: str,
    ) -> Ticket:
        """A customer's mail comes in; ``to`` makes it a reply to that ticket."""
        message = EmailMessage()
        message["From"] = sender
        message["To"] = "support@example.com"
        message["Subject"] = f"Re: [Ticket#{to.row.number}] {subject}" if to else subject
        message["Message-ID"] = f"<{next(self.numbers)}@customer.example>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        if attachment is not None:
            name, content = attachment
            message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        answer = self.post("/sandbox/mail", data=message.as_bytes(), headers={"Content-Type": "message/rfc822"})
        return Ticket(self, int(answer["ticket_id"]))

    def complains(self, text: str = "I want to complain: the device is broken.", **mail: Any) -> Ticket:
        """A complaint by mail that an agent confirms with one click."""
        ticket = self.mails(text, subject="Not good", **mail)
        ticket.said(self.anna, "complaint")
        self.works()
        return ticket

    def calls_in(self, agent: Person, text: str, *, customer: str = "olga@customer.example", **ticket: Any) -> Ticket:
        """A customer calls; the agent who takes the call records it."""
        article = {"body": text, "type": "phone", "sender": "Customer", "internal": False}
        return self.creates(agent, customer=customer, article=article, **ticket)

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

    def effects_of(self, ticket: Ticket) -> list[Effect]:
        with self.service.store.read() as connection:
            return list(effects.of_case(connection, ticket.id))

    def timeline_of(self, ticket: Ticket) -> Timeline:
        with self.service.store.read() as connection:
            return self.service.store.timeline(connection, ticket.id)

    def alarms(self, name: str) -> float:
        """How often an alarm of that name was raised."""
        return float(self.service.metrics.alarms.labels(name)._value.get())

    @property
    def writes(self) -> dict[str, int]:
        """How often Steward called what changes something, by call."""
        lines = self.sandbox.cost(login="steward").rows
        return {line.name: line.calls for line in lines if line.name.startswith(("PUT", "DELETE", "POST /t"))}

    @property
    def told(self) -> list[str]:
        """Logins of those Zammad told of something Steward did, in order."""
        world = self.sandbox.world
        rows = [r for r in world.history if r.kind == "notification" and r.created_by_id == self.user_id("steward")]
        logins = {user.email: user.login for user in world.users}
        return [logins[str(row.value_to).partition("(")[0]] for row in rows]


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
        """The agent clicks the macro *Steward: word* on the open ticket: a tag, and a line of internal note."""
        self.tagged(by, f"steward:say:{word}")
        note = {"body": f"Steward: {word}", "subject": "Steward", "internal": True, "type": "note", "sender": "System"}
        self.put(by, article=note)

    def said_from_a_list(self, by: Person, word: str) -> None:
        """The agent picks the ticket in an overview and applies the macro there."""
        macro_id = self.helpdesk.macro_id(word)
        by.call("POST", "/tickets/mass_macro", {"ticket_ids": [self.id], "macro_id": macro_id})

    def tagged(self, by: Person, tag: str) -> None:
        by.call("POST", "/tags/add", {"object": "Ticket", "o_id": self.id, "item": tag})

    def untagged(self, by: Person, tag: str) -> None:
        by.call("DELETE", "/tags/remove", {"object": "Ticket", "o_id": self.id, "item": tag})

    def owned(self, by: Person, owner: Person | None = None) -> None:
        self.put(by, owner_id=self.helpdesk.user_id((owner or by).login))

    def closed(self, by: Person) -> None:
        self.put(by, state="closed")

    def merged(self, by: Person, *, into: Ticket) -> None:
        answer = by.call("PUT", f"/ticket_merge/{self.id}/{into.row.number}")
        assert answer["result"] == "success", answer

    def ticked(self, by: Person, words: str) -> None:
        """Somebody ticks the item of the checklist that has these words."""
        item = next(i for i in self._items if words in i.text)
        by.call("PUT", f"/checklist_items/{item.id}", {"checked": True})

    def reworded(self, by: Person, words: str, text: str) -> None:
        item = next(i for i in self._items if words in i.text)
        by.call("PUT", f"/checklist_items/{item.id}", {"text": text})

    def aged(self, hours: float) -> None:
        self.helpdesk.post("/sandbox/age", json={"ticket_id": self.id, "hours": hours})

    # -- how it stands ------------------------------------------------------------------------------------------------

    @property
    def row(self) -> Row:
        return self.helpdesk.sandbox.world.tickets[self.id]

    @property
    def state(self) -> str:
        return str(self.helpdesk.sandbox.world.states[self.row.state_id].name)

    @property
    def customer(self) -> Row:
        return self.helpdesk.sandbox.world.users[self.row.customer_id]

    @property
    def tags(self) -> set[str]:
        return set(self.helpdesk.admin.call("GET", f"/tags?object=Ticket&o_id={self.id}")["tags"])

    @property
    def ours(self) -> set[str]:
        """Our tags, without the prefix."""
        return {tag.removeprefix("steward:") for tag in self.tags if tag.startswith("steward:")}

    def field(self, name: str) -> Any:
        """One of our fields, None when empty."""
        return self.fields.get(name)

    @property
    def fields(self) -> dict[str, Any]:
        """Our fields that are not empty, without the prefix."""
        ours = {name.removeprefix("steward_"): value for name, value in self.row.items() if name.startswith("steward_")}
        return {name: value for name, value in ours.items() if value not in (None, "", False)}

    @property
    def notes(self) -> list[str]:
        """Texts of the notes Steward wrote, oldest first."""
        world = self.helpdesk.sandbox.world
        steward = self.helpdesk.user_id("steward")
        return [str(a.body) for a in world.articles if a.ticket_id == self.id and a.created_by_id == steward]

    @property
    def history(self) -> list[Row]:
        return list(self.helpdesk.sandbox.world.history.where(ticket_id=self.id))

    def is_untouched(self) -> bool:
        """Whether Steward never wrote anything to it."""
        steward = self.helpdesk.user_id("steward")
        return not any(row.created_by_id == steward for row in self.history) and not self.notes

    @property
    def _items(self) -> list[Row]:
        world = self.helpdesk.sandbox.world
        return list(world.checklist_items.where(checklist_id=self.row.get("checklist_id") or 0))

    @property
    def items(self) -> list[str]:
        """Texts of the checklist."""
        return [i.text for i in self._items]

    @property
    def checklist_name(self) -> str:
        return str(self.helpdesk.sandbox.world.checklists[self.row.checklist_id].name)

    @property
    def tasks(self) -> list[Ticket]:
        """Child tickets that carry a task, oldest first."""
        links = self.helpdesk.admin.call("GET", f"/links?link_object=Ticket&link_object_value={self.id}")["links"]
        children = sorted(link["link_object_value"] for link in links if link["link_type"] == "child")
        found = [Ticket(self.helpdesk, child) for child in children]
        return [task for task in found if task.row.number.startswith(f"{self.row.number}T")]

    @property
    def todo(self) -> list[str]:
        """What its tasks ask for, as items or as tickets."""
        return [*self.items, *(str(task.row.title) for task in self.tasks)]

    def decided(self) -> Decision:
        """What should hold now, decided anew."""
        helpdesk = self.helpdesk
        with helpdesk.service.store.read() as connection:
            since = switches.enforced_since(connection)
        return decide(helpdesk.timeline_of(self), pack=helpdesk.service.pack, now=helpdesk.now, switches=since)

    def clock(self, name: str) -> Clock:
        """The newest clock of that name, as the store keeps it."""
        with self.helpdesk.service.store.read() as connection:
            found = [c for c in clocks.of_case(connection, self.id) if c.name == name]
        assert found, f"no clock {name}"
        return max(found, key=lambda c: c.starts_at)


def open_helpdesk(*, like: Any, store_url: str, **settings: str) -> Helpdesk:
    """Sandbox and Steward joined without a network, on a clock that stands still until told."""
    sandbox = Sandbox(like=like, clock=SandboxClock.virtual(MONDAY))
    group_ids = {group.id: ["read"] for group in sandbox.world.groups}
    add_person(sandbox.world, "dora", "Dora", "Leitner", role_ids=[2], group_ids=group_ids)
    environ: Mapping[str, str] = {
        "STEWARD_ZAMMAD_URL": URL,
        "STEWARD_ZAMMAD_TOKEN": sandbox.tokens["steward"],
        "STEWARD_WEBHOOK_SECRET": SECRET,
        "STEWARD_DATABASE_URL": store_url,
        "STEWARD_MODE": "enforce",
        "STEWARD_RATE": "1000",
        **{f"STEWARD_{name.upper()}": value for name, value in settings.items()},
    }
    helpdesk = Helpdesk(sandbox=sandbox, environ=environ)
    sandbox.deliver = lambda delivery: deliver(helpdesk, delivery)
    sandbox.connect_steward("http://steward.test/zammad/ticket", SECRET)
    return helpdesk


def write_pack(directory: Path, *changes: tuple[str, str]) -> str:
    """A pack file made from the shipped one: supervisors and management named, and ``changes`` of its text."""
    pack = packs.text_of(SHIPPED)
    people = (("  supervisors: []", "  supervisors: [chief]"), ("  management: []", "  management: [dora]"))
    for old, new in (*people, *changes):
        assert old in pack, old
        pack = pack.replace(old, new)
    file = directory / "pack.yaml"
    file.write_text(pack, encoding="utf-8")
    return str(file)


def deliver(helpdesk: Helpdesk, delivery: Delivery) -> int | None:
    """Hand a webhook to the receiver: once, unless the story loses or doubles it."""
    helpdesk.delivered.append(delivery)
    times = 0 if helpdesk.drop_deliveries else helpdesk.chance.choice((0, 1, 2)) if helpdesk.chance else 1
    path = delivery.url.removeprefix("http://steward.test")
    headers = [(name, value) for name, value in delivery.headers if name.lower() != "host"]
    app = helpdesk.service.app
    assert app is not None
    statuses = [app.test_client().post(path, data=delivery.body, headers=headers).status_code for _ in range(times)]
    return statuses[-1] if statuses else 200
