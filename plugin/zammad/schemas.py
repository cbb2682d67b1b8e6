"""What Zammad answers, parsed once at the edge into our nouns; a wrong type names its path.

Tolerated, as servers differ: keys that are missing or new, names left out or given as objects, null names. What we do
not know goes to ``extra``, the ``steward_*`` attributes of a ticket to ``fields``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from types import NoneType
from typing import Any, Protocol, TypeVar

from marshmallow import EXCLUDE, INCLUDE, Schema, ValidationError, fields, missing

from plugin.model.errors import Unreadable
from plugin.model.people import Absence, User
from plugin.model.ticket import (
    Article,
    ChangedTicket,
    Checklist,
    ChecklistItem,
    HistoryRow,
    Link,
    LinkedTicket,
    StateType,
    Ticket,
)

Parsed = TypeVar("Parsed")
Kept = TypeVar("Kept")
"""What a field's value is once it is parsed."""
FIELD_PREFIX = "steward_"
LONGEST_BODY = 60_000
"""Characters of an article's body that are looked at, markup included: thousands of them are held at a time."""
LARGEST_ID = 2**53
"""Zammad's own are far smaller; what is beyond fits no database."""


class Misshapen(Unreadable):
    """An answer without the shape it must have; ``path`` says where (``ticket.articles[3].created_at``)."""

    def __init__(self, path: str, found: str) -> None:
        super().__init__(f"Zammad's answer is not as expected: {path}: {found}")
        self.path = path


class Names(Protocol):
    """What names and types behind ids a parse may need (``catalogues``)."""

    def state_type(self, state_id: int, name: str) -> StateType: ...

    def state_name(self, state_id: int) -> str: ...

    def group_name(self, group_id: int) -> str: ...


class _Unvalidated(fields.Field[Kept]):
    """Parsing is all the checking: marshmallow need not ask an empty chain of validators about every value."""

    as_it_is: frozenset[type] = frozenset()
    """Types whose values are parsed already."""

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        if value is missing and not self.required:
            return self.load_default
        if value is None and self.allow_none:
            return None
        if value is missing or value is None:
            return super().deserialize(value, attr, data, **kwargs)
        return self._deserialize(value, attr, data, **kwargs)

    def _validate(self, value: Any) -> None:
        """Nothing beyond what ``_deserialize`` refuses."""


class Moment(_Unvalidated[datetime]):
    """ISO 8601 with a zone, or as history rows write it (``2026-12-01 09:30:15 UTC``); kept in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        del attr, data, kwargs
        try:
            moment = datetime.fromisoformat(str(value).replace(" UTC", "+00:00"))
            if moment.tzinfo is UTC:
                return moment
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise ValidationError("not a moment with a zone")


class Words(_Unvalidated[str]):
    """Text; null is empty. An object stands for its ``name`` or ``login`` (webhooks nest, expand does not)."""

    as_it_is = frozenset({str})

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        if isinstance(value, dict):
            value = value.get("name") or value.get("login")
        return super().deserialize("" if value is None else value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        del attr, data, kwargs
        if isinstance(value, str):
            return value
        if isinstance(value, int | float | list) and not isinstance(value, bool):
            return str(value)
        raise ValidationError("not a text")


class SomeWords(Words):
    """Text, or null."""

    as_it_is = frozenset({str, NoneType})

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        return None if value is None else super().deserialize(value, attr, data, **kwargs)


class Id(_Unvalidated[int]):
    """A record's id; some proxies and older clients write it as a text."""

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        if type(value) is int and 0 <= value <= LARGEST_ID:
            return value
        return super().deserialize(value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        del attr, data, kwargs
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < len(str(LARGEST_ID)):
            value = int(value)
        if type(value) is int and 0 <= value <= LARGEST_ID:
            return value
        raise ValidationError("not an id")


class Ids(fields.List[int]):
    """Ids of records."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Id(), **kwargs)

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        if type(value) is list and all(type(one) is int and 0 <= one <= LARGEST_ID for one in value):
            return value
        return super().deserialize(value, attr, data, **kwargs)


def _id(**kwargs: Any) -> Id:
    return Id(**kwargs)


def _some_id() -> Id:
    return _id(load_default=None, allow_none=True)


def _ids() -> Ids:
    return Ids(load_default=None, allow_none=True)


def _some_moment() -> Moment:
    return Moment(load_default=None, allow_none=True)


def _text() -> Words:
    return Words(load_default="")


def _some_text() -> SomeWords:
    return SomeWords(load_default=None, allow_none=True)


def _map() -> fields.Dict:
    return fields.Dict(load_default=None, allow_none=True)


class _Known(Schema):
    """Takes the keys it knows; ``extra`` has the others."""

    class Meta:
        unknown = EXCLUDE

    def __init__(self) -> None:
        super().__init__()
        self._parsers = tuple(
            (name, one.data_key or name, one.load_default, _as_it_is(one), one.deserialize)
            for name, one in self.load_fields.items()
        )
        self._keys = frozenset(key for _, key, *_ in self._parsers)

    def read(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """What ``load`` makes of it, without hooks, which no schema here has. Raises ValidationError for one field."""
        given = raw.get
        return {
            name: value if type(value := given(key, default)) in as_it_is else parse(value, key, raw)
            for name, key, default, as_it_is, parse in self._parsers
        }

    def extra(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """What else an answer says."""
        keys = self._keys
        return {key: value for key, value in raw.items() if key not in keys}


_OF_MARSHMALLOW: Mapping[type, frozenset[type]] = {
    fields.Boolean: frozenset({bool}),
    fields.Dict: frozenset({dict}),
    fields.Raw: frozenset({bool, dict, int, list, str}),
}


def _as_it_is(field: fields.Field[Any]) -> frozenset[type]:
    """Types of values this field's parsing would leave as they are."""
    known = field.as_it_is if isinstance(field, _Unvalidated) else _OF_MARSHMALLOW.get(type(field), frozenset())
    return known | {NoneType} if field.allow_none else known


class TicketSchema(_Known):
    id = _id(required=True)
    number = Words(required=True)
    title = _text()
    group_id = _id(required=True)
    group = _text()
    owner_id = _id(required=True)
    customer_id = _id(required=True)
    organization_id = _some_id()
    state_id = _id(required=True)
    state = _text()
    priority_id = _some_id()
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    created_by_id = _id(required=True)
    updated_by_id = _id(required=True)
    article_ids = _ids()
    pending_time = _some_moment()
    close_at = _some_moment()
    last_close_at = _some_moment()
    checklist_id = _some_id()
    preferences = _map()


class ChangedSchema(_Known):
    id = _id(required=True)
    updated_at = Moment(required=True)
    updated_by_id = _id(required=True)


class ArticleSchema(_Known):
    id = _id(required=True)
    ticket_id = _id(required=True)
    type = _text()
    sender = _text()
    # what may not have been said in public is not taken for an answer
    internal = fields.Boolean(load_default=True)
    body = _text()
    content_type = _text()
    subject = _text()
    from_ = Words(load_default="", data_key="from")
    to = _text()
    cc = _text()
    created_by_id = _id(required=True)
    origin_by_id = _some_id()
    created_at = Moment(required=True)
    message_id = _text()
    in_reply_to = _text()
    preferences = _map()


class HistorySchema(_Known):
    id = _id(required=True)
    object = Words(required=True)
    o_id = _id(required=True)
    type = Words(required=True)
    attribute = _some_text()
    value_from = _some_text()
    value_to = _some_text()
    id_from = _some_id()
    id_to = _some_id()
    created_by_id = _id(required=True)
    created_at = Moment(required=True)
    source = SomeWords(load_default=None, allow_none=True, data_key="sourceable_type")


class UserSchema(_Known):
    id = _id(required=True)
    login = _text()
    email = _text()
    firstname = _text()
    lastname = _text()
    active = fields.Boolean(load_default=True, allow_none=True)
    vip = fields.Boolean(load_default=False, allow_none=True)
    organization_id = _some_id()
    group_ids = fields.Raw(load_default=None, allow_none=True)
    role_ids = _ids()
    roles = fields.List(Words(), load_default=None, allow_none=True)
    out_of_office = fields.Boolean(load_default=False, allow_none=True)
    out_of_office_start_at = fields.Raw(load_default=None, allow_none=True)
    out_of_office_end_at = fields.Raw(load_default=None, allow_none=True)
    out_of_office_replacement_id = _some_id()


class ItemSchema(_Known):
    id = _id(required=True)
    text = _text()
    checked = fields.Boolean(load_default=False, allow_none=True)
    ticket_id = _some_id()
    updated_at = _some_moment()
    updated_by_id = _some_id()


class ChecklistSchema(_Known):
    id = _id(required=True)
    name = _text()
    created_by_id = _some_id()
    sorted_item_ids = fields.List(fields.Integer(), load_default=None, allow_none=True)
    item_ids = fields.List(fields.Integer(), load_default=None, allow_none=True)


class LinkSchema(_Known):
    link_type = Words(required=True)
    link_object_value = _id(required=True)


class NamedSchema(Schema):
    """A row of a catalogue: group, state, priority, role, with the keys it does not know."""

    class Meta:
        unknown = INCLUDE

    id = _id(required=True)
    name = _text()


_CHANGED = ChangedSchema()
_TICKET, _ARTICLE, _HISTORY, _USER = TicketSchema(), ArticleSchema(), HistorySchema(), UserSchema()
_ITEM, _CHECKLIST, _LINK, _NAMED = ItemSchema(), ChecklistSchema(), LinkSchema(), NamedSchema()


def ticket(raw: Any, *, names: Names, path: str = "ticket") -> Ticket:
    """One look. ``raw`` may be expanded or not; what names it lacks come from ``names``.

    ``extra`` keeps the login names of ``owner``, ``customer``, ``created_by``, ``updated_by``, and ``state_id``.
    """
    data = _load(_TICKET, raw, path)
    extra = _TICKET.extra(raw)
    ours = {key: extra.pop(key) for key in [key for key in extra if key.startswith(FIELD_PREFIX)]}
    state_id = extra["state_id"] = data.pop("state_id")
    state = data.pop("state") or names.state_name(state_id)
    group = data.pop("group") or names.group_name(data["group_id"])
    return Ticket(
        **_none_to_empty(data, "preferences", "article_ids"),
        group=group,
        state=state,
        state_type=names.state_type(state_id, state),
        version=str(raw["updated_at"]),
        fields=ours,
        extra=extra,
    )


def changed_ticket(raw: Any, *, path: str = "ticket") -> ChangedTicket:
    """A ticket as the sweep needs it: what else it holds may be as it will."""
    data = _load(_CHANGED, raw, path)
    return ChangedTicket(
        id=data["id"],
        version=str(raw["updated_at"]),
        updated_at=data["updated_at"],
        updated_by_id=data["updated_by_id"],
    )


def linked_ticket(raw: Any, *, names: Names, path: str = "ticket") -> LinkedTicket:
    """A ticket as ``linked`` tickets are needed."""
    whole = ticket(raw, names=names, path=path)
    return LinkedTicket(
        id=whole.id,
        number=whole.number,
        title=whole.title,
        state_type=whole.state_type,
        created_by_id=whole.created_by_id,
        owner_id=whole.owner_id,
        updated_by_id=whole.updated_by_id,
        close_at=whole.last_close_at or whole.close_at,
    )


def article(raw: Any, *, path: str = "article") -> Article:
    data = _load(_ARTICLE, raw, path)
    data["body"] = data["body"][:LONGEST_BODY]
    return Article(**_none_to_empty(data, "preferences"), extra=_ARTICLE.extra(raw))


def history_row(raw: Any, *, path: str = "history") -> HistoryRow:
    return HistoryRow(**_load(_HISTORY, raw, path))


def user(raw: Any, *, role_names: Mapping[int, str] | None = None, path: str = "user") -> User:
    """A user. ``role_names`` names roles by id where the answer gives only ids; ``groups`` are the user's own."""
    data = _load(_USER, raw, path)
    by_id = role_names or {}
    roles = {by_id[one] for one in data["role_ids"] or () if one in by_id} | {one for one in data["roles"] or () if one}
    return User(
        id=data["id"],
        login=data["login"],
        email=data["email"],
        active=bool(data["active"]),
        vip=bool(data["vip"]),
        organization_id=data["organization_id"],
        groups=access(data["group_ids"]),
        role_names=frozenset(roles),
        name=f"{data['firstname']} {data['lastname']}".strip(),
        absence=_absence(data),
    )


def _absence(data: Mapping[str, Any]) -> Absence | None:
    """Zammad takes both days with the switch; where one cannot be read, he is there."""
    if not data["out_of_office"]:
        return None
    first, last = _day(data["out_of_office_start_at"]), _day(data["out_of_office_end_at"])
    if first is None or last is None:
        return None
    return Absence(first, last, data["out_of_office_replacement_id"])


def _day(raw: Any) -> date | None:
    try:
        return date.fromisoformat(str(raw)[:10])
    except ValueError:
        return None


def role_ids(raw: Any) -> frozenset[int]:
    """Ids of the roles a user has; none where the answer does not say."""
    found = raw.get("role_ids") if isinstance(raw, Mapping) else None
    return frozenset(one for one in found if isinstance(one, int)) if isinstance(found, list) else frozenset()


def access(raw: Any) -> dict[int, frozenset[str]]:
    """Group ids and what is allowed there: ``{"2": ["full"]}``, of a user or a role; anything else is none."""
    if not isinstance(raw, Mapping):
        return {}
    rights: dict[int, frozenset[str]] = {}
    for key, names in raw.items():
        if str(key).isdecimal():
            given = [names] if isinstance(names, str) else names if isinstance(names, list) else []
            rights[int(key)] = frozenset(name for name in given if isinstance(name, str))
    return rights


def checklist(raw: Any, *, items: Mapping[str, Any], path: str = "checklist") -> Checklist:
    """A checklist, its items in their shown order; those Zammad does not sort yet come last."""
    data = _load(_CHECKLIST, raw, path)
    order = list(dict.fromkeys([*(data["sorted_item_ids"] or ()), *(data["item_ids"] or ())]))
    found = (checklist_item(items[str(one)], path=f"{path}.items[{one}]") for one in order if str(one) in items)
    return Checklist(id=data["id"], name=data["name"], items=tuple(found), created_by_id=data["created_by_id"])


def checklist_item(raw: Any, *, path: str = "item") -> ChecklistItem:
    data = _load(_ITEM, raw, path)
    return ChecklistItem(
        id=data["id"],
        text=data["text"],
        checked=bool(data["checked"]),
        ticket_id=data["ticket_id"],
        updated_at=data["updated_at"],
        updated_by_id=data["updated_by_id"],
    )


def link(raw: Any, *, path: str = "link") -> Link:
    data = _load(_LINK, raw, path)
    return Link(type=data["link_type"], ticket_id=data["link_object_value"])


def named(raw: Any, *, path: str) -> dict[str, Any]:
    """A row of a catalogue with ``id`` and ``name`` checked, and all it brought along."""
    return _load_in_full(_NAMED, entries(raw, path), path)


def rows(raw: Any, path: str) -> list[Any]:
    """The answer as a list."""
    if not isinstance(raw, list):
        raise Misshapen(path, "not a list")
    return raw


def entries(raw: Any, path: str) -> dict[str, Any]:
    """The answer as an object."""
    if not isinstance(raw, dict):
        raise Misshapen(path, "not an object")
    return raw


def assets(raw: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The records of one kind that came along with an answer, by id as text; none where the server sends none."""
    found = raw.get("assets")
    of_kind = found.get(kind) if isinstance(found, dict) else None
    return of_kind if isinstance(of_kind, dict) else {}


def readable(parse: Callable[[Any], Parsed], raw: Iterable[Any]) -> list[Parsed]:
    """Those of the records that can be parsed; what came along without being asked for can be asked for later."""
    found = []
    for one in raw:
        try:
            found.append(parse(one))
        except Misshapen:
            continue
    return found


def _load(schema: _Known, raw: Any, path: str) -> dict[str, Any]:
    answer = entries(raw, path)
    try:
        return schema.read(answer)
    except ValidationError:  # of one field alone; ``load`` says which
        return _load_in_full(schema, answer, path)


def _load_in_full(schema: Schema, raw: Mapping[str, Any], path: str) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(raw)
    except ValidationError as error:
        place, found = _first(error.messages)
        raise Misshapen(f"{path}{place}", found) from None
    return loaded


def _first(messages: Any) -> tuple[str, str]:
    """Where the first mistake is, as ``.key[3].key``, and what it is."""
    if isinstance(messages, dict) and messages:
        key, inner = next(iter(messages.items()))
        place, found = _first(inner)
        return (f"[{key}]{place}" if isinstance(key, int) else f".{key}{place}"), found
    return "", str(messages[0] if isinstance(messages, list) and messages else messages)


def _none_to_empty(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        value = data[key]
        data[key] = tuple(value or ()) if key.endswith("_ids") else value or {}
    return data
