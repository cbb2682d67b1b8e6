"""What a pack may say, key by key, and the typed pack it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import Schema, fields

from plugin.model.calendars import Calendar, Opening, Week
from plugin.model.decision import Mode
from plugin.model.pack import (
    MESSAGES,
    ClockSettings,
    Jurisdiction,
    Kind,
    MessageText,
    OtherTime,
    Pack,
    People,
    Record,
    Retention,
    Rule,
    Scope,
    Tier,
    TierSettings,
    When,
    Words,
)
from plugin.model.rollout import RunningCases
from plugin.packs import values
from plugin.packs.examples.schema import examples_field
from plugin.packs.fields import Mapped, Part, Section, Several, Taken, as_json, said, taken
from plugin.packs.options import HasOptions, clauses_of, clock_names, schema_of
from plugin.packs.record import record_section

ALWAYS = "always"
ALL = "all"
OFF = "off"
"""The mode of a rule that is there to be switched on by somebody else, or was by the pack that is extended."""

_MIDNIGHT_TO_MIDNIGHT = values.openings("00:00-24:00")


def pack_schema(policies: Mapping[str, HasOptions]) -> Schema:
    """The schema of a whole pack whose rules may name these policies."""
    clock = values.one_of(*clock_names(policies))
    schema = _PackSection.with_keys(
        {
            "clocks": Mapped(clock, Part(_ClockSection), required=True),
            "rules": Several(_RuleField(policies), required=True),
        },
        name="Pack",
    )
    return schema()


# -- whom it concerns -------------------------------------------------------------------------------------------------


@values.written(anyOf=[{"const": ALL}, {"type": "array", "items": {"type": "string"}, "minItems": 1}])
def _groups(value: object) -> tuple[str, ...] | None:
    if value == ALL:
        return None
    if not isinstance(value, list) or not value:
        raise ValueError(f"allowed {ALL}, or a list of groups")
    return tuple(values.text(group) for group in value)


class _ScopeSection(Section):
    builds = Scope
    groups = Taken(_groups)
    exclude_groups = Several(Taken(values.text))
    exclude_tags = Several(Taken(values.text))
    exclude_senders = Several(Taken(values.phrase))
    own_domains = Several(Taken(values.phrase))


class _TierSection(Section):
    builds = TierSettings
    handlers = Several(Taken(values.text))


class _WordsSection(Section):
    complaint = Several(Taken(values.phrase))
    serious = Several(Taken(values.phrase))
    danger = Several(Taken(values.phrase))
    promise = Several(Taken(values.phrase))
    mood = Several(Taken(values.phrase))
    reach = Several(Taken(values.phrase))
    urgency = Several(Taken(values.phrase))
    not_ours = Several(Taken(values.phrase))
    shared = Several(Taken(values.phrase))
    enquiry = Several(Taken(values.phrase))


# -- working time -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _CalendarDraft:
    """A calendar that may still take its zone from the pack."""

    hours: Week | None
    zone: str | None = None
    holidays: Mapping[str, Any] | None = None
    make_up_days: Mapping[date, str] | None = None
    make_up_hours: str | None = None

    def finish(self, name: str, zone: str) -> Calendar:
        free = self.holidays or {}
        return Calendar(
            name=name,
            zone=self.zone or zone,
            hours=self.hours,
            countries=free.get("of", ()),
            holidays_added=frozenset(free.get("also", ())),
            holidays_removed=frozenset(free.get("without", ())),
            make_up_days=tuple((day, self.openings(own)) for day, own in sorted((self.make_up_days or {}).items())),
            make_up_hours=self.openings(self.make_up_hours) if self.make_up_hours else None,
        )

    def openings(self, like: str) -> tuple[Opening, ...]:
        """Hours written out, or those of the weekday named."""
        if like not in values.WEEKDAYS:
            return values.openings(like)
        return self.hours[values.WEEKDAYS.index(like)] if self.hours else _MIDNIGHT_TO_MIDNIGHT


def _hours(value: object) -> Week | None:
    """``always``, or openings of each weekday; days left out are closed."""
    if value == ALWAYS:
        return None
    if not isinstance(value, Mapping):
        raise ValueError(f"allowed {ALWAYS}, or weekdays with their times (monday to friday: 09:00-17:00)")
    week: dict[int, tuple[Opening, ...]] = {}
    for days, times in value.items():
        for weekday in values.weekdays(days):
            if weekday in week:
                raise ValueError(f"found {values.WEEKDAYS[weekday]} twice, allowed each weekday once")
            week[weekday] = values.openings(times)
    if not any(week.values()):
        raise ValueError("found hours that never open, allowed times on one weekday at least")
    return tuple(week.get(weekday, ()) for weekday in range(7))


class _HoursField(fields.Field[Any]):
    """Hours of a week, each mistake at its own day."""

    def __init__(self, *, required: bool) -> None:
        super().__init__(required=required, error_messages=said(f"{ALWAYS}, or weekdays with their times"))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if isinstance(value, Mapping):
            _DAYS.deserialize(value)
        return taken(_hours, value)

    def as_json(self, *, partial: bool) -> dict[str, Any]:
        return {"anyOf": [{"const": ALWAYS}, as_json(_DAYS, partial=partial)]}


_DAYS = Mapped(values.weekdays, Taken(values.openings))


@values.written(type="string", examples=["monday", "09:00-13:00"])
def _like(value: object) -> str:
    """A weekday whose hours are meant, or the hours themselves."""
    if not isinstance(value, str) or value == "closed":
        raise ValueError("allowed a weekday whose hours are kept (monday), or times such as 09:00-13:00")
    if value not in values.WEEKDAYS:
        values.openings(value)
    return value


class _HolidaysSection(Section):
    of = Several(Taken(values.country))
    also = Several(Taken(values.day))
    without = Several(Taken(values.day))


class _CalendarSection(Section):
    builds = _CalendarDraft
    zone = Taken(values.zone)
    hours = _HoursField(required=True)
    holidays = Part(_HolidaysSection)
    make_up_days = Mapped(values.day, Taken(_like))
    make_up_hours = Taken(_like)


# -- clocks and rules -------------------------------------------------------------------------------------------------


class _WhenSection(Section):
    builds = When
    kinds = Several(Taken(values.member(Kind)))
    tiers = Several(Taken(values.member(Tier)))
    groups = Several(Taken(values.text))
    natures = Several(Taken(values.code))
    vip = Taken(values.flag)


class _OtherTimeSection(Section):
    builds = OtherTime
    when = Part(_WhenSection, required=True)
    target = Taken(values.duration)
    limit = Taken(values.duration)
    extended_limit = Taken(values.duration)
    calendar = Taken(values.text)
    warn_at = Taken(values.share)
    pauses = Taken(values.flag)


class _ClockSection(Section):
    clause = Taken(values.text, required=True)
    kinds = Several(Taken(values.member(Kind)))
    tiers = Several(Taken(values.member(Tier)))
    target = Taken(values.duration)
    limit = Taken(values.duration, required=True)
    extended_limit = Taken(values.duration)
    calendar = Taken(values.text, required=True)
    warn_at = Taken(values.share)
    pauses = Taken(values.flag)
    instead = Several(Part(_OtherTimeSection))


class _RuleSection(Section):
    name = Taken(values.text)
    mode = Taken(values.one_of(*Mode, OFF))
    when = Part(_WhenSection)
    limit = Taken(values.count)
    groups = Several(Taken(values.text))
    share = Taken(values.share)
    clauses = Several(Taken(values.text))
    running_cases = Taken(values.member(RunningCases))


class _AnyOptions(fields.Field[Any]):
    """Options of a policy nobody knows: the policy is the mistake, they are not."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return value

    def as_json(self, *, partial: bool) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "object"}


class _RuleField(fields.Field[Any]):
    """A rule, its options read by the policy it names."""

    def __init__(self, policies: Mapping[str, HasOptions]) -> None:
        super().__init__()
        self.known = {name: schema_of(policy.Options) for name, policy in policies.items()}
        self.defaults = {name: policy.Options for name, policy in policies.items()}
        self.clauses = {name: clauses_of(policy) for name, policy in policies.items()}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """The rule, None where it is switched off."""
        named = value.get("policy") if isinstance(value, Mapping) else None
        policy = named if isinstance(named, str) else ""
        found = self._section(policy)().load(value)
        mode = found.pop("mode", Mode.OBSERVE.value)
        if mode == OFF:
            return None
        return Rule(
            **{"name": policy, "options": self.defaults[policy](), "clauses": self.clauses[policy], **found},
            mode=Mode(mode),
        )

    def _section(self, policy: str) -> type[Schema]:
        options: fields.Field[Any] = Part(self.known[policy]) if policy in self.known else _AnyOptions()
        named = {"policy": Taken(values.one_of(*self.known), required=True), "options": options}
        return _RuleSection.with_keys(named, name="Rule")

    def as_json(self, *, partial: bool) -> dict[str, Any]:
        """Every rule's own keys, and the options of the policy it names (or of that name, where a base names it)."""
        rule = as_json(self._section("")(), partial=partial)
        known = {
            name: {"properties": {"options": as_json(options(), partial=partial)}}
            for name, options in self.known.items()
        }
        chosen = [{"if": _names("policy", name), "then": options} for name, options in known.items()]
        if partial:
            unnamed = {"not": {"required": ["policy"]}}
            chosen += [
                {"if": {"allOf": [_names("name", name), unnamed]}, "then": options} for name, options in known.items()
            ]
        return {**rule, "allOf": chosen}


def _names(key: str, value: str) -> dict[str, Any]:
    return {"properties": {key: {"const": value}}, "required": [key]}


# -- the whole --------------------------------------------------------------------------------------------------------


def _message(names: tuple[str, ...]) -> type[Schema]:
    """A message to the customer, which may name so much."""
    text = values.Message(names)
    parts = {"subject": Taken(text, required=True), "body": Taken(text, required=True)}
    return Section.with_keys(parts, name="Message", builds=MessageText)


_MESSAGES = {name: Mapped(values.language, Part(_message(names))) for name, names in MESSAGES.items()}


class _RetentionSection(Section):
    builds = Retention
    minimum = Taken(values.duration, required=True)
    classes = Mapped(values.code, Taken(values.duration), required=True)
    default_class = Taken(values.code)
    complaint_class = Taken(values.code)


class _PackSection(Section):
    pack = Taken(values.name, required=True)
    standard = Taken(values.name)
    title = Taken(values.text, required=True)
    language = Taken(values.language)
    zone = Taken(values.zone, required=True)
    office = Taken(values.text)
    running_cases = Taken(values.member(RunningCases))
    scope = Part(_ScopeSection)
    people = Part(schema_of(People))
    tiers = Mapped(values.member(Tier), Part(_TierSection))
    natures = Mapped(values.code, Several(Taken(values.phrase)))
    words = Part(_WordsSection)
    group_kinds = Mapped(values.text, Taken(values.member(Kind)))
    attribute_kinds = Mapped(values.code, Mapped(values.text, Taken(values.member(Kind))))
    channel_kinds = Mapped(values.text, Taken(values.member(Kind)))
    attribute_natures = Mapped(values.code, Mapped(values.text, Taken(values.code)))
    group_natures = Mapped(values.text, Taken(values.code))
    group_jurisdictions = Mapped(values.text, Taken(values.member(Jurisdiction)))
    calendars = Mapped(values.name, Part(_CalendarSection), required=True)
    record = Part(record_section(_WhenSection))
    retention = Part(_RetentionSection, required=True)
    messages = Part(Section.with_keys(_MESSAGES, name="Messages"))
    waiting_states = Several(Taken(values.text))
    examples = examples_field()


_SIGNS = ("attribute_kinds", "channel_kinds", "attribute_natures", "group_natures", "group_jurisdictions")


def build(found: Mapping[str, Any], *, version: str) -> Pack:
    """The typed pack out of what the schema read."""
    natures = found.get("natures", {})
    return Pack(
        name=found["pack"],
        version=version,
        title=found["title"],
        language=found.get("language", "en"),
        zone=found["zone"],
        scope=found.get("scope", Scope()),
        people=found.get("people", People()),
        tiers={tier: found.get("tiers", {}).get(tier, TierSettings()) for tier in Tier},
        natures=tuple(natures),
        words=Words(**found.get("words", {}), natures=natures),
        group_kinds=found.get("group_kinds", {}),
        **{name: found[name] for name in _SIGNS if name in found},
        calendars={name: draft.finish(name, found["zone"]) for name, draft in found["calendars"].items()},
        clocks={name: ClockSettings(name=name, **clock) for name, clock in found["clocks"].items()},
        rules=tuple(rule for rule in found["rules"] if rule is not None),
        record=found.get("record", Record()),
        retention=found["retention"],
        messages=found.get("messages", {}),
        waiting_states=found.get("waiting_states"),
        office=found.get("office", "office"),
        running_cases=found.get("running_cases", RunningCases.MOVE),
    )
