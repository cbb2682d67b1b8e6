"""A cache of ticket histories for simulations: a SQLite file of its own, every word in it sealed, old ones dropped."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, delete, func, select

from plugin.store.database import Database, check_sqlite_file
from plugin.store.errors import StoreError
from plugin.store.keys import Key, WrongKey
from plugin.store.types import Bytes, Id, Moment
from plugin.store.upsert import insert_or_ignore

KEPT_FOR = timedelta(days=30)
"""A history nobody confirmed for so long is dropped: a cache outlives no schedule (promises, privacy)."""
AT_ONCE = 500

_metadata = MetaData()
_histories = Table(
    "histories",
    _metadata,
    Column("ticket_id", Id, primary_key=True, autoincrement=False),
    Column("version", String, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("read_at", Moment, nullable=False),
    Column("sealed", Bytes, nullable=False),
)
_keys = Table("keys", _metadata, Column("name", String, primary_key=True), Column("content", Bytes, nullable=False))

_CHECK = "check"
_PLAIN = "plain"
_PURPOSE = "histories"


class Histories:
    """``open`` it, ``close`` it. What is kept is a text the caller knows how to read."""

    def __init__(self, database: Database, key: Key) -> None:
        self._database = database
        self.key = key

    @classmethod
    def open(cls, file: Path, *, secret_key: bytes | None, now: datetime) -> Histories:
        """Open, or make, the cache; what is old is dropped. Raises StoreError and StoreUnavailable.

        ``secret_key`` is STEWARD_SECRET_KEY: without it the key lies in the file itself, as in the store.
        """
        check_sqlite_file(file)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        database = Database(f"sqlite:///{file}")
        try:
            with database.write() as connection:
                _metadata.create_all(connection)
            key = _key(database, secret_key)
            with database.write() as connection:
                connection.execute(delete(_histories).where(_histories.c.read_at < now - KEPT_FOR))
            database.forget_deleted()
        except BaseException:
            database.close()
            raise
        return cls(database, key)

    def versions(self) -> Mapping[int, str]:
        """The version of each ticket that is kept."""
        with self._database.read() as connection:
            rows = connection.execute(select(_histories.c.ticket_id, _histories.c.version))
            return {row.ticket_id: row.version for row in rows}

    def keep(self, ticket_id: int, content: bytes, *, version: str, changed_at: datetime, read_at: datetime) -> None:
        """On disk when this returns; what was kept of the ticket before is gone."""
        with self._database.write() as connection:
            connection.execute(delete(_histories).where(_histories.c.ticket_id == ticket_id))
            row = {"ticket_id": ticket_id, "version": version, "changed_at": changed_at, "read_at": read_at}
            sealed = seal(self.key, ticket_id, content)
            connection.execute(_histories.insert().values(**row, sealed=sealed))

    def keep_many(self, rows: Iterable[tuple[int, bytes]], *, version: str, at: datetime) -> None:
        """The same of many tickets, in one commit."""
        values = [
            {"ticket_id": one, "version": version, "changed_at": at, "read_at": at, "sealed": seal(self.key, one, text)}
            for one, text in rows
        ]
        if values:
            with self._database.write() as connection:
                connection.execute(_histories.insert(), values)

    def confirm(self, ticket_ids: Iterable[int], *, at: datetime) -> None:
        """These are as they were; what holds at ``at`` holds of them."""
        wanted = list(ticket_ids)
        with self._database.write() as connection:
            for start in range(0, len(wanted), AT_ONCE):
                some = _histories.c.ticket_id.in_(wanted[start : start + AT_ONCE])
                connection.execute(_histories.update().where(some).values(read_at=at))

    def drop(self, ticket_id: int) -> None:
        """The ticket is gone, and so is what was kept of it."""
        with self._database.write() as connection:
            connection.execute(delete(_histories).where(_histories.c.ticket_id == ticket_id))

    def count(self, *, since: datetime | None = None) -> int:
        """Tickets that changed at or after ``since``."""
        query = select(func.count()).select_from(_histories)
        if since is not None:
            query = query.where(_histories.c.changed_at >= since)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def read(self, *, since: datetime | None = None) -> Iterator[tuple[int, bytes, datetime]]:
        """Ticket, what ``unseal`` opens, and when it was last known to be so; by the tickets' ids, some at a time."""
        last = 0
        while True:
            query = select(_histories).where(_histories.c.ticket_id > last)
            if since is not None:
                query = query.where(_histories.c.changed_at >= since)
            with self._database.read() as connection:
                rows = connection.execute(query.order_by(_histories.c.ticket_id).limit(AT_ONCE)).all()
            if not rows:
                return
            yield from ((row.ticket_id, row.sealed, row.read_at) for row in rows)
            last = rows[-1].ticket_id

    def close(self) -> None:
        self._database.forget_deleted()
        self._database.close()

    def __enter__(self) -> Histories:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def seal(key: Key, ticket_id: int, content: bytes) -> bytes:
    """Packed small, and under the key, bound to its ticket."""
    return key.seal(zlib.compress(content, level=1), purpose=f"{_PURPOSE} {ticket_id}")


def unseal(key: Key, ticket_id: int, sealed: bytes) -> bytes:
    """Raises WrongKey where key, ticket or a bit differs."""
    return zlib.decompress(key.open(sealed, purpose=f"{_PURPOSE} {ticket_id}"))


def forget(file: Path) -> None:
    """Delete the whole cache, and the files beside it."""
    for name in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
        name.unlink(missing_ok=True)


def _key(database: Database, secret_key: bytes | None) -> Key:
    """The key of this file: of the setting, else the one that lies in it."""
    with database.write() as connection:
        kept = {row.name: row.content for row in connection.execute(select(_keys))}
        if secret_key is None and _PLAIN not in kept:
            if _CHECK in kept:
                raise StoreError(f"STEWARD_SECRET_KEY: not set, but {database.name} was sealed with one; set it again")
            kept[_PLAIN] = Key.fresh().secret
            connection.execute(insert_or_ignore(connection, _keys, name=_PLAIN, content=kept[_PLAIN]))
        key = Key(kept[_PLAIN]) if _PLAIN in kept else Key.from_setting(secret_key or b"")
        if _CHECK not in kept:
            check = key.seal(b"", purpose=_PURPOSE)
            connection.execute(insert_or_ignore(connection, _keys, name=_CHECK, content=check))
            return key
    try:
        key.open(kept[_CHECK], purpose=_PURPOSE)
    except WrongKey:
        raise StoreError(
            f"STEWARD_SECRET_KEY: does not open {database.name}; set the one it was sealed with, or forget the cache"
        ) from None
    return key
