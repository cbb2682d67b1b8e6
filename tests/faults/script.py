"""What people do in a soak: a seeded script of events, the same for every run of one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.faults.zammad import Known, Zammad

ROUND = timedelta(hours=5)
"""From the start of one round to the next; what was disturbed has come to rest long before."""
EVENTS_A_ROUND = 100
PACE = timedelta(seconds=6)
MERGES_AND_WORDS_A_ROUND = 0.35
"""The part of a round's tickets on which one lonely, weighty thing happens."""

CUSTOMERS = ("olga@customer.example", "mei@customer.example", "juergen@handel.example", "tom@handel.example")
AGENTS = ("ben@example.com", "chief@example.com", "admin@example.com")
TEXTS = (
    "Where is my order? I have been waiting.",
    "I want to complain about your service.",
    "I complain, and my lawyer will hear of it.",
    "我要投诉,你们的服务态度太差。",
    "Das Gerät ist kaputt, ich bin enttäuscht. Grüße, Jürgen Weißmüller",
    "The device caught fire and I complain.",
    "Thank you, that is all.",
    "The website does not let me log in.",
)
WORDS = (
    "complaint", "request", "accept", "decline", "serious", "general", "major", "waiting", "resume", "assessed",
    "not-ours", "outside-help", "plan-ready", "result-told", "satisfied", "dissatisfied", "extend",
)  # fmt: skip
LIGHT = ("mail", "mail", "answer", "answer", "note", "own", "assign", "priority", "tag", "untag", "title", "away")
WEIGHTY = ("say", "say", "say", "tier", "close", "close", "merge", "group", "drop")


@dataclass(frozen=True, slots=True)
class Event:
    """Somebody does something ``at`` (after the start) to the ticket ``name``; ``with_`` is what that takes."""

    at: timedelta
    act: str
    name: str
    by: str
    with_: str = ""


def script(*, seed: int, events: int, a_round: int = EVENTS_A_ROUND) -> tuple[tuple[Event, ...], ...]:
    """Rounds of events. What two events of one round do to a ticket is the same in whatever order Steward sees it:
    words, tiers, merges, closings come alone, because what they mean depends on what Steward has written before."""
    writer = _Writer(random.Random(seed))
    rounds: list[tuple[Event, ...]] = []
    while events > 0:
        rounds.append(tuple(writer.round(len(rounds), min(events, a_round))))
        events -= len(rounds[-1])
    return tuple(rounds)


@dataclass(slots=True)
class _Writer:
    chance: random.Random
    open: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    made: int = 0

    def round(self, number: int, count: int) -> Iterator[Event]:
        start = number * ROUND
        fresh = [self._fresh() for _ in range(count // 6 if self.open else count // 3)]
        weighty = self._some(int(len(self.open) * MERGES_AND_WORDS_A_ROUND), most=count // 3)
        free = [name for name in self.open if name not in weighty]
        acts = [("new", name) for name in fresh] + [(self.chance.choice(WEIGHTY), name) for name in weighty]
        acts += [(self.chance.choice(LIGHT), self.chance.choice(free or fresh)) for _ in range(count - len(acts))]
        if free:
            self.chance.shuffle(acts)
        targets = list(free)
        for place, (act, name) in enumerate(acts):
            # half a second off: whole seconds then hold whatever milliseconds Zammad adds
            at = start + place * PACE + timedelta(milliseconds=500)
            yield self._event(at, act, name, targets)
        self.open = [name for name in (*self.open, *fresh) if name not in self.gone]

    def _some(self, count: int, *, most: int) -> list[str]:
        return self.chance.sample(self.open, min(count, most))

    def _fresh(self) -> str:
        self.made += 1
        return f"Matter {self.made}"

    def _event(self, at: timedelta, act: str, name: str, targets: list[str]) -> Event:
        chance = self.chance
        by = chance.choice(CUSTOMERS if act in ("new", "mail", "away") else AGENTS)
        match act:
            case "new" if chance.random() < 0.2:
                return Event(at, "call", name, "chief@example.com", chance.choice(TEXTS))
            case "new" | "mail" | "answer" | "note":
                return Event(at, act, name, by, chance.choice(TEXTS))
            case "say":
                return Event(at, act, name, by, chance.choice(WORDS))
            case "tier":
                return Event(at, act, name, "chief@example.com", chance.choice(("general", "serious", "major")))
            case "assign":
                return Event(at, act, name, "chief@example.com", chance.choice(AGENTS))
            case "priority":
                return Event(at, act, name, by, chance.choice(("1 low", "2 normal", "3 high")))
            case "tag" | "untag":
                return Event(at, act, name, by, chance.choice(("shipping", "billing", "team-a")))
            case "merge" if targets:
                # the target is not used again in this round: what it becomes is for the next
                target = targets.pop(chance.randrange(len(targets)))
                self.gone.add(name)
                return Event(at, act, name, "chief@example.com", target)
            case "merge":
                return Event(at, "note", name, by, "Could be merged.")
        return Event(at, act, name, by, str(chance.randrange(100)))


@dataclass(slots=True)
class Players:
    """Carries events out in one Zammad, whose ids and numbers are its own."""

    zammad: Zammad
    start: datetime
    tickets: dict[str, Known] = field(default_factory=dict)

    def play(self, event: Event) -> None:
        """The clock goes to the event's moment, and it happens."""
        self.zammad.set_clock(self.start + event.at)
        if event.act in ("new", "call"):
            self.tickets[event.name] = self._make(event)
            return
        act = getattr(self, f"_{event.act}")
        act(event, self.tickets[event.name])

    def _make(self, event: Event) -> Known:
        if event.act == "new":
            return self.zammad.mail(sender=event.by, subject=event.name, text=event.with_)
        article = {"body": event.with_, "type": "phone", "sender": "Customer", "internal": False}
        body = {"title": event.name, "group": "First line", "customer_id": "guess:tom@handel.example"}
        made = self.zammad.call(event.by, "POST", "/tickets", {**body, "article": article})
        return Known(id=int(made["id"]), number=str(made["number"]))

    def _put(self, event: Event, ticket: Known, **fields: Any) -> None:
        self.zammad.call(event.by, "PUT", f"/tickets/{ticket.id}", fields)

    def _mail(self, event: Event, ticket: Known) -> None:
        self.zammad.mail(sender=event.by, subject=f"Re: [Ticket#{ticket.number}] {event.name}", text=event.with_)

    def _away(self, event: Event, ticket: Known) -> None:
        subject = f"Away: [Ticket#{ticket.number}]"
        self.zammad.mail(sender=event.by, subject=subject, text="I am away.", Auto_Submitted="auto-replied")

    def _answer(self, event: Event, ticket: Known) -> None:
        to = self.zammad.call("chief@example.com", "GET", f"/tickets/{ticket.id}?expand=true")["customer"]
        article = {"type": "email", "internal": False, "to": to, "body": event.with_, "subject": "Re"}
        self._put(event, ticket, article=article)

    def _note(self, event: Event, ticket: Known) -> None:
        article = {"ticket_id": ticket.id, "body": event.with_, "internal": True, "type": "note"}
        self.zammad.call(event.by, "POST", "/ticket_articles", article)

    def _own(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, owner=event.by)

    def _assign(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, owner=event.with_)

    def _drop(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, owner_id=1)

    def _priority(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, priority=event.with_)

    def _title(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, title=f"{event.name} ({event.with_})")

    def _tag(self, event: Event, ticket: Known) -> None:
        self.zammad.call(event.by, "POST", "/tags/add", {"object": "Ticket", "o_id": ticket.id, "item": event.with_})

    def _untag(self, event: Event, ticket: Known) -> None:
        query = f"object=Ticket&o_id={ticket.id}&item={event.with_}"
        self.zammad.call(event.by, "DELETE", f"/tags/remove?{query}")

    def _say(self, event: Event, ticket: Known) -> None:
        """As our macro does: a reason, the word as a tag, a line of internal note."""
        self._note(Event(event.at, "note", event.name, event.by, "Because I looked into it."), ticket)
        item = f"steward:say:{event.with_}"
        self.zammad.call(event.by, "POST", "/tags/add", {"object": "Ticket", "o_id": ticket.id, "item": item})
        line = {"ticket_id": ticket.id, "body": f"Steward: {event.with_}", "internal": True, "sender": "System"}
        self.zammad.call(event.by, "POST", "/ticket_articles", line)

    def _tier(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, steward_tier=event.with_)

    def _close(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, state="closed")

    def _merge(self, event: Event, ticket: Known) -> None:
        target = self.tickets[event.with_].number
        self.zammad.call(event.by, "PUT", f"/ticket_merge/{ticket.id}/{target}")

    def _group(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, group="Second line")
