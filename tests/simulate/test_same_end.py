"""For any history, what is decided step by step is at the end what is decided once (issue: Figures)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.lives import Life
from plugin.engine import decide
from plugin.model.calendars import Calendar
from plugin.model.clocks import Clock
from plugin.model.decision import Decision
from plugin.model.facts import Fact, Timeline
from plugin.model.pack import Pack
from plugin.simulate.histories import History, as_lived, from_bytes, to_bytes
from plugin.simulate.playing import Step, play, steps
from tests.policies.story import shipped

EXAMPLES = 40
lives = st.builds(
    lambda seed, ticket_id: Life(ticket_id, random.Random(seed)).lived(), st.integers(0, 2**32), st.integers(1, 9)
)


def verdicts(decision: Decision) -> dict[str, object]:
    return {part.name: part.value for part in decision.fields}


def outcome(decision: Decision) -> tuple[object, ...]:
    """What is said and kept: verdicts with their reasons, clocks with their pauses, tags."""
    return decision.in_force, decision.because, decision.fields, decision.tags, decision.clocks, decision.findings


@settings(max_examples=EXAMPLES, deadline=None)
@given(lives, st.randoms(use_true_random=False))
def test_decided_at_each_step_is_decided_once_at_the_end(history: History, chance: random.Random) -> None:
    stepped = [*steps(history, shipped())]
    last = stepped[-1].decision
    facts = [*as_lived(history)]
    chance.shuffle(facts)  # however they came, and whatever was decided before
    once = decide(Timeline(history.ticket_id, facts), pack=shipped(), now=last.now)
    assert outcome(once) == outcome(last)


@settings(max_examples=EXAMPLES, deadline=None)
@given(lives)
def test_nothing_changes_between_the_steps(history: History) -> None:
    """Between two moments at which it was decided, another decision would have said the same."""
    pack = shipped()
    stepped = [*steps(history, pack)]
    for one, following in pairwise(stepped):
        between = one.decision.now + (following.decision.now - one.decision.now) / 2
        again = decide(one.timeline, pack=pack, now=between)
        assert shown(again) == shown(one.decision), between


def shown(decision: Decision) -> tuple[object, ...]:
    """What is put on the ticket, and which clocks are broken; a paused clock's limit moves with the time."""
    broken = {(clock.name, clock.epoch) for clock in decision.clocks if clock.was_broken}
    tags = {tag.tag for tag in decision.tags}
    notes = {(note.rule, note.epoch) for note in decision.notes}
    fields = {name: value for name, value in verdicts(decision).items() if name != "steward_next_due_at"}
    return fields, tags, notes, broken


@settings(max_examples=EXAMPLES, deadline=None)
@given(lives)
def test_no_clock_ends_before_it_starts(history: History) -> None:
    for step in steps(history, shipped()):
        for clock in step.decision.clocks:
            assert clock.ended_at is None or clock.ended_at >= clock.starts_at, clock
            assert clock.starts_at <= clock.warn_at <= clock.limit_at, clock


@settings(max_examples=EXAMPLES, deadline=None)
@given(lives, st.integers(-40, 40))
def test_whole_weeks_later_every_deadline_is_whole_weeks_later(history: History, weeks: int) -> None:
    pack, by = without_holidays(), timedelta(weeks=weeks)
    here, there = (last(steps(one, pack)) for one in (history, moved(history, by)))
    assert [shifted(clock, by) for clock in here.decision.clocks] == [
        shifted(clock, timedelta()) for clock in there.decision.clocks
    ]


def last(stepped: Iterable[Step]) -> Step:
    *_, end = stepped
    return end


def shifted(clock: Clock, by: timedelta) -> tuple[object, ...]:
    moments = (clock.starts_at, clock.target_at, clock.warn_at, clock.limit_at, clock.ended_at, clock.breached_at)
    return clock.name, clock.state, *(None if at is None else at + by for at in moments)


def without_holidays() -> Pack:
    """The shipped pack in UTC, where every week is like any other."""
    week = (*[((time(9), time(17)),)] * 5, (), ())
    pack = shipped()
    always = Calendar(name="always", zone="UTC")
    return replace(
        pack, zone="UTC", calendars={"always": always, "office": Calendar(name="office", zone="UTC", hours=week)}
    )


def moved(history: History, by: timedelta) -> History:
    def later(fact: Fact) -> Fact:
        data = dict(fact.data)
        if "created_at" in data:
            data["created_at"] = (datetime.fromisoformat(data["created_at"]) + by).isoformat()
        return replace(fact, at=fact.at + by, seen_at=fact.seen_at + by, data=data)

    return replace(history, read_at=history.read_at + by, facts=tuple(map(later, history.facts)))


@settings(max_examples=EXAMPLES, deadline=None)
@given(lives)
def test_a_history_that_was_kept_plays_like_itself(history: History) -> None:
    kept = from_bytes(to_bytes(history))
    assert kept == history
    assert play(kept, shipped()) == play(history, shipped())
