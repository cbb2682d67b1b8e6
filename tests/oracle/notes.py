"""Which steps a ticket's notes speak of, and which the standard wants told: each with its clause, and once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.oracle import working_time
from tests.oracle.clocks import AFTERWARDS, CLAUSES, Clock
from tests.oracle.life import A_WORKING_DAY, ENDANGERS, TIERS, Life
from tests.oracle.responsibility import Responsibility

PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
MENTION = re.compile(r"<a [^>]*data-mention[^>]*>.*?</a>", re.DOTALL)
CLAUSE = re.compile(r"\b[A-E]\d\.\d\b")
OF_A_CLOCK = re.compile(r"^.*?(?P<late>: the limit was| by) .* – (?P<clock>[a-z -]+?) \d.*?, [A-E]\d\.\d")
CLOCKS = {"formal notice": "notice", "follow-up visit": "follow_up_visit", "first response": "first_response"}
"""As notes call them, where that is not the field's word."""
SENTENCES = (
    ("danger", "Read this message at once", "C3.2"),
    ("major", "A major complaint:", "A2.1"),
    ("late major", "Major since it was closed:", "A2.1"),
    ("orphan", "Take this ticket", "C1.4"),
    ("silence", "Write what is being done", "E2.2"),
    ("ping-pong", "Decide who keeps it", "E2.2"),
    ("hand-over", "say “accept” or “decline”", "C1.4"),
    ("declined", "stays responsible", "C1.4"),
    ("refusal", "The extension was not taken", "A2.1"),
    ("dispute refused", "only complaints become disputes", "A6.1"),
    ("dispute refused", "A dispute goes step by step", "A6.1"),
    ("plan refused", "The plan is not complete", "D5.3"),
    ("incomplete", "Complete the record", ""),
    ("dissatisfied request", "The ticket is taken for a request", "D5.3"),
    ("dissatisfied", "said the customer is not satisfied", "D5.3"),
    ("dissatisfied", "The customer was not satisfied", "D5.3"),
    ("unknown word", "does not know the word", ""),
)
UNASKED = frozenset({"orphan", "silence", "ping-pong"})
"""Besides warnings and breaches: what nobody's word asked for."""
PERHAPS = UNASKED | {"hand-over", "declined", "danger", "major", "late major", "incomplete"}
"""And what somebody did or wrote gave rise to, which may count too."""
MOST_UNASKED = 2


@dataclass(frozen=True, slots=True)
class Told:
    """What one ticket's notes say: how often each step, how many nobody asked for (surely, perhaps), wrong clauses."""

    steps: Counter[str]
    unasked: int
    perhaps: int
    wrong: tuple[str, ...]


Range = tuple[int, int]


def told(notes: Sequence[str]) -> Told:
    """Read Steward's notes on a ticket, as HTML."""
    steps: Counter[str] = Counter()
    wrong: list[str] = []
    unasked = perhaps = 0
    for note in notes:
        texts = (MENTION.sub("", paragraph).strip() for paragraph in PARAGRAPH.findall(note))
        found = [_step(text) for text in texts if text]
        steps.update(step for step, _ in found)
        wrong += [told for _, told in found if told]
        unasked += any(is_unasked(step) for step, _ in found)
        perhaps += any(is_unasked(step) or step in PERHAPS for step, _ in found)
    return Told(steps, unasked, perhaps, tuple(wrong))


def is_unasked(step: str) -> bool:
    """Whether a step is told without anybody's asking, and so among the few of a ticket's life."""
    return step.startswith(("warning", "breach")) or step in UNASKED


def _step(text: str) -> tuple[str, str]:
    """The step a paragraph is of, and what is wrong with its clause, if anything."""
    clauses = CLAUSE.findall(text)
    if (found := OF_A_CLOCK.match(text)) is not None:
        name = CLOCKS.get(found["clock"], found["clock"])
        wrong = CLAUSES.get(name) not in clauses
        step = f"{'breach' if 'was' in found['late'] else 'warning'} of {name}"
    else:
        step, clause = next(((step, clause) for step, part, clause in SENTENCES if part in text), ("", ""))
        wrong = not step or (bool(clause) and clause not in clauses)
    return step, f"a note of no known step, or another clause: {text}" if wrong else ""


def wanted(life: Life, clocks: Sequence[Clock], held: Responsibility, *, orphaned: int) -> Mapping[str, Range]:
    """How often each step is told at least and at most; steps that are not named never.

    A request that was merged brings its notes along, so of the target of a merge nothing is said.
    """
    now = life.world.now
    found: dict[str, Range] = {"declined": (0, len(held.given)), "silence": (0, 9), "refusal": (0, life.extensions)}
    found["danger"] = _dangers(life)
    found["major"] = _majors(life)
    found["late major"] = _late_majors(life)
    found["incomplete"] = (0, int(life.kind == "complaint" and bool(life.closed)))
    found["plan refused"] = (0, life.words.count("plan-ready"))
    found["orphan"] = (0, orphaned)
    found["ping-pong"] = (0, 1 + len(life.answered)) if len(held.given) or held.may_be_ping_pong() else (0, 0)
    heavy = [one for one in held.given if one.heavy]
    found["hand-over"] = (0, len(heavy))
    found["dissatisfied request"] = found["dissatisfied"] = (0, life.words.count("dissatisfied"))
    for clock in clocks:
        found |= _of(clock, now, known_at=life.confirmed_at or life.created_at, before=found)
    return found


def _of(clock: Clock, now: datetime, *, known_at: datetime, before: Mapping[str, Range]) -> dict[str, Range]:
    """A clock is warned of once; its breach is told to the first level, and a working day later to the next.

    What ended before anybody could know that it ran (the word for a complaint came late, or ended it) may go untold.
    """
    end = clock.ended_at or now
    warned = clock.unsure or end >= clock.warning.earliest
    broken = clock.is_broken(now)
    settled = max(working_time.after(moment, A_WORKING_DAY).latest for moment in (clock.limit.latest, known_at))
    surely = broken is True and end >= settled and clock.name not in AFTERWARDS
    steps = {
        f"warning of {clock.name}": (0, clock.times * warned),
        f"breach of {clock.name}": (int(surely), 2 * clock.times * (broken is not False)),
    }
    return {
        step: (max(least, before.get(step, (0, 0))[0]), most + before.get(step, (0, 0))[1])
        for step, (least, most) in steps.items()
    }


def _dangers(life: Life) -> Range:
    times = sum(any(word in text for word in ENDANGERS) for text in life.texts)
    return (int(times > 0 and not life.said_kind), times)


def _late_majors(life: Life) -> Range:
    """What is called major only after the closing is told to whom a major one brings in (A2.1)."""
    late = [(at, tier) for at, tier in life.tier_acts if life.closed and at > life.closed[0][0]]
    most = len(late) + len(life.closed) * (life.is_dangerous + life.words.count("dissatisfied"))
    if not life.is_closed or life.closed_at is None or not late or life.unsure or life.dissatisfied or life.mailed_at:
        return 0, most
    since, tier = life.tier_acts[-1]
    before = {tier for at, tier in life.tier_acts if at <= life.closed_at}
    was_major = life.is_dangerous or TIERS[-1] in before
    told = life.world.now >= working_time.after(since, 1).latest and life.not_ours_at is None
    return int(tier == TIERS[-1] and since > life.closed_at and not was_major and told), most


def _majors(life: Life) -> Range:
    raised = life.words.count("dissatisfied")
    entered = life.is_dangerous + raised + sum(tier == TIERS[-1] for _, tier in life.tier_acts)
    since = life.tier_acts[-1][0] if life.tier_acts else life.confirmed_at
    # whoever is told is told when the office is open
    told = since is not None and life.world.now >= working_time.after(since, 1).latest
    surely = life.kind == "complaint" and life.tier == TIERS[-1] and not life.unsure and not life.closed
    return (int(surely and told), entered)
