"""``steward pack validate``: every mistake of a pack, where it stands."""

from __future__ import annotations

import click

from plugin.model.errors import PackError
from plugin.packs import showing


@click.command()
@click.argument("name_or_file")
def validate(name_or_file: str) -> None:
    """Read a pack and report every mistake as file:line:column."""
    try:
        click.echo(showing.check(name_or_file))
    except PackError as error:
        # as it stands: editors jump to file:line:column at the beginning of a line
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from error
