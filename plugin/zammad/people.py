"""Who is who on this server: users, who of them works here, and who can own tickets where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from time import monotonic
from typing import Any

from plugin.model.errors import Refused, Unavailable
from plugin.model.people import NOBODY_ID, SYSTEM, Actor, Role, User
from plugin.zammad import schemas
from plugin.zammad.catalogues import LIFETIME
from plugin.zammad.client import ZammadClient
from plugin.zammad.tables import Memory, Table
from plugin.zammad.workflow import perform

USER_LIFETIME = 7200.0
"""Seconds it is trusted who somebody is and where he may own tickets: no event tells when that changes."""
MOST_FOUND = 200
"""Users Zammad gives in one answer to a search at most."""
DAY = 86_400.0
"""Seconds it is trusted whose a login is, and who is a VIP."""
REFUSED_PAUSE = 600.0
"""Seconds a user is taken for unknown because Zammad refused to show him: it decides who counts as an agent."""
ROLES_PAUSE = 600.0
"""Seconds between two refreshes that a role nobody has heard of, or the preflight, may cause."""
ME_PAUSE = 300.0
"""Seconds our own rights are trusted by who asks for them afresh."""
MOST_SUBSTITUTES = 10
"""Zammad follows substitutes of substitutes as far (contract 5.4)."""
AGENT_PERMISSIONS = frozenset({"ticket.agent", "ticket"})
"""Permissions are hierarchical: ``ticket`` implies ``ticket.agent``."""
AGENT_ROLE = "Agent"
"""Zammad's own name of the agents' role, where permissions cannot be seen."""


@dataclass(frozen=True, slots=True)
class UserRole:
    """A role of users. ``agent``: it makes its holder an agent, None where permissions cannot be seen."""

    id: int
    name: str
    agent: bool | None
    groups: Mapping[int, frozenset[str]] = field(default_factory=dict)


class People:
    """Shared by all threads of a process. ``clock`` is monotonic seconds."""

    def __init__(
        self,
        client: ZammadClient,
        *,
        lifetime: float = LIFETIME,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client = client
        self._roles: Table[UserRole] = Table(self._fetch_roles, lifetime=lifetime, clock=clock)
        self._users: Memory[User | None] = Memory(lifetime=USER_LIFETIME, clock=clock)
        self._me: Memory[User] = Memory(lifetime=lifetime, clock=clock)
        self._owners: Memory[frozenset[int]] = Memory(lifetime=USER_LIFETIME, clock=clock)
        self._vips: Memory[bool] = Memory(lifetime=DAY, clock=clock)

    def me(self) -> User:
        """Our own user."""
        return self._me.get(0, self._fetch_me)

    def me_afresh(self) -> User:
        """Our own user with his rights as they were some minutes ago at most."""
        self._roles.not_older_than(ROLES_PAUSE)
        return self._me.get(0, self._fetch_me, within=ME_PAUSE)

    def user(self, user_id: int) -> User | None:
        """A user, None where he is gone or out of sight. Groups include those his roles give."""
        found = self._users.get(user_id, lambda: self._fetch_user(user_id))
        return found or self._users.get(user_id, lambda: self._fetch_user(user_id), within=REFUSED_PAUSE)

    def user_by_login(self, login: str) -> User | None:
        """The user with exactly this login or mail address, whatever the case."""
        found = self._known_by_login(login)
        if found is None:
            self._search(login, limit=50)
            found = self._known_by_login(login)
        return found

    def answering_to(self, name: str) -> tuple[User, ...]:
        """The agents a person may mean by what he wrote: a login, a mail address or, of active ones, a full name.

        Whatever the case. A login or an address is one agent's; of a name there may be several. Empty for nobody.
        """
        user = self.user_by_login(name.lower())  # Zammad keeps both in lower case
        if user is not None and self.is_agent(user):
            return (user,)
        words, wanted = name.split(), name.casefold().split()
        found: dict[int, User] = {}
        for word in _as_written(max(words, key=len, default="")):
            found |= {one.id: one for one in self._search(word, limit=MOST_FOUND, **self._agents_only())}
        named = (one for one in found.values() if one.name.casefold().split() == wanted)
        return tuple(one for one in named if one.active and self.is_agent(one))

    def there(self, login: str, day: date) -> User | None:
        """Him, or who stands in for him while he is out of office that day; None where nobody of them is there."""
        user = self.user_by_login(login)
        for _ in range(MOST_SUBSTITUTES):
            if user is None or user.absence is None or not user.is_away(day):
                break
            substitute = user.absence.replacement_id
            user = self.user(substitute) if substitute is not None else None
        return user if user is not None and user.active and not user.is_away(day) else None

    def learn(self, raw: Mapping[str, Any]) -> Mapping[int, User]:
        """Users (and on 6.1 roles) that came along as assets with an answer; those that cannot be read are left."""
        roles = schemas.readable(_role, schemas.assets(raw, "Role").values())
        self._roles.learn({role.id: role for role in roles})
        users = schemas.readable(self._parse, schemas.assets(raw, "User").values())
        for user in users:
            self._users.keep(user.id, user)
        for one in schemas.assets(raw, "Organization").values():
            if isinstance(one, Mapping) and "vip" in one:
                self._vips.keep(one["id"], one["vip"] is True)
        return {user.id: user for user in users}

    def is_agent(self, user: User) -> bool:
        """Whether he works here: a role that makes agents, or access to a group; customers have neither."""
        if user.id == NOBODY_ID:
            return False
        if any(user.groups.values()):
            return True
        agent = {role.name: role.agent for role in self._roles.all().values()}
        return any(agent.get(name) or (agent.get(name) is None and name == AGENT_ROLE) for name in user.role_names)

    def actor(
        self,
        user_id: int,
        *,
        source: str | None = None,
        users: Mapping[int, User] | None = None,
        wrote_as_agent: bool = False,
    ) -> Actor:
        """Who did something. ``source`` is a history row's: a trigger's or job's row is nobody's.

        ``wrote_as_agent``: it is an article of sender Agent, which only agents can make.
        """
        if user_id == NOBODY_ID or source:
            return SYSTEM
        me = self.me()
        if user_id == me.id:
            return Actor(id=me.id, login=me.login, role=Role.STEWARD)
        user = (users or {}).get(user_id) or self.user(user_id)
        agent = wrote_as_agent or (user is not None and self.is_agent(user))
        return Actor(id=user_id, login=user.login if user else "", role=Role.AGENT if agent else Role.CUSTOMER)

    def owners(self, group_id: int) -> frozenset[int]:
        """Ids of the users who can own tickets of the group: agents with full access there."""

        def ask() -> frozenset[int]:
            flow = perform(self._client, screen="create_middle", params={"group_id": str(group_id)})
            return flow.allowed_ids("owner_id") - {NOBODY_ID}

        return self._owners.get(group_id, ask)

    def can_own(self, user_id: int, group_id: int) -> bool:
        """Whether Zammad would take the user as owner there; else it stores nobody, or refuses (contract 4.6)."""
        user = self.user(user_id)
        return user is not None and self.may_own(user, group_id)

    def may_own(self, user: User, group_id: int) -> bool:
        """The same for a user who is known already."""
        return user.active and (user.can_own_in(group_id) or user.id in self.owners(group_id))

    def organization_is_vip(self, organization_id: int) -> bool:
        """Whether the organization is marked as VIP; never where the server does not know the mark (6.1)."""

        def ask() -> bool:
            try:
                raw = schemas.entries(self._client.get(f"/organizations/{organization_id}"), "organization")
            except Refused:
                return False
            return raw.get("vip") is True

        return self._vips.get(organization_id, ask)

    def _search(self, query: str, **more: Any) -> tuple[User, ...]:
        raw = self._client.get("/users/search", {"query": query, "expand": "true", **more})
        users = tuple(self._parse(one, path="users") for one in schemas.rows(raw, "users"))
        for user in users:
            self._users.keep(user.id, user)
        return users

    def _agents_only(self) -> Mapping[str, Any]:
        """A search's limit to the roles that make agents; none where it cannot be seen which do."""
        roles = self._roles.all().values()
        seen = self._roles.is_whole and all(role.agent is not None for role in roles)
        return {"role_ids[]": sorted(role.id for role in roles if role.agent)} if seen else {}

    def _known_by_login(self, login: str) -> User | None:
        wanted = login.casefold()
        # those a pack names hardly change; a note that may not mention somebody goes without the mention
        known = (user for user in self._users.fresh(within=DAY) if user)
        return next((user for user in known if wanted in (user.login.casefold(), user.email.casefold())), None)

    def _fetch_me(self) -> User:
        return self._parse(self._client.get("/users/me", {"expand": "true"}))

    def _fetch_user(self, user_id: int) -> User | None:
        try:
            return self._parse(self._client.get(f"/users/{user_id}", {"expand": "true"}))
        except Refused:
            return None

    def _parse(self, raw: Any, *, path: str = "user") -> User:
        roles = self._roles.all()
        if not schemas.role_ids(raw) <= roles.keys():
            roles = self._roles.not_older_than(ROLES_PAUSE)
            if not self._roles.is_whole:
                raise Unavailable("a user's roles cannot be asked for now, and they decide who is an agent")
        user = schemas.user(raw, role_names={key: role.name for key, role in roles.items()}, path=path)
        groups = dict(user.groups)
        for role in roles.values():
            if role.name in user.role_names:
                for group_id, rights in role.groups.items():
                    groups[group_id] = groups.get(group_id, frozenset()) | rights
        return replace(user, groups=groups) if groups != user.groups else user

    def _fetch_roles(self) -> dict[int, UserRole]:
        raw = schemas.rows(self._client.get("/roles", {"expand": "true"}), "roles")
        return {role.id: role for role in map(_role, raw)}


def _as_written(word: str) -> tuple[str, ...]:
    """How a word of a name may be written: Zammad 6.1 on PostgreSQL minds upper and lower case."""
    return tuple(dict.fromkeys((word, word.lower(), word.capitalize(), word.upper()))) if word else ()


def _role(raw: Any) -> UserRole:
    row = schemas.named(raw, path="role")
    permissions = row.get("permissions")
    agent = bool(AGENT_PERMISSIONS.intersection(map(str, permissions))) if isinstance(permissions, list) else None
    return UserRole(id=row["id"], name=row["name"], agent=agent, groups=schemas.access(row.get("group_ids")))
