"""What Steward decided and wrote since we last looked, read from its own store: the news of the story."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin import engine
from plugin.handlers.plain import plain
from plugin.model.clocks import Clock, ClockState
from plugin.model.decision import STEWARD_FIELDS, Decision, Field, Tag
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.rendering import moment, render
from plugin.model.words import Text
from plugin.model.work import CaseRow
from plugin.service import Service
from plugin.store import cases, effects, switches

ALL_CASES = 1000
FIELDS_TOLD = ("steward_kind", "steward_tier", "steward_nature", "steward_stage", "steward_first_responder")
"""The others follow from the clocks."""
TAGS_TOLD = ("warned", "waiting", "orphan", "ping-pong", "hand-over")
"""The others follow from kind, tier and clocks."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A conclusion that is new, with its clause and reason."""

    what: str
    clause: str
    because: str


@dataclass(frozen=True, slots=True)
class News:
    """What is new about one ticket."""

    number: str
    decided: tuple[Decided, ...]
    written: tuple[str, ...]


class Watch:
    """Compares each case with what it was at the last call."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._looks: dict[int, int] = {}
        self._decisions: dict[int, Decision] = {}
        self._applied: set[str] = set()

    def news(self, now: datetime) -> Iterator[News]:
        """News of every case that was looked at since, in the order of tickets."""
        store = self._service.store
        with store.read() as connection:
            looked = [c for c in cases.listed(connection, limit=ALL_CASES) if c.looks > self._looks.get(c.ticket_id, 0)]
        for case in looked:
            self._looks[case.ticket_id] = case.looks
            if _is_task(str(case.number)):
                continue
            found = self._of(case, now)
            if found.decided or found.written:
                yield found

    def decision(self, ticket_id: int, now: datetime) -> Decision:
        """What should hold for a ticket at ``now``, decided afresh."""
        store = self._service.store
        with store.read() as connection:
            timeline = store.timeline(connection, ticket_id)
            since = switches.enforced_since(connection)
        return engine.decide(timeline, pack=self._service.pack, now=now, switches=since)

    def _of(self, case: CaseRow, now: datetime) -> News:
        teller = _Words(self._service.pack.zone, now)
        before, after = self._decisions.get(case.ticket_id), self.decision(case.ticket_id, now)
        self._decisions[case.ticket_id] = after
        with self._service.store.read() as connection:
            known = effects.of_case(connection, case.ticket_id)
        fresh = [effect for effect in known if _state_key(effect) not in self._applied]
        self._applied.update(map(_state_key, fresh))
        written = tuple(_written(fresh, teller))
        return News(number=str(case.number), decided=tuple(_decided(before, after, teller)), written=written)


def _is_task(number: str) -> bool:
    """Whether a ticket is a task of ours, by its number; it is no case (design.md)."""
    return not number.isdigit()


def _state_key(effect: Effect) -> str:
    return f"{effect.op_key} {effect.state} {effect.tries}"


@dataclass(frozen=True, slots=True)
class _Words:
    """How sentences and moments are told: English, on the pack's wall clock."""

    zone: str
    now: datetime

    def say(self, text: Text) -> str:
        return render(text, language="en", zone=self.zone, translate=str, now=self.now)

    def moment(self, at: datetime) -> str:
        return moment(at, language="en", zone=self.zone, now=self.now)

    def value(self, name: str, value: str) -> str:
        """A field's value as its effect has it; moments on the wall clock."""
        if not value:
            return "–"
        return self.moment(datetime.fromisoformat(value)) if name.endswith("_at") else value


# -- decided ----------------------------------------------------------------------------------------------------------


def _decided(before: Decision | None, after: Decision, teller: _Words) -> Iterator[Decided]:
    if not after.in_force:
        if before is None or before.in_force:
            yield Decided("nothing to write", "", teller.say(after.because))
        return
    yield from _fields(before, after, teller)
    yield from _tags(before, after, teller)
    yield from _clocks(before, after, teller)


def _fields(before: Decision | None, after: Decision, teller: _Words) -> Iterator[Decided]:
    was = {field.name: field.value for field in before.fields} if before else {}
    for field in after.fields:
        if field.name in FIELDS_TOLD and field.value and field.value != was.get(field.name):
            yield Decided(_field(field, after), field.clause, teller.say(field.because))


def _field(field: Field, decision: Decision) -> str:
    suspected = decision.finding("suspected")
    doubt = ", suspected to be a complaint" if suspected is not None and suspected.value else ""
    return f"{_plain_name(field.name)} {field.value}{doubt if field.name == 'steward_kind' else ''}"


def _tags(before: Decision | None, after: Decision, teller: _Words) -> Iterator[Decided]:
    was = {tag.tag for tag in before.tags} if before else set()
    for tag in after.tags:
        if tag.tag not in was and _short(tag) in TAGS_TOLD:
            yield Decided(_short(tag), tag.clause, teller.say(tag.because))


def _short(tag: Tag) -> str:
    return tag.tag.removeprefix("steward:")


def _clocks(before: Decision | None, after: Decision, teller: _Words) -> Iterator[Decided]:
    known = {(clock.name, clock.epoch): clock for clock in before.clocks} if before else {}
    begun = [clock for clock in after.clocks if _begins(clock, known)]
    if begun:
        limits = ", ".join(f"{clock.name} by {teller.moment(clock.limit_at)}" for clock in begun)
        clauses = ", ".join(dict.fromkeys(clock.clause for clock in begun))
        yield Decided(f"clocks run: {limits}", clauses, "")
    for clock in after.clocks:
        was = known.get((clock.name, clock.epoch))
        if not _begins(clock, known):
            yield from _moved(was, clock, teller)


def _begins(clock: Clock, known: Mapping[tuple[str, str], Clock]) -> bool:
    was = known.get((clock.name, clock.epoch))
    return clock.state is ClockState.RUNNING and (was is None or not was.is_open)


def _moved(was: Clock | None, clock: Clock, teller: _Words) -> Iterator[Decided]:
    state = clock.state.value.replace("_", " ")
    if was is not None and clock.extended_from and not was.extended_from:
        yield Decided(f"{clock.name} extended to {teller.moment(clock.limit_at)}", clock.clause, "")
    if was is not None and (was.state, was.is_open) == (clock.state, clock.is_open):
        return
    if clock.state is ClockState.BREACHED:
        late = "ended late" if clock.ended_at else "broken"
        yield Decided(
            f"{clock.name} {late}, limit {teller.moment(clock.limit_at)}", clock.clause, teller.say(clock.because)
        )
    elif clock.state is ClockState.RUNNING:
        yield Decided(f"{clock.name} runs on, by {teller.moment(clock.limit_at)}", clock.clause, "")
    else:
        yield Decided(f"{clock.name} {state}", clock.clause, teller.say(clock.because))


# -- written ----------------------------------------------------------------------------------------------------------


def _written(fresh: list[Effect], teller: _Words) -> Iterator[str]:
    applied = [effect for effect in fresh if effect.state is EffectState.APPLIED]
    tags = [_tag(effect) for effect in applied if effect.kind in (EffectKind.TAG_ADD, EffectKind.TAG_REMOVE)]
    if tags:
        yield f"tags {' '.join(tags)}"
    fields = sorted((effect for effect in applied if effect.kind is EffectKind.FIELDS), key=_number)
    values = {name: value for effect in fields for name, value in effect.request["fields"].items()}
    if values:
        shown = (f"{_plain_name(name)} {teller.value(name, str(values[name]))}" for name in sorted(values, key=_place))
        yield f"fields {', '.join(shown)}"
    for effect in applied:
        yield from _act(effect)
    for effect in fresh:
        if effect.state in (EffectState.REFUSED, EffectState.UNKNOWN):
            yield f"{effect.kind} {effect.state}: {effect.error}"


def _number(effect: Effect) -> int:
    """A rule's writes of fields count up in their epochs: ``fields-3`` came after ``fields-2``."""
    return int(effect.epoch.rpartition("-")[2])


def _plain_name(field: str) -> str:
    return field.removeprefix("steward_").replace("_", " ")


def _place(field: str) -> int:
    return STEWARD_FIELDS.index(field)


def _tag(effect: Effect) -> str:
    sign = "+" if effect.kind is EffectKind.TAG_ADD else "−"
    return f"{sign}{effect.request['tag']}"


def _act(effect: Effect) -> Iterator[str]:
    request = effect.request
    match effect.kind:
        case EffectKind.NOTE:
            told = f" for {', '.join(request['tell'])}" if request["tell"] else ""
            yield f"note{told}: “{plain(request['body'], content_type='text/html').partition(chr(10))[0]}”"
        case EffectKind.TASK:
            yield f"task ticket #{request['number']}: {request['title']}"
        case EffectKind.ITEM:
            yield f"checklist task: {str(request['text']).rpartition(' [')[0]}"
        case EffectKind.CHECKLIST if "name" in request:
            yield f"checklist named “{request['name']}”"
        case EffectKind.STATE:
            yield f"state {request['state']}"
        case EffectKind.TASK_VOID | EffectKind.ITEM_VOID:
            yield f"task {request['task']} withdrawn"
        case EffectKind.MESSAGE:
            yield f"message {request['template']}"


def wall(at: datetime, zone: str) -> str:
    """A moment of the story on its wall clock: ``Mon 2 Nov 09:05``."""
    # said from afterwards, when a weekday alone would not do
    return moment(at, language="en", zone=zone, now=at + timedelta(seconds=1))
