"""What a simulation came to, in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table

from plugin.simulate import tally as tallies
from plugin.simulate.changes import Change
from plugin.simulate.comparing import Difference
from plugin.simulate.examples import Examples
from plugin.simulate.judging import Score
from plugin.simulate.outcome import ClockEnd, Doing
from plugin.simulate.report import DOING_NAMES, END_NAMES, About, limits_of
from plugin.simulate.running import Result
from plugin.simulate.tally import Ends

WIDTH = 120
MOST_LINES = 40


def summary(result: Result, about: About) -> str:
    """Clocks and how loud it would be, in two tables."""
    console = _console()
    console.print(f"{about.pack.title}: {result.tally.tickets} tickets from {about.source}")
    console.print(_clocks(result))
    console.print()
    console.print(_noise(result, compared=about.against is not None))
    _tell_limits(console, result, about)
    if about.against is not None:
        console.print(f"\n{_otherwise(result)}.")
    if result.failed:
        console.print(f"{len(result.failed)} tickets could not be decided: {_numbers(result.failed)}")
    return console.export_text().rstrip()


def difference(result: Result, about: About, most: int) -> str:
    """What another pack changes: its places, what comes out otherwise, some tickets with their reasons, the noise."""
    assert about.against is not None
    console = _console()
    console.print(f"{about.against.name} → {about.pack.name}, over {result.tally.tickets} tickets from {about.source}")
    console.print(f"\nThe packs differ in {len(about.changes)} places" + (":" if about.changes else "."))
    if about.changes:
        console.print(_table(("place", "before", "after"), _places(about.changes)))
    counts = result.comparison.counts
    console.print(f"\n{_otherwise(result)}" + (":" if counts else "."))
    if counts:
        rows = [(*key, str(count)) for key, count in counts.most_common(MOST_LINES)]
        console.print(_table(("what", "before", "after", "tickets"), rows, numbers=(3,)))
    for ticket in _tickets(result.comparison.found, most):
        console.print(ticket)
    _tell_examples(console, about.examples, most)
    console.print("\nHow loud it would be:")
    console.print(_noise(result, compared=True))
    _tell_limits(console, result, about)
    return console.export_text().rstrip()


def scorecard(result: Result, *, weeks: bool) -> str:
    """Hit, miss and extra, by rule and what it is about."""
    console = _console()
    rows = [
        (rule, subject, f"{week:%Y-%m-%d}" if week else "all", *(str(counts.get(one, 0)) for one in Score))
        for rule, subject, week, counts in tallies.score_rows(result.tally)
        if weeks or week is None
    ]
    if not rows:
        console.print(
            f"{result.tally.tickets} tickets: no rule took a stand, and no agent said anything to judge it by"
        )
        return console.export_text().rstrip()
    console.print(_table(("rule", "about", "week of", *(one.value for one in Score)), rows, numbers=(3, 4, 5, 6)))
    taken = [(*key, str(count)) for key, count in result.tally.taken_for.most_common(MOST_LINES) if key[1] != key[2]]
    if taken:
        console.print("\nWhat was taken for what:")
        shown = [(subject, was or "–", said or "–", count) for subject, was, said, count in taken]
        console.print(_table(("about", "the rule said", "the agent said", "tickets"), shown, numbers=(3,)))
    console.print(f"\n{result.tally.tickets} tickets")
    return console.export_text().rstrip()


def _console() -> Console:
    # what is printed is recorded only: the caller prints it
    return Console(width=WIDTH, record=True, file=StringIO(), highlight=False, markup=False)


def _tell_examples(console: Console, examples: Examples, most: int) -> None:
    """Nothing where none was played."""
    if not examples.played:
        return
    otherwise = examples.otherwise
    found = f"{len(otherwise)} of the packs' own {examples.played} examples come out otherwise"
    console.print(f"\n{found}{':' if otherwise[:most] else '.'}")
    for one in otherwise[:most]:
        console.print(f"\n“{one.name}” ({one.place})")
        for line in _reasons(one.differences):
            console.print(line)
    if len(otherwise) > most:
        console.print(f"\nand {len(otherwise) - most} more: --most shows them")


def _tell_limits(console: Console, result: Result, about: About) -> None:
    """Nothing where no rule has a limit."""
    now, before = limits_of(result, about)
    if not now and not before:
        return
    console.print("\nLimits, in tickets a rule wrote to within 24 hours (all that is counted is of an unbraked run):")
    for which, some in (("before", before), ("now", now)):
        for one in some:
            named = f"{which}: {one.rule}" if about.against is not None else one.rule
            console.print(f"  {named}, limit {one.limit}, most {one.most}: {one.in_words}")


def _otherwise(result: Result) -> str:
    compared = result.comparison
    moved = f"; {compared.moved} more have other limits, and nothing came of it" if compared.moved else ""
    return f"{compared.tickets} of {result.tally.tickets} tickets come out otherwise{moved}"


def _clocks(result: Result) -> Table:
    rows = [
        (str(name), _percent(ends), *(str(ends.of(end)) for end in ClockEnd))
        for name, ends in tallies.ends_by(result.tally, place=0).items()
    ]
    return _table(("clock", "kept", *END_NAMES.values()), rows, numbers=range(1, 2 + len(END_NAMES)))


def _noise(result: Result, *, compared: bool) -> Table:
    days = len(tallies.days_of(result.tally)) or 1
    rows = []
    for doing, name in DOING_NAMES.items():
        total = tallies.total(result.tally, doing)
        before = (_against(result, doing, total),) if compared else ()
        rows.append((name, str(total), *before, f"{total / days:.1f}"))
    head = ("", "in all", *(("more or fewer",) if compared else ()), "a day")
    return _table(head, rows, numbers=range(1, len(head)))


def _against(result: Result, doing: Doing, total: int) -> str:
    return f"{total - tallies.total(result.before, doing):+d}"


def _places(changes: Sequence[Change]) -> Iterator[tuple[str, str, str]]:
    for one in changes[:MOST_LINES]:
        yield one.place, one.before or "–", one.after or "–"
    if len(changes) > MOST_LINES:
        yield f"and {len(changes) - MOST_LINES} more", "", ""


def _tickets(found: Iterable[Difference], most: int) -> Iterator[str]:
    by_ticket: dict[int, list[Difference]] = {}
    for one in found:
        by_ticket.setdefault(one.ticket_id, []).append(one)
    for of in list(by_ticket.values())[:most]:
        yield f"\n#{of[0].number} ({of[0].group})"
        yield from _reasons(of)


def _reasons(of: Iterable[Difference]) -> Iterator[str]:
    for one in of:
        yield f"  {one.what}: {one.before} → {one.after}"
        if one.why_before:
            yield f"    before: {one.why_before}"
        if one.why_after and one.why_after != one.why_before:
            yield f"    now:    {one.why_after}"


def _percent(ends: Ends) -> str:
    return "–" if ends.kept is None else f"{100 * ends.kept:.1f} %"


def _numbers(failed: Sequence[tuple[int, str]]) -> str:
    return ", ".join(f"{ticket_id} ({why})" for ticket_id, why in failed[:5])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> Table:
    table, right = Table(box=None, pad_edge=False), frozenset(numbers)
    for place, name in enumerate(head):
        table.add_column(name, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
