"""Who stands behind Zammad's ids, as far as facts need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from plugin.model.people import Actor, User
from plugin.model.ticket import StateType
from plugin.zammad.catalogues import Catalogues
from plugin.zammad.people import People


class Who(Protocol):
    """People and states by their ids."""

    @property
    def own_id(self) -> int:
        """Id of our own user."""
        ...

    def actor(self, user_id: int, *, source: str | None = None, wrote_as_agent: bool = False) -> Actor:
        """Who did something; ``source`` is a history row's trigger or job, ``wrote_as_agent`` an Agent article's."""
        ...

    def user(self, user_id: int) -> User | None: ...

    def is_agent(self, user: User) -> bool: ...

    def can_own(self, user_id: int, group_id: int) -> bool: ...

    def organization_is_vip(self, organization_id: int) -> bool: ...

    def state_type(self, state_id: int, name: str) -> StateType: ...


@dataclass(frozen=True, slots=True)
class ZammadWho:
    """Asks the catalogues; ``users`` came along with the look and need no call."""

    people: People
    catalogues: Catalogues
    users: Mapping[int, User] = field(default_factory=dict)

    @property
    def own_id(self) -> int:
        return self.people.me().id

    def actor(self, user_id: int, *, source: str | None = None, wrote_as_agent: bool = False) -> Actor:
        return self.people.actor(user_id, source=source, users=self.users, wrote_as_agent=wrote_as_agent)

    def user(self, user_id: int) -> User | None:
        return self.users.get(user_id) or self.people.user(user_id)

    def is_agent(self, user: User) -> bool:
        return self.people.is_agent(user)

    def can_own(self, user_id: int, group_id: int) -> bool:
        return self.people.can_own(user_id, group_id)

    def organization_is_vip(self, organization_id: int) -> bool:
        return self.people.organization_is_vip(organization_id)

    def state_type(self, state_id: int, name: str) -> StateType:
        return self.catalogues.state_type(state_id, name)
