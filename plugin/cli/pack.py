"""``steward pack``: look at policy packs and check them."""

from __future__ import annotations

import click

from plugin import packs
from plugin.cli.errors import Stopped
from plugin.model.errors import PackError


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
        read = packs.load(name_or_file)
    except PackError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from error
    click.echo(f"{read.name}: {len(read.rules)} rules, {len(read.clocks)} clocks, version {read.version[:12]}: fine")


@pack.command()
@click.argument("name_or_file")
def show(name_or_file: str) -> None:
    """A pack in short: clocks, rules, people."""
    try:
        read = packs.load(name_or_file)
    except PackError as error:
        raise Stopped(str(error)) from error
    click.echo(f"{read.title} ({read.name}, version {read.version[:12]})")
    for clock in read.clocks.values():
        kinds = ", ".join(kind.value for kind in clock.kinds)
        click.echo(f"  clock {clock.name:18} {clock.limit!s:18} on {clock.calendar:8} for {kinds} ({clock.clause})")
    for rule in read.rules:
        click.echo(f"  rule  {rule.name:18} {rule.mode.value}")
