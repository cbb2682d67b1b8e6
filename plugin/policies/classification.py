"""What a ticket is taken for: kind, nature, tier, jurisdiction and mood, agents' words first of all.

An agent's word or field wins until an agent changes it. Without one: exclusions make it ``none``; a group, a ticket
attribute or a channel listed in the pack decides; complaint words make it *suspected* (``steward:suspected``), which
one click confirms and one working day turns into a complaint (C3.1). What speaks for severity is weighed: words raise
the tier to ``serious`` at most, danger to persons to ``major`` (C3.2); a VIP's complaint gets its own path (C2.1).
Whose matter it is the pack may only suggest (C4.1). A customer who is upset is calmed first (E4.2). Every verdict
keeps what spoke for and against it, and what would have been said without agents.

A rule::

    - policy: classification
      mode: enforce
      options:
        confirm_after: 1 working day
        serious_from: 50
        weight_vip: 50
        large_losses: [5000 EUR, 40000 CNY]

Options: ``confirm_after`` (a duration in working days or hours of the office calendar) after which a suspicion counts
as a complaint. ``serious_from`` (points) from which a complaint is serious; ``weight_serious_words``, ``weight_vip``,
``weight_large_loss`` (a loss of at least one of ``large_losses``, amounts with their currency), ``weight_reach``,
``weight_urgency``, ``weight_repeated`` (an earlier complaint of the same nature), ``weight_mood``,
``weight_difficulty`` (help from outside, several natures at once): the points of each, 0 for none; danger is not
weighed. ``calm_first`` (true, false): the next step of an upset customer's ticket begins with calming him.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import takewhile

from plugin.model.amounts import Amount
from plugin.model.attributes import means, value_of
from plugin.model.case import Case
from plugin.model.conversation import articles, is_automatic, is_opened_by_our_message
from plugin.model.decision import Field, Finding, Look, Note, Should, Slot, Tag, Urgency
from plugin.model.durations import Duration, Unit
from plugin.model.facts import Fact, FactKind
from plugin.model.grounds import Ground
from plugin.model.pack import TIERS, Jurisdiction, Kind, Tier
from plugin.model.people import Role
from plugin.model.said import fields_set_by_agents, tags_now
from plugin.model.severity import Severity, Weights, severity
from plugin.model.voices import COMPLAINT, DANGER, MOOD, NOT_OURS, SERIOUS, SHARED, Voice, voices
from plugin.model.wording import matcher, messages_with
from plugin.model.words import Text, text

CLAUSES = ("C1.1", "C2.1", "C3.1", "C3.2", "C4.1", "E4.2", "A2.1", "D1.2")
AFTER: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring. Raises ValueError for an amount that is none, and for points below nothing."""

    confirm_after: Duration = Duration(1, Unit.WORKING_DAYS)
    serious_from: int = 50
    weight_serious_words: int = 50
    weight_vip: int = 50
    weight_large_loss: int = 50
    weight_reach: int = 20
    weight_urgency: int = 10
    weight_repeated: int = 20
    weight_mood: int = 10
    weight_difficulty: int = 10
    large_losses: tuple[str, ...] = ("5000 EUR", "5000 USD", "5000 GBP", "5000 CHF", "40000 CNY", "160000 TWD")
    calm_first: bool = True

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if name.startswith("weight_") and getattr(self, name) < 0:
                raise ValueError(f"found {name}: {getattr(self, name)}, allowed weights from 0 points")
        if self.serious_from < 1:
            raise ValueError(f"found serious_from: {self.serious_from}, allowed 1 point or more")
        _weights(self)


@cache
def _weights(options: Options) -> Weights:
    return Weights(
        serious_from=options.serious_from,
        serious_words=options.weight_serious_words,
        vip=options.weight_vip,
        large_loss=options.weight_large_loss,
        reach=options.weight_reach,
        urgency=options.weight_urgency,
        repeated=options.weight_repeated,
        mood=options.weight_mood,
        difficulty=options.weight_difficulty,
        large_losses=tuple(Amount.parse(one) for one in options.large_losses),
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """A kind with its reason; ``at`` is when it came to hold, ``voiced_at`` when the customer voiced the complaint."""

    kind: Kind
    because: Text
    at: datetime
    clause: str = "C1.1"
    voiced_at: datetime | None = None
    suspected: bool = False
    by_agent: bool = False
    fact: str | None = None
    words: str = ""

    @property
    def ground(self) -> Ground:
        """A suspicion speaks for a complaint, and does not decide it."""
        value = Kind.COMPLAINT if self.suspected else self.kind
        return Ground(
            "kind", value, self.because, self.at, fact=self.fact, words=self.words, by_agent=self.by_agent,
            clause=self.clause,
        )  # fmt: skip


def decide(case: Case, options: Options) -> Iterator[Should]:
    heard = voices(case)
    verdicts = tuple(_verdicts(case, options, heard))
    verdict = verdicts[0]
    yield from _kind(case, verdict)
    yield from _vip(case)
    natures = _natures(case, verdict)
    yield from _nature(natures)
    nature = natures[0].value if natures else None
    weighed = severity(case, heard, weights=_weights(options), nature=nature, natures=_spoken_natures(natures))
    if verdict.suspected:
        yield Finding("voiced_at", verdict.voiced_at, verdict.clause, verdict.because)
        yield Finding("voiced_tier", weighed.tier, verdict.clause, verdict.because)
        yield from _suspicion(case, options, verdict, heard)
    if verdict.kind is Kind.COMPLAINT:
        yield from _complaint(case, verdicts, heard, weighed)
    else:
        yield Field("steward_tier", None, "A2.1", text("Only complaints have a tier."))
    ours, mood = tuple(_jurisdiction(case, heard)), tuple(_moods(case, heard))
    yield from _whose(ours)
    yield from _mood(case, options, heard, mood)
    yield from _without_agents(verdicts, natures, weighed)
    tiers = _agents_tiers(case) if verdict.kind is Kind.COMPLAINT else ()
    kinds = (one.ground for one in verdicts)
    yield Finding("grounds", (*kinds, *tiers, *weighed.grounds, *natures, *ours, *mood), "C3.2", verdict.because)


# -- kind -------------------------------------------------------------------------------------------------------------


def _kind(case: Case, verdict: Verdict) -> Iterator[Should]:
    accepted_at = _accepted_at(case, verdict)
    yield Finding("kind", verdict.kind, verdict.clause, verdict.because)
    yield Finding("kind_by_agent", verdict.by_agent, verdict.clause, verdict.because)
    yield Finding("suspected", verdict.suspected, verdict.clause, verdict.because)
    yield Finding("accepted_at", accepted_at, "C3.1", _acceptance_reason(case, verdict, accepted_at))
    yield Field("steward_kind", verdict.kind.value, verdict.clause, verdict.because)


def _verdicts(case: Case, options: Options, heard: tuple[Voice, ...]) -> Iterator[Verdict]:
    """Every verdict that something speaks for, the one that holds first."""
    own = case.created is not None and case.created.by.role is Role.STEWARD
    if own:
        yield Verdict(Kind.NONE, text("Steward made this ticket itself, for a task."), case.created_at)
    claims = (
        _by_agent(case, heard),
        *_excluded(case),
        _by_merge(case, heard),
        _by_group(case),
        *_by_attribute(case),
        _by_channel(case),
        _by_words(case, options, heard),
    )
    yield from (claim for claim in claims if claim is not None)
    yield Verdict(Kind.REQUEST, text("Nothing says otherwise: a request."), case.matter.starts_at)


def _by_agent(case: Case, heard: tuple[Voice, ...]) -> Verdict | None:
    """The newest of what agents said: words, tier words (only complaints have tiers), the field."""
    spoken = _kinds_said(case)
    if not spoken:
        return None
    at, word, login = max(spoken)
    because = text("{login} said so.", login=login)
    # saying it again, or of what tier it is, moves no acceptance
    first_said_at = min(_since_said(spoken, _kind_meant(word)))
    return Verdict(_kind_meant(word), because, at, voiced_at=_voiced_before(case, heard, first_said_at), by_agent=True)


def _since_said(spoken: Iterable[tuple[datetime, str, str]], kind: Kind) -> list[datetime]:
    """When agents said so, since the last of them who said otherwise."""
    newest_first = ((at, _kind_meant(word)) for at, word, _ in sorted(spoken, reverse=True))
    return [at for at, _ in takewhile(lambda step: step[1] is kind, newest_first)]


_KIND_WORDS = ("complaint", "request", "none", "general", "serious", "major")


def _kinds_said(case: Case) -> list[tuple[datetime, str, str]]:
    spoken = [(s.at, s.word, s.by.login) for s in case.said_now(*_KIND_WORDS)]
    spoken += _fields_said(case, "steward_kind", set(Kind))
    spoken += _fields_said(case, "steward_tier", set(Tier))
    return spoken


def _kind_meant(word: str) -> Kind:
    return Kind(word) if word in set(Kind) else Kind.COMPLAINT


def _voiced_before(case: Case, heard: tuple[Voice, ...], at: datetime) -> datetime:
    """The article that first voices the complaint, else the customer's last one before the agent said so."""
    earlier = [v.at for v in heard if v.at <= at]
    return _first_voiced(case, heard, until=at) or (earlier[-1] if earlier else case.matter.starts_at)


def _first_voiced(case: Case, heard: tuple[Voice, ...], *, until: datetime | None = None) -> datetime | None:
    """When the customer first voiced a complaint, here or on a ticket that came in by a merge while only suspected.

    Without ``until`` all that was heard counts: Zammad's clock may be ahead of ours, or time stand still for us.
    """
    voiced = [(v.at, v.at) for v in heard if v.complains]
    voiced += [(m.at, datetime.fromisoformat(m["voiced_at"])) for m in case.merges if m["voiced_at"]]
    return min((since for at, since in voiced if until is None or at <= until), default=None)


def _excluded(case: Case) -> Iterator[Verdict]:
    """Automatic replies, our own domains, customers who are agents, our own outbound mail, spam (design.md)."""
    for applies, because in (
        (bool(tags_now(case.timeline) & set(case.pack.scope.exclude_tags)), text("A tag of the pack excludes it.")),
        (_begins_automatically(case), text("It began with an automatic message, and no person wrote since.")),
        (_is_from_excluded_sender(case), text("The sender is excluded by the pack.")),
        (_customer_is_agent(case), text("The customer is an agent.")),
        (
            is_opened_by_our_message(case.timeline) and not case.customer_articles,
            text("We wrote first, and the customer has not answered."),
        ),
    ):
        if applies:
            yield Verdict(Kind.NONE, because, case.created_at)


def _begins_automatically(case: Case) -> bool:
    first = next((a for a in case.timeline.of(FactKind.ARTICLE) if a["sender"] == "Customer"), None)
    return first is not None and is_automatic(first) and not case.customer_articles


def _is_from_excluded_sender(case: Case) -> bool:
    first = next((a for a in case.timeline.of(FactKind.ARTICLE) if a["sender"] == "Customer"), None)
    sender = first.text("from").lower() if first is not None else ""
    domains = tuple(f"@{d.lower().removeprefix('@')}" for d in case.pack.scope.own_domains)
    is_our_own = bool(domains) and sender.rstrip(">").endswith(domains)
    return bool(sender) and (is_our_own or matcher(case.pack.scope.exclude_senders, whole_words=False)(sender))


def _customer_is_agent(case: Case) -> bool:
    seen = case.timeline.observed("customer_is_agent")
    return bool(seen and seen["value"])


def _by_merge(case: Case, heard: tuple[Voice, ...]) -> Verdict | None:
    """A complaint that came in by a merge stays one; what was voiced here before it came counts too."""
    carried = [m for m in case.merges if m["kind"] == Kind.COMPLAINT]
    if not carried:
        return None
    because = text("A complaint was merged into it.")
    voiced_at = _first_voiced(case, heard)
    return Verdict(Kind.COMPLAINT, because, carried[0].at, "C1.4", voiced_at=voiced_at, fact=carried[0].key)


def _by_group(case: Case) -> Verdict | None:
    kind = case.pack.group_kinds.get(case.group)
    if kind is None:
        return None
    return _since_it_began(case, kind, text("Tickets of group {group} are taken so.", group=case.group))


def _by_attribute(case: Case) -> Iterator[Verdict]:
    for name, kinds in case.pack.attribute_kinds.items():
        kind = means(value_of(case.timeline, name), kinds)
        if kind is not None:
            yield _since_it_began(case, kind, text("Tickets with such a {attribute} are taken so.", attribute=name))


def _by_channel(case: Case) -> Verdict | None:
    """Every channel counts the same, unless the pack says otherwise (C3.1)."""
    if not case.pack.channel_kinds:
        return None
    first = next((a for a in articles(case.timeline) if a.at >= case.matter.starts_at), None)
    kind = case.pack.channel_kinds.get(str(first["type"])) if first is not None else None
    if first is None or kind is None:
        return None
    return _since_it_began(case, kind, text("What comes by {channel} is taken so.", channel=str(first["type"])))


def _since_it_began(case: Case, kind: Kind, because: Text) -> Verdict:
    since = case.matter.starts_at
    return Verdict(kind, because, since, voiced_at=since)


def _by_words(case: Case, options: Options, heard: tuple[Voice, ...]) -> Verdict | None:
    voiced = _first_voiced(case, heard)
    if voiced is None:
        return None
    voice = next((v for v in heard if v.complains and v.at == voiced), None)
    confirmed_at = case.office.after(voiced, options.confirm_after)
    counts = case.now >= confirmed_at
    because = text("The customer's words of {at} may be a complaint.", at=voiced)
    if counts:
        because = text("The customer's words of {at} voice a complaint, and nobody said otherwise.", at=voiced)
    return Verdict(
        kind=Kind.COMPLAINT if counts else Kind.REQUEST,
        because=because,
        at=confirmed_at if counts else voiced,
        clause="C3.1",
        voiced_at=voiced,
        suspected=not counts,
        fact=voice.article.key if voice else None,
        words=(voice.found.get(COMPLAINT) or voice.found.get(DANGER) or "") if voice else "",
    )


def _complaint_since(case: Case, verdicts: tuple[Verdict, ...]) -> datetime:
    """Since when a complaint is one: an agent's newest word for it may only repeat what held already."""
    spoken = _kinds_said(case)
    said = _since_said(spoken, Kind.COMPLAINT)
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


# -- a suspicion ------------------------------------------------------------------------------------------------------


def _suspicion(case: Case, options: Options, verdict: Verdict, heard: tuple[Voice, ...]) -> Iterator[Should]:
    assert verdict.voiced_at is not None
    if case.matter.is_closed:
        return
    yield Tag("steward:suspected", Slot.TIER, f"m{case.matter.number}", "C3.1", verdict.because)
    confirmed_at = case.office.after(verdict.voiced_at, options.confirm_after)
    yield Look(confirmed_at, text("Then it counts as a complaint."), certain=True)
    yield from _danger(case, heard)


def _danger(case: Case, heard: tuple[Voice, ...]) -> Iterator[Note]:
    """Danger to persons is told at once, suspected or not."""
    danger = next((v for v in heard if v.is_danger), None)
    if danger is not None and not case.matter.is_closed:
        yield _danger_note(case, danger)


def _danger_note(case: Case, voice: Voice) -> Note:
    return Note(
        rule="classification.danger",
        epoch=f"m{case.matter.number}",
        lines=(text("Read this message at once: it may speak of danger to persons."),),
        clause="C3.2",
        because=text("Words of danger in the message of {at}.", at=voice.at),
        moment=voice.at,
        ends_with=text("somebody saying what it is"),
        tell=case.supervisors_or(case.owner),
        urgency=Urgency.DANGER,
        ladder=True,
        about="danger",
    )


# -- tier -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    tier: Tier
    because: Text
    clause: str = "A2.1"
    by_agent: bool = False


def _complaint(
    case: Case, verdicts: tuple[Verdict, ...], heard: tuple[Voice, ...], weighed: Severity
) -> Iterator[Should]:
    steps = tuple(_tier_steps(case, heard, weighed))
    last = steps[-1]
    yield Finding("tiers", tuple(_tiers_held(case, verdicts, weighed, steps)), last.clause, last.because)
    yield Finding("tier", last.tier, last.clause, last.because)
    yield Finding("tier_by_agent", any(step.by_agent for step in steps), last.clause, last.because)
    yield Finding("severity", weighed.points, weighed.clause, weighed.because)
    yield Field("steward_tier", last.tier.value, last.clause, last.because)
    if last.tier is not Tier.GENERAL:
        yield Tag(f"steward:{last.tier}", Slot.TIER, f"m{case.matter.number}-{len(steps)}", last.clause, last.because)
    yield from _danger(case, heard)


def _tier_steps(case: Case, heard: tuple[Voice, ...], weighed: Severity) -> Iterator[_Step]:
    """The tiers in the order they came to hold: what was weighed, then what agents said, raised by *dissatisfied*."""
    yield _Step(case.accepted_at, weighed.tier, weighed.because, weighed.clause)
    current = weighed.tier
    for at, word, login in sorted([*_tiers_said(case), *_tiers_brought(case, heard)]):
        if word == "dissatisfied":
            if current is TIERS[-1]:
                continue
            current = TIERS[TIERS.index(current) + 1]
            yield _Step(at, current, text("The customer is not satisfied: one tier up."), "D5.3")
        else:
            current = Tier(word)
            because = text("{login} said so.", login=login) if login else text("It came with a merged complaint.")
            yield _Step(at, current, because, by_agent=True)


def _tiers_held(
    case: Case, verdicts: tuple[Verdict, ...], weighed: Severity, steps: tuple[_Step, ...]
) -> Iterator[tuple[datetime, Tier]]:
    """Each tier with the moment since when it held: what an agent gave comes last, as it outranks the rest."""
    since = _complaint_since(case, verdicts)
    for at, tier in ((case.accepted_at, Tier.GENERAL), *weighed.steps):
        # what was no complaint yet had no tier, whatever spoke for one
        yield max(at, since), tier
    for step in steps[1:]:
        yield max(step.at, since), step.tier


def _agents_tiers(case: Case) -> Iterator[Ground]:
    """What agents said of the tier, the newest first."""
    for at, word, login in sorted(_tiers_said(case), reverse=True):
        if word != "dissatisfied":
            because = text("{login} said so.", login=login)
            yield Ground("tier", Tier(word), because, at, by_agent=True, clause="A2.1")


def _tiers_said(case: Case) -> list[tuple[datetime, str, str]]:
    spoken = [(s.at, s.word, s.by.login) for s in case.said_now(*Tier, "dissatisfied")]
    return [*spoken, *_fields_said(case, "steward_tier", set(Tier))]


def _tiers_brought(case: Case, heard: tuple[Voice, ...]) -> Iterator[tuple[datetime, str, str]]:
    """The tier an agent gave a complaint before it was merged in; here too it wins over that complaint's own words.

    Not where this ticket was a complaint already, or may have been one: nobody has judged the two together.
    """
    merge = next((m for m in case.merges if m["kind"] == Kind.COMPLAINT), None)
    if merge is None or not merge["tier_by_agent"]:
        return
    said = any(at <= merge.at and _kind_meant(word) is Kind.COMPLAINT for at, word, _ in _kinds_said(case))
    voiced = any(
        v.at <= merge.at and (v.complains or SERIOUS in v.found) and v.article.key not in merge["articles"]
        for v in heard
    )
    if not (said or voiced or case.pack.group_kinds.get(case.group) is Kind.COMPLAINT):
        yield merge.at, merge["tier"], ""


def _fields_said(case: Case, name: str, allowed: Collection[str]) -> Iterator[tuple[datetime, str, str]]:
    """Values agents gave a field by hand in this matter: when, what, who."""
    for value in fields_set_by_agents(case.timeline, name):
        if value.value in allowed and value.at >= case.matter.starts_at:
            yield value.at, str(value.value), value.by.login


# -- nature -----------------------------------------------------------------------------------------------------------


def _natures(case: Case, verdict: Verdict) -> tuple[Ground, ...]:
    """What speaks for a nature, what holds first: an agent, an attribute, the group, words in the pack's order."""
    said = [f for f in fields_set_by_agents(case.timeline, "steward_nature") if f.value]
    found = [
        Ground("nature", str(f.value), text("{login} said so.", login=f.by.login), f.at, fact=f.key, by_agent=True)
        for f in said[-1:]
    ]
    if verdict.kind is Kind.COMPLAINT or verdict.suspected:
        found += _unsaid_natures(case)
    return tuple(found)


def _unsaid_natures(case: Case) -> Iterator[Ground]:
    since = case.matter.starts_at
    for name, natures in case.pack.attribute_natures.items():
        nature = means(value_of(case.timeline, name), natures)
        if nature is not None:
            yield Ground("nature", nature, text("Tickets with such a {attribute} are taken so.", attribute=name), since)
    nature = case.pack.group_natures.get(case.group)
    if nature is not None:
        yield Ground("nature", nature, text("Tickets of group {group} are taken so.", group=case.group), since)
    for nature in case.pack.natures:
        messages = messages_with(case.timeline, case.pack.words.natures.get(nature, ()))
        for key, words in list(messages.items())[:1]:
            because = text("The customer's words speak of it.")
            yield Ground("nature", nature, because, since, fact=key, words=words)


def _spoken_natures(natures: tuple[Ground, ...]) -> int:
    """How many natures the customer's own words speak of."""
    return len({ground.value for ground in natures if ground.words})


def _nature(natures: tuple[Ground, ...]) -> Iterator[Should]:
    found = natures[0].value if natures else None
    because = natures[0].because if natures else text("Nothing says what it is about.")
    yield Finding("nature", found, "C3.2", because)
    yield Field("steward_nature", found, "C3.2", because)


# -- jurisdiction, mood, VIP ------------------------------------------------------------------------------------------

_WHOSE = {"assessed": Jurisdiction.OURS, "not-ours": Jurisdiction.NOT_OURS, "outside-help": Jurisdiction.SHARED}
UPSET, CALM = "upset", "calm"


def _jurisdiction(case: Case, heard: tuple[Voice, ...]) -> Iterator[Ground]:
    """Only an agent decides whose matter it is, the newest word first; group and words suggest (C4.1)."""
    for word in reversed(case.said_now(*_WHOSE)):
        because = text("{login} said so.", login=word.by.login)
        yield Ground("jurisdiction", _WHOSE[word.word], because, word.at, fact=word.key, by_agent=True, clause="C4.1")
    group = case.pack.group_jurisdictions.get(case.group)
    if group is not None:
        because = text("Tickets of group {group} are taken so.", group=case.group)
        yield Ground("jurisdiction", group, because, case.matter.starts_at, weight=1, clause="C4.1")
    for name, whose in ((NOT_OURS, Jurisdiction.NOT_OURS), (SHARED, Jurisdiction.SHARED)):
        voice = next((voice for voice in heard if name in voice.found), None)
        if voice is not None:
            because, key = text("The customer's words speak of it."), voice.article.key
            words = voice.found[name]
            yield Ground("jurisdiction", whose, because, voice.at, 1, key, words, clause="C4.1")


def _whose(grounds: tuple[Ground, ...]) -> Iterator[Finding]:
    decided = next((ground for ground in grounds if ground.by_agent), None)
    suggested = next((ground for ground in grounds if not ground.by_agent), None)
    nobody = text("Nobody has judged whose matter it is.")
    yield Finding("jurisdiction", decided and decided.value, "C4.1", decided.because if decided else nobody)
    because = suggested.because if suggested else text("Nothing speaks of somebody else.")
    yield Finding("jurisdiction_suggested", suggested and suggested.value, "C4.1", because)


def _moods(case: Case, heard: tuple[Voice, ...]) -> Iterator[Ground]:
    """What agents and the customer's messages say of his mood, the newest first."""
    found = [
        Ground("mood", word.word, text("{login} said so.", login=word.by.login), word.at, fact=word.key,
               by_agent=True, clause="E4.2")
        for word in case.said_now(UPSET, CALM)
    ]  # fmt: skip
    for voice in heard:
        if MOOD in voice.found:
            because = text("The customer is upset in the message of {at}.", at=voice.at)
            words = voice.found[MOOD]
            found.append(Ground("mood", UPSET, because, voice.at, fact=voice.article.key, words=words, clause="E4.2"))
    yield from sorted(found, key=lambda ground: ground.at, reverse=True)


def _mood(case: Case, options: Options, heard: tuple[Voice, ...], mood: tuple[Ground, ...]) -> Iterator[Finding]:
    """The mood of the customer's last message, unless an agent said since what it is: calmed before it is answered."""
    said = next((ground for ground in mood if ground.by_agent), None)
    last = heard[-1] if heard else None
    voiced = next((ground for ground in mood if last is not None and ground.fact == last.article.key), None)
    newer = voiced if voiced and (said is None or voiced.at > said.at) else said
    because = newer.because if newer else text("Nothing in the customer's last message speaks of a mood.")
    yield Finding("mood", newer and newer.value, "E4.2", because)
    yield Finding("mood_by_words", voiced and voiced.value, "E4.2", voiced.because if voiced else because)
    upset = newer is not None and newer.value == UPSET and not case.matter.is_closed
    calm_first = options.calm_first and upset and newer is not None and case.first_answer_since(newer.at) is None
    yield Finding("calm_first", calm_first, "E4.2", because)


def _vip(case: Case) -> Iterator[Finding]:
    seen = case.timeline.observed("vip")
    vip = bool(seen and seen["value"])
    because = text("The customer is a VIP.") if vip else text("Neither the customer nor his organization is a VIP.")
    yield Finding("vip", vip, "C2.1", because)


def _without_agents(verdicts: tuple[Verdict, ...], natures: tuple[Ground, ...], weighed: Severity) -> Iterator[Finding]:
    """What would hold if no agent had said anything: what he says is counted against it."""
    unsaid = next(verdict for verdict in verdicts if not verdict.by_agent)
    kind = Kind.COMPLAINT if unsaid.suspected else unsaid.kind
    yield Finding("kind_by_words", kind, unsaid.clause, unsaid.because)
    yield Finding("tier_by_words", weighed.tier, weighed.clause, weighed.because)
    nature = next((ground for ground in natures if not ground.by_agent), None)
    because = nature.because if nature else text("Nothing says what it is about.")
    yield Finding("nature_by_words", nature and nature.value, "C3.2", because)
