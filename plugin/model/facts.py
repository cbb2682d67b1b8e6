"""A case's timeline of facts: what Zammad itself recorded, when it happened and when we saw it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple

from plugin.model.people import SYSTEM, Actor

Given = TypeVarTuple("Given")
Key = TypeVar("Key")
Read = TypeVar("Read")
"""What a reading of a timeline answers; nothing that can be changed."""


class FactKind(StrEnum):
    """What a fact tells. The keys of ``Fact.data`` are named behind each."""

    CREATED = "created"
    """The ticket began. number, group_id, group, owner_id, owner, customer_id, state_type, priority_id.

    The values are those *at creation*, unwound from the history."""
    ARTICLE = "article"
    """An article. id, type, sender, internal, communication, to_customer, origin_by_id, automatic (an automatic reply
    or bulk mail), failed (known not to have been delivered), ours (list of op_keys when Steward wrote it), macro (a
    line our macros write), attachments. Payload: subject, body (plain text), from, to, cc, message_id."""
    CHANGED = "changed"
    """A ticket attribute changed. attribute, from, to (texts), id_from, id_to (ids or None), and state_type_from,
    state_type_to for ``state``; login_from, login_to for ``owner`` and ``customer``."""
    TAG_ADDED = "tag_added"
    """tag"""
    TAG_REMOVED = "tag_removed"
    """tag"""
    MERGED_INTO = "merged_into"
    """This ticket went into another one. target_id."""
    RECEIVED_MERGE = "received_merge"
    """Another ticket came in. source_id, and what it carries: accepted_at (ISO or None), first_asked {login, at} or
    None, accountable login or None, kind, tier, tasks_done (keys)."""
    TIME_TRIGGER = "time_trigger"
    """Zammad's own reminder or escalation fired. trigger."""
    TASK_DONE = "task_done"
    """One of our tasks was ticked or its ticket closed. task (its key), op_key, ticket_id or item_id, proved (an agent
    wrote in the task's ticket); by and at are those of Zammad's row."""
    TASK_REOPENED = "task_reopened"
    """A task was unticked or its ticket reopened. task, op_key, ticket_id or item_id."""
    OBSERVED = "observed"
    """A state without a Zammad row, seen at ``seen_at``; starts no clock. what and value, plus keys of its own.

    what: vip, adopted (created_at, older), deleted, out_of_sight, in_sight, owner_can_act (login), customer_is_agent,
    field_at_creation (name), article_gone, revived, hold_released, pack_version (from, kept),
    linked (tickets, untold, since, beyond: of an interruption), interrupted (incidents: those it is linked to),
    surveyed (at: on another ticket), related (complaints, alike), named (entry, logins: of each name an agent wrote
    there those who answer to it)."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of the timeline.

    ``key`` is Zammad's own row (``article:17``, ``history:812``) or ``observed:<what>[:<detail>]``. The same key with a
    higher ``revision`` supersedes the earlier entry (an article made internal, say); nothing is ever rewritten.
    ``at`` is when it happened by Zammad's clock, ``seen_at`` when we first read it. ``data`` holds codes and ids only,
    ``payload`` the customer's words, erasable; None once erased.
    """

    key: str
    kind: FactKind
    at: datetime
    seen_at: datetime
    by: Actor = SYSTEM
    data: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] | None = None
    revision: int = 0

    def __getitem__(self, name: str) -> Any:
        return self.data.get(name)

    def text(self, name: str) -> str:
        """A text of the payload, empty when erased or absent."""
        return str((self.payload or {}).get(name) or "")


def _row_number(key: str) -> int:
    _, _, number = key.partition(":")
    return int(number) if number.isdigit() else 0


def _grouped(facts: Iterable[Fact], by: Callable[[Fact], Key]) -> dict[Key, tuple[Fact, ...]]:
    groups: dict[Key, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(by(fact), []).append(fact)
    return {key: tuple(group) for key, group in groups.items()}


class Timeline:
    """The facts of one ticket in the order they happened, each key in its newest revision. Never changes."""

    __slots__ = ("_by_key", "_by_kind", "_changes", "_facts", "_readings", "_seen", "ticket_id")

    def __init__(self, ticket_id: int, facts: Iterable[Fact]) -> None:
        newest: dict[str, Fact] = {}
        for fact in facts:
            known = newest.get(fact.key)
            if known is None or fact.revision >= known.revision:
                newest[fact.key] = fact
        self.ticket_id = ticket_id
        self._facts = tuple(sorted(newest.values(), key=lambda f: (f.at, _ORDER[f.kind], _row_number(f.key), f.key)))
        self._by_key = newest
        self._by_kind = _grouped(self._facts, lambda f: f.kind)
        self._changes = _grouped(self.of(FactKind.CHANGED), lambda f: str(f["attribute"]))
        self._seen = {str(fact["what"]): fact for fact in self.of(FactKind.OBSERVED)}
        self._readings: dict[Any, tuple[Any, tuple[Any, ...]]] = {}

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def of(self, *kinds: FactKind) -> tuple[Fact, ...]:
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], ())
        return tuple(f for f in self._facts if f.kind in kinds)

    def changes_of(self, attribute: str) -> tuple[Fact, ...]:
        return self._changes.get(attribute, ())

    def get(self, key: str) -> Fact | None:
        return self._by_key.get(key)

    def observed(self, what: str) -> Fact | None:
        """The newest observation of that name."""
        return self._seen.get(what)

    def read_once(self, reading: Callable[..., Any], *given: Any) -> Any:
        """What ``reading`` says of this timeline and what is given beside, worked out the first time it is asked.

        Given again is what is the same object: a pack's items are long to compare, and a pack gives its own each time.
        """
        asked = (reading, *map(id, given)) if given else reading
        known = self._readings.get(asked)
        if known is None:
            # what was given is kept beside: nothing else can have its id
            known = self._readings[asked] = (reading(self, *given), given)
        return known[0]


def once(reading: Callable[[Timeline, *Given], Read]) -> Callable[[Timeline, *Given], Read]:
    """Decorates a pure reading of timelines: a case is decided several times over the same one."""

    @wraps(reading)
    def read(timeline: Timeline, *given: *Given) -> Read:
        found: Read = timeline.read_once(reading, *given)
        return found

    return read


# At one instant: creation first, then articles (Zammad saves them before the changes they cause), then the rest.
_ORDER = {kind: position for position, kind in enumerate(FactKind)}
