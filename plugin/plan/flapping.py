"""The same field or tag to and fro though nothing else happened: something works against us, and it is left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from plugin.model.effects import EffectKind
from plugin.model.facts import Fact, FactKind
from plugin.model.people import Role
from plugin.plan.making import Making

TIMES = 8
"""So often in the window the same was written again without a cause: the next time it is not."""
WINDOW = timedelta(hours=24)
FLAPPING = "flapping"
"""Why an effect is only recorded that would be one more swing."""

Write = tuple[datetime, str]
"""When we wrote, and what."""


def field_rests_until(name: str, making: Making) -> datetime | None:
    """Until when the field is left alone, None where it does not flap."""
    return _rests_until(tuple(making.ledger.values_of(name)), making, lambda fact: fact["attribute"] == name)


def tag_rests_until(tag: str, kind: EffectKind, making: Making) -> datetime | None:
    """The same for adding a tag, or for taking it off."""
    done = (e for e in making.ledger.applied(kind) if e.request.get("tag") == tag)
    writes = tuple((effect.settled_at or effect.created_at, tag) for effect in done)
    return _rests_until(writes, making, lambda fact: fact["tag"] == tag)


def _rests_until(writes: Sequence[Write], making: Making, is_about_it: Callable[[Fact], bool]) -> datetime | None:
    if len(writes) <= TIMES:
        return None
    swings = [
        at
        for place, (at, value) in enumerate(writes[1:], start=1)
        if at > making.terms.now - WINDOW
        and any(value == other and at - earlier < WINDOW for earlier, other in writes[:place])
        and not _something_else_happened(writes[place - 1][0], at, making, is_about_it)
    ]
    return swings[-TIMES] + WINDOW if len(swings) >= TIMES else None


def _something_else_happened(
    since: datetime, until: datetime, making: Making, is_about_it: Callable[[Fact], bool]
) -> bool:
    """Between two writes of ours: what people and machines do elsewhere on the ticket may well explain the second."""
    changes = (FactKind.CHANGED, FactKind.TAG_ADDED, FactKind.TAG_REMOVED)
    return any(
        since < fact.at <= until
        and fact.by.role is not Role.STEWARD
        and (fact.by.is_person or fact.kind not in changes or not is_about_it(fact))
        for fact in making.standing.timeline
    )
