"""``steward pack release``: let a rule go on that its limit stopped."""

from __future__ import annotations

import os

import click

from plugin.commands import carry_out_on_store
from plugin.settings import Settings


@click.command()
@click.argument("rule")
@click.option("--author", required=True, help="Who lets it go on.")
@click.option("--reason", default="", help="Why.")
def release(rule: str, author: str, reason: str) -> None:
    """Let a rule go on that was stopped when it came up to its limit; it counts anew from now on."""
    settings = Settings.from_environ(os.environ)
    for line in carry_out_on_store(settings, "release", rule=rule, by=author, reason=reason):
        click.echo(line)
