"""``steward demo``: a story of some ten tickets, days in seconds."""

from __future__ import annotations

from typing import Literal

import click

PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--exit", "leave", is_flag=True, help="End after the story instead of staying up.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@click.option("--like", type=click.Choice(["6.1", "6.5"]), default="6.5", show_default=True, help="Zammad's version.")
@click.option("--port", type=PORT, default=0, help="The sandbox's; a free one if left out.")
@click.option("--steward-port", type=PORT, default=0, help="Steward's; a free one if left out.")
def demo(*, leave: bool, as_json: bool, like: Literal["6.1", "6.5"], port: int, steward_port: int) -> None:
    """Play a story on a sandbox Zammad with Steward beside it, then stay up for you to look around."""
    from plugin.demo.run import show

    status = show(like=like, leave=leave, as_json=as_json, zammad_port=port, steward_port=steward_port)
    raise click.exceptions.Exit(status)
