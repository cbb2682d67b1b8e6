"""Rows and tables of the sandbox: immutable by convention, indexed, and put back when a request fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Row(dict[str, Any]):
    """One record: a mapping of column to value that can be read as attributes too (`ticket.title`).

    A row is never changed in place: `Table.put` replaces it, so whoever holds one holds a snapshot.
    """

    __slots__ = ()

    def __getattr__(self, column: str) -> Any:
        try:
            return self[column]
        except KeyError:
            raise AttributeError(column) from None


class Journal:
    """What the running transaction has changed, so that it can be undone."""

    def __init__(self) -> None:
        self._undo: list[tuple[Table, int, Row | None]] = []

    def note(self, table: Table, row_id: int, before: Row | None) -> None:
        """Remembers how a row was before a change."""
        self._undo.append((table, row_id, before))

    def mark(self) -> int:
        """A point that `undo` can return to."""
        return len(self._undo)

    def undo(self, *, to: int = 0) -> None:
        """Puts every row back to how it was at mark `to`; sequences keep counting, as in PostgreSQL."""
        while len(self._undo) > to:
            table, row_id, before = self._undo.pop()
            table.restore(row_id, before)

    def forget(self) -> None:
        """Makes the changes permanent."""
        self._undo.clear()


class Table:
    """The rows of one kind by id, with indexes on the columns that are asked for often."""

    def __init__(self, name: str, *, journal: Journal, indexes: tuple[str, ...] = ()) -> None:
        self.name = name
        self._journal = journal
        self._rows: dict[int, Row] = {}
        self._indexes: dict[str, dict[Any, dict[int, None]]] = {column: {} for column in indexes}
        self._last_id = 0

    def insert(self, columns: Mapping[str, Any], *, row_id: int | None = None) -> Row:
        """Stores a new row under the next id (or `row_id`) and returns it."""
        new_id = self._last_id + 1 if row_id is None else row_id
        self._last_id = max(self._last_id, new_id)
        row = Row({"id": new_id, **{name: value for name, value in columns.items() if name != "id"}})
        self._journal.note(self, new_id, None)
        self._store(new_id, row)
        return row

    def reserve(self, row_id: int) -> None:
        """Lets the next row have a higher id than this."""
        self._last_id = max(self._last_id, row_id)

    def put(self, row_id: int, /, **changes: Any) -> Row:
        """Replaces columns of one row and returns the new row."""
        return self.put_all(row_id, changes)

    def put_all(self, row_id: int, changes: Mapping[str, Any]) -> Row:
        """As `put`, with the changes in a mapping."""
        before = self._rows[row_id]
        row = Row({**before, **changes})
        self._journal.note(self, row_id, before)
        self._store(row_id, row)
        return row

    def delete(self, row_id: int) -> None:
        """Removes a row that exists."""
        self._journal.note(self, row_id, self._rows[row_id])
        self._store(row_id, None)

    def restore(self, row_id: int, row: Row | None) -> None:
        """Puts a row back without noting it (only the journal calls this)."""
        self._store(row_id, row)

    def get(self, row_id: Any) -> Row | None:
        """The row, or None."""
        return self._rows.get(row_id)

    def where(self, **columns: Any) -> list[Row]:
        """All rows with these values, by ascending id."""
        for column in columns:
            if column in self._indexes:
                ids = sorted(self._indexes[column].get(columns[column], ()))
                rows = [self._rows[row_id] for row_id in ids]
                break
        else:
            rows = list(self)
        return [row for row in rows if all(row.get(name) == value for name, value in columns.items())]

    def first(self, **columns: Any) -> Row | None:
        """The first of `where`, or None."""
        found = self.where(**columns)
        return found[0] if found else None

    def last(self) -> Row | None:
        """The row with the highest id, or None."""
        return self._rows[max(self._rows)] if self._rows else None

    def __getitem__(self, row_id: int) -> Row:
        return self._rows[row_id]

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._rows

    def __iter__(self) -> Iterator[Row]:
        return iter([self._rows[row_id] for row_id in sorted(self._rows)])

    def __len__(self) -> int:
        return len(self._rows)

    def _store(self, row_id: int, row: Row | None) -> None:
        before = self._rows.get(row_id)
        for column, entries in self._indexes.items():
            if before is not None:
                entries.get(before.get(column), {}).pop(row_id, None)
            if row is not None:
                entries.setdefault(row.get(column), {})[row_id] = None
        if row is None:
            self._rows.pop(row_id, None)
        else:
            self._rows[row_id] = row
