"""``steward pack list``: what is shipped."""

from __future__ import annotations

import click

from plugin import packs


@click.command("list")
def list_packs() -> None:
    """The packs that are shipped."""
    for name in packs.shipped():
        click.echo(f"{name}  {packs.load(name).title}")
