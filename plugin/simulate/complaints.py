"""The complaints there would have been at any moment, as a store would have held them: what is beside each."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from heapq import merge
from itertools import repeat

from plugin.handlers import observations
from plugin.model.facts import Fact, Timeline
from plugin.policies.repeat_complaints import Options
from plugin.simulate.histories import QUIET
from plugin.store.complaints import MOST, MOST_ALIKE, Complaint, Others
from plugin.store.types import from_microseconds

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """What the store would have held of a ticket from ``since`` on and before ``until``."""

    one: Complaint
    since: datetime
    until: datetime = NEVER

    def holds(self, now: datetime) -> bool:
        return self.since <= now < self.until


@dataclass(frozen=True, slots=True)
class Trace:
    """One ticket that is a complaint at times: what is held of it, and each moment it was looked at."""

    held: tuple[Held, ...]
    looks: array[int]
    """Microseconds, oldest first."""

    @property
    def ticket_id(self) -> int:
        return self.held[0].one.ticket_id


@dataclass(frozen=True, slots=True)
class Alike:
    """How many other customers complained of the same; ``oldest``: the first acceptance that is counted."""

    customers: int
    oldest: datetime
    until: datetime
    """It stands until then."""


@dataclass(frozen=True, slots=True)
class View:
    """What there is beside one complaint; it stands until ``until``, but for whether somebody explains it."""

    one: Complaint
    earlier: tuple[Complaint, ...]
    alike: Alike
    until: datetime


class Complaints:
    """All of them. ``options`` say how far back others count."""

    def __init__(self, traces: Iterable[Trace], options: Options) -> None:
        traces = tuple(traces)
        self._options = options
        self._of_ticket = {trace.ticket_id: trace.held for trace in traces}
        ordered = sorted(
            (held for trace in traces for held in trace.held),
            key=lambda held: (held.one.accepted_at, held.one.ticket_id, held.since),
        )
        self._of_customer = _by(ordered, lambda one: one.customer_id)
        self._of_organization = _by(ordered, lambda one: one.organization_id)
        self._of_subject = _by(ordered, lambda one: one.subject)
        self._of_nature = _by(ordered, lambda one: one.nature)
        self._explaining: dict[object, _Explaining] = {}
        """By what is complained of."""
        self._resolve(traces)

    def __len__(self) -> int:
        return len(self._of_ticket)

    def own(self, ticket_id: int, now: datetime) -> Complaint | None:
        """What is held of the ticket itself, None while it is no complaint."""
        return next((held.one for held in self._of_ticket.get(ticket_id, ()) if held.holds(now)), None)

    def view(self, one: Complaint, now: datetime) -> View:
        """What there is beside one of them."""
        since = one.accepted_at - self._options.window
        earlier: dict[int, Complaint] = {}
        alike = self._alike(one, now)
        until = alike.until
        for some in (self._of_customer.get(one.customer_id), self._of_organization.get(one.organization_id)):
            if some is not None:
                found, turns = some.newest(one, now, since=since, most=MOST, unlike=_ticket)
                earlier |= {other.ticket_id: other for other in found}
                until = min(until, turns)
        return View(one, tuple(earlier.values()), alike, until)

    def is_explained(self, one: Complaint, alike: Alike, now: datetime) -> bool:
        """Whether one of those that are alike makes knowledge of it."""
        some = self._explaining.get(_sameness(one))
        return some is not None and some.explains(one, now, since=alike.oldest)

    def _alike(self, one: Complaint, now: datetime) -> Alike:
        same = self._of_nature.get(one.nature) if one.subject is None else self._of_subject.get(one.subject)
        if same is None:
            return Alike(0, one.accepted_at, NEVER)
        since = one.accepted_at - self._options.common_window
        found, until = same.newest(one, now, since=since, most=MOST_ALIKE, unlike=_customer)
        oldest = found[-1].accepted_at if found else one.accepted_at
        return Alike(len({other.customer_id for other in found}), oldest, until)

    # -- knowledge ----------------------------------------------------------------------------------------------------

    def _resolve(self, traces: tuple[Trace, ...]) -> None:
        """Who makes the knowledge, look by look as they would have come: it hangs on who made some before."""
        counted: dict[int, tuple[Complaint, Alike]] = {}
        for moment, ticket_id in merge(*(zip(trace.looks, repeat(trace.ticket_id)) for trace in traces)):
            at = from_microseconds(moment)
            one = self.own(ticket_id, at)
            before = counted.pop(ticket_id, None)
            if one is None:
                self._explains(before and before[0], None, at)
                continue
            seen = at + QUIET
            alike = before[1] if before and before[0] == one and seen < before[1].until else self._alike(one, seen)
            counted[ticket_id] = (one, alike)
            is_common = 0 < alike.customers >= self._options.common_customers - 1
            explains = is_common and not self.is_explained(one, alike, at)
            self._explains(before and before[0], one if explains else None, at)

    def _explains(self, before: Complaint | None, now: Complaint | None, at: datetime) -> None:
        """From ``at`` on the complaint that was ``before`` makes knowledge as it is ``now``, or (None) none."""
        some = self._explaining.get(_sameness(before)) if before is not None else None
        if before is not None and some is not None and (held := some.held(before)) is not None:
            if before == now:
                return
            some.end(held, at)
        if now is not None:
            self._explaining.setdefault(_sameness(now), _Explaining()).begin(Held(now, at))


class _Explaining:
    """Complaints that make knowledge of one thing, while they do, in the order they were accepted in."""

    __slots__ = ("_accepted", "_held")

    def __init__(self) -> None:
        self._held: list[Held] = []
        self._accepted: list[datetime] = []

    def explains(self, one: Complaint, now: datetime, *, since: datetime) -> bool:
        """Whether one of another customer's does, accepted from ``since`` on and not after ``one``."""
        accepted = range(bisect_left(self._accepted, since), bisect_right(self._accepted, one.accepted_at))
        some = (self._held[place] for place in accepted)
        return any(held.holds(now) and held.one.customer_id != one.customer_id for held in some)

    def held(self, one: Complaint) -> Held | None:
        """What is held of this one, which makes knowledge still."""
        accepted = range(bisect_left(self._accepted, one.accepted_at), bisect_right(self._accepted, one.accepted_at))
        some = (self._held[place] for place in accepted)
        return next((held for held in some if held.one == one and held.until == NEVER), None)

    def begin(self, held: Held) -> None:
        place = bisect_right(self._accepted, held.one.accepted_at)
        self._accepted.insert(place, held.one.accepted_at)
        self._held.insert(place, held)

    def end(self, held: Held, at: datetime) -> None:
        self._held[self._held.index(held)] = replace(held, until=at)


class _Ordered:
    """Complaints that share something, in the order they were accepted in."""

    __slots__ = ("_accepted", "_held")

    def __init__(self, held: list[Held]) -> None:
        self._held = held
        self._accepted = [one.one.accepted_at for one in held]

    def newest(
        self,
        one: Complaint,
        now: datetime,
        *,
        since: datetime,
        most: int,
        unlike: Callable[[Complaint], int],
    ) -> tuple[list[Complaint], datetime]:
        """Of those accepted from ``since`` on and not after ``one`` the newest, and until when these are they."""
        first, place = bisect_left(self._accepted, since), bisect_right(self._accepted, one.accepted_at)
        found: list[Complaint] = []
        own, until = unlike(one), NEVER
        while place > first and len(found) < most:
            place -= 1
            held = self._held[place]
            if unlike(held.one) == own or held.until <= now:
                continue
            if held.since > now:
                until = min(until, held.since)
            else:
                until = min(until, held.until)
                found.append(held.one)
        return found, until


@dataclass(slots=True)
class Beside:
    """One ticket among all complaints, look by look."""

    complaints: Complaints
    ticket_id: int
    _view: View | None = None
    _said: int = 0

    def seen(self, known: Timeline, now: datetime) -> tuple[Fact, ...]:
        """What a look would see anew of the others; nothing while the ticket is no complaint."""
        one = self.complaints.own(self.ticket_id, now)
        if one is None:
            return ()
        at = now + QUIET
        if self._view is None or self._view.one != one or at >= self._view.until:
            self._view = self.complaints.view(one, at)
        view = self._view
        explained = self.complaints.is_explained(one, view.alike, now)
        others = Others(earlier=view.earlier, alike=view.alike.customers, explained=explained)
        by = "subject" if one.subject is not None else "nature"
        found = observations.related(others, customer_id=one.customer_id, by=by, known=known, now=now)
        return tuple(self._revised(fact) for fact in found)

    def _revised(self, fact: Fact) -> Fact:
        self._said += 1
        return replace(fact, revision=self._said)


def _by(ordered: Iterable[Held], part: Callable[[Complaint], object]) -> Mapping[object, _Ordered]:
    """What is held, by a part of it; without that it is beside nobody."""
    found: dict[object, list[Held]] = {}
    for held in ordered:
        key = part(held.one)
        if key is not None:
            found.setdefault(key, []).append(held)
    return {key: _Ordered(some) for key, some in found.items()}


def _sameness(one: Complaint) -> tuple[str, object]:
    """What makes others alike: their subject, without one their nature."""
    return ("subject", one.subject) if one.subject is not None else ("nature", one.nature)


def _ticket(one: Complaint) -> int:
    return one.ticket_id


def _customer(one: Complaint) -> int:
    return one.customer_id
