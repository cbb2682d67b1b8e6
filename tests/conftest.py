"""Fixtures every room's tests may use."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

SERVER = "STEWARD_TEST_POSTGRESQL"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once on SQLite and once on PostgreSQL, gone after the test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'steward.db'}"
    else:
        yield from _fresh_database()


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """The address of an empty database on PostgreSQL, for what only a shared engine can do."""
    yield from _fresh_database()


def _fresh_database() -> Iterator[str]:
    server = os.environ.get(SERVER)
    if not server:
        # never skipped: half of the promises are about PostgreSQL
        pytest.fail(
            f"{SERVER} is not set: run `make test`, or `tests/postgresql.sh .venv/bin/pytest …`",
            pytrace=False,
        )
    name = f"test_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield engine.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
