"""Zammad's records of a helpdesk, told as what people did to one ticket in turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

Row = Mapping[str, Any]

CUSTOMER, SYSTEM = 2, 3
"""Article senders."""
MAIL, CALL = 1, 5
"""Article types of the script that reach a customer, or come from one."""
SAY = "steward:say:"
AT_ONCE = timedelta(seconds=1)
"""What one call of somebody's makes, Zammad saves within this time."""


class Did(Enum):
    """What somebody did."""

    WROTE = auto()
    """The customer, by mail or in a call; ``value`` is the text."""
    ANSWERED = auto()
    """An agent, publicly, to the customer; ``value`` is the text of the mail."""
    NOTED = auto()
    """An agent, internally; ``value`` is the text."""
    SAID = auto()
    """An agent, a word of Steward's: ``value``."""
    OWNED = auto()
    """Somebody made ``whom`` the owner, 0 for nobody."""
    STATE = auto()
    """Somebody set the state to one of type ``value``."""
    TIER = auto()
    KIND = auto()
    """A supervisor set Steward's field to ``value``."""
    TICKED = auto()
    """Somebody did the task ``value``."""
    MERGED = auto()
    """Ticket ``whom`` was merged into this one."""
    OTHER = auto()
    """A change that means nothing but that somebody was there."""


@dataclass(frozen=True, slots=True)
class Act:
    """``order`` tells two acts of one moment apart; ``by`` is a user's id, ``place`` the ticket it happened to."""

    at: datetime
    order: int
    by: int
    did: Did
    value: str = ""
    whom: int = 0
    place: int = 0


class World:
    """Zammad's records at ``now``, asked in short words."""

    def __init__(self, tables: Mapping[str, Any], *, now: datetime) -> None:
        self.now = now
        self.tables = tables
        self.users = {row["id"]: row for row in tables["users"]}
        self.steward = next(number for number, row in self.users.items() if row["login"] == "steward")
        self.agents = {number for number, row in self.users.items() if {1, 2} & set(row["role_ids"])}
        self.tickets = {row["id"]: row for row in tables["tickets"]}
        self._history = _by(tables["history"], "ticket_id")
        self._articles = _by(tables["articles"], "ticket_id")
        self._article_by_id = {row["id"]: row for row in tables["articles"]}
        self._tag_names = {row["id"]: row["name"] for row in tables["tag_items"]}
        self._tags = _by(tables["tags"], "ticket_id")
        self._tasks: dict[str, list[Row]] = {}
        for row in tables["tickets"]:
            number, letter, _ = str(row["number"]).partition("T")
            if letter:
                self._tasks.setdefault(number, []).append(row)
        self._items = _by(tables["checklist_items"], "checklist_id")

    def login(self, user_id: int) -> str:
        return str(self.users[user_id]["login"])

    def state(self, ticket_id: int) -> str:
        return self.state_type(self.tickets[ticket_id]["state_id"])

    def state_type(self, state_id: int) -> str:
        return str(self.tables["state_types"][str(state_id)])

    def tags(self, ticket_id: int) -> set[str]:
        return {self._tag_names[row["item_id"]] for row in self._tags.get(ticket_id, [])}

    def history(self, ticket_id: int) -> Sequence[Row]:
        return self._history.get(ticket_id, [])

    def notes(self, ticket_id: int) -> list[str]:
        """Steward's own, oldest first."""
        rows = self._articles.get(ticket_id, [])
        return [str(row["body"]) for row in rows if row["created_by_id"] == self.steward]

    def items(self, ticket_id: int) -> Sequence[Row]:
        """Those of its checklist that say something."""
        checklist_id = self.tickets[ticket_id].get("checklist_id")
        return [row for row in self._items.get(checklist_id, []) if row["text"]] if checklist_id else []

    def task_tickets(self, ticket_id: int) -> list[Row]:
        """Those Steward made for this one, known by their number."""
        return self._tasks.get(str(self.tickets[ticket_id]["number"]), [])

    def merged_into(self, ticket_id: int) -> list[tuple[datetime, int]]:
        """When which other ticket was merged into this one."""
        found = [row for row in self.history(ticket_id) if row["kind"] == "received_merge"]
        return [(at(row), int(row["id_from"])) for row in found]

    def acts(self, ticket_id: int) -> list[Act]:
        """What people did to this ticket itself, in turn; nothing of Steward's, of Zammad's own, of automatic replies.

        An answer and a closing in one call are an answer, then a closing, though Zammad saves the ticket first.
        """
        found = [*self._written(ticket_id), *self._changed(ticket_id), *self._ticked(ticket_id)]
        return sorted(found, key=lambda act: (act.at + AT_ONCE * (act.did is Did.STATE), act.order))

    # -- articles -----------------------------------------------------------------------------------------------------

    def _written(self, ticket_id: int) -> Iterator[Act]:
        """A merge moves the articles and leaves the history behind, which knows where they were written."""
        for made in self.history(ticket_id):
            if made["object"] != "Ticket::Article" or made["kind"] != "created":
                continue
            row = self._article_by_id[made["o_id"]]
            did, by = self._did(row), row["created_by_id"]
            if did is not None:
                yield Act(at(row), made["id"], by, did, str(row["body"]), place=ticket_id)
            if did is Did.WROTE and by in self.agents:
                # a call an agent took is answered when it is recorded
                yield Act(at(row), made["id"], by, Did.ANSWERED, place=ticket_id)

    def _did(self, article: Row) -> Did | None:
        by, public = article["created_by_id"], not article["internal"]
        if by == self.steward or (article["preferences"] or {}).get("is-auto-response"):
            return None
        if article["sender_id"] == CUSTOMER:
            return Did.WROTE
        if by not in self.agents:
            return None
        return Did.ANSWERED if public and article["type_id"] in (MAIL, CALL) else Did.NOTED

    def _ticked(self, ticket_id: int) -> Iterator[Act]:
        for row in self.items(ticket_id):
            if row["checked"] and row["updated_by_id"] in self.agents:
                yield Act(at(row, "updated_at"), 0, row["updated_by_id"], Did.TICKED, str(row["text"]), place=ticket_id)
        for task in self.task_tickets(ticket_id):
            for row in self.history(task["id"]):
                if row.get("attribute") == "state" and row["created_by_id"] in self.agents:
                    did = Did.TICKED if self.state_type(row["id_to"]) == "closed" else Did.OTHER
                    by, title, shown = row["created_by_id"], str(task["title"]), int(self._is_written_in(task["id"]))
                    yield Act(at(row), row["id"], by, did, title, shown, place=task["id"])

    def _is_written_in(self, task_id: int) -> bool:
        """Whether an agent wrote an article in the task's ticket."""
        made = (row for row in self.history(task_id) if row["object"] == "Ticket::Article" and row["kind"] == "created")
        return any(row["created_by_id"] in self.agents for row in made)

    # -- changes ------------------------------------------------------------------------------------------------------

    def _changed(self, ticket_id: int) -> Iterator[Act]:
        for row in self.history(ticket_id):
            by = row["created_by_id"]
            if row["object"] != "Ticket" or row["kind"] == "notification" or by in (1, self.steward):
                continue
            did, value, whom = self._change(row)
            yield Act(at(row), row["id"], by, did, value, whom, place=ticket_id)

    def _change(self, row: Row) -> tuple[Did, str, int]:
        attribute, value = row.get("attribute"), str(row.get("value_to") or "")
        if row["kind"] == "received_merge":
            return Did.MERGED, "", int(row["id_from"])
        if attribute == "tag" and row["kind"] == "added" and value.startswith(SAY):
            return Did.SAID, value.removeprefix(SAY), 0
        if attribute == "owner":
            return Did.OWNED, "", 0 if row["id_to"] in (None, 1) else int(row["id_to"])
        if attribute == "state":
            return Did.STATE, self.state_type(row["id_to"]), 0
        if attribute == "steward_tier":
            return Did.TIER, value, 0
        if attribute == "steward_kind":
            return Did.KIND, value, 0
        return Did.OTHER, "", 0


def at(row: Row, name: str = "created_at") -> datetime:
    """When a row was made, or what else it has a moment of."""
    return datetime.fromisoformat(row[name]).astimezone(UTC)


def _by(rows: Iterable[Row], name: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[name], []).append(row)
    return found
