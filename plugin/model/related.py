"""What was seen of other complaints when we looked: earlier ones of the customer, and how common the problem is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugin.model.facts import Timeline, once

RELATED = "related"
"""The observation's name. complaints (id, at, nature, customer: his own), alike (customers, explained, by)."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier complaint of the same customer (``by_customer``) or of somebody else in his organization."""

    ticket_id: int
    accepted_at: datetime
    nature: str | None
    by_customer: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """How many other customers complained of the same before: of the same attribute's value, or of the same nature.

    ``explained``: one of their tickets makes knowledge of it already.
    """

    customers: int
    by: str
    explained: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """What one look saw of other complaints."""

    earlier: tuple[Earlier, ...] = ()
    alike: Alike | None = None


@once
def related(timeline: Timeline) -> Related | None:
    """What the last look saw, None where there was never anything to see."""
    seen = timeline.observed(RELATED)
    if seen is None:
        return None
    alike = seen["alike"]
    return Related(
        earlier=tuple(
            Earlier(
                ticket_id=int(one["id"]),
                accepted_at=datetime.fromisoformat(one["at"]),
                nature=one["nature"],
                by_customer=bool(one["customer"]),
            )
            for one in seen["complaints"] or ()
        ),
        alike=Alike(int(alike["customers"]), str(alike["by"]), bool(alike["explained"])) if alike else None,
    )
