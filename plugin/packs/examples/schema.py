"""What an example in a pack may say, key by key; mistakes are placed like all others of the pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields

from plugin.model.decision import STEWARD_FIELDS
from plugin.model.pack import People, Tier
from plugin.packs import hints, values
from plugin.packs.examples import deeds  # noqa: F401 - the sentences are those its functions are named for
from plugin.packs.examples.example import Example
from plugin.packs.examples.expectations import (
    NONE,
    ClockSaid,
    ClockStands,
    Expectation,
    FieldHolds,
    FindingHolds,
    InForce,
    Listed,
    NoteSaid,
    NothingOf,
    TaskStands,
    Value,
)
from plugin.packs.examples.given import Given
from plugin.packs.examples.moments import Moment
from plugin.packs.examples.sentences import Step, spoken
from plugin.packs.fields import Mapped, Part, Section, Several, Taken, said, taken
from plugin.packs.options import schema_of
from plugin.policies import discover

CHANNELS = ("email", "web", "phone", "chat", "sms", "twitter status", "facebook feed post", "telegram personal-message")


class OneOrSeveral(fields.Field[Any]):
    """A value, or a list of them; read as a tuple."""

    def __init__(self, take: Callable[[object], object], *, required: bool = False) -> None:
        super().__init__(required=required, error_messages=said("one value or a list"))
        self.take = take

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if not isinstance(value, list):
            return (taken(self.take, value),)
        found, faults = [], {}
        for number, one in enumerate(value):
            try:
                found.append(taken(self.take, one))
            except ValidationError as fault:
                faults[number] = fault.messages
        if faults:
            raise ValidationError(faults)
        return tuple(found)

    def as_json(self, *, partial: bool) -> dict[str, Any]:  # noqa: ARG002 - every field is asked alike
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


class Named(fields.Field[Any]):
    """Expectations by name, each made of its name and what is written; or ``none``, where there should be nothing."""

    def __init__(self, about: str, make: Callable[[str, object], Expectation]) -> None:
        super().__init__(error_messages=said(f"names with what is expected of each, or {NONE}"))
        self.about = about
        self.make = make

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if value == NONE:
            return (NothingOf(self.about),)
        if not isinstance(value, Mapping) or not value:
            raise ValidationError(f"allowed names with what is expected of each, or {NONE}")
        found, faults = [], {}
        for name, written in value.items():
            try:
                found.append(self.make(values.text(name), written))
            except ValueError as fault:
                faults[name] = [str(fault)]
        if faults:
            raise ValidationError(faults)
        return tuple(found)

    def as_json(self, *, partial: bool) -> dict[str, Any]:  # noqa: ARG002 - every field is asked alike
        return {"anyOf": [{"const": NONE}, {"type": "object", "minProperties": 1}]}


# -- given ------------------------------------------------------------------------------------------------------------


class _OptionsGiven(fields.Field[Any]):
    """Options by policy, read as those of a rule are; only what is written."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValidationError("allowed policies with options of theirs")
        found: dict[str, Any] = {}
        faults: dict[str, Any] = {}
        policies = discover()
        for name, written in value.items():
            if name not in policies:
                near = hints.did_you_mean(name, policies)
                faults[name] = [f"found the key {name}, allowed {', '.join(policies)}{near}"]
                continue
            try:
                options = schema_of(policies[name].Options)().load(written)
                found[name] = {option: getattr(options, option) for option in written}
            except ValidationError as fault:
                faults[name] = fault.messages
        if faults:
            raise ValidationError(faults)
        return found

    def as_json(self, *, partial: bool) -> dict[str, Any]:  # noqa: ARG002 - every field is asked alike
        return {"type": "object", "additionalProperties": {"type": "object"}}


class _GivenSection(Section):
    builds = Given
    vip = Taken(values.flag)
    group = Taken(values.text)
    channel = Taken(values.one_of(*CHANNELS))
    address = Taken(values.text)
    people = Part(schema_of(People))
    handlers = Mapped(values.member(Tier), Several(Taken(values.text)))
    customer_mail = Taken(values.flag)
    options = _OptionsGiven()
    written = Mapped(values.one_of(*discover()), Taken(values.count))
    enforced_since = Taken(Moment.parse)


# -- expected ---------------------------------------------------------------------------------------------------------


def _value(value: object) -> Value:
    """A text, number, date, moment, true or false, or a list of texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return tuple(values.text(one) for one in value)
    if isinstance(value, date | int | float):
        return value if isinstance(value, date) else str(value)
    written = values.text(value)
    try:
        return Moment.parse(written)
    except ValueError:
        return written


def _names(value: object) -> tuple[str, ...]:
    if value == NONE or value == []:
        return ()
    if isinstance(value, str):
        return tuple(values.text(one) for one in value.split(","))
    if not isinstance(value, list):
        raise ValueError(f"allowed names: one, several with commas, a list, or {NONE}")
    return tuple(values.text(one) for one in value)


def _clock(name: str, written: object) -> Expectation:
    several = written if isinstance(written, list) else [written]
    return ClockStands(name, tuple(ClockSaid.parse(one) for one in several))


EXPECTED = {
    "kind, tier, nature, stage, …": "what a field of Steward's own holds, by its short name; none for nothing",
    "tags": "all of them, without steward:; none",
    "messages": "all that should have gone out to the customer, by their names; none",
    "ticket": "open, where the ticket should be opened again; none",
    "in_force": "true or false: whether anything may be written at all",
    "findings": "by name, what a policy concluded (suspected, vip, severity, accepted_at, …)",
}
"""What can be expected beside clocks, notes and tasks, for the manual."""


class _Expect(Section):
    """The parts that are no fields of Steward's own; those are added below."""

    in_force = Taken(values.flag)
    tags = Taken(_names)
    messages = Taken(_names)
    ticket = Taken(_names)
    clocks = Named("clocks", _clock)
    notes = Named("notes", NoteSaid.parse)
    tasks = Named("tasks", TaskStands.parse)
    findings = Named("findings", lambda name, written: FindingHolds(name, _value(written)))


_FIELDS = tuple(name.removeprefix("steward_") for name in STEWARD_FIELDS)
_SEVERAL = ("breached",)
"""Fields that hold names with commas between."""


def _expectations(**written: Any) -> tuple[Expectation, ...]:
    return tuple(_each(written))


def _each(written: Mapping[str, Any]) -> Iterator[Expectation]:
    for name, value in written.items():
        if name in _FIELDS:
            yield FieldHolds(name, value)
        elif name == "in_force":
            yield InForce("true" if value else "false")
        elif name in ("tags", "messages", "ticket"):
            yield Listed(name, value)
        else:
            yield from value


_ExpectSection = _Expect.with_keys(
    {name: Taken(_names if name in _SEVERAL else _value) for name in _FIELDS}, name="Expect", builds=_expectations
)


# -- the whole --------------------------------------------------------------------------------------------------------


def _example(*, story: Mapping[Moment, tuple[Step, ...]], **more: Any) -> Example:
    first = next(iter(story), None)
    if first is None or not first.is_fixed:
        found = f"found {first} first" if first else "found nothing"
        raise ValidationError({"story": [f"{found}, allowed a story that begins at a weekday or date"]})
    return Example(story=story, **more)


class ExampleSection(Section):
    """One example; its name is the key it stands under."""

    builds = staticmethod(_example)
    clauses = Several(Taken(values.text), required=True)
    given = Part(_GivenSection)
    story = Mapped(Moment.parse, OneOrSeveral(spoken), required=True)
    expect = Mapped(Moment.parse, Part(_ExpectSection), required=True)


def examples_field() -> fields.Field[Any]:
    """The key ``examples`` of a pack: each under a sentence that says what it shows."""
    return Mapped(values.text, Part(ExampleSection))
