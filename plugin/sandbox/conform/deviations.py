"""What deviates from the recording, and the comparison of refusals."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plugin.sandbox.conform.partial import is_cut

MASKED = re.compile(r"Error ID \S+: Please contact your administrator")

BY_LUCK = "left by a refused request until its thread served another"
"""Why a webhook, or what agents were told with it, is nobody's: which thread serves whom is luck (contract 3.2)."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One value that is not as recorded; ``path`` leads to it inside the body."""

    path: str
    what: str
    recorded: object
    own: object
    no_cause: str = ""
    """Why nothing that was recorded explains the recorded value; empty where something does."""


def compare_error(recorded: object, own: object) -> Iterator[Deviation]:
    """What deviates in the body of a refusal: the set of keys, masked or not, but never the server's prose."""
    if isinstance(recorded, dict) and not is_cut(recorded) and isinstance(own, dict):
        if recorded.keys() != own.keys():
            yield Deviation(path="", what="keys of the error", recorded=sorted(recorded), own=sorted(own))
        theirs, ours = is_masked(recorded), is_masked(own)
        if theirs != ours:
            yield Deviation(path="error", what="masked", recorded=theirs, own=ours)
    elif (isinstance(recorded, str) or is_cut(recorded)) != isinstance(own, str):
        yield Deviation(path="", what="shape of the error", recorded=recorded, own=own)


def is_masked(body: Mapping[str, Any]) -> bool:
    """Whether an error names only an error id instead of its cause.

    >>> is_masked({"error": "Error ID Ab3: Please contact your administrator."})
    True
    """
    return MASKED.match(str(body.get("error"))) is not None
