"""Whether the record of a complaint is whole when it is closed, and when its follow-up is over (C3.3, D5.2, E4.1).

Time, customer, contact, content, progress, person responsible, result, the customer's view and the follow-up are read
from the ticket itself; cause, responsible department, outcome, remedy and whatever else the pack asks for, from lines
of agents' internal notes ("Cause: …") or from attributes the pack names. What must stand there, of which complaints,
and when, is the pack's ``record.required``. It is judged at an agent's closing, a grace time later, so that who closes
first and writes then is not told; the tag ``steward:incomplete`` stays until the record is whole, and what is missing
is named to whoever closed it, once a matter.

A rule::

    - policy: record_completeness
      mode: enforce
      options:
        grace: 1 h
        name_from: serious

Options: ``grace`` (a duration on the office calendar) between the closing, or the end of the follow-up, and the
judgement; ``name_from``, the least tier (general, serious, major) of a complaint whose missing items are named in a
note: those below have the tag alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from plugin.model import records
from plugin.model.aftercare import Outcome
from plugin.model.case import Case, known
from plugin.model.conversation import agent_acts
from plugin.model.decision import Finding, Look, Note, Should, Slot, Tag, Urgency
from plugin.model.durations import Duration, Unit
from plugin.model.life import Closing
from plugin.model.pack import JudgedAt, Requirement, Tier
from plugin.model.records import Entry
from plugin.model.words import Text, listed, text

CLAUSES = ("C3.3", "D5.2", "E4.1")
AFTER = ("classification", "deadlines", "first_responder", "follow_up", "stages")


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    grace: Duration = Duration(1, Unit.HOURS)
    name_from: Tier = Tier.SERIOUS


def decide(case: Case, options: Options) -> Iterator[Should]:
    record = case.pack.record
    entries = records.newest(case.timeline, record.items, since=case.matter.starts_at)
    yield Finding("recorded", tuple(sorted(entries)), "C3.3", text("What agents recorded."))
    for name, entry in entries.items():
        if entry.code is not None:
            yield Finding(f"record_{name}", entry.code, "D5.2", text("{login} recorded it.", login=entry.by.login))
    closing = _judged(case)
    if closing is None:
        return
    missing: dict[str, str] = {}
    for at, moment in _moments(case, closing):
        judged_at = case.office.after(moment, options.grace)
        lacking = _missing(case, entries, at)
        if lacking and case.now < judged_at:
            yield Look(judged_at, text("Then the record is looked through."), certain=True)
        elif lacking:
            yield from _named(case, options, closing, lacking, judged_at) if not missing else ()
            missing |= lacking
    yield Finding("missing", tuple(missing), "C3.3", text("What the record lacks."))


def _judged(case: Case) -> Closing | None:
    """The agent's closing that stands; what was not ours has no record, and of erased words nobody can tell."""
    matter = case.matter
    if not matter.is_closed or matter.suspended_at is not None or case.said_now("not-ours"):
        return None
    closing = matter.closings[-1]
    return closing if closing.by.is_agent and not records.is_erased(case.timeline) else None


def _moments(case: Case, closing: Closing) -> Iterator[tuple[JudgedAt, datetime]]:
    yield JudgedAt.CLOSING, closing.at
    over_at = case.moment_found("followed_up_at")
    if over_at is not None:
        yield JudgedAt.FOLLOW_UP, over_at


# -- what is missing --------------------------------------------------------------------------------------------------


def _missing(case: Case, entries: Mapping[str, Entry], at: JudgedAt) -> dict[str, str]:
    """Names of the items that are required by then and are not there, each with the clause that asks for it."""
    asked = ((name, one.clause) for one in case.pack.record.required if _concerns(case, one, at) for name in one.items)
    found: dict[str, str] = {}
    for name, clause in asked:
        if name not in found and name not in entries and not _is_on_the_ticket(case, name):
            found[name] = clause
    return found


def _concerns(case: Case, one: Requirement, at: JudgedAt) -> bool:
    return one.at is at and case.suits(one.when)


def _is_on_the_ticket(case: Case, name: str) -> bool:
    derive = _DERIVED.get(name)
    return derive is not None and derive(case)


def _has_customer(case: Case) -> bool:
    return bool(case.created and case.created["customer_id"])


def _has_contact(case: Case) -> bool:
    """An address he wrote from, or a customer Zammad knows how to reach."""
    return _has_customer(case) or any(a.text("from") for a in case.customer_articles)


def _has_content(case: Case) -> bool:
    heard = (*case.customer_articles, *case.answers)
    return any(a.text("body").strip() or a["attachments"] for a in heard)


def _has_progress(case: Case) -> bool:
    """Something was written, said or changed by an agent beside the closing itself."""
    closing = case.matter.closings[-1]
    return any(act.key != closing.key for act in agent_acts(case.timeline))


def _has_result(case: Case) -> bool:
    return case.moment_found("result_told_at") is not None or (
        not case.is_complaint and case.first_answer_since(case.accepted_at) is not None
    )


def _has_view(case: Case) -> bool:
    """What an agent said of him, or he wrote since the result was told; of a general complaint any visit."""
    told_at = case.moment_found("result_told_at")
    replies = [a for a in case.customer_articles if told_at is not None and a.at > told_at]
    outcome = case.finding("visit_outcome")
    is_known = outcome is not None and (case.tier is Tier.GENERAL or outcome == Outcome.UNREACHABLE)
    return bool(is_known or case.said_now("satisfied", "dissatisfied") or replies)


def _was_followed_up(case: Case) -> bool:
    return bool(case.finding("followed_up"))


_DERIVED: Mapping[str, Callable[[Case], bool]] = {
    "time": lambda case: case.created is not None,
    "customer": _has_customer,
    "contact": _has_contact,
    "content": _has_content,
    "progress": _has_progress,
    "responsible": lambda case: bool(case.accountable or case.owner),
    "result": _has_result,
    "customer_view": _has_view,
    "follow_up": _was_followed_up,
}
"""What is read from the ticket itself (``pack.ITEMS_OF_THE_TICKET``)."""


# -- naming it --------------------------------------------------------------------------------------------------------


def _named(
    case: Case, options: Options, closing: Closing, missing: Mapping[str, str], judged_at: datetime
) -> Iterator[Should]:
    epoch = f"m{case.matter.number}"
    clause = next(iter(missing.values()))
    names = listed([_name(case, item) for item in missing])
    because = text("The record lacks: {items}.", items=names)
    yield Tag("steward:incomplete", Slot.STATE, epoch, clause, because)
    if not case.tier.is_from(options.name_from):
        return
    yield Note(
        rule="record_completeness.missing",
        epoch=epoch,
        lines=(text("Complete the record in an internal note: {lines}", lines=_form(case, tuple(missing))),),
        clause=clause,
        because=because,
        moment=judged_at,
        ends_with=text("these lines"),
        tell=known((closing.by.login,)),
        urgency=Urgency.TELL,
        about="incomplete",
    )


def _name(case: Case, item: str) -> Text | str:
    return _NAMES.get(item) or records.label(case.pack, item)


def _form(case: Case, items: tuple[str, ...]) -> Text | str:
    """Lines to be written; what only the work itself can show is named."""
    return listed([_line(case, name) for name in items])


def _line(case: Case, name: str) -> Text | str:
    item = case.pack.record.item(name)
    if item is None:
        return _NAMES[name]
    label = records.label(case.pack, name)
    if not item.values:
        return text("“{label}: …”", label=label)
    # other words count for nothing, and whoever writes one would not be told
    return text("“{label}: {answers}”", label=label, answers=" / ".join(answer for answer, _ in item.values))


_NAMES: Mapping[str, Text] = {
    "time": text("time"),
    "customer": text("customer"),
    "contact": text("contact"),
    "content": text("content"),
    "progress": text("progress"),
    "responsible": text("person responsible"),
    "result": text("result"),
    "customer_view": text("the customer's view"),
    "follow_up": text("follow-up"),
}
