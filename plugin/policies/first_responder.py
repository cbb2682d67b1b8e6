"""The first person asked stays responsible: hand-overs, ping-pong, silence, orphans (C1.4, E2.1, E2.2, E4.2).

The earliest agent who took the call, answered, or took the ownership himself is the *first responder*, kept for good;
``steward_first_responder`` shows who is accountable now. Accountability moves when the taker of a hand-over accepts, or
at once by a supervisor's dispatch; declined, or without a sign in time, it stays with the giver and the supervisor is
told.

A rule::

    - policy: first_responder
      mode: enforce
      options:
        ping_pong_count: 3
        silence: 3 working days

Options: ``accept_within`` (a duration on the office calendar) for a hand-over; ``ping_pong_count`` hand-overs by people
within ``ping_pong_within`` without an answer between them; ``silence`` and ``silence_major`` without an agent's article
while a clock runs; ``orphan_never_owned`` and ``orphan_dropped``, working time without an owner who can act.

The duty of a person who is complained about passes to the supervisor (see ``fairness``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.model.case import Case
from plugin.model.clocks import ClockState
from plugin.model.conversation import articles, is_by_agent, is_opened_by_our_message
from plugin.model.decision import Field, Finding, Look, Note, Should, Slot, Tag, Urgency
from plugin.model.durations import Duration, Unit
from plugin.model.facts import Fact
from plugin.model.pack import Kind, Tier
from plugin.model.people import NOBODY_ID
from plugin.model.responsibility import HandOver, Outcome, Responsibility, responsibility
from plugin.model.words import Text, text

CLAUSES = ("C1.4", "E2.1", "E2.2", "E4.2")
AFTER = ("classification", "fairness", "deadlines")


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    accept_within: Duration = Duration(1, Unit.WORKING_DAYS)
    ping_pong_count: int = 3
    ping_pong_within: Duration = Duration(5, Unit.WORKING_DAYS)
    silence: Duration = Duration(3, Unit.WORKING_DAYS)
    silence_major: Duration = Duration(1, Unit.WORKING_DAYS)
    orphan_never_owned: Duration = Duration(8, Unit.HOURS)
    orphan_dropped: Duration = Duration(4, Unit.HOURS)


def decide(case: Case, options: Options) -> Iterator[Should]:
    held = responsibility(case, accept_within=options.accept_within)
    about = case.complained_about
    because = _because(held)
    if about is not None and about.is_by(held.accountable):
        held = replace(held, accountable=next(iter(case.supervisors), None))
        because = text("{login} is complained about: the duty passes to the supervisor.", login=about.login)
    yield Finding("first_asked", held.first, "C1.4", because)
    yield Finding("first_asked_at", held.first_at, "C1.4", because)
    yield Finding("accountable", held.accountable, "C1.4", because)
    if case.kind is Kind.NONE:
        return
    yield Field("steward_first_responder", held.accountable, "C1.4", because)
    if case.matter.is_closed:
        return
    yield from _hand_over(case, options, held)
    yield from _ping_pong(case, options, held)
    yield from _silence(case, options, held)
    yield from _orphan(case, options)


def _because(held: Responsibility) -> Text:
    if held.accountable is None:
        return text("Nobody was asked yet.")
    last = held.last
    if last is not None and last.outcome is Outcome.ACCEPTED and last.taker == held.accountable:
        return text("{taker} took it over from {giver}.", taker=last.taker, giver=last.giver)
    if held.accountable == held.first:
        return text("{login} was asked first.", login=held.accountable)
    return text("{login} was given it by a supervisor.", login=held.accountable)


# -- hand-overs -------------------------------------------------------------------------------------------------------


def _hand_over(case: Case, options: Options, held: Responsibility) -> Iterator[Should]:
    last = held.last
    if last is None or last.at < case.matter.starts_at:
        return
    if last.outcome is Outcome.OPEN:
        latest = case.office.after(last.at, options.accept_within)
        because = text("{giver} handed it to {taker}, who has not accepted.", giver=last.giver, taker=last.taker)
        yield Tag("steward:hand-over", Slot.STATE, last.key, "C1.4", because)
        yield Look(latest, text("Then the hand-over lapses."), certain=True)
        if case.is_complaint and case.tier_at(last.at) is not Tier.GENERAL:
            yield _hand_over_note(last, latest)
    if last.outcome in (Outcome.LAPSED, Outcome.DECLINED):
        yield _returned_note(case, last)


def _hand_over_note(hand_over: HandOver, latest: datetime) -> Note:
    return Note(
        rule="first_responder.hand_over",
        epoch=hand_over.key,
        lines=(text("{taker}: say “accept” or “decline” by {latest}.", taker=hand_over.taker, latest=latest),),
        clause="C1.4",
        because=text("{giver} handed it over and stays accountable until then.", giver=hand_over.giver),
        moment=hand_over.at,
        ends_with=text("“accept” or “decline”"),
        tell=(hand_over.taker,),
        urgency=Urgency.TELL,
        about="hand-over",
    )


def _returned_note(case: Case, hand_over: HandOver) -> Note:
    declined = hand_over.outcome is Outcome.DECLINED
    line = text("{giver} stays responsible: {taker} declined.", giver=hand_over.giver, taker=hand_over.taker)
    if not declined:
        line = text("{giver} stays responsible: {taker} gave no sign.", giver=hand_over.giver, taker=hand_over.taker)
    return Note(
        rule=f"first_responder.{hand_over.outcome}",
        epoch=hand_over.key,
        lines=(line,),
        clause="C1.4",
        because=text("Responsibility moves only when it is accepted."),
        moment=hand_over.settled_at or hand_over.at,
        ends_with=text("a new hand-over that is accepted, or a supervisor's assignment"),
        tell=case.supervisors_or(hand_over.giver),
        urgency=Urgency.TELL,
        asked=declined,
        about="hand-over",
    )


# -- ping-pong, silence, orphan ---------------------------------------------------------------------------------------


def _ping_pong(case: Case, options: Options, held: Responsibility) -> Iterator[Should]:
    answered = [a.at for a in case.answers]
    since = max(answered, default=case.matter.starts_at)
    passed = [h for h in held.hand_overs if h.at > since]
    if len(passed) < options.ping_pong_count:
        return
    first, last = passed[-options.ping_pong_count], passed[-1]
    if last.at > case.office.after(first.at, options.ping_pong_within):
        return
    because = text("{count} hand-overs without an answer to the customer.", count=len(passed))
    epoch = passed[options.ping_pong_count - 1].key
    yield Tag("steward:ping-pong", Slot.STATE, epoch, "E2.2", because)
    yield Note(
        rule="first_responder.ping_pong",
        epoch=epoch,
        lines=(text("Decide who keeps it and answer the customer."),),
        clause="E2.2",
        because=because,
        moment=last.at,
        ends_with=text("a public answer to the customer"),
        tell=case.supervisors_or(held.accountable, case.owner),
        urgency=Urgency.TELL,
        about="ping-pong",
    )


def _silence(case: Case, options: Options, held: Responsibility) -> Iterator[Should]:
    running = [c for c in case.clocks if c.is_open and c.state in (ClockState.RUNNING, ClockState.BREACHED)]
    if not running or case.is_waiting:
        return
    written = [a for a in articles(case.timeline) if is_by_agent(a)]
    last = written[-1] if written else None
    # while we wait for the customer it is his turn to write
    waited = [wait.until for wait in case.waits if wait.until is not None]
    since = max(last.at if last else case.accepted_at, case.accepted_at, *waited)
    major = case.is_complaint and case.tier is Tier.MAJOR
    silent_at = case.office.after(since, options.silence_major if major else options.silence)
    tell = case.impartial((held.accountable or case.owner, *case.supervisors))
    if case.now < silent_at:
        yield Look(silent_at, text("Then nobody will have written for too long."), certain=bool(tell))
        return
    if not tell:
        return
    yield Note(
        rule="first_responder.silence",
        epoch=f"m{case.matter.number}-{last.key if last else 'never'}",
        lines=(text("Write what is being done: nobody has written since {since}.", since=since),),
        clause="E2.2",
        because=text("A promise is running, and the ticket is silent."),
        moment=silent_at,
        ends_with=text("an article by an agent"),
        tell=tell,
        urgency=Urgency.TELL,
        about="silence",
    )


def _orphan(case: Case, options: Options) -> Iterator[Should]:
    alone = _alone_since(case)
    if alone is None:
        return
    since, was_owned, because = alone
    grace = options.orphan_dropped if was_owned else options.orphan_never_owned
    orphan_at = case.office.after(since, grace)
    if case.now < orphan_at:
        yield Look(orphan_at, text("Then it is an orphan."), certain=True)
        return
    epoch = f"m{case.matter.number}-{since:%Y%m%dT%H%M%S}"
    yield Tag("steward:orphan", Slot.STATE, epoch, "C1.4", because)
    tell = case.supervisors_or(case.accountable)
    if not tell:
        return  # the tag says it; a note nobody is told of helps nobody
    yield Note(
        rule="first_responder.orphan",
        epoch=epoch,
        lines=(text("Take this ticket, or give it to somebody."),),
        clause="C1.4",
        because=because,
        moment=orphan_at,
        ends_with=text("an owner who can act"),
        tell=tell,
        urgency=Urgency.TELL,
        about="orphan",
    )


def _alone_since(case: Case) -> tuple[datetime, bool, Text] | None:
    """Since when nobody who can act owns the ticket, and whether somebody did before."""
    changes = case.timeline.changes_of("owner")
    created_owned = bool(case.created and case.created["owner_id"] not in (None, NOBODY_ID))
    was_owned = created_owned or any(c["id_to"] not in (None, NOBODY_ID) for c in changes)
    # not from the acceptance: a complaint voiced later would make the same orphan another one
    heard_first = is_opened_by_our_message(case.timeline) and case.matter.number == 1 and case.customer_articles
    started = case.customer_articles[0].at if heard_first else case.matter.starts_at
    seen = case.timeline.observed("owner_can_act")
    if case.owner is None:
        dropped = _dropped_at(changes[-1], seen) if changes else started
        since = max(dropped, case.matter.starts_at, *(c.until for c in case.matter.closings if c.until))
        return since, was_owned, text("Nobody owns it since {since}.", since=since)
    if seen is not None and seen["value"] is False and seen["login"] == case.owner:
        because = text("{login} is inactive or has lost the group.", login=case.owner)
        return max(seen.at, case.matter.starts_at), True, because
    return None


def _dropped_at(change: Fact, seen: Fact | None) -> datetime:
    """When the last owner was lost: already when he could act no more, for Zammad drops him only at the next save."""
    could_not_act = seen is not None and seen["value"] is False and seen["login"] == change["login_from"]
    return min(change.at, seen.at) if seen is not None and could_not_act else change.at
