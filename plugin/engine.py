"""Rules × facts → decision: pure, the one place where a pack's rules are put to work on a timeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from plugin.model.case import Case
from plugin.model.clocks import Clock, ClockState
from plugin.model.decision import (
    KEPT_FIELDS,
    STEWARD_FIELDS,
    TAG_ORDER,
    Decision,
    Field,
    Finding,
    Look,
    Message,
    Mode,
    NextStep,
    Note,
    Should,
    Slot,
    Tag,
    Task,
    Ticketed,
    WordDone,
)
from plugin.model.facts import FactKind, Timeline
from plugin.model.life import state_type_now
from plugin.model.pack import Kind, Pack, Rule, share_of_tickets
from plugin.model.people import Role
from plugin.model.said import SAY, WORDS, tags_now
from plugin.model.ticket import StateType
from plugin.model.words import Text, text
from plugin.policies import beforehand, discover

DEADLINES = "deadlines"
Part = TypeVar("Part")
_LEARNT = (Finding, Clock)
"""What a policy concluded: kept, and known to the policies after it, whether or not the rule acts."""
_OF_NO_RULE = (Look, NextStep)
_NAMING_THEIR_RULE = (Tag, WordDone)


def decide(
    timeline: Timeline,
    *,
    pack: Pack,
    now: datetime,
    switches: Mapping[str, datetime] | None = None,
    customer_mail: bool = False,
) -> Decision:
    """What should hold for this ticket at ``now``.

    ``switches`` says since when each rule (by its name) is enforced; a rule that is not in it never was. Rules act on
    matters accepted after their switch; older ones are computed and recorded, never announced (design.md, "From when").
    Reads no clock, network or database: the same arguments give the same decision, for ever.
    """
    case = Case(timeline, pack=pack, now=now, customer_mail=customer_mail and bool(pack.messages))
    gone = _out_of_reach(case)
    if gone is not None:
        return Decision(now=now, in_force=False, because=gone)
    rules = [_as_rolled_out(rule, case) for rule in _in_order(pack.rules)]
    world = _Collected(case)
    # what rules on trial conclude, those that write must never see; where all are alike there is one world
    trial = _Collected(case.beside()) if len({rule.mode for rule in rules}) > 1 else None
    for rule in rules:
        own = trial if trial is not None and rule.mode is Mode.OBSERVE else world
        for finding in beforehand(rule.policy, own.case):
            own.take(_stamped(finding, rule, own.case, acts=False, since=None), acts=False, also=trial)
    for rule in rules:
        own = trial if trial is not None and rule.mode is Mode.OBSERVE else world
        if not own.case.suits(rule.when):
            continue
        since = (switches or {}).get(rule.name)
        acts = _is_in_force(own.case, since)
        for part in discover()[rule.policy].decide(own.case, rule.options):
            own.take(_stamped(part, rule, own.case, acts=acts, since=since), acts=acts, also=trial)
    if trial is None:
        return _decision(world)
    runs_clocks = any(rule.mode is Mode.ENFORCE and hasattr(discover()[rule.policy], "CLOCKS") for rule in rules)
    return _with_trial(_decision(world, runs_clocks=runs_clocks), trial, runs_clocks=runs_clocks)


# -- which tickets ----------------------------------------------------------------------------------------------------


def _out_of_reach(case: Case) -> Text | None:
    """Why nothing may be written for this ticket whatever the rules say, None when they may speak."""
    if case.created is None:
        return text("The ticket's beginning is not known yet.")
    deleted = case.timeline.observed("deleted")
    if deleted is not None and deleted["value"]:
        return text("The ticket was deleted.")
    if state_type_now(case.timeline) == StateType.MERGED:
        return text("The ticket was merged into another one.")
    scope = case.pack.scope
    if scope.groups is not None and case.group not in scope.groups:
        return text("Group {group} is outside the pack's scope.", group=case.group)
    if case.group in scope.exclude_groups:
        return text("The pack excludes group {group}.", group=case.group)
    return None


def _in_order(rules: Iterable[Rule]) -> list[Rule]:
    position = {name: number for number, name in enumerate(discover())}
    return sorted(rules, key=lambda rule: position[rule.policy])


def _as_rolled_out(rule: Rule, case: Case) -> Rule:
    """The rule as it is for this ticket: outside the groups and the share it is rolled out to, it only observes."""
    if (not rule.groups and rule.share == 1) or rule.mode is Mode.OBSERVE:
        return rule
    reached = (not rule.groups or case.group in rule.groups) and share_of_tickets(case.timeline.ticket_id) < rule.share
    return rule if reached else replace(rule, mode=Mode.OBSERVE)


def _is_in_force(case: Case, since: datetime | None) -> bool:
    """Whether a rule switched on at ``since`` acts on the matter at hand; times that move later make nothing older."""
    if since is None or case.began >= since:
        return True
    later_matter = case.matter.number > 1 and case.matter.starts_at >= since
    spoken_for = any(word.at >= since for word in case.said)
    return later_matter or spoken_for or case.accepted_at >= since


# -- collecting -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Collected:
    """What the rules of one world said: fields by name, the last one wins, and every other part by its kind."""

    case: Case
    fields: dict[str, Field] = field(default_factory=dict)
    parts: dict[type, list[Any]] = field(default_factory=dict)
    acted: bool = False

    def take(self, part: Should, *, acts: bool, also: _Collected | None) -> None:
        """``also``: the world of rules on trial, which knows what this one concludes."""
        if isinstance(part, _LEARNT):
            self.case.learn(part)
            if also is not None and also is not self:
                also.case.learn(part)
        elif acts:
            self.acted = True
        else:
            return
        if isinstance(part, Field):
            self.fields[part.name] = part
        else:
            self.parts.setdefault(type(part), []).append(part)

    def of(self, kind: type[Part]) -> tuple[Part, ...]:
        return tuple(self.parts.get(kind, ()))


def _stamped(part: Should, rule: Rule, case: Case, *, acts: bool, since: datetime | None) -> Should:
    """The part with its rule's mode; ``rule`` names stay what the policy gave (they key side effects)."""
    # findings and fields first: by far the most
    if isinstance(part, Finding):
        return part if rule.mode is Mode.ENFORCE else replace(part, rule=rule.name, mode=rule.mode)
    if isinstance(part, Field):
        # made anew, for replacing takes four times as long
        return Field(part.name, part.value, part.clause, part.because, part.rule or rule.name, rule.mode)
    if isinstance(part, _OF_NO_RULE):
        return part
    if isinstance(part, Clock):
        announced = acts and not _was_late_before(part, case, since)
        is_right = part.mode == rule.mode and part.announced is announced
        return part if is_right else replace(part, mode=rule.mode, announced=announced)
    if isinstance(part, _NAMING_THEIR_RULE):
        return replace(part, mode=rule.mode, rule=part.rule or rule.name)
    return part if part.mode is rule.mode else replace(part, mode=rule.mode)


def _was_late_before(clock: Clock, case: Case, since: datetime | None) -> bool:
    """Late already when we first saw the ticket, or when the rule was switched on: recorded, never announced."""
    if clock.breached_at is None:
        return False
    if since is not None and clock.breached_at <= since and case.began < since:
        return True
    adopted = case.timeline.observed("adopted")
    return bool(adopted and adopted["older"] and clock.breached_at <= adopted.seen_at)


# -- joining ----------------------------------------------------------------------------------------------------------


def _decision(collected: _Collected, *, runs_clocks: bool = True) -> Decision:
    """``runs_clocks``: whether any of these rules does; fields and tags of clocks are theirs."""
    case = collected.case
    words = tuple(_words_done(case, collected))
    if case.kind is Kind.NONE and not (case.finding("kind_by_agent") or _wrote_before(case)):
        return _silent(case, collected, _kind_reason(collected))
    if not collected.acted:
        return _silent(case, collected, text("Accepted before the rules were switched on: recorded, never announced."))
    clocks = collected.of(Clock)
    fields = collected.fields | ({f.name: f for f in _due_fields(case)} if runs_clocks else {})
    if case.kind is Kind.NONE:
        fields = _emptied(fields.get("steward_kind"), _kind_reason(collected))
    return Decision(
        now=case.now,
        in_force=True,
        because=_kind_reason(collected),
        fields=tuple(fields[name] for name in sorted(fields)),
        tags=tuple(_tags(case, collected)),
        words=words,
        clocks=clocks,
        notes=(*collected.of(Note), *_unknown_words(case)),
        tasks=collected.of(Task),
        messages=collected.of(Message),
        ticket=collected.of(Ticketed),
        next_step=next(reversed(collected.of(NextStep)), None),
        looks=(*collected.of(Look), *_clock_looks(case, clocks)),
        findings=collected.of(Finding),
    )


def _with_trial(decision: Decision, trial: _Collected, *, runs_clocks: bool) -> Decision:
    """The decision with what rules on trial would add or have otherwise; all of it is recorded only."""
    known = {(clock.name, clock.epoch) for clock in decision.clocks}
    clocks = tuple(clock for clock in trial.of(Clock) if (clock.name, clock.epoch) not in known)
    decision = replace(
        decision,
        clocks=(*decision.clocks, *clocks),
        trial_clocks=tuple(clock for clock in trial.of(Clock) if clock not in clocks),
        trial_alike=tuple(_alike(decision, trial)),
        findings=(*decision.findings, *trial.of(Finding)),
    )
    if not decision.in_force:
        return decision
    wanted = {field.name: field for field in decision.fields}
    fields = trial.fields | ({} if runs_clocks else {f.name: f for f in _due_fields(trial.case)})
    other = [f for f in fields.values() if f.name not in wanted or wanted[f.name].value != f.value]
    carried = {tag.tag for tag in decision.tags}
    tags = [tag for tag in _tags(trial.case, trial) if tag.mode is Mode.OBSERVE and tag.tag not in carried]
    return replace(
        decision,
        # where both speak of one field, the rule that writes has the last word
        fields=tuple(sorted((*other, *decision.fields), key=lambda f: (f.name, f.mode is Mode.ENFORCE))),
        tags=(*decision.tags, *tags),
        notes=(*decision.notes, *trial.of(Note)),
        tasks=(*decision.tasks, *trial.of(Task)),
        messages=(*decision.messages, *trial.of(Message)),
        ticket=(*decision.ticket, *trial.of(Ticketed)),
        looks=(*decision.looks, *trial.of(Look), *_clock_looks(trial.case, clocks)),
    )


def _alike(decision: Decision, trial: _Collected) -> Iterator[Field | Tag]:
    """What rules on trial say of fields and tags just as those that write do: nothing would come of it."""
    wanted = {field.name: field.value for field in decision.fields}
    yield from (f for f in trial.fields.values() if f.name in wanted and wanted[f.name] == f.value)
    carried = {tag.tag for tag in decision.tags}
    yield from (tag for tag in trial.of(Tag) if tag.tag in carried)


def _wrote_before(case: Case) -> bool:
    """Whether Steward put something on the ticket while it was taken for something else (spam found out later, say)."""
    by_us = (f for f in case.timeline.of(FactKind.CHANGED, FactKind.TAG_ADDED) if f.by.role is Role.STEWARD)
    return next(by_us, None) is not None


def _emptied(kind: Field | None, because: Text) -> dict[str, Field]:
    """It is none of ours any more: whatever we had put into our fields is taken out again.

    ``kind`` is None where the ticket is older than the rule that says so: then that field is left as it is.
    """
    said = kind or Field("steward_kind", Kind.NONE.value, "C1.1", because, rule=DEADLINES)
    emptied = {name: replace(said, name=name, value=None) for name in STEWARD_FIELDS if name not in KEPT_FIELDS}
    del emptied[said.name]
    return emptied | ({kind.name: kind} if kind else {})


def _silent(case: Case, collected: _Collected, because: Text) -> Decision:
    return Decision(
        now=case.now,
        in_force=False,
        because=because,
        clocks=collected.of(Clock),
        findings=collected.of(Finding),
    )


def _kind_reason(collected: _Collected) -> Text:
    return next((f.because for f in collected.of(Finding) if f.name == "kind"), text("No rule spoke."))


def _words_done(case: Case, collected: _Collected) -> Iterator[WordDone]:
    """Every word that is on the ticket is taken off again, understood or not."""
    yield from collected.of(WordDone)
    for tag in sorted(tags_now(case.timeline)):
        if not tag.startswith(SAY):
            continue
        known_word = tag.removeprefix(SAY) in WORDS
        because = text("Read, with person and time.") if known_word else text("Steward does not know this word.")
        yield WordDone(tag=tag, because=because, rule="words", clause="C1.4")


def _unknown_words(case: Case) -> Iterator[Note]:
    """Whoever says a word nobody knows is told at once that nothing came of it."""
    for word in case.said:
        if word.word not in WORDS:
            yield Note(
                rule="words.unknown",
                epoch=word.key,
                lines=(text("Steward does not know the word “{word}”.", word=word.word),),
                clause="C1.4",
                because=text("Nothing was done about it."),
                moment=word.at,
                asked=True,
                about="refusal",
            )


def _clock_looks(case: Case, clocks: Iterable[Clock]) -> Iterator[Look]:
    """A limit breaks the promise; the first warning is seen where no other tag of its slot stands before it."""
    announced = [c for c in clocks if c.announced]
    is_told = case.is_waiting or any(c.was_broken or _is_near(c, case) for c in announced)
    warns = not (is_told or case.matter.is_closed)
    for clock in announced:
        if clock.is_open and clock.state is not ClockState.PAUSED:
            for moment in sorted({clock.warn_at, clock.target_at, clock.limit_at}):
                certain = moment == clock.limit_at or (moment == clock.warn_at and warns)
                yield Look(moment, text("{clock} comes due.", clock=clock.name), certain=certain)


def _due_fields(case: Case) -> Iterator[Field]:
    """The next unmet limit and what was broken so far, of the clocks that are announced."""
    announced = [c for c in case.clocks if c.announced]
    if not announced and not case.pack.clocks:
        return
    mode = Mode(announced[0].mode) if announced else Mode.ENFORCE
    due = min((c for c in announced if c.is_due_next), key=lambda c: c.limit_at, default=None)
    clause = due.clause if due else "C3.1"
    because = due.because if due else text("No promise is running.")
    broken = ",".join(dict.fromkeys(c.name for c in announced if c.was_broken))
    parts = (
        ("steward_next_due_at", due.limit_at if due else None),
        ("steward_next_due", due.name if due else None),
        ("steward_breached", broken or None),
    )
    for name, value in parts:
        yield Field(name, value, clause, because, rule=DEADLINES, mode=mode)


def _tags(case: Case, collected: _Collected) -> Iterator[Tag]:
    """At most one tag a slot; options beside them."""
    wanted = [*collected.of(Tag), *_due_tags(case)]
    for slot, order in TAG_ORDER.items():
        held = {tag.tag: tag for tag in wanted if tag.slot is slot}
        first = next((held[name] for name in order if name in held), None)
        if first is not None:
            yield first
    yield from (tag for tag in wanted if tag.slot is Slot.OPTION)


def _due_tags(case: Case) -> Iterator[Tag]:
    if case.matter.is_closed or case.kind is Kind.NONE:
        return
    announced = [c for c in case.clocks if c.announced]
    broken = [c for c in announced if c.was_broken]
    if broken:
        last = max(broken, key=lambda c: c.limit_at)
        because = text("The limit of {clock} passed on {limit}.", clock=last.name, limit=last.limit_at)
        yield _due_tag("steward:breached", f"{last.name}-{last.epoch}", last, because)
    if case.is_waiting and announced:
        wait = case.waits[-1]
        yield _due_tag("steward:waiting", f"{wait.since:%Y%m%dT%H%M%S}", announced[0], wait.because)
    near = [c for c in announced if _is_near(c, case)]
    if near:
        first = min(near, key=lambda c: c.limit_at)
        because = text("{clock} ends on {limit}.", clock=first.name, limit=first.limit_at)
        yield _due_tag("steward:warned", f"{first.name}-{first.epoch}", first, because)


def _is_near(clock: Clock, case: Case) -> bool:
    return clock.state is ClockState.RUNNING and clock.is_open and case.now >= clock.warn_at


def _due_tag(tag: str, cause: str, clock: Clock, because: Text) -> Tag:
    return Tag(tag, Slot.DUE, cause, clock.clause, because, rule=DEADLINES, mode=Mode(clock.mode))
