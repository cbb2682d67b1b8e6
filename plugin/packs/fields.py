"""marshmallow fields and sections of a pack: unknown keys refused, every message says what is allowed.

Each can say itself in the words of JSON Schema too (``as_json``), so that editors and the loader cannot differ.
``partial``: as it may stand in a pack that extends another, where keys may be left out or taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from marshmallow import RAISE, Schema, ValidationError, fields, post_load

from plugin.packs import hints, values

NOTHING = "found nothing, allowed {}"


class Taken(fields.Field[Any]):
    """A value taken by one of ``plugin.packs.values``."""

    def __init__(self, take: Callable[[object], object], *, required: bool = False, allow_none: bool = False) -> None:
        super().__init__(required=required, allow_none=allow_none, error_messages=said(_what(take)))
        self.take = take

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return taken(self.take, value)

    def as_json(self, *, partial: bool) -> dict[str, Any]:  # noqa: ARG002
        found = {**values.as_json(self.take), "description": _what(self.take)}
        return {"anyOf": [found, {"type": "null"}]} if self.allow_none else found


class Several(fields.List[Any]):
    """A list, read as a tuple."""

    def __init__(self, inner: fields.Field[Any], *, required: bool = False) -> None:
        super().__init__(inner, required=required, error_messages={**said("a list"), "invalid": "allowed a list"})

    def _deserialize(self, value: Any, *names: Any, **more: Any) -> Any:
        if isinstance(value, str):
            raise ValidationError(f"allowed a list{hints.meant(f'[{value}]') if value.strip() else ''}")
        return tuple(super()._deserialize(value, *names, **more))

    def as_json(self, *, partial: bool) -> dict[str, Any]:
        items = {"type": "array", "items": as_json(self.inner, partial=partial)}
        if not partial:
            return items
        changes = {"type": "object", "properties": {"add": items, "without": items}, "additionalProperties": False}
        return {"anyOf": [items, changes]}


class Mapped(fields.Field[Any]):
    """Keys of an administrator's own choice, each taken by ``key``, with values of one kind."""

    def __init__(self, key: Callable[[object], object], inner: fields.Field[Any], *, required: bool = False) -> None:
        super().__init__(required=required, error_messages=said("keys with values"))
        self.key = key
        self.inner = inner

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValidationError("allowed keys with values")
        found: dict[Any, Any] = {}
        faults: dict[Any, Any] = {}
        for key, inner in value.items():
            try:
                name = taken(self.key, key)
                found[name] = self.inner.deserialize(inner, str(key), value)
            except ValidationError as fault:
                faults[key] = _about_the_key(key, fault) if _is_refused(self.key, key) else fault.messages
        if faults:
            raise ValidationError(faults)
        return found

    def as_json(self, *, partial: bool) -> dict[str, Any]:
        inner = as_json(self.inner, partial=partial)
        return {
            "type": "object",
            "propertyNames": values.as_json(self.key),
            "additionalProperties": or_nothing(inner) if partial else inner,
        }


class Section(Schema):
    """A part of the pack with fixed keys, built into ``builds``."""

    builds: ClassVar[Callable[..., Any]] = dict

    class Meta:
        unknown = RAISE

    @classmethod
    def with_keys(
        cls, parts: Mapping[str, fields.Field[Any]], *, name: str, builds: Callable[..., Any] | None = None
    ) -> type[Section]:
        """A section with these keys beside its own, for what is known only when Steward runs."""
        made = cast("type[Section]", cls.from_dict(dict(parts), name=name))
        if builds is not None:
            made.builds = staticmethod(builds)
        return made

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        allowed = ", ".join(self.fields) or "no keys here"
        self.error_messages = {
            **self.error_messages,
            "unknown": allowed,
            "type": f"allowed keys with values: {allowed}",
        }

    def handle_error(self, error: ValidationError, data: Any, **_: Any) -> None:
        """Name the keys this section does not know, which marshmallow only counts."""
        messages = error.messages if isinstance(error.messages, dict) else {}
        for key in set(messages) - set(self.fields) - {"_schema"}:
            if isinstance(data, Mapping) and key in data:
                near = hints.nearest(key, self.fields)
                hint = hints.meant(near) if near else ""
                messages[key] = [f"found the key {key}, allowed {self.error_messages['unknown']}{hint}"]
                if near and near not in data:
                    messages.pop(near, None)  # that it is missing is the same mistake

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Any:
        return type(self).builds(**data)

    def as_json(self, *, partial: bool) -> dict[str, Any]:
        parts = {name: as_json(part, partial=partial) for name, part in self.fields.items()}
        needed = [name for name, part in self.fields.items() if part.required and not partial]
        return {
            "type": "object",
            "properties": {name: or_nothing(part) for name, part in parts.items()} if partial else parts,
            "additionalProperties": False,
            **({"required": needed} if needed else {}),
        }


class Part(fields.Nested):
    """A section inside another."""

    def __init__(self, section: type[Schema], *, required: bool = False) -> None:
        super().__init__(section, required=required, error_messages=said("keys with values"))

    def as_json(self, *, partial: bool) -> dict[str, Any]:
        return as_json(self.schema, partial=partial)


def as_json(part: object, *, partial: bool) -> dict[str, Any]:
    """A field or section in the words of JSON Schema; anything at all for one that does not say."""
    said_by_itself = getattr(part, "as_json", None)
    return {} if said_by_itself is None else dict(said_by_itself(partial=partial))


def or_nothing(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, or null: a key that is taken away again."""
    return {"anyOf": [schema, {"type": "null"}]} if schema else {}


def taken(take: Callable[[object], object], value: object) -> Any:
    """What ``take`` makes of the value; its ValueError becomes marshmallow's."""
    try:
        return take(value)
    except ValueError as fault:
        raise ValidationError(str(fault)) from fault


def said(what: str) -> dict[str, str | list[Any] | dict[Any, Any]]:
    """marshmallow's own messages for a value that is not there."""
    return {"required": NOTHING.format(what), "null": NOTHING.format(what)}


def _what(take: Callable[[object], object]) -> str:
    """What the taker allows, out of its own mouth."""
    try:
        take(None)
    except ValueError as fault:
        return str(fault).partition("allowed ")[2]
    return "a value"


def _is_refused(take: Callable[[object], object], key: object) -> bool:
    try:
        take(key)
    except ValueError:
        return True
    return False


def _about_the_key(key: object, fault: ValidationError) -> list[str]:
    return [
        message if message.startswith("found") else f"found the key {key}, {message}"
        for message in map(str, fault.messages)
    ]
