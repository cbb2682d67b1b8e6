"""Messages to the customer: from the pack's templates with closed placeholders, once a cause, never twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from plugin.model.decision import Message
from plugin.model.effects import EffectKind
from plugin.model.words import Text, text
from plugin.plan.making import Making
from plugin.plan.parts import SendMessage


def calls(wanted: Iterable[Message], making: Making) -> Iterator[SendMessage]:
    """What is to be sent now; one without a text, or without a value it names, is recorded, and an alarm says so."""
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
        values = {"number": making.standing.ticket.number, **_shown(dict(message.values), making)}
        lacking = sorted(name for name in written.placeholders if not values.get(name)) if written else []
        if written is None:
            making.observe(effect, "no template")
            making.alarms.append("message_without_template")
        elif lacking:
            making.observe(effect, f"no value for {{{lacking[0]}}}")
            making.alarms.append("message_without_value")
        elif making.may_go(effect, message.mode):
            yield SendMessage((effect,), written.subject.format_map(values), written.body.format_map(values))


def _shown(values: Mapping[str, str | datetime | Text], making: Making) -> dict[str, str]:
    """Days and sentences as the customer reads them."""
    return {name: _in_words(value, making) for name, value in values.items()}


def _in_words(value: str | datetime | Text, making: Making) -> str:
    if isinstance(value, datetime):
        return making.terms.render(text("{day}", day=making.terms.office.day_of(value)))
    return making.terms.render(value) if isinstance(value, Text) else value
