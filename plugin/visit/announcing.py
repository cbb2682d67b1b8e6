"""An interruption is announced to the tickets linked to it: each hears of it in our own store, and writes in its turn.

A case is written by its own visit alone, under its ticket's lock. So the incident's visit only leaves what it knows and
wakes the others when their customers are to be written to, both in one commit: neither is lost, whatever crashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from plugin.model.decision import Decision, Finding, Mode
from plugin.model.facts import Timeline
from plugin.model.linked import ANNOUNCED, Announced, Interruption
from plugin.model.pack import Pack
from plugin.model.work import WakeReason
from plugin.store import interrupted, waking
from plugin.visit.under_way import UnderWay
from plugin.zammad.fence import demand


def announce(visit: UnderWay, decision: Decision, timeline: Timeline, now: datetime) -> None:
    """Have the linked tickets know how it stands now; nothing is written where they do."""
    finding = decision.finding(ANNOUNCED)
    if not visit.means.customer_mail or (finding is None and timeline.observed("linked") is None):
        return
    announced = finding.value if finding is not None and _is_for_all(finding, visit.pack) else None
    said = _said(visit, announced, timeline) if isinstance(announced, Announced) else {}
    with visit.means.store.read() as connection:
        known = interrupted.of_incident(connection, visit.ticket_id)
    if said == known:
        return
    visit.findings.keep()  # beforehand: it locks this case, and others are not waited for under its lock
    with visit.means.store.write() as connection:
        # cases first, in the order in which everybody locks them
        for ticket_id in sorted(said):
            if isinstance(announced, Announced) and _is_news(said[ticket_id], known.get(ticket_id)):
                at = max(now, (said[ticket_id].restored_at or said[ticket_id].since) + announced.after)
                waking.wake(connection, ticket_id, at=at, reason=WakeReason.EVENT, now=now)
        interrupted.keep(connection, visit.ticket_id, said)
        demand(visit.claim.lock.still_held, f"what ticket {visit.ticket_id} announces is not kept")


def _is_for_all(finding: Finding, pack: Pack) -> bool:
    """What a rule concludes that is on trial on this ticket is nothing to tickets where it writes."""
    return finding.mode is Mode.ENFORCE or all(
        rule.mode is Mode.OBSERVE for rule in pack.rules if rule.name == finding.rule
    )


def _said(visit: UnderWay, announced: Announced, timeline: Timeline) -> Mapping[int, Interruption]:
    """What each of the linked tickets is told."""
    incident, seen = announced.incident, timeline.observed("linked")
    told = Interruption(
        incident_id=visit.ticket_id,
        epoch=incident.epoch,
        opened_at=incident.opened_at,
        since=incident.opened_at,
        back_at=announced.back_at,
        restored_at=incident.restored_at,
    )
    since = (seen["since"] if seen is not None else None) or {}
    return {
        int(ticket_id): replace(told, since=max(told.opened_at, datetime.fromisoformat(moment)))
        for ticket_id, moment in since.items()
    }


def _is_news(said: Interruption, known: Interruption | None) -> bool:
    """Whether the customer is to be written to: another time it is expected to be over is no news of its own."""
    return known is None or (said.epoch, said.restored_at) != (known.epoch, known.restored_at)
