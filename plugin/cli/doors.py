"""Groups of commands that open only the door that was asked for: all rooms together take a second to come up."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from plugin.cli.errors import StewardGroup


class Doors(StewardGroup):
    """A group whose ``doors`` say of each command where it is: ``plugin.cli.case:case``."""

    def __init__(self, *, doors: Mapping[str, str], **more: Any) -> None:
        super().__init__(**more)
        self.doors = doors

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.doors)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.doors:
            return None
        module, _, name = self.doors[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command
