"""What Steward should have made of a helpdesk, computed from Zammad's records and standard.md alone.

No policy, engine, pack or calendar of the product is asked: the readings of standard.md 9 are written down here once
more, by hand, for tickets of an ordinary life: nobody said a word of Steward's, set its fields, merged them, or did
anything after their closing. Of requests it judges kind, tier, stage, first responder, broken and next clocks,
retention and the tags that follow; of customers' complaints that nobody confirmed: kind, suspicion, tier and broken
clocks. About all other tickets, and about moments at which the standard leaves room, it says nothing.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.oracle import working_time

FIRST_RESPONSE = timedelta(hours=24)
"""C3.1, E4.2; on a calendar that never closes."""
COMPLAINT_CLOCKS = {"assessment": timedelta(hours=48), "result": timedelta(hours=48)}
"""C4.1, C3.1: of a complaint nobody has judged or told a result about."""
NOTICE_DAYS = 2
"""C4.1, working days."""
WARNED_AT = 0.75
NEVER_OWNED_HOURS, DROPPED_HOURS = 8, 4
"""Working hours without an owner that make an orphan."""
MONTHS_KEPT = 6
COMPLAINS = ("complain", "投诉")
THREATENS = ("lawyer",)
ENDANGERS = ("caught fire",)
"""What the script's customers write when they complain; their other texts voice nothing."""
PRIVILEGED = "mei@customer.example"
"""A VIP, whose tier is a matter of the pack."""
NIGHT = timedelta(hours=16)
"""Between two working days, of which one is a step the standard counts in days or in hours."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """One ticket: fields by name ("" must be empty), tags that must be there, and tags that must not."""

    fields: Mapping[str, str]
    present: frozenset[str]
    absent: frozenset[str]


class World:
    """Zammad's records, asked in short words."""

    def __init__(self, tables: Mapping[str, Any], *, now: datetime) -> None:
        self.now = now
        self.logins = {row["id"]: row["login"] for row in tables["users"]}
        self.steward = next(number for number, login in self.logins.items() if login == "steward")
        self.agents = {row["id"] for row in tables["users"] if {1, 2} & set(row["role_ids"])}
        self._tickets = {row["id"]: row for row in tables["tickets"]}
        self._state_types = tables["state_types"]
        self._rows = {name: _by_ticket(tables[name]) for name in ("articles", "history")}

    def of(self, table: str, ticket_id: int) -> list[Row]:
        return self._rows[table].get(ticket_id, [])

    def ticket(self, ticket_id: int) -> Row:
        row: Row = self._tickets[ticket_id]
        return row

    def state(self, ticket: Row) -> str:
        return str(self._state_types[str(ticket["state_id"])])

    def closes(self, row: Row) -> bool:
        """Whether a history row is a closing."""
        return row.get("attribute") == "state" and row["value_to"] == "closed"


@dataclass(frozen=True, slots=True)
class Life:
    """An ordinary ticket's life. ``owners``: since when who owned it (None: nobody); ``asked``: who took it, in turn.

    ``complaints`` are the customer's messages that voice one: when, and what they say.
    """

    customer: str
    created_at: datetime
    answers: tuple[datetime, ...]
    complaints: tuple[tuple[datetime, str], ...]
    closed_at: datetime | None
    owners: tuple[tuple[datetime, int | None], ...]
    asked: tuple[int, ...]

    @property
    def owner(self) -> int | None:
        return self.owners[-1][1]

    def answered_since(self, moment: datetime) -> datetime | None:
        return next((at for at in self.answers if at >= moment), None)


def expected(world: World, ticket_id: int) -> Expected | None:
    """What should hold now, None for a ticket whose life was not ordinary."""
    life = _life(world, ticket_id)
    if life is None:
        return None
    return _complaint(world, life) if life.complaints else _request(world, life)


# -- the records ------------------------------------------------------------------------------------------------------


def _by_ticket(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row["ticket_id"], []).append(row)
    return found


def _life(world: World, ticket_id: int) -> Life | None:
    ticket, history = world.ticket(ticket_id), _by_people(world, ticket_id)
    articles = [row for row in world.of("articles", ticket_id) if row["created_by_id"] != world.steward]
    closings = [_at(row) for row in history if world.closes(row)]
    if _is_out_of_the_ordinary(world, ticket, history, articles, closings):
        return None
    answers = [row for row in articles if _answers(world, row)]
    takes = [row for row in history if row.get("attribute") == "owner" and row["id_to"] == row["created_by_id"]]
    acts = sorted((_at(row), row["created_by_id"]) for row in (*takes, *answers))
    return Life(
        customer=world.logins[ticket["customer_id"]],
        created_at=_at(ticket),
        answers=tuple(sorted(map(_at, answers))),
        complaints=tuple((_at(row), row["body"]) for row in articles if _complains(row)),
        closed_at=closings[0] if closings else None,
        owners=((_at(ticket), None), *_owners(history)),
        asked=tuple(who for _, who in acts),
    )


def _by_people(world: World, ticket_id: int) -> list[Row]:
    """What people changed; Zammad's own corrections, its notices, and Steward's writes are not theirs."""
    rows = [row for row in world.of("history", ticket_id) if row["kind"] != "notification"]
    return [row for row in rows if row["created_by_id"] not in (1, world.steward)]


def _is_out_of_the_ordinary(
    world: World, ticket: Row, history: Sequence[Row], articles: Sequence[Row], closings: Sequence[datetime]
) -> bool:
    told = (f"{row.get('attribute')} {row.get('value_to')}" for row in history)
    said = any("steward_" in text or "steward:" in text for text in told)
    merged = world.state(ticket) == "merged" or any("merge" in row["kind"] for row in history)
    after = [row for row in (*articles, *history) if closings and _at(row) > closings[0] + timedelta(seconds=1)]
    return said or merged or bool(after)


def _is_customers(article: Row) -> bool:
    return bool(article["sender_id"] == 2)


def _complains(article: Row) -> bool:
    return _is_customers(article) and any(word in article["body"] for word in COMPLAINS)


def _answers(world: World, article: Row) -> bool:
    """Public, of a communication type, by a person who is an agent; a call counts when it is recorded."""
    public = not article["internal"] and article["type_id"] in (1, 5)
    is_mail = article["type_id"] == 1
    return public and article["created_by_id"] in world.agents and not (is_mail and _is_customers(article))


def _owners(history: Sequence[Row]) -> Iterator[tuple[datetime, int | None]]:
    for row in history:
        if row.get("attribute") == "owner":
            yield _at(row), None if row["id_to"] in (None, 1) else row["id_to"]


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(row["created_at"]).astimezone(UTC)


# -- a request --------------------------------------------------------------------------------------------------------


def _request(world: World, life: Life) -> Expected:
    limit = life.created_at + FIRST_RESPONSE
    ended_at = min((at for at in (*life.answers[:1], life.closed_at) if at), default=None)
    broken = (ended_at or world.now) >= limit
    runs = ended_at is None
    fields = {
        "steward_kind": "request",
        "steward_tier": "",
        "steward_stage": _stage(life),
        "steward_breached": "first_response" if broken else "",
        "steward_next_due": "first_response" if runs else "",
        "steward_next_due_at": f"{limit:%Y-%m-%dT%H:%M:%S}Z" if runs else "",
        "steward_retention": "service",
        "steward_erase_after": str(_erase_after(life.closed_at)) if life.closed_at else "",
    }
    if life.asked and {owner for _, owner in life.owners[1:]} <= {life.asked[0]}:
        fields["steward_first_responder"] = world.logins[life.asked[0]]
    return _with_tags(
        fields,
        {
            "steward:breached": broken and life.closed_at is None,
            "steward:warned": runs and not broken and world.now >= life.created_at + FIRST_RESPONSE * WARNED_AT,
            "steward:orphan": _is_orphan(world, life),
            "steward:suspected": False,
            "steward:serious": False,
            "steward:major": False,
        },
    )


def _with_tags(fields: Mapping[str, str], held: Mapping[str, bool]) -> Expected:
    present = frozenset(tag for tag, holds in held.items() if holds)
    return Expected(fields, present, frozenset(held) - present)


def _stage(life: Life) -> str:
    """A request is assessed once it is answered; with customer mail off, nothing follows its closing."""
    if life.closed_at is not None:
        return "done"
    if life.answers:
        return "handle"
    return "accept" if life.owner is None else "assess"


def _is_orphan(world: World, life: Life) -> bool:
    if life.owner is not None or life.closed_at is not None:
        return False
    since, owned_before = life.owners[-1][0], len(life.owners) > 1
    return world.now >= working_time.after(since, DROPPED_HOURS if owned_before else NEVER_OWNED_HOURS)


def _erase_after(closed_at: datetime) -> date:
    """(The day of the closing, on the office's wall, and six months, clipped to the month) and one day."""
    closed = closed_at.astimezone(working_time.BERLIN).date()
    year, month = divmod(closed.year * 12 + closed.month - 1 + MONTHS_KEPT, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(closed.day, last)) + timedelta(days=1)


# -- a complaint nobody confirmed -------------------------------------------------------------------------------------


def _complaint(world: World, life: Life) -> Expected | None:
    """Suspected at once, a complaint after one working day, reckoned from the message that first voiced it."""
    accepted_at = life.complaints[0][0]
    counts_from = working_time.after(accepted_at, 8)
    unsure = counts_from <= world.now < counts_from + NIGHT
    if life.closed_at is not None or unsure or _request_was_late(life, accepted_at):
        return None
    if world.now < counts_from:
        return _with_tags({"steward_kind": "request", "steward_tier": ""}, {"steward:suspected": True})
    fields = {"steward_kind": "complaint", "steward_retention": "complaint", "steward_erase_after": ""}
    tier = _tier(life)
    held = {"steward:suspected": False}
    if life.customer != PRIVILEGED:
        fields["steward_tier"] = tier
        held |= {"steward:serious": tier == "serious", "steward:major": tier == "major"}
    broken = _broken(world, life, accepted_at)
    if broken is not None:
        fields["steward_breached"] = ",".join(sorted(broken))
        held["steward:breached"] = bool(broken)
    return _with_tags(fields, held)


def _request_was_late(life: Life, accepted_at: datetime) -> bool:
    """Whether a clock had broken before anybody complained: what it has to do with the complaint is not said."""
    first = life.answered_since(life.created_at)
    return min(at for at in (first, accepted_at) if at) >= life.created_at + FIRST_RESPONSE


def _tier(life: Life) -> str:
    """Words raise to serious at most, danger to persons to major (C3.2)."""
    texts = [text for _, text in life.complaints]
    if any(word in text for text in texts for word in ENDANGERS):
        return "major"
    return "serious" if any(word in text for text in texts for word in THREATENS) else "general"


def _broken(world: World, life: Life, accepted_at: datetime) -> set[str] | None:
    """The clocks broken by now, None at a moment at which that turns on how a working day is counted."""
    answered_at = life.answered_since(accepted_at)
    notice_at = working_time.after(accepted_at, 8 * NOTICE_DAYS)
    if _tier(life) == "major" or life.customer == PRIVILEGED or notice_at <= world.now < notice_at + NIGHT:
        return None  # progress is told on major matters, and a VIP's may be one
    broken = {name for name, limit in COMPLAINT_CLOCKS.items() if world.now >= accepted_at + limit}
    broken |= {"notice"} if world.now >= notice_at else set()
    broken |= {"first_response"} if (answered_at or world.now) >= accepted_at + FIRST_RESPONSE else set()
    return broken
