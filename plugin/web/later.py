"""An answer that is given after the view has returned: no thread waits with a request for the commit it shares."""

from __future__ import annotations

from collections.abc import Callable

KEY = "steward.later"
"""Where a server that can answer later leaves a ``Later`` in the WSGI environ; others leave nothing."""


class Later:
    """Left by the server with each request; ``give`` is what the status is given to, once, by any thread."""

    __slots__ = ("_give", "is_expected")

    def __init__(self, give: Callable[[int], None]) -> None:
        self.is_expected = False
        self._give = give

    def expect(self) -> Callable[[int], None]:
        """What the view returns counts for nothing now; the answer is the status that the callable is given."""
        self.is_expected = True
        return self._give
