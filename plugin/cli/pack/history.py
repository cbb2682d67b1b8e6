"""``steward pack history``: which version was put in force when, by whom and why, and how many cases are on each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import click
import orjson
from rich.table import Table

from plugin import rollout
from plugin.cli.reading import open_for_reading
from plugin.cli.telling import console, moment
from plugin.model.rollout import Activation
from plugin.settings import Settings
from plugin.store import brakes
from plugin.store import packs as kept_packs
from plugin.store.brakes import BrakeRow

WIDTH = 140


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def history(as_json: bool) -> None:
    """The versions that were in force, the newest last, with author, reason, approver and the cases on each."""
    settings = Settings.from_environ(os.environ)
    with open_for_reading(settings) as store:
        with store.read() as connection:
            steps, stops = kept_packs.history(connection), brakes.history(connection)
            cases = kept_packs.cases_on(connection)
        beside = rollout.beside(store, settings)
    if as_json:
        click.echo(orjson.dumps(_told(steps, stops, cases, beside), option=orjson.OPT_INDENT_2))
        return
    out = console(width=WIDTH)
    out.print(_table(steps, cases))
    for line in _beneath(steps, stops, cases, beside):
        out.print(line, markup=False)


def _table(steps: tuple[Activation, ...], cases: Mapping[str, int]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in (
        "in force since (UTC)",
        "pack",
        "version",
        "from",
        "author",
        "approver",
        "reason",
        "running",
        "cases",
    ):
        table.add_column(title, overflow="fold", justify="right" if title == "cases" else "left")
    for place, step in enumerate(steps):
        counted = step.version not in {later.version for later in steps[place + 1 :]}
        table.add_row(
            moment(step.at),
            step.name,
            step.version[:12],
            step.source,
            step.author or "–",
            step.approver or "–",
            step.reason or ("taken up at a start" if step.is_by_setting else "–"),
            step.running.value,
            str(cases.get(step.version, 0)) if counted else "",
        )
    return table


def _beneath(
    steps: tuple[Activation, ...], stops: tuple[BrakeRow, ...], cases: Mapping[str, int], beside: str
) -> Iterator[str]:
    known = {step.version for step in steps}
    for version, number in sorted(cases.items()):
        if version not in known:
            yield f"{number} cases were decided last by version {version[:12]}, from before there was a history"
    if steps and steps[-1].is_by_setting:
        yield "Until somebody activates, this store follows STEWARD_PACK: a change of it counts at the next start."
    elif steps:
        yield "Only activating changes what is in force; STEWARD_PACK counts for a fresh store."
    if beside:
        yield f"STEWARD_PACK: {beside}"
    for stop in stops:
        until = f"until {moment(stop.released_at)} ({stop.released_by})" if stop.released_at else "until it is released"
        yield f"rule {stop.rule} stopped {moment(stop.stopped_at)} at its limit of {stop.most} tickets, {until}"


def _told(
    steps: tuple[Activation, ...], stops: tuple[BrakeRow, ...], cases: Mapping[str, int], beside: str
) -> Mapping[str, Any]:
    return {
        "history": [
            {name: getattr(step, name) for name in Activation.__slots__} | {"cases": cases.get(step.version, 0)}
            for step in steps
        ],
        "in_force": steps[-1].version if steps else None,
        "follows_setting": bool(steps) and steps[-1].is_by_setting,
        "beside": beside,
        "brakes": [{name: getattr(stop, name) for name in BrakeRow.__slots__} for stop in stops],
    }
