"""Errors at the door: one line that names the thing, the place and the way out, and an exit status."""

from __future__ import annotations

from typing import Any

import click

from plugin.model.errors import StewardError


class StewardGroup(click.Group):
    """A group whose commands end with one line and status 1 when Steward says why it cannot go on."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except StewardError as error:
            raise Stopped(str(error)) from error


class Stopped(click.ClickException):
    """Shown as ``steward: …``."""

    def show(self, file: Any = None) -> None:
        click.echo(f"steward: {self.message}", err=True, file=file)
