"""The clocks from acceptance to closing: how long each promise has, what ends it, what pauses it (standard.md 3).

First response (C3.1), assessment, coordination and formal notice (C4.1), result (C3.1), resolution with one extension
(A2.1), progress on major matters (A2.1, D3.3), and the moment an agent promised: a pending reminder he set in the same
act in which he told the customer so ("we call you on Thursday": the pack's words ``promise``, D5.1; without them he
waits for the customer). Numbers, calendars and kinds come from the pack's ``clocks``; a clock the pack leaves out does
not run. Of ``promised`` the limit is the grace after the promised moment.

A rule::

    - policy: deadlines
      mode: enforce
      options:
        waiting_ends_after: 14 days
        extension_needs_second_person: false

Options: ``waiting_ends_after`` (a duration, calendar days) ends a waiting for the customer that nobody ended;
``extension_needs_second_person`` (true, false): an extension counts only when a second agent says *extend* too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plugin.model.case import Case
from plugin.model.decision import Look, Should
from plugin.model.durations import Duration, Unit
from plugin.model.pack import Kind
from plugin.model.words import text
from plugin.policies.deadlines import ends, first_response, matter, promised, waiting
from plugin.policies.deadlines.extension import extension_of

CLAUSES = ("C3.1", "E4.2", "C4.1", "A2.1", "D3.3", "D5.1")
CLOCKS = ("first_response", "assessment", "coordination", "notice", "result", "resolution", "progress", "promised")
AFTER = ("classification", "fairness")


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    waiting_ends_after: Duration = Duration(14, Unit.DAYS)
    extension_needs_second_person: bool = False


def decide(case: Case, options: Options) -> Iterator[Should]:
    yield from waiting.conclude(case, ends_after=options.waiting_ends_after)
    if case.kind is Kind.NONE:
        return
    end = ends.of_matter(case)
    extension = extension_of(case, end, second_person=options.extension_needs_second_person)
    yield from extension.refusals
    yield from first_response.clocks(case, end)
    if case.is_complaint:
        yield from matter.assessment(case, end)
        yield from matter.coordination(case, end)
        yield from matter.notice(case, end)
        yield from matter.progress(case, end)
    yield from matter.result(case, end)
    yield from promised.clocks(case, end)
    yield from matter.resolution(case, end, extended=extension.granted)
    if case.matter.waits_since is not None:
        until = case.one_working_day_after(case.matter.waits_since)
        yield Look(until, text("Then the reopened ticket's clocks go on though nobody acted."))
