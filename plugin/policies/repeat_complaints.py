"""A complaint that comes again: tag, root cause, attribution, case report, and knowledge of what many complain about.

A complaint is repeated when its customer, or somebody else of his organization, complained of the same nature within
a window (C4.3). It is tagged ``steward:repeat`` and asks for its root cause (5W1H) and for what that is put down to:
technical, process or people (C5.1). The quality department does it where the pack names one: it collects the evidence,
and names department and person responsible (D5.2). Once closed, a grave one gets a case report with a measure that
prevents it (D5.4). When so many customers complained of one problem it is common: what helps is written down once, as
knowledge (C2.3). What agents record as cause and attribution settles those tasks.

What it knows of other complaints is what was seen of them at the looks (``related``); an earlier ticket is never woken.

A rule::

    - policy: repeat_complaints
      mode: enforce
      options:
        within: 90 days
        attribute: product
        common_customers: 5

Options: ``within`` (days or weeks before the acceptance); ``same_nature`` (true, false: any earlier complaint of the
customer counts); ``attribute``, the ticket attribute that says what it is about (left out: the nature does);
``common_customers`` (how many customers make a problem common) and ``common_within`` (days or weeks);
``cause_within``, ``report_within`` and ``knowledge_within`` (durations on the office calendar, from the acceptance, and
from the closing); ``report_from``, the least tier (general, serious, major) that gets a case report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.model import records
from plugin.model.case import Case
from plugin.model.decision import Finding, Should, Slot, Tag, Task, TaskForm
from plugin.model.durations import Duration, Unit
from plugin.model.pack import Tier
from plugin.model.related import Alike, Earlier, related
from plugin.model.words import Text, text

CLAUSES = ("C4.3", "C5.1", "D5.2", "D5.4", "C2.3")
AFTER = ("classification", "first_responder")
_DAYS = {Unit.DAYS: 1, Unit.WEEKS: 7}


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring. Raises ValueError for windows that are no days or weeks."""

    within: Duration = Duration(90, Unit.DAYS)
    same_nature: bool = True
    attribute: str | None = None
    common_customers: int = 5
    common_within: Duration = Duration(30, Unit.DAYS)
    cause_within: Duration = Duration(5, Unit.WORKING_DAYS)
    report_from: Tier = Tier.SERIOUS
    report_within: Duration = Duration(5, Unit.WORKING_DAYS)
    knowledge_within: Duration = Duration(10, Unit.WORKING_DAYS)

    def __post_init__(self) -> None:
        for window in (self.within, self.common_within):
            if window.unit not in _DAYS:
                raise ValueError(f"found {window}, allowed days or weeks, such as 90 days")
        if self.common_customers < 2:
            raise ValueError(f"found common_customers: {self.common_customers}, allowed 2 or more")

    @property
    def window(self) -> timedelta:
        """So long before a complaint an earlier one counts."""
        return _span(self.within)

    @property
    def common_window(self) -> timedelta:
        """So long before a complaint those of other customers count."""
        return _span(self.common_within)


def _span(window: Duration) -> timedelta:
    return timedelta(days=int(window.amount) * _DAYS[window.unit])


def decide(case: Case, options: Options) -> Iterator[Should]:
    seen = related(case.timeline)
    if seen is None or not (case.is_complaint or case.finding("kind_by_agent")):
        return
    before = [one for one in seen.earlier if _counts(one, case, options)] if case.is_complaint else []
    because = _because(before)
    yield Finding("repeated", tuple(one.ticket_id for one in before), "C4.3", because)
    yield from _cause(case, options, because, is_repeated=bool(before))
    if before and not case.matter.is_closed:
        yield Tag("steward:repeat", Slot.STATE, f"m{case.matter.number}", "C4.3", because)
    if before:
        yield from _report(case, options, because)
    if case.is_complaint:
        yield from _knowledge(case, options, seen.alike)


# -- the same customer again ------------------------------------------------------------------------------------------


def _counts(one: Earlier, case: Case, options: Options) -> bool:
    alike = not options.same_nature or (one.nature is not None and one.nature == case.finding("nature"))
    return alike and case.accepted_at - options.window <= one.accepted_at <= case.accepted_at


def _because(before: list[Earlier]) -> Text:
    if not before:
        return text("Nobody of the customer's house complained of it before.")
    last = max(before, key=lambda one: one.accepted_at)
    if last.by_customer:
        return text("The customer complained of it before, on {at}.", at=last.accepted_at)
    return text("Somebody of the customer's organization complained of it before, on {at}.", at=last.accepted_at)


def _cause(case: Case, options: Options, because: Text, *, is_repeated: bool) -> Iterator[Task]:
    """Root cause and attribution; agents who record them need tick nothing."""
    recorded = records.newest(case.timeline, case.pack.record.items, since=case.matter.starts_at)
    for key, item, title, clause in (
        ("root_cause", "cause", text("Find the root cause: what, who, when, where, why, how"), "C4.3"),
        ("attribution", "attribution", text("Put the cause down to technology, process or people"), "C5.1"),
    ):
        task = Task(
            rule=f"repeat_complaints.{key}",
            epoch=f"m{case.matter.number}",
            key=key,
            title=title,
            clause=clause,
            because=because,
            due_at=case.office.after(case.accepted_at, options.cause_within),
            assignee=case.investigator,
        )
        if not is_repeated:
            yield replace(task, wanted=False)
        elif item in recorded:
            done = text("{login} recorded it.", login=recorded[item].by.login)
            yield replace(task, wanted=False, settled=True, because=done)
        elif not case.matter.is_closed:
            yield task


def _report(case: Case, options: Options, because: Text) -> Iterator[Task]:
    """After the closing, for it must not hold it up."""
    closed_at = case.matter.closed_at
    if closed_at is None or not case.tier.is_from(options.report_from):
        return
    yield _after_closing(
        case,
        "case_report",
        text("Write a case report, with a measure that prevents it"),
        "D5.4",
        because,
        due_at=case.office.after(closed_at, options.report_within),
    )


# -- many customers ---------------------------------------------------------------------------------------------------


def _knowledge(case: Case, options: Options, alike: Alike | None) -> Iterator[Should]:
    """The complaint that makes a problem common carries the task, once for all that are alike."""
    customers = alike.customers + 1 if alike else 1
    explains = alike is not None and customers >= options.common_customers and not alike.explained
    because = text("{customers} customers complained of it.", customers=customers)
    yield Finding("common", customers >= options.common_customers, "C2.3", because)
    yield Finding("explains", explains, "C2.3", because)
    closed_at = case.matter.closed_at
    if explains and closed_at is not None:
        yield _after_closing(
            case,
            "knowledge",
            text("Write down what helps, in the knowledge base"),
            "C2.3",
            because,
            due_at=case.office.after(closed_at, options.knowledge_within),
        )


def _after_closing(case: Case, key: str, title: Text, clause: str, because: Text, *, due_at: datetime) -> Task:
    return Task(
        rule=f"repeat_complaints.{key}",
        epoch=f"m{case.matter.number}",
        key=key,
        title=title,
        clause=clause,
        because=because,
        due_at=due_at,
        assignee=case.investigator,
        form=TaskForm.TICKET,
    )
