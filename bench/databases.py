"""Empty PostgreSQL databases for measurements, on the server that ``tests/postgresql.sh`` started."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy

SERVER = "STEWARD_TEST_POSTGRESQL"


@contextmanager
def database() -> Iterator[str | None]:
    """The address of a database of its own, dropped afterwards; None where no server was started."""
    server = os.environ.get(SERVER)
    if not server:
        yield None
        return
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    name = f"bench_{uuid.uuid4().hex}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield engine.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
