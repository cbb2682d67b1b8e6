"""How far our clock and Zammad's are apart, from whatever tells Zammad's time, and whether deadlines must wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERATED = timedelta(seconds=60)
"""Clocks further apart than this hold deadlines (promises, "time")."""
FRESH = timedelta(seconds=60)
"""For so long is known what was found out: a clock may have been set since."""
COMPARED_EVERY = timedelta(minutes=10)
CALM = timedelta(seconds=180)
"""Deadlines go on when the clocks have agreed for so long: an unknown outcome rests as long (T_q, promises 4)."""
OWN_WORD = timedelta(hours=1)
"""For so long a proxy's ``Date`` that contradicts Zammad's own stamps is taken for the proxy's mistake."""


@dataclass(frozen=True, slots=True)
class _Offset:
    """Zammad's clock less our running seconds lies between ``low`` and ``high``; ``best`` is the likeliest."""

    low: float
    high: float
    best: float
    at: float
    """When that was found out, in running seconds."""

    def meets(self, other: _Offset) -> bool:
        return self.low <= other.high and other.low <= self.high


class Skew:
    """Compares two clocks by what passes by; shared by all threads of a process.

    ``clock`` is ours, which somebody may set; ``seconds`` runs on whatever happens to it. Everything known is kept as
    Zammad's clock against ``seconds``: so a jump of ours shows at once, before Zammad is asked again. ``follows``: our
    clock *is* Zammad's (a demo's, a test's), and nothing is ever held. ``calm``: see ``CALM``.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        seconds: Callable[[], float],
        follows: bool = False,
        calm: timedelta = CALM,
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._follows = follows
        self._calm = calm.total_seconds()
        self._lock = threading.Lock()
        self._known: _Offset | None = None
        self._own: _Offset | None = None
        self._reached: float | None = None
        self._apart_at: float | None = None

    # -- what tells Zammad's time -------------------------------------------------------------------------------------

    def mark(self) -> float:
        """Taken before Zammad is asked, for ``shown`` and ``between``."""
        return self._seconds()

    def shown(self, moment: datetime, *, since: float, within: timedelta = timedelta(0), own: bool = True) -> None:
        """Zammad's clock showed ``moment``, or up to ``within`` more, at some time since the mark ``since``.

        ``own`` False: not Zammad's own clock said so, but that of a proxy (``Date``).
        """
        now, at = self._seconds(), moment.timestamp()
        best = at - (since + now) / 2
        found = _Offset(low=at - now, high=at + within.total_seconds() - since, best=best, at=now)
        with self._lock:
            self._learn(found, own=own)

    def between(self, earliest: datetime | None, latest: datetime | None, *, since: float) -> None:
        """Zammad's clock, asked since the mark ``since``, was not before ``earliest`` and not after ``latest``."""
        now = self._seconds()
        low = float("-inf") if earliest is None else earliest.timestamp() - now
        high = float("inf") if latest is None else latest.timestamp() - since
        with self._lock:
            wall = self._clock().timestamp() - now
            found = _Offset(low=low, high=high, best=min(max(wall, low), high), at=now)
            self._learn(found, own=True)

    def reached(self, moment: datetime) -> None:
        """Zammad's clock has passed ``moment``: it is the time of a change that was heard of."""
        with self._lock:
            low = moment.timestamp() - self._seconds()
            self._reached = low if self._reached is None else max(self._reached, low)

    def _learn(self, found: _Offset, *, own: bool) -> None:
        if own:
            self._own = found
        elif self._own is not None and not found.meets(self._own) and self._age(self._own) < OWN_WORD.total_seconds():
            return
        known = self._known
        if known is not None and known.meets(found) and self._age(known) < FRESH.total_seconds():
            low, high = max(known.low, found.low), min(known.high, found.high)
            found = _Offset(low=low, high=high, best=min(max(found.best, low), high), at=found.at)
        self._known = found
        self._reached = None

    # -- what follows from it -----------------------------------------------------------------------------------------

    def lacks_word(self) -> bool:
        """Whether Zammad should be asked for its time before a deadline is acted on."""
        if self._follows:
            return False
        with self._lock:
            known = self._known
            return known is None or self._age(known) >= FRESH.total_seconds() or self._is_doubted(known)

    def is_uncompared(self) -> bool:
        """Whether Zammad's time was not heard for so long that it should be asked for though nothing is due."""
        if self._follows:
            return False
        with self._lock:
            return self._known is None or self._age(self._known) >= COMPARED_EVERY.total_seconds()

    def holds(self) -> bool:
        """Whether deadlines wait: the clocks are apart, or have not agreed for long enough since they were."""
        if self._follows:
            return False
        with self._lock:
            if self._is_apart():
                self._apart_at = self._seconds()
            elif self._apart_at is not None and self._agrees() and self._since(self._apart_at) >= self._calm:
                self._apart_at = None
            return self._apart_at is not None

    @property
    def seconds_ahead(self) -> float | None:
        """Our clock less Zammad's in seconds, as near as it is known; None before anything told both sides of it."""
        with self._lock:
            if self._known is not None:
                return self._wall() - self._known.best
            # how long ago a change was says nothing, unless it is still to come
            return self._wall() - self._reached if self._reached is not None and self._is_apart() else None

    def _is_apart(self) -> bool:
        """Proven, whatever the unknown rest is."""
        wall, most = self._wall(), TOLERATED.total_seconds()
        if self._known is None:
            return self._reached is not None and self._reached - wall > most
        return wall - self._known.high > most or self._known.low - wall > most

    def _agrees(self) -> bool:
        known = self._known
        return known is not None and self._age(known) < FRESH.total_seconds() and not self._is_doubted(known)

    def _is_doubted(self, known: _Offset) -> bool:
        """A change was heard of from after what we take for Zammad's time: its clock was set, or a date is odd."""
        return self._reached is not None and self._reached - known.high > TOLERATED.total_seconds()

    def _wall(self) -> float:
        return self._clock().timestamp() - self._seconds()

    def _age(self, offset: _Offset) -> float:
        return self._since(offset.at)

    def _since(self, seconds: float) -> float:
        # where a stand-in's seconds run backwards too, nothing is known any more
        return abs(self._seconds() - seconds)
