"""Mistakes of a pack as editors like them: file:line:column at the beginning of a line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from plugin.model.errors import PackError


@contextmanager
def placed() -> Iterator[None]:
    """Ends the command with status 1 and the mistakes as they stand."""
    try:
        yield
    except PackError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from error
