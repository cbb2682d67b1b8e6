"""Holds the sandbox to recordings of real Zammad servers: ``steward sandbox conform FILE…``.

Stories of one server go through one bare sandbox in the order of their recording. Those that were not asked for
but came before are replayed too, uncounted, because every story builds on the state the ones before it left.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TextIO

from plugin.sandbox.conform.bench import Bench
from plugin.sandbox.conform.directions import script_of
from plugin.sandbox.conform.replay import Replay
from plugin.sandbox.conform.report import Report
from plugin.sandbox.conform.sandbox_bench import SandboxBench
from plugin.sandbox.conform.stories import SET_UP, Story, StoryError, earlier_stories, in_order, read_story, stories_in

USUAL_FOLDERS = (Path("../shared/recordings"), Path("tests/recordings"))
"""Where recordings are looked for, seen from a checkout, when the given files have no set-up beside them."""

__all__ = ["StoryError", "conform", "replay_stories"]


def conform(files: Sequence[Path], *, recordings: Path | None, json: bool, out: TextIO) -> int:
    """Replay story files and print in what the sandbox differs; 0 where it does not, else 1.

    ``recordings`` holds a folder per server (``zammad-6.1``, ``zammad-6.5``) with the stories to build on; by
    default they are looked for beside the given files, then in ``USUAL_FOLDERS``.

    Raises:
        StoryError: a file is no recorded story; the message names it.

    """
    report = replay_stories([read_story(path) for path in files], recordings=recordings)
    if json:
        print(report.as_json(), file=out)
    else:
        for line in report.lines():
            print(line, file=out)
    return 1 if report.differences else 0


def replay_stories(
    stories: Sequence[Story],
    *,
    recordings: Path | None = None,
    bench_of: Callable[[Story], Bench] | None = None,
) -> Report:
    """Replay stories of any servers, each server's in a sandbox of its own, and report on all of them."""
    report = Report()
    for server, given in groupby(sorted(stories, key=lambda story: story.server), key=lambda story: story.server):
        asked = in_order(given)
        folder = _folder_of(server, beside=asked[0].folder, recordings=recordings)
        _replay_server(asked, folder=folder, report=report, bench_of=bench_of or _sandbox_bench)
    return report


def _folder_of(server: str, *, beside: Path, recordings: Path | None) -> Path:
    """Where the stories before the given ones are."""
    if recordings is not None:
        return recordings / server
    folders = [beside, *(folder / server for folder in USUAL_FOLDERS)]
    return next((folder for folder in folders if stories_in(folder).keys() >= SET_UP), beside)


def _replay_server(asked: Sequence[Story], *, folder: Path, report: Report, bench_of: Callable[[Story], Bench]) -> None:
    before = earlier_stories(asked, folder=folder)
    stories = in_order([*before, *asked])
    scripts = {story.name: script_of(story, elsewhere=folder) for story in stories}
    replay = Replay(bench_of(stories[0]), stories=stories, scripts=scripts)
    names = {story.name for story in asked}
    for story in stories:
        replay.play(story, scripts[story.name], report=report if story.name in names else Report())


def _sandbox_bench(first: Story) -> Bench:
    return SandboxBench(like=first.like, start=first.starts_at)
