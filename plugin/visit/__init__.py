"""One visit to one ticket: look, decide, plan, settle, and when to come back (design.md, "The way of one event")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from plugin.model.work import Claim, Verdict
from plugin.visit.one import Visit
from plugin.visit.under_way import Means, UnderWay

__all__ = ["Means", "Visitor"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Visits tickets; shared by all threads. ``visit`` is what the worker calls with a claimed case.

    ``stands_still``: nothing may happen because of time alone now (see ``Timekeeper``).
    """

    means: Means
    stands_still: Callable[[], bool] = lambda: False

    def visit(self, claim: Claim) -> Verdict:
        """Bring the ticket to where it should be, as far as that can be done now.

        Raises the errors of ``plugin.model.errors`` and whatever a policy raises: what follows is the worker's affair.
        """
        pack = self.means.rollout.pack_for(claim.case.pack_version, now=self.means.clock())
        return Visit(UnderWay(self.means, claim, claim.case, pack, stands_still=self.stands_still())).run()
