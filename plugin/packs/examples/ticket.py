"""The ticket of a story while it is told: each deed becomes the facts Zammad would have recorded of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from plugin.model.decision import STEWARD_FIELDS
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.linked import INTERRUPTED, Interruption
from plugin.model.people import NOBODY_ID, SYSTEM, Actor, Role
from plugin.model.related import RELATED
from plugin.model.said import SAY
from plugin.model.ticket import CLOSED_TYPES, StateType
from plugin.packs.examples.given import Given

CUSTOMER = Actor(2, "customer", Role.CUSTOMER)
STEWARD = Actor(3, "steward", Role.STEWARD)
NOBODY = "nobody"
_FIRST_AGENT = 10
_NUMBER = "81001"


@dataclass
class StoryTicket:
    """One ticket, told deed by deed in order of time. ``group`` is where it begins."""

    given: Given
    group: str
    now: datetime
    """When the deed that is being told happens."""
    common_window: timedelta = timedelta(0)
    """So long before a complaint those of other customers count (``repeat_complaints``)."""
    facts: list[Fact] = field(default_factory=list)
    agents: dict[str, Actor] = field(default_factory=dict)
    owner: Actor | None = None
    state: StateType = StateType.NEW
    complaints: list[Mapping[str, Any]] = field(default_factory=list)
    """What was seen of other complaints."""
    alike: Mapping[str, Any] | None = None
    incident: Interruption | None = None
    """The interruption it is linked to."""

    def timeline(self, *, ticket_id: int, until: datetime) -> Timeline:
        """What was known at ``until``."""
        return Timeline(ticket_id, [fact for fact in self.facts if fact.at <= until])

    def agent(self, login: str) -> Actor:
        return self.agents.setdefault(login, Actor(_FIRST_AGENT + len(self.agents), login, Role.AGENT))

    # -- articles -----------------------------------------------------------------------------------------------------

    def customer_writes(self, words: str, *, automatic: bool = False) -> None:
        """A mail; on a ticket that is closed or pending, Zammad opens it again."""
        is_reply = bool(self.facts)
        self.article(words, by=CUSTOMER, sender="Customer", type=self.given.channel, automatic=automatic)
        if is_reply and self.state not in (StateType.NEW, StateType.OPEN) and not automatic:
            self.set_state(StateType.OPEN, by=CUSTOMER)

    def article(self, words: str, *, by: Actor, sender: str, type: str, **data: Any) -> None:
        self._begun(by)
        known = {
            "internal": False,
            "to_customer": sender != "Customer" and type != "note",
            "automatic": False,
            "failed": False,
            "ours": [],
            "macro": False,
        }
        values = known | {"sender": sender, "type": type, "communication": type != "note"} | data
        sent_from = self.given.address if by is CUSTOMER else by.login
        payload = {"subject": "", "body": words, "from": sent_from}
        self._tell("article", FactKind.ARTICLE, by=by, payload=payload, **values)

    # -- changes ------------------------------------------------------------------------------------------------------

    def set_owner(self, owner: Actor | None, *, by: Actor) -> None:
        before, self.owner = self.owner, owner
        self.changed(
            "owner",
            by=by,
            id_from=before.id if before else NOBODY_ID,
            id_to=owner.id if owner else NOBODY_ID,
            login_from=before.login if before else "-",
            login_to=owner.login if owner else "-",
            to=owner.login if owner else "-",
        )

    def set_state(self, state: StateType, *, by: Actor) -> None:
        before, self.state = self.state, state
        names = {"from": str(before), "to": str(state), "state_type_from": str(before), "state_type_to": str(state)}
        self.changed("state", by=by, **names)

    def reopen(self, *, by: Actor) -> None:
        if self.state in CLOSED_TYPES:
            self.set_state(StateType.OPEN, by=by)

    def set_field(self, name: str, value: str, *, by: Actor) -> None:
        """One of Steward's own fields by its short name (``tier``), or any other attribute, whose value is sealed."""
        ours = f"steward_{name}"
        if ours in STEWARD_FIELDS:
            self.changed(ours, by=by, to=value)
        else:
            payload = {"from": "", "to": value}
            self._tell("history", FactKind.CHANGED, by=by, payload=payload, attribute=name, id_from=None, id_to=None)

    def changed(self, attribute: str, *, by: Actor, **data: Any) -> None:
        self._begun(by)
        self._tell("history", FactKind.CHANGED, by=by, attribute=attribute, **data)

    def say(self, word: str, *, by: Actor) -> None:
        self.tag(f"{SAY}{word}", by=by)

    def tag(self, tag: str, *, by: Actor, added: bool = True) -> None:
        self._begun(by)
        self._tell("history", FactKind.TAG_ADDED if added else FactKind.TAG_REMOVED, by=by, tag=tag)

    def task(self, key: str, *, by: Actor, done: bool = True, proved: bool = False) -> None:
        """A task of ours is done or taken up again; ``proved``: somebody wrote in it what came of it."""
        kind = FactKind.TASK_DONE if done else FactKind.TASK_REOPENED
        self._tell("history", kind, by=by, task=key, op_key=f"task-{key}", proved=proved)

    def received(self, **carried: Any) -> None:
        """Another ticket was merged into this one, and brought these along."""
        self._begun(CUSTOMER)
        nothing = dict.fromkeys(("accepted_at", "voiced_at", "voiced_tier", "first_asked", "accountable", "tier"))
        empty: Mapping[str, Any] = {**nothing, "source_id": 2, "kind": None, "tier_by_agent": False, "articles": []}
        self._tell("history", FactKind.RECEIVED_MERGE, by=SYSTEM, **{**empty, "tasks_done": [], **carried})

    def seen(self, what: str, **data: Any) -> None:
        """A state without a row of its own in Zammad, seen when we look."""
        data = {"what": what, **data}
        key, revision = f"observed:{what}", len(self.facts)
        self.facts.append(Fact(key, FactKind.OBSERVED, self.now, self.now, SYSTEM, data, None, revision))

    def interrupted(self, *, back_at: datetime | None) -> None:
        """It is linked to the ticket of an interruption that begins now."""
        self._saw_incident(Interruption(902, "history:1", self.now, self.now, back_at))

    def restored(self) -> None:
        """Somebody says so on that ticket."""
        if self.incident is not None:
            self._saw_incident(replace(self.incident, restored_at=self.now))

    def _saw_incident(self, incident: Interruption) -> None:
        self.incident = incident
        self.seen(INTERRUPTED, value=True, incidents=[incident.as_said()])

    def saw_complaint(self, *, at: datetime, nature: str, by_customer: bool) -> None:
        """An earlier complaint, of the customer or of somebody else in his organization."""
        one = {"id": 900 + len(self.complaints), "at": at.isoformat(), "nature": nature, "customer": by_customer}
        self.complaints.append(one)
        self._saw_related()

    def saw_alike(self, customers: int, *, at: datetime) -> None:
        """So many other customers complained of the same; counted as a look does, back from the beginning."""
        since = self.facts[0].at - self.common_window if self.facts else at
        known = self.alike["customers"] if self.alike else 0
        counted = known + (customers if at >= since else 0)
        self.alike = {"customers": counted, "by": "nature", "explained": False}
        self._saw_related()

    def _saw_related(self) -> None:
        self.seen(RELATED, value=True, complaints=list(self.complaints), alike=self.alike)

    # -- the beginning ------------------------------------------------------------------------------------------------

    def begin(self, *, by: Actor, owner: Actor | None = None) -> None:
        self.owner = owner
        values: dict[str, Any] = {
            "number": _NUMBER,
            "group": self.group,
            "group_id": 2,
            "customer_id": CUSTOMER.id,
            "state_type": str(self.state),
            "owner_id": owner.id if owner else NOBODY_ID,
            "owner": owner.login if owner else "-",
        }
        self._tell("history", FactKind.CREATED, by=by, **values)
        if self.given.vip:
            self.seen("vip", value=True)

    def _begun(self, by: Actor) -> None:
        if not self.facts:
            self.begin(by=by)

    def _tell(
        self, row: str, kind: FactKind, /, *, by: Actor, payload: Mapping[str, Any] | None = None, **data: Any
    ) -> None:
        number = len(self.facts) + 101
        if row == "article":
            data["id"] = number
        self.facts.append(Fact(f"{row}:{number}", kind, self.now, self.now, by, data, payload))
