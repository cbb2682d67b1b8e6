"""Zammad's selector: the condition language of triggers, jobs, searches, SLAs and core workflows."""

from __future__ import annotations

import operator
import re
from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from plugin.sandbox.answers import broken, masked
from plugin.sandbox.calendars import is_working
from plugin.sandbox.columns import ticket_columns
from plugin.sandbox.events import Changes
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_boolean, to_moment
from plugin.sandbox.world import NOBODY, World


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a condition is asked about: who asks, which event it is, which article came with it.

    `changes` is None where changes do not matter; `must_mention` asks that the condition names a change
    (mode selective, contract 3.3).
    """

    now: datetime
    user: Row | None = None
    action: str | None = None
    article: Row | None = None
    changes: Changes | None = None
    must_mention: bool = False
    answers: dict[str, Any] = field(default_factory=dict)


def matches(world: World, condition: dict[str, Any], ticket: Row, occasion: Occasion) -> bool:
    """Whether a ticket fulfils a condition on this occasion."""
    if occasion.must_mention and not _mentions_change(condition, occasion):
        return False
    return _holds(world, condition, ticket, occasion)


def check(world: World, condition: dict[str, Any]) -> None:
    """Raises what Zammad answers to a condition it cannot read: 422 for attributes, 500 for operators."""
    for name, block in _leaves(condition):
        if not _known(world, name):
            raise masked(f"Invalid selector, unknown attribute {name}")
        if not isinstance(block, dict) or block.get("operator") not in _OPERATORS:
            raise broken(f"Invalid operator '{block}'")


def attributes(condition: dict[str, Any]) -> set[str]:
    """The attributes a condition names."""
    return {name for name, _ in _leaves(condition)}


def is_operator(name: Any) -> bool:
    """Whether Zammad knows the operator."""
    return name in _OPERATORS


def is_known(world: World, name: str) -> bool:
    """Whether Zammad knows the attribute `ticket.title`, `article.body`, …"""
    return _known(world, name)


def _leaves(condition: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    if "conditions" in condition:
        for part in condition["conditions"]:
            if "conditions" in part:
                yield from _leaves(part)
            else:
                yield str(part.get("name")), part
        return
    yield from condition.items()


def _holds(world: World, condition: dict[str, Any], ticket: Row, occasion: Occasion) -> bool:
    if "conditions" in condition:
        results = (_part_holds(world, part, ticket, occasion) for part in condition["conditions"])
        joined = condition.get("operator", "AND")
        if joined == "OR":
            return any(results)
        return not any(results) if joined == "NOT" else all(results)
    return all(_leaf(world, name, block, ticket, occasion) for name, block in condition.items())


def _part_holds(world: World, part: dict[str, Any], ticket: Row, occasion: Occasion) -> bool:
    if "conditions" in part:
        return _holds(world, part, ticket, occasion)
    return _leaf(world, str(part["name"]), part, ticket, occasion)


def _mentions_change(condition: dict[str, Any], occasion: Occasion) -> bool:
    if occasion.action != "update" or occasion.article is not None:
        return True
    changed = {f"ticket.{name}" for name in occasion.changes or {}}
    return any(name in changed for name in attributes(condition))


def _leaf(world: World, name: str, block: dict[str, Any], ticket: Row, occasion: Occasion) -> bool:
    test = block.get("operator")
    if name in ("ticket.action", "article.action"):
        return _action(name, block, occasion)
    if test in _REACHED:
        return occasion.action is not None and _REACHED[test].get(name) == occasion.action
    if test == "has changed":
        column = name.partition(".")[2]
        changed = occasion.action != "create" and occasion.changes is not None
        return changed and column in (occasion.changes or ())
    if test in ("is in working time", "is not in working time"):
        working = is_working(world, block.get("value"), occasion.now)
        return working if test == "is in working time" else not working
    found = _values(world, name, ticket, occasion)
    if name == "ticket.tags":
        return _tags(str(test), block, found)
    return any(_compare(name, value, block, occasion) for value in found)


def _action(name: str, block: dict[str, Any], occasion: Occasion) -> bool:
    if name == "article.action":
        happened = occasion.article is not None
        return happened == (block.get("operator") == "is")
    asked = block.get("value")
    same = occasion.action in (asked if isinstance(asked, list) else [asked])
    return same == (block.get("operator") == "is")


def _known(world: World, name: str) -> bool:
    table, _, column = name.partition(".")
    if name in _COMPUTED:
        return True
    if table == "ticket":
        return column in world.ticket_fields or column in _sample(world.tickets, world)
    if table == "article":
        return column in _ARTICLE_COLUMNS
    if table in ("customer", "owner"):
        return column in _sample(world.users, world)
    return table == "organization" and column in _sample(world.organizations, world)


def _sample(table: Iterable[Row], world: World) -> Iterable[str]:
    if table is world.tickets:
        return {"id", *ticket_columns(world.manners)}
    for row in table:
        return row.keys()
    return ()


_REACHED: dict[Any, dict[str, str]] = {
    "has reached": {"ticket.pending_time": "reminder_reached", "ticket.escalation_at": "escalation"},
    "has reached warning": {"ticket.escalation_at": "escalation_warning"},
}
"""Which event of the clock fulfils a condition on a time."""

_ARTICLE_COLUMNS = frozenset(
    {"id", "ticket_id", "type_id", "sender_id", "from", "to", "cc", "subject", "reply_to", "message_id"}
    | {"in_reply_to", "content_type", "body", "internal", "created_by_id", "updated_by_id", "origin_by_id"}
    | {"created_at", "updated_at", "message_id_md5", "detected_language"}
)
_COMPUTED = frozenset(
    {"ticket.action", "article.action", "ticket.tags", "ticket.mention_user_ids", "ticket.id"}
    | {"ticket.out_of_office_replacement_id", "execution_time.calendar_id"}
)


def _values(world: World, name: str, ticket: Row, occasion: Occasion) -> list[Any]:
    table, _, column = name.partition(".")
    if name == "ticket.tags":
        return world.tags_of(ticket.id) if "id" in ticket else []
    if name == "ticket.mention_user_ids":
        return [row.user_id for row in world.mentions.where(mentionable_id=ticket.id)] or [None]
    if name == "ticket.out_of_office_replacement_id":
        owner = world.users.get(ticket.owner_id)
        return [owner.out_of_office_replacement_id if owner and owner.out_of_office else None]
    if table == "ticket":
        return [ticket.get(column)]
    if table == "article":
        return _article_values(world, column, ticket, occasion)
    related = {"customer": ticket.customer_id, "owner": ticket.owner_id}
    row = world.users.get(related[table]) if table in related else None
    if table == "organization":
        row = world.organizations.get(ticket.organization_id)
    return [] if row is None else [row.get(column)]


def _article_values(world: World, column: str, ticket: Row, occasion: Occasion) -> list[Any]:
    if occasion.article is not None:
        return [occasion.article.get(column)]
    if occasion.action is not None:
        # an event without an article fulfils no condition on articles (contract 3.3)
        return []
    return [article.get(column) for article in world.articles_of(ticket.id)]


def _tags(test: str, block: dict[str, Any], found: list[str]) -> bool:
    asked = block.get("value") or ""
    names = asked if isinstance(asked, list) else [name.strip() for name in str(asked).split(",")]
    held = set(found)
    return {
        "contains all": lambda: held.issuperset(names),
        "contains one": lambda: not held.isdisjoint(names),
        "contains all not": lambda: not held.issuperset(names),
        "contains one not": lambda: held.isdisjoint(names),
    }.get(test, lambda: False)()


def _compare(name: str, value: Any, block: dict[str, Any], occasion: Occasion) -> bool:
    test = _OPERATORS.get(str(block.get("operator")))
    if test is None:
        raise broken(f"Invalid operator '{block.get('operator')}'")
    return test(value, _asked(name, block, occasion), block, occasion)


def _asked(name: str, block: dict[str, Any], occasion: Occasion) -> Any:
    condition = block.get("pre_condition")
    column = name.partition(".")[2]
    if condition == "not_set":
        return [NOBODY, None] if column.endswith(("owner_id", "_by_id")) else [None]
    if condition == "current_user.id":
        return [None if occasion.user is None else occasion.user.id]
    if condition == "current_user.organization_id":
        return [None if occasion.user is None else occasion.user.organization_id]
    return block.get("value")


Test = Callable[[Any, Any, dict[str, Any], Occasion], bool]


def _as_list(asked: Any) -> list[Any]:
    return asked if isinstance(asked, list) else [asked]


def _same(value: Any, asked: Any) -> bool:
    if isinstance(value, bool):
        return to_boolean(asked) is value
    if value is None or asked is None:
        return value is asked or (value is None and asked == "")
    if isinstance(value, datetime):
        return to_moment(asked) == value
    if isinstance(value, list):
        return asked in value
    return str(value) == str(asked)


def _is(value: Any, asked: Any, _block: dict[str, Any], _occasion: Occasion) -> bool:
    return any(_same(value, item) for item in _as_list(asked))


def _text_test(check_text: Callable[[str, str], bool]) -> Test:
    def test(value: Any, asked: Any, _block: dict[str, Any], _occasion: Occasion) -> bool:
        text = "" if value is None else str(value).lower()
        return any(check_text(text, str(item or "").lower()) for item in _as_list(asked))

    return test


def _regex(value: Any, asked: Any, _block: dict[str, Any], _occasion: Occasion) -> bool:
    return any(re.search(str(item), str(value or ""), re.IGNORECASE) for item in _as_list(asked))


def _not(test: Test) -> Test:
    return lambda value, asked, block, occasion: not test(value, asked, block, occasion)


def _is_set(value: Any, _asked: Any, _block: dict[str, Any], _occasion: Occasion) -> bool:
    return value not in (None, "", [])


def _absolute(compare: Callable[[Any, Any], bool]) -> Test:
    def test(value: Any, asked: Any, _block: dict[str, Any], _occasion: Occasion) -> bool:
        moment, edge = to_moment(_instant(value)), to_moment(asked)
        return moment is not None and edge is not None and compare(moment, edge)

    return test


def _relative(compare: Callable[[datetime, datetime, datetime], bool], *, sign: int) -> Test:
    def test(value: Any, asked: Any, block: dict[str, Any], occasion: Occasion) -> bool:
        moment = to_moment(_instant(value))
        if moment is None:
            return False
        edge = _shifted(occasion.now, str(block.get("range")), sign * int(asked or 0))
        return compare(moment, edge, occasion.now)

    return test


def _instant(value: Any) -> Any:
    if value is None or isinstance(value, (datetime, str)):
        return value
    return f"{value}T00:00:00Z"


def _shifted(now: datetime, unit: str, amount: int) -> datetime:
    spans = {"minute": "minutes", "hour": "hours", "day": "days", "week": "weeks"}
    if unit in spans:
        return now + timedelta(**{spans[unit]: amount})
    if unit not in ("month", "year"):
        raise broken(f"Unknown selector range '{unit}'")
    months = now.year * 12 + now.month - 1 + amount * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def _today(value: Any, _asked: Any, _block: dict[str, Any], occasion: Occasion) -> bool:
    moment = to_moment(_instant(value))
    return moment is not None and moment.date() == occasion.now.date()


_is_text = _text_test(operator.eq)
_contains = _text_test(lambda text, part: part in text)
_OPERATORS: dict[str, Test] = {
    "is": _is,
    "is not": _not(_is),
    "is any of": _is,
    "is none of": _not(_is),
    "is set": _is_set,
    "not set": _not(_is_set),
    "contains": _contains,
    "contains not": _not(_contains),
    "contains all": _contains,
    "contains one": _contains,
    "contains all not": _not(_contains),
    "contains one not": _not(_contains),
    "starts with": _text_test(str.startswith),
    "starts with one of": _text_test(str.startswith),
    "ends with": _text_test(str.endswith),
    "ends with one of": _text_test(str.endswith),
    "matches regex": _regex,
    "does not match regex": _not(_regex),
    "before (absolute)": _absolute(operator.le),
    "after (absolute)": _absolute(operator.ge),
    "before (relative)": _relative(lambda moment, edge, _now: moment <= edge, sign=-1),
    "after (relative)": _relative(lambda moment, edge, _now: moment >= edge, sign=1),
    "within last (relative)": _relative(lambda moment, edge, now: edge <= moment <= now, sign=-1),
    "within next (relative)": _relative(lambda moment, edge, now: now <= moment <= edge, sign=1),
    "till (relative)": _relative(lambda moment, edge, _now: moment <= edge, sign=1),
    "from (relative)": _relative(lambda moment, edge, _now: moment >= edge, sign=-1),
    "today": _today,
    "has changed": _not(_is),
    "has reached": _is,
    "has reached warning": _is,
    "is in working time": _is,
    "is not in working time": _is,
}
