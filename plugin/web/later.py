"""An answer that is given after the view has returned: no thread waits with a request for the commit it shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugin.model.errors import Unavailable

KEY = "steward.later"
"""Where a server that can answer later leaves a ``Later`` in the WSGI environ; others leave nothing."""
PATIENCE_SECONDS = 10.0
"""How long one delivery waits for its commit; then it is 503, though it may be stored: sent again, it is a replay."""


def too_late() -> Unavailable:
    """What became of a delivery, as far as is known when patience is at its end."""
    return Unavailable("the store took too long", retry_after=10)


class Later:
    """Left by the server with each request; ``give`` is what the outcome is given to, once, by any thread."""

    __slots__ = ("_give", "answer")

    def __init__(self, give: Callable[[Any], None]) -> None:
        self.answer: Callable[[Any], int] | None = None
        self._give = give

    def expect(self, answer: Callable[[Any], int]) -> Callable[[Any], None]:
        """What the view returns counts for nothing now, unless it fails; the callable is to be given the outcome.

        ``answer`` makes a status of it, just when that is sent: of an outcome given, or of ``too_late`` where none
        came in time.
        """
        self.answer = answer
        return self._give
