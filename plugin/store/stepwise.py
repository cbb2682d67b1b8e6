"""PostgreSQL told one thing at a time, so that it always knows when it waits for us."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.abc import Params


class StepwiseCursor(psycopg.Cursor[Any]):
    """A cursor that waits for the answer to each of many.

    psycopg would send them all before it reads an answer (a pipeline). PostgreSQL takes a session in the midst of that
    for one at work: the timeouts for idle transactions and for statements do not count, and a process stopped there
    keeps its rows for ever. A cursor is for one call.
    """

    _changed_by_all: int | None = None

    def executemany(self, query: Any, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        """Raises NotImplementedError for ``returning``, which nobody here asks for."""
        if returning:
            raise NotImplementedError("rows are not collected over many statements")
        changed = 0
        for params in params_seq:
            changed += max(self.execute(query, params).rowcount, 0)
        self._changed_by_all = changed

    @property
    def rowcount(self) -> int:
        """Rows changed, by all statements of ``executemany`` together."""
        return super().rowcount if self._changed_by_all is None else self._changed_by_all
