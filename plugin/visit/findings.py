"""What a visit has found out and decided so far, to be kept with whatever it commits next (promises 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from plugin import failpoints
from plugin.model.facts import Fact
from plugin.model.work import Unkept
from plugin.settle import Commit
from plugin.store import cases
from plugin.store.database import Connection
from plugin.store.facts import Ledger
from plugin.store.store import Store
from plugin.zammad.fence import demand


class Findings:
    """Facts, the case's row, and what goes with them: on disk before anything is done because of them.

    They go with the first intent, or with the verdict where nothing is done: one wait for the disk less for each look.
    """

    def __init__(self, store: Store, ticket_id: int, *, still_held: Callable[[], bool]) -> None:
        """``still_held``: whether the ticket is ours; what was found is not written where it is not."""
        self._store = store
        self._ticket_id = ticket_id
        self._still_held = still_held
        self._ledger: Ledger | None = None
        self._seen_at: datetime | None = None
        self._row: dict[str, Any] = {}
        self._beside: list[Commit] = []

    def about(self, ledger: Ledger) -> None:
        """What is found belongs to this ledger, as it was just read."""
        self.keep()
        self._ledger = ledger

    def see(self, found: Iterable[Fact], *, now: datetime) -> tuple[Fact, ...]:
        """Add facts; returns those that are new."""
        assert self._ledger is not None, "look first"
        self._seen_at = now
        return self._ledger.add(found)

    def note(self, row: dict[str, Any]) -> None:
        """Columns of the case's row; what is noted later holds."""
        self._row |= row

    def beside(self, commit: Commit | None) -> None:
        """Something else to be kept with it."""
        if commit is not None:
            self._beside.append(commit)

    @property
    def holds(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self._row or self._beside) or (self._ledger is not None and not self._ledger.is_kept)

    def write(self, connection: Connection) -> None:
        """Have it committed with something else, by whoever then demands the lock; say so with ``kept`` when it was."""
        if not self.holds:
            return
        if self._ledger is not None and self._seen_at is not None:
            self._ledger.write(connection, now=self._seen_at)
        if self._row:
            cases.keep(connection, self._ticket_id, self._row)
        for commit in self._beside:
            commit(connection)
        failpoints.hit("facts-appended-before-commit")

    def kept(self) -> None:
        """It is on disk."""
        if not self.holds:
            return
        if self._ledger is not None:
            self._ledger.kept()
        self._row.clear()
        self._beside.clear()
        failpoints.hit("facts-appended")

    def keep(self) -> None:
        """Commit it alone, where there is any and the ticket is still ours."""
        if self.holds and self._still_held():
            with self.transaction():
                pass

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction of the store, with all of it written, for what rests on it. Raises Overtaken."""
        with self._store.write() as connection:
            self.write(connection)
            yield connection
            demand(self._still_held, f"what was found out about ticket {self._ticket_id} is not kept")
        self.kept()

    def with_verdict(self, outcome: Unkept | None) -> Unkept | None:
        """What the verdict is to take along: this, and what the last call came to."""
        if not self.holds:
            return outcome
        return self if outcome is None else _Both(self, outcome)


class _Both:
    """What was found, and behind it what was done."""

    def __init__(self, findings: Findings, outcome: Unkept) -> None:
        self._parts: tuple[Unkept, ...] = (findings, outcome)

    def write(self, connection: Connection) -> None:
        for part in self._parts:
            part.write(connection)

    def kept(self) -> None:
        for part in self._parts:
            part.kept()

    def keep(self) -> None:
        for part in self._parts:
            part.keep()
