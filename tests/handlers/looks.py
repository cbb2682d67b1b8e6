"""Looks written by hand: a ticket, its history and articles, and who is who."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from plugin.handlers.ticket import Seen, facts_of
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.people import SYSTEM, Actor, Role, User
from plugin.model.ticket import Article, HistoryRow, StateType, Ticket

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = MONDAY + timedelta(hours=8)
OWN_ID = 6
STATES = {1: StateType.NEW, 2: StateType.OPEN, 4: StateType.CLOSED, 5: StateType.MERGED}
GROUP = 2


def user(number: int, login: str, *, agent: bool = False, **more: Any) -> User:
    groups = {GROUP: frozenset({"full"})} if agent else {}
    plain = User(id=number, login=login, email=login, active=True, vip=False, organization_id=None, groups=groups)
    return replace(plain, **more)


PEOPLE = {
    7: user(7, "anna@example.com", agent=True, name="Anna Erste"),
    8: user(8, "ben@example.com", agent=True, name="Ben Zweite"),
    10: user(10, "mei@customer.example", name="Mei Lin"),
    11: user(11, "juergen@handel.example", name="Jürgen"),
}


@dataclass(frozen=True)
class Known:
    """Who is who on this server, as a table."""

    people: dict[int, User] = field(default_factory=lambda: dict(PEOPLE))
    vip_organizations: frozenset[int] = frozenset()
    own_id: int = OWN_ID

    def actor(self, user_id: int, *, source: str | None = None, wrote_as_agent: bool = False) -> Actor:
        if user_id == 1 or source:
            return SYSTEM
        if user_id == OWN_ID:
            return Actor(OWN_ID, "steward", Role.STEWARD)
        person = self.people.get(user_id)
        works_here = wrote_as_agent or bool(person and person.groups)
        return Actor(user_id, person.login if person else "", Role.AGENT if works_here else Role.CUSTOMER)

    def user(self, user_id: int) -> User | None:
        return self.people.get(user_id)

    def is_agent(self, user: User) -> bool:
        return bool(user.groups)

    def can_own(self, user_id: int, group_id: int) -> bool:
        person = self.people.get(user_id)
        return bool(person and person.can_own_in(group_id))

    def organization_is_vip(self, organization_id: int) -> bool:
        return organization_id in self.vip_organizations

    def state_type(self, state_id: int, name: str) -> StateType:
        return STATES.get(state_id, StateType(name) if name in [*StateType] else StateType.OPEN)


def ticket(**changes: Any) -> Ticket:
    """Mei's ticket as it is now: open, owned by ben."""
    plain = Ticket(
        id=7, number="81007", title="Where is it?", version="v1", group_id=GROUP, group="First line", owner_id=8,
        customer_id=10, organization_id=None, state="open", state_type=StateType.OPEN, priority_id=2,
        created_at=MONDAY, updated_at=NOW, created_by_id=10, updated_by_id=8, article_ids=(1,),
    )  # fmt: skip
    return replace(plain, **changes)


def row(number: int, kind: str, *, by: int = 7, after: float = 1, **more: Any) -> HistoryRow:
    plain = HistoryRow(
        id=number, object="Ticket", o_id=7, type=kind, attribute=None, value_from=None, value_to=None, id_from=None,
        id_to=None, created_by_id=by, created_at=MONDAY + timedelta(hours=after),
    )  # fmt: skip
    return replace(plain, **more)


def begun(*, by: int = 10) -> HistoryRow:
    return row(1, "created", by=by, after=0)


def updated(number: int, attribute: str, was: str, now: str, **more: Any) -> HistoryRow:
    return row(number, "updated", attribute=attribute, value_from=was, value_to=now, **more)


def owned(number: int, was: int, now: int, **more: Any) -> HistoryRow:
    return updated(number, "owner", "somebody", "somebody else", id_from=was, id_to=now, **more)


def stated(number: int, was: int, now: int, **more: Any) -> HistoryRow:
    return updated(number, "state", str(STATES[was]), str(STATES[now]), id_from=was, id_to=now, **more)


def article(number: int = 1, *, by: int = 10, sender: str = "Customer", after: float = 0, **more: Any) -> Article:
    plain = Article(
        id=number, ticket_id=7, type="email", sender=sender, internal=False, body="Where is it?",
        content_type="text/plain", subject="Order", from_="Mei Lin <mei@customer.example>", to="support@example.com",
        cc="", created_by_id=by, origin_by_id=None, created_at=MONDAY + timedelta(hours=after),
    )  # fmt: skip
    return replace(plain, **more)


def look(
    *rows: HistoryRow,
    on: Ticket | None = None,
    articles: Iterable[Article] = (),
    known: Iterable[Fact] = (),
    who: Known | None = None,
    **more: Any,
) -> tuple[Fact, ...]:
    """The facts one look adds."""
    seen = Seen(on or ticket(), (begun(), *rows), tuple(articles))
    settings: dict[str, Any] = {"known": Timeline(7, known), "now": NOW, "switches": {}} | more
    return facts_of(seen, who or Known(), **settings)


def only(facts: Iterable[Fact], kind: FactKind) -> Fact:
    (found,) = [fact for fact in facts if fact.kind is kind]
    return found


def observed(facts: Iterable[Fact]) -> dict[str, Any]:
    return {str(f["what"]): f["value"] for f in facts if f.kind is FactKind.OBSERVED}
