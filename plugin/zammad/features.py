"""What this server has, learnt from looks and one question to its workflow engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from plugin.model.errors import Refused, Unavailable
from plugin.model.features import Features
from plugin.model.ticket import Ticket
from plugin.zammad.catalogues import LIFETIME
from plugin.zammad.client import ZammadClient
from plugin.zammad.schemas import FIELD_PREFIX
from plugin.zammad.workflow import perform

REFUSED_FOR = 600.0
"""Seconds after which a server that refused a checklist is thought to have them again."""


class FeatureWatch:
    """Keeps ``Features`` current: fields may be installed, renamed or removed while we run.

    Shared by all threads; ``clock`` is monotonic seconds.
    """

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
        self._lifetime = lifetime
        self._clock = clock
        self._lock = threading.Lock()
        self._features = Features()
        self._asked_at: float | None = None
        self._no_checklists_since: float | None = None

    @property
    def current(self) -> Features:
        """What the newest look showed; nothing before the first one."""
        return self._features

    def saw(self, raw: Mapping[str, Any], ticket: Ticket) -> None:
        """A look was answered: its keys are the attributes that exist.

        Asks the workflow engine, on this ticket, which of them agents see: at first, when the attributes change, and
        when the answer is old.
        """
        fields = frozenset(ticket.fields)
        known = self._features
        changed = fields != known.fields or self._asked_at is None
        if known.fields - fields:
            self._on_alarm("field_gone")
        if changed or self._clock() - (self._asked_at or 0.0) > self._lifetime:
            self._asked_at = self._clock()
            known = self._with_workflow(replace(known, fields=fields), ticket)
        checklists = "checklist_id" in raw and not self._refused_lately()
        if checklists is not known.checklists:
            known = replace(known, checklists=checklists)
        with self._lock:
            self._features = known

    def ask_again(self) -> None:
        """What was known hindered a write: ask at the next look whether it still holds."""
        with self._lock:
            self._asked_at = None

    def checklists_refused(self) -> None:
        """A checklist was refused although the server knows them: the setting is off; asked again later."""
        with self._lock:
            self._no_checklists_since = self._clock()
            self._features = replace(self._features, checklists=False)

    def _refused_lately(self) -> bool:
        since = self._no_checklists_since
        return since is not None and self._clock() - since <= REFUSED_FOR

    def _with_workflow(self, features: Features, ticket: Ticket) -> Features:
        try:
            flow = perform(self._client, screen="edit", params={"id": ticket.id})
        except (Refused, Unavailable):
            # a look must not fail for this; what was known stays
            return features
        return replace(
            features,
            visible=frozenset(name for name in flow.visible if name.startswith(FIELD_PREFIX)),
            options={name: values - {""} for name, values in flow.restricted.items() if name.startswith(FIELD_PREFIX)},
        )
