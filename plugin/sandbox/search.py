"""Finding tickets: by text as PostgreSQL would, by condition, sorted and paged as asked."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from typing import Any

from plugin.sandbox import conditions
from plugin.sandbox.answers import broken
from plugin.sandbox.door import Asked
from plugin.sandbox.permissions import visible
from plugin.sandbox.rows import Row
from plugin.sandbox.world import World

_TEXTS = ("body", "from", "to", "subject")
_WILDCARDS = {"%": ".*", "_": "."}


def find_tickets(asked: Asked) -> list[Row]:
    """The tickets of a search the caller may read, in the order asked for, not yet paged."""
    world, params = asked.world, asked.params
    condition, query = params.get("condition"), params.get("query")
    if condition is not None:
        condition = _usable(world, condition)
    rows = visible(world, asked.caller.user)
    with_condition = condition is not None and (not query or world.manners.query_and_condition_combine)
    if query:
        wanted = looks_for(world, str(query))
        rows = [ticket for ticket in rows if _reads_like(world, ticket, wanted)]
    if with_condition and condition:
        rows = fulfilling(asked, rows, condition)
    return sort(rows, params)


def fulfilling(asked: Asked, rows: Iterable[Row], condition: dict[str, Any]) -> list[Row]:
    """Those rows that fulfil a condition for this caller."""
    world = asked.world
    conditions.check(world, condition)
    if not conditions.is_whole(condition):
        return list(rows)  # Zammad logs what lacks a value and searches without the condition
    occasion = conditions.Occasion(now=world.latest(), user=asked.caller.user)
    return conditions.fulfilling(world, condition, rows, occasion)


def sort(rows: list[Row], params: dict[str, Any]) -> list[Row]:
    """Sorts by `sort_by` and `order_by` (one or lists); newest change first where nothing is asked."""
    columns = _listed(params.get("sort_by")) or ["updated_at"]
    orders = _listed(params.get("order_by")) or ["desc"]
    known = {"id", "number"}.union(*(row.keys() for row in rows[:1]))
    for column in columns:
        if rows and column not in known:
            raise broken(f"Found invalid column '{column}' for sorting.")
    for place in range(len(columns) - 1, -1, -1):
        column = columns[place]
        descending = str(orders[min(place, len(orders) - 1)]).lower() == "desc"
        rows = _sorted_by(rows, column, descending=descending)
    return rows


def _sorted_by(rows: list[Row], column: str, *, descending: bool) -> list[Row]:
    # nulls are greatest in PostgreSQL: last ascending, first descending
    present = [row for row in rows if row.get(column) is not None]
    absent = [row for row in rows if row.get(column) is None]
    present.sort(key=operator.itemgetter(column), reverse=descending)
    return absent + present if descending else present + absent


def _listed(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return [str(item) for item in value]
    return [part.strip() for part in str(value).split(",")]


def _usable(world: World, condition: Any) -> dict[str, Any]:
    if isinstance(condition, dict) and condition:
        return condition
    if world.manners.empty_condition_finds_all:
        return {}
    raise broken("undefined method `[]' for nil")


def looks_for(world: World, query: str) -> re.Pattern[str]:
    """What a query finds in texts; stars are dropped.

    On 6.1 it is a pattern of the database (`%` and `_` stand for anything) that minds upper and lower case; on 6.5
    it is taken literally and does not.
    """
    text = query.replace("*", "")
    if world.manners.query_is_literal:
        return re.compile(re.escape(text), re.IGNORECASE)
    return re.compile("".join(_WILDCARDS.get(letter, re.escape(letter)) for letter in text), re.DOTALL)


def _reads_like(world: World, ticket: Row, wanted: re.Pattern[str]) -> bool:
    texts = [str(ticket.title), str(ticket.number)]
    for article in world.articles_of(ticket.id):
        texts += [str(article.get(name) or "") for name in _TEXTS]
    return any(wanted.search(text) for text in texts)
