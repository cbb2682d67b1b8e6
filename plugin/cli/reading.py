"""What the ``case`` commands read: the store beside a running Steward, and the decision computed afresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from plugin import engine
from plugin.cli.errors import Stopped
from plugin.clock import system
from plugin.explaining import Explanation, explain
from plugin.model.decision import Decision, Mode
from plugin.model.effects import Effect
from plugin.model.facts import Timeline
from plugin.model.pack import Pack
from plugin.model.work import CaseRow
from plugin.rollout import Rollout
from plugin.settings import Settings
from plugin.store import cases, effects, switches
from plugin.store.store import Store


@dataclass(frozen=True, slots=True)
class Known:
    """Everything the store knows of one ticket, what follows from it by the case's own version of the pack, and why.

    ``held_back``: ``STEWARD_MODE`` has every rule only observe, whatever the pack says.
    """

    case: CaseRow
    timeline: Timeline
    effects: tuple[Effect, ...]
    decision: Decision
    pack: Pack
    explanation: Explanation
    held_back: bool


def open_for_reading(settings: Settings) -> Store:
    """The store, for looking only; works beside a running Steward."""
    return Store.open_for_reading(settings.database_url.reveal(), secret_key=settings.sealing_key)


def find(store: Store, ticket: str) -> CaseRow:
    """The case of a ticket id, or of its number behind ``#``."""
    with store.read() as connection:
        if ticket.startswith("#"):
            found = cases.by_number(connection, ticket.removeprefix("#"))
        elif ticket.isdigit():
            found = cases.get(connection, int(ticket))
        else:
            raise Stopped(f"ticket {ticket}: found no id and no number; give 7 for the id, '#81007' for the number")
    if found is None:
        raise Stopped(f"ticket {ticket}: Steward has not heard of it; steward case look {ticket} reads it now")
    return found


def known_case(store: Store, settings: Settings, case: CaseRow, *, now: datetime | None = None) -> Known:
    """The case with its facts, effects and what should hold at ``now``: of a moment gone by, as it was then."""
    moment = now or system()
    with store.read() as connection:
        whole = store.timeline(connection, case.ticket_id)
        written = effects.of_case(connection, case.ticket_id)
        since: Mapping[str, datetime] = switches.enforced_since(connection)
    timeline = whole if now is None else Timeline(whole.ticket_id, (fact for fact in whole if fact.at <= moment))
    written = written if now is None else tuple(e for e in written if (e.settled_at or e.created_at) <= moment)
    pack = Rollout.for_reading(store, settings).pack_then(case.pack_version, whole, at=moment)
    decision = engine.decide(timeline, pack=pack, now=moment, switches=since, customer_mail=settings.customer_mail)
    return Known(
        case=case,
        timeline=timeline,
        effects=written,
        decision=decision,
        pack=pack,
        explanation=explain(decision, timeline, written, pack=pack),
        held_back=settings.mode is Mode.OBSERVE,
    )
