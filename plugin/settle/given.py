"""What settling is given, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from plugin.model.ticket import Checklist, Ticket
from plugin.model.work import Lock, Unkept
from plugin.observability.metrics import Metrics
from plugin.store.database import Connection
from plugin.store.store import Store
from plugin.zammad.room import Zammad

Commit = Callable[[Connection], None]
"""Something to be committed with something else: one wait for the disk instead of two."""
Keep = Callable[[Connection, Ticket, frozenset[str]], None]
"""Commits what is known of the ticket after a write: its newest look and its tags."""


@dataclass(frozen=True, slots=True)
class Settling:
    """What settling needs beside the plan.

    ``ticket``, ``tags`` and ``checklist`` are those the plan was made for; ``keep`` commits what they became,
    ``keep_beside`` what is known of a task ticket that was made; ``found`` is what the plan rests on, where that is
    not on disk yet: it goes with the first intent.
    ``unknown_wait`` is T_q of promises 4.
    """

    store: Store
    zammad: Zammad
    lock: Lock
    clock: Callable[[], datetime]
    metrics: Metrics
    unknown_wait: timedelta
    keep: Keep
    keep_beside: Callable[[Connection, Ticket], None]
    found: Unkept
    ticket: Ticket
    tags: frozenset[str]
    checklist: Checklist | None = None


@dataclass(slots=True)
class Settled:
    """How it went. ``look_again``: somebody else may have been faster, or one more difference is left."""

    ticket: Ticket
    tags: frozenset[str]
    wrote: bool = False
    look_again: bool = False
    rests: bool = False
    """Something was refused, or may not have been done: it may be tried again."""
    unkept: Unkept | None = None
    """What the last call came to, where nothing followed it: for whoever commits next."""
    alarms: list[str] = field(default_factory=list)
