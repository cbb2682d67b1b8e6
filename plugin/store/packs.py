"""Pack versions, kept and never overwritten, and which of them was put in force when and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select

from plugin.model.rollout import Activation, RunningCases
from plugin.store.rows import of_row
from plugin.store.statement import Statement
from plugin.store.tables import activations, cases, packs
from plugin.store.upsert import insert_or_ignore

_NEWEST = Statement(select(activations.c.number).order_by(activations.c.number.desc()).limit(1))


@dataclass(frozen=True, slots=True)
class PackRow:
    """One version of a pack as it was read."""

    name: str
    version: str
    text: str
    loaded_at: datetime


# -- versions ---------------------------------------------------------------------------------------------------------


def keep(connection: Connection, *, name: str, version: str, text: str, now: datetime) -> None:
    """Remember a version at its first use."""
    connection.execute(insert_or_ignore(connection, packs, name=name, version=version, text=text, loaded_at=now))


def is_kept(connection: Connection, text: str) -> bool:
    """Whether a pack of this very text was used before."""
    return connection.execute(select(packs.c.version).where(packs.c.text == text).limit(1)).first() is not None


def get(connection: Connection, *, name: str, version: str) -> PackRow | None:
    query = select(packs).where(packs.c.name == name, packs.c.version == version)
    row = connection.execute(query).one_or_none()
    return None if row is None else of_row(PackRow, row)


def of_version(connection: Connection, version: str) -> PackRow | None:
    """The version a case was decided by, whatever its pack is called."""
    row = connection.execute(select(packs).where(packs.c.version == version).limit(1)).first()
    return None if row is None else of_row(PackRow, row)


def like(connection: Connection, beginning: str) -> tuple[PackRow, ...]:
    """Kept versions that begin so, oldest first."""
    query = select(packs).where(packs.c.version.startswith(beginning, autoescape=True)).order_by(packs.c.loaded_at)
    return tuple(of_row(PackRow, row) for row in connection.execute(query))


def versions(connection: Connection, name: str) -> tuple[PackRow, ...]:
    """All versions of a pack, oldest first."""
    rows = connection.execute(select(packs).where(packs.c.name == name).order_by(packs.c.loaded_at))
    return tuple(of_row(PackRow, row) for row in rows)


# -- which is in force ------------------------------------------------------------------------------------------------


def activate(
    connection: Connection,
    *,
    name: str,
    version: str,
    source: str,
    running: RunningCases,
    now: datetime,
    author: str = "",
    reason: str = "",
    approver: str = "",
) -> None:
    """Put a version that is kept in force, from now on."""
    connection.execute(
        insert(activations).values(
            at=now,
            name=name,
            version=version,
            source=source,
            author=author,
            reason=reason,
            approver=approver,
            running=running,
        )
    )


def newest_activation(connection: Connection) -> int:
    """The number of the last activation, 0 where there was none."""
    row = _NEWEST.first(connection)
    return 0 if row is None else int(row.number)


def history(connection: Connection) -> tuple[Activation, ...]:
    """Every activation, oldest first; the last one is in force."""
    return tuple(_activation(row) for row in connection.execute(select(activations).order_by(activations.c.number)))


def cases_on(connection: Connection) -> Mapping[str, int]:
    """How many cases each version decided last."""
    decided = cases.c.pack_version.is_not(None)
    rows = connection.execute(select(cases.c.pack_version, func.count()).where(decided).group_by(cases.c.pack_version))
    return {row[0]: row[1] for row in rows}


def cases_not_on(connection: Connection, version: str) -> int:
    """How many cases another version decided last."""
    others = or_(cases.c.pack_version != version, cases.c.pack_version.is_(None))
    return int(connection.execute(select(func.count()).select_from(cases).where(others)).scalar_one())


def _activation(row: Any) -> Activation:
    return of_row(Activation, row, running=RunningCases(row.running))
