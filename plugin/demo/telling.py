"""The story in the terminal: what people do, what is heard, decided and written, and the tables at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rich.box import HORIZONTALS
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from plugin.demo.measuring import Measured, Told
from plugin.demo.stage import MANAGEMENT, SUPERVISOR, Heard, Stage
from plugin.demo.story import ZONE, Call, Finish, Form, Mail, Merge, Say, Step, Write
from plugin.demo.watching import Decided, News, wall

STYLES = {"heard": "cyan", "decided": "magenta", "written": "green"}
BUILT_IN_WIDTH = 100
"""Columns where the output is no terminal."""
COMFORTABLE = 100
"""Columns from which the table's cells need not be narrowed."""
LONGEST_QUOTE = 100
WHEN, TICKET, LABEL = 16, 7, 10
"""Columns in front of each line."""


def console() -> Console:
    """Standard output: colours and a moving line on a terminal, plain lines elsewhere."""
    out = Console(highlight=False)
    if not out.is_terminal and "COLUMNS" not in os.environ:
        out.width = BUILT_IN_WIDTH
    return out


@dataclass(slots=True)
class Teller:
    """Prints what happens, each line with the story's time and the ticket's number."""

    out: Console
    zone: str
    steps: int
    _last: tuple[str, str] = ("", "")
    _progress: Progress | None = None
    _bar: TaskID | None = None
    _counts: dict[str, int] = field(default_factory=lambda: {"heard": 0, "written": 0})

    # -- as it happens ------------------------------------------------------------------------------------------------

    def introduce(self, stage: Stage) -> None:
        """Say where things are, and how to read what follows."""
        self.out.print(Text("A helpdesk, a service standard, and ten days in seconds", style="bold"))
        self.out.print(f"Zammad (a sandbox)  {stage.zammad_url}/")
        self.out.print(f"Steward             {stage.steward_url}/readyz")
        self.out.print(
            "The shipped pack, with two people named in it: "
            f"{SUPERVISOR} supervises, {MANAGEMENT} is management. Times are {self.zone}."
        )
        legend = Text("Each line: when, ticket, who did it; Steward has ")
        for number, (label, style) in enumerate(STYLES.items()):
            legend.append(", " if number else "").append(label, style=style)
        self.out.print(legend.append(".\n"))

    @contextmanager
    def moving(self) -> Iterator[None]:
        """A line at the bottom that shows how far the story is, on a terminal."""
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.fields[totals]}"))
        with Progress(*columns, console=self.out, transient=True, disable=not self.out.is_terminal) as progress:
            self._progress, self._bar = progress, progress.add_task("", total=self.steps, totals="")
            yield
        self._progress = None

    def step(self, step: Step, *, number: str) -> None:
        """Somebody does something."""
        who = step.who.partition("@")[0]
        self._line(step.at, number or "new", who, Text(in_words(step)), style="bold")
        if self._progress is not None and self._bar is not None:
            self._progress.advance(self._bar)

    def heard(self, heard: Heard, *, number: str) -> None:
        """The receiver answered a delivery."""
        answer = "no answer" if heard.status is None else str(heard.status)
        again = f", attempt {heard.attempt}" if heard.attempt > 1 else ""
        self._counts["heard"] += heard.acknowledged
        self._line(heard.at, number, "heard", Text(f"delivery {heard.delivery_id[:8]}{again}: {answer}"))

    def news(self, news: News, now: datetime) -> None:
        """Steward looked at a ticket."""
        for decided in news.decided:
            self._line(now, news.number, "decided", _conclusion(decided))
        for written in news.written:
            self._counts["written"] += 1
            self._line(now, news.number, "written", Text(written))

    def passed(self, now: datetime) -> None:
        """Time has passed."""
        if self._progress is not None and self._bar is not None:
            totals = ", ".join(f"{name} {count}" for name, count in self._counts.items())
            self._progress.update(self._bar, description=wall(now, self.zone), totals=totals)

    def _line(self, at: datetime, number: str, label: str, text: Text, *, style: str = "") -> None:
        # a task's ticket is named after its parent: 26008T1-…
        when, ticket = wall(at, self.zone), number.partition("-")[0]
        shown = ("" if when == self._last[0] else when, "" if (when, ticket) == self._last else ticket)
        self._last = (when, ticket)
        head = Text(f"{shown[0]:<{WHEN}} {shown[1]:<{TICKET}} ", style="dim")
        head.append(f"{label[:LABEL]:<{LABEL}} ", style=STYLES.get(label, style))
        for line in text.wrap(self.out, self.out.width - len(head.plain)):
            line.rstrip()
            self.out.print(head + line, soft_wrap=True)
            head = Text(" " * len(head.plain))

    # -- at the end ---------------------------------------------------------------------------------------------------

    def conclude(self, measured: Measured) -> None:
        """The tickets and the totals."""
        self.out.print(Text("\nThe tickets", style="bold"))
        self.out.print(self._tickets(measured))
        self.out.print(Text("\nThe totals", style="bold"))
        self.out.print(_totals(measured))

    def stay(self, stage: Stage) -> None:
        """Say that both stay up, and what can be done with them."""
        self.out.print(
            f"\nBoth stay up, the clock goes on by itself. Look at the tickets: {stage.zammad_url}/\n"
            f"Steward's health: {stage.steward_url}/readyz\n"
            "A day later: curl --data '{\"advance\": \"24 h\"}' -H 'Content-Type: application/json' "
            f"{stage.zammad_url}/sandbox/clock\n"
            "Ctrl-C ends both.",
            soft_wrap=True,
        )

    def _tickets(self, measured: Measured) -> Table:
        table = Table(box=HORIZONTALS, show_lines=True, pad_edge=False, padding=(0, 1))
        # a narrow terminal wraps words, never numbers
        table.add_column("ticket", overflow="fold", ratio=1)
        table.add_column("kind\ntier\nstage", no_wrap=True)
        table.add_column("tags", no_wrap=True)
        table.add_column("next due", width=10 if self.out.width < COMFORTABLE else None)
        table.add_column("broken", width=12 if self.out.width < COMFORTABLE else None)
        table.add_column("notes\ntasks", justify="right", no_wrap=True)
        for ticket in measured.tickets:
            table.add_row(*self._cells(ticket))
        return table

    def _cells(self, ticket: Told) -> tuple[str | Text, ...]:
        title = Text(f"#{ticket.number}", style="bold").append(f" {ticket.title}", style="not bold")
        if ticket.state == "merged" or "steward_kind" not in ticket.fields:
            # what stands in a merged ticket's fields is what it was: it is never written to again
            return title, "merged" if ticket.state == "merged" else "left alone", *["–"] * 4
        names = ("steward_kind", "steward_tier", "steward_stage")
        kind = "\n".join(_spaced(ticket.fields.get(name) or "–") for name in names)
        tags = "\n".join(tag.removeprefix("steward:") for tag in ticket.tags) or "–"
        due = ticket.fields.get("steward_next_due_at")
        shown_due = f"{_spaced(ticket.fields['steward_next_due'])}\n{wall(due, self.zone)}" if due else "–"
        broken = Text(_spaced(ticket.fields.get("steward_breached") or "–").replace(",", "\n"))
        if "steward_breached" in ticket.fields:
            broken.stylize("red")
        done = sum(1 for task in ticket.tasks if task.done)
        tasks = f"{done}/{len(ticket.tasks)}" if ticket.tasks else "–"
        return title, kind, tags, shown_due, broken, f"{len(ticket.notes) or '–'}\n{tasks}"


def _spaced(code: object) -> str:
    """A code as words, which wrap where it is narrow."""
    return str(code).replace("_", " ")


def _conclusion(decided: Decided) -> Text:
    said = Text(decided.what)
    if decided.clause:
        said.append(f" ({decided.clause})", style="bold")
    return said.append(f": {decided.because}") if decided.because else said


def _totals(measured: Measured) -> Table:
    writes = ", ".join(f"{count} {name}{'s' * (count != 1)}" for name, count in measured.writes.items())
    steward, people = measured.steward, measured.people
    rows = (
        ("heard", f"{measured.heard} deliveries acknowledged"),
        ("lost", f"{measured.lost} – of them without an effect, or tickets a full look now finds otherwise"),
        ("doubled", f"{measured.doubled} – notes, tags or tasks that are there twice"),
        ("written", writes),
        ("broken", f"{sum(1 for _ in measured.broken)} clocks missed their limit"),
        ("notices", f"{steward.notices} to agents by Steward's doing; {people.notices} by people's"),
        ("Zammad ms", f"{steward.zammad_ms:,.0f} for Steward's calls; {people.zammad_ms:,.0f} for people's"),
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table


# -- people in words --------------------------------------------------------------------------------------------------


def in_words(step: Step) -> str:
    """What somebody does, in a sentence."""
    match step.act:
        case Mail() as mail:
            return f"writes a mail: “{mail.subject.partition(' [Ticket#')[0]}”"
        case Call() as call:
            return f"takes a call of {call.customer.partition('@')[0]}: “{call.title}”"
        case Form() as form:
            return f"asks through the portal: “{form.title}”"
        case Write() as write:
            return _writing(write)
        case Say() as say:
            return f"says “{say.word}” (macro Steward: {say.word})"
        case Merge() as merge:
            return f"merges it into {merge.into.partition('-')[2].replace('-', ' ')}"
        case Finish() as finish:
            return f"does the task “{finish.task}”"


def _writing(write: Write) -> str:
    parts = []
    if write.answer:
        parts.append(f"answers: “{_short(write.answer)}”")
    if write.note:
        parts.append(f"notes: “{_short(write.note)}”")
    changes = ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in write.changes.items())
    if changes:
        parts.append(f"sets {changes}")
    return "; ".join(parts)


def _value(value: object) -> str:
    return wall(value, ZONE.key) if isinstance(value, datetime) else str(value)


def _short(said: str) -> str:
    return said if len(said) <= LONGEST_QUOTE else f"{said[: LONGEST_QUOTE - 1].rstrip()}…"
