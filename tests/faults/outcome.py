"""How a helpdesk stands after a run, in words that two runs of one seed share, and what was done twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.zammad import Known
from tests.oracle.tasks import is_left_out

PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
MENTION = re.compile(r"<a [^>]*data-mention[^>]*>.*?</a>", re.DOTALL)
TASK_NUMBER = re.compile(r"(.+)T\d+-[a-p]{5}")
DATE = re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2}\b")
MOMENT = re.compile(r"(,| –) by \w{3}( \d{1,2} \w{3})?( \d{4})? \d\d:\d\d")
SINCE = re.compile(r" since \w{3} \d\d:\d\d")
ASSIGNEE = re.compile(r" – \S+$")
ITEM_MARK = re.compile(r"\s*\[s:[a-p]{5}\]")

REPEATED = "steward:repeat"
"""Hangs on when Steward saw which other ticket, as the tasks do that are left out."""

World = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """One ticket: Steward's tags and fields, its notes' paragraphs, its tasks, all sorted."""

    tags: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    tasks: tuple[str, ...]
    state: str


def standings(world: World, tickets: Mapping[str, Known]) -> dict[str, Standing]:
    """By the script's names."""
    return {name: _standing(world, known) for name, known in tickets.items()}


def doubled(world: World) -> Iterator[str]:
    """What Zammad has twice and should have once, found without anything Steward says of it."""
    yield from _twice("tag", ((row["ticket_id"], row["item_id"]) for row in world["tags"]))
    yield from _twice("note", _notes(world))
    yield from _twice("task ticket", (_task(row) for row in world["tickets"] if _task(row)))
    texts = ((row["checklist_id"], row["text"]) for row in world["checklist_items"] if row["text"])
    yield from _twice("checklist item", texts)


def count(world: World) -> dict[str, int]:
    """What Steward wrote, by kind."""
    steward = _steward(world)
    history = [row for row in world["history"] if row["created_by_id"] == steward]
    return {
        "tags": sum("steward:" in str(row.get("value_to")) for row in history),
        "notes": sum(row["created_by_id"] == steward for row in world["articles"]),
        "tasks": sum(bool(_task(row)) for row in world["tickets"])
        + sum(row["created_by_id"] == steward for row in world["checklist_items"]),
    }


def spoken(text: str) -> str:
    """The sentence without since when something is so: in a disturbed run people act once its clock has come so far.

    Nor with the day of the month, which is said only where the day is not this week's or today's.
    """
    return SINCE.sub(" since", DATE.sub(r"\1", text))


Withheld = Mapping[str, int]
"""By the script's names: how many notes a ticket went without because it had two that nobody asked for."""


def differences(
    expected: Mapping[str, Standing],
    found: Mapping[str, Standing],
    *,
    withheld: tuple[Withheld, Withheld] = ({}, {}),
) -> list[str]:
    """One line each; empty where both stand alike.

    Two notes that come due together are one; where a disturbed call makes them two, a third may be ``withheld`` in one
    of the runs (the expected one, the found one): so many notes may be missing there, and no more.
    """
    lines = []
    for name in sorted({*expected, *found}):
        one, other = expected.get(name), found.get(name)
        if one is None or other is None:
            lines.append(f"{name}: only in one of the runs")
            continue
        for part in Standing.__slots__:
            should, does = getattr(one, part), getattr(other, part)
            if part == "notes" and _are_withheld(should, does, withheld[0].get(name, 0), withheld[1].get(name, 0)):
                continue
            if should != does:
                lines.append(f"{name} {part}: {_difference(should, does)}")
    return lines


def _are_withheld(should: Iterable[str], does: Iterable[str], there: int, here: int) -> bool:
    missing, more = Counter(should) - Counter(does), Counter(does) - Counter(should)
    return missing.total() <= here and more.total() <= there


def _difference(should: Any, does: Any) -> str:
    if isinstance(should, str):
        return f"expected {should}, found {does}"
    missing, more = Counter(should) - Counter(does), Counter(does) - Counter(should)
    return f"missing {[*missing.elements()]}, too many {[*more.elements()]}"


def _standing(world: World, known: Known) -> Standing:
    ticket = next(row for row in world["tickets"] if row["id"] == known.id)
    items = {row["id"]: row["name"] for row in world["tag_items"]}
    tags = (items[row["item_id"]] for row in world["tags"] if row["ticket_id"] == known.id)
    return Standing(
        tags=tuple(sorted(tag for tag in tags if tag.startswith("steward:") and tag != REPEATED)),
        fields=tuple(sorted(_fields(ticket, leave_out=_of_the_survey(ticket, world)))),
        notes=tuple(sorted(_paragraphs(world, known))),
        tasks=tuple(sorted(task for task in _tasks(world, known) if not is_left_out(task))),
        state=world["state_types"][str(ticket["state_id"])],
    )


def _of_the_survey(ticket: Mapping[str, Any], world: World) -> frozenset[str]:
    """A customer is surveyed once in 30 days: of his tickets that close together the first looked at owes it."""
    if ticket.get("steward_next_due") != "survey":
        return frozenset()
    others = (row for row in world["tickets"] if row["customer_id"] == ticket["customer_id"] and row is not ticket)
    return frozenset({"steward_next_due", "steward_next_due_at"}) if any(others) else frozenset()


def _fields(ticket: Mapping[str, Any], *, leave_out: frozenset[str]) -> Iterator[tuple[str, str]]:
    for name, value in ticket.items():
        if name.startswith("steward_") and name not in leave_out and value not in (None, "", False):
            # milliseconds are Zammad's, and differ with what else it wrote in that moment; they may make a second more
            yield name, re.sub(r":\d\d\.\d+Z$", "Z", str(value))


def _paragraphs(world: World, known: Known) -> Iterator[str]:
    steward = _steward(world)
    for article in world["articles"]:
        if article["ticket_id"] == known.id and article["created_by_id"] == steward:
            for paragraph in PARAGRAPH.findall(article["body"]):
                text = spoken(MENTION.sub("", paragraph))
                if text.strip():
                    yield text


def _tasks(world: World, known: Known) -> Iterator[str]:
    checklist_id = next(row for row in world["tickets"] if row["id"] == known.id).get("checklist_id")
    for item in world["checklist_items"]:
        if item["checklist_id"] == checklist_id and item["text"]:
            # a task is worded once, whenever it is made: meanwhile a paused clock's limit moves on, an owner changes
            words = ASSIGNEE.sub("", MOMENT.sub("", ITEM_MARK.sub("", item["text"])))
            yield f"{words} {'done' if item['checked'] else 'open'}"
    for ticket in world["tickets"]:
        found = TASK_NUMBER.fullmatch(str(ticket["number"]))
        if found and found[1] == known.number:
            yield f"{ticket['title'].replace(known.number, '#')} {world['state_types'][str(ticket['state_id'])]}"


def _steward(world: World) -> int:
    return next(int(user["id"]) for user in world["users"] if user["login"] == "steward")


def _notes(world: World) -> Iterator[str]:
    """What names each note of Steward's own: the first effect it carries, in its message id."""
    steward = _steward(world)
    return (str(row["message_id"]) for row in world["articles"] if row["created_by_id"] == steward)


def _task(ticket: Mapping[str, Any]) -> str:
    """The letters that stand for the task in its ticket's number: the same number twice is impossible in Zammad."""
    found = TASK_NUMBER.fullmatch(str(ticket["number"]))
    return f"{found[1]}-{str(ticket['number'])[-5:]}" if found else ""


def _twice(what: str, found: Iterator[Any]) -> Iterator[str]:
    for key, times in Counter(found).items():
        if times > 1:
            yield f"{what} {key}: {times} times"
