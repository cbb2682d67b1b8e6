"""What stands in a pack's handbook, in the order a supervisor asks."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields

from plugin.model.calendars import Calendar
from plugin.model.decision import Mode
from plugin.model.pack import ClockSettings, OtherTime, Pack, Rule, When
from plugin.model.rollout import RunningCases
from plugin.packs.changes import shown
from plugin.packs.examples.coverage import Coverage, Row
from plugin.packs.handbook import axis
from plugin.packs.handbook.parts import Bars, Folded, Handbook, Letter, Part, Section, Table, Words
from plugin.packs.showing import opening_hours
from plugin.policies import discover

__all__ = ["Handbook", "handbook"]

RUNS: Mapping[str, tuple[str, str]] = {
    "first_response": ("acceptance", "the first public answer to the customer"),
    "assessment": ("acceptance", "an agent's judgement whether the matter is ours"),
    "coordination": ("the word *outside help*", "the start of working with them"),
    "notice": ("acceptance", "a first solution told to the customer after the assessment"),
    "result": ("acceptance", "the first result told to the customer"),
    "resolution": ("acceptance", "the closing"),
    "progress": ("the last message to the customer", "the next one"),
    "third_party": ("the word *third party*", "the agreement, or the next step"),
    "mediation": ("the word *mediation*", "the agreement, or the next step"),
    "arbitration": ("the word *arbitration*", "the agreement, or the next step"),
    "court": ("the word *court*", "the agreement"),
    "promised": ("the promised moment", "the next word to the customer, or a recorded call"),
    "interruption_answer": ("the word *interruption*", "the first answer with the time of recovery"),
    "interruption_report": ("the word *interruption*", "the detailed report"),
    "interruption_update": ("the last word to the customers", "the next one, until *restored*"),
    "confirmation": ("the closing", "the written confirmation"),
    "follow_up_visit": ("the closing", "the visit, or a second try that reached nobody"),
    "survey": ("the closing", "the survey"),
}
"""From what to what each clock runs."""
NOBODY = "nobody named"
WITHOUT: dict[str, str] = {
    "supervisors": f"{NOBODY}: the first responder and the owner",
    "management": f"{NOBODY}: the supervisors, else the first responder and the owner",
    "quality": f"{NOBODY}: whoever is responsible investigates",
    "sales": f"{NOBODY}: enquiries are passed on to nobody",
    "major": f"{NOBODY}: management and legal, else the first responder and the owner",
}
"""Who is meant where a pack names nobody; of others nobody is."""


def handbook(pack: Pack, covered: Coverage) -> Handbook:
    """The whole handbook of a pack; ``covered`` says which clauses it carries by what."""
    sections = (
        Section("Who", tuple(_people(pack))),
        Section("Which tickets, and what counts as a complaint", tuple(_kinds(pack))),
        Section("Tiers", tuple(_tiers(pack))),
        Section("Clocks", tuple(_clocks(pack))),
        Section("Who hears of what is late", tuple(_ladder(pack))),
        Section("Rules", tuple(_rules(pack))),
        Section("Messages to customers", tuple(_messages(pack))),
        Section("Records", tuple(_records(pack))),
        Section("Working time", tuple(_calendars(pack.calendars.values()))),
        Section("Clauses of the standard", tuple(_clauses(covered))),
    )
    return Handbook(pack.title, tuple(_about(pack)), tuple(part for part in sections if part.parts))


def _about(pack: Pack) -> Iterator[tuple[str, str]]:
    yield "Pack", f"{pack.name}, version {pack.version[:12]}"
    yield "Language of notes and tasks", pack.language
    yield "Time zone", pack.zone
    writes = sum(rule.mode is Mode.ENFORCE for rule in pack.rules)
    yield "Rules", f"{writes} write, {len(pack.rules) - writes} observe (STEWARD_MODE=observe holds all of them back)"
    running = "move to a new version" if pack.running_cases == "move" else "keep the version they began under"
    yield "Cases under way", running


# -- who, what --------------------------------------------------------------------------------------------------------


def _people(pack: Pack) -> Iterator[Part]:
    rows = (
        (name.replace("_", " "), ", ".join(logins) or WITHOUT.get(name, NOBODY))
        for name, logins in asdict(pack.people).items()
    )
    yield Table(("part", "logins"), tuple(rows))


def _kinds(pack: Pack) -> Iterator[Part]:
    scope = pack.scope
    groups = "every group Steward's user may change" if scope.groups is None else ", ".join(scope.groups)
    yield Words(f"For tickets of {groups}.")
    left_out = [
        ("groups left alone", scope.exclude_groups),
        ("tags that leave a ticket alone", scope.exclude_tags),
        ("senders that are machines", scope.exclude_senders),
        ("mail domains of the house", scope.own_domains),
    ]
    rows = tuple((name, ", ".join(found)) for name, found in left_out if found)
    if rows:
        yield Table(("left out", "which"), rows)
    yield Words(
        "A ticket is a *complaint*, a *request*, or neither. What an agent says counts first; then what is left out; "
        "then group, form and channel; then the customer's words, which only make a complaint *suspected* until an "
        f"agent confirms it or {_confirmed_after(pack)} has passed. Everything else is a request."
    )
    said = [(f"group {group}", kind.value) for group, kind in pack.group_kinds.items()]
    said += [(f"channel {channel}", kind.value) for channel, kind in pack.channel_kinds.items()]
    for attribute, values in pack.attribute_kinds.items():
        said += [(f"{attribute} is {value}", kind.value) for value, kind in values.items()]
    if said:
        yield Table(("where", "taken for"), tuple(said))
    listed = {one.name: getattr(pack.words, one.name) for one in fields(pack.words)}
    rows = tuple((name.replace("_", " "), ", ".join(map(str, words))) for name, words in _lists(listed))
    yield Folded("The words that are looked for", (Table(("list", "words"), rows),))


def _confirmed_after(pack: Pack) -> str:
    rule = next((rule for rule in pack.rules if rule.policy == "classification"), None)
    return str(getattr(rule.options, "confirm_after", "its time")) if rule is not None else "its time"


def _lists(named: Mapping[str, object]) -> Iterator[tuple[str, tuple[object, ...]]]:
    for name, words in named.items():
        if isinstance(words, Mapping):
            yield from ((f"{name}: {inner}", tuple(found)) for inner, found in words.items() if found)
        elif isinstance(words, tuple) and words:
            yield name, words


def _tiers(pack: Pack) -> Iterator[Part]:
    rows = tuple(
        (tier.value, ", ".join(found.handlers) or WITHOUT.get(tier.value, NOBODY)) for tier, found in pack.tiers.items()
    )
    yield Table(("tier", "who is told when a complaint enters it"), rows)
    yield Words(
        "Words and weights raise a complaint to *serious* at most; *major* needs a person, except danger to persons. "
        f"Natures: {', '.join(pack.natures) or 'none'}."
    )


# -- clocks -----------------------------------------------------------------------------------------------------------


def _clocks(pack: Pack) -> Iterator[Part]:
    until = axis.longest(pack)
    yield from _drawn(pack, until)
    yield Words(
        "Drawn as if begun on a Monday at nine, in a week without holidays; later time is drawn closer together."
    )
    columns = ("clock", "from", "until", "limit", "warned at", "calendar", "for", "stops while waiting", "clause")
    yield Table(columns, tuple(_clock(clock) for clock in pack.clocks.values()))
    others = [(clock, other) for clock in pack.clocks.values() for other in clock.instead]
    if others:
        yield Table(("clock", "for", "instead"), tuple(_other(clock, other) for clock, other in others))


def _drawn(pack: Pack, until: float) -> Iterator[Bars]:
    starts = ("acceptance", "the closing")
    for title, chosen in (
        ("From acceptance", lambda begins: begins == starts[0]),
        ("From a word, a message or a promise", lambda begins: begins not in starts),
        ("From the closing", lambda begins: begins == starts[1]),
    ):
        clocks = [clock for clock in pack.clocks.values() if chosen(_runs(clock)[0])]
        if clocks:
            yield axis.bars(title, clocks, pack, until=until)


def _runs(clock: ClockSettings) -> tuple[str, str]:
    return RUNS.get(clock.name, ("its start", "its end"))


def _clock(clock: ClockSettings) -> tuple[str, ...]:
    begins, ends = _runs(clock)
    limit = f"target {clock.target}, limit {clock.limit}" if clock.target else str(clock.limit)
    extended = f", once extended {clock.extended_limit}" if clock.extended_limit else ""
    whom = ", ".join((*(f"{kind}s" for kind in clock.kinds), *(f"{tier} tier" for tier in clock.tiers or ())))
    pauses = "yes" if clock.pauses else "no"
    name = clock.name.replace("_", " ")
    return (name, begins, ends, limit + extended, f"{clock.warn_at:.0%}", clock.calendar, whom, pauses, clock.clause)


def _other(clock: ClockSettings, other: OtherTime) -> tuple[str, str, str]:
    said = {one.name: getattr(other, one.name) for one in fields(other) if one.name != "when"}
    instead = ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in said.items() if value is not None)
    return clock.name.replace("_", " "), _whom(other.when), instead


def _whom(when: When) -> str:
    parts = [*(f"{kind}s" for kind in when.kinds), *(f"{tier} tier" for tier in when.tiers)]
    parts += [f"group {group}" for group in when.groups] + [f"{nature} matters" for nature in when.natures]
    if when.vip is not None:
        parts.append("VIP" if when.vip else "not VIP")
    return ", ".join(parts) or "all"


# -- who hears, rules -------------------------------------------------------------------------------------------------


def _ladder(pack: Pack) -> Iterator[Part]:
    rule = next((rule for rule in pack.rules if rule.policy == "tiered_escalation"), None)
    if rule is None:
        return
    people = pack.people
    later = getattr(rule.options, "management_after", None)
    rows = [
        ("a clock warns", "the owner"),
        ("a limit has passed", f"first responder and {_or(people.supervisors, 'owner')}"),
        (f"a limit passed {later} ago", _or(people.management, "first responder and owner")),
        ("a complaint is major", _or((*people.management, *people.legal), "first responder and owner")),
        ("words speak of danger to persons", f"{_or(people.supervisors, 'the owner')}, whatever the hour"),
        *(
            (f"a complaint enters the tier {tier}", ", ".join(found.handlers))
            for tier, found in pack.tiers.items()
            if found.handlers
        ),
    ]
    yield Table(("when", "who is told, in one internal note"), tuple(rows))
    yield Words(
        "Who is told hears of it in office hours, once a step. A ticket has at most two notes nobody asked for."
    )


def _or(logins: Iterable[str], otherwise: str) -> str:
    return ", ".join(dict.fromkeys(logins)) or otherwise


def _rules(pack: Pack) -> Iterator[Part]:
    yield Table(
        ("rule", "what it is about", "mode", "for", "clauses"),
        tuple(
            (rule.name, _manual(rule)[0], _mode(rule), _whom(rule.when), ", ".join(rule.clauses)) for rule in pack.rules
        ),
    )
    for rule in pack.rules:
        options = tuple(_options(rule))
        parts: list[Part] = [Words(words) for words in _manual(rule)[1:]]
        if options:
            parts.append(Table(("option", "value"), options))
        yield Folded(f"{rule.name}: how it works", tuple(parts))


def _options(rule: Rule) -> Iterator[tuple[str, str]]:
    for one in fields(rule.options):  # type: ignore[arg-type]
        yield one.name.replace("_", " "), shown(getattr(rule.options, one.name))


def _manual(rule: Rule) -> list[str]:
    """The paragraphs of the policy's own manual, without the example of a rule that follows them."""
    text = inspect.cleandoc(discover()[rule.policy].__doc__ or rule.policy).partition("A rule::")[0]
    return [" ".join(words.split()).replace("``", "`") for words in text.split("\n\n") if words.strip()]


def _mode(rule: Rule) -> str:
    said = "writes" if rule.mode is Mode.ENFORCE else "observes"
    if rule.groups:
        said += f" in {', '.join(rule.groups)}"
    if rule.share < 1:
        said += f" for {rule.share:.0%} of the tickets"
    if rule.running_cases is RunningCases.KEEP:
        said += ", running cases keep it as it was"
    return f"{said}, {rule.limit} tickets in 24 h at most" if rule.limit is not None else said


# -- messages, records, calendars, clauses ----------------------------------------------------------------------------


def _messages(pack: Pack) -> Iterator[Part]:
    if not pack.messages:
        return
    yield Words("Sent only with STEWARD_CUSTOMER_MAIL=on, in the pack's language; with it off a person does it.")
    for name, languages in pack.messages.items():
        found = languages.get(pack.language)
        letters = (Letter(found.subject, found.body),) if found else (Words(f"There is no text in {pack.language}."),)
        yield Folded(f"{name.replace('_', ' ')} ({', '.join(languages)})", letters)


def _records(pack: Pack) -> Iterator[Part]:
    if pack.record.required:
        rows = (
            (", ".join(need.items).replace("_", " "), need.at.replace("_", " "), _whom(need.when), need.clause)
            for need in pack.record.required
        )
        yield Table(("a record has", "by", "of", "clause"), tuple(rows))
    lines = tuple(
        (item.name.replace("_", " "), "; ".join(f"{said}:" for language, words in item.lines for said in words[:1]))
        for item in pack.record.items
        if item.lines
    )
    if lines:
        yield Folded("How agents write it into an internal note", (Table(("item", "a line that begins with"), lines),))
    kept = tuple((name, f"{period} after the last closing") for name, period in pack.retention.classes.items())
    yield Table(("records of", "kept at least"), kept)


def _calendars(calendars: Iterable[Calendar]) -> Iterator[Part]:
    rows = tuple((one.name, opening_hours(one), one.zone, ", ".join(one.countries) or "none") for one in calendars)
    yield Table(("calendar", "open", "time zone", "public holidays of"), rows)


def _clauses(covered: Coverage) -> Iterator[Part]:
    yield Words(covered.counts + ".")
    rows = tuple((row.clause, row.asks, _carried(row), str(len(row.examples) or "")) for row in covered.rows)
    yield Folded("Clause by clause", (Table(("clause", "what it asks", "carried by", "examples"), rows),))


def _carried(row: Row) -> str:
    if row.later:
        return f"later: {row.later}"
    return ", ".join(row.rules) or row.part or f"nothing yet: {row.missing}"
