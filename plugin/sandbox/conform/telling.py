"""The story that is being replayed: what it has shown so far, and where its findings go."""

import re
from dataclasses import dataclass, field

from plugin.sandbox.conform.comparison import Comparison, Manner
from plugin.sandbox.conform.deliveries import Arrival, arrival_of
from plugin.sandbox.conform.deviations import Deviation
from plugin.sandbox.conform.directions import Script
from plugin.sandbox.conform.identities import Identities
from plugin.sandbox.conform.moments import Moments
from plugin.sandbox.conform.report import Difference, Report
from plugin.sandbox.conform.stories import Step, Story
from plugin.sandbox.conform.unrecorded import Unrecorded

LATE = re.compile(r"\(capture\) (\d+) late deliver")


@dataclass(slots=True)
class Telling:
    """One story with its script, what pairs of ids are known, and the report.

    ``touched`` holds the sandbox's ids of the tickets this story made or asked for.
    """

    story: Story
    script: Script
    report: Report
    identities: Identities
    moments: Moments
    unrecorded: Unrecorded | None = None
    awaited: list[Arrival] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    loose: set[int] = field(default_factory=set)
    """Jobs of which nobody knows when, or after which others, they were queued."""
    phantoms: bool = False
    """Whether a webhook came of a refused request when its thread served another one: nobody knows when."""
    raced: set[int] = field(default_factory=set)
    """Those of them that came of requests sent together."""

    def __post_init__(self) -> None:
        self.awaited = [arrival_of(step) for step in self.story.steps if step.kind == "webhook"]

    @property
    def late_deliveries(self) -> int:
        """How many deliveries about other stories' tickets the recorder says it left out."""
        texts = (str(step.record.get("text")) for step in self.story.steps if step.kind == "fact")
        return sum(int(found[1]) for text in texts if (found := LATE.match(text)))

    def during_group(self, step: Step) -> bool:
        """Whether a step lies inside a group of requests that were sent together."""
        for group in self.script.parallel:
            members = [self.story.steps[index] for index in group]
            if min(one.seconds for one in members) <= step.seconds <= max(one.ends for one in members):
                return True
        return False

    def comparison(self, step: Step, *, raced: bool = False) -> Comparison:
        """How strictly the bodies of a step are to be compared."""
        index = step.index
        manner = Manner(index in self.script.projected, index in self.script.foreign, raced)
        return Comparison(self.identities, self.moments, manner, self.unrecorded, self.phantoms)

    def pair(self, kind: str, *, recorded: object, own: object) -> bool:
        """Note that a step made something, under both names; whether they can belong together."""
        if not self.identities.match(kind, recorded=recorded, own=own):
            return False
        self.identities.made.add((kind, str(recorded)))
        if kind == "Ticket":
            self.touched.add(str(own))
            self.identities.made_now.add(str(recorded))
            if self.script.unwatched:
                self.identities.unwatched.add(str(recorded))
        return True

    def note(self, step: Step, *deviations: Deviation) -> None:
        """Add differences of one step to the report."""
        for deviation in deviations:
            difference = Difference(
                story=self.story.name,
                step=step.index,
                name=step.name,
                path=deviation.path,
                what=deviation.what,
                recorded=deviation.recorded,
                own=deviation.own,
                no_cause=deviation.no_cause,
            )
            (self.report.uncaused if deviation.no_cause else self.report.differences).append(difference)
