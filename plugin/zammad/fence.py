"""The last question before a write leaves for Zammad: may it still be made?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from plugin.model.errors import Unavailable

May = Callable[[], bool]

_A_CALL = "a call to Zammad was not made"
_may: ContextVar[May | None] = ContextVar("may", default=None)


class Overtaken(Unavailable):
    """Nothing was done, and nothing may be: the lock fell, somebody else may hold it."""


def demand(may: May, what: str) -> None:
    """Go on only while the lock holds; raises ``Overtaken``, where ``what`` says what comes to nothing.

    Asked inside a transaction it rolls back, and what the lock's next holder wrote stays.
    """
    if not may():
        raise Overtaken(f"{what}: the lock fell, somebody else may hold it")


@contextmanager
def allowed_by(may: May) -> Iterator[None]:
    """Every write of this thread inside the block asks ``may`` at the last moment; ``Overtaken`` where it says no."""
    token = _may.set(may)
    try:
        yield
    finally:
        _may.reset(token)


def body_of(write: bytes | None) -> bytes | FencedBody | None:
    """The body to give to requests. A write without one is asked about at once; raises ``Overtaken``."""
    may = _may.get()
    if may is None:
        return write
    if not write:
        demand(may, _A_CALL)
        return write
    return FencedBody(write, may)


class FencedBody:
    """A body that is asked for when connection and headers are through, and only then asks whether it may go.

    So what is between question and write is not a wait for the rate, a name server or a handshake. And a process that
    is stopped just there finds the connection closed when it goes on long afterwards: a server gives half a request a
    minute at most (Puma's ``first_data_timeout`` 30 s, nginx's ``client_body_timeout`` 60 s), and the next holder of
    the lock leaves what was intended alone for longer than that (T_q, promises 4).
    """

    def __init__(self, content: bytes, may: May) -> None:
        self._content = content
        self._may = may

    def __len__(self) -> int:
        return len(self._content)

    def __iter__(self) -> Iterator[bytes]:
        demand(self._may, _A_CALL)
        yield self._content

    def __bytes__(self) -> bytes:
        return b"".join(self)
