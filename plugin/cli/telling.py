"""How a case is told in the terminal: timeline, clocks, what should hold, what was written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from plugin.cli.reading import Known
from plugin.model.clocks import Clock
from plugin.model.effects import EffectKind
from plugin.model.facts import Fact, FactKind
from plugin.model.work import CaseStatus

Teller = Callable[[Known], Iterator[RenderableType]]


def moment(at: datetime | None) -> str:
    """A moment in UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else "–"


def value(anything: Any) -> str:
    if anything is None or anything == "":
        return "–"
    if isinstance(anything, datetime):
        return moment(anything)
    return anything.isoformat() if isinstance(anything, date) else str(anything)


def show(known: Known) -> Iterator[RenderableType]:
    """The whole case, in the order of what happened, what it means, what was done."""
    yield from head(known)
    yield heading("Timeline (UTC)")
    yield _timeline(known)
    yield heading("Clocks")
    yield _clocks(known)
    yield heading("What should hold")
    yield _should(known)
    yield heading("Written, or held back")
    yield _written(known)


def head(known: Known) -> Iterator[RenderableType]:
    """Which ticket, whether anything is written for it, and when it is looked at again."""
    case, decision = known.case, known.decision
    yield Text(f"Ticket {case.ticket_id} (#{case.number or '–'}): {case.status}", style="bold")
    state = "in force" if decision.in_force else "nothing is written"
    yield Text(f"{state}: {decision.because}")
    wake = f"{moment(case.wake.at)} ({case.wake.reason})" if case.wake else "when something is heard of it"
    yield Text(f"looks again: {wake}; looked {case.looks} times, last {moment(case.last_looked_at)}")
    if case.parked_reason:
        how = "parked" if case.status is CaseStatus.PARKED else f"not worked, tried again {moment(case.not_before)}"
        yield Text(f"{how}: {case.parked_reason}")


def console(*, width: int = 120) -> Console:
    """As wide as the terminal; ``width`` columns where there is none."""
    return Console(width=None if os.isatty(1) else width, highlight=False)


def heading(words: str) -> RenderableType:
    """Above a part."""
    return Text(f"\n{words}", style="bold")


def table(*titles: str) -> Table:
    """A table without lines, long cells folded."""
    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _timeline(known: Known) -> Table:
    found = table("when", "who", "what", "row")
    for fact in known.timeline:
        found.add_row(moment(fact.at), f"{fact.by.login} ({fact.by.role})", _what(fact), fact.key)
    return found


def _what(fact: Fact) -> str:
    match fact.kind:
        case FactKind.ARTICLE:
            seen = "internal" if fact["internal"] else "public"
            extra = [name for name in ("automatic", "failed", "ours", "macro") if fact[name]]
            return " ".join([f"{fact['sender']} {fact['type']},", seen, *extra])
        case FactKind.CHANGED:
            return f"{fact['attribute']}: {value(fact['from'])} → {value(fact['to'])}"
        case FactKind.TAG_ADDED:
            return f"tag + {fact['tag']}"
        case FactKind.TAG_REMOVED:
            return f"tag - {fact['tag']}"
        case FactKind.OBSERVED:
            return f"seen: {fact['what']} = {value(fact['value'])}"
        case _:
            known = [f"{name} {value(fact.data[name])}" for name in sorted(fact.data) if fact.data[name] is not None]
            return f"{fact.kind}: " + ", ".join(known)


def _clocks(known: Known) -> Table:
    found = table("clock", "clause", "starts", "warns", "target", "limit", "state", "ended")
    for clock in known.decision.clocks:
        found.add_row(
            clock.name,
            clock.clause,
            moment(clock.starts_at),
            moment(clock.warn_at),
            moment(clock.target_at),
            moment(clock.limit_at),
            _state(clock),
            moment(clock.ended_at),
        )
    return found


def _state(clock: Clock) -> str:
    return clock.state.value if clock.announced else f"{clock.state} (not announced)"


def _should(known: Known) -> Table:
    decision = known.decision
    found = table("what", "value", "clause", "because", "rule", "mode")
    for field in decision.fields:
        found.add_row(field.name, value(field.value), field.clause, str(field.because), field.rule, field.mode)
    for tag in decision.tags:
        found.add_row("tag", tag.tag, tag.clause, str(tag.because), tag.rule, tag.mode)
    for note in decision.notes:
        line = " ".join(str(line) for line in note.lines)
        tell = f" → {', '.join(note.tell)}" if note.tell else ""
        found.add_row("note", f"{line}{tell}", note.clause, str(note.because), note.rule, note.mode)
    for task in decision.tasks:
        found.add_row("task", str(task.title), task.clause, str(task.because), task.rule, task.mode)
    for word in decision.words:
        found.add_row("word taken off", word.tag, word.clause, str(word.because), word.rule, word.mode)
    return found


def _written(known: Known) -> Table:
    found = table("when", "state", "what", "rule", "clause", "because", "error")
    for effect in known.effects:
        found.add_row(
            moment(effect.settled_at or effect.created_at),
            effect.state,
            effect_in_words(effect.kind, effect.request),
            effect.rule,
            effect.clause,
            effect.because,
            effect.error,
        )
    return found


def effect_in_words(kind: EffectKind, request: Any) -> str:
    """What an effect does, in short."""
    match kind:
        case EffectKind.FIELDS:
            return ", ".join(f"{name} = {value(v)}" for name, v in request.get("fields", {}).items())
        case EffectKind.TAG_ADD | EffectKind.TAG_REMOVE:
            return f"tag {'+' if kind is EffectKind.TAG_ADD else '-'} {request.get('tag')}"
        case EffectKind.ITEM | EffectKind.TASK | EffectKind.ITEM_VOID | EffectKind.TASK_VOID:
            return f"{kind.value.replace('_', ' ')}: {request.get('task')}"
        case _:
            return kind.value
