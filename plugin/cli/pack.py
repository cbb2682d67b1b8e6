"""``steward pack``: look at policy packs and check them."""

from __future__ import annotations

import click

from plugin import packs
from plugin.cli.errors import Stopped
from plugin.model.errors import PackError
from plugin.packs import showing


@click.group()
def pack() -> None:
    """Check and read policy packs."""


@pack.command("list")
def list_packs() -> None:
    """The packs that are shipped."""
    for name in packs.shipped():
        click.echo(f"{name}  {packs.load(name).title}")


@pack.command()
@click.argument("name_or_file")
def check(name_or_file: str) -> None:
    """Read a pack and report every mistake as file:line:column."""
    try:
        click.echo(showing.check(name_or_file))
    except PackError as error:
        # as it stands: editors jump to file:line:column at the beginning of a line
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from error


@pack.command()
@click.argument("name_or_file")
def show(name_or_file: str) -> None:
    """A pack in words: rules, clocks, calendars, people, each with its clauses."""
    try:
        click.echo(showing.show(name_or_file))
    except PackError as error:
        raise Stopped(str(error)) from error
