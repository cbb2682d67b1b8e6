"""What ids stand for on this server: states and their types, groups.

The least role may not list groups on 6.1: the rest is learnt from what other answers bring along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog

from plugin.model.errors import Refused, Unavailable
from plugin.model.ticket import StateType
from plugin.zammad import schemas
from plugin.zammad.client import ZammadClient
from plugin.zammad.tables import Table
from plugin.zammad.workflow import perform

LIFETIME = 7 * 86_400.0
"""Seconds it is trusted what ids stand for and what may be done on a server.

An id nobody has heard of is asked for at once, looks bring the names and fields they use, and the preflight asks
afresh.
"""

_TYPE_BY_ID = dict(enumerate(StateType, start=1))
"""State types have the same ids on every server (contract 5.1), in the order of ``StateType``."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """A ticket state: ids and names are the server's own, only the type can be relied on."""

    id: int
    name: str
    type: StateType
    active: bool
    default_follow_up: bool


class Catalogues:
    """Shared by all threads of a process. ``clock`` is monotonic seconds."""

    def __init__(
        self,
        client: ZammadClient,
        *,
        lifetime: float = LIFETIME,
        clock: Callable[[], float] = monotonic,
        on_alarm: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._client = client
        self._on_alarm = on_alarm
        self._states: Table[State] = Table(self._fetch_states, lifetime=lifetime, clock=clock)
        self._groups: Table[str] = Table(self._fetch_groups, lifetime=lifetime, clock=clock)

    def state_type(self, state_id: int, name: str = "") -> StateType:
        """The type of a state; where the server does not tell, what its name says, else open: clocks go on."""
        state = self._states.get(state_id)
        if state is not None:
            return state.type
        if name in [*StateType]:
            return StateType(name)
        log.warning("a state without a known type is taken as open", state_id=state_id)
        self._on_alarm("unknown_state")
        return StateType.OPEN

    def state_name(self, state_id: int) -> str:
        state = self._states.get(state_id)
        return state.name if state else ""

    def state_names(self) -> tuple[str, ...]:
        return tuple(state.name for state in self._states.all().values())

    def state_of(self, state_type: StateType) -> State:
        """The state to set for a type: the default for follow-ups, else the first active one.

        Raises ``Refused`` where the server has none.
        """
        states = self._states.all().values()
        found = [state for state in states if state.type is state_type and state.active]
        if not found:
            raise Refused(f"Zammad has no active state of type {state_type}")
        return min(found, key=lambda state: (not state.default_follow_up, state.id))

    def group_name(self, group_id: int) -> str:
        return self._groups.get(group_id) or ""

    def groups(self) -> Mapping[int, str]:
        """Groups by id: all where our role may list them, else those we may create tickets in and those seen."""
        return self._groups.all()

    def learn_group(self, group_id: int, name: str) -> None:
        """A name seen beside its id."""
        self._groups.learn({group_id: name})

    def learn_groups(self, raw: Mapping[str, Any]) -> None:
        """Groups that came along as assets with another answer (6.1)."""
        for one in schemas.assets(raw, "Group").values():
            group = schemas.named(one, path="assets.Group")
            self.learn_group(group["id"], group["name"])

    def _fetch_states(self) -> dict[int, State]:
        raw = schemas.rows(self._client.get("/ticket_states", {"expand": "true"}), "states")
        found = (_state(one, path=f"states[{place}]") for place, one in enumerate(raw))
        # one without a type is no better than none: it is asked for again
        return {state.id: state for state in found if state is not None}

    def _fetch_groups(self) -> dict[int, str]:
        try:
            return _named(self._client.get("/groups"), "groups")
        except Refused:
            return self._groups_of_workflow()

    def _groups_of_workflow(self) -> dict[int, str]:
        try:
            return dict(perform(self._client, screen="create_middle", params={}).groups)
        except Unavailable:
            return {}  # looks name their group themselves


def _named(raw: Any, path: str) -> dict[int, str]:
    rows = (schemas.named(one, path=f"{path}[{place}]") for place, one in enumerate(schemas.rows(raw, path)))
    return {row["id"]: row["name"] for row in rows}


def _state(raw: Any, *, path: str) -> State | None:
    row = schemas.named(raw, path=path)
    state_type = _state_type(row.get("state_type"), row.get("state_type_id"))
    if state_type is None:
        return None
    return State(
        id=row["id"],
        name=row["name"],
        type=state_type,
        active=row.get("active") is not False,
        default_follow_up=row.get("default_follow_up") is True,
    )


def _state_type(name: Any, type_id: Any) -> StateType | None:
    """By its name where the answer is expanded, else by its id; None where it tells neither."""
    if isinstance(name, Mapping):
        name = name.get("name")
    if isinstance(name, str) and name in [*StateType]:
        return StateType(name)
    return _TYPE_BY_ID.get(type_id) if isinstance(type_id, int) else None
