"""Examples put to the test: the story told, decided at each moment, and compared with what was expected."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from plugin.engine import decide
from plugin.model.decision import Decision, Message, Note, Task, Ticketed
from plugin.model.facts import Timeline
from plugin.model.pack import Pack, Rule, TierSettings
from plugin.packs.examples.example import Example
from plugin.packs.examples.expectations import Expectation
from plugin.packs.examples.given import Given
from plugin.packs.examples.moments import Diary
from plugin.packs.examples.ticket import StoryTicket
from plugin.policies import repeat_complaints

Asked = TypeVar("Asked", Note, Task, Message, Ticketed)
FIRST_LINE = "First line"
"""The group of a story's ticket where neither the example nor the pack says another."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something else came out: when in the story, what it is about, what was expected and what came."""

    at: str
    about: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of one example."""

    name: str
    example: Example
    failures: tuple[Failure, ...]

    @property
    def holds(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class Told:
    """A story told: what was known at each moment at which something is expected."""

    name: str
    example: Example
    diary: Diary
    moments: tuple[tuple[str, datetime, Timeline, tuple[Expectation, ...]], ...]


def prove(name: str, example: Example, *, pack: Pack) -> Proof:
    """Whether the example holds for the pack."""
    story = tell(name, example, pack=pack)
    return Proof(name, example, tuple(failures(story, pack=pack)))


def tell(name: str, example: Example, *, pack: Pack) -> Told:
    """The story as facts; the pack gives its zone, the group its tickets are in, and what is counted at a look."""
    diary = Diary(zone=pack.zone, first=next(iter(example.story)))
    ticket = StoryTicket(
        given=example.given,
        group=example.given.group or _group(pack),
        now=diary.begins,
        common_window=_common_window(pack),
    )
    for moment in sorted(example.story, key=diary.when):
        ticket.now = diary.when(moment)
        for step in example.story[moment]:
            step.tell(ticket, diary)
    expected = sorted(example.expect.items(), key=lambda pair: diary.when(pair[0]))
    return Told(
        name=name,
        example=example,
        diary=diary,
        moments=tuple(
            (str(at), diary.when(at), ticket.timeline(ticket_id=1, until=diary.when(at)), expectations)
            for at, expectations in expected
        ),
    )


def failures(story: Told, *, pack: Pack) -> Iterator[Failure]:
    """What comes out otherwise than expected, in order of time."""
    given, diary = story.example.given, story.diary
    pack = as_given(pack, story.example)
    switches: Mapping[str, datetime] = {}
    if given.enforced_since is not None:
        switches = {rule.name: diary.when(given.enforced_since) for rule in pack.rules}
    for written, at, timeline, expectations in story.moments:
        decided = decide(timeline, pack=pack, now=at, switches=switches, customer_mail=given.customer_mail)
        decision = _braked(decided, pack, given)
        for one in expectations:
            expected, got = one.expected(diary), one.got(decision, diary)
            if expected != got:
                yield Failure(f"{written} ({diary.words(at)})", one.about, expected, got)


def as_given(pack: Pack, example: Example) -> Pack:
    """The pack with the example's people, and the options it is to show."""
    given = example.given
    tiers = {tier: TierSettings(handlers=given.handlers.get(tier, ())) for tier in pack.tiers}
    rules = tuple(_with_options(rule, given.options.get(rule.policy)) for rule in pack.rules)
    return replace(pack, people=given.people, tiers=tiers, rules=rules)


def _braked(decision: Decision, pack: Pack, given: Given) -> Decision:
    """The decision without what rules ask for that wrote to as many tickets as their limit allows."""
    held = {r.policy for r in pack.rules if r.limit is not None and given.written.get(r.policy, 0) >= r.limit}
    if not held:
        return decision
    return replace(
        decision,
        notes=_but(decision.notes, held),
        tasks=_but(decision.tasks, held),
        messages=_but(decision.messages, held),
        ticket=_but(decision.ticket, held),
    )


def _but(parts: tuple[Asked, ...], held: Container[str]) -> tuple[Asked, ...]:
    return tuple(part for part in parts if part.rule.partition(".")[0] not in held)


def _with_options(rule: Rule, changed: Mapping[str, Any] | None) -> Rule:
    options: Any = rule.options
    return replace(rule, options=replace(options, **changed)) if changed else rule


def _common_window(pack: Pack) -> timedelta:
    """How far back complaints of other customers are counted when a ticket is looked at."""
    options = (rule.options for rule in pack.rules)
    return next((one.common_window for one in options if isinstance(one, repeat_complaints.Options)), timedelta(0))


def _group(pack: Pack) -> str:
    """A group the pack is for, whose tickets are of no kind beforehand."""
    groups = pack.scope.groups or (FIRST_LINE,)
    return next((group for group in groups if group not in pack.group_kinds), groups[0])
