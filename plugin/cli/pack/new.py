"""``steward pack new``: a pack of one's own from five answers."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from plugin import packs
from plugin.cli.errors import Stopped


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--extends", default="service-standard", show_default=True, help="The pack to begin with: a shipped one, or a file."
)
@click.option("--weekends", help="Who answers at weekends: logins with commas, or nobody.")
@click.option("--waiting", help="Which ticket states mean waiting for the customer: names with commas, or default.")
@click.option("--groups", help="Which groups are in scope: names with commas, or all.")
@click.option("--supervisors", help="Who supervises: logins with commas, or nobody.")
@click.option("--customer-mail/--no-customer-mail", default=None, help="Whether customers may be mailed.")
def new(
    file: Path,
    extends: str,
    weekends: str | None,
    waiting: str | None,
    groups: str | None,
    supervisors: str | None,
    customer_mail: bool | None,
) -> None:
    """Write FILE, a commented pack that extends a shipped one. Asks five questions; each has an option, too."""
    from plugin.packs import beginning
    from plugin.packs.examples import book

    if file.exists():
        raise Stopped(f"{file}: found a file, which would be lost; give another name")
    if file.suffix not in (".yaml", ".yml"):
        raise Stopped(f"{file}: found no .yaml behind the name; give {file}.yaml")
    base = packs.load(extends)
    answers = beginning.Answers(
        name=_pack_name(file.stem),
        extends=extends if extends in packs.shipped() else os.path.relpath(extends, file.parent),
        weekends=_asked(weekends, "Who answers at weekends? Logins with commas, or", "nobody"),
        waiting=_asked(waiting, "Which ticket states mean waiting for the customer? Names with commas, or", "default"),
        groups=_asked(groups, "Which groups are in scope? Names with commas, or", "all"),
        supervisors=_asked(supervisors, "Who supervises? Logins with commas, or", "nobody"),
        customer_mail=click.confirm("May customers be mailed?") if customer_mail is None else customer_mail,
    )
    _write(file, beginning.begin(answers, base=base))
    untrue = [proof.name for proof in book.load(file).proofs() if not proof.holds]
    if untrue:
        _write(file, beginning.begin(answers, base=base, untrue=untrue))
    click.echo(f"{file}: written, and without mistakes: {packs.load(file).name}, which extends {base.name}")
    if untrue:
        click.echo(
            f"{len(untrue)} examples of {base.name} come out otherwise by your answers; the file takes them away."
        )
    click.echo(f"Change it, check it with: steward pack validate {file}, and name it in STEWARD_PACK.")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Stopped(f"{file}: cannot be written ({error.strerror}); give another place") from error


def _asked(given: str | None, question: str, nothing: str) -> tuple[str, ...]:
    """The names of an answer; none for the word that means none."""
    answer = click.prompt(question, default=nothing) if given is None else given
    names = [part.strip() for part in re.split(r"[,,、]", answer) if part.strip()]
    return () if [name.casefold() for name in names] == [nothing] else tuple(dict.fromkeys(names))


def _pack_name(stem: str) -> str:
    """A name as packs have them, out of that of the file."""
    name = re.sub(r"[^a-z0-9_-]+", "-", stem.casefold()).strip("-")
    return (name if name[:1].isalpha() else f"pack-{name}".rstrip("-"))[:40]
