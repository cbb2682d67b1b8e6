"""A history: one ticket's life as Zammad has it, as text to keep, and as it would have been without Steward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from plugin.model.facts import Fact, FactKind
from plugin.model.people import Actor, Role
from plugin.model.related import RELATED
from plugin.store.types import canonical, from_microseconds, read_json, to_microseconds

QUIET = timedelta(seconds=10)
"""A worker waits for so long at most before it works on an event, and sees what came meanwhile (promises 10)."""
HELD_ALWAYS = frozenset({"adopted", "vip", "customer_is_agent"})
"""What was seen at the first look and has no row in Zammad: taken to have held since the ticket began."""


@dataclass(frozen=True, slots=True)
class History:
    """One ticket's facts, and when they were read; ``version`` is the ticket's then, an opaque token.

    ``organization_id`` is that of its customer then, None for none and where it is not known.
    """

    ticket_id: int
    number: str
    version: str
    read_at: datetime
    facts: tuple[Fact, ...]
    organization_id: int | None = None


def to_bytes(history: History) -> bytes:
    """One line of JSON; the inverse of ``from_bytes``. It holds customers' words: seal it before it is kept."""
    head = [history.ticket_id, history.number, history.version, to_microseconds(history.read_at)]
    beside = () if history.organization_id is None else (history.organization_id,)
    return canonical([*head, [_to_row(fact) for fact in history.facts], *beside]).encode()


def from_bytes(content: bytes) -> History:
    """Raises ValueError where ``content`` is no history."""
    try:
        ticket_id, number, version, read_at, rows, *beside = read_json(content.decode())
        facts = tuple(_to_fact(row) for row in rows)
        organization_id = int(beside[0]) if beside else None
        return History(int(ticket_id), str(number), str(version), from_microseconds(read_at), facts, organization_id)
    except (TypeError, KeyError) as wrong:
        raise ValueError("found a line that is no history") from wrong


def as_lived(history: History, *, seen_beside: bool = True) -> tuple[Fact, ...]:
    """The facts in the order they happened, as if Steward had never been there and had known the customer at once.

    ``seen_beside``: with what looks saw of other complaints; under another pack they are others, and it is worked out
    anew. Empty for a ticket that Steward made itself, to carry a task.
    """
    created = next((fact for fact in history.facts if fact.kind is FactKind.CREATED), None)
    if created is None or created.by.role is Role.STEWARD:
        return ()
    newest = {_known_by(fact): fact for fact in sorted(history.facts, key=lambda fact: fact.revision)}
    lived = (fact for fact in newest.values() if fact.by.role is not Role.STEWARD)
    told = (_from_the_beginning(fact, created) for fact in lived if seen_beside or not _is_seen_beside(fact))
    return tuple(sorted(told, key=lambda fact: fact.at))


def acts(facts: tuple[Fact, ...], *, within: timedelta) -> Iterator[tuple[Fact, ...]]:
    """The facts in groups that a worker sees together: those that follow each other ``within`` so short a time."""
    group: list[Fact] = []
    for fact in facts:
        if group and fact.at - group[0].at > within:
            yield tuple(group)
            group = []
        group.append(fact)
    if group:
        yield tuple(group)


def _known_by(fact: Fact) -> tuple[str, int]:
    """What makes it the same fact; what was seen beside a ticket held from one look to the next."""
    return fact.key, fact.revision if _is_seen_beside(fact) else 0


def _is_seen_beside(fact: Fact) -> bool:
    return fact.kind is FactKind.OBSERVED and fact["what"] == RELATED


def _from_the_beginning(fact: Fact, created: Fact) -> Fact:
    if fact.kind is not FactKind.OBSERVED or fact["what"] not in HELD_ALWAYS:
        return fact
    if fact["what"] != "adopted":
        return replace(fact, at=created.at) if fact.revision == 0 else fact
    known = {**fact.data, "older": False, "created_at": created.at.isoformat()}
    return replace(fact, at=created.at, seen_at=created.at, data=known)


def _to_row(fact: Fact) -> list[Any]:
    by = [fact.by.id, fact.by.login, fact.by.role]
    moments = [to_microseconds(fact.at), to_microseconds(fact.seen_at)]
    return [fact.key, fact.kind, *moments, by, dict(fact.data), fact.payload and dict(fact.payload), fact.revision]


def _to_fact(row: list[Any]) -> Fact:
    key, kind, at, seen_at, (user_id, login, role), data, payload, revision = row
    by = Actor(user_id, login, Role(role))
    return Fact(key, FactKind(kind), from_microseconds(at), from_microseconds(seen_at), by, data, payload, revision)
