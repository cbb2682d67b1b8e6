"""``steward case``: what Steward knows of a ticket, why, and what it wrote."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click
import orjson
from rich.table import Table

from plugin.cli import explained, telling
from plugin.cli.errors import Stopped
from plugin.cli.reading import Known, find, known_case, open_for_reading
from plugin.cli.serve import do
from plugin.model.work import CaseStatus
from plugin.settings import Settings
from plugin.store import cases, meta


def _settings() -> Settings:
    return Settings.from_environ(os.environ)


@click.group()
def case() -> None:
    """What Steward knows of a ticket. N is the ticket's id, '#N' its number."""


@case.command("list")
@click.option("--status", type=click.Choice([status.value for status in CaseStatus]), help="Only cases like this.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
def list_cases(status: str | None, limit: int) -> None:
    """The cases, those due next first."""
    settings = _settings()
    with open_for_reading(settings) as store, store.read() as connection:
        found = cases.listed(connection, status=CaseStatus(status) if status else None, limit=limit)
        paused = meta.paused_since(connection)
    table = Table(box=None, pad_edge=False)
    for title in ("ticket", "number", "status", "looks again", "why", "looks", "version"):
        table.add_column(title)
    for row in found:
        wakes = (telling.moment(row.wake.at), row.wake.reason.value) if row.wake else ("never", row.parked_reason)
        table.add_row(
            str(row.ticket_id), row.number or "–", row.status.value, *wakes, str(row.looks), row.version or "–"
        )
    console = telling.console()
    console.print(table)
    console.print(f"{len(found)} cases" + (f"; writing is paused since {telling.moment(paused)}" if paused else ""))


@case.command()
@click.argument("ticket")
def show(ticket: str) -> None:
    """Timeline, clocks, what should hold, what was written."""
    _tell(ticket, telling.show)


@case.command()
@click.argument("ticket")
@click.option("--at", metavar="TIME", help="As it stood then: 2026-03-02T14:30, UTC unless it says otherwise.")
@click.option("--json", "in_json", is_flag=True, help="As one JSON object.")
def explain(ticket: str, at: str | None, in_json: bool) -> None:
    """Why: verdicts with their grounds, clocks counted day by day, and what became of all that should hold."""
    settings = _settings()
    with open_for_reading(settings) as store:
        known = known_case(store, settings, find(store, ticket), now=_moment(at))
    if in_json:
        click.echo(orjson.dumps(explained.as_json(known), option=orjson.OPT_INDENT_2))
        return
    console = telling.console()
    for part in explained.told(known):
        console.print(part)


def _moment(at: str | None) -> datetime | None:
    if at is None:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise Stopped(f"--at: found {at}, allowed a time as in 2026-03-02T14:30 or 2026-03-02T14:30+01:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _tell(ticket: str, teller: telling.Teller) -> None:
    settings = _settings()
    with open_for_reading(settings) as store:
        known: Known = known_case(store, settings, find(store, ticket))
    console = telling.console()
    for part in teller(known):
        console.print(part)


@case.command()
@click.argument("ticket")
def look(ticket: str) -> None:
    """Read the ticket in full now, settle what differs, and say what was done."""
    do("look", ticket=ticket)


@case.command()
@click.argument("ticket")
def retry(ticket: str) -> None:
    """Work a parked case again."""
    do("retry", ticket=ticket)
