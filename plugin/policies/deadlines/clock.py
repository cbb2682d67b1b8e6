"""One clock as the pack has it for this ticket, run from its start to its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from plugin.model.case import Case
from plugin.model.clocks import Clock, ClockState, Span
from plugin.model.life import Closing
from plugin.model.promises import Promise, run
from plugin.model.words import Text, text
from plugin.policies.deadlines import ends
from plugin.policies.deadlines.ends import End


def clock_of(
    case: Case,
    name: str,
    *,
    epoch: str,
    starts_at: datetime,
    end: End | None,
    because: Text,
    ends_with: Text,
    closed: tuple[Closing, ...] = (),
    extended: bool = False,
) -> Iterator[Clock]:
    """The clock of the pack's settings, if the pack has it for this kind and tier; what broke in another tier stays."""
    settings, is_over = case.clock_settings(name), False
    if settings is None:
        once = case.clock_settings_once(name)
        if once is None:
            return
        settings, left_at = once
        end, is_over = ends.earliest(end, End(left_at, text("Its tier has no such clock."), ClockState.CANCELLED)), True
    pauses = [(w.since, w.until, w.because) for w in case.waits] if settings.pauses else []
    pauses += [(c.at, c.until, text("The ticket was closed.")) for c in closed]
    if is_over and end is not None and end.at < starts_at:
        return  # it left the tier before that began
    clock = run(
        Promise(
            settings=settings,
            calendar=case.pack.calendar(settings.calendar),
            epoch=epoch,
            starts_at=starts_at,
            ended_at=end.at if end else None,
            end_state=end.state if end else ClockState.MET,
            because=end.because if end else because,
            ends_with=ends_with,
            pauses=tuple(Span(s, u, b) for s, u, b in pauses),
            extended=extended,
        ),
        now=case.now,
    )
    if clock.was_broken or not is_over:
        yield clock


def epoch_of(case: Case) -> str:
    return f"m{case.matter.number}"
