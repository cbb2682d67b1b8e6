"""``steward pack activate``: put a pack, or an earlier version of it, in force while Steward works."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from plugin import packs, rollout
from plugin.cli.errors import Stopped
from plugin.cli.reading import open_for_reading
from plugin.commands import carry_out_on_store
from plugin.model.errors import StewardError
from plugin.model.pack import Pack
from plugin.model.rollout import RunningCases, what_becomes
from plugin.packs.changes import changes
from plugin.packs.examples import book
from plugin.settings import Settings
from plugin.store import packs as kept_packs
from plugin.store.packs import PackRow

VERSION = re.compile(r"(?:(?P<name>[a-z0-9-]+)@)?(?P<version>[0-9a-f]{6,64})")
"""An earlier version, by the beginning of its digest: ``3f9a1c`` or ``service-standard@3f9a1c``."""
SHOWN = 40
"""Lines of what differs; ``steward pack diff`` has all of it, in effects."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be put in force, as it was read."""

    pack: Pack
    text: str
    source: str
    was_in_force: bool = False


@click.command()
@click.argument("name_or_file")
@click.option("--author", required=True, help="Who puts it in force.")
@click.option("--reason", required=True, help="Why.")
@click.option("--approver", default="", help="Who agreed, where a second person must.")
@click.option(
    "--running",
    type=click.Choice([one.value for one in RunningCases]),
    help="Cases under way: move to it, or keep the version that decided them. Default: what the pack says.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Although examples in the pack fail.")
def activate(
    name_or_file: str, author: str, reason: str, approver: str, running: str | None, yes: bool, force: bool
) -> None:
    """Put a pack in force: a shipped one by name, a file, or an earlier version by the beginning of its digest.

    A running Steward takes it up at once. From then on STEWARD_PACK counts no more for this store: only activating
    changes what is in force. Rolling back is activating an earlier version; steward pack history has them.
    """
    settings = Settings.from_environ(os.environ)
    chosen, before, cases = _looked_up(settings, name_or_file)
    wanted = rollout.Wanted(
        text=chosen.text,
        source=chosen.source,
        author=author,
        reason=reason,
        approver=approver,
        running=RunningCases(running) if running else None,
        version=chosen.pack.version,
    )
    for line in _preview(chosen.pack, before, wanted.running or chosen.pack.running_cases, cases):
        click.echo(line)
    if not chosen.was_in_force:
        _prove(name_or_file, force=force)
    if not yes:
        click.confirm("Put it in force?", abort=True)
    for line in carry_out_on_store(settings, "activate", **wanted.packed()):
        click.echo(line)


def _looked_up(settings: Settings, name_or_file: str) -> tuple[Chosen, Pack | None, int]:
    """What is to be put in force, what is now, and how many cases there are."""
    if settings.is_sqlite and not settings.sqlite_file.exists():
        return _from_file(name_or_file), None, 0
    with open_for_reading(settings) as store, store.read() as connection:
        named = VERSION.fullmatch(name_or_file)
        kept = kept_packs.like(connection, named["version"]) if named else ()
        kept = tuple(row for row in kept if not named or named["name"] in (None, row.name))
        if named and not kept and name_or_file not in packs.shipped() and not Path(name_or_file).exists():
            raise Stopped(
                f"version {name_or_file}: none that was in force begins so; steward pack history has them all"
            )
        chosen = _from_history(kept, name_or_file) if kept else _from_file(name_or_file)
        try:
            before = rollout.in_force(connection)
        except StewardError as error:
            click.echo(f"what is in force cannot be compared: {error}", err=True)
            before = None
        return chosen, before, sum(kept_packs.cases_on(connection).values())


def _from_file(name_or_file: str) -> Chosen:
    return Chosen(packs.load(name_or_file), packs.text_of(name_or_file), name_or_file)


def _from_history(kept: tuple[PackRow, ...], named: str) -> Chosen:
    if len(kept) > 1:
        raise Stopped(f"version {named}: {len(kept)} versions begin so; give more of its digest")
    return Chosen(rollout.of_row(kept[0]), kept[0].text, f"version {kept[0].version[:12]}", was_in_force=True)


def _preview(pack: Pack, before: Pack | None, running: RunningCases, cases: int) -> Iterator[str]:
    yield f"{pack.name} version {pack.version[:12]}: {pack.title}"
    if before is not None:
        differing = changes(before, pack)
        yield f"Beside {before.name} version {before.version[:12]}, which is in force:"
        yield from (f"  {line}" for line in differing[:SHOWN] or ("nothing differs in how tickets are treated",))
        if len(differing) > SHOWN:
            yield f"  … and {len(differing) - SHOWN} more"
        yield "What that does to tickets: steward pack simulate, with --against active"
    yield f"{cases} cases {what_becomes(running, pack.kept_rules)}."


def _prove(name_or_file: str, *, force: bool) -> None:
    """A pack whose own examples fail is not put in force, unless somebody insists."""
    known = book.load(name_or_file)
    failed = [name for name in known.examples if not known.proof(name).holds]
    for name in failed:
        click.echo(f"example fails: {name}", err=True)
    if failed and not force:
        raise Stopped(f"{name_or_file}: {len(failed)} examples fail (steward pack test); mend them, or use --force")
