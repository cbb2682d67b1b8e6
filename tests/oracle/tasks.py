"""Which tasks the standard wants done for a ticket, and which are open there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.oracle.clocks import Clock
from tests.oracle.life import TIERS, Life
from tests.oracle.records import World

KINDS = {
    "Bring in management": "management",
    "Call together the team": "team",
    "Investigate internally": "investigation",
    "Talk with the customer": "talk",
    "Put it right": "remedy",
    "Start working with those outside": "coordination",
    "Make a new plan": "plan",
    "Make a plan": "plan",
    "Review the result": "review",
    "Collect the evidence": "evidence",
    "Have both sides sign": "agreement",
    "Answer what the consumer objects": "objection",
    "Follow up": "visit",
    "Confirm in writing": "visit",
}
OF_REPEATED_COMPLAINTS = (
    "Find the root cause",
    "Put the cause down",
    "Write a case report",
    "Write down what helps",
)
"""Begin the tasks that hang on when Steward saw which other ticket: nothing is said of them."""
OF_A_MAJOR_MATTER = ("management", "team", "investigation", "talk", "remedy")
"""A2.1, C4.1, and the three-part response of C2.3."""

Range = tuple[int, int]


def opened(world: World, ticket_id: int) -> Counter[str]:
    """How many tasks of each kind wait to be done; one of no known kind is counted by its words."""
    return Counter(kind_of(text) for text in _open(world, ticket_id) if not is_left_out(text))


def is_left_out(text: str) -> bool:
    return any(start in text for start in OF_REPEATED_COMPLAINTS)


def kind_of(text: str) -> str:
    """The kind of a task, from how it is worded."""
    return next((kind for start, kind in KINDS.items() if start in text), text)


def _open(world: World, ticket_id: int) -> Iterator[str]:
    for item in world.items(ticket_id):
        if not item["checked"] and "No longer needed" not in item["text"]:
            yield str(item["text"])
    for ticket in world.task_tickets(ticket_id):
        if world.state(ticket["id"]) not in ("closed", "merged"):
            yield str(ticket["title"])


def wanted(life: Life, clocks: list[Clock]) -> Mapping[str, Range]:
    """How many of each kind are open at least and at most; kinds that are not named are not open."""
    running = {clock.name for clock in clocks if clock.ended_at is None}
    handled = life.kind == "complaint" and not life.is_closed
    found: dict[str, Range] = {}
    for kind in OF_A_MAJOR_MATTER:
        done = any(kind_of(text) == kind for text in life.ticks)
        if life.kind == "complaint" and life.tier == TIERS[-1]:
            found[kind] = (int(handled and not done), 1)
        elif life.closed:
            found[kind] = (0, 1)  # what becomes of them once the matter is closed is not said
    if life.outside_at is not None and life.coordinated_at is None and (life.closed or "coordination" in running):
        found["coordination"] = (int(not life.closed), 1)
    if life.dissatisfied:
        found["plan"] = (int(handled and not life.plan_ready), 1)
    elif plan := _plan(life, handled=handled):
        found["plan"] = plan
    if life.closed and life.kind == "complaint":
        found["review"] = _review(life)
    if life.kind == "complaint" and life.is_closed and life.visited_at is None:
        found["visit"] = (int(life.not_ours_at is None and "visit" not in life.unsure), 1)
    return found


def _plan(life: Life, *, handled: bool) -> Range | None:
    """A complex complaint has a plan (C4.2): a grave one, or one in need of somebody outside; None: it has none."""
    is_complex = life.kind == "complaint" and (life.tier != TIERS[0] or life.outside_at is not None)
    done = life.plan_ready or any(kind_of(text) == "plan" for text in life.ticks)
    if is_complex:
        return int(handled and not done and "tier" not in life.unsure and life.not_ours_at is None), 1
    return (0, 1) if life.closed else None


def _review(life: Life) -> Range:
    """The result of a grave complaint is reviewed after its closing by somebody who did not handle it (B3.3)."""
    if life.tier == TIERS[0] and "tier" not in life.unsure:
        return 0, 0
    stands = life.is_closed and life.not_ours_at is None and life.mailed_at is None and "reopened" not in life.unsure
    done = any(kind_of(text) == "review" for text in life.ticks)
    since = max([at for at, _ in life.tier_acts] + [life.confirmed_at or life.created_at])
    # what is called grave afterwards is reviewed too; who is dissatisfied has it reopened
    known = life.closed_at is not None and (since <= life.closed_at or not life.dissatisfied)
    return int(stands and known and not done and "tier" not in life.unsure), 1
