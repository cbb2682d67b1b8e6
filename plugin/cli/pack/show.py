"""``steward pack show``: a pack in words."""

from __future__ import annotations

import click

from plugin.packs import showing


@click.command()
@click.argument("name_or_file")
def show(name_or_file: str) -> None:
    """A pack in words: rules, clocks, calendars, people, each with its clauses."""
    click.echo(showing.show(name_or_file))
