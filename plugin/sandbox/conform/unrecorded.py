"""What happened to a recorded server while nobody recorded: values that no story and no direction explains.

Between two stories somebody else used the server (an administrator joined the groups, an agent went on
holiday). Such a change shows only afterwards, in the records of people and groups. It is listed as *no cause*
and then taken over into the sandbox, so that it is listed once and what follows from it is compared again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from plugin.sandbox.conform.credentials import LOGINS
from plugin.sandbox.conform.identities import Identities, kind_of_key, kind_of_path
from plugin.sandbox.conform.moments import TIME, time_of
from plugin.sandbox.conform.stories import Step, Story

KINDS = frozenset(
    {
        "Calendar",
        "CoreWorkflow",
        "Group",
        "Job",
        "Macro",
        "Organization",
        "Overview",
        "Role",
        "Sla",
        "Trigger",
        "User",
        "Webhook",
    }
)
"""Records that live longer than a story; a ticket belongs to the story that made it."""

ROUTES = ("/api/v1/users", "/api/v1/groups", "/api/v1/organizations", "/api/v1/roles")
"""Where a story changes such records itself, and so explains what it shows of them."""

MARGIN = timedelta(seconds=3)
"""How long before its first and after its last step a story can still have an effect."""

WRITE_MARGIN = timedelta(seconds=0.5)
WORKER_MARGIN = timedelta(seconds=2)
"""How long after, or before, a write or a delivery something can still come of it."""

GAP = timedelta(seconds=20)
"""A pause between two stories in which others can have used the server."""

POLL = timedelta(seconds=4.5)
"""How long an idle worker can take until it sees a job."""

LOGIN_MARGIN = timedelta(seconds=0.3)
"""How far off the recorder's clock can be from the server's."""

SIGNED = frozenset({"updated_at", "updated_by", "updated_by_id"})
"""What a login can change: depending on the thread that serves it, Zammad signs it with another user's id."""


BEFORE = "done before the first story"
BETWEEN = "done by others in a pause between two stories"
BY_LOGIN = "signed by whoever the thread of a login had served before"
STALE = "shown as it had been: a process that had not noticed the change"
"""Why a value of a record has no cause."""


class Holder(Protocol):
    """The part of a bench that keeps records of people and groups."""

    def record(self, kind: str, record_id: int) -> Mapping[str, Any]:
        """The columns of a record as they are now; empty where there is none."""

    def adopt(self, kind: str, record_id: int, values: Mapping[str, Any]) -> None:
        """Write columns of a record without anything coming of it."""


class Unrecorded:
    """Tells values without a cause from faults of the sandbox."""

    def __init__(
        self, holder: Holder, *, identities: Identities, stories: Sequence[Story], unwatched: Collection[str] = ()
    ) -> None:
        self._holder = holder
        self._identities = identities
        self._active = [window for story in stories for window in _active(story, whole=story.name not in unwatched)]
        self._people = [window for story in stories for window in _changes_of_people(story)]
        self._spans = [(story.starts_at - MARGIN, story.ends_at + MARGIN) for story in stories]
        self._watched = [
            (story.starts_at - MARGIN, story.ends_at + MARGIN) for story in stories if story.name not in unwatched
        ]
        self._logins = [login for story in stories for login in _logins(story)]
        self._at_start: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._seen: set[tuple[str, str, str]] = set()
        self._explained: set[tuple[str, str]] = set()
        self._surplus: dict[tuple[str, str, str], int] = {}
        self._taken: dict[tuple[str, str, str], str] = {}
        self._sighted: dict[tuple[str, str, str], datetime] = {}
        self._versions: dict[tuple[str, str], datetime] = {}
        self._span = self._spans[0]

    def begin_story(self, story: Story) -> None:
        """Look at records afresh: what is seen first in a story may be from before it."""
        self._at_start.clear()
        self._sighted.update(dict.fromkeys(self._seen, self._span[1]))
        self._seen.clear()
        self._explained = set(_written(story))
        self._span = (story.starts_at - MARGIN, story.ends_at + MARGIN)
        for kind in KINDS:
            for own in filter(str.isdigit, self._identities.known(kind)):
                self._at_start[kind, own] = self._holder.record(kind, int(own))

    def causes(self, kind: str, recorded: Mapping[str, Any], keys: Sequence[str]) -> dict[str, str]:
        """Those of the deviating keys of a recorded object that nothing recorded explains, each with why."""
        own = self._identities.own(kind, recorded.get("id"))
        if kind not in KINDS or own is None or not own.isdigit():
            return {}
        last = self._versions.get((kind, own))
        by_login = {key for key in keys if key in SIGNED and self._was_signed_by_a_login(recorded, last=last)}
        keys = [key for key in keys if self._taken.get((kind, own, key)) != repr(_shown(recorded, key))]
        signed = dict.fromkeys(by_login, BY_LOGIN)
        for name in ("updated_at", "created_at"):
            if self._is_strange(recorded.get(name), kind=kind):
                return {**dict.fromkeys(keys, self._when(recorded[name])), **signed}
        if "last_login" in keys and self._is_strange(recorded.get("last_login"), kind=kind):
            return {"last_login": BETWEEN, **signed}
        if by_login:
            return signed
        if keys == ["updated_at"] and self._is_stale(kind, own, recorded):
            return {"updated_at": STALE}
        if (kind, str(recorded["id"])) in self._explained or not self._was_touched_now(recorded):
            return {}
        inherited = (key for key in keys if key != "updated_at" and self._is_inherited(kind, own, key))
        return dict.fromkeys(inherited, BETWEEN)

    def is_listed(self, kind: str, recorded: Mapping[str, Any], key: str) -> bool:
        """Whether a recorded value was listed before as one without a cause, and the sandbox could not take it over."""
        own = self._identities.own(kind, recorded.get("id"))
        if own is None or self._taken.get((kind, own, key)) != repr(_shown(recorded, key)):
            return False
        return key == "updated_at" and self._is_stale(kind, own, recorded)

    def _when(self, text: str) -> str:
        """Whether a moment lies before the first story, or in a pause between two."""
        return BETWEEN if time_of(text) > self._begins() + GAP else BEFORE

    def is_known_surplus(self, record: tuple[str, str], key: str, surplus: int) -> bool:
        """Whether a count is higher, or lower, by as much as tickets made while nobody recorded explain.

        The surplus of a record can change only where others were at the server since it was last seen.
        """
        kind, recorded = record
        own = self._identities.own(kind, recorded)
        if own is None:
            return surplus == 0
        if self._surplus.get((*record, key), 0) == surplus:
            return True
        if not self._may_be_from_others(kind, own, key):
            return False
        self._surplus[*record, key] = surplus
        return True

    def is_luck_which_is_first(self, *tickets: object) -> bool:
        """Whether recorded tickets can have been saved in either order.

        They were saved within one poll of the worker, or a story made one whose steps were not all recorded.
        """
        if any(str(ticket) in self._identities.unwatched for ticket in tickets):
            return True
        own = [self._identities.own("Ticket", ticket) or "0" for ticket in tickets]
        saved = [row["updated_at"] for ticket in own if (row := self._holder.record("Ticket", int(ticket)))]
        return len(saved) == len(own) and max(saved) - min(saved) <= POLL

    def see(self, kind: str, recorded_id: object, recorded: Mapping[str, Any]) -> None:
        """Note that a story has shown these values; from now on its own steps must explain them."""
        own = self._identities.own(kind, recorded_id)
        if own is not None:
            self._seen.update((kind, own, key) for key in (*recorded, *(recorded.get("preferences") or ())))
            if isinstance(text := recorded.get("updated_at"), str) and TIME.fullmatch(text):
                self._versions[kind, own] = time_of(text)

    def take_over(self, kind: str, recorded: Mapping[str, Any], keys: set[str]) -> None:
        """Give the sandbox's record the values the recorded one has."""
        own = self._identities.own(kind, recorded["id"])
        if own is None:
            return
        self._taken.update({(kind, own, key): repr(_shown(recorded, key)) for key in keys})
        stale = self._is_stale(kind, own, recorded)
        keys = keys - {"updated_at"} if stale else keys
        values = {key: self._own_value(key, recorded[key]) for key in keys if key in recorded}
        preferences = recorded.get("preferences") or {}
        inner = {key: preferences[key] for key in keys if key in preferences}
        if inner:
            values["preferences"] = {**(self._holder.record(kind, int(own)).get("preferences") or {}), **inner}
        if "updated_at" in keys or (not stale and self._is_strange(recorded.get("updated_at"), kind=kind)):
            values["updated_at"] = time_of(recorded["updated_at"])
        self._holder.adopt(kind, int(own), values)

    def _is_stale(self, kind: str, own: str, recorded: Mapping[str, Any]) -> bool:
        """Whether the server showed a record as it had been: a worker's cache that had not noticed a touch."""
        text, now = recorded.get("updated_at"), self._holder.record(kind, int(own)).get("updated_at")
        last = self._versions.get((kind, own))
        if last is None or now is None or not isinstance(text, str) or not TIME.fullmatch(text):
            return False
        shown, begins = time_of(text), self._span[0] + MARGIN
        return bool(shown < now and (shown == last or last < shown < begins))

    def _own_value(self, key: str, value: Any) -> Any:
        kind = kind_of_key(key)
        if kind and isinstance(value, int) and not isinstance(value, bool):
            return int(self._identities.own(kind, value) or value)
        if kind and isinstance(value, list):
            return [int(own) for one in value if (own := self._identities.own(kind, one)) is not None]
        return time_of(value) if isinstance(value, str) and TIME.fullmatch(value) else value

    def _is_strange(self, text: object, *, kind: str) -> bool:
        if not isinstance(text, str) or not TIME.fullmatch(text):
            return False
        moment = time_of(text)
        active = self._people if kind == "Role" else self._active
        return moment > self._begins() and not any(start <= moment <= end for start, end in active)

    def _was_signed_by_a_login(self, recorded: Mapping[str, Any], *, last: datetime | None) -> bool:
        """Whether a login by password saved a user, in the name of whoever the web thread had served before.

        What only touches a user later leaves that name: it counts since the ``last`` version that was shown.
        """
        text = recorded.get("updated_at")
        if "login" not in recorded or not isinstance(text, str) or not TIME.fullmatch(text):
            return False
        moment = time_of(text)
        return any(
            start <= moment and (moment <= end or last is None or last < start)
            for login, start, end in self._logins
            if login in (None, recorded["login"])
        )

    def _was_touched_now(self, recorded: Mapping[str, Any]) -> bool:
        """Whether this story moved the record's ``updated_at``, so that it no longer tells of older changes."""
        text = recorded.get("updated_at")
        if not isinstance(text, str) or not TIME.fullmatch(text):
            return False
        return self._span[0] <= time_of(text) <= self._span[1]

    def _may_be_from_others(self, kind: str, own: str, key: str) -> bool:
        """Whether a value, seen for the first time in this story, can be older than it."""
        seen = (kind, own, key)
        return seen not in self._seen and self._was_alone_since(self._sighted.get(seen))

    def _was_alone_since(self, sighted: datetime | None) -> bool:
        """Whether the server was left to others for a while since a record was last seen."""
        edges = sorted(span for span in self._watched if span[0] <= self._span[0])
        last = sighted or self._spans[0][1]
        for start, end in [*edges, (self._span[0], self._span[1])]:
            if start - last > GAP:
                return True
            last = max(last, end)
        return False

    def _begins(self) -> datetime:
        return min(start for start, _ in self._spans)

    def _is_inherited(self, kind: str, own: str, key: str) -> bool:
        if not self._may_be_from_others(kind, own, key):
            return False
        before, now = self._at_start.get((kind, own), {}), self._holder.record(kind, int(own))
        column = next((name for name in (key, f"{key}_id") if name in now), "preferences")
        return bool(now.get(column) == before.get(column))


def _active(story: Story, *, whole: bool) -> Iterator[tuple[datetime, datetime]]:
    """When something a story did can have changed a record: its writes, and the worker around deliveries.

    A ``whole`` story without deliveries is active throughout; one whose deliveries were left out is not.
    """
    for step in story.steps:
        if step.kind == "webhook":
            yield story.at(step.seconds) - WORKER_MARGIN, story.at(step.seconds) + WORKER_MARGIN
        elif step.kind == "mail_in" or (step.kind == "rest" and _can_write(step)):
            yield story.at(step.seconds) - WRITE_MARGIN, story.at(step.ends) + WRITE_MARGIN
    if whole and not any(step.kind == "webhook" for step in story.steps):
        yield story.starts_at - MARGIN, story.ends_at + MARGIN


def _changes_of_people(story: Story) -> Iterator[tuple[datetime, datetime]]:
    """When a story can have changed a role: by a request about people or roles, or by a new ticket's new customer."""
    for step in story.steps:
        made = step.kind == "mail_in"
        if step.kind == "rest":
            request = step.record["request"]
            made = request["method"] == "POST" or (request["method"] != "GET" and request["path"].startswith(ROUTES))
        if made:
            yield story.at(step.seconds) - WRITE_MARGIN, story.at(step.ends) + WRITE_MARGIN


def _can_write(step: Step) -> bool:
    request = step.record["request"]
    authorization = str(request["headers"].get("Authorization"))
    return request["method"] != "GET" or authorization.startswith("Basic ")


def _logins(story: Story) -> Iterator[tuple[str | None, datetime, datetime]]:
    """Who logged in by password and when; nobody knows who ``anonymous`` was."""
    for step in story.steps:
        if step.kind == "rest" and step.record["request"]["headers"].get("Authorization", "").startswith("Basic "):
            start, end = story.at(step.seconds), story.at(step.ends)
            yield LOGINS.get(step.record["as"]), start - LOGIN_MARGIN, end + LOGIN_MARGIN


def _shown(recorded: Mapping[str, Any], key: str) -> Any:
    return recorded.get(key, (recorded.get("preferences") or {}).get(key))


def _written(story: Story) -> Iterator[tuple[str, str]]:
    """The records a story's own requests change, by kind and recorded id."""
    for step in story.steps:
        if step.kind != "rest" or step.record["request"]["method"] == "GET":
            continue
        path = step.record["request"]["path"].partition("?")[0]
        if path.startswith(ROUTES):
            kind, body = kind_of_path(path), step.record["response"]["body"]
            record = path.rpartition("/")[2]
            if record.isdigit():
                yield str(kind), record
            elif isinstance(body, dict) and "id" in body:
                yield str(kind), str(body["id"])
