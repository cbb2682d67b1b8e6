"""What Steward costs the helpdesk: Zammad's milliseconds and agents' notices, beside a naive plugin and the least.

``python -m bench.cost``. Priced by the measured table of calls that the sandbox keeps (``GET /sandbox/cost``); a
virtual clock, so the figures are the same on every machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import requests

from bench.bound import Bound, bound
from bench.naive import Naive
from bench.telling import Bar, Report, Sheet, tell
from plugin import logs
from plugin.demo import measuring, story
from plugin.demo.people import StoryError
from plugin.demo.playing import play
from plugin.demo.stage import Stage, set_up
from plugin.demo.story import Step
from plugin.demo.watching import Watch
from plugin.sandbox.attributes import define, migrate
from plugin.sandbox.deliveries import Delivery
from plugin.sandbox.rows import Row
from plugin.store import cases, inbox
from tests.scenarios.helpdesk import Helpdesk, Ticket, open_helpdesk

VERSIONS = ("6.1", "6.5")
A_MOMENT = timedelta(minutes=1)
"""Zammad's worker sends notices within seconds."""


@dataclass(frozen=True, slots=True)
class Played:
    """The demo's story with Steward beside it: what it cost, what the least would have been."""

    zammad_ms: float
    notices: int
    unmeant: int
    rows: tuple[tuple[str, int, float], ...]
    least: Bound


@dataclass(frozen=True, slots=True)
class Reacted:
    """The same story with the naive plugin: its webhooks' part and its polls' part."""

    hearing_ms: float
    polling_ms: float
    notices: int
    unmeant: int
    heard: int
    polls: int
    skipped: int

    @property
    def zammad_ms(self) -> float:
        return self.hearing_ms + self.polling_ms


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def main(*, as_json: bool) -> None:
    """Measure; status 1 where a bar is missed."""
    logs.configure(level="error")
    began = time.monotonic()
    sys.exit(tell(report(began), as_json=as_json))


def report(began: float) -> Report:
    """Everything measured, as tables and bars."""
    small = [(like, what, ms, notices, bar) for like in VERSIONS for what, ms, notices, bar in _small(like)]
    steward, naive = with_steward(), with_naive()
    return Report(
        bench="cost",
        sheets=(
            Sheet("one event", ("Zammad", "event", "ms", "notices"), tuple(row[:4] for row in small)),
            _story(steward, naive),
            Sheet("Steward's calls in the story", ("call", "calls", "ms"), steward.rows),
            _least(steward.least),
        ),
        bars=(
            *(Bar(f"{what}, Zammad {like}", ms, bar, "ms") for like, what, ms, _, bar in small),
            Bar("notices of all these events", float(sum(row[3] for row in small)), 0),
            Bar("the story, of the naive plugin's ms", steward.zammad_ms / naive.zammad_ms, 0.4),
            Bar("the story, of the naive plugin's notices nobody meant", steward.unmeant / naive.unmeant, 0.1),
            Bar("the story, of the least it can cost", steward.zammad_ms / steward.least.ms, 1.3),
        ),
        notes=(
            "Meant are notices of a note that tells somebody to act: Steward marks it, the naive plugin writes it when"
            " a limit has passed. While nobody owns a ticket, Zammad tells the whole group.",
            f"The naive plugin cannot do {naive.skipped} steps of the story: nobody made the tasks they finish.",
            f"Its webhooks alone, without polls, cost {naive.hearing_ms:,.0f} ms: deadlines would go unnoticed then.",
        ),
        seconds=time.monotonic() - began,
    )


def _story(steward: Played, naive: Reacted) -> Sheet:
    changes = steward.least.changes
    rows = (
        ("Steward", steward.zammad_ms, steward.zammad_ms / changes, steward.notices, steward.unmeant),
        ("the least", steward.least.ms, steward.least.ms / changes, None, None),
        ("naive plugin", naive.zammad_ms, naive.zammad_ms / changes, naive.notices, naive.unmeant),
        (f"… {naive.heard} webhooks", naive.hearing_ms, naive.hearing_ms / changes, None, None),
        (f"… {naive.polls} polls", naive.polling_ms, naive.polling_ms / changes, None, None),
    )
    columns = ("", "Zammad ms", "a change", "notices", "not meant")
    return Sheet(f"the demo's story, {changes} settled changes", columns, rows)


def _least(least: Bound) -> Sheet:
    rows = (
        ("looks at versions others made", least.looks, least.look_ms),
        ("PUTs, where fields change or a note is due", least.puts, least.put_ms),
        ("tags that come or go", least.tags, least.tag_ms),
        ("tasks and the checklist's name", least.tasks, least.task_ms),
        ("together", least.looks + least.puts + least.tags + least.tasks, least.ms),
    )
    return Sheet("the least it can cost", ("", "calls", "ms"), rows)


# -- one event --------------------------------------------------------------------------------------------------------


def _small(like: str) -> Iterator[tuple[str, float, int, float]]:
    """What one event costs a ticket that is known: its name, ms, notices caused, and the bar."""
    yield ("hint with a known version", *_cost_of(like, articles=2, event=_known_hint), 0)
    yield ("hint about an unchanged ticket", *_cost_of(like, articles=2, event=_blank_hint), 27)
    yield ("an agent's answer, 2 articles", *_cost_of(like, articles=2, event=_answer), 230)
    yield ("an agent's answer, 10 articles", *_cost_of(like, articles=10, event=_answer), 300)


def _cost_of(like: str, *, articles: int, event: Callable[[Helpdesk, Ticket], None]) -> tuple[float, int]:
    with tempfile.TemporaryDirectory(prefix="steward-bench-") as directory:
        helpdesk = open_helpdesk(like=like, store_url=f"sqlite:///{Path(directory) / 'steward.db'}")
        try:
            ticket = helpdesk.mails("Where is my order?")
            helpdesk.works()
            for number in range(articles - 2):
                ticket.noted(helpdesk.anna, f"Asked the warehouse, {number}.")
                helpdesk.works()
            helpdesk.passes(minutes=11)
            helpdesk.sandbox.reset_cost()
            told = len(helpdesk.told)
            event(helpdesk, ticket)
            helpdesk.works()
            return helpdesk.sandbox.cost(login="steward").zammad_ms, len(helpdesk.told) - told
        finally:
            helpdesk.service.close()


def _answer(helpdesk: Helpdesk, ticket: Ticket) -> None:
    ticket.answered(helpdesk.anna)


def _known_hint(helpdesk: Helpdesk, ticket: Ticket) -> None:
    with helpdesk.service.store.read() as connection:
        case = cases.get(connection, ticket.id)
    assert case is not None
    _hint(helpdesk, ticket, version=case.version)


def _blank_hint(helpdesk: Helpdesk, ticket: Ticket) -> None:
    _hint(helpdesk, ticket, version=None)


def _hint(helpdesk: Helpdesk, ticket: Ticket, *, version: str | None) -> None:
    store = helpdesk.service.store
    one = inbox.Delivery(b"{}", "bench", helpdesk.now, ticket_id=ticket.id, version=version)
    with store.write() as connection:
        inbox.receive(connection, [one], store_key=store.key)


# -- the story --------------------------------------------------------------------------------------------------------


def with_steward() -> Played:
    """The demo as ``make demo`` plays it."""
    with set_up(like="6.5", zammad_port=0, steward_port=0) as stage:
        play(stage, story.read(), ends_at=story.ENDS_AT, before=_nothing, after=_nothing)
        rows = tuple((row.name, row.calls, row.milliseconds) for row in stage.sandbox.cost(login="steward").rows)
        least = bound(stage, ends_at=story.ENDS_AT)
        measured = measuring.measure(stage, Watch(stage.service), story.ENDS_AT)
        unmeant = sum(1 for notice in _notices(stage) if not _is_told(stage, notice))
        return Played(measured.steward.zammad_ms, measured.steward.notices, unmeant, rows, least)


def with_naive() -> Reacted:
    """The same people, clock and webhooks; Steward sleeps, the naive plugin has its user and trigger."""
    with set_up(like="6.5", zammad_port=0, steward_port=0) as stage:
        _make_visible_fields(stage)
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Token token={stage.sandbox.tokens['steward']}"
        return _Rival(stage, Naive(session, stage.zammad_url)).play(story.read())


class _Rival:
    """Plays the story to the naive plugin."""

    def __init__(self, stage: Stage, naive: Naive) -> None:
        self._stage = stage
        self._naive = naive
        self._every = timedelta(seconds=stage.service.settings.sweep_interval)
        self._polled_at: datetime | None = None
        self._heard = self._polls = self._skipped = 0
        self._polling_ms = 0.0
        self._meant = 0
        stage.sandbox.deliver = self._deliver

    def play(self, steps: tuple[Step, ...]) -> Reacted:
        for step, following in zip(steps, [*(later.at for later in steps[1:]), story.ENDS_AT], strict=True):
            self._pass_time(step.at)
            try:
                self._stage.people.do(step)
            except StoryError:
                self._skipped += 1
            self._pass_time(min(step.at + self._every, following))
        self._pass_time(story.ENDS_AT)
        hearing_ms = self._ms - self._polling_ms
        told = len(_notices(self._stage))
        return Reacted(hearing_ms, self._polling_ms, told, told - self._meant, self._heard, self._polls, self._skipped)

    def _deliver(self, delivery: Delivery) -> int:
        self._heard += 1
        self._naive.hears(delivery.ticket_id)
        return 200

    def _pass_time(self, until: datetime) -> None:
        self._stage.sandbox.run_until(until)
        self._stage.sandbox.check("pending")
        if self._polled_at is None or until >= self._polled_at + self._every:
            before, told = self._ms, len(_notices(self._stage))
            self._naive.polls(until)
            self._stage.sandbox.work_off()
            self._polling_ms += self._ms - before
            self._meant += len(_notices(self._stage)) - told
            self._polled_at = until
            self._polls += 1

    @property
    def _ms(self) -> float:
        return self._stage.sandbox.cost(login="steward").zammad_ms


def _notices(stage: Stage) -> list[Row]:
    """What agents were told because of the service user's writes."""
    world = stage.sandbox.world
    own = world.users.where(login="steward")[0].id
    return [row for row in world.history if row.kind == "notification" and row.created_by_id == own]


def _is_told(stage: Stage, notice: Row) -> bool:
    """Whether a note that tells somebody was written right before."""
    notes = [a for a in stage.sandbox.world.articles_of(notice.ticket_id) if a.preferences.get("notification")]
    return any(timedelta(0) <= notice.created_at - note.created_at < A_MOMENT for note in notes)


def _make_visible_fields(stage: Stage) -> None:
    shown = {"ticket.agent": {"shown": True, "required": False}}
    fields: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("promise", "input", {"type": "text", "maxlength": 120}),
        ("promise_due_at", "datetime", {"future": True, "past": True, "diff": None}),
    )
    with stage.sandbox.world.lock:
        for name, kind, option in fields:
            made = {"name": name, "object": "Ticket", "display": name, "data_type": kind, "active": True}
            define(stage.sandbox.world, {**made, "data_option": {"null": True, **option}, "screens": {"edit": shown}})
        migrate(stage.sandbox.world)


def _nothing(_: object) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    main()
