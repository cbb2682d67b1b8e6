"""The sweep: what changed since the cursor gets a look, because triggers lose some events (design.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from plugin.model.calendars import Calendar
from plugin.model.ticket import ChangedTicket
from plugin.model.work import CaseStatus, WakeReason
from plugin.observability.health import Health
from plugin.store import cases, inbox, waking
from plugin.store.store import Store
from plugin.zammad.room import Zammad

log = structlog.get_logger(__name__)

FIRST_REACH = timedelta(days=1)
"""How far back the very first sweep looks."""
UNHEARD = 3
"""One change without a webhook is ordinary (tags, ticked items make none, contract 3.1); several are not."""
DELIVERED_WITHIN = timedelta(minutes=2)
"""Zammad's own tries to deliver take about as long (contract 1.4)."""
OVERLAP = timedelta(minutes=1)
"""Zammad's versions can run backwards under parallel writers, and a slow transaction commits late (promises 1)."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A chore: ``run`` wakes every ticket whose version is not the one last looked at.

    Its cursor is Zammad's own time of the newest change it has seen. A merged source is woken like any other and wakes
    its target when it is looked at.
    """

    store: Store
    zammad: Zammad
    health: Health
    clock: Callable[[], datetime]
    office: Callable[[], Calendar]

    def run(self, cursor: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        """⌈U/200⌉ + 1 list calls for U changed tickets. Raises ``Unavailable``; then the cursor stays."""
        newest = _since(cursor, now)
        began = datetime.fromisoformat(str(cursor.get("began") or now.isoformat()))
        changed: list[ChangedTicket] = []
        for page in self.zammad.reader.changed_since(newest - OVERLAP):
            changed += self._wake(page, now)
            newest = max([newest, *(ticket.updated_at for ticket in page)])
        self.health.tell("sweep", ok=True, said="", woken=len(changed), at=now.isoformat())
        idle = self._look_at_owners(frozenset((int(o), int(g)) for o, g in cursor.get("idle_owners") or ()), now)
        self._listen([ticket for ticket in changed if began < ticket.updated_at < now - DELIVERED_WITHIN])
        owners = sorted([owner_id, group_id] for owner_id, group_id in idle)
        return {"since": newest.isoformat(), "began": began.isoformat(), "idle_owners": owners}

    def _look_at_owners(self, idle_before: frozenset[tuple[int, int]], now: datetime) -> frozenset[tuple[int, int]]:
        """Owners who are inactive or have lost the group: no event tells of it, and Zammad leaves them (contract 5.4).

        Their tickets are woken when that begins and when it ends. Asked in office hours: nobody takes over at night.
        """
        if not self.office().is_open(now):
            return idle_before
        with self.store.read() as connection:
            owned = cases.owners(connection)
        idle = frozenset(pair for pair in owned if not self.zammad.people.can_own(*pair))
        for owner_id, group_id in idle ^ (idle_before & owned):
            with self.store.write() as connection:
                waking.wake_owned(connection, owner_id=owner_id, group_id=group_id, now=now)
        return idle

    def _wake(self, page: Iterable[ChangedTicket], now: datetime) -> list[ChangedTicket]:
        changed = [ticket for ticket in page if self._is_news(ticket)]
        if changed:
            with self.store.write() as connection:
                for ticket in changed:
                    waking.wake(connection, ticket.id, at=now, reason=WakeReason.SWEEP, now=now)
        return changed

    def _listen(self, changed: list[ChangedTicket]) -> None:
        """Say so when others change tickets and no webhook comes: a trigger is missing, or the secrets differ."""
        own_id = self.zammad.people.me().id
        unheard = [ticket.updated_at for ticket in changed if ticket.updated_by_id != own_id]
        with self.store.read() as connection:
            heard = inbox.last_received_at(connection)
        if len(unheard) >= UNHEARD and (heard is None or heard < min(unheard)):
            said = (
                f"the sweep found {len(unheard)} changed tickets, and no webhook was heard since the first of them; "
                "check the webhook and its trigger in Zammad, and that its signature token is STEWARD_WEBHOOK_SECRET"
            )
            log.warning("no webhook heard", tickets=len(unheard))
            self.health.tell("webhook", ok=False, said=said)
        elif heard is not None:
            self.health.tell("webhook", ok=True)

    def _is_news(self, ticket: ChangedTicket) -> bool:
        with self.store.read() as connection:
            case = cases.get(connection, ticket.id)
        if case is None or case.status is CaseStatus.GONE:
            return True
        return ticket.version not in (case.version, case.own_version)


def _since(cursor: Mapping[str, Any], now: datetime) -> datetime:
    text = cursor.get("since")
    return datetime.fromisoformat(str(text)).astimezone(UTC) if text else now - FIRST_REACH
