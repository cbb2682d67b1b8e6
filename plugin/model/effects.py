"""One row, one side effect: the intent before a call, its outcome after it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any


class EffectKind(StrEnum):
    """What is done in Zammad; the request keys are named behind each."""

    FIELDS = "fields"
    """``PUT /tickets/:id`` with managed fields. fields {name: value}."""
    NOTE = "note"
    """A System note, in the same PUT where fields change too. body, tell (user ids), notify."""
    TAG_ADD = "tag_add"
    """tag"""
    TAG_REMOVE = "tag_remove"
    """tag"""
    CHECKLIST = "checklist"
    """A checklist was made, or renamed to say the next step. name, checklist_id."""
    ITEM = "item"
    """A checklist item carries a task. task, text, checklist_id, item_id."""
    ITEM_VOID = "item_void"
    """An unneeded, unticked item of ours is marked void. task, item_id."""
    TASK = "task"
    """A child ticket carries a task. task, number, title, ticket_id."""
    TASK_VOID = "task_void"
    """A task ticket of ours is closed because the task is no longer needed. task, ticket_id."""
    """number, child_id"""
    STATE = "state"
    """The ticket's own state changes (reopened). state."""
    MESSAGE = "message"
    """A message to the customer. template."""


IDEMPOTENT = frozenset(
    {
        EffectKind.FIELDS,
        EffectKind.TAG_ADD,
        EffectKind.TAG_REMOVE,
        EffectKind.ITEM_VOID,
        EffectKind.TASK_VOID,
        EffectKind.STATE,
    }
)
"""Kinds that may be tried again at once after an unknown outcome: a repeat ends in the same state (promises 4)."""


class EffectState(StrEnum):
    """Where an effect stands, and what may follow."""

    INTENDED = "intended"
    """Committed before the call. Found after a crash it is unknown. → applied, refused, unknown"""
    APPLIED = "applied"
    """A well-formed 2xx with the expected id, or found in Zammad afterwards. The op_key is spent."""
    REFUSED = "refused"
    """Zammad said no and nothing was done; ``tries`` and ``error`` say how often and why. → intended"""
    UNKNOWN = "unknown"
    """May or may not have happened: wait until ``retry_not_before``, read, then decide. → applied, intended"""
    OBSERVED = "observed"
    """The rule, the server or a pause holds writes back: what would have been done. → intended"""
    VOID = "void"
    """No longer wanted before it was done, or withdrawn after a merge."""


UNSETTLED = (EffectState.INTENDED, EffectState.UNKNOWN)
"""May or may not have been done."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One side effect on one ticket. Times in UTC; ``request``/``outcome`` are JSON without customer text."""

    op_key: str
    ticket_id: int
    kind: EffectKind
    rule: str
    epoch: str
    clause: str
    because: str
    state: EffectState
    created_at: datetime
    request: Mapping[str, Any] = field(default_factory=dict)
    outcome: Mapping[str, Any] = field(default_factory=dict)
    settled_at: datetime | None = None
    retry_not_before: datetime | None = None
    tries: int = 0
    error: str = ""
    pack_version: str = ""
    """The version of the pack it was decided by; empty where that was before versions were kept with effects."""


def op_key(secret: bytes, *, ticket_id: int, rule: str, epoch: str) -> str:
    """The key that makes a side effect happen once: HMAC-SHA256 over ticket, rule and epoch, 32 hex digits.

    ``epoch`` is what makes a repeat legitimate (clock instance, reopening number), never time or chance.
    """
    signed = _keyed(secret).copy()
    signed.update(f"{ticket_id}|{rule}|{epoch}".encode())
    return signed.hexdigest()[:32]


@cache
def _keyed(secret: bytes) -> hmac.HMAC:
    """What every key begins with: OpenSSL takes longer over the secret than over the rest."""
    return hmac.new(secret, digestmod="sha256")
