"""``steward pack diff``: what another pack would change, in effects and not in lines."""

from __future__ import annotations

import json as jsons
from dataclasses import replace
from pathlib import Path

import click

from plugin.cli.pack import simulating
from plugin.cli.pack.simulate import FILE
from plugin.cli.pack.simulating import Wanted
from plugin.clock import system


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--from", "file", type=FILE, help="Histories of a file that simulate --export wrote.")
@click.option("--demo", is_flag=True, help="The histories of the demo's story, although others were fetched.")
@click.option("--cache", type=FILE, help="Where fetched histories are kept; beside the store if left out.")
@click.option("--examples/--no-examples", default=True, help="Whether the packs' own examples are played too.")
@click.option(
    "--most", type=click.IntRange(0), default=10, show_default=True, help="Tickets and examples shown with reasons."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def diff(
    old: str,
    new: str,
    file: Path | None,
    demo: bool,
    cache: Path | None,
    examples: bool,
    most: int,
    as_json: bool,
) -> None:
    """Which clocks and options of OLD and NEW differ, which tickets come out otherwise and why, and how loud it is.

    Played over what pack simulate fetched, over the demo's histories where nothing was, and over both packs' examples.
    """
    from plugin.simulate import files
    from plugin.simulate.changes import changes
    from plugin.simulate.examples import compare
    from plugin.simulate.report import About
    from plugin.simulate.running import Work, simulate
    from plugin.simulate.tally import Window
    from plugin.simulate.telling import difference

    known, console = simulating.settings(), simulating.told()
    earlier, later = simulating.with_examples(old, known), simulating.with_examples(new, known)
    before, after = earlier.pack, later.pack
    differing = changes(before, after)
    demo = demo or (file is None and not simulating.has_cache(known, cache))
    wanted = Wanted(file=file, demo=demo, cache=cache, offline=True)
    with simulating.source(wanted, known, pack=after, console=console) as found:
        work = Work(after, Window(after.zone), before, known.customer_mail, found.key, tasks_done=True)
        with simulating.played(console, found.count) as tell:
            result = simulate(found, work, tell=tell)
    about = About(after, before, found.name, None, system(), differing, known.customer_mail, tasks_done=True)
    if examples and differing:
        with simulating.played(console, len(earlier.examples) + len(later.examples), "playing examples") as tell:
            about = replace(about, examples=compare(earlier, later, tell=tell))
    click.echo(jsons.dumps(files.as_json(result, about), default=str) if as_json else difference(result, about, most))
