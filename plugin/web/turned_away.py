"""Deliveries that were turned away: all are counted, a few are logged."""

from __future__ import annotations

import threading
import time

import structlog

from plugin.observability.metrics import Metrics

log = structlog.get_logger(__name__)

SILENT_SECONDS = 1.0


class TurnedAway:
    """Safe from any thread; under overload there are thousands a second, and one line says how many it stands for."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._times = 0
        self._silent_until = 0.0

    def count(self, cause: str) -> None:
        """One more, because of ``cause``."""
        self._metrics.deliveries.labels("unavailable").inc()
        with self._lock:
            self._times += 1
            now = time.monotonic()
            if now < self._silent_until:
                return
            times, self._times, self._silent_until = self._times, 0, now + SILENT_SECONDS
        log.warning("delivery turned away", times=times, cause=cause)
