"""``steward pack show``: a pack in words, in the terminal or as a handbook."""

from __future__ import annotations

from pathlib import Path

import click

from plugin.cli.errors import Stopped
from plugin.packs import showing


@click.command()
@click.argument("name_or_file")
@click.option("--html", metavar="FILE", help="A handbook as one page: who, clocks as bars, messages, clauses.")
@click.option("--markdown", metavar="FILE", help="The same in Markdown.")
def show(name_or_file: str, html: str | None, markdown: str | None) -> None:
    """A pack in words: rules, clocks, calendars, people, each with its clauses. FILE may be - for the terminal."""
    if html is None and markdown is None:
        click.echo(showing.show(name_or_file))
        return
    from plugin.packs import handbook  # its examples and its page take a while to come up

    if html is not None:
        _write(html, handbook.as_html(name_or_file))
    if markdown is not None:
        _write(markdown, handbook.as_markdown(name_or_file))


def _write(file: str, text: str) -> None:
    if file == "-":
        click.echo(text, nl=False)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as failure:
        raise Stopped(f"{file}: {failure.strerror}; name a file that can be written") from failure
    click.echo(f"written: {file}")
