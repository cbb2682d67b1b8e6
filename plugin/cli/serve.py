"""``steward serve``, ``web``, ``worker``: the processes; ``pause`` and ``resume``: writing off and on."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from plugin import logs
from plugin.settings import Settings

if TYPE_CHECKING:
    from plugin.commands import Hands


def _settings() -> Settings:
    settings = Settings.from_environ(os.environ)
    logs.configure(form=settings.log, level=settings.log_level)
    return settings


@click.command()
def serve() -> None:
    """Receive webhooks and work cases, in one process."""
    _run(web=True, worker=True)


@click.command()
def web() -> None:
    """Only receive webhooks; needs PostgreSQL beside steward worker."""
    _run(web=True, worker=False)


@click.command()
def worker() -> None:
    """Only work cases; any number of them on PostgreSQL."""
    _run(web=False, worker=True)


def _run(*, web: bool, worker: bool) -> None:
    settings = _settings()
    gc.disable()  # some 700 modules come up, and nothing of them is garbage
    from plugin.running import run

    gc.freeze()
    gc.enable()
    run(settings, web=web, worker=worker)


@click.command()
def pause() -> None:
    """Stop all writing to Zammad; go on listening."""
    do("pause")


@click.command()
def resume() -> None:
    """Write again, what is due first."""
    do("resume")


def do(command: str, **values: str) -> None:
    """Have a command done by the running process, or here, and show what it says."""
    from plugin.commands import carry_out

    settings = Settings.from_environ(os.environ)
    logs.configure_for_a_command(form=settings.log, level=settings.log_level)
    for line in carry_out(settings, command, open_hands=lambda: _hands(settings), **values):
        click.echo(line)


@contextmanager
def _hands(settings: Settings) -> Iterator[Hands]:
    from plugin.service import Service

    with Service.open(settings, web=False, worker=True, alone=True) as service:
        yield service.hands()
