"""What a complaint is about: product, service, or whatever else the pack names."""

from __future__ import annotations

from collections.abc import Iterator

from plugin.model.attributes import means, value_of
from plugin.model.case import Case
from plugin.model.decision import Field, Finding, Should
from plugin.model.grounds import Ground
from plugin.model.pack import Kind
from plugin.model.said import fields_set_by_agents
from plugin.model.wording import messages_with
from plugin.model.words import text
from plugin.policies.classification.verdicts import Verdict


def grounds(case: Case, verdict: Verdict) -> tuple[Ground, ...]:
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


def spoken(natures: tuple[Ground, ...]) -> int:
    """How many natures the customer's own words speak of."""
    return len({ground.value for ground in natures if ground.words})


def conclude(natures: tuple[Ground, ...]) -> Iterator[Should]:
    found = natures[0].value if natures else None
    because = natures[0].because if natures else text("Nothing says what it is about.")
    yield Finding("nature", found, "C3.2", because)
    yield Field("steward_nature", found, "C3.2", because)
