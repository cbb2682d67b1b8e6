"""Rows of the server kept for a while: fetched when needed, again when old, and stale rather than none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from plugin.baton import holding
from plugin.model.errors import Refused, Unavailable

MISS_PAUSE = 30.0
"""Seconds between two refreshes that an unknown id may cause."""

Row = TypeVar("Row")


class Table(Generic[Row]):
    """Rows by id, fetched again when they are old or an id is missing; stale rows serve while Zammad is away."""

    def __init__(self, fetch: Callable[[], Mapping[int, Row]], *, lifetime: float, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._lifetime = lifetime
        self._clock = clock
        self._lock = threading.RLock()
        self._rows: Mapping[int, Row] = {}
        self._fetched_at: float | None = None

    def all(self) -> Mapping[int, Row]:
        """All rows known, fetched when older than the lifetime."""
        return self.not_older_than(self._lifetime)

    def not_older_than(self, seconds: float) -> Mapping[int, Row]:
        """All rows, fetched when older than that."""
        if self._age() > seconds:  # no lock while they are fresh: rows are replaced, never changed
            with holding(self._lock):
                if self._age() > seconds:
                    self._refresh()
        return self._rows

    def get(self, key: int) -> Row | None:
        """The row, after one more fetch where it is missing."""
        row = self.all().get(key)
        return self.not_older_than(MISS_PAUSE).get(key) if row is None else row

    @property
    def is_whole(self) -> bool:
        """Whether Zammad was asked for all rows once, and answered."""
        return self._fetched_at is not None

    def learn(self, rows: Mapping[int, Row]) -> None:
        """Keep rows that came along with another answer."""
        if any(self._rows.get(key) != row for key, row in rows.items()):
            with holding(self._lock):
                self._rows = {**self._rows, **rows}  # somebody may be reading those before

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self._clock() - self._fetched_at

    def _refresh(self) -> None:
        try:
            fetched = self._fetch()
            self._rows = {**self._rows, **fetched}
        except Unavailable:
            if not self._rows:
                raise
            if not self.is_whole:
                return  # asked again next time: those that came along with other answers are not all
        except Refused:
            # not for our role: what comes along with other answers must do
            pass
        self._fetched_at = self._clock()


class Memory(Generic[Row]):
    """Single answers kept for ``lifetime`` seconds, each fetched by itself."""

    def __init__(self, *, lifetime: float, clock: Callable[[], float]) -> None:
        self._lifetime = lifetime
        self._clock = clock
        self._kept: dict[int, tuple[float, Row]] = {}

    def get(self, key: int, fetch: Callable[[], Row], *, within: float | None = None) -> Row:
        """What was kept within these seconds (None: the lifetime), else what ``fetch`` brings.

        Two threads may fetch the same once each.
        """
        kept = self._kept.get(key)
        if kept is None or self._clock() - kept[0] > (self._lifetime if within is None else within):
            self.keep(key, fetch())
        return self._kept[key][1]

    def keep(self, key: int, row: Row) -> None:
        self._kept[key] = (self._clock(), row)

    def fresh(self, *, within: float) -> list[Row]:
        """All that was kept within these seconds."""
        now = self._clock()
        return [row for kept_at, row in [*self._kept.values()] if now - kept_at <= within]
