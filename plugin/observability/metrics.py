"""Counters and timings of one process in Prometheus' form; labels are few and never name a ticket."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
SLOW = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Everything this process counts. ``gauge`` adds what is read only when somebody asks."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.deliveries = Counter(
            "steward_deliveries", "Webhook deliveries by how they were answered.", ["result"], registry=own
        )
        self.commits = Counter("steward_inbox_commits", "Commits that made deliveries durable.", registry=own)
        self.commit_seconds = Histogram(
            "steward_inbox_commit_seconds",
            "From a delivery's arrival to its commit.",
            buckets=FAST,
            registry=self.registry,
        )
        self.folded = Counter("steward_deliveries_folded", "Deliveries carried over to their cases.", registry=own)
        self.looks = Counter(
            "steward_looks", "Visits to cases by reason and outcome.", ["reason", "outcome"], registry=own
        )
        self.look_seconds = Histogram("steward_look_seconds", "How long a visit took.", buckets=SLOW, registry=own)
        self.wake_delay_seconds = Histogram(
            "steward_wake_delay_seconds", "How late a visit began.", ["reason"], buckets=SLOW, registry=own
        )
        self.parked = Counter("steward_cases_parked", "Cases given up on until a person helps.", registry=own)
        self.chores = Counter("steward_chores", "Chores by name and outcome.", ["chore", "outcome"], registry=own)
        self.effects = Counter("steward_effects", "Effects by kind and state.", ["kind", "state"], registry=own)
        self.zammad_calls = Counter(
            "steward_zammad_calls", "Calls to Zammad.", ["method", "route", "outcome"], registry=own
        )
        self.zammad_seconds = Histogram(
            "steward_zammad_seconds",
            "How long Zammad took to answer.",
            ["method"],
            buckets=SLOW,
            registry=self.registry,
        )
        self.alarms = Counter("steward_alarms", "Alarms by name.", ["alarm"], registry=own)
        for metric in (self.looks, self.wake_delay_seconds, self.effects, self.zammad_calls, self.zammad_seconds):
            # looking labels up takes longer than counting
            vars(metric)["labels"] = cache(metric.labels)

    def gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """A figure that ``read`` gives when it is asked for; ``name`` without the prefix."""
        Gauge(f"steward_{name}", meaning, registry=self.registry).set_function(read)

    def render(self) -> bytes:
        """All of it, as ``/metrics`` shows it."""
        return generate_latest(self.registry)
