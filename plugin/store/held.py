"""What holds a ticket's lock: the promise every kind of lock keeps, and the plain one of a single process."""

from __future__ import annotations

import threading
from typing import Protocol

LockKey = int | str
"""A ticket's id, or a chore's name."""


class Held:
    """A lock that was taken; ``release`` it once."""

    def __init__(self, locks: Locks, key: LockKey, session: object) -> None:
        self.key = key
        self._locks = locks
        self._session = session

    def still_held(self) -> bool:
        """Whether the session the lock belongs to is alive, asked of the session itself."""
        return self._locks.session_lives(self._session)

    def release(self) -> None:
        self._locks.release(self.key, self._session)


class Locks(Protocol):
    """Where locks come from."""

    def take(self, key: LockKey) -> Held | None:
        """The lock, or None while somebody else holds it. Raises StoreUnavailable."""
        ...

    def release(self, key: LockKey, session: object) -> None: ...

    def session_lives(self, session: object) -> bool: ...

    def held_here(self) -> frozenset[LockKey]:
        """What this process holds."""
        ...

    def close(self) -> None: ...


class ProcessLocks:
    """For SQLite: there is one process, so its own memory knows every lock."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held: set[LockKey] = set()

    def take(self, key: LockKey) -> Held | None:
        with self._mutex:
            if key in self._held:
                return None
            self._held.add(key)
        return Held(self, key, self)

    def release(self, key: LockKey, session: object) -> None:  # noqa: ARG002
        with self._mutex:
            self._held.discard(key)

    def session_lives(self, session: object) -> bool:
        return session is self

    def held_here(self) -> frozenset[LockKey]:
        with self._mutex:
            return frozenset(self._held)

    def close(self) -> None:
        with self._mutex:
            self._held.clear()
