"""``steward pack test``: the examples inside a pack, run against its rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.progress import track
from rich.text import Text

from plugin.cli.pack.placed import placed
from plugin.model.pack import People
from plugin.packs.beginning import taken_away
from plugin.packs.changes import shown
from plugin.packs.examples.book import Exampled, load
from plugin.packs.examples.given import Given
from plugin.packs.examples.proving import Failure, Proof
from plugin.packs.examples.sentences import SENTENCES


@click.command()
@click.argument("name_or_file", required=False)
@click.option("--sentences", is_flag=True, help="The sentences a story may be told in, and nothing else.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--only", metavar="WORDS", default="", help="Only examples whose name has these words in it.")
def test(name_or_file: str | None, *, sentences: bool, as_json: bool, only: str) -> None:
    """Run the examples inside a pack: given, expected and got of each that fails."""
    if sentences:
        click.echo("\n".join(dict.fromkeys(known.pattern for known in SENTENCES)))
        return
    if name_or_file is None:
        raise click.UsageError("found no pack, allowed the name of a shipped one or the path of a .yaml file")
    with placed():
        exampled = load(name_or_file)
    chosen = [name for name in exampled.examples if only.lower() in name.lower()]
    proofs = list(_proved(exampled, chosen, quiet=as_json))
    failed = [proof for proof in proofs if not proof.holds]
    if as_json:
        click.echo(json.dumps(_as_json(exampled, proofs), ensure_ascii=False, indent=2))
    else:
        out = Console(highlight=False, soft_wrap=True)
        for proof in failed:
            for line in _told(exampled, proof):
                out.print(line)
        taken_over = [proof for proof in failed if not exampled.is_own(proof.name)]
        if taken_over:
            out.print(Text(_TAKEN_OVER.format(count=len(taken_over), file=exampled.file), style="dim"))
            out.print(Text("\n".join(("examples:", *taken_away(proof.name for proof in taken_over), ""))))
        counted = "1 example" if len(proofs) == 1 else f"{len(proofs)} examples"
        out.print(f"{exampled.pack.name}: {counted}, {len(failed) or 'none'} failed")
    if failed:
        raise click.exceptions.Exit(1)


def _proved(exampled: Exampled, chosen: list[str], *, quiet: bool) -> Iterable[Proof]:
    console = Console(stderr=True)
    wanted = set(chosen)
    proofs = (exampled.proof(name) for name in exampled.examples if name in wanted)
    return track(
        proofs,
        total=len(chosen),
        description="Examples",
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )


_TAKEN_OVER = (
    "\n{count} of them come with the pack {file} extends. One that is meant to be otherwise now: write it anew"
    " under its name\nin your own examples, or take it away with null, as here:"
)


# -- for people -------------------------------------------------------------------------------------------------------


def _told(exampled: Exampled, proof: Proof) -> Iterator[Text]:
    yield Text(f"\n{proof.name}", style="bold") + Text(f"  ({exampled.origins[proof.name]})", style="dim")
    for line in _given(proof.example.given):
        yield Text(f"  given  {line}")
    width = max(len(str(moment)) for moment in proof.example.story)
    for moment, steps in proof.example.story.items():
        for step in steps:
            yield Text(f"  {moment!s:<{width}}  {step.written}")
    for at, failures in _by_moment(proof.failures).items():
        yield Text(f"  at {at}:")
        for failure in failures:
            yield Text(f"    {failure.about}")
            yield Text(f"      expected  {failure.expected}", style="green")
            yield Text(f"      got       {failure.got}", style="red")


def _given(given: Given) -> Iterator[str]:
    plain = Given()
    for name in Given.__slots__:
        value = getattr(given, name)
        if value != getattr(plain, name):
            yield f"{name.replace('_', ' ')}: {_in_words(value)}"


def _in_words(value: Any) -> str:
    named = asdict(value) if isinstance(value, People) else value
    if isinstance(named, Mapping):
        return "; ".join(f"{name} {_listed(part)}" for name, part in named.items() if part)
    return "yes" if value is True else str(value)


def _listed(part: Mapping[str, Any] | Iterable[str]) -> str:
    """Logins, or options with their values."""
    parts = (f"{name}: {shown(one)}" for name, one in part.items()) if isinstance(part, Mapping) else part
    return ", ".join(parts)


def _by_moment(failures: tuple[Failure, ...]) -> dict[str, list[Failure]]:
    found: dict[str, list[Failure]] = {}
    for failure in failures:
        found.setdefault(failure.at, []).append(failure)
    return found


# -- for machines -----------------------------------------------------------------------------------------------------


def _as_json(exampled: Exampled, proofs: list[Proof]) -> dict[str, Any]:
    return {
        "pack": exampled.pack.name,
        "version": exampled.pack.version,
        "count": len(proofs),
        "failed": sum(1 for proof in proofs if not proof.holds),
        "examples": [
            {
                "name": proof.name,
                "clauses": list(proof.example.clauses),
                "place": exampled.origins[proof.name],
                "holds": proof.holds,
                "failures": [
                    {"at": f.at, "about": f.about, "expected": f.expected, "got": f.got} for f in proof.failures
                ],
            }
            for proof in proofs
        ],
    }
