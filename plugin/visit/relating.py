"""What there is beside a complaint, asked of our own store: earlier ones of its customer, and others that are alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from plugin.handlers import observations
from plugin.model.attributes import value_of
from plugin.model.decision import Decision
from plugin.model.facts import Fact, Timeline
from plugin.model.pack import Kind, Pack
from plugin.model.ticket import Ticket
from plugin.policies.repeat_complaints import Options
from plugin.settle import Commit
from plugin.store import complaints
from plugin.store.complaints import Complaint, Others
from plugin.visit.under_way import UnderWay

SURVEY = "survey"
"""The clock that ends when the customer is surveyed."""


class Beside:
    """One complaint beside the others of our store; made for one decision about it."""

    def __init__(self, visit: UnderWay, seen: Ticket, decision: Decision, timeline: Timeline) -> None:
        self._visit = visit
        self._options = repeats(visit.pack)
        self._one = complaint(
            decision,
            ticket_id=seen.id,
            customer_id=seen.customer_id,
            organization_id=seen.organization_id,
            subject=self._subject(timeline),
        )
        self._others = self._asked(_closed_at(decision) or visit.means.clock())

    def observed(self, known: Timeline) -> Timeline:
        """``known`` with what is to be seen of the others now; the very same where that is known."""
        now = self._visit.means.clock()
        return self._visit.with_seen(known, self._facts(known, now), now=now)

    def _facts(self, known: Timeline, now: datetime) -> Iterator[Fact]:
        if self._one is None:
            return
        by = "subject" if self._one.subject is not None else "nature"
        customer_id = self._one.customer_id
        if self._options is not None:
            yield from observations.related(self._others, customer_id=customer_id, by=by, known=known, now=now)
        yield from observations.surveyed(self._others, known=known, now=now)

    def kept(self, decision: Decision, *, was_decided_otherwise: bool) -> Commit | None:
        """What brings our store's row of it up to date, None where it is.

        A ticket that is no complaint may have been one when it was decided otherwise.
        """
        if self._one is None:
            drop = partial(complaints.drop, ticket_id=self._visit.ticket_id)
            return drop if was_decided_otherwise else None
        one = replace(self._one, explains=_found(decision, "explains") is True, surveyed_at=_surveyed_at(decision))
        return None if one == self._others.kept else partial(complaints.keep, one=one)

    def _subject(self, timeline: Timeline) -> str | None:
        """A keyed digest of what it is about: anybody may have written the attribute."""
        said = about(timeline, self._options)
        return self._visit.means.store.key.digest(said.encode()) if said else None

    def _asked(self, surveyed_until: datetime) -> Others:
        one, options = self._one, self._options or Options()
        if one is None:
            return Others()
        with self._visit.means.store.read() as connection:
            return complaints.others(
                connection,
                one,
                since=one.accepted_at - options.window,
                alike_since=one.accepted_at - options.common_window,
                surveyed_until=surveyed_until,
            )


def complaint(
    decision: Decision, *, ticket_id: int, customer_id: int, organization_id: int | None, subject: str | None
) -> Complaint | None:
    """The ticket as one complaint among the others, None where it is decided to be none."""
    accepted_at, nature = _found(decision, "accepted_at"), _found(decision, "nature")
    if _found(decision, "kind") is not Kind.COMPLAINT or not isinstance(accepted_at, datetime):
        return None
    return Complaint(
        ticket_id=ticket_id,
        customer_id=customer_id,
        organization_id=organization_id,
        accepted_at=accepted_at,
        nature=str(nature) if nature is not None else None,
        subject=subject,
    )


def about(timeline: Timeline, options: Options | None) -> str:
    """What the ticket is about, as its attribute says it; empty where it says nothing, or the pack names none."""
    name = options.attribute if options else None
    value = value_of(timeline, name) if name else ""
    return f"{name} {value}" if value else ""


def attributes_of(pack: Pack) -> frozenset[str]:
    """The ticket attributes of the administrator's own that the pack reads."""
    options = repeats(pack)
    named = {item.field for item in pack.record.items if item.field is not None}
    named |= {*pack.attribute_kinds, *pack.attribute_natures}
    return frozenset(named | ({options.attribute} if options is not None and options.attribute else set()))


def repeats(pack: Pack) -> Options | None:
    """The options of the pack's rule about repeated complaints, None without one."""
    return next((rule.options for rule in pack.rules if isinstance(rule.options, Options)), None)


def _found(decision: Decision, name: str) -> object:
    finding = decision.finding(name)
    return finding.value if finding is not None else None


def _closed_at(decision: Decision) -> datetime | None:
    """The closing after which the customer may be surveyed, None while there is none."""
    return max((clock.starts_at for clock in decision.clocks if clock.name == SURVEY), default=None)


def _surveyed_at(decision: Decision) -> datetime | None:
    ended = (clock.ended_at for clock in decision.clocks if clock.name == SURVEY)
    return max((at for at in ended if at is not None), default=None)
