"""How much of the processor one decision takes with the whole shipped pack, on cases of more and more facts."""

from __future__ import annotations

import statistics
import sys
import time
from datetime import timedelta

import click

from bench.telling import Bar, Report, Sheet, percentile, tell
from plugin.engine import decide
from plugin.model.facts import Timeline
from plugin.model.pack import Pack
from plugin.packs import load
from tests.policies.story import ANNA, BEN, Story

SIZES = (4, 20, 60, 200)
PROMISED = 60
"""Facts of the case that the bar is about."""
FIRST = 10
"""Decisions that are not counted: years of the calendars are worked out in them."""


@click.command()
@click.option("--times", type=click.IntRange(10), default=500, show_default=True, help="Decisions of each size.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def main(times: int, *, as_json: bool) -> None:
    """Measure; status 1 where the bar is missed."""
    began = time.monotonic()
    pack = load("service-standard")
    rows = [_row(story_of(facts, pack), times) for facts in SIZES]
    medians = {facts: median for facts, _, median, _ in rows}
    report = Report(
        bench="decide",
        sheets=(Sheet("one decision with the whole pack", ("facts", "first ms", "median ms", "p99 ms"), tuple(rows)),),
        bars=(Bar(f"a case of {PROMISED} facts, median", medians[PROMISED], 3.0, "ms"),),
        notes=("Processor time. Each decision reads a new timeline; in the first one calendars are worked out.",),
        seconds=time.monotonic() - began,
    )
    sys.exit(tell(report, as_json=as_json))


def story_of(facts: int, pack: Pack) -> Story:
    """A complaint by mail that goes to and fro between the customer and two agents until it has so many facts."""
    story = Story(pack=pack).customer_writes_in("I complain: the device is broken, and nobody calls me back.")
    hours = 1.0
    while len(story.facts) < facts:
        turn = len(story.facts) % 6
        hours += 2
        if turn in (0, 3):
            story.answers(ANNA if turn else BEN, after=hours)
        elif turn == 1:
            story.customer_writes("And when will it work? It is still broken.\n\nKind regards\nMei", after=hours)
        elif turn == 2:
            story.gives(ANNA if hours % 4 else BEN, by=ANNA, after=hours)
        else:
            story.says("waiting" if turn == 4 else "resume", after=hours)
    return story


def _row(story: Story, times: int) -> tuple[int, float, float, float]:
    now = max(fact.at for fact in story.facts) + timedelta(hours=1)
    took = []
    for _ in range(times + FIRST):
        timeline = Timeline(1, story.facts)
        began = time.thread_time()
        decide(timeline, pack=story.pack, now=now)
        took.append((time.thread_time() - began) * 1000)
    counted = took[FIRST:]
    return len(story.facts), took[0], statistics.median(counted), percentile(counted, 0.99)


if __name__ == "__main__":
    main()
