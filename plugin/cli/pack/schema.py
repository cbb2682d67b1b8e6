"""``steward pack schema``: what a pack may say, for editors."""

from __future__ import annotations

import click


@click.command()
def schema() -> None:
    """JSON Schema of packs, for completion and checks while you type.

    Keep it beside your pack, and begin the pack with: # yaml-language-server: $schema=pack.schema.json
    """
    from plugin.packs import json_schema

    click.echo(json_schema.written(), nl=False)
