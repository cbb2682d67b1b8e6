"""How fast the next due case is found among a million open ones, on both stores, and what a case takes on disk.

``tests/postgresql.sh .venv/bin/python -m bench.due`` measures SQLite and PostgreSQL; without it SQLite alone.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import sqlalchemy

from bench.databases import database
from bench.telling import Bar, Report, Sheet, percentile, tell
from plugin import logs
from plugin.model.work import CaseStatus, Wake, WakeReason
from plugin.store import cases, claiming, waking
from plugin.store.database import Connection
from plugin.store.store import Store
from plugin.store.tables import cases as table
from plugin.store.types import to_microseconds

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LOOKS = 300
"""Questions asked of each size."""
DUE = 1000
"""Cases that are due while it is asked for the next ones."""
CLAIMED_AT_ONCE = 4


@click.command()
@click.option("--cases", "most", type=click.IntRange(10_000), default=1_000_000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def main(most: int, *, as_json: bool) -> None:
    """Measure; status 1 where a bar is missed."""
    logs.configure(level="error")
    began = time.monotonic()
    sizes = [size for size in (10_000, 100_000, 1_000_000, 10_000_000) if size < most] + [most]
    rows = [row for name, store in _stores() for row in _grown(name, store, sizes)]
    columns = ("store", "open cases", "next due ms", "p99 ms", "claim 4 ms", "next wake ms", "bytes a case")
    report = Report(
        bench="due",
        sheets=(Sheet("finding what is due", columns, tuple(rows)),),
        bars=tuple(
            Bar(f"{row[0]}: the next due of {row[1]:,} cases, median", row[2], 1.0, "ms")
            for row in rows
            if row[1] == most
        ),
        notes=("Bytes are the table of cases with its indexes: facts and effects come beside it.",),
        seconds=time.monotonic() - began,
    )
    sys.exit(tell(report, as_json=as_json))


Row = tuple[str, int, float, float, float, float, float]


def _stores() -> Iterator[tuple[str, Store]]:
    with (
        tempfile.TemporaryDirectory(prefix="steward-bench-") as directory,
        Store.open(f"sqlite:///{Path(directory) / 'steward.db'}") as store,
    ):
        yield "SQLite", store
    with database() as url:
        if url is not None:
            with Store.open(url) as store:
                yield "PostgreSQL", store


def _grown(name: str, store: Store, sizes: list[int]) -> Iterator[Row]:
    """One row for each size; the store grows from one to the next."""
    _make_the_first(store)
    there = 1
    for size in sizes:
        _multiply(store, there, size)
        there = size
        next_due = _timed(store, lambda connection: waking.oldest_due(connection, now=NOW))
        claim = _timed(store, lambda connection: claiming.due(connection, now=NOW, limit=CLAIMED_AT_ONCE))
        nothing = _timed(store, lambda connection: waking.next_wake(connection, now=NOW - timedelta(days=1)))
        row = (statistics.median(next_due), percentile(next_due, 0.99), statistics.median(claim))
        yield name, size, *row, statistics.median(nothing), _bytes(store) / size


def _timed(store: Store, ask: Callable[[Connection], object]) -> list[float]:
    """Milliseconds of each question, its transaction not counted."""
    taken = []
    for _ in range(LOOKS):
        with _asking(store) as connection:
            began = time.perf_counter()
            found = ask(connection)
            taken.append((time.perf_counter() - began) * 1000)
        assert found, "there is always a next one"
    return taken


@contextmanager
def _asking(store: Store) -> Iterator[Connection]:
    # rows are locked for the claim where the database locks rows
    with store.read() if store.database.is_sqlite else store.write() as connection:
        yield connection


# -- many cases -------------------------------------------------------------------------------------------------------


def _make_the_first(store: Store) -> None:
    """A case as a look leaves it; the others are like it."""
    snapshot = {"tags": ["steward:suspected"], "state_type": "open", "group_id": 2, "owner_id": 4, "checklist_id": None}
    with store.write() as connection:
        case = claiming.for_look(connection, 1, now=NOW)
        cases.keep(
            connection,
            1,
            cases.seen(
                number="81000001",
                version="2026-03-02T09:00:00.123Z",
                snapshot=snapshot,
                pack_version="a" * 64,
                status=CaseStatus.OPEN,
                owned=(4, 2),
                now=NOW,
            ),
        )
        cases.set_baseline(connection, 1, {"created_at": "2026-03-02T09:00:00+00:00", "older": False}, now=NOW)
        claiming.finish(connection, case, next_wake=Wake(at=NOW, reason=WakeReason.DEADLINE), now=NOW)


def _multiply(store: Store, there: int, size: int) -> None:
    """Cases ``there + 1`` to ``size``: the first thousand are due, the rest will be within a month."""
    copied = [column.name for column in table.columns if column.name not in _OWN]
    names = ", ".join((*_OWN, *copied))
    values = ", ".join((*_OWN.values(), *copied))
    statement = (
        f"WITH RECURSIVE one(i) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM one WHERE i < :last)"
        f" INSERT INTO cases ({names}) SELECT {values} FROM cases, one WHERE cases.ticket_id = 1"
    )
    if store.database.is_sqlite:
        # SQLite wants the WITH behind the INSERT
        statement = (
            f"INSERT INTO cases ({names}) WITH RECURSIVE one(i) AS"
            f" (SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM one WHERE i < :last)"
            f" SELECT {values} FROM cases, one WHERE cases.ticket_id = 1"
        )
    ranks = {reason.value: reason.rank for reason in (WakeReason.DEADLINE, WakeReason.RETRY)}
    asked = {"first": there + 1, "last": size, "now": to_microseconds(NOW), "due": DUE, **ranks}
    with store.write() as connection:
        connection.execute(sqlalchemy.text(statement), asked)
    with store.write() as connection:
        connection.execute(sqlalchemy.text("ANALYZE"))


_OWN = {
    "ticket_id": "i",
    "number": "'8' || CAST(10000000 + i AS TEXT)",
    # spread by a number that shares no factor with a month's seconds
    "wake_at": ":now + CASE WHEN i <= :due THEN -i ELSE ((i * 1000003) % 2592000 + 1) END * CAST(1000000 AS BIGINT)",
    "wake_rank": "CASE WHEN i % 10 = 0 AND i > :due THEN :retry ELSE :deadline END",
    "wake_reason": "CASE WHEN i % 10 = 0 AND i > :due THEN 'retry' ELSE 'deadline' END",
}


def _bytes(store: Store) -> int:
    with store.read() as connection:
        if not store.database.is_sqlite:
            return int(connection.execute(sqlalchemy.text("SELECT pg_total_relation_size('cases')")).scalar_one())
        pages = int(connection.execute(sqlalchemy.text("PRAGMA page_count")).scalar_one())
        return pages * int(connection.execute(sqlalchemy.text("PRAGMA page_size")).scalar_one())


if __name__ == "__main__":
    main()
