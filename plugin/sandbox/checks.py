"""What Zammad does by the clock: pending and escalation checks, auto-unassign, scheduler jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from plugin.sandbox import conditions, history, privacy, tickets
from plugin.sandbox.engine import Engine
from plugin.sandbox.events import Event
from plugin.sandbox.performing import Performer, perform
from plugin.sandbox.rows import Row
from plugin.sandbox.triggers import by_name
from plugin.sandbox.values import to_integer
from plugin.sandbox.world import NOBODY, SYSTEM, WORK_ON_STATES, World

WARNING = timedelta(minutes=15)
UNASSIGN_LIMIT = 600
JOB_LIMIT = 2000
EVERY = {
    "pending": timedelta(minutes=15),
    "escalation": timedelta(minutes=5),
    "auto_unassign": timedelta(minutes=10),
    "data_privacy": timedelta(minutes=10),
}
JOBS_EVERY = timedelta(minutes=5)
_SLOTS = 7 * 24 * 6
"""How many times ten minutes a week has."""


def run(engine: Engine, name: str) -> None:
    """Runs one check now; KeyError for an unknown name."""
    check = _CHECKS[name]
    with engine.world.lock:
        check(engine)
        engine.world.journal.forget()


def run_job(engine: Engine, job_id: int, *, forced: bool = True) -> None:
    """Runs a scheduler job: its list on every ticket its condition finds, as user 1, in one go."""
    world = engine.world
    with world.lock:
        job = world.jobs[job_id]
        if not forced and not (_is_executable(job, world.now()) and _is_planned(job, world.now())):
            return
        found = _fulfilling(world, job.condition or {})
        world.jobs.put(job.id, matching=len(found), processed=min(len(found), JOB_LIMIT))
        for ticket in found[:JOB_LIMIT]:
            with engine.background():
                _perform_job(engine, job, ticket)
        ran = world.jobs.put(job.id, last_run_at=world.now(), updated_at=world.stamp(), updated_by_id=NOBODY)
        world.jobs.put(job.id, next_run_at=next_run_at(ran, world.now()))
        world.journal.forget()


def _perform_job(engine: Engine, job: Row, ticket: Row) -> None:
    performer = Performer(kind="job", row=job, user_id=NOBODY)
    for webhook_id in perform(engine, ticket.id, performer):
        engine.courier.queue(
            performer=("job", job.id),
            webhook_id=webhook_id,
            ticket_id=ticket.id,
            article_id=None,
            event=None,
        )


def count_matching(world: World, job: Row) -> int:
    """How many tickets a job's condition finds now."""
    return len(_fulfilling(world, job.condition or {}))


def _fulfilling(world: World, condition: dict[str, object]) -> list[Row]:
    occasion = conditions.Occasion(now=world.now())
    return conditions.fulfilling(world, condition, world.tickets, occasion)


def _check_pending(engine: Engine) -> None:
    world = engine.world
    now = world.now()
    due = [row for row in world.tickets if row.pending_time is not None and row.pending_time <= now]
    for ticket in due:
        if world.state_type(ticket.state_id) == "pending action":
            state = world.states[ticket.state_id]
            following = state.next_state_id or world.state_named("closed").id
            with engine.background():
                tickets.save(engine, ticket.id, {"state_id": following})
    for ticket in due:
        if world.state_type(ticket.state_id) == "pending reminder":
            _time_event(engine, ticket, "reminder_reached")


def _check_escalation(engine: Engine) -> None:
    world = engine.world
    edge = world.now() + WARNING
    due = [row for row in world.tickets if row.escalation_at is not None and row.escalation_at <= edge]
    for ticket in due:
        kind = "escalation" if ticket.escalation_at < world.now() else "escalation_warning"
        _time_event(engine, ticket, kind)


def _check_unassigned(engine: Engine) -> None:
    world = engine.world
    for group in world.groups:
        if not group.assignment_timeout:
            continue
        timeout = int(group.assignment_timeout)
        stale = [row for row in world.tickets if row.group_id == group.id and _is_stale(world, row, timeout)]
        for ticket in stale[:UNASSIGN_LIMIT]:
            with engine.background():
                tickets.save(engine, ticket.id, {"owner_id": NOBODY})


def _is_stale(world: World, ticket: Row, timeout: int) -> bool:
    """Whether the time-out has gone by since somebody worked on it."""
    assigned = ticket.last_owner_update_at
    if ticket.owner_id == NOBODY or assigned is None or world.state_type(ticket.state_id) not in WORK_ON_STATES:
        return False
    return bool(world.now() - assigned > timedelta(minutes=timeout))


def _time_event(engine: Engine, ticket: Row, kind: str) -> None:
    """Time triggers and notices of one ticket, each at most once a calendar day (contract 3.3)."""
    world = engine.world
    spoken = [row for row in world.articles_of(ticket.id) if row.sender_id != SYSTEM]
    article = spoken[-1] if spoken else None
    event = Event(ticket.id, kind, NOBODY, article_id=None if article is None else article.id)
    active = [row for row in world.triggers if row.active and row.activator == "time"]
    engine.notices.tell(engine, event)
    with engine.background():
        for trigger in by_name(active):
            if _fires(world, trigger, ticket, article, kind):
                _fire(engine, trigger, ticket, event)


def _fires(world: World, trigger: Row, ticket: Row, article: Row | None, kind: str) -> bool:
    if _performed_today(world, trigger, ticket, kind):
        return False
    occasion = conditions.Occasion(now=world.now(), action=kind, article=article)
    return conditions.matches(world, trigger.condition, ticket, occasion)


def _fire(engine: Engine, trigger: Row, ticket: Row, event: Event) -> None:
    world = engine.world
    source = ("Trigger", trigger.id, trigger.name)
    history.write(
        world,
        kind="time_trigger_performed",
        ticket_id=ticket.id,
        at=world.stamp(),
        source=source,
        value_from=event.kind,
        value_to=None,
    )
    article = world.articles.get(event.article_id)
    performer = Performer(kind="trigger", row=trigger, user_id=NOBODY, article=article)
    for webhook_id in perform(engine, ticket.id, performer):
        engine.courier.queue(
            performer=("trigger", trigger.id),
            webhook_id=webhook_id,
            ticket_id=ticket.id,
            article_id=event.article_id,
            event=event,
        )


def _performed_today(world: World, trigger: Row, ticket: Row, kind: str) -> bool:
    today = world.now().date()
    return any(
        row.kind == "time_trigger_performed"
        and row.sourceable_id == trigger.id
        and row.value_from == kind
        and row.created_at.date() == today
        for row in world.history.where(ticket_id=ticket.id)
    )


def next_run_at(job: Row, now: datetime) -> datetime | None:
    """The first ten minutes of a job's plan, the running ones included, in which it has not run yet."""
    if not job.active:
        return None
    slot = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
    for _ in range(_SLOTS):
        if _is_planned(job, slot) and (job.last_run_at is None or slot > job.last_run_at):
            return slot
        slot += timedelta(minutes=10)
    return None


def _is_executable(job: Row, now: datetime) -> bool:
    """Whether a job may run: not just edited, and not within ten minutes of its last run (contract 6)."""
    if not job.active or job.updated_at > now - timedelta(minutes=1):
        return False
    return job.last_run_at is None or bool(job.last_run_at <= now - timedelta(minutes=10))


def _is_planned(job: Row, now: datetime) -> bool:
    plan = job.timeplan or {}
    day, hour = f"{now:%a}", str(now.hour)
    minute = str(now.minute // 10 * 10)
    return all(
        (plan.get(part) or {}).get(key) in (True, "true")
        for part, key in (("days", day), ("hours", hour), ("minutes", minute))
    )


_CHECKS: dict[str, Callable[[Engine], None]] = {
    "pending": _check_pending,
    "escalation": _check_escalation,
    "auto_unassign": _check_unassigned,
    "data_privacy": privacy.carry_out,
}


class Heartbeat:
    """Runs the checks and planned jobs at their intervals of sandbox time, in a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._last: dict[str, datetime] = {}

    def start(self) -> None:
        """Starts the thread."""
        self._stop.clear()
        self._last = dict.fromkeys((*EVERY, "jobs"), self._engine.world.now())
        self._thread = threading.Thread(target=self._loop, name="sandbox-heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    def beat(self) -> None:
        """Runs what is due by the sandbox's clock."""
        now = self._engine.world.now()
        for name, interval in EVERY.items():
            if now - self._last[name] >= interval:
                self._last[name] = now
                run(self._engine, name)
        if now - self._last["jobs"] >= JOBS_EVERY:
            self._last["jobs"] = now
            for job in list(self._engine.world.jobs):
                if job.active:
                    run_job(self._engine, to_integer(job.id) or 0, forced=False)

    def _loop(self) -> None:
        while not self._stop.wait(0.25):
            self.beat()
