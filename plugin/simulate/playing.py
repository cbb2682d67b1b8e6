"""One history through one pack under a virtual clock: decided whenever something changed or a look was due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from plugin.engine import decide
from plugin.model.clocks import Clock, ClockState
from plugin.model.decision import Decision
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.pack import Pack
from plugin.simulate.answering import Answers
from plugin.simulate.complaints import Beside, Complaints
from plugin.simulate.growing import Growth, scenes
from plugin.simulate.histories import History, as_lived
from plugin.simulate.judging import Judge
from plugin.simulate.outcome import Carried, ClockEnd, ClockResult, Done, Outcome
from plugin.simulate.tracing import is_complaint
from plugin.simulate.writing import Desk, whose

OPEN_STAGES = frozenset({"accept", "assess", "handle", "feed_back"})
SHOWN = ("kind", "tier", "nature", "stage", "first_responder", "breached")
"""Verdicts that are compared between packs and counted, by field without ``steward_``."""


@dataclass(frozen=True, slots=True)
class Step:
    """What held from ``decision.now`` on, and what was known then."""

    decision: Decision
    timeline: Timeline


@dataclass(slots=True)
class Play:
    """A history being played; ``run`` it once.

    ``complaints``: all there would have been, None where they are not known. ``alone``: stop as soon as it is one.
    """

    history: History
    pack: Pack
    customer_mail: bool = False
    tasks_done: bool = False
    complaints: Complaints | None = None
    alone: bool = False
    complains: bool = False
    """It was stopped for that."""
    desk: Desk = field(init=False)
    judge: Judge = field(init=False)
    beside: Beside | None = field(init=False)
    done: list[Done] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)
    decisions: int = 0
    facts: int = 0

    def __post_init__(self) -> None:
        answers = Answers(self.pack.office_calendar, self.tasks_done)
        self.desk = Desk(self.pack, self.history.ticket_id, self.customer_mail, answers)
        self.judge = Judge(self.pack)
        self.beside = Beside(self.complaints, self.history.ticket_id) if self.complaints is not None else None

    def run(self) -> Outcome | None:
        """What the pack makes of it; None where there is nothing to be made: a task ticket, or an empty history."""
        last: Step | None = None
        for step in self.steps():
            if self.alone and is_complaint(step.decision):
                self.complains = True
                return None
            if last is not None:
                self._carry(last.decision, until=step.decision.now)
            last = step
        if last is None:
            return None
        self._carry(last.decision, until=self.history.read_at)
        return self._outcome(last)

    def _lived(self) -> tuple[Fact, ...]:
        """Where other complaints are asked for, what was really seen of them is left out."""
        return as_lived(self.history, seen_beside=self.complaints is None and not self.alone)

    def steps(self) -> Iterator[Step]:
        """Every moment at which the worker would have decided, in turn; played as it is read."""
        facts = self._lived()
        self.facts = len(facts)
        growth = Growth(self.history.ticket_id, facts)
        for scene in scenes(self.history, facts, growth):
            self.judge.hears(scene.did)
            # without a beginning: an older ticket's articles, which a merge brought
            if scene.timeline.of(FactKind.CREATED):
                yield from self._until(scene.until, scene.timeline, growth, begins=scene.begins)

    def _until(self, until: datetime, timeline: Timeline, growth: Growth, *, begins: datetime) -> Iterator[Step]:
        """Every moment from ``begins`` on that comes due by itself before anybody does anything."""
        now: datetime | None = begins
        while now is not None:
            if more := (*self.desk.answers.due(now), *self._seen_beside(timeline, now)):
                timeline = growth.follow(more)
            decision = decide(timeline, pack=self.pack, now=now, customer_mail=self.customer_mail)
            self.decisions += 1
            self.judge.sees(decision)
            self.done += self.desk.settle(decision, timeline)
            yield Step(decision, timeline)
            now = self._next(decision, before=until)

    def _seen_beside(self, timeline: Timeline, now: datetime) -> tuple[Fact, ...]:
        return self.beside.seen(timeline, now) if self.beside is not None else ()

    def _next(self, decision: Decision, *, before: datetime) -> datetime | None:
        look = decision.next_look
        moments = (look.at if look is not None else None, self.desk.wakes_at, self.desk.answers.next_at)
        return min((at for at in moments if at is not None and decision.now < at < before), default=None)

    def _carry(self, decision: Decision, *, until: datetime) -> None:
        """Whoever is accountable carries the matter while it is open; nobody's is a load too."""
        verdicts = _verdicts(decision)
        if decision.in_force and verdicts.get("stage") in OPEN_STAGES and until > decision.now:
            person = verdicts.get("first_responder") or "nobody"
            before = self.carried[-1] if self.carried else None
            if before is not None and before.person == person and before.until == decision.now:
                self.carried[-1] = Carried(person, before.since, until)
            else:
                self.carried.append(Carried(person, decision.now, until))

    def _outcome(self, last: Step) -> Outcome:
        decision, group = last.decision, whose(last.timeline)[1]
        return Outcome(
            ticket_id=self.history.ticket_id,
            number=self.history.number,
            group=group,
            begun_at=last.timeline.of(FactKind.CREATED)[0].at,
            in_force=decision.in_force,
            verdicts=_verdicts(decision),
            reasons={_short(f.name): str(f.because) for f in decision.fields} | {"in_force": str(decision.because)},
            clocks=tuple(_result(clock, decision.now) for clock in decision.clocks),
            done=tuple(self.done),
            carried=tuple(self.carried),
            judged=tuple(self.judge.judged),
            unjudged=self.judge.unjudged,
            decisions=self.decisions,
            facts=self.facts,
            touched=tuple(self.desk.writes.done),
        )


def play(
    history: History,
    pack: Pack,
    *,
    customer_mail: bool = False,
    tasks_done: bool = False,
    complaints: Complaints | None = None,
) -> Outcome | None:
    """See ``Play.run``. ``tasks_done``: as if whoever is asked did each task of Steward's in time."""
    return Play(history, pack, customer_mail, tasks_done, complaints).run()


def steps(
    history: History, pack: Pack, *, customer_mail: bool = False, complaints: Complaints | None = None
) -> Iterator[Step]:
    """Every moment of the history at which the worker would have decided, in turn."""
    return Play(history, pack, customer_mail, complaints=complaints).steps()


def _short(name: str) -> str:
    return name.removeprefix("steward_")


def _verdicts(decision: Decision) -> dict[str, str]:
    named = ((_short(f.name), f.value) for f in decision.fields)
    found = {name: str(value).replace(",", ", ") for name, value in named if name in SHOWN and value not in (None, "")}
    kind = decision.finding("kind")
    return found if "kind" in found or kind is None else {**found, "kind": str(kind.value)}


def _result(clock: Clock, now: datetime) -> ClockResult:
    had = f"{clock.allowed or 'its time'} from {clock.starts_at:%Y-%m-%d %H:%M} to {clock.limit_at:%Y-%m-%d %H:%M} UTC"
    because = f"{had}: {clock.because}"
    return ClockResult(
        clock.name, clock.epoch, clock.clause, clock.starts_at, clock.limit_at, _end(clock, now), because
    )


def _end(clock: Clock, now: datetime) -> ClockEnd:
    if clock.state is ClockState.CANCELLED:
        return ClockEnd.CANCELLED
    if clock.was_broken:
        return ClockEnd.BREACHED
    if clock.state is ClockState.CLOSED_UNANSWERED:
        return ClockEnd.UNANSWERED
    if clock.is_open:
        return ClockEnd.OPEN
    return ClockEnd.WARNED if (clock.ended_at or now) >= clock.warn_at else ClockEnd.MET
