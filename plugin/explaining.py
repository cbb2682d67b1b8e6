"""Why a case stands as it does: verdicts with grounds, clocks counted, and what became of all that should hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugin.model.clocks import Clock
from plugin.model.counting import Counted, counted_by_day
from plugin.model.decision import Decision, Field, Finding, Message, Mode, Note, Tag, Task, Ticketed
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.grounds import Ground, spoke_against, spoke_for
from plugin.model.pack import Pack
from plugin.model.said import tags_now
from plugin.plan import LIMIT
from plugin.plan.fields import as_text

WHY_NOT: Mapping[str, str] = {
    "observe": "its rule only observes here",
    "paused": "writing was paused (steward resume)",
    LIMIT: "the rule came up to its limit (steward pack release)",
    "flapping": "it was undone again and again; left alone for a day",
    "two unasked notes already": "the ticket had the two notes that nobody asked for",
    "no template": "the pack has no text for this message",
    "merged away": "the ticket went into another one",
    "no longer wanted": "it did not hold any more before it was done",
}
"""What the codes mean that stand with effects."""
_BY_STATE = {
    EffectState.APPLIED: "done",
    EffectState.INTENDED: "under way",
    EffectState.UNKNOWN: "whether it was done is not known yet",
    EffectState.REFUSED: "Zammad refused it",
    EffectState.OBSERVED: "recorded only",
    EffectState.VOID: "void",
}
_VERDICTS_OF = ("kind", "tier", "nature", "jurisdiction", "mood")
"""What grounds are about."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A conclusion with its reasons; ``rule`` is named where it is on trial."""

    name: str
    value: object
    clause: str
    because: str
    rule: str
    grounds_for: tuple[Ground, ...] = ()
    grounds_against: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockTold:
    """A clock with its time counted day by day, to its end or to the moment asked about."""

    clock: Clock
    counted_to: datetime
    days: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that should hold, and what became of it. ``holds``: it does; ``why`` says why not, or since when."""

    what: str
    value: object
    clause: str
    rule: str
    because: str
    mode: Mode
    holds: bool
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything there is to say of a case at one moment."""

    verdicts: tuple[Verdict, ...]
    clocks: tuple[ClockTold, ...]
    wanted: tuple[Wanted, ...]


def explain(decision: Decision, timeline: Timeline, effects: Iterable[Effect], *, pack: Pack) -> Explanation:
    """The decision in its reasons; ``timeline`` and ``effects`` are what was known and done by then."""
    done = tuple(effects)
    clocks = (*decision.clocks, *decision.trial_clocks)
    return Explanation(
        verdicts=tuple(_verdicts(decision.findings)),
        clocks=tuple(_clock(clock, pack=pack, now=decision.now) for clock in clocks),
        wanted=tuple(_wanted(decision, timeline, done)),
    )


# -- verdicts and clocks ----------------------------------------------------------------------------------------------


def _verdicts(findings: Iterable[Finding]) -> Iterator[Verdict]:
    found = tuple(findings)
    grounds = {
        one.rule: tuple(ground for ground in one.value if isinstance(ground, Ground))
        for one in found
        if one.name == "grounds" and isinstance(one.value, tuple)
    }
    for one in found:
        if one.name == "grounds" or isinstance(one.value, tuple):
            continue
        spoken = grounds.get(one.rule, ()) if one.name in _VERDICTS_OF else ()
        yield Verdict(
            name=one.name,
            value=one.value,
            clause=one.clause,
            because=str(one.because),
            rule=one.rule,
            grounds_for=spoke_for(spoken, one.name, one.value),
            grounds_against=spoke_against(spoken, one.name, one.value),
        )


def _clock(clock: Clock, *, pack: Pack, now: datetime) -> ClockTold:
    until = max(clock.ended_at or now, clock.starts_at)
    pauses = [(pause.since, pause.until) for pause in clock.pauses]
    return ClockTold(clock, until, counted_by_day(pack.calendar(clock.calendar), clock.starts_at, until, pauses))


# -- what became of it ------------------------------------------------------------------------------------------------


def _wanted(decision: Decision, timeline: Timeline, done: tuple[Effect, ...]) -> Iterator[Wanted]:
    for field in decision.fields:
        holds, why = _of_field(field, timeline, done)
        yield _told(field, field.name, field.value, field.rule, holds=holds, why=why)
    held = tags_now(timeline)
    for tag in decision.tags:
        holds, why = _of_tag(tag, timeline, done, is_there=tag.tag in held)
        yield _told(tag, "tag", tag.tag, tag.rule, holds=holds, why=why)
    for note in decision.notes:
        yield _of_act(note, f"note, {note.about}" if note.about else "note", " ".join(map(str, note.lines)), done)
    for task in decision.tasks:
        if task.wanted:
            yield _of_act(task, f"task {task.key}", str(task.title), done)
    for message in decision.messages:
        yield _of_act(message, "message to the customer", message.template, done)
    for part in decision.ticket:
        yield _of_act(part, "state", part.state_type, done)


def _told(
    part: Field | Tag | Note | Task | Message | Ticketed, what: str, value: object, rule: str, *, holds: bool, why: str
) -> Wanted:
    return Wanted(what, value, part.clause, rule, str(part.because), Mode(part.mode), holds, why)


def _of_field(field: Field, timeline: Timeline, done: tuple[Effect, ...]) -> tuple[bool, str]:
    last = _last_change(field.name, timeline)
    should, does = as_text(field.name, field.value), as_text(field.name, _value_of(last))
    if should == does:
        return True, f"set {_when(last)} by {last.by.login}" if last else "it is empty"
    ours = [e for e in done if e.kind is EffectKind.FIELDS and field.name in (e.request.get("fields") or {})]
    if field.mode is Mode.ENFORCE and last is not None and last.by.is_agent and ours:
        return False, f"yields to {last.by.login}, who set it to {does or 'nothing'} {_when(last)}"
    wanted = [e for e in ours if (e.request["fields"][field.name]) == should and e.state is not EffectState.APPLIED]
    return False, _why_not(wanted, field.mode)


def _of_tag(tag: Tag, timeline: Timeline, done: tuple[Effect, ...], *, is_there: bool) -> tuple[bool, str]:
    facts = [f for f in timeline.of(FactKind.TAG_ADDED, FactKind.TAG_REMOVED) if f["tag"] == tag.tag]
    last = facts[-1] if facts else None
    if is_there:
        return True, f"added {_when(last)} by {last.by.login}" if last else "it is there"
    ours = [e for e in done if e.kind is EffectKind.TAG_ADD and e.request.get("tag") == tag.tag]
    if tag.mode is Mode.ENFORCE and last is not None and last.by.is_agent and last.kind is FactKind.TAG_REMOVED:
        return False, f"yields to {last.by.login}, who took it off {_when(last)}"
    return False, _why_not([e for e in ours if e.state is not EffectState.APPLIED], tag.mode)


def _of_act(part: Note | Task | Message | Ticketed, what: str, value: object, done: tuple[Effect, ...]) -> Wanted:
    """Notes, tasks and messages are done once, and known by rule and epoch."""
    kinds = (EffectKind.NOTE, EffectKind.ITEM, EffectKind.TASK, EffectKind.MESSAGE, EffectKind.STATE)
    epochs = (f"task-{part.key}-{part.epoch}",) if isinstance(part, Task) else (part.epoch,)
    same = [e for e in done if e.kind in kinds and e.rule == part.rule and e.epoch in epochs]
    applied = next((e for e in same if e.state is EffectState.APPLIED), None)
    if applied is not None:
        return _told(part, what, value, part.rule, holds=True, why=f"done {_moment(applied.settled_at)}")
    return _told(part, what, value, part.rule, holds=False, why=_why_not(same, part.mode))


def _why_not(tried: list[Effect], mode: Mode) -> str:
    if tried:
        return why_not(tried[-1])
    if mode is Mode.OBSERVE:
        return WHY_NOT["observe"]
    return "not done yet: it waits for the next look, for office hours, or a brake"


def why_not(effect: Effect) -> str:
    """What became of an effect, in words."""
    said = _BY_STATE[effect.state]
    if effect.error:
        said += f": {WHY_NOT.get(effect.error, effect.error)}"
    if effect.retry_not_before is not None and effect.state in (EffectState.REFUSED, EffectState.UNKNOWN):
        said += f"; looked at again from {_moment(effect.retry_not_before)}"
    return said


def _last_change(name: str, timeline: Timeline) -> Fact | None:
    changes = timeline.changes_of(name)
    if changes:
        return changes[-1]
    return next((f for f in timeline.of(FactKind.OBSERVED) if f["name"] == name), None)


def _value_of(change: Fact | None) -> Any:
    if change is None:
        return None
    return change["to"] if change.kind is FactKind.CHANGED else change["value"]


def _when(fact: Fact) -> str:
    return _moment(fact.at)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "at an unknown time"
