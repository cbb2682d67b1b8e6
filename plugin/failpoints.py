"""Named places where a test may kill or stop the process, to show that nothing is lost or doubled there."""

from __future__ import annotations

import os
import signal
import threading

VARIABLE = "STEWARD_TEST_FAILPOINT"

NAMES = frozenset(
    {
        # receiver
        "received",
        "inbox-inserted-before-commit",
        "inbox-committed-before-answer",
        # worker
        "folded-before-commit",
        "folded",
        "claimed",
        "locked",
        "finished-before-commit",
        "finished",
        "chore-done-before-commit",
        # one visit
        "looked",
        "facts-appended-before-commit",
        "facts-appended",
        "decided",
        "intent-before-commit",
        "intent-committed",
        "called",
        "outcome-before-commit",
        "outcome-committed",
    }
)
"""Every failpoint on the way from a delivery to a settled ticket; ``hit`` refuses others."""


class _Armed:
    """The failpoint of this process, from the environment at its start: ``name``, ``name:n`` (the n-th hit), and
    ``name:n:stop`` to be stopped there until somebody continues it, instead of killed."""

    def __init__(self, text: str) -> None:
        self.name, count, how = [*text.split(":"), "", ""][:3]
        # as abrupt as a power cut, or as a host that is suspended: no handler, no flush
        self.signal = signal.SIGSTOP if how == "stop" else signal.SIGKILL
        self._left = int(count or 1)
        self._lock = threading.Lock()

    def is_over(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left == 0


_armed = _Armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


def hit(name: str) -> None:
    """Pass the failpoint ``name``; nothing happens unless the test armed it for this process.

    Raises KeyError for a name that is not in ``NAMES``.
    """
    if name not in NAMES:
        raise KeyError(name)
    if _armed is not None and _armed.name == name and _armed.is_over():
        os.kill(os.getpid(), _armed.signal)
