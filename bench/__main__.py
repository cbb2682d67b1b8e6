"""Runs every bench after the other: ``make bench``; ``--keep`` keeps the figures for docs/performance.md."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from bench.telling import from_json, machine, show

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "performance" / "figures.json"
BENCHES = ("cost", "decide", "simulate", "settle", "due", "idle", "intake", "overload")


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(BENCHES))
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all reports.")
@click.option("--keep", is_flag=True, help="Keep the figures in docs/performance/figures.json.")
def main(names: tuple[str, ...], *, as_json: bool, keep: bool) -> None:
    """Run all benches, or those named; status 1 where a bar is missed."""
    found = {name: _run(name, quiet=as_json) for name in names or BENCHES}
    if as_json:
        print(json.dumps(found))
    if keep:
        _keep(found)
    missed = [bar["what"] for report in found.values() for bar in report["bars"] if not bar["is_met"]]
    click.echo(f"bench: {len(missed)} bars missed{': ' if missed else ''}{'; '.join(missed)}", err=True)
    sys.exit(1 if missed else 0)


def _run(name: str, *, quiet: bool) -> dict[str, Any]:
    """In a process of its own, so that no bench finds another's leavings in memory."""
    ran = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", "--json"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    lines = ran.stdout.strip().splitlines()
    if not lines:
        raise click.ClickException(f"bench.{name} ended with {ran.returncode} and said nothing")
    found: dict[str, Any] = json.loads(lines[-1])
    if not quiet:
        show(from_json(found))
    return found


def _keep(found: dict[str, Any]) -> None:
    """Those of this run; benches that were not run keep the figures they had, each with its own moment."""
    known = json.loads(FIGURES.read_text(encoding="utf-8"))["benches"] if FIGURES.exists() else {}
    kept = {name: (known | found)[name] for name in BENCHES if name in known | found}
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps({"machine": machine(), "benches": kept}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
