"""Realistic lives of tickets from a seed: questions, complaints, hand-overs, waits and reopenings of a service desk."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from plugin.model.facts import Fact, FactKind
from plugin.model.people import SYSTEM, Actor, Role
from plugin.simulate.histories import History

AGENTS = tuple(Actor(10 + number, f"agent{number}", Role.AGENT) for number in range(1, 25))
GROUPS = ("First line", "Second line", "Billing", "Returns")
STARTS = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
QUARTER = timedelta(days=90)
READ_AT = STARTS + QUARTER

QUESTIONS = (
    "Good day,\n\nwhere is my order? It should have come on Monday.\n\nKind regards\nMei Ling",
    "Hello, can I change the address of the invoice for my last two orders? Thank you very much in advance.",
    "Guten Tag,\n\nwie kann ich mein Passwort zurücksetzen? Der Link ist abgelaufen.\n\nMit freundlichen Grüßen",
    "您好,请问发票什么时候可以寄出?谢谢。",
    "The app shows an error message when I log in with my new phone. It worked last week.",
)
COMPLAINTS = (
    "I want to complain: the device is broken for the third time, and nobody calls me back.\n\nRegards, Olga",
    "Ich beschwere mich über Ihren Mitarbeiter. Das ist unverschämt, ich gehe zum Anwalt.",
    "投诉:产品质量太差,客服态度也不好,我很失望。",
    "This is unacceptable. I complained in March, and the delivery is still not here.",
)
DANGERS = ("There was smoke and a fire, my child was injured. I complain.",)
REPLIES = ("Thank you!", "It is still not solved.", "Yes, that works now.", "When will you call me?", "4711")
HOURS = (0.1, 0.3, 0.5, 1, 2, 3, 5, 9, 20, 26, 50, 75, 120, 240)
WEIGHTS = (20, 24, 24, 28, 24, 18, 12, 8, 6, 4, 2, 1, 1, 1)


def lives(number: int, *, seed: int = 1) -> Iterator[History]:
    """So many histories, the same for the same seed; a quarter of a year, as if all had been read at its end."""
    for ticket_id in range(1, number + 1):
        yield Life(ticket_id, random.Random(f"{seed}-{ticket_id}")).lived()


@dataclass(slots=True)
class Life:
    """One ticket: ``lived`` tells it from its first mail on. ``complains``: it begins with a complaint."""

    ticket_id: int
    chance: random.Random
    complains: bool = False
    facts: list[Fact] = field(default_factory=list)
    now: datetime = field(init=False)
    owner: Actor | None = None
    state: str = "new"
    rows: Iterator[int] = field(init=False)
    customer: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.rows = count(self.ticket_id * 1000)
        days = self.chance.random() * QUARTER.days
        hours = self.chance.choice((7, 8, 8, 9, 9, 10, 11, 12, 13, 14, 15, 18, 22))
        self.now = STARTS + timedelta(days=int(days), hours=hours - 7, minutes=self.chance.randrange(60))
        user_id = 1000 + self.chance.randrange(40_000)
        self.customer = Actor(user_id, f"customer{user_id}@example.com", Role.CUSTOMER)

    def lived(self) -> History:
        """The history, facts in the order they happened."""
        kind = self.chance.random() * (0.12 if self.complains else 1)
        self._begins(COMPLAINTS if kind < 0.12 else DANGERS if kind < 0.122 else QUESTIONS, vip=kind > 0.98)
        turns = 1 + int(self.chance.expovariate(1 / 3)) + (3 if kind < 0.122 else 0)
        for _ in range(min(turns, 16)):
            self._passes()
            self._turn(complains=kind < 0.122)
        if self.chance.random() < 0.93:
            self._passes()
            self._answers(closes=True)
            if self.chance.random() < 0.12:
                self._passes()
                self._writes(self.chance.choice(REPLIES))
        facts = tuple(fact for fact in self.facts if fact.at < READ_AT)
        return History(self.ticket_id, f"8{self.ticket_id:06d}", "1", READ_AT, facts, self._organization_id)

    @property
    def _organization_id(self) -> int | None:
        """A third of the customers is of some organization, of twelve people each."""
        return 1 + self.customer.id // 36 if self.customer.id % 3 == 0 else None

    def _passes(self) -> None:
        (hours,) = self.chance.choices(HOURS, WEIGHTS)
        self.now += timedelta(hours=hours, seconds=self.chance.randrange(600))

    def _turn(self, *, complains: bool) -> None:
        act = self.chance.random()
        if self.owner is None or act < 0.08:
            self._owns(self.chance.choice(AGENTS))
        elif act < 0.45:
            self._answers(closes=False)
        elif act < 0.75:
            self._writes(self.chance.choice(REPLIES))
        elif act < 0.9:
            self._notes()
        elif act < 0.94:
            self._waits()
        elif complains:
            self._says(self.chance.choice(("complaint", "serious", "assessed", "result-told", "complaint", "request")))
        else:
            self._says("complaint" if self.chance.random() < 0.2 else "request")

    # -- what happens -------------------------------------------------------------------------------------------------

    def _tell(
        self, kind: FactKind, by: Actor, /, *, row: str = "history", text: str | None = None, **data: Any
    ) -> None:
        number = next(self.rows)
        payload = None
        if kind is FactKind.ARTICLE:
            data["id"] = number
            payload = {"subject": "", "body": text or "", "from": by.login, "to": "desk@example.com"}
        at = self.now + timedelta(milliseconds=len(self.facts) % 50)
        self.facts.append(Fact(f"{row}:{number}", kind, at, READ_AT, by, data, payload))

    def _begins(self, texts: tuple[str, ...], *, vip: bool) -> None:
        group = self.chance.choice(GROUPS)
        begun: dict[str, Any] = {
            "number": f"8{self.ticket_id:06d}",
            "group": group,
            "group_id": GROUPS.index(group) + 1,
            "customer_id": self.customer.id,
            "state_type": "new",
            "owner_id": 1,
            "owner": "-",
            "priority_id": 2,
        }
        self._tell(FactKind.CREATED, self.customer, **begun)
        held = {"older": False, "created_at": self.now.isoformat()}
        adopted = Fact("observed:adopted", FactKind.OBSERVED, self.now, READ_AT, SYSTEM, {"what": "adopted", **held})
        self.facts.append(adopted)
        if vip:
            at = Fact("observed:vip", FactKind.OBSERVED, self.now, READ_AT, SYSTEM, {"what": "vip", "value": True})
            self.facts.append(at)
        self._writes(self.chance.choice(texts))

    def _article(self, by: Actor, text: str, **data: Any) -> None:
        usual = {"type": "email", "internal": False, "communication": True, "to_customer": False, "attachments": 0}
        self._tell(FactKind.ARTICLE, by, row="article", text=text, **{**usual, **data})

    def _writes(self, text: str) -> None:
        if self.now >= READ_AT:
            return
        self._article(self.customer, text, sender="Customer")
        if self.state in ("closed", "pending reminder"):
            self._becomes("open", self.customer)

    def _answers(self, *, closes: bool) -> None:
        by = self.owner or self.chance.choice(AGENTS)
        if self.owner is None:
            self._owns(by)
        self._article(by, "We have looked into it, and here is what we found.", sender="Agent", to_customer=True)
        self._becomes("closed" if closes else "open", by)

    def _notes(self) -> None:
        by = self.owner or self.chance.choice(AGENTS)
        self._article(by, "Called the warehouse.", sender="Agent", type="note", internal=True, communication=False)

    def _waits(self) -> None:
        by = self.owner or self.chance.choice(AGENTS)
        self._article(by, "Please send us the number.", sender="Agent", to_customer=True)
        self._becomes("pending reminder", by)

    def _says(self, word: str) -> None:
        self._tell(FactKind.TAG_ADDED, self.owner or self.chance.choice(AGENTS), tag=f"steward:say:{word}")

    def _owns(self, agent: Actor) -> None:
        before = self.owner
        self._tell(
            FactKind.CHANGED,
            agent,
            **{"attribute": "owner", "from": before.login if before else "-", "to": agent.login},
            id_from=before.id if before else 1,
            id_to=agent.id,
            login_from=before.login if before else "-",
            login_to=agent.login,
        )
        self.owner = agent

    def _becomes(self, state: str, by: Actor) -> None:
        if state != self.state:
            moved = {"attribute": "state", "from": self.state, "to": state}
            types = {"state_type_from": self.state, "state_type_to": state}
            self._tell(FactKind.CHANGED, by, **moved, **types, id_from=None, id_to=None)
            self.state = state
