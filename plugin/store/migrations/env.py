"""Alembic's door: migrations run on the connection, and in the transaction, that ``migrate`` opened."""

from __future__ import annotations

from alembic import context

from plugin.store.indexes import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # true on SQLite too, since our transactions begin before the first statement
)
with context.begin_transaction():
    context.run_migrations()
