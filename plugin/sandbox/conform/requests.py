"""Turning a recorded request into the one to send: ids, numbers and cut bodies made whole again."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from plugin.sandbox.conform.identities import KIND_OF_ROUTE, Identities, kind_of_key
from plugin.sandbox.conform.partial import CUT, is_cut
from plugin.sandbox.conform.stories import Step

API = "/api/v1/"
CONDITION_VALUE = ("value", "value_from", "value_to")
TAILS = ('"}', '"}}', '", "internal": true}', '", "internal": true}}')
"""How a body the recorder cut inside a long text can have ended."""

LOST_BYTE = "\N{REPLACEMENT CHARACTER}"
TICKET_ID = "ticket.id"
"""The one attribute of conditions that holds ids and does not say so by its ending."""

NEVER_MADE = 7_000_000
"""Added to ids nothing is known of, so that they do not hit something else by chance."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to send to the sandbox."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None


def own_request(step: Step, *, identities: Identities, authorization: str | None) -> Request:
    """The recorded request of a step in the sandbox's own terms."""
    recorded = step.record["request"]
    headers = {
        key: identities.own("etag", value) or value
        for key, value in recorded["headers"].items()
        if key != "Authorization"
    }
    if authorization is not None:
        headers["Authorization"] = authorization
    return Request(
        method=recorded["method"],
        path=own_path(recorded["path"], identities),
        headers=headers,
        body=_bytes(recorded["body"], identities),
    )


def own_path(path: str, identities: Identities) -> str:
    """A recorded path with its query, in the sandbox's ids.

    Ids follow their route, except that a merge names its target by number and an attachment's path names
    ticket, article and attachment.
    """
    route, mark, query = path.partition("?")
    parts = route.split("/")
    for place, part in enumerate(parts):
        number, dot, form = part.partition(".")
        if number.isdigit():
            parts[place] = _own_id(_kind_in_path(parts, place), number, identities) + dot + form
    return "/".join(parts) + mark + re.sub(r"(\w+)=([^&]*)", lambda found: _own_pair(found, identities), query)


def own_address(url: str, identities: Identities) -> str:
    """A recorded URL of the API, in the sandbox's ids."""
    server, api, path = url.partition(API)
    return server + own_path(api + path, identities)


def own_body(value: Any, identities: Identities, *, key: str = "", around: Mapping[str, Any] | None = None) -> Any:
    """A recorded request body in the sandbox's ids."""
    if isinstance(value, dict):
        attribute = str(value["name"]) if {"name", "operator"} <= value.keys() else key
        condition = attribute if attribute == TICKET_ID or attribute.endswith(("_id", "_ids")) else ""
        return {
            _own_key(name, key, identities): own_body(
                inner, identities, key=condition if name in CONDITION_VALUE and condition else name, around=value
            )
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [own_body(inner, identities, key=key, around=around) for inner in value]
    return _own_scalar(value, key, around or {}, identities)


def whole(cut: Mapping[str, Any], *, named: Callable[[int], bool]) -> str:
    """The text of a request body that the recorder cut inside a run of one letter.

    ``named`` says which lengths of that run are likely: a round one, or one the step's name tells.
    """
    start, length = cut[CUT], cut["__length__"]
    letter = start[-1]
    run = len(start) - len(start.rstrip(letter))
    fillings = [(tail, length - len(start) - len(tail)) for tail in TAILS if _is_json(start + tail)]
    tail, more = next(((tail, more) for tail, more in fillings if named(run + more)), fillings[0])
    return str(start + letter * more + tail)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _kind_in_path(parts: list[str], place: int) -> str:
    if "ticket_attachment" in parts:
        return ("Ticket", "TicketArticle", "Attachment")[min(place - parts.index("ticket_attachment") - 1, 2)]
    if "ticket_merge" in parts:
        return "Ticket" if parts[place - 1] == "ticket_merge" else "number"
    if "log" in parts[:place]:
        return "date"  # a year and a month
    if "by_ticket" in parts[:place]:
        return "Ticket"
    routes = [KIND_OF_ROUTE[part] for part in parts[:place] if part in KIND_OF_ROUTE]
    return routes[0] if routes else "unknown"


def _own_id(kind: str, recorded: str, identities: Identities) -> str:
    known = identities.own(kind, recorded)
    if known is not None:
        return known
    if identities.recorded(kind, recorded) is None:
        return recorded
    return str(int(recorded) + NEVER_MADE)


def _own_pair(found: re.Match[str], identities: Identities) -> str:
    key, value = found[1], unquote(found[2])
    kind = "Ticket" if key == "o_id" else kind_of_key(key)
    if kind and value.isdigit():
        return f"{key}={_own_id(kind, value, identities)}"
    own = identities.own_text(value)
    return found[0] if own == value else f"{key}={quote(own)}"


def _own_key(name: str, key: str, identities: Identities) -> str:
    return _own_id("Group", name, identities) if key == "group_ids" and name.isdigit() else name


def _own_scalar(value: Any, key: str, around: Mapping[str, Any], identities: Identities) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return value
    kind = _kind(key, around)
    if kind and isinstance(value, int):
        return int(_own_id(kind, str(value), identities))
    if isinstance(value, str):
        if kind and value.isdigit():
            return _own_id(kind, value, identities)
        return identities.own_text(value)
    return value


def _kind(key: str, around: Mapping[str, Any]) -> str | None:
    if key in (TICKET_ID, "ids"):
        return "Ticket"
    if key == "id":
        return "Ticket" if "group_id" in around or "class_name" in around or "customer_id" in around else None
    if key == "o_id":
        return str(around.get("object", "Ticket"))
    if key == "deletable_id":
        return str(around.get("deletable_type", "User"))
    return kind_of_key(key.rpartition(".")[2])


def _bytes(body: Any, identities: Identities) -> bytes | None:
    if body is None:
        return None
    if is_cut(body):
        text = whole(body, named=lambda length: length % 1000 in (0, 1, 999))
        return _renamed(text, identities).encode()
    if isinstance(body, str):
        return _renamed(body, identities).replace(LOST_BYTE, "\udcff").encode(errors="surrogateescape")
    return json.dumps(own_body(body, identities), ensure_ascii=False).encode()


def _renamed(text: str, identities: Identities) -> str:
    """A body that is kept as text, with the ids that stand in it as ``"x_id": 7`` or ``x_id=7``."""

    def renamed(found: re.Match[str]) -> str:
        kind = kind_of_key(found[2])
        return found[1] + found[2] + found[3] + (_own_id(kind, found[4], identities) if kind else found[4])

    return re.sub(r'(\b)([a-z_]+_id)("?[:=]\s*"?)(\d+)', renamed, text)
