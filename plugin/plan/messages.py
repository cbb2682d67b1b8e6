"""Messages to the customer: from the pack's templates with closed placeholders, once a cause, never twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from plugin.model.decision import Message
from plugin.model.effects import EffectKind
from plugin.model.words import text
from plugin.plan.making import Making
from plugin.plan.parts import SendMessage


def calls(wanted: Iterable[Message], making: Making) -> Iterator[SendMessage]:
    """What is to be sent now; a message the pack has no text for is recorded, and an alarm says so."""
    for message in wanted:
        effect = making.effect(
            EffectKind.MESSAGE,
            rule=message.rule,
            epoch=message.epoch,
            clause=message.clause,
            because=message.because,
            request={"template": message.template},
        )
        written = making.terms.messages.get(message.template)
        if written is None:
            making.observe(effect, "no template")
            making.alarms.append("message_without_template")
        elif making.may_go(effect, message.mode):
            values = {"number": making.standing.ticket.number, **_shown(dict(message.values), making)}
            yield SendMessage((effect,), written.subject.format_map(values), written.body.format_map(values))


def _shown(values: Mapping[str, str | datetime], making: Making) -> dict[str, str]:
    """Days as the customer reads them."""
    return {
        name: making.terms.render(text("{day}", day=making.terms.office.day_of(value)))
        if isinstance(value, datetime)
        else value
        for name, value in values.items()
    }
