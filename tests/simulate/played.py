"""Stories of tests/policies, played as histories."""

from __future__ import annotations

from collections import Counter

from plugin.model.pack import Pack
from plugin.simulate.histories import History
from plugin.simulate.outcome import Doing, Outcome
from plugin.simulate.playing import play
from tests.policies.story import Story


def history(story: Story, *, until: float, ticket_id: int = 1) -> History:
    """The story as it was read ``until`` hours after it began."""
    at = story.at(until)
    return History(ticket_id, "81001", "1", at, tuple(fact for fact in story.facts if fact.at <= at))


def played(story: Story, *, until: float, pack: Pack | None = None, customer_mail: bool = False) -> Outcome:
    """What a pack makes of it, the story's own where none is given."""
    outcome = play(history(story, until=until), pack or story.pack, customer_mail=customer_mail)
    assert outcome is not None
    return outcome


def doings(outcome: Outcome, doing: Doing) -> Counter[str]:
    """How often each rule did something, and for whom: ``rule → person``."""
    return Counter(f"{one.rule} → {one.person}" for one in outcome.done if one.doing is doing)


def end(outcome: Outcome, clock: str) -> str:
    """How the newest clock of that name came out."""
    return [one for one in outcome.clocks if one.name == clock][-1].end.value
