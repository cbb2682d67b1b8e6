"""Alarms: what an operator should know of, each with a name, its meaning and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from plugin.observability.health import TICKETS_KEPT, Health, Part
from plugin.observability.metrics import Metrics

log = structlog.get_logger(__name__)

SHOWN_FOR = timedelta(hours=1)
"""How long ``/readyz`` shows an alarm after it was raised last."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One kind of alarm, for docs/alarms.md: what it ``means`` and what to ``do``."""

    means: str
    do: str


ALARMS: Mapping[str, Alarm] = {
    "chore_failed": Alarm(
        "Something done every so often for all tickets (`sweep`, `preflight`, `inbox-purge`) could not be done; "
        "the log line `chore failed` names it and why. It is tried again by itself.",
        "Nothing, if it goes away. While the sweep fails, changes that came without a webhook are not noticed.",
    ),
    "clock_skew": Alarm(
        "Steward's clock and Zammad's are more than 60 s apart. Nothing is written because of time alone (no warning, "
        "no breach, no reminder); what people do is heard and settled as ever.",
        "Set both servers' clocks by NTP. Deadlines go on by themselves three minutes after the clocks agree again.",
    ),
    "effect_refused": Alarm(
        "Zammad refused one write three times or more. It is tried less and less often, and after eight times or a day "
        "not again by itself. All else goes on.",
        "`steward case show N` has the write and Zammad's reason; mend that, then `steward case retry N`.",
    ),
    "effect_unknown": Alarm(
        "Whether one write was done could not be found out three times in a row: connections are cut, or the answers "
        "make no sense. It is looked for, and tried again every five minutes at most, until it is certain.",
        "`steward case show N` has the write; look for a proxy in between that cuts or rewrites answers.",
    ),
    "field_gone": Alarm(
        "Ticket attributes of Steward's that were there are gone or renamed. They are left out, the rest works.",
        "Make them again under the same names (README, *Fields*); they are filled at the next look at each ticket.",
    ),
    "flapping": Alarm(
        "The same field or tag was written again eight times within 24 hours, and nothing else happened on the ticket "
        "in between: something in Zammad undoes it. It is left alone until a day has passed; all else goes on.",
        "`steward case explain N` names it. Look for a scheduler job, a trigger or another integration that sets it.",
    ),
    "loop_guard": Alarm(
        "One ticket was written to six times within an hour and neither a person nor a date explains it: something "
        "else in Zammad changes it back. It rests for the hour.",
        "Look for a trigger, scheduler job or another integration that sets the same tags or `steward_*` fields.",
    ),
    "mandatory_field": Alarm(
        "An empty mandatory field refuses every change of the ticket. Notes and tags are still written.",
        "Fill the field that `steward case show N` names, or have the core workflow not demand it of Steward's role.",
    ),
    "many_missing": Alarm(
        "Twenty tickets or more were not found (404) within ten minutes: another server, or one that was restored. "
        "None of them is taken for deleted.",
        "Check that STEWARD_ZAMMAD_URL is the right server and its database the right one; `steward pause` meanwhile.",
    ),
    "message_without_template": Alarm(
        "A message to the customer was due for which the pack has no text; it was not sent.",
        "Add the text under `messages` in the pack.",
    ),
    "message_without_value": Alarm(
        "A message to the customer names something (`{closed_on}`, say) that is not known of this ticket; it was not "
        "sent, the rest of the case goes on.",
        "Look at what `steward case show N` says was left out, and take the placeholder out of the pack's message.",
    ),
    "no_right": Alarm(
        "Zammad refused a write because Steward's user may not do it (403); it is tried again every ten minutes.",
        "Give Steward's role read, create and change in the ticket's group.",
    ),
    "nobody_present": Alarm(
        "A note was to tell somebody, and nobody it names is there: unknown, inactive, out of office without a "
        "substitute, or without access to the ticket's group. It stands on the ticket all the same.",
        "Name people under `people` in the pack who are there, give them read access to the group, see to substitutes.",
    ),
    "note_brake": Alarm(
        "More notes were due within an hour than STEWARD_NOTE_BRAKE allows; the rest waits, danger to people does not.",
        "Find out what made so many tickets late at once. Raise the setting only if that is how it is.",
    ),
    "option_missing": Alarm(
        "A select field lacks a value Steward wants to set. That field is left out, all others are written.",
        "Add the value to the attribute's options; the log line names field and value.",
    ),
    "out_of_sight": Alarm(
        "Zammad says 403 for a ticket that was visible before. Its clocks go on, nothing is written.",
        "If it was moved on purpose, nothing. Else give Steward's role access to the group it is in.",
    ),
    "parked": Alarm(
        "A ticket could not be worked eight times, or for a day, and is left alone now. Others are not affected.",
        "`steward case list --status parked` has them with their reasons; then `steward case retry N`.",
    ),
    "rule_limit": Alarm(
        "A rule of the pack would have written to more tickets within 24 hours than its `limit` allows. It is stopped: "
        "what it asks for is recorded only, until a person lets it go on.",
        "See whether the rule does what was meant (`steward case explain N`); then `steward pack release RULE`, or "
        "activate a pack with a higher `limit`. Of tickets worked on at the same moment a few more may be written to.",
    ),
    "unknown_state": Alarm(
        "A ticket is in a state whose type Zammad does not tell; it is taken as open, so that its clocks go on.",
        "Give the state a type in Zammad, and see that Steward's user may list states.",
    ),
    "unreadable": Alarm(
        "Zammad answers, but what it says of one ticket cannot be used: a permanent error 500, an answer without the "
        "shape it must have, or one of more than 32 MB. Tried again every five minutes; others are not affected.",
        "`steward case show N` has the reason; Zammad's production.log has the cause of an error 500.",
    ),
}
"""Every alarm there is, by its name in the log (``alarm=``), in ``steward_alarms_total`` and on ``/readyz``."""

PARTS: Mapping[str, str] = {
    "alarms": "An alarm was raised within the last hour.",
    "clock": "Zammad's clock and ours differ by more than 60 s: deadlines are held.",
    "lag": "`steward pause` is in force. Its `seconds` are how long work that is due has been waiting.",
    "preflight": "Something is missing on this Zammad: rights, fields, options. Each finding names its way out.",
    "rules": "A rule came up to its limit and waits for `steward pack release RULE`.",
    "store": "The database cannot be read or written: webhooks are answered 503 and come again.",
    "sweep": "Never; it shows when the last sweep ended and how many tickets it woke.",
    "webhook": "Tickets change, and no webhook is heard: its trigger, address or signature token is not right.",
    "worker": "No worker gave a sign of life for 30 s.",
    "zammad": "Zammad does not answer, or asked to be left alone for a while.",
}
"""What each part of ``/readyz`` tells when it is not well."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """Raises alarms, for the log, the metrics and ``/readyz`` at once. Shared by all threads."""

    metrics: Metrics
    health: Health
    clock: Callable[[], datetime]

    def sound(self, name: str, *, ticket_id: int | None = None, **more: Any) -> None:
        """``more`` goes to the log: codes and ids, no customer's words. Only a name of ``ALARMS`` is taken."""
        assert name in ALARMS, name
        self.metrics.alarms.labels(name).inc()
        self.health.note_alarm(name, at=self.clock(), ticket_id=ticket_id)
        log.warning("alarm", alarm=name, ticket_id=ticket_id, **more)


def part(processes: Iterable[Health], *, now: datetime) -> Part:
    """The alarms of the last hour, wherever they were raised, each with its newest tickets, for ``/readyz``."""
    recent: dict[str, list[tuple[datetime, list[int]]]] = {}
    for health in processes:
        for name, raised in health.alarms_since(now - SHOWN_FOR).items():
            recent.setdefault(name, []).append(raised)
    more = {name: _newest(raised) for name, raised in sorted(recent.items())}
    said = f"{', '.join(more)}: docs/alarms.md says what they mean" if more else ""
    return Part(ok=not more, said=said, more=more)


def _newest(raised: list[tuple[datetime, list[int]]]) -> Mapping[str, Any]:
    raised = sorted(raised, reverse=True)
    tickets = dict.fromkeys(ticket_id for _, named in raised for ticket_id in named)
    return {"last_at": raised[0][0].isoformat(), "tickets": list(tickets)[:TICKETS_KEPT]}
