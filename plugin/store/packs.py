"""Pack versions, kept and never overwritten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from plugin.store.tables import packs
from plugin.store.upsert import insert_or_ignore


@dataclass(frozen=True, slots=True)
class PackRow:
    """One version of a pack as it was read."""

    name: str
    version: str
    text: str
    loaded_at: datetime


def keep(connection: Connection, *, name: str, version: str, text: str, now: datetime) -> None:
    """Remember a version at its first use."""
    connection.execute(insert_or_ignore(connection, packs, name=name, version=version, text=text, loaded_at=now))


def is_kept(connection: Connection, text: str) -> bool:
    """Whether a pack of this very text was used before."""
    return connection.execute(select(packs.c.version).where(packs.c.text == text).limit(1)).first() is not None


def get(connection: Connection, *, name: str, version: str) -> PackRow | None:
    query = select(packs).where(packs.c.name == name, packs.c.version == version)
    row = connection.execute(query).one_or_none()
    return None if row is None else PackRow(row.name, row.version, row.text, row.loaded_at)


def versions(connection: Connection, name: str) -> tuple[PackRow, ...]:
    """All versions of a pack, oldest first."""
    rows = connection.execute(select(packs).where(packs.c.name == name).order_by(packs.c.loaded_at))
    return tuple(PackRow(row.name, row.version, row.text, row.loaded_at) for row in rows)
