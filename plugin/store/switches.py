"""Since when each rule is enforced: it acts on matters accepted after that moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select

from plugin.store.statement import Statement
from plugin.store.tables import switches
from plugin.store.upsert import insert_or_ignore

_ALL = Statement(select(switches))


def enforced_since(connection: Connection) -> Mapping[str, datetime]:
    """The moment each enforced rule was switched on."""
    return {row.rule: row.enforced_since for row in _ALL.rows(connection)}


def switch(connection: Connection, enforced: Iterable[str], *, now: datetime) -> Mapping[str, datetime]:
    """Have exactly the rules ``enforced`` switched on: those that were stay since then, the others start ``now``."""
    wanted = frozenset(enforced)
    connection.execute(delete(switches).where(switches.c.rule.not_in(wanted)))
    for rule in sorted(wanted):
        connection.execute(insert_or_ignore(connection, switches, rule=rule, enforced_since=now))
    return enforced_since(connection)
