"""What a ticket is taken for: kind, tier and nature, from agents' words first, then exclusions, form and words.

An agent's word or field wins until an agent changes it. Without one: exclusions make it ``none``; a group listed in
the pack's ``group_kinds`` decides; complaint words make it *suspected* (``steward:suspected``), which one click
confirms and one working day turns into a complaint (C3.1). Words raise the tier to ``serious`` at most, danger to
persons to ``major`` (C3.2); a VIP's complaint gets its own path (C2.1). Every verdict says why.

A rule::

    - policy: classification
      mode: enforce
      options:
        vip_tier: serious
        confirm_after: 1 working day

Options: ``vip_tier`` (general, serious) the least tier of a VIP's complaint; ``confirm_after`` (a duration in working
days or hours of the office calendar) after which a suspicion counts as a complaint.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from plugin.model.case import Case
from plugin.model.conversation import is_automatic, is_opened_by_our_message
from plugin.model.decision import Field, Finding, Look, Note, Should, Slot, Tag, Urgency
from plugin.model.durations import Duration, Unit
from plugin.model.facts import Fact, FactKind
from plugin.model.pack import TIERS, Kind, Tier
from plugin.model.people import Role
from plugin.model.said import fields_set_by_agents, tags_now
from plugin.model.wording import is_spoken, matcher, messages_with
from plugin.model.words import Text, text

CLAUSES = ("C1.1", "C2.1", "C3.1", "C3.2", "E4.2", "A2.1", "D1.2")
AFTER: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    vip_tier: Tier = Tier.SERIOUS
    confirm_after: Duration = Duration(1, Unit.WORKING_DAYS)


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


def decide(case: Case, options: Options) -> Iterator[Should]:
    voices = tuple(_voices(case))
    verdict = _verdict(case, options, voices)
    accepted_at = _accepted_at(case, verdict)
    yield Finding("kind", verdict.kind, verdict.clause, verdict.because)
    yield Finding("kind_by_agent", verdict.by_agent, verdict.clause, verdict.because)
    yield Finding("suspected", verdict.suspected, verdict.clause, verdict.because)
    yield Finding("accepted_at", accepted_at, "C3.1", _acceptance_reason(case, verdict, accepted_at))
    yield Field("steward_kind", verdict.kind.value, verdict.clause, verdict.because)
    if verdict.suspected:
        yield Finding("voiced_at", verdict.voiced_at, verdict.clause, verdict.because)
        yield Finding("voiced_tier", _tier_by_words(case, options, voices).tier, verdict.clause, verdict.because)
        yield from _suspicion(case, options, verdict, voices)
    if verdict.kind is Kind.COMPLAINT:
        yield from _complaint(case, options, voices)
    else:
        yield Field("steward_tier", None, "A2.1", text("Only complaints have a tier."))
    yield from _nature(case, verdict)


# -- kind -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Voice:
    """A customer's message that voices something: which of the pack's word lists it matched."""

    article: Fact
    at: datetime
    complains: bool
    is_serious: bool
    is_danger: bool
    is_moody: bool


def _voices(case: Case) -> Iterator[Voice]:
    words = case.pack.words
    complaint, serious, danger, mood = (
        messages_with(case.timeline, phrases) for phrases in (words.complaint, words.serious, words.danger, words.mood)
    )
    messages = [a for a in case.customer_articles if a.at >= case.matter.starts_at]
    for position, article in enumerate(messages):
        is_danger = article.key in danger
        yield Voice(
            article=article,
            # Zammad stamps a ticket and its first article some milliseconds apart: it is one moment.
            at=case.matter.starts_at if position == 0 and case.matter.number == 1 else article.at,
            complains=is_danger or article.key in complaint,
            is_serious=article.key in serious,
            is_danger=is_danger,
            is_moody=article.key in mood,
        )


def _verdict(case: Case, options: Options, voices: tuple[Voice, ...]) -> Verdict:
    own = case.created is not None and case.created.by.role is Role.STEWARD
    if own:
        return Verdict(Kind.NONE, text("Steward made this ticket itself, for a task."), case.created_at)
    return (
        _by_agent(case, voices)
        or _excluded(case)
        or _by_merge(case, voices)
        or _by_group(case)
        or _by_words(case, options, voices)
        or Verdict(Kind.REQUEST, text("Nothing says otherwise: a request."), case.matter.starts_at)
    )


def _by_agent(case: Case, voices: tuple[Voice, ...]) -> Verdict | None:
    """The newest of what agents said: words, tier words (only complaints have tiers), the field."""
    spoken = _kinds_said(case)
    if not spoken:
        return None
    at, word, login = max(spoken)
    kind = _kind_meant(word)
    because = text("{login} said so.", login=login)
    return Verdict(kind, because, at, voiced_at=_voiced_before(case, voices, at), by_agent=True)


_KIND_WORDS = ("complaint", "request", "none", "general", "serious", "major")


def _kinds_said(case: Case) -> list[tuple[datetime, str, str]]:
    spoken = [(s.at, s.word, s.by.login) for s in case.said_now(*_KIND_WORDS)]
    spoken += _fields_said(case, "steward_kind", set(Kind))
    spoken += _fields_said(case, "steward_tier", set(Tier))
    return spoken


def _kind_meant(word: str) -> Kind:
    return Kind(word) if word in set(Kind) else Kind.COMPLAINT


def _voiced_before(case: Case, voices: tuple[Voice, ...], at: datetime) -> datetime:
    """The article that first voices the complaint, else the customer's last one before the agent said so."""
    earlier = [v.at for v in voices if v.at <= at]
    return _first_voiced(case, voices, until=at) or (earlier[-1] if earlier else case.matter.starts_at)


def _first_voiced(case: Case, voices: tuple[Voice, ...], *, until: datetime | None = None) -> datetime | None:
    """When the customer first voiced a complaint, here or on a ticket that came in by a merge while only suspected.

    Without ``until`` all that was heard counts: Zammad's clock may be ahead of ours, or time stand still for us.
    """
    merges = [m for m in case.timeline.of(FactKind.RECEIVED_MERGE) if case.matter.starts_at <= m.at]
    voiced = [(v.at, v.at) for v in voices if v.complains]
    voiced += [(m.at, datetime.fromisoformat(m["voiced_at"])) for m in merges if m["voiced_at"]]
    return min((since for at, since in voiced if until is None or at <= until), default=None)


def _excluded(case: Case) -> Verdict | None:
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
            return Verdict(Kind.NONE, because, case.created_at)
    return None


def _begins_automatically(case: Case) -> bool:
    first = next((a for a in case.timeline.of(FactKind.ARTICLE) if a["sender"] == "Customer"), None)
    return first is not None and is_automatic(first) and not case.customer_articles


def _is_from_excluded_sender(case: Case) -> bool:
    first = next((a for a in case.timeline.of(FactKind.ARTICLE) if a["sender"] == "Customer"), None)
    if first is None:
        return False
    sender = first.text("from").lower()
    domains = tuple(f"@{d.lower().removeprefix('@')}" for d in case.pack.scope.own_domains)
    return sender.rstrip(">").endswith(domains) if domains and sender else _matches_sender(case, sender)


def _matches_sender(case: Case, sender: str) -> bool:
    return bool(sender) and matcher(case.pack.scope.exclude_senders, whole_words=False)(sender)


def _customer_is_agent(case: Case) -> bool:
    seen = case.timeline.observed("customer_is_agent")
    return bool(seen and seen["value"])


def _by_merge(case: Case, voices: tuple[Voice, ...]) -> Verdict | None:
    """A complaint that came in by a merge stays one; what was voiced here before it came counts too."""
    carried = [m for m in case.timeline.of(FactKind.RECEIVED_MERGE) if m["kind"] == Kind.COMPLAINT]
    if not carried:
        return None
    because = text("A complaint was merged into it.")
    return Verdict(Kind.COMPLAINT, because, carried[0].at, "C1.4", voiced_at=_first_voiced(case, voices))


def _by_group(case: Case) -> Verdict | None:
    kind = case.pack.group_kinds.get(case.group)
    if kind is None:
        return None
    since = case.matter.starts_at
    return Verdict(kind, text("Tickets of group {group} are taken so.", group=case.group), since, voiced_at=since)


def _by_words(case: Case, options: Options, voices: tuple[Voice, ...]) -> Verdict | None:
    voiced = _first_voiced(case, voices)
    if voiced is None:
        return None
    confirmed_at = case.office.after(voiced, options.confirm_after)
    if case.now >= confirmed_at:
        because = text("The customer's words of {at} voice a complaint, and nobody said otherwise.", at=voiced)
        return Verdict(Kind.COMPLAINT, because, confirmed_at, "C3.1", voiced_at=voiced)
    because = text("The customer's words of {at} may be a complaint.", at=voiced)
    return Verdict(Kind.REQUEST, because, voiced, "C3.1", voiced_at=voiced, suspected=True)


def _complaint_since(case: Case, options: Options, voices: tuple[Voice, ...]) -> datetime:
    """Since when a complaint is one: an agent's newest word for it may only repeat what held already."""
    kinds = [(at, _kind_meant(word)) for at, word, _ in sorted(_kinds_said(case))]
    said = [at for at, _ in takewhile(lambda step: step[1] is Kind.COMPLAINT, reversed(kinds))]
    unsaid = (_by_merge(case, voices), _by_group(case), _by_words(case, options, voices))
    # an agent's word to the contrary outranks whatever held before it
    held = [v.at for v in unsaid if v is not None and v.kind is Kind.COMPLAINT] if len(said) == len(kinds) else []
    return min((*said, *held), default=case.matter.starts_at)


def _accepted_at(case: Case, verdict: Verdict) -> datetime:
    """Of a request its creation; of a complaint the message that first voices it; a merge keeps the earlier one."""
    if verdict.kind is not Kind.COMPLAINT:
        opened_by_us = is_opened_by_our_message(case.timeline) and case.customer_articles
        return case.customer_articles[0].at if opened_by_us and case.matter.number == 1 else case.matter.starts_at
    moments = [m for m in map(_carried_acceptance, case.timeline.of(FactKind.RECEIVED_MERGE)) if m is not None]
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


def _suspicion(case: Case, options: Options, verdict: Verdict, voices: tuple[Voice, ...]) -> Iterator[Should]:
    assert verdict.voiced_at is not None
    if case.matter.is_closed:
        return
    yield Tag("steward:suspected", Slot.TIER, f"m{case.matter.number}", "C3.1", verdict.because)
    confirmed_at = case.office.after(verdict.voiced_at, options.confirm_after)
    yield Look(confirmed_at, text("Then it counts as a complaint."), certain=True)
    yield from _danger(case, voices)


def _danger(case: Case, voices: tuple[Voice, ...]) -> Iterator[Note]:
    """Danger to persons is told at once, suspected or not."""
    danger = next((v for v in voices if v.is_danger), None)
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


# -- tier and nature --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    tier: Tier
    because: Text
    clause: str = "A2.1"
    by_agent: bool = False


def _complaint(case: Case, options: Options, voices: tuple[Voice, ...]) -> Iterator[Should]:
    steps = tuple(_tier_steps(case, options, voices))
    last = steps[-1]
    yield Finding("tiers", tuple(_tiers_held(case, options, voices, steps)), last.clause, last.because)
    yield Finding("tier", last.tier, last.clause, last.because)
    yield Finding("tier_by_agent", any(step.by_agent for step in steps), last.clause, last.because)
    yield Field("steward_tier", last.tier.value, last.clause, last.because)
    if last.tier is not Tier.GENERAL:
        yield Tag(f"steward:{last.tier}", Slot.TIER, f"m{case.matter.number}-{len(steps)}", last.clause, last.because)
    yield from _danger(case, voices)


def _tier_steps(case: Case, options: Options, voices: tuple[Voice, ...]) -> Iterator[_Step]:
    """The tiers in the order they came to hold: words, then what agents said, raised by *dissatisfied*."""
    by_words = _tier_by_words(case, options, voices)
    yield by_words
    current = by_words.tier
    for at, word, login in sorted([*_tiers_said(case), *_tiers_brought(case, voices)]):
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
    case: Case, options: Options, voices: tuple[Voice, ...], steps: tuple[_Step, ...]
) -> Iterator[tuple[datetime, Tier]]:
    """Each tier with the moment since when it held: what an agent gave comes last, as it outranks the rest."""
    since = _complaint_since(case, options, voices)
    place = 0
    for ground in sorted(_grounds(case, options, voices), key=lambda step: step.at):
        place = max(place, TIERS.index(ground.tier))
        # what was no complaint yet had no tier, whatever spoke for one
        yield max(ground.at, since), TIERS[place]
    for step in steps[1:]:
        yield max(step.at, since), step.tier


def _tiers_said(case: Case) -> list[tuple[datetime, str, str]]:
    spoken = [(s.at, s.word, s.by.login) for s in case.said_now(*Tier, "dissatisfied")]
    return [*spoken, *_fields_said(case, "steward_tier", set(Tier))]


def _tiers_brought(case: Case, voices: tuple[Voice, ...]) -> Iterator[tuple[datetime, str, str]]:
    """The tier an agent gave a complaint before it was merged in; here too it wins over that complaint's own words.

    Not where this ticket was a complaint already, or may have been one: nobody has judged the two together.
    """
    merges = (m for m in case.timeline.of(FactKind.RECEIVED_MERGE) if m.at >= case.matter.starts_at)
    merge = next((m for m in merges if m["kind"] == Kind.COMPLAINT), None)
    if merge is None or not merge["tier_by_agent"]:
        return
    said = any(at <= merge.at and _kind_meant(word) is Kind.COMPLAINT for at, word, _ in _kinds_said(case))
    voiced = any(
        v.at <= merge.at and (v.complains or v.is_serious) and v.article.key not in merge["articles"] for v in voices
    )
    if not (said or voiced or case.pack.group_kinds.get(case.group) is Kind.COMPLAINT):
        yield merge.at, merge["tier"], ""


def _fields_said(case: Case, name: str, allowed: Collection[str]) -> Iterator[tuple[datetime, str, str]]:
    """Values agents gave a field by hand in this matter: when, what, who."""
    for value in fields_set_by_agents(case.timeline, name):
        if value.value in allowed and value.at >= case.matter.starts_at:
            yield value.at, str(value.value), value.by.login


def _tier_by_words(case: Case, options: Options, voices: tuple[Voice, ...]) -> _Step:
    return max(_grounds(case, options, voices), key=lambda step: TIERS.index(step.tier))


def _grounds(case: Case, options: Options, voices: tuple[Voice, ...]) -> Iterator[_Step]:
    """Everything that speaks for a tier before an agent gives one."""
    yield _Step(case.accepted_at, Tier.GENERAL, text("Nothing raises it."))
    for voice in voices:
        if voice.is_danger:
            yield _Step(voice.at, Tier.MAJOR, text("Words of danger in the message of {at}.", at=voice.at), "C3.2")
        elif voice.is_serious:
            yield _Step(voice.at, Tier.SERIOUS, text("Serious words in the message of {at}.", at=voice.at), "C3.2")
    for carried in case.timeline.of(FactKind.RECEIVED_MERGE):
        for tier in (carried["tier"], carried["voiced_tier"]):
            if tier in set(Tier):
                yield _Step(carried.at, Tier(tier), text("It came with a merged complaint."))
    vip = case.timeline.observed("vip")
    if vip is not None and vip["value"]:
        yield _Step(case.accepted_at, options.vip_tier, text("The customer is a VIP."), "C2.1")


def _nature(case: Case, verdict: Verdict) -> Iterator[Should]:
    said = [f for f in fields_set_by_agents(case.timeline, "steward_nature") if f.value]
    if said:
        yield Field("steward_nature", said[-1].value, "C3.2", text("{login} said so.", login=said[-1].by.login))
        return
    found = _spoken_nature(case) if verdict.kind is Kind.COMPLAINT or verdict.suspected else None
    because = text("The customer's words speak of it.") if found else text("Nothing says what it is about.")
    yield Field("steward_nature", found, "C3.2", because)


def _spoken_nature(case: Case) -> str | None:
    """The first nature of the pack whose words the customer uses."""
    natures = case.pack.words.natures
    return next((nature for nature in case.pack.natures if is_spoken(case.timeline, natures.get(nature, ()))), None)
