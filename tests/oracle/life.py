"""One ticket's life as standard.md 9 reads it: what the matter is, and when each thing that counts was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.oracle import working_time
from tests.oracle.records import AT_ONCE, Act, Did, World

COMPLAINS = ("complain", "投诉")
THREATENS = ("lawyer",)
ENDANGERS = ("caught fire",)
"""What the script's customers write when they complain; their other texts voice nothing."""
TIERS = ("general", "serious", "major")
VIP_TIER = "serious"
"""C2.1: the path of their own, as the pack has it."""
ROUNDS = 3
"""How often *dissatisfied* reopens a matter."""
TRIES, BETWEEN_TRIES = 2, timedelta(hours=1)
"""To reach the customer after the closing."""
A_WORKING_DAY = 8
LONGEST_WAIT = timedelta(days=14)

Span = tuple[datetime, datetime | None]


@dataclass(slots=True)
class Life:
    """``unsure`` names what the standard leaves room about: kind, times (of acceptance), tier, a clock's name, …

    Moments are those of people's acts. ``closed`` and ``waits`` are spans, the last one open where it still holds;
    ``shut_at`` is the last closing of all, that of what was never reopened too; ``tried`` is when the customer was
    written to after the closing, ``visited_at`` when the visit had an outcome; ``tiers_left`` are those it had before
    somebody gave it another one. ``overtaken_at``: when a merge brought an acceptance from before the ticket.
    """

    world: World
    ticket_id: int
    created_at: datetime
    vip: bool
    kind: str = "request"
    said_kind: str = ""
    voiced_at: datetime | None = None
    accepted_at: datetime | None = None
    confirmed_at: datetime | None = None
    said_tier: str = ""
    raised: int = 0
    tier_acts: list[tuple[datetime, str]] = field(default_factory=list)
    tiers_left: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    wrote: list[datetime] = field(default_factory=list)
    answered: list[datetime] = field(default_factory=list)
    agents_wrote: list[datetime] = field(default_factory=list)
    taken: bool = False
    accepted_by_word: bool = False
    assessed_at: datetime | None = None
    result_at: datetime | None = None
    not_ours_at: datetime | None = None
    outside_at: datetime | None = None
    coordinated_at: datetime | None = None
    tried: list[datetime] = field(default_factory=list)
    visited_at: datetime | None = None
    dissatisfied: int = 0
    plan_ready: bool = False
    closed: list[Span] = field(default_factory=list)
    mailed_at: datetime | None = None
    shut_at: datetime | None = None
    waits: list[Span] = field(default_factory=list)
    by_reminder: bool = False
    owners: list[tuple[datetime, int]] = field(default_factory=list)
    extensions: int = 0
    merges: int = 0
    overtaken_at: datetime | None = None
    ticks: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)

    @property
    def is_closed(self) -> bool:
        return bool(self.closed) and self.closed[-1][1] is None

    @property
    def closed_at(self) -> datetime | None:
        return self.closed[-1][0] if self.is_closed else None

    @property
    def is_waiting(self) -> bool:
        return bool(self.waits) and self.waits[-1][1] is None

    @property
    def owner(self) -> int:
        return self.owners[-1][1] if self.owners else 0

    @property
    def tier(self) -> str:
        """An agent's value wins over words, *dissatisfied* raises it (C3.2)."""
        if self.kind != "complaint":
            return ""
        place = TIERS.index(self.said_tier or self._worded_tier())
        return TIERS[min(place + self.raised, len(TIERS) - 1)]

    def _worded_tier(self) -> str:
        """Words raise to serious at most, danger to persons to major."""
        if _any(self.texts, ENDANGERS):
            return "major"
        return "serious" if self.vip or _any(self.texts, THREATENS) else "general"

    @property
    def is_dangerous(self) -> bool:
        return _any(self.texts, ENDANGERS)

    def answered_since(self, moment: datetime) -> datetime | None:
        return next((one for one in self.answered if one >= moment), None)


def life_of(world: World, ticket_id: int, *, until: datetime | None = None) -> Life:
    """Until ``until``, or until now."""
    row = world.tickets[ticket_id]
    created_at = datetime.fromisoformat(row["created_at"])
    vip = bool(world.users[row["customer_id"]].get("vip"))
    reader = _Reader(Life(world, ticket_id, created_at, vip))
    end = until or world.now
    for act in world.acts(ticket_id):
        if act.at <= end:
            reader.pass_to(act.at)
            reader.read(act)
    reader.pass_to(end)
    return reader.life


def _any(texts: Sequence[str], words: Sequence[str]) -> bool:
    return any(word in text for text in texts for word in words)


@dataclass(slots=True)
class _Reader:
    """Reads acts in turn; ``before_reopening`` is what was known of the aftercare of the last closing."""

    life: Life
    before_reopening: tuple[datetime | None, list[datetime], set[str]] = field(
        default_factory=lambda: (None, [], set())
    )

    def pass_to(self, moment: datetime) -> None:
        """What comes by itself: a suspicion becomes a complaint, a customer's mail reopens, waiting ends."""
        self._confirm_by_itself(moment)
        self._reopen_by_itself(moment)
        life = self.life
        if life.is_waiting and moment >= life.waits[-1][0] + LONGEST_WAIT:
            self._resume(life.waits[-1][0] + LONGEST_WAIT)

    def _confirm_by_itself(self, moment: datetime) -> None:
        """After one working day; of a matter closed by then, and between two days, nothing is said."""
        life = self.life
        life.unsure.discard("by night")
        if life.kind != "request" or life.said_kind or life.voiced_at is None:
            return
        counts_from = working_time.after(life.voiced_at, A_WORKING_DAY)
        if moment < counts_from.earliest:
            return
        if life.is_closed or life.mailed_at:
            life.unsure.add("kind")
        if moment < counts_from.latest:
            life.unsure.add("by night")
            return
        self._becomes_complaint(counts_from.latest, life.voiced_at)

    def _reopen_by_itself(self, moment: datetime) -> None:
        life = self.life
        if life.is_closed and life.mailed_at is not None:
            reopens_at = working_time.after(life.mailed_at, A_WORKING_DAY)
            if moment >= reopens_at.latest:
                self._reopen(reopens_at.latest)
            elif moment >= reopens_at.earliest:
                life.unsure.add("reopened")

    def read(self, act: Act) -> None:
        """One act of somebody's."""
        life = self.life
        by_agent = act.by in life.world.agents
        if "by night" in life.unsure and act.did not in (Did.OTHER, Did.NOTED, Did.WROTE):
            life.unsure.add("kind")
        if by_agent and life.is_closed and life.mailed_at is not None and not _closes(act):
            self._reopen(act.at)
        if act.did is Did.STATE and not by_agent:
            return  # Zammad opens what a customer wrote on
        read = {
            Did.WROTE: self._wrote,
            Did.ANSWERED: self._answered,
            Did.NOTED: self._noted,
            Did.SAID: self._said,
            Did.TIER: lambda act: self._gave_tier(act.at, act.value),
            Did.KIND: lambda act: self._called(act.at, act.value),
            Did.STATE: self._set_state,
            Did.OWNED: self._owned,
            Did.TICKED: self._ticked,
            Did.MERGED: self._merged,
        }.get(act.did)
        if read is not None:
            read(act)

    # -- messages -----------------------------------------------------------------------------------------------------

    def _wrote(self, act: Act) -> None:
        life = self.life
        life.wrote.append(act.at)
        life.texts.append(act.value)
        self._resume(act.at)
        if life.is_closed and life.mailed_at is None:
            life.mailed_at = act.at
        if _any([act.value], COMPLAINS) and life.voiced_at is None:
            life.voiced_at = act.at
            if life.said_kind:
                life.unsure.add("voiced after a word")

    def _answered(self, act: Act) -> None:
        life = self.life
        if life.closed_at is not None and act.at > life.closed_at + AT_ONCE:
            self._tried(act.at)
        life.answered.append(act.at)
        if act.value:
            life.agents_wrote.append(act.at)

    def _noted(self, act: Act) -> None:
        self.life.agents_wrote.append(act.at)

    # -- words --------------------------------------------------------------------------------------------------------

    def _said(self, act: Act) -> None:
        life = self.life
        life.words.append(act.value)
        life.agents_wrote.append(act.at)
        if act.value in ("complaint", "request", "none"):
            self._called(act.at, act.value)
        elif act.value in TIERS:
            self._gave_tier(act.at, act.value)
        elif act.value in ("assessed", "not-ours", "outside-help"):
            self._assessed(act)
        else:
            self._told(act.at, act.value)

    def _told(self, at: datetime, word: str) -> None:
        life = self.life
        match word:
            case "accept":
                life.accepted_by_word = True
            case "result-told":
                life.result_at = life.result_at or at
            case "waiting":
                self._wait(at)
            case "resume":
                self._resume(at)
            case "satisfied" if life.is_closed:
                life.visited_at = at
            case "dissatisfied":
                self._is_dissatisfied(at)
            case "plan-ready":
                life.plan_ready = True
            case "extend":
                life.extensions += 1

    def _called(self, at: datetime, kind: str) -> None:
        """*complaint*, *request* or *none*: an agent's word comes first of all."""
        life = self.life
        if kind == "complaint":
            self._confirmed(at)
        elif life.kind == "complaint" or life.outside_at:
            life.unsure.add("was a complaint")
        life.kind = life.said_kind = kind

    def _gave_tier(self, at: datetime, tier: str) -> None:
        """A tier is a judgement of a complaint, so it makes one."""
        life = self.life
        life.tiers_left.add(life.tier)
        self._confirmed(at)
        life.said_kind = life.kind = "complaint"
        life.said_tier, life.raised = tier, 0
        life.tier_acts.append((at, tier))
        life.assessed_at = life.assessed_at or at

    def _confirmed(self, at: datetime) -> None:
        life = self.life
        if life.kind == "complaint":
            return
        if life.said_kind:
            life.unsure.add("times")
        voiced = [one for one in (life.voiced_at,) if one is not None and one <= at]
        self._becomes_complaint(at, [*voiced, *reversed(life.wrote)][0])

    def _becomes_complaint(self, at: datetime, accepted_at: datetime) -> None:
        life = self.life
        if life.assessed_at or life.result_at or life.not_ours_at:
            life.unsure.update(("assessment", "notice", "result", "stage"))
        if "dissatisfied request" in life.unsure:
            life.unsure.update(("tier", "tasks"))
            life.unsure.update(["reopened"] if life.is_closed else [])
        if life.closed:
            life.unsure.add("times")
        life.kind, life.accepted_at, life.confirmed_at = "complaint", accepted_at, at

    def _assessed(self, act: Act) -> None:
        life = self.life
        life.assessed_at = life.assessed_at or act.at
        if act.value == "not-ours":
            life.not_ours_at = life.not_ours_at or act.at
        if act.value == "outside-help" and life.outside_at is None:
            life.outside_at = act.at
        elif act.value == "outside-help":
            life.unsure.update(("coordination", "tasks"))

    def _is_dissatisfied(self, at: datetime) -> None:
        """Of a request it only says what to say; of a complaint it reopens, one tier up, three times at most."""
        life = self.life
        if life.kind != "complaint":
            life.unsure.add("dissatisfied request")
            return
        life.dissatisfied += 1
        if life.dissatisfied > ROUNDS:
            life.unsure.update(("reopened", "tasks"))
            return
        life.raised += 1
        life.plan_ready = False
        life.tier_acts.append((at, life.tier))
        if life.is_closed:
            self._reopen(at)

    def _owned(self, act: Act) -> None:
        life = self.life
        life.owners.append((act.at, act.whom))
        life.taken = life.taken or bool(act.whom)

    # -- state --------------------------------------------------------------------------------------------------------

    def _set_state(self, act: Act) -> None:
        life = self.life
        if _closes(act):
            self._close(act.at)
        elif life.is_closed:
            self._reopen(act.at)
        if act.value == "pending reminder":
            if life.answered and life.answered[-1] > max(life.wrote):
                self._wait(act.at)
                life.by_reminder = True
            elif life.answered and life.answered[-1] == max(life.wrote):
                life.unsure.add("waiting")  # whose the last word of a call is
        elif life.by_reminder:
            self._resume(act.at)

    def _close(self, at: datetime) -> None:
        """By an agent; after an answer to the customer's last message that tells the result (C3.1)."""
        life = self.life
        life.shut_at = at
        self._resume(at)
        if life.closed and life.closed[-1][1] is not None and at - life.closed[-1][1] < AT_ONCE:
            life.closed[-1] = (life.closed[-1][0], None)  # answered and closed in one go: it was never reopened
            life.visited_at, life.tried, unsure = self.before_reopening
            life.unsure |= unsure
        if life.is_closed:
            life.mailed_at = None
            return
        if life.answered and life.answered[-1] + AT_ONCE >= max(life.wrote):
            life.result_at = life.result_at or at
        life.closed.append((at, None))
        life.visited_at, life.tried = None, []

    def _reopen(self, at: datetime) -> None:
        life = self.life
        self.before_reopening = (life.visited_at, life.tried, life.unsure & {"visit"})
        life.closed[-1] = (life.closed[-1][0], at)
        life.mailed_at = life.visited_at = None
        life.tried = []
        life.unsure.difference_update(("reopened", "visit"))

    def _wait(self, at: datetime) -> None:
        if not self.life.is_waiting:
            self.life.waits.append((at, None))
            self.life.by_reminder = False

    def _resume(self, at: datetime) -> None:
        if self.life.is_waiting:
            self.life.waits[-1] = (self.life.waits[-1][0], at)
            self.life.by_reminder = False

    def _ticked(self, act: Act) -> None:
        life = self.life
        life.ticks.append(act.value)
        if "outside" in act.value:
            life.coordinated_at = life.coordinated_at or act.at
        if act.value.startswith("Follow up") and act.whom:
            life.visited_at = life.visited_at or act.at
        elif act.value.startswith("Follow up"):
            life.unsure.add("visit")

    def _tried(self, at: datetime) -> None:
        """Two tries that reach nobody are an outcome; messages at one time are one."""
        life = self.life
        if not life.tried or at - life.tried[-1] >= BETWEEN_TRIES:
            life.tried.append(at)
        if len(life.tried) == TRIES:
            life.visited_at = life.visited_at or at

    # -- merging ------------------------------------------------------------------------------------------------------

    def _merged(self, act: Act) -> None:
        """The messages come along, and of a complaint its kind, acceptance and tier (C1.4)."""
        life, source = self.life, life_of(self.life.world, act.whom, until=act.at)
        life.merges += 1
        life.unsure |= source.unsure
        life.wrote = sorted([*life.wrote, *source.wrote])
        life.answered = sorted([*life.answered, *source.answered])
        life.agents_wrote = sorted([*life.agents_wrote, *source.agents_wrote])
        life.texts += source.texts
        if source.voiced_at is not None:
            life.voiced_at = min(life.voiced_at or source.voiced_at, source.voiced_at)
            if source.kind != "complaint":
                life.unsure.add("times")  # only complaints keep their acceptance
                life.unsure.update(["tier"] if source.vip else [])
        if source.words or source.is_waiting or source.closed:
            life.unsure.update(("waiting", "assessment", "notice", "result", "coordination", "stage", "times"))
        if source.said_kind in ("request", "none") or "none" in (life.kind, source.kind):
            life.unsure.add("kind")
        if life.is_closed or life.mailed_at:
            life.unsure.update(("reopened", "kind"))
        if source.kind == "complaint":
            self._takes_on(act.at, source)

    def _takes_on(self, at: datetime, source: Life) -> None:
        life = self.life
        if life.said_kind and life.said_kind != "complaint":
            life.unsure.add("kind")
        if life.kind == "complaint" and life.tier != source.tier:
            life.unsure.add("tier")
        life.tiers_left |= {life.tier, source.tier, *source.tiers_left}
        earlier = [one for one in (life.accepted_at, source.accepted_at) if one is not None]
        if min(earlier) < life.created_at:
            life.overtaken_at = life.overtaken_at or at
        if life.kind != "complaint" and life.voiced_at is not None and life.voiced_at != source.voiced_at:
            life.unsure.add("tier")
        if life.kind != "complaint":
            life.said_tier, life.raised = source.said_tier, source.raised
            if source.raised and not source.said_tier:
                life.unsure.add("tier")  # whether it is raised above the words of both is not said
            life.confirmed_at = at
        life.vip = life.vip or source.vip
        life.kind, life.accepted_at = "complaint", min(earlier)


def _closes(act: Act) -> bool:
    return act.did is Did.STATE and act.value == "closed"
