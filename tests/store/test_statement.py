"""Statements the driver runs: the same values, rows, counts and errors as SQLAlchemy's, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from plugin.store.errors import StoreUnavailable
from plugin.store.statement import Statement, execute, fetch
from plugin.store.store import Store
from plugin.store.tables import chores

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVENING = datetime(2026, 11, 20, 18, 0, 0, 250_000, tzinfo=UTC)

ADD = Statement(insert(chores))
DUE = Statement(select(chores).where(chores.c.wake_at <= bindparam("now")).order_by(chores.c.name))
FIRST = Statement(select(chores.c.name).order_by(chores.c.wake_at).limit(1))
MOVE = Statement(update(chores).where(chores.c.name == bindparam("of_name")), sets=["wake_at"])
DROP_LATE = Statement(delete(chores).where(chores.c.wake_at > EVENING))


def row(name: str, at: datetime = NOON, **cursor: Any) -> dict[str, Any]:
    return {"name": name, "cursor": cursor, "wake_at": at}


def test_values_come_back_as_their_columns_have_them(store: Store) -> None:
    with store.write() as connection:
        assert ADD.run(connection, **row("sweep", EVENING, page=2)) == 1
    with store.read() as connection:
        [found] = DUE.rows(connection, now=EVENING)
        assert (found.name, found.cursor, found.wake_at) == ("sweep", {"page": 2}, EVENING)
        assert connection.execute(select(chores)).one() == tuple(found)
        assert DUE.rows(connection, now=NOON) == []


def test_many_are_added_at_once_and_the_first_is_found(store: Store) -> None:
    with store.write() as connection:
        assert FIRST.first(connection) is None
        assert ADD.run_many(connection, [row("late", EVENING), row("soon"), row("sooner", NOON.replace(hour=11))]) == 3
        assert FIRST.first(connection) == ("sooner",)


def test_an_update_sets_what_it_says_and_tells_how_many(store: Store) -> None:
    with store.write() as connection:
        ADD.run(connection, **row("sweep", page=2))
        assert MOVE.run(connection, of_name="sweep", wake_at=EVENING) == 1
        assert MOVE.run(connection, of_name="nobody", wake_at=EVENING) == 0
        assert DUE.rows(connection, now=EVENING) == [("sweep", {"page": 2}, EVENING)]


def test_a_value_written_into_the_statement_passes_through_its_column_too(store: Store) -> None:
    with store.write() as connection:
        ADD.run_many(connection, [row("at", EVENING), row("after", EVENING.replace(hour=19))])
        assert DROP_LATE.run(connection) == 1
        assert FIRST.first(connection) == ("at",)


def test_a_value_that_lacks_is_a_mistake_of_ours(store: Store) -> None:
    with store.read() as connection, pytest.raises(KeyError, match="now"):
        DUE.rows(connection)


def test_what_the_database_refuses_is_said_as_sqlalchemy_says_it_and_undone(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as connection:  # noqa: PT012 - left by the second one
        ADD.run(connection, **row("sweep"))
        ADD.run(connection, **row("sweep"))
    with store.read() as connection:
        assert DUE.rows(connection, now=EVENING) == []


def test_a_store_that_cannot_is_unavailable_and_well_again_afterwards(store: Store) -> None:
    with pytest.raises(StoreUnavailable, match="no_such"), store.write() as connection:
        execute(connection, "UPDATE no_such SET a = 1")
    with store.write() as connection:
        ADD.run(connection, **row("sweep"))
    with store.read() as connection:
        assert fetch(connection, "SELECT name FROM chores", ()) == [("sweep",)]
