"""What speaks for a complaint, a request or none of both: agents, the pack's rules, the customer's words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from plugin.model.attributes import means, value_of
from plugin.model.case import Case
from plugin.model.conversation import articles, is_automatic, is_opened_by_our_message
from plugin.model.facts import FactKind
from plugin.model.grounds import Ground
from plugin.model.pack import KINDS, TIERS, Kind
from plugin.model.people import Role
from plugin.model.said import fields_set_by_agents, tags_now
from plugin.model.voices import COMPLAINT, DANGER, Voice
from plugin.model.wording import matcher
from plugin.model.words import Text, text
from plugin.policies.classification.options import Options


@dataclass(frozen=True, slots=True)
class Verdict:
    """A kind with its reason; ``at`` is when it came to hold, ``voiced_at`` when the customer voiced the complaint."""

    kind: Kind
    because: Text
    at: datetime
    clause: str = "C1.1"
    voiced_at: datetime | None = None
    confirmed_at: datetime | None = None
    """When a complaint that only words speak for counts as one, though nobody said so."""
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


def verdicts(case: Case, options: Options, heard: tuple[Voice, ...]) -> Iterator[Verdict]:
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
    spoken = kinds_said(case)
    if not spoken:
        return None
    at, word, login = max(spoken)
    because = text("{login} said so.", login=login)
    # saying it again, or of what tier it is, moves no acceptance
    first_said_at = min(since_said(spoken, kind_meant(word)))
    return Verdict(kind_meant(word), because, at, voiced_at=_voiced_before(case, heard, first_said_at), by_agent=True)


def since_said(spoken: Iterable[tuple[datetime, str, str]], kind: Kind) -> list[datetime]:
    """When agents said so, since the last of them who said otherwise."""
    newest_first = ((at, kind_meant(word)) for at, word, _ in sorted(spoken, reverse=True))
    return [at for at, _ in takewhile(lambda step: step[1] is kind, newest_first)]


_KIND_WORDS = ("complaint", "request", "none", "general", "serious", "major")


def kinds_said(case: Case) -> list[tuple[datetime, str, str]]:
    spoken = [(s.at, s.word, s.by.login) for s in case.said_now(*_KIND_WORDS)]
    spoken += fields_said(case, "steward_kind", KINDS)
    spoken += fields_said(case, "steward_tier", TIERS)
    return spoken


def kind_meant(word: str) -> Kind:
    return Kind(word) if word in KINDS else Kind.COMPLAINT


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
        confirmed_at=confirmed_at,
        suspected=not counts,
        fact=voice.article.key if voice else None,
        words=(voice.found.get(COMPLAINT) or voice.found.get(DANGER) or "") if voice else "",
    )


def fields_said(case: Case, name: str, allowed: Collection[str]) -> Iterator[tuple[datetime, str, str]]:
    """Values agents whom it is not about gave a field by hand in this matter: when, what, who."""
    about = case.unheard
    for value in fields_set_by_agents(case.timeline, name):
        if about is not None and about.did(value.by.login, value.at):
            continue
        if value.value in allowed and value.at >= case.matter.starts_at:
            yield value.at, str(value.value), value.by.login
