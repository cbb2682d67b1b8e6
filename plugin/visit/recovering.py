"""What became of calls whose outcome was lost: found out before anything is done again (promises 3, 4, 7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plugin.model.effects import IDEMPOTENT, UNSETTLED, Effect, EffectKind, EffectState
from plugin.model.facts import FactKind, Timeline
from plugin.model.ticket import Checklist, Ticket
from plugin.plan.fields import as_text
from plugin.plan.tasks import item_mark
from plugin.zammad.reader import Reader

RESTLESS = IDEMPOTENT | {EffectKind.CHECKLIST}
"""Kinds that need no rest: a repeat is harmless, or a look shows at once whether it was done."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be committed about an effect. ``state`` APPLIED: it is there; UNKNOWN: it rests from now on."""

    op_key: str
    state: EffectState
    outcome: Mapping[str, Any] | None = None
    retry_not_before: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known after a look; ``checklist`` is None where none was read."""

    ticket: Ticket
    tags: frozenset[str]
    timeline: Timeline
    checklist: Checklist | None


def unsettled(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    return tuple(effect for effect in effects if effect.state in UNSETTLED)


def doubtful(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    """Those that may have been done: also one that counts as refused, for its last call was answered by a 5xx."""
    return tuple(effect for effect in effects if _is_doubtful(effect))


def interrupted(effects: Iterable[Effect], *, now: datetime, unknown_wait: timedelta) -> Iterator[Found]:
    """Intents found at the start of a visit: their process died, so they are unknown and rest from discovery."""
    for effect in effects:
        if effect.state is EffectState.INTENDED and effect.kind not in RESTLESS:
            error = "interrupted: whether it was done is unknown"
            yield Found(effect.op_key, EffectState.UNKNOWN, dict(effect.outcome), now + unknown_wait, error)


def found(
    effects: Iterable[Effect], evidence: Evidence, reader: Reader, *, own_id: int, now: datetime
) -> Iterator[Found]:
    """Those that are there after all."""
    carried = _carried(evidence.timeline)
    for effect in doubtful(effects):
        outcome = _outcome(effect, evidence, carried, reader, own_id=own_id, now=now)
        if outcome is not None:
            yield Found(effect.op_key, EffectState.APPLIED, outcome)


def left_over(
    effects: Iterable[Effect], planned: frozenset[str], *, reasons: Mapping[str, str], now: datetime
) -> Iterator[Found]:
    """Those that were not done and are not wanted any more: harmless ones at once, others once they rested.

    What Zammad refused stays as it is, for the record; what it was not asked for, because it put everybody off, ends.

    ``planned`` are those that are wanted, now or when what holds them back is over; ``reasons`` say of some why they
    are only observed now.
    """
    for effect in effects:
        if not _is_doubtful(effect) and not _was_put_off(effect):
            continue
        may_end = effect.kind in RESTLESS or (effect.state is not EffectState.INTENDED and _is_due(effect, now))
        if may_end and effect.op_key not in planned:
            yield Found(
                effect.op_key,
                EffectState.VOID,
                dict(effect.outcome),
                error=reasons.get(effect.op_key) or "no longer wanted",
            )


def _is_doubtful(effect: Effect) -> bool:
    return effect.state in UNSETTLED or (effect.state is EffectState.REFUSED and bool(effect.outcome.get("same")))


def _was_put_off(effect: Effect) -> bool:
    """Whether its last call was never made."""
    return effect.state is EffectState.REFUSED and bool(effect.outcome.get("put_off"))


def _carried(timeline: Timeline) -> Mapping[str, int]:
    """Effects by the article that proves them; ``ours`` is only read from articles of our own user (promises 6)."""
    return {str(key): int(fact["id"]) for fact in timeline.of(FactKind.ARTICLE) for key in fact["ours"] or ()}


def _outcome(
    effect: Effect, evidence: Evidence, carried: Mapping[str, int], reader: Reader, *, own_id: int, now: datetime
) -> Mapping[str, Any] | None:
    """What proves that the effect was done, None where nothing does."""
    if effect.op_key in carried:
        return {"article_id": carried[effect.op_key]}
    ticket, request = evidence.ticket, effect.request
    match effect.kind:
        case EffectKind.FIELDS:
            wanted = request.get("fields") or {}
            holds = all(as_text(name, ticket.fields.get(name)) == value for name, value in wanted.items())
            return {} if holds else None
        case EffectKind.TAG_ADD:
            return {} if request.get("tag") in evidence.tags else None
        case EffectKind.TAG_REMOVE:
            return None if request.get("tag") in evidence.tags else {}
        case EffectKind.STATE:
            return {} if ticket.state_type == request.get("state") else None
        case EffectKind.CHECKLIST | EffectKind.ITEM:
            return _on_checklist(effect, evidence.checklist, own_id=own_id)
        case EffectKind.TASK if _is_due(effect, now):
            made = reader.find_by_number(str(request.get("number") or ""))
            is_ours = made is not None and made.created_by_id == own_id
            return {"ticket_id": made.id, "number": made.number} if made is not None and is_ours else None
    return None


def _on_checklist(effect: Effect, checklist: Checklist | None, *, own_id: int) -> Mapping[str, Any] | None:
    if checklist is None:
        return None
    if effect.kind is EffectKind.CHECKLIST:
        name = effect.request.get("name")
        made = checklist.created_by_id == own_id if name is None else checklist.name == name
        return {"checklist_id": checklist.id} if made else None
    mark = item_mark(effect.op_key)
    item = next((item for item in checklist.items if mark in item.text), None)
    return {"item_id": item.id, "checklist_id": checklist.id} if item else None


def _is_due(effect: Effect, now: datetime) -> bool:
    return effect.retry_not_before is None or effect.retry_not_before <= now
