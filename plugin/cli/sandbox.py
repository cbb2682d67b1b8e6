"""``steward sandbox``: a stand-in Zammad on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from plugin.cli.errors import Stopped


@click.group()
def sandbox() -> None:
    """Run a stand-in Zammad, and hold it to recordings of real ones."""


@sandbox.command("serve")
@click.option("--like", type=click.Choice(["6.1", "6.5"]), default="6.5", show_default=True, help="Zammad's version.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8065, show_default=True)
@click.option("--speed", type=click.FloatRange(min=0.001), default=1.0, help="Its seconds in one of ours.")
def serve(like: Literal["6.1", "6.5"], host: str, port: int, speed: float) -> None:
    """Run it alone, and print its people, tokens and fields."""
    from plugin.sandbox.serve import serve as serve_sandbox

    try:
        serve_sandbox(like=like, host=host, port=port, speed=speed)
    except OSError as error:
        said = f"--port: found {host}:{port}, which cannot be listened on ({error.strerror})"
        raise Stopped(f"{said}; name another port, 0 is a free one") from error


@sandbox.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--recordings", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Where set-up is.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def conform(files: tuple[Path, ...], recordings: Path | None, as_json: bool) -> None:
    """Replay recorded stories against the sandbox and list every difference."""
    from plugin.sandbox.conform import conform as compare

    raise click.exceptions.Exit(compare(files, recordings=recordings, json=as_json, out=sys.stdout))
