"""What was done to the ticket before: which keys are spent, which wait, and what we wrote last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum, auto

from plugin.model.effects import Effect, EffectKind, EffectState


class Standby(Enum):
    """Whether an effect may be carried out now."""

    FREE = auto()
    SPENT = auto()
    WAITING = auto()


class Ledger:
    """The effects of one ticket, asked in short words."""

    def __init__(self, effects: Iterable[Effect], *, now: datetime, insist: bool = False) -> None:
        self._effects = tuple(effects)
        self._by_key = {effect.op_key: effect for effect in self._effects}
        done = (effect for effect in self._effects if effect.state is EffectState.APPLIED)
        self._done = tuple(sorted(done, key=lambda e: (e.settled_at or e.created_at, e.op_key)))
        self._now = now
        self._insist = insist

    def get(self, op_key: str) -> Effect | None:
        return self._by_key.get(op_key)

    def standby(self, op_key: str) -> Standby:
        """Applied keys are spent; refused and unknown ones wait for their moment, given up ones for an operator."""
        known = self._by_key.get(op_key)
        if known is None:
            return Standby.FREE
        if known.state is EffectState.APPLIED:
            return Standby.SPENT
        waits = known.state in (EffectState.REFUSED, EffectState.UNKNOWN)
        later = known.retry_not_before is not None and known.retry_not_before > self._now
        later = later or (known.outcome.get("gave_up") is True and not self._insist)
        return Standby.WAITING if waits and later else Standby.FREE

    def waits_until(self, op_key: str) -> datetime | None:
        known = self._by_key.get(op_key)
        return known.retry_not_before if known else None

    def applied(self, *kinds: EffectKind) -> tuple[Effect, ...]:
        """In the order they were done."""
        return tuple(effect for effect in self._done if effect.kind in kinds)

    def count(self, kind: EffectKind, **request: object) -> int:
        """How many of a kind were applied whose request says so."""
        return sum(1 for e in self.applied(kind) if all(e.request.get(k) == v for k, v in request.items()))

    def values_of(self, field: str) -> Iterator[tuple[datetime, str]]:
        """What we wrote into a field, and when; oldest first."""
        for effect in self.applied(EffectKind.FIELDS):
            values = effect.request.get("fields") or {}
            if field in values:
                yield effect.settled_at or effect.created_at, str(values[field])

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """Empty mandatory fields that refused our last PUT; none where a later one went through."""
        tried = [e for e in self._effects if e.kind in (EffectKind.FIELDS, EffectKind.STATE) and e.settled_at]
        last = max(tried, key=lambda e: e.settled_at or e.created_at, default=None)
        return tuple(last.outcome.get("blocked_by") or ()) if last and last.state is EffectState.REFUSED else ()

    def unasked_notes(self) -> int:
        """Notes of the ticket's life that nobody asked for; several in one article are one."""
        counted = [
            e for e in self.applied(EffectKind.NOTE) if not e.request.get("asked") and not e.request.get("ladder")
        ]
        return len({str(e.outcome.get("article_id") or e.op_key) for e in counted})

    def standing_tasks(self) -> tuple[Effect, ...]:
        """Tasks we made that were not withdrawn."""
        return self.applied(EffectKind.ITEM, EffectKind.TASK)

    def tasks_ever(self) -> int:
        """How many task tickets were ever meant to be made here."""
        return sum(1 for e in self._effects if e.kind is EffectKind.TASK and e.state is not EffectState.OBSERVED)

    @property
    def own_checklist_id(self) -> int | None:
        """The checklist we made on this ticket."""
        made = [e.outcome.get("checklist_id") for e in self.applied(EffectKind.CHECKLIST) if e.request.get("make")]
        return int(made[-1]) if made and made[-1] else None

    @property
    def checklist_name(self) -> str | None:
        """The name we gave it last."""
        names = [e.request.get("name") for e in self.applied(EffectKind.CHECKLIST) if "name" in e.request]
        return str(names[-1]) if names else None
