"""Statements that are compiled once and run by the driver itself: what runs for every look should cost little more than
what the database does for it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect, SelectBase
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

Clauses = ClauseElement | Mapping[str, ClauseElement]
Process = Callable[[Any], Any]


class Statement:
    """One statement for both databases, its values given by name. Values and results pass through their columns' types.

    What it raises is what SQLAlchemy would raise. It cannot hold an ``IN`` of as many values as are given.
    """

    def __init__(self, clause: Clauses, *, sets: Iterable[str] | None = None) -> None:
        """``clause`` may be one for each kind of database, by its name; ``sets``: the columns an update sets."""
        self._clause = clause
        self._sets = None if sets is None else list(sets)
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, **values: Any) -> list[Any]:
        """What it selects, columns by name."""
        compiled = self._for(connection.dialect)
        with _errors(connection, compiled.text):
            found = _driver(connection).execute(compiled.text, compiled.given(values)).fetchall()
        return compiled.read(found)

    def first(self, connection: Connection, **values: Any) -> Any | None:
        """The first row it selects, None without any."""
        found = self.rows(connection, **values)
        return found[0] if found else None

    def run(self, connection: Connection, **values: Any) -> int:
        """Change something; returns how many rows."""
        compiled = self._for(connection.dialect)
        with _errors(connection, compiled.text):
            return int(_driver(connection).execute(compiled.text, compiled.given(values)).rowcount)

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """The same with each of ``rows``; returns how many rows were changed in all."""
        compiled = self._for(connection.dialect)
        with _errors(connection, compiled.text):
            cursor = _driver(connection).cursor()
            cursor.executemany(compiled.text, [compiled.given(row) for row in rows])
            return int(cursor.rowcount)

    def _for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            clause = self._clause[dialect.name] if isinstance(self._clause, Mapping) else self._clause
            compiled = self._compiled[dialect.name] = _Compiled(clause, dialect, sets=self._sets)
        return compiled


def fetch(connection: Connection, text: str, values: Sequence[Any]) -> list[Sequence[Any]]:
    """What ``text`` selects, in the driver's own words and values."""
    with _errors(connection, text):
        found: list[Sequence[Any]] = _driver(connection).execute(text, values).fetchall()
    return found


def execute(connection: Connection, text: str, values: Sequence[Any] = ()) -> None:
    """Change something, in the driver's own words and values."""
    with _errors(connection, text):
        _driver(connection).execute(text, values)


class _Compiled:
    """A statement as one driver takes it."""

    def __init__(self, clause: ClauseElement, dialect: Dialect, *, sets: list[str] | None) -> None:
        compiled = clause.compile(dialect=dialect, column_keys=sets)
        assert isinstance(compiled, SQLCompiler)
        self.text = str(compiled)
        self._is_positional = compiled.positional
        names = (compiled.positiontup or ()) if compiled.positional else compiled.binds
        self._names = list(names)
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._values = [(name, _binding(compiled.binds[name], dialect)) for name in names]
        columns = list(clause.selected_columns) if isinstance(clause, SelectBase) else []
        self._row = _row([column.name for column in columns])
        read = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._reading = [(place, process) for place, process in enumerate(read) if process is not None]

    def given(self, values: Mapping[str, Any]) -> Any:
        """``values`` as the driver takes them: each by its place, or by its name. Raises KeyError."""
        if self._constants:
            values = {**values, **self._constants}
        bound = [values[name] if process is None else process(values[name]) for name, process in self._values]
        return bound if self._is_positional else dict(zip(self._names, bound, strict=True))

    def read(self, found: Iterable[Sequence[Any]]) -> list[Any]:
        rows = []
        for row in found:
            values = list(row)
            for place, process in self._reading:
                values[place] = process(values[place])
            rows.append(self._row(*values))
        return rows


def _row(names: Sequence[str]) -> Callable[..., Any]:
    make: Any = namedtuple  # whose fields are known only when it runs
    row: Callable[..., Any] = make("Row", names)
    return row


def _binding(parameter: BindParameter[Any], dialect: Dialect) -> Process | None:
    """What its values pass through on their way to the driver."""
    return parameter.type.dialect_impl(dialect).bind_processor(dialect)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def say(connection: Connection, text: str) -> None:
    """Run a statement that has no values."""
    with _errors(connection, text):
        _driver(connection).execute(text)


@contextmanager
def _errors(connection: Connection, text: str) -> Iterator[None]:
    """The driver's errors as SQLAlchemy's, so that whoever catches them knows one kind."""
    base: type[Exception] = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except base as failure:
        raise DBAPIError.instance(
            text, None, failure, base, hide_parameters=True, dialect=connection.dialect
        ) from failure
