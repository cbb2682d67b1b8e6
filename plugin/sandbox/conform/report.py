"""What a conformance run found, as lines for people and as JSON."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

WIDTH = 160
"""Characters of a value shown in a line."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the sandbox did not do as the recorded server did.

    ``no_cause`` says why nothing in the story or its directions explains it; empty where something does.
    """

    story: str
    step: int
    name: str
    path: str
    what: str
    recorded: object
    own: object
    no_cause: str = ""

    def line(self) -> str:
        """The difference in one line: where, what, as recorded, as in the sandbox."""
        label = f"no cause ({self.no_cause}): " if self.no_cause else ""
        place = f" {self.path}" if self.path else ""
        return (
            f"{self.story}[{self.step}] {self.name}:{place} {label}{self.what}: "
            f"recorded {_shown(self.recorded)}, sandbox {_shown(self.own)}"
        )


@dataclass(slots=True)
class Report:
    """Counts and differences of a run; set-up that was not asked for is replayed but not counted."""

    calls: int = 0
    webhooks: int = 0
    ignored_rows: int = 0
    left_out: int = 0
    differences: list[Difference] = field(default_factory=list)
    uncaused: list[Difference] = field(default_factory=list)
    """Recorded values nothing recorded explains; the sandbox cannot have them, so they are no differences."""
    not_modelled: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """All there is to say, the summary last."""
        for difference in (*self.uncaused, *self.differences):
            yield difference.line()
        for route, times in sorted(self.not_modelled.items()):
            yield f"not modelled: {route} ({times})"
        for reason, times in sorted(Counter(difference.no_cause for difference in self.uncaused).items()):
            yield f"no cause: {times} {reason}"
        yield f"no cause: {len(self.uncaused)} values and deliveries nothing recorded explains"
        yield f"ignored: {self.ignored_rows} rows no recorded step made, {self.left_out} deliveries not recorded"
        yield self.summary()

    def summary(self) -> str:
        """The last line of a run."""
        return (
            f"conform: {self.calls} calls, {self.webhooks} webhooks, "
            f"{len(self.differences)} differences, {self.not_modelled.total()} not modelled"
        )

    def as_json(self) -> str:
        """The same as one JSON object."""
        return json.dumps(
            {
                "calls": self.calls,
                "webhooks": self.webhooks,
                "differences": [_record(difference) for difference in self.differences],
                "no_cause": [_record(difference) for difference in self.uncaused],
                "not_modelled": dict(sorted(self.not_modelled.items())),
                "ignored_rows": self.ignored_rows,
                "deliveries_not_recorded": self.left_out,
            },
            ensure_ascii=False,
            default=str,
        )


def _record(difference: Difference) -> dict[str, Any]:
    return {name: getattr(difference, name) for name in Difference.__slots__}


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
