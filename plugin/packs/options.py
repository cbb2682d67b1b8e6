"""Options of a rule, read by the types of its policy's own ``Options``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields as fields_of
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Protocol, Union, get_args, get_origin, get_type_hints

from marshmallow import Schema, ValidationError, fields

from plugin.model.durations import Duration
from plugin.packs import values
from plugin.packs.fields import Section, Several, Taken


class HasOptions(Protocol):
    """What the loader needs of a policy.

    One that runs clocks names them in ``CLOCKS``; what it carries out stands in ``CLAUSES``.
    """

    Options: type[Any]


_TAKERS: dict[Any, Callable[[object], object]] = {
    bool: values.flag,
    int: values.whole,
    float: values.number,
    str: values.text,
    Duration: values.duration,
}


def schema_of(options: type[Any]) -> type[Schema]:
    """A section with the options' keys; raises TypeError for a type no pack can hold."""
    types = get_type_hints(options)
    known = {field.name: _field(types[field.name]) for field in fields_of(options)}
    return Section.with_keys(known, name=f"{options.__module__}.{options.__name__}", builds=_builder(options))


def _builder(options: type[Any]) -> Callable[..., Any]:
    def build(**given: Any) -> Any:
        try:
            return options(**given)
        except ValueError as fault:
            raise ValidationError(str(fault)) from fault

    return build


def _field(kind: Any) -> fields.Field[Any]:
    if get_origin(kind) in (Union, UnionType):
        inner = [part for part in get_args(kind) if part is not NoneType]
        if len(inner) != 1:
            raise TypeError(f"an option of type {kind} cannot be read from a pack")
        return Taken(_taker(inner[0]), allow_none=True)
    if get_origin(kind) is tuple and get_args(kind) == (str, ...):
        return Several(Taken(values.text))
    return Taken(_taker(kind))


def _taker(kind: Any) -> Callable[[object], object]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return values.member(kind)
    if kind not in _TAKERS:
        raise TypeError(f"an option of type {kind} cannot be read from a pack")
    return _TAKERS[kind]


def clock_names(policies: Mapping[str, HasOptions]) -> tuple[str, ...]:
    """The clocks these policies run."""
    return tuple(dict.fromkeys(name for policy in policies.values() for name in getattr(policy, "CLOCKS", ())))


def clauses_of(policy: HasOptions) -> tuple[str, ...]:
    """What the policy carries out, where a rule does not say it for itself."""
    return tuple(getattr(policy, "CLAUSES", ()))
