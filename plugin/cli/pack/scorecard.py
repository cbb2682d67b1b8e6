"""``steward pack scorecard``: what rules had said, held against what agents made of it by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from plugin.cli.pack import simulating
from plugin.cli.pack.simulate import FILE, Span
from plugin.cli.pack.simulating import ACTIVE, Wanted
from plugin.clock import system


@click.command()
@click.argument("pack", default=ACTIVE)
@click.option("--since", type=Span(), help="What agents said in this time; everything if left out.")
@click.option("--fetched", is_flag=True, help="Over histories that pack simulate fetched, not over Steward's cases.")
@click.option("--demo", is_flag=True, help="Over the histories of the demo's story.")
@click.option("--from", "file", type=FILE, help="Over histories of a file that simulate --export wrote.")
@click.option("--cache", type=FILE, help="Where fetched histories are kept; beside the store if left out.")
@click.option("--weeks", is_flag=True, help="Each week in a line of its own, too.")
def scorecard(
    pack: str, since: timedelta | None, fetched: bool, demo: bool, file: Path | None, cache: Path | None, weeks: bool
) -> None:
    """Hit, miss, extra: each rule of PACK against agents' own words, by rule and week."""
    from plugin.simulate.running import Work, simulate
    from plugin.simulate.tally import Window
    from plugin.simulate.telling import scorecard as told

    known, console = simulating.settings(), simulating.told()
    found_pack = simulating.load(pack, known)
    begins = system() - since if since is not None else None
    wanted = Wanted(file=file, demo=demo, store=not fetched, cache=cache, since=begins, offline=True)
    with simulating.source(wanted, known, pack=found_pack, console=console) as found:
        work = Work(found_pack, Window(found_pack.zone, begins), None, known.customer_mail, found.key)
        with simulating.played(console, found.count) as tell:
            result = simulate(found, work, tell=tell)
    click.echo(told(result, weeks=weeks))
