"""When two times are the same moment, though a recorder's and a sandbox's clocks are not one."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)")
"""Times as Zammad writes them, ISO 8601 or as Ruby prints them."""


@dataclass(slots=True)
class Moments:
    """How far two times may lie apart and still be the same moment.

    ``windows`` are spans within which the recorder does not say when something happened (a stage direction);
    times before ``begins`` were set before the first story.
    """

    begins: datetime
    slack: timedelta = timedelta(seconds=1.5)
    windows: list[tuple[datetime, datetime]] = field(default_factory=list)
    vague: dict[datetime, tuple[datetime, datetime]] = field(default_factory=dict)
    """Of single moments of the sandbox: between which two the recorded one lies."""

    def same(self, recorded: datetime, own: datetime) -> bool:
        """Whether both can be the same moment."""
        if recorded < self.begins:
            return own < self.begins + self.slack
        if abs(recorded - own) <= self.slack:
            return True
        start, end = self.vague.get(own, (own, own))
        if start <= recorded <= end:
            return True
        widest = max((end - start for start, end in self.windows), default=timedelta())
        return abs(recorded - own) <= widest + self.slack


def time_of(text: str) -> datetime:
    """The moment a time of Zammad's names, whatever its form.

    >>> time_of("2025-01-31 10:00:00 UTC") == time_of("2025-01-31T10:00:00.000Z")
    True
    """
    return datetime.fromisoformat(text.replace(" UTC", "Z").replace(" ", "T")).astimezone(UTC)
