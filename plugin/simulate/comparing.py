"""Two packs over one ticket: what comes out differently, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from plugin.simulate.outcome import ClockResult, Done, Outcome

NOTHING = "–"
LIMIT = " limit"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. ``what`` names it for counting, the rest says it of this ticket."""

    ticket_id: int
    number: str
    group: str
    what: str
    before: str
    after: str
    why_before: str
    why_after: str

    @property
    def is_of_a_limit(self) -> bool:
        """A clock ended at another moment, or would have: whether anything came of it is said beside it."""
        return self.what.endswith(LIMIT)


@dataclass(slots=True)
class Comparison:
    """Differences over many tickets: all that are added are kept with their reasons, of those merged ``keep``.

    ``tickets`` come out otherwise; of ``moved`` only a clock's limit is another, and nothing came of it.
    """

    keep: int = 2000
    tickets: int = 0
    moved: int = 0
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """what, before, after: tickets"""
    found: list[Difference] = field(default_factory=list)

    def add(self, differences: list[Difference]) -> None:
        only_moved = bool(differences) and all(one.is_of_a_limit for one in differences)
        self.tickets += bool(differences) and not only_moved
        self.moved += only_moved
        for one in differences:
            self.counts[one.what, *_shape(one)] += 1
        if not only_moved:
            self.found += differences

    def merge(self, other: Comparison) -> None:
        self.tickets += other.tickets
        self.moved += other.moved
        self.counts.update(other.counts)
        self.found += other.found[: max(0, self.keep - len(self.found))]


def differences(before: Outcome, after: Outcome) -> list[Difference]:
    """Everything the two make otherwise of the same ticket."""
    found = [*_verdicts(before, after), *_clocks(before, after), *_doings(before, after)]
    return [Difference(after.ticket_id, after.number, after.group, *parts) for parts in found]


Parts = tuple[str, str, str, str, str]


def _shape(one: Difference) -> tuple[str, str]:
    """Moments differ from ticket to ticket: what is counted together is that they do."""
    return ("", "") if one.is_of_a_limit else (one.before, one.after)


def _verdicts(before: Outcome, after: Outcome) -> Iterator[Parts]:
    if before.in_force != after.in_force:
        yield (
            "in force",
            str(before.in_force),
            str(after.in_force),
            before.reasons["in_force"],
            after.reasons["in_force"],
        )
    for name in sorted(before.verdicts.keys() | after.verdicts.keys()):
        was, becomes = before.verdicts.get(name, NOTHING), after.verdicts.get(name, NOTHING)
        if was != becomes:
            yield name, was, becomes, before.reasons.get(name, ""), after.reasons.get(name, "")


def _clocks(before: Outcome, after: Outcome) -> Iterator[Parts]:
    old, new = ({(clock.name, clock.epoch): clock for clock in one.clocks} for one in (before, after))
    for key in sorted(old.keys() | new.keys()):
        was, becomes = old.get(key), new.get(key)
        if was is None or becomes is None:
            yield f"clock {key[0]}", _end(was), _end(becomes), _why(was), _why(becomes)
            continue
        if was.end != becomes.end:
            yield f"clock {key[0]}", _end(was), _end(becomes), _why(was), _why(becomes)
        elif was.limit_at != becomes.limit_at:
            yield f"clock {key[0]}{LIMIT}", _limit(was), _limit(becomes), _why(was), _why(becomes)


def _doings(before: Outcome, after: Outcome) -> Iterator[Parts]:
    old, new = (_by_sort(one) for one in (before, after))
    for sort in sorted(old.keys() | new.keys()):
        was, becomes = old.get(sort, []), new.get(sort, [])
        if len(was) != len(becomes):
            doing, rule, what = sort
            named = f"{doing} {rule}" if what in rule.replace("_", "-") or what in rule else f"{doing} {rule} {what}"
            yield named, str(len(was)), str(len(becomes)), _reason(was), _reason(becomes)


def _by_sort(outcome: Outcome) -> dict[tuple[str, str, str], list[Done]]:
    found: dict[tuple[str, str, str], list[Done]] = {}
    for done in outcome.done:
        if not done.only_observed:
            found.setdefault(done.sort, []).append(done)
    return found


def _end(clock: ClockResult | None) -> str:
    return NOTHING if clock is None else clock.end.value


def _limit(clock: ClockResult) -> str:
    return f"{clock.limit_at:%Y-%m-%d %H:%M}"


def _why(clock: ClockResult | None) -> str:
    return "" if clock is None else f"{clock.clause}: {clock.because}"


def _reason(done: list[Done]) -> str:
    return "" if not done else f"{done[0].clause}: {done[0].because}"
