"""``steward pack``: policy packs written, checked, read and rolled out, each command in a file of its own."""

from __future__ import annotations

import click

from plugin.cli.doors import Doors

DOORS = {
    "list": "plugin.cli.pack.listing:list_packs",
    "new": "plugin.cli.pack.new:new",
    "validate": "plugin.cli.pack.validate:validate",
    "schema": "plugin.cli.pack.schema:schema",
    "test": "plugin.cli.pack.test:test",
    "coverage": "plugin.cli.pack.coverage:coverage",
    "show": "plugin.cli.pack.show:show",
    "activate": "plugin.cli.pack.activate:activate",
    "history": "plugin.cli.pack.history:history",
    "release": "plugin.cli.pack.release:release",
    "simulate": "plugin.cli.pack.simulate:simulate",
    "diff": "plugin.cli.pack.diff:diff",
    "scorecard": "plugin.cli.pack.scorecard:scorecard",
}


@click.group(cls=Doors, doors=DOORS)
def pack() -> None:
    """Write, check, read and roll out policy packs."""
