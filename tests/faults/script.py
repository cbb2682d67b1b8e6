"""What people do in a soak: a seeded script of events, the same for every run of one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.faults.zammad import Known, Zammad

ROUND = timedelta(hours=5)
"""From the start of one round to the next; what was disturbed has come to rest long before."""
EVENTS_A_ROUND = 100
PACE = timedelta(seconds=6)
REMINDED = timedelta(days=4)
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
WEIGHTY = (
    "say", "say", "say", "tier", "kind", "close", "close", "finish", "reopen", "remind", "merge", "group", "drop",
    "own", "assign", "task",
)  # fmt: skip
WITH: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("new", "mail", "answer", "note", "finish"), TEXTS),
    **dict.fromkeys(("tag", "untag"), ("shipping", "billing", "team-a")),
    "say": WORDS,
    "tier": ("general", "serious", "major"),
    "kind": ("complaint", "complaint", "request"),
    "assign": AGENTS,
    "priority": ("1 low", "2 normal", "3 high"),
}
"""What an act takes, of which one is drawn."""
NUMBERS = tuple(map(str, range(100)))
BY = {"tier": "chief@example.com", "kind": "admin@example.com", "assign": "chief@example.com"}
"""Who alone does that; else any agent, or customer."""
A_CALL = 0.2
COURSES = (
    "complaint, own, assessed, answer, result-told, finish, task",
    "complaint, assessed, answer, waiting, mail, extend, answer, close, satisfied",
    "serious, own, assign, accept, outside-help, task, answer, close, dissatisfied, plan-ready, finish, satisfied",
    "serious, own, assign, decline, answer, assign, own, result-told, close",
    "major, own, task, answer, task, result-told, finish, dissatisfied, close, task",
    "complaint, not-ours, answer, close",
    "complaint, finish, dissatisfied, finish, dissatisfied, finish, dissatisfied, finish, dissatisfied",
    "own, finish, mail, close, reopen, finish",
    "own, answer, remind, mail, answer, remind, close, mail, note",
    "own, assign, assign, assign, answer, drop",
)
"""What becomes of a ticket whose people do their work, one step a round: acts, and words somebody says."""
ON_COURSE = 0.5
"""The part of the tickets that has one."""


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
    courses: dict[str, list[str]] = field(default_factory=dict)
    made: int = 0

    def round(self, number: int, count: int) -> Iterator[Event]:
        start = number * ROUND
        fresh = [self._fresh() for _ in range(count // 6 if self.open else count // 3)]
        weighty = self._some(int(len(self.open) * MERGES_AND_WORDS_A_ROUND), most=count // 3)
        free = [name for name in self.open if name not in weighty]
        acts = [("new", name) for name in fresh] + [(self._weighty(name), name) for name in weighty]
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
        name = f"Matter {self.made}"
        if self.chance.random() < ON_COURSE:
            self.courses[name] = self.chance.choice(COURSES).split(", ")
        return name

    def _weighty(self, name: str) -> str:
        """The next step of its course, and anything where it has none or is at its end."""
        steps = self.courses.get(name)
        return steps.pop(0) if steps else self.chance.choice(WEIGHTY)

    def _event(self, at: timedelta, act: str, name: str, targets: list[str]) -> Event:
        chance = self.chance
        if act in WORDS:
            return Event(at, "say", name, chance.choice(AGENTS), act)
        if act == "merge":
            return self._merge(at, name, targets)
        if act == "new" and chance.random() < A_CALL:
            return Event(at, "call", name, "chief@example.com", chance.choice(TEXTS))
        by = BY.get(act) or chance.choice(CUSTOMERS if act in ("new", "mail", "away") else AGENTS)
        return Event(at, act, name, by, chance.choice(WITH.get(act, NUMBERS)))

    def _merge(self, at: timedelta, name: str, targets: list[str]) -> Event:
        """The target is not used again in this round: what it becomes is for the next."""
        if not targets:
            return Event(at, "note", name, "chief@example.com", "Could be merged.")
        self.gone.add(name)
        return Event(at, "merge", name, "chief@example.com", targets.pop(self.chance.randrange(len(targets))))


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

    def _seen(self, ticket: Known) -> dict[str, Any]:
        seen: dict[str, Any] = self.zammad.call("chief@example.com", "GET", f"/tickets/{ticket.id}?expand=true")
        return seen

    def _answer(self, event: Event, ticket: Known, **fields: Any) -> None:
        to = self._seen(ticket)["customer"]
        article = {"type": "email", "internal": False, "to": to, "body": event.with_, "subject": "Re"}
        self._put(event, ticket, article=article, **fields)

    def _finish(self, event: Event, ticket: Known) -> None:
        """Answer and close in one go."""
        self._answer(event, ticket, state="closed")

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

    def _kind(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, steward_kind=event.with_)

    def _close(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, state="closed")

    def _reopen(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, state="open")

    def _remind(self, event: Event, ticket: Known) -> None:
        due = self.zammad.now + REMINDED
        self._put(event, ticket, state="pending reminder", pending_time=due.isoformat())

    def _task(self, event: Event, ticket: Known) -> None:
        """A task that waits is done: a ticket of its own, or the item of the checklist that is first by its words."""
        for task in self._task_tickets(ticket):
            told = {"body": "Done, and the customer says so.", "internal": True}
            self.zammad.call(event.by, "PUT", f"/tickets/{task}", {"state": "closed", "article": told})
            return
        items = self._items(ticket)
        if items:
            # not by its id: a call that failed is made again, and the order is another
            _, first = min((words, item) for item, words in items.items())
            self.zammad.call(event.by, "PUT", f"/checklist_items/{first}", {"checked": True})

    def _task_tickets(self, ticket: Known) -> list[int]:
        query = f"/links?link_object=Ticket&link_object_value={ticket.id}"
        links = self.zammad.call("chief@example.com", "GET", query)["links"]
        ids = sorted(link["link_object_value"] for link in links if link["link_type"] == "child")
        seen = [self._seen(Known(id=child, number="")) for child in ids]
        tasks = [child for child in seen if str(child["number"]).startswith(f"{ticket.number}T")]
        return [int(task["id"]) for task in tasks if task["state"] not in ("closed", "merged")]

    def _items(self, ticket: Known) -> dict[int, str]:
        """The items that are not ticked, with their words."""
        checklist_id = self._seen(ticket).get("checklist_id")
        if checklist_id is None:
            return {}
        known = self.zammad.call("chief@example.com", "GET", f"/checklists/{checklist_id}")["item_ids"]
        items = [self.zammad.call("chief@example.com", "GET", f"/checklist_items/{item}") for item in known]
        return {int(item["id"]): item["text"] for item in items if item["text"] and not item["checked"]}

    def _merge(self, event: Event, ticket: Known) -> None:
        target = self.tickets[event.with_].number
        self.zammad.call(event.by, "PUT", f"/ticket_merge/{ticket.id}/{target}")

    def _group(self, event: Event, ticket: Known) -> None:
        self._put(event, ticket, group="Second line")
