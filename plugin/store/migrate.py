"""Bring a database to the schema this Steward knows, whole or not at all, whoever else starts at the same time."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from plugin.store.database import Database
from plugin.store.errors import StoreError

HEAD = "0005"
"""The newest migration; a test holds it to what lies in ``migrations/versions``."""
MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST_POSTGRESQL = 14
"""The first with ``idle_session_timeout``, on which ``locks`` rests."""
LOCK_KEYS = (0x57E3A2D, 1)
"""PostgreSQL's advisory lock for migrations, in the space of two keys; tickets use the space of one."""


def migrate(database: Database) -> None:
    """Run what is missing in one transaction: a kill leaves the schema before or the schema after.

    Raises StoreError for a schema newer than ours, and for a PostgreSQL too old.
    """
    with database.read() as connection:
        if not database.is_sqlite:
            demand_version(connection.dialect.server_version_info or (), name=database.name)
        if _revision(connection) == HEAD:
            return  # without Alembic, whose import takes a fifth of a second
    with database.write() as connection:
        if not database.is_sqlite:
            # BEGIN IMMEDIATE does this on SQLite
            connection.execute(text("SELECT pg_advisory_xact_lock(:a, :b)"), {"a": LOCK_KEYS[0], "b": LOCK_KEYS[1]})
        _upgrade(connection, name=database.name)


def demand_version(found: tuple[int | str, ...], *, name: str) -> None:
    """Raises StoreError for a PostgreSQL that cannot end the session of a worker that fell silent."""
    if not found or int(found[0]) < OLDEST_POSTGRESQL:
        raise StoreError(
            f"{name}: is PostgreSQL {'.'.join(map(str, found))}, which cannot end the session of a stopped worker; "
            f"use PostgreSQL {OLDEST_POSTGRESQL} or newer"
        )


def check(database: Database) -> None:
    """For readers, who do not migrate. Raises StoreError where the schema is not ours."""
    with database.read() as connection:
        revision = _revision(connection)
    if revision is None:
        raise StoreError(f"{database.name}: holds no Steward store yet; start steward serve once")
    if revision < HEAD:
        raise StoreError(f"{database.name}: is of an older Steward; start steward serve once to upgrade it")
    if revision != HEAD:
        raise StoreError(_other_schema(database.name, revision))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _upgrade(connection: Connection, *, name: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    revision = _revision(connection)
    if revision is not None and revision not in known:
        raise StoreError(_other_schema(name, revision))
    command.upgrade(config, HEAD)


def _other_schema(name: str, revision: str) -> str:
    return (
        f"{name}: has schema {revision}, this Steward knows up to {HEAD}; "
        "install the Steward that wrote it, or a newer one, or restore a backup"
    )
