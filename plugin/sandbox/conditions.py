"""Zammad's selector: the condition language of triggers, jobs, searches, SLAs and core workflows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from plugin.sandbox.answers import broken, masked
from plugin.sandbox.calendars import is_working
from plugin.sandbox.columns import article_columns, ticket_columns
from plugin.sandbox.events import Changes
from plugin.sandbox.operators import TESTS, WITHOUT_VALUE, Frame, Truth, all_of, any_of, is_valid, negated
from plugin.sandbox.people import is_away
from plugin.sandbox.rows import Row
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
    """Whether a ticket fulfils a condition on this occasion; one that says too little is fulfilled by none."""
    return bool(fulfilling(world, condition, (ticket,), occasion))


def fulfilling(world: World, condition: dict[str, Any], tickets: Iterable[Row], occasion: Occasion) -> list[Row]:
    """Those of the tickets that fulfil a condition on this occasion, in their order."""
    if not is_whole(condition):
        return []
    if occasion.must_mention and not _mentions_change(condition, occasion):
        return []
    if occasion.action is None and any(_is_joined(name) for name in attributes(condition)):
        return [ticket for ticket in tickets if _fulfils_by_an_article(world, condition, ticket, occasion)]
    named = _named(condition)
    rows = tickets if named is None else (ticket for ticket in tickets if str(ticket.get("id")) in named)
    return [ticket for ticket in rows if _truth(world, condition, ticket, occasion) is True]


def _named(condition: dict[str, Any]) -> set[str] | None:
    """The ids a plain condition names: nobody else need be looked at, nor does PostgreSQL. None without any."""
    block = condition.get("ticket.id")
    if not isinstance(block, dict) or block.get("operator") != "is" or "pre_condition" in block:
        return None
    asked = block.get("value")
    return {str(one) for one in asked} if isinstance(asked, list) and "" not in asked else None


def _fulfils_by_an_article(world: World, condition: dict[str, Any], ticket: Row, occasion: Occasion) -> bool:
    """A search joins the articles: one and the same must fulfil all that is said of articles."""
    joined = (replace(occasion, article=article) for article in world.articles_of(ticket.id))
    return any(_truth(world, condition, ticket, each) for each in joined)


def _is_joined(name: str) -> bool:
    return name.startswith("article.") and name != "article.action"


def check(world: World, condition: dict[str, Any]) -> None:
    """Raises what Zammad answers to a search it cannot read: 422 for attributes, 500 for operators."""
    for name, block in _leaves(condition):
        if not _known(world, name):
            raise masked(f"Invalid selector, unknown attribute {name}")
        if not isinstance(block, dict) or not is_valid(block.get("operator")):
            raise broken(f"Invalid condition, operator '{block}' is invalid")
        if "in working time" in str(block["operator"]):
            raise broken("Please enable execution_time feature to use it")


def is_whole(condition: dict[str, Any]) -> bool:
    """Whether every part says enough: an operator that needs a value has one, or a `pre_condition` for it."""
    return all(_says_enough(block) for _, block in _leaves(condition))


def attributes(condition: dict[str, Any]) -> set[str]:
    """The attributes a condition names."""
    return {name for name, _ in _leaves(condition)}


def is_operator(name: Any) -> bool:
    """Whether Zammad knows the operator."""
    return is_valid(name)


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


def _says_enough(block: Any) -> bool:
    if not isinstance(block, dict):
        return True
    test, value, beforehand = str(block.get("operator")), block.get("value"), block.get("pre_condition")
    if beforehand and not str(beforehand).startswith(("not_set", "current_user.", "specific")):
        return test in ("has changed", "has reached", "has reached warning")
    if test in WITHOUT_VALUE:
        return True
    blank = value == [] or (test != "today" and "value" not in block)
    blank = blank or (test.startswith("contains") and value in (None, "", [], False))
    return not blank or beforehand not in (None, "", "specific")


def _truth(world: World, condition: dict[str, Any], ticket: Row, occasion: Occasion) -> Truth:
    if "conditions" not in condition:
        return all_of([_leaf(world, name, block, ticket, occasion) for name, block in condition.items()])
    truths = [_part_truth(world, part, ticket, occasion) for part in condition["conditions"]]
    joined = condition.get("operator", "AND")
    if joined == "OR":
        return any_of(truths) if truths else True
    # NOT denies that all hold at once, not each of them
    return negated(all_of(truths)) if joined == "NOT" and truths else all_of(truths)


def _part_truth(world: World, part: dict[str, Any], ticket: Row, occasion: Occasion) -> Truth:
    if "conditions" in part:
        return _truth(world, part, ticket, occasion)
    return _leaf(world, str(part["name"]), part, ticket, occasion)


def _mentions_change(condition: dict[str, Any], occasion: Occasion) -> bool:
    if occasion.action != "update" or occasion.article is not None:
        return True
    return _names_a_change(condition, occasion)


def _names_a_change(condition: dict[str, Any], occasion: Occasion) -> bool:
    changed = {f"ticket.{name}" for name in occasion.changes or {}}
    return not changed.isdisjoint(attributes(condition))


def _leaf(world: World, name: str, block: dict[str, Any], ticket: Row, occasion: Occasion) -> Truth:
    test = str(block.get("operator"))
    if name in ("ticket.action", "article.action"):
        return _action(name, block, occasion)
    if name.startswith("article.") and occasion.article is None and occasion.action is not None:
        return False  # an event without an article fulfils no condition on articles (contract 3.3)
    if test in _REACHED:
        return occasion.action is not None and _REACHED[test].get(name) == occasion.action
    if test == "has changed":
        column = name.partition(".")[2]
        return occasion.action != "create" and column in (occasion.changes or ())
    if test in ("is in working time", "is not in working time"):
        return is_working(world, block.get("value"), occasion.now) == (test == "is in working time")
    if name == "article.time_accounting":
        return _accounts_time(world, occasion) == (test == "is set")
    if name == "ticket.tags":
        return _tags(world, test, block, world.tags_of(ticket.id) if "id" in ticket else [])
    if name == "ticket.mention_user_ids":
        return _mentioned(world, test, block, ticket, occasion)
    return _compare(name, _value(world, name, ticket, occasion), block, occasion, world=world)


def _action(name: str, block: dict[str, Any], occasion: Occasion) -> bool:
    wanted = block.get("operator") == "is"
    if name == "article.action":
        return (occasion.article is not None) == wanted
    asked = block.get("value")
    if asked == "update" and occasion.must_mention and not occasion.article and not occasion.changes:
        return False
    return (occasion.action == asked) == wanted


def _known(world: World, name: str) -> bool:
    table, _, column = name.partition(".")
    if name in _COMPUTED:
        return True
    if table == "ticket":
        return column in world.ticket_fields or column in {"id", *ticket_columns(world.manners)}
    if table == "article":
        return column in {"id", *article_columns(world.manners)}
    samples = {"customer": world.users, "owner": world.users, "organization": world.organizations}
    samples["ticket_state"] = world.states
    row = next(iter(samples.get(table, ())), None)
    return row is not None and column in row


_REACHED: dict[str, dict[str, str]] = {
    "has reached": {"ticket.pending_time": "reminder_reached", "ticket.escalation_at": "escalation"},
    "has reached warning": {"ticket.escalation_at": "escalation_warning"},
}
"""Which event of the clock fulfils a condition on a time."""

_COMPUTED = frozenset(
    {"ticket.action", "article.action", "article.time_accounting", "ticket.tags", "ticket.mention_user_ids"}
    | {"ticket.out_of_office_replacement_id", "execution_time.calendar_id"}
)


def _value(world: World, name: str, ticket: Row, occasion: Occasion) -> Any:
    table, _, column = name.partition(".")
    if name == "ticket.out_of_office_replacement_id":
        return _stand_in(world, ticket)
    if table == "ticket":
        if occasion.action is not None and column not in ticket:
            raise LookupError(name)
        return ticket.get(column)
    if table == "article":
        return None if occasion.article is None else occasion.article.get(column)
    keys = {"customer": "customer_id", "owner": "owner_id", "ticket_state": "state_id"}
    tables = {"customer": world.users, "owner": world.users, "ticket_state": world.states}
    row = tables.get(table, world.organizations).get(ticket.get(keys.get(table, "organization_id")))
    return None if row is None else row.get(column)


def _stand_in(world: World, ticket: Row) -> int | None:
    """Who stands in today for the ticket's owner."""
    owner = world.users.get(ticket.get("owner_id"))
    if owner is None or not owner.active or not is_away(world, owner):
        return None
    return int(owner.out_of_office_replacement_id)


def _accounts_time(world: World, occasion: Occasion) -> bool:
    article = occasion.article
    return article is not None and bool(
        [
            row
            for row in world.time_accountings.where(ticket_id=article.ticket_id)
            if row.ticket_article_id == article.id
        ]
    )


def _tags(world: World, test: str, block: dict[str, Any], found: list[str]) -> bool:
    asked = block.get("value") or ""
    names = asked if isinstance(asked, list) else [name.strip() for name in str(asked).split(",")]
    held = set(found)
    older = world.manners.version == "6.1"
    return {
        "contains all": lambda: held.issuperset(names),
        "contains one": lambda: not held.isdisjoint(names),
        # 6.1 counts, and wants none of them
        "contains all not": lambda: held.isdisjoint(names) if older else not held.issuperset(names),
        "contains one not": lambda: held.isdisjoint(names),
    }.get(test, lambda: False)()


def _mentioned(world: World, test: str, block: dict[str, Any], ticket: Row, occasion: Occasion) -> bool:
    held = {row.user_id for row in world.mentions.where(mentionable_id=ticket.get("id"))}
    if block.get("pre_condition") == "not_set":
        return (not held) == (test == "is")
    asked = _asked(block, occasion)
    wanted = {str(item) for item in (asked if isinstance(asked, list) else [asked])}
    known = {str(user_id) for user_id in held}
    if test == "is":
        return not known.isdisjoint(wanted)
    # 6.1 asks for another one who is mentioned, newer versions for none of these
    return bool(known - wanted) if world.manners.version == "6.1" else known.isdisjoint(wanted)


def _compare(name: str, value: Any, block: dict[str, Any], occasion: Occasion, *, world: World) -> Truth:
    named = block.get("operator")
    test = TESTS.get(str(named))
    if test is None:
        raise broken(f"Invalid operator '{named}' for '{block.get('value')}'")
    if block.get("pre_condition") == "not_set":
        is_empty = value is None or (value == NOBODY and _PERSON.match(name.partition(".")[2]) is not None)
        return is_empty if named == "is" else not is_empty
    wildcards = world.manners.version == "6.1"
    try:
        return test(
            value,
            _asked(block, occasion),
            Frame(now=occasion.now, range=block.get("range"), wildcards=wildcards),
        )
    except re.error as fault:
        raise broken(f"invalid regular expression: {fault}") from None


_PERSON = re.compile(r"(created_by|updated_by|owner|customer|user)_id")


def _asked(block: dict[str, Any], occasion: Occasion) -> Any:
    condition, user = block.get("pre_condition"), occasion.user
    if condition == "current_user.id":
        return [] if user is None else [user.id]
    if condition == "current_user.organization_id":
        return [] if user is None else [user.organization_id, *user.get("organization_ids", ())]
    return block.get("value")
