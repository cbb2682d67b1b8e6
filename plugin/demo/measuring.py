"""What the story came to, measured at the end in the sandbox and in Steward's store, never assumed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from plugin.demo.stage import Stage
from plugin.demo.watching import ALL_CASES, Watch
from plugin.handlers.plain import plain
from plugin.model.clocks import Clock
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.sandbox import links
from plugin.sandbox.rows import Row
from plugin.store import cases, effects
from plugin.zammad.notes import MARKER

STEWARD = "steward"
TASK_TAG = "steward:task"
_ITEM_MARK = re.compile(r" \[s:([a-p]{5})\]$")
_NUMBER_MARK = re.compile(r"-([a-p]{5})$")
"""The letters of an op_key that end the text of a task's item, and the number of a task's ticket."""
_WRITES: Mapping[EffectKind, str] = {
    EffectKind.TAG_ADD: "tag",
    EffectKind.TAG_REMOVE: "tag",
    EffectKind.NOTE: "note",
    EffectKind.ITEM: "task",
    EffectKind.TASK: "task",
    EffectKind.MESSAGE: "message",
}


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a ticket: an item of its checklist (``number`` empty) or a ticket of its own."""

    title: str
    done: bool
    number: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One ticket as it stands in Zammad, with the clocks Steward keeps for it."""

    id: int
    number: str
    title: str
    state: str
    tags: tuple[str, ...]
    fields: Mapping[str, Any]
    notes: tuple[str, ...]
    tasks: tuple[Task, ...]
    clocks: tuple[Clock, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """Zammad's milliseconds of work, and notices to agents."""

    zammad_ms: float
    notices: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The totals. ``heard``: deliveries acknowledged; ``lost``: those of them without an effect on what holds now.

    ``steward``: its own calls and the notices its writes caused; ``people``: everybody else's.
    """

    heard: int
    lost: int
    doubled: int
    writes: Mapping[str, int]
    steward: Cost
    people: Cost
    tickets: tuple[Told, ...]

    @property
    def broken(self) -> Iterator[tuple[Told, Clock]]:
        """Every clock that missed its limit, with its ticket."""
        for ticket in self.tickets:
            for clock in sorted(ticket.clocks, key=lambda c: c.limit_at):
                if clock.was_broken:
                    yield ticket, clock


def measure(stage: Stage, watch: Watch, now: datetime) -> Measured:
    """Measure; looks at every ticket once more, in full, to see whether anything was missed."""
    steward, people = _costs(stage)
    heard = sum(1 for one in stage.ear.heard if one.acknowledged)
    before = _tickets(stage, watch, now)
    written = [effect for ticket in before for effect in _effects(stage, ticket.id)]
    lost = _unheeded(stage) + _missed(stage, watch, now, before)
    return Measured(
        heard=heard,
        lost=lost,
        doubled=_doubled(stage),
        writes=_writes(written),
        steward=steward,
        people=people,
        tickets=before,
    )


# -- what it cost -----------------------------------------------------------------------------------------------------


def _costs(stage: Stage) -> tuple[Cost, Cost]:
    """A notice is Steward's where its write caused it, or where it reminds of a task Steward made."""
    world, own = stage.sandbox.world, _own_id(stage)
    notices = [row for row in world.history if row.kind == "notification"]
    ours = [row for row in notices if row.created_by_id == own or TASK_TAG in world.tags_of(row.ticket_id)]
    all_ms, own_ms = stage.sandbox.cost().zammad_ms, stage.sandbox.cost(login=STEWARD).zammad_ms
    return Cost(own_ms, len(ours)), Cost(round(all_ms - own_ms, 1), len(notices) - len(ours))


def _writes(written: Iterable[Effect]) -> Mapping[str, int]:
    """Side effects in Zammad by kind; fields count one each, and a tag's removal counts."""
    counted = dict.fromkeys(("tag", "field", "note", "task", "message"), 0)
    for effect in written:
        if effect.state is not EffectState.APPLIED and not _was_made(effect):
            continue
        if effect.kind is EffectKind.FIELDS:
            counted["field"] += len(effect.request["fields"])
        elif effect.kind in _WRITES:
            counted[_WRITES[effect.kind]] += 1
    return counted


def _was_made(effect: Effect) -> bool:
    """Whether a task that is void now was there before it was withdrawn."""
    return effect.state is EffectState.VOID and bool(effect.outcome.keys() & {"item_id", "ticket_id"})


def _effects(stage: Stage, ticket_id: int) -> tuple[Effect, ...]:
    with stage.service.store.read() as connection:
        return effects.of_case(connection, ticket_id)


# -- lost -------------------------------------------------------------------------------------------------------------


def _unheeded(stage: Stage) -> int:
    """Acknowledged deliveries whose version of the ticket no case has seen."""
    with stage.service.store.read() as connection:
        seen = {case.ticket_id: case.version or "" for case in cases.listed(connection, limit=ALL_CASES)}
    return sum(1 for one in stage.ear.heard if one.acknowledged and seen.get(one.ticket_id, "") < one.version)


def _missed(stage: Stage, watch: Watch, now: datetime, before: tuple[Told, ...]) -> int:
    """Tickets that a full look, now, leaves otherwise than they were."""
    for ticket in before:
        stage.worker.look(ticket.id)
    after = _tickets(stage, watch, now)
    return sum(1 for was, became in zip(before, after, strict=True) if was != became)


# -- doubled ----------------------------------------------------------------------------------------------------------


def _doubled(stage: Stage) -> int:
    """Notes, tags and tasks that are in Zammad more often than once: by their marker, or by what they say."""
    marks = [mark for ticket in stage.sandbox.world.tickets for mark in _marks(stage, ticket)]
    return sum(times - 1 for times in Counter(marks).values())


def _marks(stage: Stage, ticket: Row) -> Iterator[tuple[Any, ...]]:
    world = stage.sandbox.world
    for tag in world.tags_of(ticket.id):
        yield (ticket.id, "tag", tag)
    for article in _own_articles(stage, ticket):
        for key in str(article.preferences.get(MARKER) or "").split():
            yield (ticket.id, "op_key", key)
        yield (ticket.id, "note", article.body)
    for item in _items(stage, ticket):
        yield (ticket.id, "task", *_ITEM_MARK.findall(item.text))
    for task in _task_tickets(stage, ticket):
        # by its letters: a second closing's follow-up bears the same title, and is another task
        yield (ticket.id, "task", *_NUMBER_MARK.findall(str(task.number)))


# -- tickets ----------------------------------------------------------------------------------------------------------


def _tickets(stage: Stage, watch: Watch, now: datetime) -> tuple[Told, ...]:
    with stage.sandbox.world.lock:
        world = stage.sandbox.world
        return tuple(_told(stage, watch, now, row) for row in world.tickets if TASK_TAG not in world.tags_of(row.id))


def _told(stage: Stage, watch: Watch, now: datetime, ticket: Row) -> Told:
    world = stage.sandbox.world
    names = sorted(name for name in world.ticket_fields if name.startswith("steward_"))
    items = [Task(title=_ITEM_MARK.sub("", item.text), done=bool(item.checked)) for item in _items(stage, ticket)]
    tickets = [
        Task(title=task.title, done=world.states[task.state_id].name == "closed", number=str(task.number))
        for task in _task_tickets(stage, ticket)
    ]
    return Told(
        id=ticket.id,
        number=str(ticket.number),
        title=ticket.title,
        state=world.states[ticket.state_id].name,
        tags=tuple(world.tags_of(ticket.id)),
        fields={name: ticket.get(name) for name in names if ticket.get(name) not in (None, "", False)},
        notes=tuple(plain(a.body, content_type="text/html") for a in _own_articles(stage, ticket)),
        tasks=(*items, *tickets),
        clocks=watch.decision(ticket.id, now).clocks,
    )


def _own_id(stage: Stage) -> int:
    return int(stage.sandbox.world.users.where(login=STEWARD)[0].id)


def _own_articles(stage: Stage, ticket: Row) -> list[Row]:
    own = _own_id(stage)
    return [article for article in stage.sandbox.world.articles_of(ticket.id) if article.created_by_id == own]


def _items(stage: Stage, ticket: Row) -> list[Row]:
    checklist = stage.sandbox.world.checklist_of(ticket)
    items = [] if checklist is None else stage.sandbox.world.items_of(checklist)
    return [item for item in items if _ITEM_MARK.search(item.text)]


def _task_tickets(stage: Stage, ticket: Row) -> list[Row]:
    world = stage.sandbox.world
    linked = [world.tickets[link["link_object_value"]] for link in links.seen_from(world, ticket.id)]
    return [other for other in linked if TASK_TAG in world.tags_of(other.id) and other.created_by_id == _own_id(stage)]


# -- JSON -------------------------------------------------------------------------------------------------------------


def as_json(measured: Measured) -> dict[str, Any]:
    """The totals as ``steward demo --json`` prints them; moments are ISO 8601 in UTC."""
    return {
        "heard": measured.heard,
        "lost": measured.lost,
        "doubled": measured.doubled,
        "writes": dict(measured.writes),
        "notices": measured.steward.notices,
        "zammad_ms": measured.steward.zammad_ms,
        "people": {"notices": measured.people.notices, "zammad_ms": measured.people.zammad_ms},
        "breaches": len(tuple(measured.broken)),
        "tickets": [_ticket_json(ticket) for ticket in measured.tickets],
    }


def _ticket_json(ticket: Told) -> dict[str, Any]:
    return {
        "number": ticket.number,
        "title": ticket.title,
        "state": ticket.state,
        "tags": list(ticket.tags),
        "fields": {name: _iso(value) for name, value in ticket.fields.items()},
        "notes": list(ticket.notes),
        "tasks": [{"title": task.title, "done": task.done, "number": task.number or None} for task in ticket.tasks],
        "clocks": [_clock_json(clock) for clock in ticket.clocks],
    }


def _clock_json(clock: Clock) -> dict[str, Any]:
    moments = {name: _iso(getattr(clock, name)) for name in ("starts_at", "target_at", "limit_at")}
    return {"name": clock.name, **moments, "state": clock.state.value, "clause": clock.clause}


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
