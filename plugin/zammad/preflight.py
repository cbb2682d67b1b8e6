"""What is missing before Steward can do its work on this Zammad: each finding with its place and its way out.

Works with the least role and writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from plugin.model.errors import Refused, StewardError, Unavailable
from plugin.model.features import Features
from plugin.model.people import User
from plugin.skew import TOLERATED
from plugin.zammad.room import Zammad
from plugin.zammad.values import FIELDS, FieldType

READ = "read"
NEEDED_RIGHTS = frozenset({READ, "create", "change"})
FULL = "full"
ADMIN_ROLE = "Admin"
CHECKED_EVERY = timedelta(days=7)
"""How often everything is asked again while nothing is missing and nothing speaks against it."""
_SEEN_TICKETS = 20
"""How many tickets are looked at for the types of fields."""


class Severity(StrEnum):
    """ERROR: something will not work. WARNING: it works, but not as it should. INFO: good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """``name`` is a short code, ``what`` is missing or wrong, ``where``, and the ``way_out`` in words."""

    name: str
    severity: Severity
    what: str
    where: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.what} ({self.where}); {self.way_out}"


def preflight(zammad: Zammad, *, writes: bool = True) -> tuple[Finding, ...]:
    """Everything found out about the server and our rights there, worst first. Costs about five reads.

    Without ``writes`` Steward is on trial: a token that may read is enough, and nothing lacks that only writing needs.
    """
    try:
        me = zammad.people.me_afresh()
        found = [*_rights(zammad, me, writes=writes), *_fields(zammad, me, writes=writes), *_clock(zammad)]
    except (Unavailable, Refused) as error:
        found = [_unreachable(zammad, error)]
    order = [*Severity]
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def signs(zammad: Zammad) -> str:
    """What is known of the server without asking it: where this changes, a new preflight may find something."""
    features = zammad.reader.features
    skew = zammad.client.skew
    is_skewed = skew is not None and abs(skew) > TOLERATED
    fields = " ".join(f"{name}{'' if features.quiet(name) else ' (seen)'}" for name in sorted(features.fields))
    return f"{fields}; checklists {features.checklists}; skewed {is_skewed}"


def _unreachable(zammad: Zammad, error: StewardError) -> Finding:
    return Finding(
        "zammad",
        Severity.ERROR,
        str(error),
        zammad.client.url,
        "check STEWARD_ZAMMAD_URL, STEWARD_ZAMMAD_TOKEN, STEWARD_ZAMMAD_CA and STEWARD_ZAMMAD_PROXY",
    )


def _rights(zammad: Zammad, me: User, *, writes: bool) -> Iterator[Finding]:
    where = f"user {me.login}"
    if ADMIN_ROLE in me.role_names:
        yield Finding(
            "admin_token",
            Severity.WARNING,
            "the token belongs to an administrator: it may do far more than Steward needs",
            where,
            "make a user of its own with one role that has only ticket.agent, and a token for it",
        )
    if not any(me.groups.values()):
        yield Finding(
            "no_groups",
            Severity.ERROR,
            "no access to any group: no ticket can be seen",
            where,
            "give its role or user read, create and change in the groups Steward is to watch",
        )
    groups = {zammad.catalogues.group_name(one) or str(one): rights for one, rights in sorted(me.groups.items())}
    only_read = [group for group, rights in groups.items() if not writes and READ in rights and not _may(rights)]
    if only_read:
        yield Finding(
            "only_read",
            Severity.INFO,
            f"may only read in {', '.join(only_read)}: enough for a trial",
            where,
            "give create and change there before STEWARD_MODE=enforce",
        )
    for group, rights in groups.items():
        missing = NEEDED_RIGHTS - rights
        if group not in only_read and not _may(rights):
            yield Finding(
                "rights",
                Severity.ERROR,
                f"{', '.join(sorted(missing))} missing in group {group}",
                where,
                "give it in the role's or user's group permissions",
            )
    if full := [group for group, rights in groups.items() if FULL in rights]:
        yield Finding(
            "full_access",
            Severity.WARNING,
            f"full access to {', '.join(full)}: Steward's user can be chosen as owner there and gets the notices",
            where,
            "give read, create and change instead of full",
        )


def _may(rights: Collection[str]) -> bool:
    """All that is needed in a group."""
    return FULL in rights or set(rights) >= NEEDED_RIGHTS


def _fields(zammad: Zammad, me: User, *, writes: bool) -> Iterator[Finding]:
    seen = [*zammad.reader.newest(_SEEN_TICKETS)]
    if not seen:
        yield Finding(
            "no_tickets",
            Severity.INFO,
            "no ticket can be seen yet, so the fields are not known",
            "tickets",
            "nothing to do: they are looked at with the first ticket",
        )
        return
    zammad.reader.look(int(seen[0]["id"]))
    features = zammad.reader.features
    yield from _missing(features, Severity.WARNING if writes else Severity.INFO)
    if ADMIN_ROLE not in me.role_names:
        # an administrator sees quiet fields too: his view says nothing about the agents'
        yield from _visible(features)
    yield from _types(seen)
    yield _checklists(features)


def _missing(features: Features, severity: Severity) -> Iterator[Finding]:
    missing = [f"{name} ({kind})" for name, kind in FIELDS.items() if not features.has(name)]
    if missing:
        yield Finding(
            "field_missing",
            severity,
            f"fields that are not there are left out, the rest works: {', '.join(missing)}",
            "ticket attributes",
            "make them as the README shows, then migrate",
        )


def _visible(features: Features) -> Iterator[Finding]:
    visible = sorted(features.visible & FIELDS.keys())
    if visible:
        yield Finding(
            "field_visible",
            Severity.WARNING,
            f"agents see these fields, and each change mails them: {', '.join(visible)}",
            "ticket attributes",
            'give them data_option.permission ["admin", "report"], unless the notices are wanted',
        )


def _types(seen: list[Mapping[str, Any]]) -> Iterator[Finding]:
    for name, kind in FIELDS.items():
        wrong = next((raw[name] for raw in seen if name in raw and not _fits(kind, raw[name])), None)
        if wrong is not None:
            yield Finding(
                "field_type",
                Severity.ERROR,
                f"the field {name} holds a {type(wrong).__name__}, which is no {kind}",
                "ticket attributes",
                f"make it anew as {kind}",
            )


def _fits(kind: FieldType, value: Any) -> bool:
    """Whether a value seen can be of the type; null and empty say nothing, but a boolean is never empty text."""
    if value is None:
        return True
    if kind is FieldType.BOOLEAN:
        return isinstance(value, bool)
    if not isinstance(value, str):
        return False
    return value == "" or kind not in (FieldType.DATE, FieldType.DATETIME) or _is_moment(kind, value)


def _is_moment(kind: FieldType, value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return (len(value) > len("2026-11-21")) == (kind is FieldType.DATETIME)


def _checklists(features: Features) -> Finding:
    there = "has" if features.checklists else "has no"
    form = "checklist items" if features.checklists else "linked tickets"
    return Finding("checklists", Severity.INFO, f"this Zammad {there} checklists", "tickets", f"tasks become {form}")


def _clock(zammad: Zammad) -> Iterator[Finding]:
    skew = zammad.client.skew
    if skew is not None and abs(skew) > TOLERATED:
        yield Finding(
            "clock",
            Severity.ERROR,
            f"Zammad's clock differs from ours by {skew.total_seconds():+.0f} s: deadlines are held",
            "Date header of its answers",
            "set both clocks by NTP",
        )
