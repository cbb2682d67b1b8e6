"""``steward pack validate``: every mistake of a pack, where it stands."""

from __future__ import annotations

import click

from plugin.cli.pack.placed import placed
from plugin.packs import showing


@click.command()
@click.argument("name_or_file")
def validate(name_or_file: str) -> None:
    """Read a pack and report every mistake as file:line:column."""
    with placed():
        click.echo(showing.check(name_or_file))
