"""Tags as sets: what lacks is added once a cause, only what we added is taken off, words always (promises 2 and 7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plugin.model.decision import Mode, Tag, WordDone
from plugin.model.effects import Effect, EffectKind
from plugin.model.facts import Fact, FactKind
from plugin.model.words import text
from plugin.plan import flapping
from plugin.plan.making import Making
from plugin.plan.parts import TagAdd, TagRemove


def calls(wanted: Iterable[Tag], words: Iterable[WordDone], making: Making) -> Iterator[TagAdd | TagRemove]:
    """Additions, then what is taken off."""
    tags = tuple(wanted)
    yield from _additions(tags, making)
    yield from _removals({tag.tag for tag in tags}, making)
    yield from _words(words, making)


def _additions(tags: Iterable[Tag], making: Making) -> Iterator[TagAdd]:
    for tag in tags:
        if tag.tag in making.standing.tags or _an_agent_took_it_off(tag, making):
            continue
        effect = making.effect(
            EffectKind.TAG_ADD,
            rule=tag.rule,
            epoch=_epoch(tag, making),
            clause=tag.clause,
            because=tag.because,
            request={"tag": tag.tag, "cause": tag.cause},
        )
        if _may_go(effect, tag.mode, making):
            yield TagAdd((effect,), tag.tag)


def _may_go(effect: Effect, mode: Mode, making: Making) -> bool:
    until = flapping.tag_rests_until(str(effect.request["tag"]), effect.kind, making)
    if until is None or not making.terms.enforces(mode):
        return making.may_go(effect, mode)
    making.rest(effect, flapping.FLAPPING, until=until)
    return False


def _epoch(tag: Tag, making: Making) -> str:
    """The cause, and how often we or a machine took the tag off: only that makes adding it again legitimate."""
    ours = making.ledger.count(EffectKind.TAG_REMOVE, tag=tag.tag)
    by_machine = sum(1 for f in _removed(tag.tag, making) if not f.by.is_person and f.by.id != making.terms.own_id)
    return f"{tag.tag}-{tag.cause}-{ours + by_machine}"


def _an_agent_took_it_off(tag: Tag, making: Making) -> bool:
    """For this very cause: it is not added again until the cause changes."""
    added = [e for e in making.ledger.applied(EffectKind.TAG_ADD) if e.request.get("tag") == tag.tag]
    if not added or added[-1].request.get("cause") != tag.cause:
        return False
    since = added[-1].settled_at or added[-1].created_at
    removed = _removed(tag.tag, making)
    return bool(removed) and removed[-1].by.is_agent and removed[-1].at > since


def _removals(wanted: set[str], making: Making) -> Iterator[TagRemove]:
    for name in sorted(making.standing.tags - wanted):
        ours = _added_by_us(name, making)
        if ours is None:
            continue
        number = making.ledger.count(EffectKind.TAG_REMOVE, tag=name) + 1
        effect = making.effect(
            EffectKind.TAG_REMOVE,
            rule=ours.rule,
            epoch=f"{name}-off-{number}",
            clause=ours.clause,
            because=text("It no longer holds."),
            request={"tag": name},
        )
        if _may_go(effect, Mode.ENFORCE, making):
            yield TagRemove((effect,), name)


def _added_by_us(name: str, making: Making) -> Effect | None:
    """Our addition of the tag, None where a person's came after it."""
    added = [e for e in making.ledger.applied(EffectKind.TAG_ADD) if e.request.get("tag") == name]
    facts = [f for f in making.standing.timeline.of(FactKind.TAG_ADDED) if f["tag"] == name]
    if not added or (facts and facts[-1].by.is_person):
        return None
    return added[-1]


def _words(words: Iterable[WordDone], making: Making) -> Iterator[TagRemove]:
    seen: set[str] = set()
    for word in words:
        if word.tag not in making.standing.tags or word.tag in seen:
            continue
        seen.add(word.tag)
        number = making.ledger.count(EffectKind.TAG_REMOVE, tag=word.tag) + 1
        effect = making.effect(
            EffectKind.TAG_REMOVE,
            rule=word.rule or "words",
            epoch=f"{word.tag}-{number}",
            clause=word.clause,
            because=word.because,
            request={"tag": word.tag},
        )
        if making.may_go(effect, word.mode):
            yield TagRemove((effect,), word.tag)


def _removed(tag: str, making: Making) -> list[Fact]:
    return [f for f in making.standing.timeline.of(FactKind.TAG_REMOVED) if f["tag"] == tag]
