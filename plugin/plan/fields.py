"""Fields by the three-way difference of should, does and last applied (promises 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from plugin.model.decision import Field, FieldValue
from plugin.model.effects import Effect, EffectKind
from plugin.model.facts import Fact, FactKind
from plugin.plan import flapping
from plugin.plan.making import Making


@dataclass(frozen=True, slots=True)
class FieldWrites:
    """What one rule has to write: its effect, and the values to send."""

    effect: Effect
    values: dict[str, FieldValue]


def writes(wanted: Iterable[Field], making: Making) -> Iterator[FieldWrites]:
    """One effect a rule, for the fields of it that differ and are ours to set."""
    by_rule: dict[str, list[Field]] = {}
    for part in wanted:
        writes_it = making.terms.enforces(
            part.mode
        )  # on a trial the server may lack our fields, and is to be told of them
        if (writes_it and not making.terms.features.has(part.name)) or not _is_to_be_set(part, making):
            continue
        until = flapping.field_rests_until(part.name, making) if writes_it else None
        if until is not None:
            making.rest(_effect(part.rule, [part], making, swings=part.name), flapping.FLAPPING, until=until)
        elif making.terms.features.takes(part.name, as_text(part.name, part.value)):
            by_rule.setdefault(part.rule, []).append(part)
        else:
            making.alarms.append("option_missing")
    for rule, parts in by_rule.items():
        effect = _effect(rule, parts, making)
        if making.may_go(effect, parts[0].mode):
            yield FieldWrites(effect, {part.name: part.value for part in parts})


def missing(wanted: Iterable[Field], making: Making) -> tuple[str, ...]:
    """Fields the server does not have: skipped and named."""
    return tuple(sorted({part.name for part in wanted if not making.terms.features.has(part.name)}))


def as_text(name: str, value: object) -> str:
    """A value as text, the same whether it is ours, a look's or a history row's; empty for nothing and false."""
    if value is None or value is False:
        return ""
    if value is True:
        return "true"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).strip()
    if text == "false":
        return ""
    return _moment_text(text) if name.endswith("_at") and text else text


def _moment_text(text: str) -> str:
    """Looks write ISO with milliseconds, history rows ``2026-12-01 09:30:15 UTC``."""
    try:
        moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        return text
    return as_text("", moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _is_to_be_set(part: Field, making: Making) -> bool:
    should, does = as_text(part.name, part.value), as_text(part.name, making.standing.ticket.fields.get(part.name))
    if should == does:
        return False
    last = _last_change(part.name, making)
    if last is None or not last.by.is_agent or _is_unheard(last, making):
        return True  # nobody's, ours, a trigger's, or a customer's, which is reset at once
    ours = list(making.ledger.values_of(part.name))
    if not ours or should != ours[-1][1]:
        return True  # its cause changed since
    return _is_stale_form(does, ours, part.name, making)


def _is_unheard(change: Fact, making: Making) -> bool:
    return making.unheard is not None and making.unheard.did(change.by.login, change.at)


def _is_stale_form(does: str, ours: list[tuple[datetime, str]], name: str, making: Making) -> bool:
    """An agent saved an old form: our value of before is back. It is set once more; the second time he means it."""
    should = ours[-1][1]
    if not does or does not in {value for _, value in ours if value != should}:
        return False
    held_since = next(at for position, (at, _) in enumerate(ours) if all(v == should for _, v in ours[position:]))
    turned_away = [
        f
        for f in making.standing.timeline.changes_of(name)
        if f.by.is_agent and f.at > held_since and f["to"] != should
    ]
    return len(turned_away) <= 1


def _last_change(name: str, making: Making) -> Fact | None:
    changes = making.standing.timeline.changes_of(name)
    if changes:
        return changes[-1]
    at_creation = making.standing.timeline.of(FactKind.OBSERVED)
    return next((f for f in at_creation if f["what"] == "field_at_creation" and f["name"] == name), None)


def _effect(rule: str, parts: list[Field], making: Making, *, swings: str = "") -> Effect:
    """``swings``: the one field that flaps, which is recorded by itself."""
    number = making.ledger.count(EffectKind.FIELDS, rule=rule) + 1
    values = {part.name: as_text(part.name, part.value) for part in parts}
    return making.effect(
        EffectKind.FIELDS,
        rule=rule,
        # absolute values: only a write after a write that was applied is another one
        epoch=f"{swings}-rests-{number}" if swings else f"fields-{number}",
        clause=", ".join(dict.fromkeys(part.clause for part in parts)),
        because=parts[0].because,
        request={"fields": values, "rule": rule},
    )
