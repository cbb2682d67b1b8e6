"""Timelines written by hand: a story in the service's verbs, decided at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from plugin.engine import decide
from plugin.model.clocks import Clock
from plugin.model.decision import Decision, FieldValue, Note, Task
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.pack import Pack
from plugin.model.people import SYSTEM, Actor, Role
from plugin.packs import load

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""A plain working Monday, nine o'clock in Berlin."""

MEI = Actor(10, "mei@customer.example", Role.CUSTOMER)
ANNA = Actor(7, "anna", Role.AGENT)
BEN = Actor(8, "ben", Role.AGENT)
CHIEF = Actor(9, "chief", Role.AGENT)
STEWARD = Actor(6, "steward", Role.STEWARD)


@cache
def shipped() -> Pack:
    return load("service-standard")


def with_people(pack: Pack, **people: tuple[str, ...]) -> Pack:
    return replace(pack, people=replace(pack.people, **people))


@dataclass
class Story:
    """One ticket's story; every verb takes ``after``, hours since it began."""

    pack: Pack = field(default_factory=shipped)
    started_at: datetime = MONDAY
    facts: list[Fact] = field(default_factory=list)
    number: int = 100

    def at(self, hours: float) -> datetime:
        return self.started_at + timedelta(hours=hours)

    def _key(self, row: str) -> str:
        self.number += 1
        return f"{row}:{self.number}"

    def tell(
        self, kind: FactKind, /, *, after: float, by: Actor, row: str = "history", text: str = "", **data: Any
    ) -> Fact:
        moment = self.at(after)
        payload = {"subject": "", "body": text, "from": by.login} if kind is FactKind.ARTICLE else None
        fact = Fact(self._key(row), kind, moment, moment, by, data, payload)
        self.facts.append(fact)
        return fact

    # -- beginnings ---------------------------------------------------------------------------------------------------

    def customer_writes_in(
        self, text: str = "Where is my order?", *, vip: bool = False, group: str = "First line"
    ) -> Story:
        """A customer's mail makes a ticket."""
        self.begin(by=MEI, group=group)
        self.customer_writes(text)
        if vip:
            self.observe("vip", value=True)
        return self

    def begin(self, *, by: Actor, group: str = "First line", owner: Actor | None = None) -> Story:
        values: Mapping[str, Any] = {
            "number": "81001", "group": group, "group_id": 2, "customer_id": MEI.id, "state_type": "new",
            "owner_id": owner.id if owner else 1, "owner": owner.login if owner else "-",
        }  # fmt: skip
        self.tell(FactKind.CREATED, after=0, by=by, **values)
        return self

    # -- what people do -----------------------------------------------------------------------------------------------

    def customer_writes(self, text: str = "Any news?", *, after: float = 0, automatic: bool = False) -> Fact:
        return self.article(text, after=after, by=MEI, sender="Customer", type="email", automatic=automatic)

    def answers(self, by: Actor = ANNA, *, after: float, **data: Any) -> Fact:
        return self.article("Here you are.", after=after, by=by, sender="Agent", type="email", to_customer=True, **data)

    def promises(self, by: Actor = ANNA, *, after: float, due: float, text: str = "We call you on Thursday.") -> Fact:
        """An answer and a pending reminder in one act: Zammad saves the ticket first."""
        self.state("pending reminder", by=by, after=after)
        moment = f"{self.at(due):%Y-%m-%d %H:%M:%S} UTC"
        self.tell(FactKind.CHANGED, after=after, by=by, attribute="pending_time", to=moment)
        seconds = 0.1 / 3600
        return self.article(text, after=after + seconds, by=by, sender="Agent", type="email", to_customer=True)

    def notes(self, by: Actor = ANNA, *, after: float, text: str = "Looked into it.") -> Fact:
        return self.article(text, after=after, by=by, sender="Agent", type="note", internal=True)

    def takes_call(self, by: Actor = ANNA, *, after: float = 0, text: str = "Please call back.") -> Fact:
        return self.article(text, after=after, by=by, sender="Customer", type="phone")

    def article(self, text: str, *, after: float, by: Actor, sender: str, type: str, **data: Any) -> Fact:
        known = {
            "internal": False,
            "to_customer": False,
            "automatic": False,
            "failed": False,
            "ours": [],
            "macro": False,
        }
        values = known | {"sender": sender, "type": type, "communication": type != "note"} | data
        return self.tell(FactKind.ARTICLE, after=after, by=by, row="article", text=text, **values)

    def gives(self, to: Actor | None, *, by: Actor, after: float) -> Fact:
        """The owner changes."""
        id_to, login = (to.id, to.login) if to else (1, "-")
        return self.tell(FactKind.CHANGED, after=after, by=by, attribute="owner", id_to=id_to, login_to=login, to=login)

    def says(self, word: str, by: Actor = ANNA, *, after: float) -> Fact:
        return self.tell(FactKind.TAG_ADDED, after=after, by=by, tag=f"steward:say:{word}")

    def sets(self, name: str, value: str, *, by: Actor = ANNA, after: float) -> Fact:
        return self.tell(FactKind.CHANGED, after=after, by=by, attribute=name, to=value)

    def state(self, state_type: str, *, by: Actor = ANNA, after: float, was: str = "open") -> Fact:
        values = {"attribute": "state", "state_type_to": state_type, "state_type_from": was, "to": state_type}
        return self.tell(FactKind.CHANGED, after=after, by=by, **values)

    def closes(self, by: Actor = ANNA, *, after: float) -> Fact:
        return self.state("closed", by=by, after=after)

    def reopens(self, by: Actor = SYSTEM, *, after: float) -> Fact:
        return self.state("open", by=by, after=after, was="closed")

    def moves(self, group: str, *, by: Actor = ANNA, after: float) -> Fact:
        return self.tell(FactKind.CHANGED, after=after, by=by, attribute="group", to=group)

    def task_done(self, task: str, *, by: Actor = ANNA, after: float, proved: bool = True) -> Fact:
        """``proved``: an agent wrote in the task's own ticket."""
        return self.tell(FactKind.TASK_DONE, after=after, by=by, task=task, proved=proved)

    def observe(self, what: str, *, after: float = 0, by: Actor = SYSTEM, **data: Any) -> Fact:
        moment = self.at(after)
        fact = Fact(f"observed:{what}:{self.number}", FactKind.OBSERVED, moment, moment, by, {"what": what, **data})
        self.number += 1
        self.facts.append(fact)
        return fact

    def attribute(self, name: str, value: str, *, by: Actor = ANNA, after: float = 0) -> Fact:
        """An attribute of the administrator's own is set: the ledger seals what anybody may have written."""
        moment = self.at(after)
        data = {"attribute": name, "id_from": None, "id_to": None}
        payload = {"from": "", "to": value}
        fact = Fact(self._key("history"), FactKind.CHANGED, moment, moment, by, data, payload)
        self.facts.append(fact)
        return fact

    # -- what follows -------------------------------------------------------------------------------------------------

    def decided(
        self, *, after: float, switched_after: float | None = None, clock_behind: float = 0, **options: Any
    ) -> Outcome:
        """What holds then; ``clock_behind``: by a clock that is so many hours behind Zammad's."""
        switches = {}
        if switched_after is not None:
            switches = {rule.name: self.at(switched_after) for rule in self.pack.rules}
        seen = [f for f in self.facts if f.at <= self.at(after)]
        timeline = Timeline(1, seen)
        now = self.at(after - clock_behind)
        return Outcome(decide(timeline, pack=self.pack, now=now, switches=switches, **options))


@dataclass(frozen=True)
class Outcome:
    """A decision, asked in short words."""

    decision: Decision

    @property
    def tags(self) -> set[str]:
        return {tag.tag for tag in self.decision.tags}

    @property
    def fields(self) -> dict[str, FieldValue]:
        return {f.name.removeprefix("steward_"): f.value for f in self.decision.fields}

    @property
    def notes(self) -> dict[str, Note]:
        return {note.rule: note for note in self.decision.notes}

    @property
    def tasks(self) -> dict[str, Task]:
        return {task.key: task for task in self.decision.tasks}

    def found(self, name: str) -> Any:
        """What a finding concluded."""
        finding = self.decision.finding(name)
        assert finding is not None, f"no finding {name}"
        return finding.value

    def clock(self, name: str, *, epoch: str | None = None) -> Clock:
        found = [c for c in self.decision.clocks if c.name == name and epoch in (None, c.epoch)]
        assert found, f"no clock {name} among {[c.name for c in self.decision.clocks]}"
        return found[-1]

    def has_clock(self, name: str) -> bool:
        return any(c.name == name for c in self.decision.clocks)
