"""What Steward should have made of a ticket, computed from Zammad's records, standard.md and design.md alone.

No policy, engine, pack or calendar of the product is asked: the readings of standard.md 9 are written down in this room
once more, by hand, for the customers, agents and texts of the soak's script. Where the standard leaves room, the life
says that it is unsure, and nothing is demanded of what follows from it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tests.oracle import notes, tasks, working_time
from tests.oracle.clocks import AFTERWARDS, Clock, clocks_of
from tests.oracle.life import TIERS, Life, life_of
from tests.oracle.records import World
from tests.oracle.responsibility import Responsibility, responsibility_of

NEVER_OWNED_HOURS, DROPPED_HOURS = 8, 4
"""Working hours without an owner that make an orphan."""
MONTHS_KEPT = 6
QUIET = ("kind", "by night")
"""Unsure of these, nothing at all is said."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Expected:
    """What is demanded of one ticket.

    ``fields``: the values one of which each must have ("" for empty). ``broken``: clocks that must be, and that may be,
    in ``steward_breached``. ``present`` and ``absent`` are tags. ``notes`` and ``tasks``: how often each step is told,
    how many of each kind are open. ``most_unasked``: notes in its life. None: nothing is said.
    """

    kind: str
    fields: Mapping[str, frozenset[str]]
    broken: tuple[frozenset[str], frozenset[str]] | None
    present: frozenset[str]
    absent: frozenset[str]
    notes: Mapping[str, Range] | None
    tasks: Mapping[str, Range] | None
    most_unasked: int | None


def expected(world: World, ticket_id: int) -> Expected | None:
    """What should hold now; None for a ticket that was merged away, or whose kind the standard leaves open."""
    if world.state(ticket_id) == "merged":
        return None
    life = life_of(world, ticket_id)
    if life.unsure.intersection(QUIET):
        return None
    if life.kind == "none":
        return _left_alone(life)
    clocks, held = clocks_of(life), responsibility_of(world, ticket_id)
    tags = dict(_tags(life, clocks, held))
    return Expected(
        kind=life.kind,
        fields={name: values for name, values in _fields(life, clocks, held) if values},
        broken=_broken(life, clocks),
        present=frozenset(tag for tag, holds in tags.items() if holds),
        absent=frozenset(tag for tag, holds in tags.items() if holds is False),
        notes=_notes(life, clocks, held),
        tasks=None if life.merges or "tasks" in life.unsure else tasks.wanted(life, clocks),
        most_unasked=_most_unasked(life),
    )


def _left_alone(life: Life) -> Expected:
    """*None* is recorded, and nothing else is written."""
    names = ("tier", "stage", "breached", "next_due", "next_due_at", "retention", "erase_after", "first_responder")
    fields = {f"steward_{name}": frozenset({""}) for name in names} | {"steward_kind": frozenset({"none"})}
    tags = ("suspected", "serious", "major", "breached", "warned", "waiting", "orphan", "hand-over", "ping-pong")
    absent = frozenset(f"steward:{tag}" for tag in tags)
    return Expected("none", fields, None, frozenset(), absent, None, {} if not life.merges else None, None)


# -- fields -----------------------------------------------------------------------------------------------------------


def _fields(life: Life, clocks: Sequence[Clock], held: Responsibility) -> Iterator[tuple[str, frozenset[str]]]:
    """An empty set of values: nothing is said."""
    yield "steward_kind", frozenset({life.kind})
    yield "steward_tier", frozenset() if "tier" in life.unsure else frozenset({life.tier})
    yield "steward_stage", _stage(life)
    yield "steward_retention", frozenset({"complaint" if life.kind == "complaint" else "service"})
    yield "steward_erase_after", _erase_after(life)
    login = life.world.login(held.accountable) if held.accountable else ""
    yield "steward_first_responder", frozenset() if held.unsure or held.unsure_tag else frozenset({login})
    names, moment = _next_due(life, clocks)
    yield "steward_next_due", names
    yield "steward_next_due_at", moment


def _stage(life: Life) -> frozenset[str]:
    """Accept, assess, handle, feed back, follow up, done."""
    if {"stage", "reopened", "visit"} & life.unsure or life.not_ours_at or life.mailed_at:
        return frozenset()
    if life.is_closed:
        visited = life.kind == "request" or life.visited_at is not None
        return frozenset({"done" if visited else "follow_up"})
    start = life.accepted_at if life.kind == "complaint" and life.accepted_at else life.created_at
    answered_at = life.answered_since(start)
    if not (answered_at or life.taken or life.accepted_by_word):
        return frozenset({"accept"}) if life.assessed_at is None and life.result_at is None else frozenset()
    if not (answered_at or life.owner or life.accepted_by_word):
        return frozenset()  # whether it begins again when its owner drops it is not said
    if life.result_at is not None:
        return frozenset() if life.kind == "request" or life.closed else frozenset({"feed_back"})
    if life.kind == "request" and life.assessed_at is not None and answered_at is None:
        return frozenset()  # a request is assessed by its answer; of one that was judged in words nothing is said
    assessed_at = life.assessed_at if life.kind == "complaint" else answered_at
    return frozenset({"handle" if assessed_at else "assess"})


def _next_due(life: Life, clocks: Sequence[Clock]) -> tuple[frozenset[str], frozenset[str]]:
    """The earliest unmet limit, a past one included; of several at one moment any."""
    running = [clock for clock in clocks if clock.ended_at is None]
    if any(clock.unsure for clock in clocks) or life.mailed_at or life.is_waiting or "reopened" in life.unsure:
        return frozenset(), frozenset()  # of what waits the limit moves on
    if not running:
        return frozenset({""}), frozenset({""})
    earliest = min(clock.limit.latest for clock in running)
    first = [clock for clock in running if clock.limit.earliest <= earliest]
    names = frozenset(clock.name for clock in first)
    surely = all(clock.limit.earliest == clock.limit.latest for clock in first)
    return names, frozenset({f"{earliest:%Y-%m-%dT%H:%M:%S}Z"}) if surely else frozenset()


def _erase_after(life: Life) -> frozenset[str]:
    """(The day of the last closing, on the office's wall, and six months, clipped to the month) and one day."""
    if life.mailed_at or "reopened" in life.unsure or life.merges:
        return frozenset()
    if life.closed_at is None or life.shut_at is None:
        return frozenset({""})
    closed = life.shut_at.astimezone(working_time.BERLIN).date()
    year, month = divmod(closed.year * 12 + closed.month - 1 + MONTHS_KEPT, 12)
    last = monthrange(year, month + 1)[1]
    return frozenset({str(date(year, month + 1, min(closed.day, last)) + timedelta(days=1))})


def _broken(life: Life, clocks: Sequence[Clock]) -> tuple[frozenset[str], frozenset[str]] | None:
    """A broken clock stays broken."""
    if (life.merges and "times" in life.unsure) or "was a complaint" in life.unsure:
        return None
    said = [(clock.name, clock.is_broken(life.world.now)) for clock in clocks]
    must = frozenset(name for name, broken in said if broken)
    return must, must | {name for name, broken in said if broken is None} | _of_earlier_closings(life)


def _of_earlier_closings(life: Life) -> frozenset[str]:
    """What broke after a closing that did not last, or may not have lasted."""
    lasted = len(life.closed) == 1 and life.is_closed and "reopened" not in life.unsure
    return frozenset() if lasted else frozenset(AFTERWARDS)


# -- tags -------------------------------------------------------------------------------------------------------------


def _tags(life: Life, clocks: Sequence[Clock], held: Responsibility) -> Iterator[tuple[str, bool | None]]:
    """Whether each tag must be there; None: nothing is said."""
    suspected = life.kind == "request" and life.voiced_at is not None and not life.said_kind
    closed = life.is_closed or life.mailed_at is not None or "reopened" in life.unsure
    yield "steward:suspected", None if closed or "voiced after a word" in life.unsure else suspected
    for tier in TIERS[1:]:
        yield f"steward:{tier}", None if closed or "tier" in life.unsure else life.tier == tier and not suspected
    yield from _tags_of_time(life, clocks, closed=closed)
    yield from _tags_of_responsibility(life, held, closed=closed)


def _tags_of_time(life: Life, clocks: Sequence[Clock], *, closed: bool) -> Iterator[tuple[str, bool | None]]:
    """Broken before waiting before warned; none of a closed matter."""
    said = _broken(life, clocks)
    broken = None if said is None or (said[1] and not said[0]) else bool(said[0])
    waiting = None if "waiting" in life.unsure or life.kind == "request" else life.is_waiting
    near = [clock.is_near(life.world.now) for clock in clocks]
    if closed:
        broken = waiting = False if life.is_closed and not life.mailed_at else None
        near = []
    yield "steward:breached", broken
    yield "steward:waiting", _unless(broken, waiting)
    warned = None if (None in near and True not in near) or (closed and life.mailed_at) else True in near
    yield "steward:warned", _unless(broken, _unless(waiting, warned))


def _tags_of_responsibility(life: Life, held: Responsibility, *, closed: bool) -> Iterator[tuple[str, bool | None]]:
    """Orphan before ping-pong before hand-over."""
    if closed or life.closed:
        return
    orphan = _is_orphan(life)
    ping_pong = False if not held.may_be_ping_pong() and not life.merges else None
    handed = None if held.unsure or held.unsure_tag or life.merges else held.handed is not None
    yield "steward:orphan", orphan
    yield "steward:ping-pong", _unless(orphan, ping_pong)
    yield "steward:hand-over", _unless(orphan, _unless(ping_pong, handed))


def _unless(before: bool | None, holds: bool | None) -> bool | None:
    """A tag that another one comes before."""
    if before:
        return False
    return holds if before is False or holds is False else None


def _is_orphan(life: Life) -> bool | None:
    """No owner for eight working hours, or four since there was one."""
    if life.owner or life.closed:
        return False
    since, owned_before = life.owners[-1][0] if life.owners else life.created_at, bool(life.owners)
    passed = working_time.after(since, DROPPED_HOURS if owned_before else NEVER_OWNED_HOURS)
    now = life.world.now
    if passed.earliest <= now < passed.latest:
        return None
    return now >= passed.latest


# -- notes ------------------------------------------------------------------------------------------------------------


def _notes(life: Life, clocks: Sequence[Clock], held: Responsibility) -> Mapping[str, Range] | None:
    if life.merges or held.unsure or "was a complaint" in life.unsure:
        return None
    spans = [(at, whom) for at, whom in [(life.created_at, 0), *life.owners] if not whom]
    return notes.wanted(life, clocks, held, orphaned=len(spans))


def _most_unasked(life: Life) -> int | None:
    """Two in a ticket's life, unless it is or was major."""
    majors = TIERS[-1] in {tier for _, tier in life.tier_acts} | {life.tier}
    raised = "dissatisfied" in life.words
    return None if majors or raised or life.merges or life.is_dangerous else notes.MOST_UNASKED
