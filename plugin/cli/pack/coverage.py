"""``steward pack coverage``: clause by clause, which rules carry it and which examples prove it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from plugin.cli.pack.placed import placed
from plugin.packs.examples.book import load
from plugin.packs.examples.coverage import Coverage, Row
from plugin.packs.examples.coverage import coverage as covered


@click.command()
@click.argument("name_or_file")
@click.option("--json", "form", flag_value="json", help="As JSON.")
@click.option("--markdown", "form", flag_value="markdown", help="As a Markdown table, examples by name.")
def coverage(name_or_file: str, *, form: str | None) -> None:
    """Every clause of the pack's standard with its rules and examples; fails where one has none."""
    with placed():
        found = covered(load(name_or_file))
    if form == "json":
        click.echo(json.dumps(_as_json(found), ensure_ascii=False, indent=2))
    elif form == "markdown":
        for line in _as_markdown(found):
            click.echo(line)
    else:
        _show(found)
    if not found.is_whole:
        raise click.exceptions.Exit(1)


def _show(found: Coverage) -> None:
    out = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("clause", no_wrap=True)
    table.add_column("what it asks", ratio=1)
    table.add_column("rules", ratio=1)
    table.add_column("examples", justify="right")
    for row in found.rows:
        counted = str(len(row.examples)) if row.rules else ""
        table.add_row(row.clause, row.asks, _carried(row), counted, style="red" if row.missing else "")
    out.print(table)
    out.print("")
    for line in _gaps(found):
        out.print(line, style="red", soft_wrap=True)
    out.print(found.counts, soft_wrap=True)


def _carried(row: Row) -> str:
    if row.part:
        return f"part: {row.part}"
    if row.later:
        return f"later: {row.later}"
    return ", ".join(row.rules) or "none"


def _gaps(found: Coverage) -> Iterator[str]:
    for row in found.rows:
        if row.missing:
            yield f"{row.clause} {row.matter}: {row.missing}"
    yield from found.unknown


def _as_json(found: Coverage) -> dict[str, object]:
    return {
        "pack": found.pack,
        "standard": found.standard,
        "whole": found.is_whole,
        "counts": found.counts,
        "clauses": [asdict(row) for row in found.rows],
        "unknown": list(found.unknown),
    }


def _as_markdown(found: Coverage) -> Iterator[str]:
    yield "| clause | what it asks | rules | examples |"
    yield "|---|---|---|---|"
    for row in found.rows:
        examples = "<br>".join(row.examples) if row.rules else ""
        yield f"| {row.clause} | {row.asks} | {_carried(row)} | {examples} |".replace("  ", " ")
    yield ""
    yield from (f"- {line}" for line in _gaps(found))
    yield found.counts
