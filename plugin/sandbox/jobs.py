"""Zammad's queue of background jobs: what waits, in which order it is taken."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

DEFAULT_PRIORITY = 200
"""What triggers, notifications and mails have; the queue's order is priority, then moment, then age."""


@dataclass(slots=True)
class QueuedJob:
    """A job that waits: `run` is called without arguments when it is its turn; `about` is what a delivery delivers."""

    number: int
    name: str
    run_at: datetime
    run: Callable[[], None] = field(repr=False)
    priority: int = DEFAULT_PRIORITY
    attempts: int = 0
    retried: bool = False
    about: object | None = None


def in_turn(job: QueuedJob) -> tuple[int, datetime, int]:
    """The order in which a worker takes jobs that are due."""
    return (job.priority, job.run_at, job.number)


class JobQueue:
    """The jobs table; `take` hands out what is due, one at a time."""

    def __init__(self) -> None:
        self._jobs: list[QueuedJob] = []
        self._numbers = itertools.count(1)

    def add(
        self,
        name: str,
        run: Callable[[], None],
        *,
        run_at: datetime,
        priority: int = DEFAULT_PRIORITY,
        retried: bool = False,
        about: object | None = None,
    ) -> QueuedJob:
        """Queues a job for `run_at`."""
        job = QueuedJob(
            number=next(self._numbers),
            name=name,
            run_at=run_at,
            run=run,
            priority=priority,
            retried=retried,
            about=about,
        )
        self._jobs.append(job)
        return job

    def take(self, now: datetime) -> QueuedJob | None:
        """Removes and returns the first job that is due, or None."""
        due = [job for job in self._jobs if job.run_at <= now]
        if not due:
            return None
        first = min(due, key=in_turn)
        self._jobs.remove(first)
        return first

    def remove(self, job: QueuedJob) -> None:
        """Takes one job out of turn."""
        self._jobs.remove(job)

    def next_run_at(self) -> datetime | None:
        """The earliest moment any job is due."""
        return min((job.run_at for job in self._jobs), default=None)

    def waiting(self) -> list[QueuedJob]:
        """All jobs, for health checks and tests."""
        return list(self._jobs)

    def mark(self) -> int:
        """How many jobs there are, to cut back to when a transaction fails."""
        return len(self._jobs)

    def cut(self, length: int) -> None:
        """Forgets jobs queued after `mark` (they were in the failed transaction)."""
        del self._jobs[length:]
