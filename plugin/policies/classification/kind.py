"""Which kind a ticket has, and since when: the moment its clocks run from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from plugin.model.case import Case
from plugin.model.conversation import is_opened_by_our_message
from plugin.model.decision import Field, Finding, Should
from plugin.model.facts import Fact
from plugin.model.pack import Kind
from plugin.model.words import Text, text
from plugin.policies.classification.verdicts import Verdict, kinds_said, since_said


def conclude(case: Case, verdict: Verdict) -> Iterator[Should]:
    accepted_at = _accepted_at(case, verdict)
    yield Finding("kind", verdict.kind, verdict.clause, verdict.because)
    yield Finding("kind_by_agent", verdict.by_agent, verdict.clause, verdict.because)
    yield Finding("suspected", verdict.suspected, verdict.clause, verdict.because)
    yield Finding("accepted_at", accepted_at, "C3.1", _acceptance_reason(case, verdict, accepted_at))
    yield Field("steward_kind", verdict.kind.value, verdict.clause, verdict.because)


def complaint_since(case: Case, verdicts: tuple[Verdict, ...]) -> datetime:
    """Since when a complaint is one: an agent's newest word for it may only repeat what held already."""
    spoken = kinds_said(case)
    said = since_said(spoken, Kind.COMPLAINT)
    unsaid = (verdict for verdict in verdicts if verdict.kind is Kind.COMPLAINT and not verdict.by_agent)
    # an agent's word to the contrary outranks whatever held before it
    held = [verdict.at for verdict in unsaid] if len(said) == len(spoken) else []
    return min((*said, *held), default=case.matter.starts_at)


def _accepted_at(case: Case, verdict: Verdict) -> datetime:
    """Of a request its creation; of a complaint the message that first voices it; a merge keeps the earlier one."""
    if verdict.kind is not Kind.COMPLAINT:
        opened_by_us = is_opened_by_our_message(case.timeline) and case.customer_articles
        return case.customer_articles[0].at if opened_by_us and case.matter.number == 1 else case.matter.starts_at
    moments = [m for m in map(_carried_acceptance, case.merges) if m is not None]
    if verdict.voiced_at is not None:
        moments.append(verdict.voiced_at)
    return min(moments, default=case.matter.starts_at)


def _carried_acceptance(merge: Fact) -> datetime | None:
    if merge["kind"] != Kind.COMPLAINT or not merge["accepted_at"]:
        return None
    return datetime.fromisoformat(str(merge["accepted_at"]))


def _acceptance_reason(case: Case, verdict: Verdict, accepted_at: datetime) -> Text:
    if verdict.kind is Kind.COMPLAINT and accepted_at != case.created_at:
        return text("Accepted with the message of {at} that first voices the complaint.", at=accepted_at)
    return text("Accepted when it came in, {at}.", at=accepted_at)
