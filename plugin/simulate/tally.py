"""Counts over outcomes: clocks per group and week, what would be written per person and day, load, scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from plugin.simulate.judging import Score, scores
from plugin.simulate.outcome import Carried, ClockEnd, Doing, Done, Outcome

MOST_DAYS = 4000
"""Days, or weeks of one load, that are counted at most: facts of year 1 or 9999 are an import's."""
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Window:
    """What is counted: from ``since`` on (None: everything), by the days and weeks of ``zone``."""

    zone: str
    since: datetime | None = None

    def has(self, moment: datetime) -> bool:
        return self.since is None or moment >= self.since

    def day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def week(self, moment: datetime) -> date:
        """The Monday of its week."""
        day = self.day(moment)
        return day - timedelta(days=day.weekday())

    def monday(self, week: date) -> datetime:
        return datetime.combine(week, time(), tzinfo=ZoneInfo(self.zone))


@dataclass(slots=True)
class Tally:
    """Counters that add up; each key is named beside it. Hours are those of the wall."""

    tickets: int = 0
    facts: int = 0
    decisions: int = 0
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    """kind, tier"""
    clocks: Counter[tuple[str, str, date, ClockEnd]] = field(default_factory=Counter)
    """clock, group, week it began in, how it came out"""
    doings: Counter[tuple[Doing, str, date]] = field(default_factory=Counter)
    """doing, person, day; only of rules that enforce"""
    rules: Counter[tuple[str, str, Doing, bool]] = field(default_factory=Counter)
    """rule, what, doing, whether it only observes"""
    load: Counter[tuple[str, date]] = field(default_factory=Counter)
    """person, week: minutes of open matters he was accountable for"""
    scores: Counter[tuple[str, str, date, Score]] = field(default_factory=Counter)
    """rule, subject, week, score"""
    taken_for: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """subject, what the rule said, what the agent said"""

    def add(self, outcome: Outcome, window: Window) -> None:
        """Count one ticket, as far as it falls into the window."""
        self.tickets += 1
        self.facts += outcome.facts
        self.decisions += outcome.decisions
        self.kinds[outcome.verdicts.get("kind", "none"), outcome.verdicts.get("tier", "")] += 1
        for clock in outcome.clocks:
            if window.has(clock.starts_at):
                self.clocks[clock.name, outcome.group, window.week(clock.starts_at), clock.end] += 1
        for done in outcome.done:
            if window.has(done.at):
                self._count(done, window)
        for carried in outcome.carried:
            self._carry(carried, window)
        self._score(outcome, window)

    def merge(self, other: Tally) -> None:
        """Add another tally's counts."""
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, one.name, mine + theirs)

    def _count(self, done: Done, window: Window) -> None:
        self.rules[done.rule, done.what, done.doing, done.only_observed] += 1
        if not done.only_observed:
            self.doings[done.doing, done.person, window.day(done.at)] += 1

    def _carry(self, carried: Carried, window: Window) -> None:
        since = carried.since if window.since is None else max(carried.since, window.since)
        for week, minutes in _by_week(since, carried.until, window):
            self.load[carried.person, week] += minutes

    def _score(self, outcome: Outcome, window: Window) -> None:
        for judged in outcome.judged:
            if window.has(judged.at):
                self.taken_for[judged.subject, judged.claimed, judged.said] += 1
                for score in scores(judged):
                    self.scores[judged.rule, judged.subject, window.week(judged.at), score] += 1
        for rule, subject, at in outcome.unjudged:
            if window.has(at):
                self.scores[rule, subject, window.week(at), Score.UNJUDGED] += 1


def _by_week(since: datetime, until: datetime, window: Window) -> Iterator[tuple[date, int]]:
    """Minutes of a stretch, by the week they fall into."""
    for _ in range(MOST_DAYS):
        if since >= until:
            return
        week = window.week(since)
        end = min(until, window.monday(week + WEEK))
        yield week, int((end - since).total_seconds() // 60)
        since = end


# -- sums ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ends:
    """How some clocks came out."""

    counts: Mapping[ClockEnd, int]

    def of(self, end: ClockEnd) -> int:
        return self.counts.get(end, 0)

    @property
    def ended(self) -> int:
        """Those of which it is known whether the promise was kept."""
        return sum(self.of(end) for end in (ClockEnd.MET, ClockEnd.WARNED, ClockEnd.BREACHED, ClockEnd.UNANSWERED))

    @property
    def all(self) -> int:
        return sum(self.counts.values())

    @property
    def kept(self) -> float | None:
        """The share of promises kept, 0 to 1; None where none has ended."""
        kept = self.of(ClockEnd.MET) + self.of(ClockEnd.WARNED)
        return kept / self.ended if self.ended else None


def ends_by(tally: Tally, *, place: int) -> dict[object, Ends]:
    """The clocks' ends by a part of their key: 0 the clock, 1 the group, 2 the week; in the order of their names."""
    found: dict[object, Counter[ClockEnd]] = {}
    for key, count in tally.clocks.items():
        found.setdefault(key[place], Counter())[key[3]] += count
    return {name: Ends(found[name]) for name in sorted(found, key=str)}


def all_ends(tally: Tally) -> Ends:
    """All clocks together."""
    counts: Counter[ClockEnd] = Counter()
    for key, count in tally.clocks.items():
        counts[key[3]] += count
    return Ends(counts)


def days_of(tally: Tally) -> tuple[date, ...]:
    """Every day from the first to the last on which something was done, those without anything included."""
    days = {day for _, _, day in tally.doings}
    if not days:
        return ()
    first, last = min(days), max(days)
    return tuple(first + timedelta(days=number) for number in range(min((last - first).days + 1, MOST_DAYS)))


def by_day(tally: Tally, doing: Doing) -> Counter[date]:
    """How often something was done, by day."""
    found: Counter[date] = Counter()
    for (what, _, day), count in tally.doings.items():
        if what is doing:
            found[day] += count
    return found


def by_person(tally: Tally, doing: Doing) -> dict[str, Counter[date]]:
    """How often something was done to each person, by day; those with most first."""
    found: dict[str, Counter[date]] = {}
    for (what, person, day), count in tally.doings.items():
        if what is doing:
            found.setdefault(person, Counter())[day] += count
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].total(), pair[0])))


def total(tally: Tally, doing: Doing) -> int:
    return sum(count for (what, _, _), count in tally.doings.items() if what is doing)


def load_by_person(tally: Tally) -> dict[str, dict[date, float]]:
    """Open matters each person was accountable for on average, by week; the most loaded first."""
    found: dict[str, dict[date, float]] = {}
    for (person, week), minutes in tally.load.items():
        found.setdefault(person, {})[week] = minutes / (WEEK.total_seconds() / 60)
    return dict(sorted(found.items(), key=lambda pair: (-sum(pair[1].values()), pair[0])))


def score_rows(tally: Tally) -> list[tuple[str, str, date | None, dict[Score, int]]]:
    """(rule, subject, week, counts by score): for each rule and subject all weeks together first, then each."""
    found: dict[tuple[str, str, date | None], Counter[Score]] = {}
    for (rule, subject, week, score), count in tally.scores.items():
        for key in ((rule, subject, None), (rule, subject, week)):
            found.setdefault(key, Counter())[score] += count
    ordered = sorted(found, key=lambda key: (key[0], key[1], str(key[2] or "")))
    return [(rule, subject, week, dict(found[rule, subject, week])) for rule, subject, week in ordered]
