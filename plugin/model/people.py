"""People as Zammad knows them, and in which role they acted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

NOBODY_ID = 1
"""Zammad's user "-": owner of unassigned tickets, and the author of what triggers, jobs and checks change."""


class Role(StrEnum):
    """In which role somebody acted; only agents and customers are persons."""

    AGENT = "agent"
    CUSTOMER = "customer"
    SYSTEM = "system"
    """User 1, a trigger, a scheduler job, a mail filter."""
    STEWARD = "steward"
    """Our own service user."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: Zammad's user id and login, and the role at that moment."""

    id: int
    login: str
    role: Role

    @property
    def is_person(self) -> bool:
        return self.role in (Role.AGENT, Role.CUSTOMER)

    @property
    def is_agent(self) -> bool:
        return self.role is Role.AGENT

    @property
    def is_customer(self) -> bool:
        return self.role is Role.CUSTOMER


SYSTEM = Actor(id=NOBODY_ID, login="-", role=Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Absence:
    """Out of office from the first day to the last, both included; ``replacement_id`` stands in, None for nobody."""

    first: date
    last: date
    replacement_id: int | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A Zammad user, as far as the standard needs to know him.

    ``groups`` maps group ids to access names ("read", "create", "change", "full"); only "full" can own tickets there.
    """

    id: int
    login: str
    email: str
    active: bool
    vip: bool
    organization_id: int | None
    groups: Mapping[int, frozenset[str]] = field(default_factory=dict)
    role_names: frozenset[str] = frozenset()
    name: str = ""
    absence: Absence | None = None

    def is_away(self, day: date) -> bool:
        """Whether he said in Zammad that he is out of office that day."""
        return self.absence is not None and self.absence.first <= day <= self.absence.last

    def can_own_in(self, group_id: int) -> bool:
        return self.active and "full" in self.groups.get(group_id, frozenset())
