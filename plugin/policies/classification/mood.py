"""How the customer feels, so that he is calmed before he is answered (E4.2)."""

from __future__ import annotations

from collections.abc import Iterator

from plugin.model.case import Case
from plugin.model.decision import Finding
from plugin.model.grounds import Ground
from plugin.model.voices import MOOD, Voice
from plugin.model.words import text
from plugin.policies.classification.options import Options

UPSET, CALM = "upset", "calm"


def grounds(case: Case, heard: tuple[Voice, ...]) -> Iterator[Ground]:
    """What agents and the customer's messages say of his mood, the newest first."""
    found = [
        Ground("mood", word.word, text("{login} said so.", login=word.by.login), word.at, fact=word.key,
               by_agent=True, clause="E4.2")
        for word in case.said_now(UPSET, CALM)
    ]  # fmt: skip
    for voice in heard:
        if MOOD in voice.found:
            because = text("The customer is upset in the message of {at}.", at=voice.at)
            words = voice.found[MOOD]
            found.append(Ground("mood", UPSET, because, voice.at, fact=voice.article.key, words=words, clause="E4.2"))
    yield from sorted(found, key=lambda ground: ground.at, reverse=True)


def conclude(case: Case, options: Options, heard: tuple[Voice, ...], mood: tuple[Ground, ...]) -> Iterator[Finding]:
    """The mood of the customer's last message, unless an agent said since what it is: calmed before it is answered."""
    said = next((ground for ground in mood if ground.by_agent), None)
    last = heard[-1] if heard else None
    voiced = next((ground for ground in mood if last is not None and ground.fact == last.article.key), None)
    newer = voiced if voiced and (said is None or voiced.at > said.at) else said
    because = newer.because if newer else text("Nothing in the customer's last message speaks of a mood.")
    yield Finding("mood", newer and newer.value, "E4.2", because)
    yield Finding("mood_by_words", voiced and voiced.value, "E4.2", voiced.because if voiced else because)
    upset = newer is not None and newer.value == UPSET and not case.matter.is_closed
    calm_first = options.calm_first and upset and newer is not None and case.first_answer_since(newer.at) is None
    yield Finding("calm_first", calm_first, "E4.2", because)
