"""What a simulation came to, laid out for a page: tiles, tables and plots, in the order a reader asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, partial
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template

from plugin.model.pack import Pack
from plugin.simulate import tally as tallies
from plugin.simulate.changes import Change
from plugin.simulate.comparing import Difference
from plugin.simulate.examples import Examples
from plugin.simulate.judging import Score
from plugin.simulate.limits import Reached, reached
from plugin.simulate.outcome import ClockEnd, Doing
from plugin.simulate.plots import Columns, Layer, Part, bar, columns
from plugin.simulate.running import Result
from plugin.simulate.tally import Ends, Tally, Window

MOST_TICKETS = 200
"""Tickets shown with their reasons; the file of differences has them all."""
MOST_KINDS = 60
MOST_PEOPLE = 40
MOST_WEEKS = 14
END_NAMES: Mapping[ClockEnd, str] = {
    ClockEnd.MET: "met",
    ClockEnd.WARNED: "met after the warning",
    ClockEnd.BREACHED: "breached",
    ClockEnd.UNANSWERED: "closed unanswered",
    ClockEnd.OPEN: "still open",
    ClockEnd.CANCELLED: "cancelled",
}
DOING_NAMES: Mapping[Doing, str] = {
    Doing.NOTE: "notes",
    Doing.TASK: "tasks",
    Doing.MESSAGE: "mails to customers",
    Doing.NOTICE: "agents' notices",
}


@dataclass(frozen=True, slots=True)
class About:
    """What was simulated: whence, since when (None: all), and by which packs."""

    pack: Pack
    against: Pack | None
    source: str
    since: datetime | None
    made_at: datetime
    changes: tuple[Change, ...] = ()
    customer_mail: bool = False
    tasks_done: bool = False
    examples: Examples = field(default_factory=Examples)


def limits_of(result: Result, about: About) -> tuple[tuple[Reached, ...], tuple[Reached, ...]]:
    """How rules fare beside their limits: the pack's, and those of the one it is compared with."""
    window = Window(about.pack.zone, about.since)
    before = reached(result.touched_before, about.against, window) if about.against is not None else ()
    return reached(result.touched, about.pack, window), before


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with its name; ``before`` is that of the other pack."""

    name: str
    value: str
    before: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: its cells, and a bar drawn behind the first one where it has parts."""

    cells: tuple[str, ...]
    bar: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Columns that hold numbers are named in ``numbers``, by place."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Heat:
    """A cell of the table of load: what it says, and how dark it is, 0 to 100."""

    text: str
    dark: int


@dataclass(frozen=True, slots=True)
class TicketDifferences:
    """A ticket that comes out otherwise, with all that differs."""

    number: str
    ticket_id: int
    group: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the page shows; None and empty parts are left out."""

    title: str
    about: tuple[tuple[str, str], ...]
    tiles: tuple[Tile, ...]
    clocks: Table
    weeks: Columns | None
    week_table: Table
    groups: Table
    written: Columns | None
    notices: Columns | None
    noise: Table
    people: Table
    rules: Table
    limits: Table | None
    load_weeks: tuple[str, ...]
    load: tuple[tuple[str, tuple[Heat, ...]], ...]
    changes: Table | None
    compared: Table | None
    tickets: tuple[TicketDifferences, ...]
    tickets_left_out: int
    scores: Table | None
    week_scores: Table | None
    taken_for: Table | None
    failed: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()


def html(result: Result, about: About) -> str:
    """The report as one page that needs nothing beside itself."""
    return _template().render(page=page(result, about))


def page(result: Result, about: About) -> Page:
    """The report as a page shows it."""
    tally = result.tally
    before = result.before if about.against is not None else None
    people = tallies.by_person(tally, Doing.NOTICE)
    weeks, load = _load(tally)
    tickets, left_out = _tickets(result)
    return Page(
        title=f"What {about.pack.name} would have made of {tally.tickets:,} tickets",
        about=tuple(_about(result, about)),
        tiles=tuple(_tiles(result, about)),
        clocks=_ends_table(
            "clock", tallies.ends_by(tally, place=0), tallies.ends_by(before, place=0) if before else None
        ),
        weeks=_weeks(tally),
        week_table=_ends_table("week of", tallies.ends_by(tally, place=2), None),
        groups=_ends_table("group", tallies.ends_by(tally, place=1), None),
        written=_days(tally, (Doing.NOTE, Doing.TASK, Doing.MESSAGE)),
        notices=_days(tally, (Doing.NOTICE,)),
        noise=_noise(tally, before),
        people=_people(people, len(tallies.days_of(tally))),
        rules=_rules(tally),
        limits=_limits(result, about),
        load_weeks=weeks,
        load=load,
        changes=_changes(about),
        compared=_compared(result) if about.against is not None else None,
        tickets=tickets,
        tickets_left_out=left_out,
        scores=_scores(tally, weekly=False),
        week_scores=_scores(tally, weekly=True),
        taken_for=_taken_for(tally),
        failed=tuple(result.failed),
        notes=tuple(_notes(about)),
        legend=tuple((name, end.value) for end, name in END_NAMES.items()),
    )


@cache
def _template() -> Template:
    text = resources.files("plugin.simulate").joinpath("report.html").read_text(encoding="utf-8")
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.from_string(text)


# -- head ---------------------------------------------------------------------------------------------------------


def _about(result: Result, about: About) -> Iterator[tuple[str, str]]:
    yield "pack", f"{about.pack.title} ({about.pack.name}, version {about.pack.version[:12]})"
    if about.against is not None:
        yield "compared with", f"{about.against.title} ({about.against.name}, version {about.against.version[:12]})"
    yield "histories", f"{result.played:,} from {about.source}"
    yield "counted", f"since {about.since:%Y-%m-%d %H:%M} UTC" if about.since else "from the first fact on"
    yield "made", f"{about.made_at:%Y-%m-%d %H:%M} UTC; days and weeks are those of {about.pack.zone}"


def _tiles(result: Result, about: About) -> Iterator[Tile]:
    tally, before = result.tally, result.before if about.against is not None else None
    yield Tile("tickets", f"{tally.tickets:,}", hint=f"{_kind(tally, 'complaint'):,} complaints")
    yield _tile("promises kept", tally, before, lambda one: _percent(tallies.all_ends(one).kept))
    yield _tile("clocks breached", tally, before, lambda one: f"{tallies.all_ends(one).of(ClockEnd.BREACHED):,}")
    for doing, name in DOING_NAMES.items():
        busiest = max(tallies.by_day(tally, doing).values(), default=0)
        made = _tile(f"{name} a day", tally, before, partial(_a_day, doing))
        yield Tile(made.name, made.value, made.before, f"{tallies.total(tally, doing):,} in all, {busiest} at most")
    if before is not None:
        moved = result.comparison.moved
        hint = f"of {tally.tickets:,}" + (f", {moved:,} more with other limits" if moved else "")
        yield Tile("tickets that come out otherwise", f"{result.comparison.tickets:,}", hint=hint)


def _tile(name: str, tally: Tally, before: Tally | None, figure: Callable[[Tally], str]) -> Tile:
    return Tile(name, figure(tally), figure(before) if before is not None else "")


def _kind(tally: Tally, kind: str) -> int:
    return sum(count for (of, _), count in tally.kinds.items() if of == kind)


def _a_day(doing: Doing, tally: Tally) -> str:
    days = len(tallies.days_of(tally))
    return f"{tallies.total(tally, doing) / days:.1f}" if days else "0"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


# -- clocks -------------------------------------------------------------------------------------------------------


def _ends_table(name: str, ends: Mapping[object, Ends], before: Mapping[object, Ends] | None) -> Table:
    names = tuple(END_NAMES[end] for end in ClockEnd)
    head = (name, "kept", *(("kept before",) if before is not None else ()), "clocks", *names)
    rows = tuple(_ends_row(key, found, before) for key, found in ends.items())
    return Table(head, rows, frozenset(range(1, len(head))))


def _ends_row(key: object, found: Ends, before: Mapping[object, Ends] | None) -> Row:
    was = before.get(key) if before is not None else None
    kept_before = (_percent(was.kept if was else None),) if before is not None else ()
    counts = tuple(f"{found.of(end):,}" for end in ClockEnd)
    parts = bar([(END_NAMES[end], end.value, found.of(end)) for end in ClockEnd])
    return Row((_name(key), _percent(found.kept), *kept_before, f"{found.all:,}", *counts), parts)


def _name(key: object) -> str:
    return f"{key:%Y-%m-%d}" if isinstance(key, date) else str(key) or "–"


def _weeks(tally: Tally) -> Columns | None:
    ends = tallies.ends_by(tally, place=2)
    layers = [
        Layer(END_NAMES[end], end.value, tuple(float(found.of(end)) for found in ends.values())) for end in ClockEnd
    ]
    return columns([_name(week) for week in ends], layers)


# -- noise --------------------------------------------------------------------------------------------------------


def _days(tally: Tally, doings: Sequence[Doing]) -> Columns | None:
    days = tallies.days_of(tally)
    layers = []
    for doing in doings:
        counts = tallies.by_day(tally, doing)
        layers.append(Layer(DOING_NAMES[doing], doing.value, tuple(float(counts[day]) for day in days)))
    return columns([f"{day:%Y-%m-%d}" for day in days], layers)


def _noise(tally: Tally, before: Tally | None) -> Table:
    head = ("", "in all", *(("before",) if before is not None else ()), "a day", "busiest day")
    rows = []
    for doing, name in DOING_NAMES.items():
        counts = tallies.by_day(tally, doing)
        busiest = max(counts, key=lambda day: (counts[day], day), default=None)
        was = (f"{tallies.total(before, doing):,}",) if before is not None else ()
        worst = f"{counts[busiest]} on {busiest:%Y-%m-%d}" if busiest is not None else "–"
        rows.append(Row((name, f"{counts.total():,}", *was, _a_day(doing, tally), worst)))
    return Table(head, tuple(rows), frozenset(range(1, len(head))))


def _people(people: Mapping[str, Counter[date]], days: int) -> Table:
    rows = []
    for person, counts in list(people.items())[:MOST_PEOPLE]:
        busiest = max(counts, key=lambda day: (counts[day], day))
        a_day = f"{counts.total() / days:.2f}"
        rows.append(Row((person, f"{counts.total():,}", a_day, f"{counts[busiest]} on {busiest:%Y-%m-%d}")))
    return Table(("who", "notices", "a day", "busiest day"), tuple(rows), frozenset({1, 2, 3}))


def _rules(tally: Tally) -> Table:
    ordered = sorted(tally.rules.items(), key=lambda pair: (-pair[1], str(pair[0])))
    rows = tuple(
        Row((rule, what, doing.value, "only observed" if only_observed else "written", f"{count:,}"))
        for (rule, what, doing, only_observed), count in ordered
    )
    return Table(("rule", "about", "what", "", "times"), rows, frozenset({4}))


def _limits(result: Result, about: About) -> Table | None:
    now, before = limits_of(result, about)
    if not now and not before:
        return None
    named = [("before", one) for one in before] + [("now", one) for one in now]
    rows = [
        (one.rule, *((which,) if about.against is not None else ()), *limit_cells(one))
        for which, one in sorted(named, key=lambda pair: pair[1].rule)
    ]
    head = ("rule", *(("",) if about.against is not None else ()), *LIMIT_COLUMNS)
    places = range(len(head) - len(LIMIT_COLUMNS), len(head))
    return Table(head, tuple(map(Row, rows)), frozenset(places))


LIMIT_COLUMNS = ("limit", "stopped first", "most in 24 h", "over by", "days over")


def limit_cells(one: Reached) -> tuple[str, ...]:
    """As ``LIMIT_COLUMNS`` names them."""
    first = f"{one.first_at:%Y-%m-%d %H:%M}" if one.first_at else "never"
    return f"{one.limit:,}", first, f"{one.most:,}", f"{one.over:,}" if one.over else "–", str(one.days or "–")


def _load(tally: Tally) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[Heat, ...]], ...]]:
    people = tallies.load_by_person(tally)
    weeks = sorted({week for of in people.values() for week in of})[-MOST_WEEKS:]
    most = max((value for of in people.values() for value in of.values()), default=0.0) or 1.0
    rows = tuple(
        (person, tuple(_heat(of.get(week, 0.0), most) for week in weeks))
        for person, of in list(people.items())[:MOST_PEOPLE]
    )
    return tuple(f"{week:%m-%d}" for week in weeks), rows


def _heat(value: float, most: float) -> Heat:
    return Heat(f"{value:.1f}" if value >= 0.05 else "·", round(100 * value / most))


# -- two packs ----------------------------------------------------------------------------------------------------


def _changes(about: About) -> Table | None:
    if not about.changes:
        return None
    rows = tuple(Row((one.place, one.before or "–", one.after or "–")) for one in about.changes)
    return Table(("place in the pack", "before", "after"), rows)


def _compared(result: Result) -> Table:
    ordered = sorted(result.comparison.counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = tuple(Row((what, before, after, f"{count:,}")) for (what, before, after), count in ordered[:MOST_KINDS])
    return Table(("what", "before", "after", "tickets"), rows, frozenset({3}))


def _tickets(result: Result) -> tuple[tuple[TicketDifferences, ...], int]:
    found: dict[int, list[Difference]] = {}
    for one in result.comparison.found:
        found.setdefault(one.ticket_id, []).append(one)
    shown = list(found.values())[:MOST_TICKETS]
    tickets = tuple(TicketDifferences(of[0].number, of[0].ticket_id, of[0].group, tuple(of)) for of in shown)
    return tickets, result.comparison.tickets - len(tickets)


# -- scorecard ----------------------------------------------------------------------------------------------------


def _scores(tally: Tally, *, weekly: bool) -> Table | None:
    rows = tuple(
        Row((rule, subject, *((_name(week),) if weekly else ()), *(f"{counts.get(one, 0):,}" for one in Score)))
        for rule, subject, week, counts in tallies.score_rows(tally)
        if (week is not None) is weekly
    )
    head = ("rule", "about", *(("week of",) if weekly else ()), *(one.value for one in Score))
    return Table(head, rows, frozenset(range(len(head) - len(Score), len(head)))) if rows else None


def _taken_for(tally: Tally) -> Table | None:
    ordered = sorted(tally.taken_for.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = tuple(Row((subject, was or "–", said or "–", f"{count:,}")) for (subject, was, said), count in ordered)
    return Table(("about", "the rule said", "the agent said", "tickets"), rows, frozenset({3})) if rows else None


# -- what to know -------------------------------------------------------------------------------------------------


def _notes(about: About) -> Iterator[str]:
    yield "Nothing was written to Zammad: histories were read, and everything else happened here."
    yield (
        "Each ticket was played as if the pack had been in force from its first moment, and Steward had never been "
        "there: what Steward itself did to a ticket is left out."
    )
    yield (
        "Complaints were played beside each other: what a rule says of earlier ones and of common problems rests on "
        "those among these histories, each as far as it was known at that moment."
    )
    if about.tasks_done:
        yield (
            "Tasks Steward would have made count as done by whoever is asked, halfway to their time, in office hours: "
            "nobody could do them in the past. --tasks left shows what comes of it if nobody does."
        )
    else:
        yield (
            "Tasks Steward would have made are left undone: nobody could do them in the past. Clocks that end with one "
            "(confirmation, follow_up_visit) count as breached unless an agent said how the customer sees it."
        )
    yield (
        "What Zammad keeps without a date (VIP, whether the customer is a colleague) is taken to have held since the "
        "ticket began. Whoever is named is taken to be there: absences are not known."
    )
    yield (
        "Notices are those of Steward's own notes, reminders and reopenings: to the owner and who is named, or to "
        "every agent of the group while nobody owns the ticket. The brakes over all tickets (notes an hour, a rule's "
        "limit) hold nothing back here: what is counted is what an unbraked run would write."
    )
    if not about.customer_mail:
        yield "STEWARD_CUSTOMER_MAIL is off: mails to customers are tasks instead."
