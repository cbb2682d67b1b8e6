"""``steward pack simulate``: last quarter's tickets through a pack, and a report of what would have come of it."""

from __future__ import annotations

import json as jsons
from datetime import datetime, timedelta
from pathlib import Path

import click

from plugin.cli.pack import simulating
from plugin.cli.pack.simulating import ACTIVE, Wanted
from plugin.clock import system


class Span(click.ParamType[timedelta]):
    """How far back: 90d, 12w, 36h."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        try:
            return simulating.span(str(value))
        except ValueError as wrong:
            self.fail(str(wrong), param, ctx)


FILE = click.Path(dir_okay=False, path_type=Path)
TASKS = click.option(
    "--tasks",
    type=click.Choice(["done", "left"]),
    default="done",
    show_default=True,
    help="Whether people are taken to do the tasks Steward would have made.",
)


@click.command()
@click.argument("pack", default=ACTIVE)
@click.option("--since", type=Span(), default="90d", show_default=True, help="Tickets that changed in this time.")
@click.option("--against", metavar="PACK", help="Compare with this pack; 'active' is the one in force.")
@click.option("--from", "file", type=FILE, help="Histories of a file that --export wrote, whatever their age.")
@click.option("--demo", is_flag=True, help="The histories of the demo's story.")
@click.option("--store", is_flag=True, help="The cases Steward knows already.")
@click.option("--offline", is_flag=True, help="Only what was fetched before; Zammad is not asked.")
@click.option("--cache", type=FILE, help="Where fetched histories are kept; beside the store if left out.")
@click.option("--forget", is_flag=True, help="Delete what was fetched before, and begin anew.")
@click.option("--enforced", is_flag=True, help="As if every rule wrote, those that only observe too.")
@TASKS
@click.option("--export", type=FILE, help="Also write the histories, without customers' words, names and addresses.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("simulation"), show_default=True)
@click.option("--processes", type=click.IntRange(1, 64), help="At the same time; one a core if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
def simulate(
    pack: str,
    since: timedelta,
    against: str | None,
    file: Path | None,
    demo: bool,
    store: bool,
    offline: bool,
    cache: Path | None,
    forget: bool,
    enforced: bool,
    tasks: str,
    export: Path | None,
    out: Path,
    processes: int | None,
    as_json: bool,
) -> None:
    """Play histories through PACK (a name, a file, or 'active') and write a report. Writes nothing to Zammad.

    Needs nothing but an address and a token that may read tickets: STEWARD_ZAMMAD_URL and STEWARD_ZAMMAD_TOKEN.
    """
    from plugin.simulate import files, sources
    from plugin.simulate.changes import changes
    from plugin.simulate.report import About
    from plugin.simulate.running import Work, simulate
    from plugin.simulate.tally import Window

    known, console = simulating.settings(), simulating.told()
    if forget:
        console.print(f"forgotten: {simulating.forget_cache(known, cache)}")
    new = simulating.with_mode(simulating.load(pack, known), enforced=enforced)
    old = simulating.with_mode(simulating.load(against, known), enforced=enforced) if against else None
    now = system()
    # what is recorded has its own time, and is counted whole
    begins: datetime | None = None if file or demo else now - since
    wanted = Wanted(file=file, demo=demo, store=store, cache=cache, since=begins, offline=offline)
    with simulating.source(wanted, known, pack=new, console=console) as found:
        if export is not None:
            count = sources.export(found, export, packs=[one for one in (new, old) if one is not None])
            console.print(f"{count} histories without customers' words: {export}")
        work = Work(new, Window(new.zone, begins), old, known.customer_mail, found.key, tasks == "done")
        with files.lines(out, compared=old is not None) as lines, simulating.played(console, found.count) as tell:
            result = simulate(found, work, processes=processes, on_batch=lines.add, tell=tell)
        about = About(
            pack=new,
            against=old,
            source=found.name,
            since=begins,
            made_at=now,
            changes=changes(old, new) if old is not None else (),
            customer_mail=known.customer_mail,
            tasks_done=tasks == "done",
        )
        page = files.write(result, about, out)
    if as_json:
        click.echo(jsons.dumps(files.as_json(result, about), default=str))
    else:
        from plugin.simulate.telling import summary

        click.echo(summary(result, about))
    console.print(f"report: {page}, beside it JSON and CSV")
