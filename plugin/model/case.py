"""A case as policies see it: its timeline read by the standard, the pack, ``now``, and what earlier policies found."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from plugin.model import conversation, life
from plugin.model.calendars import Calendar
from plugin.model.clocks import Clock, Span
from plugin.model.decision import Finding
from plugin.model.durations import Duration, Unit
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.pack import ClockSettings, Kind, Pack, Tier, When
from plugin.model.said import Said, said
from plugin.model.words import text

WORKING_DAY = Duration(1, Unit.WORKING_DAYS)
COMPLAINED_ABOUT = "complained_about"
UNHEARD = "unheard"
"""Found before all else: whose words count for nothing, whatever the ticket turns out to be."""
_STILL_HIS = frozenset({"accept", "decline"})
"""Words of the person complained about that hand the matter over."""


@dataclass(frozen=True, slots=True)
class Complained:
    """The person complained about: his login in lower case, and since when he is named."""

    login: str
    since: datetime

    def is_by(self, login: str | None) -> bool:
        return login is not None and login.casefold() == self.login

    def did(self, login: str, at: datetime) -> bool:
        """Whether what somebody of this login did then was done by him, after he was named."""
        return self.is_by(login) and at >= self.since

    def excludes(self, word: Said) -> bool:
        """Whether a word of his counts for nothing: what he judges, tells or ends of a matter against himself."""
        return self.did(word.by.login, word.at) and word.word not in _STILL_HIS


class Case:
    """What a policy is given. Pure and cheap to read: every reading is computed once.

    ``customer_mail`` is the server-wide switch for messages to customers.
    """

    def __init__(self, timeline: Timeline, *, pack: Pack, now: datetime, customer_mail: bool = False) -> None:
        self.timeline = timeline
        self.pack = pack
        self.now = now
        self.customer_mail = customer_mail
        self.clocks: list[Clock] = []
        self._findings: dict[str, object] = {}
        self._is_on_trial = False

    def beside(self) -> Case:
        """The same case for rules on trial: it knows what this one knows by now, and what it learns stays its own."""
        other = copy(self)
        other.clocks = list(self.clocks)
        other._findings = dict(self._findings)
        other._is_on_trial = True
        return other

    def learn(self, found: Finding | Clock) -> None:
        """Keep what a policy concluded, for the policies after it; on trial, of one clock the last word."""
        if isinstance(found, Clock):
            if self._is_on_trial:
                self.clocks = [c for c in self.clocks if (c.name, c.epoch) != (found.name, found.epoch)]
            self.clocks.append(found)
        else:
            self._findings[found.name] = found.value

    def finding(self, name: str) -> object | None:
        return self._findings.get(name)

    def moment_found(self, name: str) -> datetime | None:
        """The moment an earlier policy found, None where it found none."""
        at = self.finding(name)
        return at if isinstance(at, datetime) else None

    # -- what the pack says -------------------------------------------------------------------------------------------

    @property
    def office(self) -> Calendar:
        return self.pack.office_calendar

    def one_working_day_after(self, moment: datetime) -> datetime:
        return self.office.after(moment, WORKING_DAY)

    def clock_settings(self, name: str) -> ClockSettings | None:
        """The pack's clock as it is for this ticket, None where the pack has none for its kind and tier."""
        settings = self.pack.clocks.get(name)
        if settings is None or self.kind not in settings.kinds:
            return None
        if settings.tiers is not None and self.tier not in settings.tiers:
            return None
        other = next((time for time in settings.instead if self.suits(time.when)), None)
        return settings.with_time(other) if other is not None else settings

    def clock_settings_once(self, name: str) -> tuple[ClockSettings, datetime] | None:
        """The same as it was in the last tier that had the clock, and when the ticket left that tier; None if never."""
        settings = self.pack.clocks.get(name)
        if settings is None or settings.tiers is None:
            return None
        for (_, tier), (left_at, following) in reversed([*pairwise(self.tiers)]):
            if tier in settings.tiers and following not in settings.tiers:
                then = self.beside()
                then.learn(Finding("tier", tier, settings.clause, text("The tier it had.")))
                known_then = then.clock_settings(name)
                return (known_then, left_at) if known_then is not None else None
        return None

    def suits(self, when: When) -> bool:
        """Whether the ticket is one of those meant, as far as is known of it by now."""
        return (
            (not when.kinds or self.kind in when.kinds)
            and (not when.tiers or self.tier in when.tiers)
            and (not when.groups or self.group in when.groups)
            and (not when.natures or self.finding("nature") in when.natures)
            and (when.vip is None or when.vip == bool(self.finding("vip")))
        )

    def is_supervisor(self, login: str) -> bool:
        return login in self.pack.people.supervisors

    @property
    def complained_about(self) -> Complained | None:
        """The person complained about, where an agent named him."""
        found = self.finding(COMPLAINED_ABOUT)
        return found if isinstance(found, Complained) else None

    @property
    def unheard(self) -> Complained | None:
        """Whose words, and values set by hand, count for nothing: known before it is known that it is a complaint."""
        found = self.finding(UNHEARD)
        return found if isinstance(found, Complained) else None

    @property
    def supervisors(self) -> tuple[str, ...]:
        """The pack's, without the person complained about; where he is the only one, management."""
        people = self.pack.people
        return self.impartial(people.supervisors) or (self.impartial(people.management) if people.supervisors else ())

    def impartial(self, logins: Iterable[str | None]) -> tuple[str, ...]:
        """The logins that are set, each once, without the person complained about."""
        about = self.complained_about
        return tuple(login for login in known(logins) if about is None or not about.is_by(login))

    # -- what the timeline says ---------------------------------------------------------------------------------------

    @cached_property
    def created(self) -> Fact | None:
        return next(iter(self.timeline.of(FactKind.CREATED)), None)

    @cached_property
    def created_at(self) -> datetime:
        return self.created.at if self.created else self.now

    @cached_property
    def began(self) -> datetime:
        """The ticket's ``created_at`` as it stood at the first look."""
        adopted = self.timeline.observed("adopted")
        noted = adopted["created_at"] if adopted else None
        return datetime.fromisoformat(str(noted)) if noted else self.created_at

    @cached_property
    def matters(self) -> tuple[life.Matter, ...]:
        return life.matters(self.timeline, one_working_day=self.one_working_day_after, now=self.now)

    @property
    def matter(self) -> life.Matter:
        """The matter now at hand."""
        return self.matters[-1]

    @cached_property
    def customer_articles(self) -> tuple[Fact, ...]:
        return conversation.customer_articles(self.timeline)

    @cached_property
    def answers(self) -> tuple[Fact, ...]:
        return conversation.answers(self.timeline)

    @cached_property
    def said(self) -> tuple[Said, ...]:
        return said(self.timeline)

    def said_now(self, *words: str) -> tuple[Said, ...]:
        """These words, as far as they were said in the matter at hand, by somebody it is not about."""
        if not self.said:
            return ()
        about = self.unheard
        found = (s for s in self.said if s.word in words and s.at >= self.matter.starts_at)
        return tuple(s for s in found if about is None or not about.excludes(s))

    @cached_property
    def merges(self) -> tuple[Fact, ...]:
        """What came in by merges in the matter at hand; whatever has come in belongs to a ticket's first matter."""
        received = self.timeline.of(FactKind.RECEIVED_MERGE)
        return tuple(m for m in received if self.matter.number == 1 or m.at >= self.matter.starts_at)

    def first_answer_since(self, moment: datetime) -> Fact | None:
        return next((a for a in self.answers if a.at >= moment), None)

    def value_of(self, attribute: str) -> Fact | None:
        """The last change of a ticket attribute."""
        changes = self.timeline.changes_of(attribute)
        return changes[-1] if changes else None

    @cached_property
    def group(self) -> str:
        change = self.value_of("group")
        return str(change["to"] if change else (self.created["group"] if self.created else "") or "")

    @cached_property
    def owner(self) -> str | None:
        """Login of the owner now, None for nobody."""
        change = self.value_of("owner")
        login = change["login_to"] if change else (self.created["owner"] if self.created else None)
        return str(login) if login and login != "-" else None

    # -- what classification found ------------------------------------------------------------------------------------

    @property
    def kind(self) -> Kind:
        kind = self._findings.get("kind")
        return kind if isinstance(kind, Kind) else Kind.REQUEST

    @property
    def is_complaint(self) -> bool:
        return self.kind is Kind.COMPLAINT

    @property
    def tier(self) -> Tier:
        tier = self.finding("tier")
        return tier if isinstance(tier, Tier) else Tier.GENERAL

    @property
    def tiers(self) -> tuple[tuple[datetime, Tier], ...]:
        """Each tier a complaint had, with the moment since when it held; empty of anything else."""
        steps = self.finding("tiers")
        return steps if isinstance(steps, tuple) else ()

    def tier_at(self, moment: datetime) -> Tier:
        """The tier that held at a moment of the past."""
        held = [tier for at, tier in self.tiers if at <= moment]
        return held[-1] if held else Tier.GENERAL

    def tier_of_closed(self, closed_at: datetime) -> tuple[datetime, Tier]:
        """How grave what was closed then is, and since when, at the earliest since the closing.

        What it is called afterwards counts, for its result is to be tracked and reviewed as such (B3.3); not the tier
        that *dissatisfied* raises it to, for that has it reopened.
        """
        if not self.tiers or any(word.at >= closed_at for word in self.said_now("dissatisfied")):
            return closed_at, self.tier_at(closed_at)
        return max(closed_at, self.tiers[-1][0]), self.tier

    @property
    def accepted_at(self) -> datetime:
        return self.moment_found("accepted_at") or self.matter.starts_at

    # -- what deadlines and first_responder found ---------------------------------------------------------------------

    @property
    def waits(self) -> tuple[Span, ...]:
        """Stretches of waiting for the customer, the last one open while it lasts."""
        spans = self.finding("waiting")
        return spans if isinstance(spans, tuple) else ()

    @property
    def is_waiting(self) -> bool:
        return bool(self.waits) and self.waits[-1].until is None

    @property
    def accountable(self) -> str | None:
        """Login of the first responder: the person accountable now."""
        login = self.finding("accountable")
        return login if isinstance(login, str) else None

    @property
    def investigator(self) -> str | None:
        """Who organises an investigation: the quality department where the pack names one (D5.2)."""
        return next(iter(self.pack.people.quality), None) or self.accountable or self.owner

    def clocks_named(self, name: str) -> tuple[Clock, ...]:
        return tuple(c for c in self.clocks if c.name == name)

    def supervisors_or(self, *fallback: str | None) -> tuple[str, ...]:
        """The pack's supervisors; where it names none, the given people (first responder, owner)."""
        return self.supervisors or self.impartial(fallback)

    @property
    def responsible(self) -> str | None:
        """Login of who is to do something: the person accountable, else the owner, never the one complained about."""
        return next(iter(self.impartial((self.accountable, self.owner))), None)


def known(logins: Iterable[str | None]) -> tuple[str, ...]:
    """The logins that are set, each once, in order."""
    return tuple(dict.fromkeys(login for login in logins if login))
