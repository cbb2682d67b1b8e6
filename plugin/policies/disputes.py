"""A dispute: talk first, then a third party, mediation, arbitration, court (A6.1, A2.4, A6.2).

Agents say each step: *third-party*, *mediation*, *arbitration*, *court*, and *settled* when it is over. Before any of
them the customer was answered. A small dispute is mediated before it goes to arbitration or to court; a larger one (by
its amount, or a major complaint) and a complex one (in need of outside help) may go straight there. A step out of turn
is refused with a note to whoever said it, unless he wrote the reason down before: then it counts, and what was passed
over is kept. Each step runs on the pack's clock of its name (``third_party``, ``mediation``, ``arbitration``,
``court``), where it has one, until the next step or the agreement. Tasks ask for the evidence, for the agreement both
sides sign (responsibility, amount, improvements), and for an answer to what the consumer objects; the pack's record
items ``amount``, ``evidence``, ``agreement`` and ``objection`` are what agents write down.

A rule::

    - policy: disputes
      mode: enforce
      options:
        small_up_to: [10000 EUR]
        small_first: [mediation]
        talk_first: true
        evidence_within: 2 working days
        agreement_within: 5 working days
        tag: false

Options: ``small_up_to``, the largest amounts of a small dispute, one for each currency (what is recorded without one is
in the first; no amount, or one of another currency: small);
``small_first``, the steps (third-party, mediation) a small one takes before later ones; ``talk_first`` (true, false);
``evidence_within``, ``agreement_within`` (durations on the office calendar); ``tag`` (true, false): ``steward:dispute``
while it lasts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.model import records
from plugin.model.amounts import ALLOWED, Amount, amounts
from plugin.model.case import Case
from plugin.model.clocks import Clock
from plugin.model.decision import Finding, Note, Should, Slot, Tag, Task, TaskForm
from plugin.model.durations import Duration, Unit
from plugin.model.pack import Kind, Tier
from plugin.model.promises import Promise, run
from plugin.model.refusals import refusal
from plugin.model.said import Said
from plugin.model.words import Text, text

CLAUSES = ("A2.4", "A6.1", "A6.2")
CLOCKS = ("third_party", "mediation", "arbitration", "court")
AFTER = ("classification", "deadlines", "first_responder")

WAYS = ("third-party", "mediation", "arbitration", "court")
"""In the order they are taken."""
SETTLED = "settled"
_BEFORE_OTHERS = WAYS[:2]


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    small_up_to: tuple[str, ...] = ("10000 EUR",)
    small_first: tuple[str, ...] = ("mediation",)
    talk_first: bool = True
    evidence_within: Duration = Duration(2, Unit.WORKING_DAYS)
    agreement_within: Duration = Duration(5, Unit.WORKING_DAYS)
    tag: bool = False

    def __post_init__(self) -> None:
        unknown = [way for way in self.small_first if way not in _BEFORE_OTHERS]
        if unknown:
            raise ValueError(f"small_first: found {unknown[0]}, allowed {', '.join(_BEFORE_OTHERS)}")
        if not self.small_up_to:
            raise ValueError(f"small_up_to: found nothing, allowed {ALLOWED}")
        for written in self.small_up_to:
            Amount.parse(written)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a dispute; ``passed_over``: earlier ones it should have taken, left out with a reason."""

    way: str
    since: datetime
    by: str
    until: datetime | None = None
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dispute:
    """The steps of the matter at hand; ``refused`` are words out of turn with the steps that should come first."""

    steps: tuple[Step, ...] = ()
    settled_at: datetime | None = None
    refused: tuple[tuple[Said, tuple[str, ...]], ...] = ()

    @property
    def is_open(self) -> bool:
        return bool(self.steps) and self.settled_at is None


def decide(case: Case, options: Options) -> Iterator[Should]:
    words = case.said_now(*WAYS, SETTLED)
    if not words:
        return
    if not case.is_complaint:
        if case.kind is Kind.REQUEST:
            yield from (_not_a_complaint(word) for word in words)
        yield from (replace(task, wanted=False) for task in _tasks(case, options, _dispute(case, options, words)))
        return
    dispute = _dispute(case, options, words)
    because = _because(dispute)
    standing = dispute.steps[-1].way if dispute.steps else None
    yield Finding("dispute", SETTLED if dispute.settled_at else standing, "A2.4", because)
    yield Finding("dispute_steps", dispute.steps, "A2.4", because)
    yield Finding("dispute_amount", _amount(case, options, case.now), "A6.2", text("What it is about in money."))
    yield from (_refusal(word, lacking) for word, lacking in dispute.refused)
    yield from _clocks(case, dispute)
    yield from _tasks(case, options, dispute)
    if options.tag and dispute.is_open:
        yield Tag("steward:dispute", Slot.OPTION, f"m{case.matter.number}", "A2.4", because)


# -- the steps --------------------------------------------------------------------------------------------------------


def _dispute(case: Case, options: Options, words: tuple[Said, ...]) -> Dispute:
    dispute = Dispute()
    for word in words:
        dispute = _settled(dispute, word) if word.word == SETTLED else _taken(case, options, dispute, word)
    return dispute


def _settled(dispute: Dispute, word: Said) -> Dispute:
    if not dispute.is_open:
        return replace(dispute, refused=(*dispute.refused, (word, ())))
    return replace(dispute, steps=_ended(dispute.steps, word.at), settled_at=word.at)


def _taken(case: Case, options: Options, dispute: Dispute, word: Said) -> Dispute:
    lacking = tuple(_lacking(case, options, dispute, word))
    if lacking and not word.has_reason:
        return replace(dispute, refused=(*dispute.refused, (word, lacking)))
    if dispute.is_open and dispute.steps[-1].way == word.word:
        return dispute  # said again
    step = Step(word.word, word.at, word.by.login, passed_over=lacking)
    return replace(dispute, steps=(*_ended(dispute.steps, word.at), step), settled_at=None)


def _ended(steps: tuple[Step, ...], at: datetime) -> tuple[Step, ...]:
    return (*steps[:-1], replace(steps[-1], until=steps[-1].until or at)) if steps else ()


def _lacking(case: Case, options: Options, dispute: Dispute, word: Said) -> Iterator[str]:
    """The steps that should come before this one and did not: ``talk``, and of a small dispute those of the pack."""
    heard = any(case.matter.starts_at <= answer.at <= word.at for answer in case.answers)
    if options.talk_first and not heard:
        yield "talk"
    if not _is_small(case, options, word.at):
        return
    tried = {step.way for step in dispute.steps}
    for way in WAYS[: WAYS.index(word.word)]:
        if way in options.small_first and way not in tried:
            yield way


def _is_small(case: Case, options: Options, at: datetime) -> bool:
    is_complex = case.tier_at(at) is Tier.MAJOR or any(word.at <= at for word in case.said_now("outside-help"))
    amount = _amount(case, options, at)
    largest = [Amount.parse(written) for written in options.small_up_to]
    is_large = amount is not None and any(one.currency == amount.currency and amount > one for one in largest)
    return not (is_complex or is_large)


def _amount(case: Case, options: Options, at: datetime) -> Amount | None:
    """The amount as recorded by then."""
    entries = records.entries(case.timeline, case.pack.record.items)
    written = [e.value for e in entries if e.item == "amount" and case.matter.starts_at <= e.at <= at]
    if not written:
        return None
    currency = Amount.parse(options.small_up_to[0]).currency
    found = amounts(written[-1]) or amounts(f"{written[-1]} {currency}")
    return found[0] if found else None


def _because(dispute: Dispute) -> Text:
    if dispute.settled_at is not None:
        return text("The dispute was settled on {at}.", at=dispute.settled_at)
    if dispute.steps:
        last = dispute.steps[-1]
        return text("{login} said it goes to {way}.", login=last.by, way=_NAMES[last.way])
    return text("No step of a dispute was taken.")


_NAMES = {
    "talk": text("talking with the customer"),
    "third-party": text("a third party"),
    "mediation": text("mediation"),
    "arbitration": text("arbitration"),
    "court": text("court"),
}


# -- words out of turn ------------------------------------------------------------------------------------------------


def _refusal(word: Said, lacking: tuple[str, ...]) -> Note:
    line, ends_with = text("There is no dispute to be settled."), text("a step of a dispute")
    if lacking:
        line = text(
            "First comes {step}. To pass it over, write the reason in an internal note and say “{word}” again.",
            step=_NAMES[lacking[0]],
            word=word.word,
        )
        ends_with = text("that step, or the reason")
    because = text("A dispute goes step by step.")
    return refusal("disputes", word, line, clause="A6.1", because=because, ends_with=ends_with)


def _not_a_complaint(word: Said) -> Note:
    return refusal(
        "disputes",
        word,
        text("Say “complaint” too: only complaints become disputes."),
        clause="A6.1",
        because=text("The ticket is taken for a request."),
        ends_with=text("“complaint”"),
    )


# -- clocks -----------------------------------------------------------------------------------------------------------


def _clocks(case: Case, dispute: Dispute) -> Iterator[Clock]:
    """Each step until the next one, the agreement, or *settled*; closing the ticket ends none of them."""
    agreed = [e.at for e in records.entries(case.timeline, case.pack.record.items) if e.item == "agreement" and e.value]
    for number, step in enumerate(dispute.steps, start=1):
        settings = case.clock_settings(step.way.replace("-", "_"))
        if settings is None:
            continue
        agreed_at = next((at for at in agreed if at >= step.since), None)
        ended_at = min((at for at in (step.until, agreed_at) if at is not None), default=None)
        yield run(
            Promise(
                settings=settings,
                calendar=case.pack.calendar(settings.calendar),
                epoch=f"m{case.matter.number}-{number}",
                starts_at=step.since,
                ended_at=ended_at,
                because=_because(Dispute((replace(step, until=None),))),
                ends_with=text("“settled”, the agreement on record, or the next step"),
            ),
            now=case.now,
        )


# -- evidence ---------------------------------------------------------------------------------------------------------


def _tasks(case: Case, options: Options, dispute: Dispute) -> Iterator[Task]:
    """Evidence from the first step on, the signed agreement once it is settled, an answer to what is objected."""
    if not dispute.steps:
        return
    recorded = records.newest(case.timeline, case.pack.record.items, since=case.matter.starts_at)
    began = dispute.steps[0].since
    yield _task(
        case,
        "evidence",
        text("Collect the evidence: contract, messages, pictures, what was done and said"),
        "A2.4",
        due_at=case.office.after(began, options.evidence_within),
        wanted=dispute.is_open,
        settled="evidence" in recorded,
    )
    objection = recorded.get("objection")
    if objection is not None:
        yield _task(
            case,
            "objection",
            text("Answer what the consumer objects, and keep it with the evidence"),
            "A6.2",
            due_at=case.office.after(objection.at, options.evidence_within),
        )
    if dispute.settled_at is not None:
        yield _task(
            case,
            "agreement",
            text("Have both sides sign what was agreed: who is responsible, the amount, what will be improved"),
            "A2.4",
            due_at=case.office.after(dispute.settled_at, options.agreement_within),
            settled="agreement" in recorded,
        )


def _task(
    case: Case, key: str, title: Text, clause: str, *, due_at: datetime, wanted: bool = True, settled: bool = False
) -> Task:
    return Task(
        rule=f"disputes.{key}",
        epoch=f"m{case.matter.number}",
        key=key,
        title=title,
        clause=clause,
        because=text("The complaint is in dispute.") if wanted else text("It no longer holds."),
        due_at=due_at,
        assignee=case.accountable or case.owner,
        # what is asked for after the closing must not hold it up
        form=TaskForm.TICKET if case.matter.is_closed else TaskForm.ITEM,
        wanted=wanted and not settled,
        settled=settled,
    )
