"""One visit to one ticket: look, decide, plan, settle, and when to come back (design.md, "The way of one event")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.model.pack import Pack
from plugin.model.work import Claim, Verdict
from plugin.observability.alarms import Alarms
from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.store.store import Store
from plugin.visit.one import Visit
from plugin.visit.under_way import Means, UnderWay
from plugin.zammad.room import Zammad

__all__ = ["Visitor"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Visits tickets; shared by all threads. ``visit`` is what the worker calls with a claimed case.

    ``note_brake``: new notes an hour over all tickets; ``unknown_wait``: T_q of promises 4; ``stands_still``: nothing
    may happen because of time alone now (see ``Timekeeper``).
    """

    store: Store
    zammad: Zammad
    pack: Pack
    clock: Callable[[], datetime]
    health: Health
    metrics: Metrics
    customer_mail: bool = False
    unknown_wait: timedelta = timedelta(seconds=180)
    note_brake: int = 60
    stands_still: Callable[[], bool] = lambda: False

    def visit(self, claim: Claim) -> Verdict:
        """Bring the ticket to where it should be, as far as that can be done now.

        Raises the errors of ``plugin.model.errors`` and whatever a policy raises: what follows is the worker's affair.
        """
        means = Means(
            store=self.store,
            zammad=self.zammad,
            pack=self.pack,
            clock=self.clock,
            metrics=self.metrics,
            alarms=Alarms(self.metrics, self.health, self.clock),
            customer_mail=self.customer_mail,
            unknown_wait=self.unknown_wait,
            note_brake=self.note_brake,
        )
        return Visit(UnderWay(means, claim, claim.case, stands_still=self.stands_still())).run()
