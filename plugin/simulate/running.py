"""Plays all histories of a source through one pack or two, on every core, and adds up what comes of them."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from plugin.model.errors import StewardError
from plugin.model.pack import Pack
from plugin.simulate.comparing import Comparison, differences
from plugin.simulate.complaints import Complaints, Trace
from plugin.simulate.histories import History
from plugin.simulate.limits import Touched
from plugin.simulate.outcome import ClockEnd, Doing, Outcome
from plugin.simulate.playing import Play
from plugin.simulate.sources import Kept, Source
from plugin.simulate.tally import Tally, Window
from plugin.simulate.tracing import trace
from plugin.store.keys import Key
from plugin.visit import relating

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
    complaints: Complaints | None = None
    """All there would have been under the pack; None while they are being found, and where it never asks for others."""
    complaints_before: Complaints | None = None
    """The same under the pack it is compared with."""
    finds: bool = False
    """Complaints are being found: they are traced, and left for when all are known."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A ticket that is a complaint at times, by the name its source has for it: how it would stand among the others."""

    kept_as: int
    trace: Trace | None
    before: Trace | None = None


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
    touched: Touched = field(default_factory=Touched)
    touched_before: Touched = field(default_factory=Touched)
    rows: list[TicketRow] = field(default_factory=list)
    failed: list[tuple[int, str]] = field(default_factory=list)
    played: int = 0
    apart: list[Apart] = field(default_factory=list)
    """Left to be played when all complaints are known."""

    def merge(self, other: Result) -> None:
        """Add a batch's counts, and some of its differences; its rows are the caller's, to keep or to write out."""
        self.tally.merge(other.tally)
        self.before.merge(other.before)
        self.comparison.merge(other.comparison)
        self.touched.merge(other.touched)
        self.touched_before.merge(other.touched_before)
        self.failed += other.failed
        self.played += other.played
        self.apart += other.apart


def simulate(
    source: Source,
    work: Work,
    *,
    processes: int | None = None,
    on_batch: Callable[[Result], None] = lambda _batch: None,
    tell: Callable[[int], None] = lambda _played: None,
) -> Result:
    """Play every history of the source. ``processes``: one a core where None; few histories take none of their own.

    What a pack says of a complaint may hang on others: those are played last, when it is known which there are.
    ``on_batch`` is handed each batch with all its lines and differences, ``tell`` how many are done.
    Raises ``Stopped``.
    """
    whole = Result()
    finds = any(relating.repeats(pack) for pack in (work.pack, work.against) if pack is not None)
    ahead = AHEAD * (processes or os.cpu_count() or 1)

    def played(some: Source, how: Work) -> None:
        with _executor(how, processes, few=source.count <= FEW) as executor:
            for batch in _batches(executor, some, ahead=ahead):
                on_batch(batch)
                whole.merge(batch)
                tell(whole.played)

    try:
        played(source, replace(work, finds=finds))
        if whole.apart:
            rest, apart = frozenset(one.kept_as for one in whole.apart), whole.apart
            whole.apart = []
            played(source.only(rest), _knowing(work, apart))
    except BrokenExecutor as broken:
        raise Stopped(f"a process that played tickets ended ({broken}); try --processes 1, or more memory") from broken
    return whole


def _knowing(work: Work, apart: list[Apart]) -> Work:
    """The work with all complaints known, under each of its packs."""
    return replace(
        work,
        complaints=_complaints(work.pack, (one.trace for one in apart)),
        complaints_before=_complaints(work.against, (one.before for one in apart)) if work.against else None,
    )


def _complaints(pack: Pack, traces: Iterable[Trace | None]) -> Complaints | None:
    options = relating.repeats(pack)
    return Complaints((one for one in traces if one is not None), options) if options is not None else None


def _executor(work: Work, processes: int | None, *, few: bool) -> Executor:
    # "spawn": nothing of this process (threads, connections) is carried over half alive
    if few:
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
    play = _play(history, work.pack, work, work.complaints)
    outcome = play.run()
    earlier = _play(history, work.against, work, work.complaints_before) if work.against is not None else None
    before = earlier.run() if earlier is not None and not play.complains else None
    if play.complains or (earlier is not None and earlier.complains):
        result.apart.append(_apart(kept, history, work))
        return
    result.played += 1
    if outcome is None:
        return
    found = []
    if work.against is not None:
        assert before is not None  # whether there is anything to play does not hang on the pack
        result.before.add(before, work.window)
        result.touched_before.add(before)
        found = differences(before, outcome)
        result.comparison.add(found)
    result.tally.add(outcome, work.window)
    result.touched.add(outcome)
    result.rows.append(_row(outcome, differs=bool(found)))


def _play(history: History, pack: Pack, work: Work, complaints: Complaints | None) -> Play:
    return Play(history, pack, work.customer_mail, work.tasks_done, complaints, alone=work.finds)


def _apart(kept: Kept, history: History, work: Work) -> Apart:
    before = trace(history, work.against) if work.against is not None else None
    return Apart(kept.ticket_id, trace(history, work.pack), before)


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
