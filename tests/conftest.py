"""Fixtures every room's tests may use."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy
import structlog
from hypothesis import settings

# everywhere the same examples, and as much time as they take: pytest --hypothesis-profile=default looks for new ones
settings.load_profile("ci")

SERVER = "STEWARD_TEST_POSTGRESQL"


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """What a test sets up for its logs ends with it: no other test finds its own lines elsewhere, or left out."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says seed, counts and time of a long test at the end of the whole run, wherever the test ran."""
    return lambda line: record_property("counts", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, []) if r.when == "call"]
    lines = [str(said) for report in reports for name, said in report.user_properties if name == "counts"]
    if lines:
        terminalreporter.section("counts")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once on SQLite and once on PostgreSQL, gone after the test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'steward.db'}"
    else:
        yield from _empty_database(request.getfixturevalue("databases"))


@pytest.fixture
def postgresql_url(databases: Databases) -> Iterator[str]:
    """The address of an empty database on PostgreSQL, for what only a shared engine can do."""
    yield from _empty_database(databases)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """PostgreSQL databases to lend out; making one takes as long as ten tests, so they are emptied and lent again."""
    server = os.environ.get(SERVER)
    if not server:
        # never skipped: half of the promises are about PostgreSQL
        pytest.fail(
            f"{SERVER} is not set: run `make test`, or `tests/postgresql.sh .venv/bin/pytest …`",
            pytrace=False,
        )
    made = Databases(server)
    yield made
    made.drop_all()


def _empty_database(databases: Databases) -> Iterator[str]:
    name = databases.take()
    yield databases.address(name)
    databases.give_back(name)


class Databases:
    """Databases of one server that nobody else uses."""

    def __init__(self, server: str) -> None:
        self._engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
        self._free: list[str] = []
        self._all: list[str] = []

    def address(self, name: str) -> str:
        return self._engine.url.set(database=name).render_as_string(hide_password=False)

    def take(self) -> str:
        if not self._free:
            name = f"test_{uuid.uuid4().hex}"
            self._do(f"CREATE DATABASE {name}")
            self._all.append(name)
            return name
        return self._free.pop()

    def give_back(self, name: str) -> None:
        self._do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        self._do("DROP SCHEMA public CASCADE", "CREATE SCHEMA public", database=name)
        self._free.append(name)

    def drop_all(self) -> None:
        for name in self._all:
            self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _do(self, *statements: str, database: str | None = None) -> None:
        engine = self._engine
        if database is not None:
            url = engine.url.set(database=database)
            engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
