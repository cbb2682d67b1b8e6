"""Whether every step of the ladder reaches somebody: the people a pack names, as Zammad has them today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

from plugin.model.errors import Refused, Unavailable
from plugin.model.pack import Pack
from plugin.zammad.people import People
from plugin.zammad.preflight import Finding, Severity


def reach(people: People, pack: Pack, *, day: date) -> tuple[Finding, ...]:
    """What keeps a step from its people that day; nothing where Zammad does not answer, the preflight says so."""
    try:
        return tuple(_findings(people, pack, day))
    except Unavailable:
        return ()


def _findings(people: People, pack: Pack, day: date) -> Iterator[Finding]:
    if not pack.people.supervisors:
        yield Finding(
            "supervisors",
            Severity.INFO,
            "the pack names no supervisors: what is late goes to first responder and owner",
            f"pack {pack.name}",
            "name logins under people: supervisors",
        )
    for step, logins in _steps(pack):
        away = [login for login in logins if not _is_there(people, login, day)]
        if not away:
            continue
        nobody = len(away) == len(logins)
        yield Finding(
            "nobody_present" if nobody else "away",
            Severity.WARNING if nobody else Severity.INFO,
            f"{', '.join(away)}: unknown, inactive, or out of office without a substitute"
            + (", so that the step reaches nobody" if nobody else ""),
            f"pack {pack.name}, {step}",
            "correct the logins, name somebody who is there, or enter a substitute in Zammad",
        )


def _steps(pack: Pack) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Everybody a step may go to, by where the pack names them."""
    for part, logins in asdict(pack.people).items():
        yield f"people: {part}", logins
    for tier, settings in pack.tiers.items():
        yield f"tiers: {tier}: handlers", settings.handlers


def _is_there(people: People, login: str, day: date) -> bool:
    try:
        return people.there(login, day) is not None
    except Refused:
        return False
