"""The command ``steward``: a door to every room a person or an init system needs."""

from __future__ import annotations

from importlib import import_module

import click

from plugin.cli.errors import StewardGroup

ROOMS = {
    "serve": "serve",
    "web": "serve",
    "worker": "serve",
    "demo": "demo",
    "sandbox": "sandbox",
    "case": "case",
    "pack": "pack",
    "pause": "serve",
    "resume": "serve",
}
"""Each command, and the module of this room that holds it."""


class Doors(StewardGroup):
    """A group that opens only the door that was asked for: all rooms together take a second to come up."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(ROOMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in ROOMS:
            return None
        command: click.Command = getattr(import_module(f"plugin.cli.{ROOMS[cmd_name]}"), cmd_name)
        return command


@click.group(cls=Doors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zammad-steward", prog_name="steward")
def main() -> None:
    """Keep the promises of a service standard on a Zammad helpdesk."""
