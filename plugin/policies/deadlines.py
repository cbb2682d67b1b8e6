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
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from plugin.model.case import Case
from plugin.model.clocks import Clock, ClockState, Span
from plugin.model.conversation import is_answer, last_public_word, last_word_is_ours
from plugin.model.decision import Finding, Look, Note, Should
from plugin.model.durations import Duration, Unit
from plugin.model.facts import Fact, FactKind
from plugin.model.life import ONE_ACT, Closing
from plugin.model.pack import Kind, Tier
from plugin.model.promises import Promise, run
from plugin.model.quoting import strip_quoted
from plugin.model.said import Said, fields_set_by_agents
from plugin.model.tasks import done_at
from plugin.model.ticket import StateType
from plugin.model.wording import matcher
from plugin.model.words import Text, text

CLAUSES = ("C3.1", "E4.2", "C4.1", "A2.1", "D3.3", "D5.1")
CLOCKS = ("first_response", "assessment", "coordination", "notice", "result", "resolution", "progress", "promised")
AFTER = ("classification", "fairness")


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    waiting_ends_after: Duration = Duration(14, Unit.DAYS)
    extension_needs_second_person: bool = False


@dataclass(frozen=True, slots=True)
class _End:
    """What ended a clock. ``kept`` False: neither met nor broken, it no longer applies."""

    at: datetime
    because: Text
    state: ClockState = ClockState.MET


def decide(case: Case, options: Options) -> Iterator[Should]:
    waits = tuple(_waits(case, options))
    yield Finding("waiting", waits, "C3.1", text("Stretches of waiting for the customer."))
    if waits and waits[-1].until is None:
        ends = case.pack.calendar(_any_clock_calendar(case)).after(waits[-1].since, options.waiting_ends_after)
        yield Look(ends, text("Waiting for the customer ends then."))
    if case.kind is Kind.NONE:
        return
    matter_end = _matter_end(case)
    extension = _extension(case, options)
    yield from extension.refusals
    yield from _first_responses(case, matter_end)
    if case.is_complaint:
        yield from _assessment(case, matter_end)
        yield from _coordination(case, matter_end)
        yield from _notice(case, matter_end)
        yield from _progress(case, matter_end)
    yield from _result(case, matter_end)
    yield from _promised(case, matter_end)
    yield from _resolution(case, extension)
    if case.matter.suspended_at is not None:
        until = case.one_working_day_after(case.matter.suspended_at)
        yield Look(until, text("Then the reopened ticket's clocks go on though nobody acted."))


def _any_clock_calendar(case: Case) -> str:
    return next((c.calendar for c in case.pack.clocks.values()), case.pack.office)


# -- waiting for the customer -----------------------------------------------------------------------------------------


def _waits(case: Case, options: Options) -> Iterator[Span]:
    """Begins with *waiting* or a pending reminder set while the last public word is ours; standard.md 9."""
    since: datetime | None = None
    by_reminder = False
    calendar = case.pack.calendar(_any_clock_calendar(case))
    because = text("Waiting for the customer.")
    for fact in case.timeline:
        if since is not None:
            latest = calendar.after(since, options.waiting_ends_after)
            end = latest if fact.at > latest else _wait_end(case, fact, by_reminder)
            if end is not None:
                yield Span(since, end, because)
                since = None
        if since is None and (_is_waiting_word(fact) or _is_reminder(case, fact)):
            since, by_reminder = fact.at, not _is_waiting_word(fact)
    if since is not None:
        latest = calendar.after(since, options.waiting_ends_after)
        yield Span(since, latest if latest <= case.now else None, because)


def _is_waiting_word(fact: Fact) -> bool:
    return fact.kind is FactKind.TAG_ADDED and fact["tag"] == "steward:say:waiting" and fact.by.is_agent


def _is_reminder(case: Case, fact: Fact) -> bool:
    if fact.kind is not FactKind.CHANGED or fact["attribute"] != "state" or not fact.by.is_agent:
        return False
    # One PUT may answer and set the reminder: its rows stand some milliseconds apart.
    return _means_waiting(case, fact) and last_word_is_ours(case.timeline, at=fact.at + ONE_ACT)


def _wait_end(case: Case, fact: Fact, by_reminder: bool) -> datetime | None:
    if (
        fact.kind is FactKind.ARTICLE
        and fact["sender"] == "Customer"
        and not fact["automatic"]
        and not fact["internal"]
    ):
        return fact.at
    if fact.kind is FactKind.TAG_ADDED and fact["tag"] == "steward:say:resume" and fact.by.is_agent:
        return fact.at
    left = fact.kind is FactKind.CHANGED and fact["attribute"] == "state"
    if left and by_reminder and not _means_waiting(case, fact):
        return fact.at
    return None


def _means_waiting(case: Case, change: Fact) -> bool:
    return case.pack.means_waiting(state=str(change["to"]), state_type=str(change["state_type_to"]))


# -- clocks -----------------------------------------------------------------------------------------------------------


def _clock(
    case: Case,
    name: str,
    *,
    epoch: str,
    starts_at: datetime,
    end: _End | None,
    because: Text,
    ends_with: Text,
    closed: tuple[Closing, ...] = (),
    extended: bool = False,
) -> Iterator[Clock]:
    """The clock of the pack's settings, if the pack has it for this kind and tier; what broke in another tier stays."""
    settings, is_over = case.clock_settings(name), False
    if settings is None:
        once = case.clock_settings_once(name)
        if once is None:
            return
        settings, left_at = once
        end, is_over = _earliest(end, _End(left_at, text("Its tier has no such clock."), ClockState.CANCELLED)), True
    pauses = [(w.since, w.until, w.because) for w in case.waits] if settings.pauses else []
    pauses += [(c.at, c.until, text("The ticket was closed.")) for c in closed]
    if is_over and end is not None and end.at < starts_at:
        return  # it left the tier before that began
    clock = run(
        Promise(
            settings=settings,
            calendar=case.pack.calendar(settings.calendar),
            epoch=epoch,
            starts_at=starts_at,
            ended_at=end.at if end else None,
            end_state=end.state if end else ClockState.MET,
            because=end.because if end else because,
            ends_with=ends_with,
            pauses=tuple(Span(s, u, b) for s, u, b in pauses),
            extended=extended,
        ),
        now=case.now,
    )
    if clock.was_broken or not is_over:
        yield clock


def _earliest(*ends: _End | None) -> _End | None:
    return min((e for e in ends if e is not None), key=lambda e: e.at, default=None)


def _matter_end(case: Case) -> _End | None:
    """The closing that stands, or *not ours* once the customer was told where to go."""
    closed = case.matter.closings[-1] if case.matter.is_closed else None
    closing = _End(closed.at, text("Closed by {login}.", login=closed.by.login)) if closed else None
    told = _told_not_ours(case)
    elsewhere = _End(told.at, text("Not ours, and the customer was told."), ClockState.CANCELLED) if told else None
    return _earliest(closing, elsewhere)


def _told_not_ours(case: Case) -> Fact | None:
    for word in case.said_now("not-ours"):
        told = case.first_answer_since(word.at)
        if told is not None:
            return told
    return None


def _epoch(case: Case) -> str:
    return f"m{case.matter.number}"


def _first_responses(case: Case, matter_end: _End | None) -> Iterator[Clock]:
    """From acceptance to the first public reply; a request that became a complaint keeps what it had before."""
    begins_by_us = not any(a.at <= case.accepted_at + ONE_ACT for a in case.customer_articles) and _owes_none(case)
    if begins_by_us:
        return
    if case.is_complaint and case.accepted_at > case.matter.starts_at:
        # the request's clock stays what it was: what was said of it is not said again
        yield from _first_response(case, case.matter.starts_at, _epoch(case), matter_end)
        yield from _first_response(case, case.accepted_at, f"{_epoch(case)}-complaint", matter_end)
    else:
        yield from _first_response(case, case.accepted_at, _epoch(case), matter_end)
        yield from _late_before_a_merge(case, matter_end)


def _late_before_a_merge(case: Case, matter_end: _End | None) -> Iterator[Clock]:
    """A merge that brings an earlier acceptance leaves one first response owed, from there; what was late stays so."""
    merge = next((m for m in case.timeline.of(FactKind.RECEIVED_MERGE) if _brings_an_earlier_acceptance(case, m)), None)
    if merge is None:
        return
    lapsed = _End(merge.at, text("A complaint was merged into it."), ClockState.CANCELLED)
    ended = _earliest(matter_end, lapsed)
    for clock in _first_response(case, case.matter.starts_at, f"{_epoch(case)}-own", ended):
        if clock.was_broken:
            yield clock


def _brings_an_earlier_acceptance(case: Case, merge: Fact) -> bool:
    """``voiced_at`` is of a complaint that was only suspected when its ticket came in."""
    if not case.is_complaint or merge.at < case.matter.starts_at:
        return False
    known = (merge["accepted_at"] if merge["kind"] == Kind.COMPLAINT else None, merge["voiced_at"])
    return any(datetime.fromisoformat(str(at)) < case.matter.starts_at for at in known if at)


def _owes_none(case: Case) -> bool:
    """A matter that began with our own outbound message owes no answer to it."""
    word = last_public_word(case.timeline, before=case.matter.starts_at + ONE_ACT)
    return word is not None and is_answer(word) and word["sender"] == "Agent"


def _first_response(case: Case, since: datetime, epoch: str, matter_end: _End | None) -> Iterator[Clock]:
    answer = case.first_answer_since(since)
    answered = _End(answer.at, text("{login} answered.", login=answer.by.login)) if answer else None
    unanswered = matter_end
    if matter_end is not None and matter_end.state is ClockState.MET:
        # closing with an answer is one PUT, in which Zammad records the state first and the article after it
        if answered is not None and answered.at <= matter_end.at + ONE_ACT:
            unanswered = None
        else:
            because = text("Closed without an answer to the customer.")
            unanswered = replace(matter_end, state=ClockState.CLOSED_UNANSWERED, because=because)
    yield from _clock(
        case,
        "first_response",
        epoch=epoch,
        starts_at=since,
        end=answered if _is_one_act(answered, unanswered) else _earliest(answered, unanswered),
        because=text("No public answer to the customer yet."),
        ends_with=text("a public answer to the customer"),
    )


def _is_one_act(answered: _End | None, closed: _End | None) -> bool:
    """Answered and closed in one PUT: Zammad saves the ticket first, so the answer stands milliseconds after it."""
    return answered is not None and closed is not None and answered.at <= closed.at + ONE_ACT


def _assessed(case: Case) -> _End | None:
    said = [(s.at, s.by.login) for s in case.said_now("assessed", "not-ours", "outside-help", *Tier)]
    said += [
        (f.at, f.by.login)
        for f in fields_set_by_agents(case.timeline, "steward_tier")
        if f.value in set(Tier) and f.at >= case.matter.starts_at and not _is_partial(case, f.by.login, f.at)
    ]
    if not said:
        return None
    at, login = min(said)
    return _End(at, text("{login} assessed it.", login=login))


def _is_partial(case: Case, login: str, at: datetime) -> bool:
    """Whether it was done by the person complained about, after he was named."""
    about = case.complained_about
    return about is not None and about.did(login, at)


def _assessment(case: Case, matter_end: _End | None) -> Iterator[Should]:
    assessed = _assessed(case)
    yield Finding("assessed_at", assessed.at if assessed else None, "C4.1", text("When it was assessed."))
    yield from _clock(
        case,
        "assessment",
        epoch=_epoch(case),
        starts_at=case.accepted_at,
        end=_earliest(assessed, matter_end),
        because=text("Nobody has judged yet whether the matter is ours."),
        ends_with=text("“assessed”, “not ours”, “outside help” or a tier set by an agent"),
    )


def _coordination(case: Case, matter_end: _End | None) -> Iterator[Clock]:
    for word in case.said_now("outside-help")[:1]:
        done = done_at(case.timeline, "coordinate", since=word.at)
        started = _End(done, text("The coordination was started.")) if done else None
        yield from _clock(
            case,
            "coordination",
            epoch=_epoch(case),
            starts_at=word.at,
            end=_earliest(started, matter_end),
            because=text("Somebody outside is needed."),
            ends_with=text("the coordination task being ticked"),
        )


def _notice(case: Case, matter_end: _End | None) -> Iterator[Clock]:
    """The formal notice with a first solution: the first answer once it is assessed, or the result told."""
    assessed = _assessed(case)
    answer = case.first_answer_since(assessed.at) if assessed else None
    sent = _End(answer.at, text("{login} told the customer.", login=answer.by.login)) if answer else None
    yield from _clock(
        case,
        "notice",
        epoch=_epoch(case),
        starts_at=case.accepted_at,
        end=_earliest(sent, _result_told(case), matter_end),
        because=text("The customer has no formal notice with a first solution."),
        ends_with=text("an answer to the customer after the assessment"),
    )


def _result_told(case: Case) -> _End | None:
    """*result-told*, or an agent's closing after a public answer to the customer's last message."""
    words = case.said_now("result-told")
    told = _End(words[0].at, text("{login} says the result was told.", login=words[0].by.login)) if words else None
    closings = (
        c
        for c in case.matter.closings
        if c.by.is_agent and not _is_partial(case, c.by.login, c.at) and last_word_is_ours_or_call(case, c.at)
    )
    first = next(closings, None)
    closed = _End(first.at, text("Closed by {login} after an answer.", login=first.by.login)) if first else None
    return _earliest(told, closed)


def last_word_is_ours_or_call(case: Case, at: datetime) -> bool:
    """Whether an agent's public answer stands behind the customer's last message at ``at``."""
    word = last_public_word(case.timeline, before=at + ONE_ACT)
    return word is not None and (is_answer(word) or last_word_is_ours(case.timeline, at=at + ONE_ACT))


def _result(case: Case, matter_end: _End | None) -> Iterator[Should]:
    told = _result_told(case)
    yield Finding("result_told_at", told.at if told else None, "C3.1", text("When the first result was told."))
    yield from _clock(
        case,
        "result",
        epoch=_epoch(case),
        starts_at=case.accepted_at,
        end=_earliest(told, matter_end),
        because=text("The customer has not been told a result."),
        ends_with=text("“result told”, or closing after an answer"),
    )


def _progress(case: Case, matter_end: _End | None) -> Iterator[Clock]:
    """Progress told at intervals: each answer to the customer begins the next interval."""
    marks = [case.accepted_at, *(a.at for a in case.answers if a.at > case.accepted_at)]
    for number, since in enumerate(marks):
        following = marks[number + 1] if number + 1 < len(marks) else None
        told = _End(following, text("The customer was told how it stands.")) if following else None
        for clock in _clock(
            case,
            "progress",
            epoch=f"{_epoch(case)}-{number}",
            starts_at=since,
            end=_earliest(told, matter_end),
            because=text("The customer last heard from us on {at}.", at=since),
            ends_with=text("a public message to the customer on how it stands"),
        ):
            if clock.is_open or clock.was_broken:
                yield clock


def _promised(case: Case, matter_end: _End | None) -> Iterator[Clock]:
    """Each promised moment until the customer hears from us again; a reminder moved in silence releases nobody."""
    settings = case.clock_settings("promised")
    if settings is None:
        return
    for told, due_at in _promises(case):
        # whatever is promised before a closing is settled by it, also when the ticket is reopened
        closings = (c for c in case.matter.closings if c.at >= told.at)
        closed = [_End(c.at, text("Closed by {login}.", login=c.by.login)) for c in closings]
        end = _earliest(_heard(case.first_answer_since(told.at + ONE_ACT)), matter_end, *closed)
        clock = run(
            Promise(
                settings=settings,
                calendar=case.pack.calendar(settings.calendar),
                epoch=f"{_epoch(case)}-{told.key}",
                starts_at=told.at,
                ended_at=end.at if end else None,
                end_state=end.state if end else ClockState.MET,
                because=end.because if end else text("{login} promised it.", login=told.by.login),
                ends_with=text("a public answer to the customer, or a recorded call"),
                due_at=due_at,
            ),
            now=case.now,
        )
        if clock.is_open or clock.was_broken:
            yield clock


def _heard(answer: Fact | None) -> _End | None:
    return _End(answer.at, text("{login} told the customer.", login=answer.by.login)) if answer else None


def _promises(case: Case) -> Iterator[tuple[Fact, datetime]]:
    """The answers that came with a pending reminder in the same act, and the moment it was set for."""
    for change in case.timeline.changes_of("pending_time"):
        due_at = _moment_of(str(change["to"] or ""))
        if due_at is None or not change.by.is_agent or change.at < case.matter.starts_at:
            continue
        said = (a for a in case.answers if abs(a.at - change.at) <= ONE_ACT and a.by.id == change.by.id)
        told = next((a for a in said if _promises_in_words(case, a)), None)
        if told is not None and due_at > told.at and _is_reminded(case, change.at + ONE_ACT):
            yield told, due_at


def _promises_in_words(case: Case, answer: Fact) -> bool:
    return matcher(case.pack.words.promise)(strip_quoted(answer.text("body")))


def _moment_of(value: str) -> datetime | None:
    """A moment as Zammad's history writes it: ``2026-11-23 07:23:00 UTC``."""
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S %Z").replace(tzinfo=UTC)
    except ValueError:
        return None


def _is_reminded(case: Case, at: datetime) -> bool:
    """Whether the ticket was pending a reminder then: a pending close promises nothing."""
    states = [c for c in case.timeline.changes_of("state") if c.at <= at]
    created = case.created["state_type"] if case.created else None
    return bool((states[-1]["state_type_to"] if states else created) == StateType.PENDING_REMINDER)


def _resolution(case: Case, extension: _Extension) -> Iterator[Clock]:
    matter = case.matter
    closed = matter.closings[-1] if matter.is_closed else None
    told = _told_not_ours(case)
    yield from _clock(
        case,
        "resolution",
        epoch=_epoch(case),
        starts_at=case.accepted_at,
        end=_earliest(
            _End(closed.at, text("Closed by {login}.", login=closed.by.login)) if closed else None,
            _End(told.at, text("Not ours, and the customer was told."), ClockState.CANCELLED) if told else None,
        ),
        because=text("The ticket is not closed."),
        ends_with=text("closing the ticket"),
        closed=tuple(c for c in matter.closings if c.until is not None),
        extended=extension.granted,
    )


# -- the one extension ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Extension:
    granted: bool
    refusals: tuple[Note, ...] = ()


def _extension(case: Case, options: Options) -> _Extension:
    """Once; with a reason, before the limit, and told to the customer between the word and the limit (A2.1)."""
    settings = case.clock_settings("resolution") or case.pack.clocks.get("resolution")
    words = case.said_now("extend")
    if settings is None or settings.extended_limit is None or not words:
        return _Extension(
            granted=False, refusals=tuple(_refusal(w, text("This pack knows no extension.")) for w in words)
        )
    plain = next(iter(_resolution(case, _Extension(granted=False))), None)
    limit = plain.limit_at if plain else None
    refusals: list[Note] = []
    accepted: list[Said] = []
    for word in words:
        why = _why_refused(word, limit, accepted, options)
        if why is None:
            accepted.append(word)
        else:
            refusals.append(_refusal(word, why))
    needed = 2 if options.extension_needs_second_person else 1
    granted = len(accepted) >= needed and _was_told(case, accepted[-1], limit)
    return _Extension(granted=granted, refusals=tuple(refusals))


def _why_refused(word: Said, limit: datetime | None, accepted: list[Said], options: Options) -> Text | None:
    if limit is None:
        return text("The time for a resolution does not run for this ticket.")
    if word.at >= limit:
        return text("The limit of {limit} had passed.", limit=limit)
    if not word.has_reason:
        return text("A reason is missing: write it in an internal note, then say it again.")
    second_wanted = options.extension_needs_second_person and len(accepted) == 1
    if accepted and not (second_wanted and accepted[0].by.id != word.by.id):
        return text("It was extended once already.")
    return None


def _was_told(case: Case, word: Said, limit: datetime | None) -> bool:
    told = case.first_answer_since(word.at)
    return told is not None and limit is not None and told.at < limit


def _refusal(word: Said, why: Text) -> Note:
    return Note(
        rule=f"deadlines.refused.{word.word}",
        epoch=word.key,
        lines=(text("The extension was not taken: {why}", why=why),),
        clause="A2.1",
        because=why,
        moment=word.at,
        tell=(),
        asked=True,
        about="refusal",
    )
