"""An enquiry before a sale is recorded, and passed to the department that needs it (D3.1).

A request in which the customer speaks of buying (the pack's words ``enquiry``) is found to be one. Where the pack names
people who sell (``people.sales``), the first of them gets a task to take it over, until one of them owns the ticket or
has answered; where it names none, it is recorded and no more.

A rule::

    - policy: enquiries
      mode: enforce
      options:
        pass_within: 1 working day

Options: ``pass_within`` (a duration on the office calendar), from the customer's message, by which somebody who sells
has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plugin.model.case import Case
from plugin.model.decision import Finding, Should, Task
from plugin.model.durations import Duration, Unit
from plugin.model.facts import Fact
from plugin.model.pack import Kind
from plugin.model.wording import messages_with
from plugin.model.words import text

CLAUSES = ("D3.1",)
AFTER = ("classification", "first_responder")


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    pass_within: Duration = Duration(1, Unit.WORKING_DAYS)


def decide(case: Case, options: Options) -> Iterator[Should]:
    asked = _asked(case)
    if asked is None:
        return
    is_request = case.kind is Kind.REQUEST
    yield Finding("enquiry", is_request, "D3.1", text("The customer's words of {at} speak of buying.", at=asked.at))
    sales = case.pack.people.sales
    if sales and not case.matter.is_closed:
        yield _task(case, options, asked, wanted=is_request and not _is_with(case, sales))


def _asked(case: Case) -> Fact | None:
    """The first message of the matter that speaks of buying."""
    found = messages_with(case.timeline, case.pack.words.enquiry)
    return next((a for a in case.customer_articles if a.key in found and a.at >= case.matter.starts_at), None)


def _is_with(case: Case, sales: tuple[str, ...]) -> bool:
    """Whether one of those who sell owns it or answered it."""
    answered = (answer.by.login for answer in case.answers if answer.at >= case.matter.starts_at)
    return not {case.owner, *answered}.isdisjoint(sales)


def _task(case: Case, options: Options, asked: Fact, *, wanted: bool) -> Task:
    because = text("The customer's words of {at} speak of buying.", at=asked.at)
    return Task(
        rule="enquiries.pass_on",
        epoch=f"m{case.matter.number}",
        key="enquiry",
        title=text("Take this enquiry over: the customer may buy"),
        clause="D3.1",
        because=because if wanted else text("Somebody who sells has it, or it is no enquiry."),
        due_at=case.office.after(asked.at, options.pass_within),
        assignee=case.pack.people.sales[0],
        wanted=wanted,
    )
