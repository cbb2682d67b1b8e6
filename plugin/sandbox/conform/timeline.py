"""When each step and each stage direction of a story takes place, so that effects come in the recorded order.

A request takes effect where its answer says something was saved, else half-way through. A direction lies
somewhere between two steps; a later body that shows when the ticket was saved tells the moment.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plugin.sandbox.conform.directions import Direction, Script
from plugin.sandbox.conform.moments import TIME, time_of
from plugin.sandbox.conform.partial import CUT, beginning, is_cut
from plugin.sandbox.conform.race import unmistakable_text
from plugin.sandbox.conform.stories import Step, Story

LOOK_AHEAD = 6
"""Steps after a direction whose bodies are searched for its moment."""

SENDING = 0.05
"""Seconds from the building of a delivery to its arrival."""

INSTANT = 0.001
POLL = 4.0
"""Seconds the background worker sleeps when idle."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing to do, ``seconds`` after the story began.

    A direction's moment may be ``uncertain`` by seconds; it lies ``between`` the ends of two steps.
    """

    seconds: float
    step: Step | None = None
    direction: Direction | None = None
    uncertain: float = 0.0
    between: tuple[float, float] = (0.0, 0.0)


def events(story: Story, script: Script) -> list[Event]:
    """Steps and directions of a story as they took effect."""
    timed: list[tuple[float, int, int, Event]] = []
    reached = -2.0
    for index in range(len(story.steps) + 1):
        for direction in script.before(index):
            event = _direct(story, direction, not_before=reached)
            reached = event.seconds
            timed.append((event.seconds, index, 0, event))
        if index < len(story.steps):
            step = story.steps[index]
            seconds = _built(story, step, script) if step.kind == "webhook" else _effect(story, step)
            if script.group_of(index):
                seconds = _stored(story, step, unmistakable_text(story, script, step)) or seconds
            timed.append((seconds, index, 1, Event(seconds=seconds, step=step)))
            reached = max(reached, step.ends if step.kind != "webhook" else step.seconds)
    return [event for _, _, _, event in sorted(timed, key=lambda entry: entry[:3])]


def saved_within(value: Any, *, start: datetime, end: datetime, ticket_id: int | None = None) -> datetime | None:
    """The first moment in a recorded body at which a ticket was saved between two moments.

    With ``ticket_id`` only that ticket counts.
    """
    for ticket in _tickets(value):
        if ticket_id is not None and ticket.get("id") != ticket_id:
            continue
        text = ticket.get("updated_at")
        if isinstance(text, str) and TIME.fullmatch(text) and start <= time_of(text) <= end:
            return time_of(text)
    return None


def _effect(story: Story, step: Step) -> float:
    if step.kind != "rest" or step.record["request"]["method"] in ("GET", "HEAD"):
        return step.seconds
    start, end = story.at(step.seconds), story.at(step.ends)
    saved = saved_within(step.record["response"]["body"], start=start, end=end)
    if saved is not None:
        return (saved - story.starts_at).total_seconds()
    return step.seconds + step.lasts / 2


def _built(story: Story, step: Step, script: Script) -> float:
    """When a delivery was built: before a request that was under way and whose save its body does not show."""
    shown = next(_tickets(_body(step)), None)
    if shown is None:
        return step.seconds
    for earlier in story.steps[: step.index]:
        if script.group_of(earlier.index):
            continue
        if (
            earlier.kind != "rest"
            or earlier.ends + SENDING < step.seconds
            or earlier.record["response"]["status"] != 200
        ):
            continue
        saved = next((ticket for ticket in _tickets(_body(earlier)) if ticket["id"] == shown["id"]), shown)
        effect = _effect(story, earlier)
        if saved["updated_at"] > shown["updated_at"] and earlier.record["request"]["method"] == "PUT":
            return min(step.seconds, effect - INSTANT)
    return step.seconds


def _stored(story: Story, step: Step, text: str | None) -> float | None:
    """When the article of a request that raced others was stored, where a later delivery shows it."""
    if text is None:
        return None
    for later in story.steps[step.index :]:
        shown = _body(later) if later.kind == "webhook" else None
        article = shown.get("article") if isinstance(shown, dict) else None
        if isinstance(article, dict) and article.get("body") == text:
            return (time_of(article["created_at"]) - story.starts_at).total_seconds()
    return None


def _direct(story: Story, direction: Direction, *, not_before: float) -> Event:
    earliest = max(not_before, story.steps[direction.after_step].ends if direction.after_step >= 0 else -2.0)
    end = story.steps[-1].ends + 1.0 if story.steps else 0.0
    latest = story.steps[direction.before_step].seconds if direction.before_step < len(story.steps) else end
    latest = max(latest, earliest)
    between = (earliest, latest)
    found = _evidence(story, direction, start=earliest, end=latest)
    if found is not None:
        return Event(seconds=found, direction=direction, between=between)
    if direction.before_step >= len(story.steps):
        return Event(seconds=earliest, direction=direction, between=between)
    earliest = max(earliest, latest - POLL)
    uncertain = 0.0 if direction.do == "setting" else latest - earliest
    return Event(seconds=(earliest + latest) / 2, direction=direction, uncertain=uncertain, between=between)


def _evidence(story: Story, direction: Direction, *, start: float, end: float) -> float | None:
    """Seconds at which the ticket of a direction, or any, was saved by it, where a later body says so."""
    if direction.do not in ("shift", "check", "job"):
        return None
    ticket_id = direction.detail.get("id") if direction.do == "shift" else None
    for step in story.steps[direction.before_step : direction.before_step + LOOK_AHEAD]:
        saved = saved_within(
            _body(step), start=story.at(start), end=story.at(end) - timedelta(milliseconds=1), ticket_id=ticket_id
        )
        if saved is not None:
            return (saved - story.starts_at).total_seconds()
    return None


def _body(step: Step) -> Any:
    if step.kind == "rest":
        return step.record["response"]["body"]
    if step.kind == "webhook":
        request = step.record["request"]
        raw = request.get("body", request.get("body_raw"))
        if not (isinstance(raw, str) and raw.startswith("{")):
            return raw
        try:
            return json.loads(raw)
        except ValueError:
            return beginning(raw)
    return None


def _tickets(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in a body that looks like a ticket or an article, the outermost first."""
    if is_cut(value):
        value = beginning(value[CUT])
    if isinstance(value, dict):
        if "updated_at" in value and "id" in value:
            yield value
        assets = value.get("assets")
        tickets = assets.get("Ticket") if isinstance(assets, dict) else None
        for inner in (value.get("ticket"), *(tickets.values() if isinstance(tickets, dict) else ())):
            if isinstance(inner, dict):
                yield from _tickets(inner)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict):
                yield from _tickets(inner)
