"""Plays all histories of a source through one pack or two, on every core, and adds up what comes of them."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from plugin.model.errors import StewardError
from plugin.model.pack import Pack
from plugin.simulate.comparing import Comparison, differences
from plugin.simulate.histories import History
from plugin.simulate.outcome import ClockEnd, Doing, Outcome
from plugin.simulate.playing import play
from plugin.simulate.sources import Kept, Source
from plugin.simulate.tally import Tally, Window
from plugin.store.keys import Key

BATCH = 200
"""Histories a core is handed at once."""
FEW = 400
"""So few are done before another process has come up."""
GARBAGE_AFTER = 20_000
"""Objects, until the youngest are looked through; Python's own 700 cost a tenth of the time."""
AHEAD = 3
"""Batches waiting for each core: memory stays flat however many there are."""


class Stopped(StewardError):
    """The simulation cannot go on: why, and what to try."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with each history. ``against``: the pack it is compared with, if any."""

    pack: Pack
    window: Window
    against: Pack | None = None
    customer_mail: bool = False
    key: Key | None = None
    tasks_done: bool = False
    """As if whoever is asked did each task of Steward's in time."""


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One ticket in a line, for the list of all tickets."""

    ticket_id: int
    number: str
    group: str
    begun_at: datetime
    kind: str
    tier: str
    nature: str
    stage: str
    first_responder: str
    breached: str
    clocks_kept: int
    notes: int
    tasks: int
    messages: int
    notices: int
    differs: bool


@dataclass(slots=True)
class Result:
    """What came of a batch, or of all. ``failed``: tickets a policy could not decide, with what it said."""

    tally: Tally = field(default_factory=Tally)
    before: Tally = field(default_factory=Tally)
    """The same of the pack it is compared with."""
    comparison: Comparison = field(default_factory=Comparison)
    rows: list[TicketRow] = field(default_factory=list)
    failed: list[tuple[int, str]] = field(default_factory=list)
    played: int = 0

    def merge(self, other: Result) -> None:
        """Add a batch's counts, and some of its differences; its rows are the caller's, to keep or to write out."""
        self.tally.merge(other.tally)
        self.before.merge(other.before)
        self.comparison.merge(other.comparison)
        self.failed += other.failed
        self.played += other.played


def simulate(
    source: Source,
    work: Work,
    *,
    processes: int | None = None,
    on_batch: Callable[[Result], None] = lambda _batch: None,
    tell: Callable[[int], None] = lambda _played: None,
) -> Result:
    """Play every history of the source. ``processes``: one a core where None; few histories take none of their own.

    ``on_batch`` is handed each batch with all its lines and differences, ``tell`` how many are done.
    Raises ``Stopped``.
    """
    whole = Result()
    try:
        with _executor(source, work, processes) as executor:
            for batch in _batches(executor, source, ahead=AHEAD * (processes or os.cpu_count() or 1)):
                on_batch(batch)
                whole.merge(batch)
                tell(whole.played)
    except BrokenExecutor as broken:
        raise Stopped(f"a process that played tickets ended ({broken}); try --processes 1, or more memory") from broken
    return whole


def _executor(source: Source, work: Work, processes: int | None) -> Executor:
    # "spawn": nothing of this process (threads, connections) is carried over half alive
    if source.count <= FEW:
        return ThreadPoolExecutor(1, initializer=_take_up, initargs=(work,))
    return ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_take_up_alone,
        initargs=(work,),
    )


def _batches(executor: Executor, source: Source, *, ahead: int) -> Iterator[Result]:
    """The batches' results in their order; a batch that failed is done again ticket by ticket, to find the one."""
    kept = source.kept()
    running: deque[tuple[tuple[Kept, ...], Future[Result]]] = deque()
    while batch := tuple(islice(kept, BATCH)):
        running.append((batch, executor.submit(_play_all, batch)))
        while len(running) >= ahead:
            yield from _results(executor, *running.popleft())
    while running:
        yield from _results(executor, *running.popleft())


def _results(executor: Executor, batch: tuple[Kept, ...], future: Future[Result]) -> Iterator[Result]:
    error = future.exception()
    if error is None:
        yield future.result()
    elif len(batch) == 1:
        # its kind only: what a policy says of a ticket may hold a customer's words
        yield Result(failed=[(batch[0].ticket_id, type(error).__name__)], played=1)
    elif isinstance(error, Exception):
        for one in batch:
            yield from _results(executor, (one,), executor.submit(_play_all, (one,)))
    else:
        raise error


# -- in the process of a core -------------------------------------------------------------------------------------

_work: list[Work] = []


def _take_up(work: Work) -> None:
    _work[:] = [work]


def _take_up_alone(work: Work) -> None:
    """In a process of its own: what is here by now is no garbage, and what a decision makes is gone soon anyway."""
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, 50, 50)
    _take_up(work)


def _play_all(batch: tuple[Kept, ...]) -> Result:
    work, result = _work[0], Result()
    for one in batch:
        _play_one(one, work, result)
    return result


def _play_one(kept: Kept, work: Work, result: Result) -> None:
    history = kept.opened(work.key)
    result.played += 1
    outcome = _outcome(history, work.pack, work)
    if outcome is None:
        return
    found = []
    if work.against is not None:
        before = _outcome(history, work.against, work)
        assert before is not None  # whether there is anything to play does not hang on the pack
        result.before.add(before, work.window)
        found = differences(before, outcome)
        result.comparison.add(found)
    result.tally.add(outcome, work.window)
    result.rows.append(_row(outcome, differs=bool(found)))


def _outcome(history: History, pack: Pack, work: Work) -> Outcome | None:
    return play(history, pack, customer_mail=work.customer_mail, tasks_done=work.tasks_done)


def _row(outcome: Outcome, *, differs: bool) -> TicketRow:
    verdicts = outcome.verdicts
    done = [one.doing for one in outcome.done if not one.only_observed]
    return TicketRow(
        ticket_id=outcome.ticket_id,
        number=outcome.number,
        group=outcome.group,
        begun_at=outcome.begun_at,
        kind=verdicts.get("kind", ""),
        tier=verdicts.get("tier", ""),
        nature=verdicts.get("nature", ""),
        stage=verdicts.get("stage", ""),
        first_responder=verdicts.get("first_responder", ""),
        breached=" ".join(dict.fromkeys(clock.name for clock in outcome.clocks if clock.end is ClockEnd.BREACHED)),
        clocks_kept=sum(clock.end in (ClockEnd.MET, ClockEnd.WARNED) for clock in outcome.clocks),
        notes=done.count(Doing.NOTE),
        tasks=done.count(Doing.TASK),
        messages=done.count(Doing.MESSAGE),
        notices=done.count(Doing.NOTICE),
        differs=differs,
    )
