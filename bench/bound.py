"""The least a story could have cost Zammad: one look per version others made, one write per change of what should hold.

Counted from a run that is over, and priced with the table Steward itself is priced with:

- **looks**: every moment at which somebody else changed a ticket costs one look: the ticket and its history, because
  only the history says who did it and when. Articles come with the signed webhook. Nothing is looked at for Steward's
  own writes, for deadlines, or to find out what no webhook tells of.
- **writes**: the decision is computed anew at every moment at which it could change, from what was known then. Where
  the fields differ from the decision before, or a note is due, that is one PUT; each tag that comes or goes is a call.
  What happens once by its nature (a note, a task, a word taken off) counts where Steward really did it.

No sweep, no preflight, no catalogue, no second look: no program that reads before it writes can do with less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.demo.stage import Stage
from plugin.engine import decide
from plugin.model.decision import Decision, Mode
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.facts import Timeline
from plugin.plan.fields import as_text
from plugin.sandbox.cost import Call, price
from plugin.store import effects, switches

STEWARD = "steward"
SAY = "steward:say:"


@dataclass(frozen=True, slots=True)
class Bound:
    """Milliseconds of Zammad, by what they are for. ``changes`` are the moments at which what should hold changed."""

    changes: int
    looks: int
    look_ms: float
    puts: int
    put_ms: float
    tags: int
    tag_ms: float
    tasks: int
    task_ms: float

    @property
    def ms(self) -> float:
        return self.look_ms + self.put_ms + self.tag_ms + self.task_ms


@dataclass(frozen=True, slots=True)
class _Should:
    """What should hold for one ticket at one moment, as far as it is written. ``notes`` are those due by then."""

    fields: Mapping[str, str]
    tags: frozenset[str]
    notes: frozenset[tuple[str, str]]


NOTHING = _Should({}, frozenset(), frozenset())


def bound(stage: Stage, *, ends_at: datetime) -> Bound:
    """The bound of a story that was played to ``ends_at``."""
    looks = [_look_ms(stage, ticket_id, at) for ticket_id, at in _versions(stage)]
    ids = [ticket.id for ticket in stage.sandbox.world.tickets]
    done = {ticket_id: _done(stage, ticket_id) for ticket_id in ids}
    changes = [change for ticket_id in ids for change in _changes(stage, ticket_id, done[ticket_id], ends_at)]
    puts = [_ms("PUT", "/tickets/1", with_note=with_note) for put, with_note, _ in changes if put]
    added = sum(tags for _, _, tags in changes)
    words = sum(_is_word(effect) for known in done.values() for effect in known)
    tasks = [ms for known in done.values() for effect in known for ms in _task_ms(effect)]
    tag_ms = _ms("POST", "/tags/add")
    return Bound(
        changes=len(changes),
        looks=len(looks),
        look_ms=sum(looks),
        puts=len(puts),
        put_ms=sum(puts),
        tags=added + words,
        tag_ms=(added + words) * tag_ms,
        tasks=len(tasks),
        task_ms=sum(tasks),
    )


# -- looks ------------------------------------------------------------------------------------------------------------


def _versions(stage: Stage) -> Iterator[tuple[int, datetime]]:
    """Every ticket and moment at which somebody else changed it; what comes within the quiet time is one version."""
    world = stage.sandbox.world
    own = world.users.where(login=STEWARD)[0].id
    quiet = timedelta(seconds=stage.service.settings.quiet_time)
    rows = [row for row in world.history if row.kind != "notification" and row.created_by_id != own]
    for ticket in world.tickets:
        last: datetime | None = None
        for at in sorted(row.created_at for row in rows if row.ticket_id == ticket.id):
            if last is None or at > last + quiet:
                yield ticket.id, at
            last = at


def _look_ms(stage: Stage, ticket_id: int, at: datetime) -> float:
    there = sum(1 for article in stage.sandbox.world.articles_of(ticket_id) if article.created_at <= at)
    history = _ms("GET", f"/ticket_history/{ticket_id}", articles=there)
    return _ms("GET", f"/tickets/{ticket_id}") + history


# -- writes -----------------------------------------------------------------------------------------------------------


def _changes(
    stage: Stage, ticket_id: int, done: tuple[Effect, ...], ends_at: datetime
) -> Iterator[tuple[bool, bool, int]]:
    """For each moment that changes anything: whether a PUT is needed, whether with a note, how many tags move."""
    written = {(effect.rule, effect.epoch) for effect in done if effect.kind is EffectKind.NOTE}
    before = NOTHING
    for decision in _decisions(stage, ticket_id, ends_at):
        after = _should(decision, before, written)
        fields_differ = any(before.fields.get(name, "") != value for name, value in after.fields.items())
        note_is_due = bool(after.notes - before.notes)
        moved = len(after.tags ^ before.tags)
        if fields_differ or note_is_due or moved:
            yield fields_differ or note_is_due, note_is_due, moved
        before = after


def _decisions(stage: Stage, ticket_id: int, ends_at: datetime) -> Iterator[Decision]:
    """What was to be decided at each moment at which a fact came, or time alone could change something."""
    with stage.service.store.read() as connection:
        whole = stage.service.store.timeline(connection, ticket_id)
        since = switches.enforced_since(connection)
    seen = sorted({fact.seen_at for fact in whole})
    at = seen.pop(0) if seen else ends_at
    while at < ends_at:
        known = Timeline(ticket_id, [fact for fact in whole if fact.seen_at <= at])
        decision = decide(known, pack=stage.service.pack, now=at, switches=since)
        yield decision
        moments = [*(seen[:1]), *([decision.next_look.at] if decision.next_look else [])]
        at = min(moments, default=ends_at)
        seen = [moment for moment in seen if moment > at]


def _should(decision: Decision, before: _Should, written: set[tuple[str, str]]) -> _Should:
    if not decision.in_force:
        return before
    notes = {(note.rule, note.epoch) for note in decision.notes if note.mode is Mode.ENFORCE}
    return _Should(
        fields={f.name: as_text(f.name, f.value) for f in decision.fields if f.mode is Mode.ENFORCE},
        tags=frozenset(tag.tag for tag in decision.tags if tag.mode is Mode.ENFORCE),
        notes=before.notes | (notes & written),
    )


# -- what happens once ------------------------------------------------------------------------------------------------


def _done(stage: Stage, ticket_id: int) -> tuple[Effect, ...]:
    with stage.service.store.read() as connection:
        known = effects.of_case(connection, ticket_id)
    return tuple(effect for effect in known if effect.state is EffectState.APPLIED or effect.outcome)


def _is_word(effect: Effect) -> bool:
    return effect.kind is EffectKind.TAG_REMOVE and str(effect.request.get("tag")).startswith(SAY)


def _task_ms(effect: Effect) -> Iterator[float]:
    match effect.kind:
        case EffectKind.TASK:
            yield _ms("POST", "/tickets")
        case EffectKind.TASK_VOID:
            yield _ms("PUT", "/tickets/1")
        case EffectKind.ITEM | EffectKind.ITEM_VOID:
            yield _ms("POST", "/checklist_items")
        case EffectKind.CHECKLIST:
            yield _ms("PUT", "/checklists/1") if "name" in effect.request else _ms("POST", "/checklists")


def _ms(method: str, path: str, *, articles: int = 0, with_note: bool = False) -> float:
    return price(Call(method, path, login=STEWARD, articles=articles, with_note=with_note))[1]
