"""One showing of the demo: set up, play, measure, tell, stay, strike."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from types import FrameType

import orjson
from rich.console import Console

from plugin import logs
from plugin.demo import measuring, story
from plugin.demo.playing import play
from plugin.demo.stage import Stage, set_up
from plugin.demo.story import Step
from plugin.demo.telling import Teller, console
from plugin.demo.watching import Watch
from plugin.sandbox.manners import Like

INTERRUPTED = 130
"""Exit status of a story that was not played to its end."""


class Interrupted(Exception):
    """Ctrl-C, or a polite kill, in the middle of the story."""


def show(*, like: Like, leave: bool, as_json: bool, zammad_port: int = 0, steward_port: int = 0) -> int:
    """Play the story; returns the exit status.

    ``leave``: end after it instead of staying up. ``as_json``: one JSON object on standard output instead of lines.
    Raises StageError where a port cannot be listened on.
    """
    # the terminal belongs to the story; only what must not happen is worth a line beside it
    logs.configure(level="error")
    steps = story.read()
    with _stopped_by_signals() as stopped, set_up(
        like=like, zammad_port=zammad_port, steward_port=steward_port
    ) as stage:  # fmt: skip
        try:
            teller = None if as_json else _teller(stage, steps)
            _perform(stage, steps, stopped, teller)
        except Interrupted:
            return INTERRUPTED
        if not leave:
            stage.go_live()
            if teller is not None:
                teller.stay(stage)
            stopped.wait()
    return 0


def _teller(stage: Stage, steps: Sequence[Step]) -> Teller:
    out: Console = console()
    return Teller(out, zone=stage.service.pack.zone, steps=len(steps))


def _perform(stage: Stage, steps: Sequence[Step], stopped: threading.Event, teller: Teller | None) -> None:
    watch = Watch(stage.service)
    showing = Showing(stage, watch, teller, stopped)
    if teller is not None:
        teller.introduce(stage)
    with teller.moving() if teller is not None else nullcontext():
        play(stage, steps, ends_at=story.ENDS_AT, before=showing.before, after=showing.after)
    measured = measuring.measure(stage, watch, story.ENDS_AT)
    if teller is not None:
        teller.conclude(measured)
    else:
        text = orjson.dumps(measuring.as_json(measured), option=orjson.OPT_INDENT_2)
        print(text.decode(), flush=True)


class Showing:
    """Tells the teller, if there is one, what happens while the story plays."""

    def __init__(self, stage: Stage, watch: Watch, teller: Teller | None, stopped: threading.Event) -> None:
        self._stage = stage
        self._watch = watch
        self._teller = teller
        self._stopped = stopped
        self._heard = 0

    def before(self, step: Step) -> None:
        """A step comes."""
        self._go_on()
        if self._teller is not None:
            known = self._stage.people.tickets.get(step.ticket)
            self._teller.step(step, number=self._number(known) if known else "new")

    def after(self, now: datetime) -> None:
        """Deliveries came, and Steward worked."""
        self._go_on()
        if self._teller is None:
            return
        for heard in self._stage.ear.heard[self._heard :]:
            self._teller.heard(heard, number=self._number(heard.ticket_id))
        self._heard = len(self._stage.ear.heard)
        for news in self._watch.news(now):
            self._teller.news(news, now)
        self._teller.passed(now)

    def _number(self, ticket_id: int) -> str:
        ticket = self._stage.sandbox.world.tickets.get(ticket_id)
        return str(ticket.number) if ticket is not None else "gone"

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise Interrupted


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that is set by Ctrl-C and SIGTERM, so that nothing is torn in the middle."""
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
