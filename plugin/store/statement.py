"""Statements that are compiled once and run by the driver itself: what runs for every look should cost little more than
what the database does for it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    SelectBase,
    all_,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy import column as table_column
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from plugin.store.types import Converted, Id, Json

Clauses = ClauseElement | Callable[[str], ClauseElement]
Process = Callable[[Any], Any]


def among(column: ColumnElement[int], name: str, *, database: str) -> ColumnElement[bool]:
    """Whether the column is one of the whole list of numbers given as ``name``: one value, which each kind of database
    takes in its own way."""
    if database == "sqlite":
        return column.in_(_each(name))
    return column == any_(bindparam(name, type_=ARRAY(BigInteger)))


def not_among(column: ColumnElement[int], name: str, *, database: str) -> ColumnElement[bool]:
    """The opposite of ``among``."""
    if database == "sqlite":
        return column.not_in(_each(name))
    return column != all_(bindparam(name, type_=ARRAY(BigInteger)))


def _each(name: str) -> Select[Any]:
    return select(table_column("value", Id)).select_from(func.json_each(bindparam(name, type_=Json)))


class Statement:
    """One statement for both databases, its values given by name. Values and results pass through their columns' types.

    What it raises is what SQLAlchemy would raise. It cannot hold an ``IN`` of as many values as are given: ``among``
    takes them as one.
    """

    def __init__(self, clause: Clauses, *, sets: Iterable[str] | None = None) -> None:
        """``clause`` may be made for each kind of database, given its name; ``sets``: the columns an update sets."""
        self._clause = clause
        self._sets = None if sets is None else list(sets)
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, **values: Any) -> list[Any]:
        """What it selects, columns by name."""
        compiled = self._for(connection.dialect)
        try:
            found = _driver(connection).execute(compiled.text, compiled.given(values)).fetchall()
        except _driver_error(connection) as failure:
            raise _as_known(failure, connection, compiled.text) from failure
        return compiled.read(found)

    def first(self, connection: Connection, **values: Any) -> Any | None:
        """The first row it selects, None without any."""
        found = self.rows(connection, **values)
        return found[0] if found else None

    def run(self, connection: Connection, **values: Any) -> int:
        """Change something; returns how many rows."""
        compiled = self._for(connection.dialect)
        try:
            return int(_driver(connection).execute(compiled.text, compiled.given(values)).rowcount)
        except _driver_error(connection) as failure:
            raise _as_known(failure, connection, compiled.text) from failure

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """The same with each of ``rows``; returns how many rows were changed in all."""
        compiled = self._for(connection.dialect)
        try:
            cursor = _driver(connection).cursor()
            cursor.executemany(compiled.text, [compiled.given(row) for row in rows])
        except _driver_error(connection) as failure:
            raise _as_known(failure, connection, compiled.text) from failure
        return int(cursor.rowcount)

    def _for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            clause = self._clause if isinstance(self._clause, ClauseElement) else self._clause(dialect.name)
            compiled = self._compiled[dialect.name] = _Compiled(clause, dialect, sets=self._sets)
        return compiled


def fetch(connection: Connection, text: str, values: Sequence[Any]) -> list[Sequence[Any]]:
    """What ``text`` selects, in the driver's own words and values."""
    try:
        found: list[Sequence[Any]] = _driver(connection).execute(text, values).fetchall()
    except _driver_error(connection) as failure:
        raise _as_known(failure, connection, text) from failure
    return found


def execute(connection: Connection, text: str, values: Sequence[Any] = ()) -> None:
    """Change something, in the driver's own words and values."""
    try:
        _driver(connection).execute(text, values)
    except _driver_error(connection) as failure:
        raise _as_known(failure, connection, text) from failure


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
        read = [_reading(column.type, dialect) for column in columns]
        self._reading = [(place, process) for place, process in enumerate(read) if process is not None]

    def given(self, values: Mapping[str, Any]) -> Any:
        """``values`` as the driver takes them: each by its place, or by its name. Raises KeyError."""
        if self._constants:
            values = {**values, **self._constants}
        bound = [
            value if (value := values[name]) is None or process is None else process(value)
            for name, process in self._values
        ]
        return bound if self._is_positional else dict(zip(self._names, bound, strict=True))

    def read(self, found: Iterable[Sequence[Any]]) -> list[Any]:
        rows = []
        for row in found:
            values = list(row)
            for place, process in self._reading:
                if values[place] is not None:
                    values[place] = process(values[place])
            rows.append(self._row(*values))
        return rows


def _row(names: Sequence[str]) -> Callable[..., Any]:
    make: Any = namedtuple  # whose fields are known only when it runs
    row: Callable[..., Any] = make("Row", names)
    return row


def _binding(parameter: BindParameter[Any], dialect: Dialect) -> Process | None:
    """What its values pass through on their way to the driver, but for None."""
    kind = parameter.type
    if isinstance(kind, Converted) and kind.impl_instance.dialect_impl(dialect).bind_processor(dialect) is None:
        return kind.to_driver  # without SQLAlchemy's detour over the type beneath
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reading(kind: TypeEngine[Any], dialect: Dialect) -> Process | None:
    """What its values pass through on their way from the driver, but for None."""
    if isinstance(kind, Converted) and kind.impl_instance.dialect_impl(dialect).result_processor(dialect, None) is None:
        return kind.from_driver
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _driver_error(connection: Connection) -> type[Exception]:
    """What the driver raises; asked only when something was raised."""
    error: type[Exception] = connection.dialect.loaded_dbapi.Error
    return error


def _as_known(failure: Exception, connection: Connection, text: str) -> Exception:
    """The driver's error as SQLAlchemy's, so that whoever catches them knows one kind."""
    return DBAPIError.instance(
        text, None, failure, _driver_error(connection), hide_parameters=True, dialect=connection.dialect
    )
