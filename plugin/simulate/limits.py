"""How many tickets a rule with a limit would have written to within 24 hours, and when that would have stopped it."""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from plugin.model.decision import Decision, Mode
from plugin.model.facts import FactKind, Timeline
from plugin.model.pack import Pack, Rule
from plugin.plan import Call
from plugin.plan.fields import as_text
from plugin.simulate.outcome import Outcome
from plugin.simulate.tally import Window

DAY = int(timedelta(hours=24).total_seconds())
PLACES = 32
"""Bits of a ticket's id beside its second: a million writes are eight megabytes."""
LAST = 2**32 - 1
"""The last second there is room for, in 2106; facts before 1970 and after it are an import's."""


def limited(pack: Pack) -> tuple[Rule, ...]:
    """The rules that would be stopped: what only observes writes nothing."""
    return tuple(rule for rule in pack.rules if rule.limit is not None and rule.mode is Mode.ENFORCE)


def names_of(rules: Iterable[Rule]) -> frozenset[str]:
    """What their effects are called by."""
    return frozenset(name for rule in rules for name in rule.effects_named)


@dataclass(slots=True)
class Writes:
    """What rules of these ``names`` would write to one ticket, fields and tags included; ``done``: which and when."""

    names: frozenset[str]
    done: list[tuple[str, datetime]] = field(default_factory=list)
    _fields: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    _tags: dict[str, str] = field(default_factory=dict)
    """Those that would stand on the ticket by now, with the rule that put them there."""
    _words: dict[str, int] = field(default_factory=dict)

    def quietly(self, decision: Decision, timeline: Timeline) -> None:
        """What differs from what was put on the ticket before."""
        if not self.names or not decision.in_force:
            return
        rules = {*self._by_fields(decision, timeline), *self._by_tags(decision), *self._by_words(decision, timeline)}
        self._write(rules, decision.now)

    def loudly(self, call: Call, now: datetime) -> None:
        """Notes, tasks, mails."""
        if self.names:
            self._write({effect.rule for effect in call.effects}, now)

    def _write(self, rules: Iterable[str], now: datetime) -> None:
        for name in sorted({rule.partition(".")[0] for rule in rules} & self.names):
            if (name, now) not in self.done[-len(self.names) :]:
                self.done.append((name, now))

    def _by_fields(self, decision: Decision, timeline: Timeline) -> Iterator[str]:
        for part in decision.fields:
            should = as_text(part.name, part.value)
            if part.mode is Mode.ENFORCE and should != self._does(part.name, timeline):
                self._fields[part.name] = (decision.now, should)
                yield part.rule

    def _does(self, name: str, timeline: Timeline) -> str:
        """The field's value: ours, or what somebody made of it since."""
        at, ours = self._fields.get(name, (None, ""))
        changes = timeline.changes_of(name)
        if changes and (at is None or changes[-1].at > at):
            return as_text(name, changes[-1]["to"])
        return ours

    def _by_tags(self, decision: Decision) -> Iterator[str]:
        wanted = {tag.tag: tag.rule for tag in decision.tags if tag.mode is Mode.ENFORCE}
        for tag in wanted.keys() ^ self._tags.keys():
            yield wanted[tag] if tag in wanted else self._tags[tag]
        self._tags = wanted

    def _by_words(self, decision: Decision, timeline: Timeline) -> Iterator[str]:
        """Each word is taken off the ticket, as often as it is said."""
        if not decision.words:
            return
        said = Counter(fact["tag"] for fact in timeline.of(FactKind.TAG_ADDED))
        for word in decision.words:
            if word.mode is Mode.ENFORCE and self._words.get(word.tag) != said[word.tag]:
                self._words[word.tag] = said[word.tag]
                yield word.rule


@dataclass(slots=True)
class Touched:
    """When rules with a limit wrote to which tickets, by what their effects are called."""

    by_name: dict[str, array[int]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        for name, at in outcome.touched:
            second = min(max(int(at.timestamp()), 0), LAST)
            self._of(name).append((second << PLACES) + outcome.ticket_id % 2**PLACES)

    def merge(self, other: Touched) -> None:
        for name, touches in other.by_name.items():
            self._of(name).extend(touches)

    def _of(self, name: str) -> array[int]:
        return self.by_name.setdefault(name, array("Q"))


@dataclass(frozen=True, slots=True)
class Reached:
    """A rule beside its limit. ``most``: tickets within 24 hours at the worst.

    ``first_at``: when it would have been stopped, None for never; ``days`` on how many days it was over its limit.
    """

    rule: str
    limit: int
    most: int
    first_at: datetime | None
    days: int

    @property
    def over(self) -> int:
        """By so many tickets, at the worst."""
        return max(0, self.most - self.limit)

    @property
    def in_words(self) -> str:
        """What its limit would have come to."""
        if self.first_at is None:
            return "never stopped"
        times = "day" if self.days == 1 else "days"
        return (
            f"stopped first on {self.first_at:%Y-%m-%d %H:%M} UTC, over it by {self.over} on {self.days} {times} in all"
        )


def reached(touched: Touched, pack: Pack, window: Window) -> tuple[Reached, ...]:
    """How every rule with a limit fares, if nobody ever stops it."""
    return tuple(_reached(rule, touched, window) for rule in limited(pack))


def _reached(rule: Rule, touched: Touched, window: Window) -> Reached:
    assert rule.limit is not None
    found = (touched.by_name.get(name, ()) for name in rule.effects_named)
    most, first_at, days = 0, None, set()
    for second, tickets in _within_a_day(sorted(touch for some in found for touch in some)):
        at = datetime.fromtimestamp(second, UTC)
        if not window.has(at):
            continue
        most = max(most, tickets)
        if tickets > rule.limit:
            first_at = first_at or at
            days.add(window.day(at))
    return Reached(rule.name, rule.limit, most, first_at, len(days))


def _within_a_day(touches: Iterable[int]) -> Iterator[tuple[int, int]]:
    """At each write: its second, and how many tickets were written to in the 24 hours before, itself included."""
    last: deque[int] = deque()
    tickets: Counter[int] = Counter()
    for touch in touches:
        second, ticket = touch >> PLACES, touch % 2**PLACES
        last.append(touch)
        tickets[ticket] += 1
        while last[0] >> PLACES <= second - DAY:
            gone = last.popleft() % 2**PLACES
            tickets[gone] -= 1
            if not tickets[gone]:
                del tickets[gone]
        yield second, len(tickets)
