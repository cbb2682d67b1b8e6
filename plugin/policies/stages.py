"""The stage a matter is in: accept → assess → handle → feed back → follow up → done (C1.3, B1.3).

``accept`` until an answer, an owner or *accept*; ``assess`` until it is assessed (a request: until it is answered);
``handle`` until the result is told; ``feed_back`` while it stays open; ``follow_up`` once closed; ``done`` when visit
and confirmation are settled.

A rule::

    - policy: stages
      mode: enforce
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from plugin.model.case import Case
from plugin.model.decision import Field, Finding, Should
from plugin.model.pack import Kind
from plugin.model.words import Text, text

CLAUSES = ("C1.3", "B1.3", "C4.3")
AFTER = ("classification", "deadlines", "first_responder", "follow_up")


@dataclass(frozen=True, slots=True)
class Options:
    """No options: the five steps are the standard's."""


class Stage(StrEnum):
    """The values of ``steward_stage``."""

    ACCEPT = "accept"
    ASSESS = "assess"
    HANDLE = "handle"
    FEED_BACK = "feed_back"
    FOLLOW_UP = "follow_up"
    DONE = "done"


def decide(case: Case, options: Options) -> Iterator[Should]:  # noqa: ARG001 - every policy is called alike
    if case.kind is Kind.NONE:
        return
    stage, because = _stage(case)
    yield Finding("stage", stage, "C1.3", because)
    yield Field("steward_stage", stage.value, "C1.3", because)


def _stage(case: Case) -> tuple[Stage, Text]:
    if case.matter.is_closed and case.matter.suspended_at is None:
        if case.finding("followed_up"):
            return Stage.DONE, text("Closed, and nothing is left to follow up.")
        return Stage.FOLLOW_UP, text("Closed; visit and confirmation are not settled.")
    if case.finding("result_told_at") is not None:
        return Stage.FEED_BACK, text("The result was told; the ticket is still open.")
    answered = case.first_answer_since(case.accepted_at) is not None
    if not (answered or case.owner or case.said_now("accept")):
        return Stage.ACCEPT, text("Nobody has answered or taken it.")
    assessed = case.finding("assessed_at") is not None if case.is_complaint else answered
    if not assessed:
        return Stage.ASSESS, text("It is not assessed yet.")
    return Stage.HANDLE, text("It is being handled; no result was told.")
