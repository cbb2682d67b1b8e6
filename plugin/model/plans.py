"""A plan names measures, person and date; *plan-ready* counts once it does (C4.2, D5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugin.model import records
from plugin.model.case import Case
from plugin.model.said import Said


@dataclass(frozen=True, slots=True)
class Plan:
    """What was said and recorded of a plan; ``missing`` are items of the pack's record it has still to name."""

    words: tuple[Said, ...]
    missing: tuple[str, ...]
    ready_at: datetime | None = None


def plan_since(case: Case, since: datetime) -> Plan:
    """The plan made at or after ``since``: ready once an agent said so and all is named.

    What it must name is the pack's (``record.plan``); where the words were erased it counts as named.
    """
    words = tuple(word for word in case.said_now("plan-ready") if word.at >= since)
    record = case.pack.record
    named = records.newest(case.timeline, record.items, since=since)
    missing = () if records.is_erased(case.timeline) else tuple(name for name in record.plan if name not in named)
    if not words or missing:
        return Plan(words, missing)
    return Plan(words, (), max((words[0].at, *(named[name].at for name in record.plan if name in named))))
