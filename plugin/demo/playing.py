"""Plays the story: steps the clock from event to event, lets the sandbox deliver and Steward work in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from plugin.demo.stage import Stage
from plugin.demo.story import Step
from plugin.store import waking

POLL = timedelta(seconds=4)
"""Zammad's background worker looks for deliveries so often, so none is later than this."""


def play(
    stage: Stage,
    steps: Sequence[Step],
    *,
    ends_at: datetime,
    before: Callable[[Step], None],
    after: Callable[[datetime], None],
) -> None:
    """Play all steps in their order, then let time run to ``ends_at``.

    ``before`` is called with each step that comes, ``after`` whenever Steward has worked, with the story's time.
    """
    sweep = timedelta(seconds=stage.service.settings.sweep_interval)
    for step, following in zip(steps, [*(later.at for later in steps[1:]), ends_at], strict=True):
        _pass_time(stage, until=step.at, after=after)
        before(step)
        stage.people.do(step)
        # what no webhook tells of is found by the next sweep, not by whatever comes next
        _pass_time(stage, until=min(step.at + sweep, following), after=after)
    _pass_time(stage, until=ends_at, after=after)


def _pass_time(stage: Stage, *, until: datetime, after: Callable[[datetime], None]) -> None:
    while (now := stage.sandbox.clock.now()) < until:
        moment = min(until, _next_event(stage, now) or until)
        stage.sandbox.run_until(moment)
        stage.sandbox.check("pending")
        stage.worker.drain()
        after(moment)


def _next_event(stage: Stage, now: datetime) -> datetime | None:
    """When something happens by itself next: a delivery, a notice, or a moment a case waits for."""
    delivery = stage.sandbox.engine.jobs.next_run_at()
    with stage.service.store.read() as connection:
        wake = waking.next_wake(connection, now=now)
    moments = [wake, None if delivery is None else max(delivery, now) + POLL]
    return min((moment for moment in moments if moment is not None), default=None)
