"""The sweep: what changed since the cursor gets a look, because triggers lose some events (design.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from plugin.model.ticket import Ticket
from plugin.model.work import CaseStatus, WakeReason
from plugin.observability.health import Health
from plugin.store import cases
from plugin.store.store import Store
from plugin.zammad.room import Zammad

FIRST_REACH = timedelta(days=1)
"""How far back the very first sweep looks."""
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

    def run(self, cursor: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        """⌈U/200⌉ + 1 list calls for U changed tickets. Raises ``Unavailable``; then the cursor stays."""
        newest = _since(cursor, now)
        woken = 0
        for page in self.zammad.reader.changed_since(newest - OVERLAP):
            woken += self._wake(page, now)
            newest = max([newest, *(ticket.updated_at for ticket in page)])
        self.health.tell("sweep", ok=True, said="", woken=woken, at=now.isoformat())
        return {"since": newest.isoformat()}

    def _wake(self, page: Iterable[Ticket], now: datetime) -> int:
        changed = [ticket for ticket in page if self._is_news(ticket)]
        if not changed:
            return 0
        with self.store.write() as connection:
            for ticket in changed:
                cases.wake(connection, ticket.id, at=now, reason=WakeReason.SWEEP, now=now)
        return len(changed)

    def _is_news(self, ticket: Ticket) -> bool:
        with self.store.read() as connection:
            case = cases.get(connection, ticket.id)
        return case is None or case.version != ticket.version or case.status is CaseStatus.GONE


def _since(cursor: Mapping[str, Any], now: datetime) -> datetime:
    text = cursor.get("since")
    return datetime.fromisoformat(str(text)).astimezone(UTC) if text else now - FIRST_REACH
