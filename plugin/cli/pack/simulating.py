"""What ``pack simulate``, ``diff`` and ``scorecard`` share: sources of histories, packs, progress."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from plugin import logs, packs, rollout
from plugin.cli.errors import Stopped
from plugin.cli.reading import open_for_reading
from plugin.clock import system
from plugin.model.decision import Mode
from plugin.model.durations import Duration, Unit
from plugin.model.errors import Unavailable
from plugin.model.pack import Pack
from plugin.settings import Settings
from plugin.simulate import sources
from plugin.simulate.sources import Source
from plugin.store.histories import Histories, forget

if TYPE_CHECKING:
    from plugin.packs.examples.book import Exampled
    from plugin.simulate.fetching import Progress as Fetched

ACTIVE = "active"
CACHE = "steward-histories.db"
SPANS = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: timedelta(days=1), Unit.WEEKS: timedelta(weeks=1)}
SHORT = {"h": "h", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where histories are to come from, as the options say it; the first of these that is set counts."""

    file: Path | None = None
    demo: bool = False
    store: bool = False
    cache: Path | None = None
    since: datetime | None = None
    offline: bool = False
    """Only what the cache holds: Zammad is not asked."""


def span(text: str) -> timedelta:
    """``90d``, ``12 weeks``, ``36 h``. Raises ValueError with what is allowed."""
    short = text.strip()
    if short[:-1].strip().isdigit() and short[-1:] in SHORT:
        short = f"{short[:-1].strip()} {SHORT[short[-1]]}"
    duration = Duration.parse(short)
    if duration.unit not in SPANS:
        raise ValueError(f"found {text!r}, allowed hours, days or weeks: 36h, 90d, 12w")
    return float(duration.amount) * SPANS[duration.unit]


def settings() -> Settings:
    """Those of the environment; the log says what must be known, for what the command says is for a person."""
    found = Settings.from_environ(os.environ)
    logs.configure_for_a_command(form=found.log, level=found.log_level)
    return found


def load(name: str, known: Settings) -> Pack:
    """The pack of that name or file; ``active`` is the one in force, before a first start the one of the settings."""
    if name != ACTIVE:
        return packs.load(name)
    if known.is_sqlite and not known.sqlite_file.exists():
        return packs.load(known.pack)
    with open_for_reading(known) as store, store.read() as connection:
        return rollout.in_force(connection) or packs.load(known.pack)


def with_examples(name: str, known: Settings) -> Exampled:
    """The same with the examples that stand in it."""
    # marshmallow and all that reads stories: only where examples are played
    from plugin.packs.examples import book
    from plugin.packs.source import parse

    if name != ACTIVE:
        return book.load(name)
    if known.is_sqlite and not known.sqlite_file.exists():
        return book.load(known.pack)
    with open_for_reading(known) as store, store.read() as connection:
        row = rollout.row_in_force(connection)
    if row is None:
        return book.load(known.pack)
    found = book.of(parse(row.text, name=f"{row.name}@{row.version[:12]}"))
    return replace(found, pack=replace(found.pack, version=row.version))


def cache_file(known: Settings, named: Path | None) -> Path:
    """The cache: the file named, else one beside the store, else one here."""
    if named is not None:
        return named
    return known.sqlite_file.with_name(CACHE) if known.is_sqlite else Path(CACHE)


def forget_cache(known: Settings, named: Path | None) -> Path:
    """Delete it; returns where it was."""
    file = cache_file(known, named)
    forget(file)
    return file


@contextmanager
def source(wanted: Wanted, known: Settings, *, pack: Pack, console: Console) -> Iterator[Source]:
    """The histories that are wanted, fetched first where they are Zammad's. Raises NoHistories where there are none."""
    with ExitStack() as opened:
        found = _source(wanted, known, pack=pack, console=console, opened=opened)
        if not found.count:
            raise sources.NoHistories(
                f"{found.name}: no histories of that time; ask for more with --since, or try --demo"
            )
        yield found


def _source(wanted: Wanted, known: Settings, *, pack: Pack, console: Console, opened: ExitStack) -> Source:
    if wanted.file is not None:
        return sources.of_file(wanted.file)
    if wanted.demo:
        return sources.of_demo()
    if wanted.store:
        return sources.of_store(opened.enter_context(open_for_reading(known)), now=system())
    file = cache_file(known, wanted.cache)
    cache = opened.enter_context(Histories.open(file, secret_key=known.sealing_key, now=system()))
    if not wanted.offline:
        since = wanted.since or system() - timedelta(days=90)
        _fetch(known, cache, pack=pack, since=since, console=console)
    return sources.of_cache(cache, since=wanted.since)


def has_cache(known: Settings, named: Path | None) -> bool:
    """Whether histories were fetched before."""
    return cache_file(known, named).exists()


def _fetch(known: Settings, cache: Histories, *, pack: Pack, since: datetime, console: Console) -> None:
    # requests and all that belongs to it: only where Zammad is asked
    from plugin.simulate.fetching import Fetch
    from plugin.zammad.room import connect

    zammad = connect(**known.zammad_access())
    try:
        with _fetch_bar(console) as tell:
            done = Fetch(zammad, cache, pack, system, time.sleep, tell).run(since)
    except Unavailable as error:
        raise Stopped(f"{error}; what was read is kept: the same command goes on from there") from error
    finally:
        zammad.close()
    console.print(f"{done.listed} tickets changed: {done.fresh} known, {done.read} read, {done.left_out} not readable")


@contextmanager
def _fetch_bar(console: Console) -> Iterator[Callable[[Fetched], None]]:
    with bar(console, "reading histories") as (progress, task):

        def tell(how_far: Fetched) -> None:
            progress.update(task, total=how_far.listed, completed=how_far.listed - how_far.to_go)

        yield tell


@contextmanager
def played(console: Console, total: int, words: str = "playing") -> Iterator[Callable[[int], None]]:
    """A bar of tickets played."""
    with bar(console, words) as (progress, task):
        yield lambda count: progress.update(task, total=total, completed=count)


@contextmanager
def bar(console: Console, words: str) -> Iterator[tuple[Progress, TaskID]]:
    """A progress bar that is gone when the work is done; nothing where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress, progress.add_task(words, total=None)


def told() -> Console:
    """Where progress is told: standard error, so that standard output can be piped."""
    return Console(stderr=True, highlight=False)


def with_mode(pack: Pack, *, enforced: bool) -> Pack:
    """The pack as it is, or as if every rule of it wrote."""
    if not enforced:
        return pack
    return replace(pack, rules=tuple(replace(rule, mode=Mode.ENFORCE) for rule in pack.rules))
