"""Whether this Zammad knows the groups and states a pack names: a name nobody has makes a rule that never acts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from plugin.model.errors import Refused, Unavailable
from plugin.model.pack import Pack
from plugin.zammad.catalogues import Catalogues
from plugin.zammad.preflight import Finding, Severity


def naming(catalogues: Catalogues, pack: Pack) -> tuple[Finding, ...]:
    """Every name this server does not know; nothing where Zammad does not answer, the preflight says so."""
    try:
        return (
            *_unknown("group", catalogues.groups().values(), _groups(pack), pack),
            *_unknown("state", catalogues.state_names(), (("waiting_states", pack.waiting_states or ()),), pack),
        )
    except (Unavailable, Refused):
        return ()


def _unknown(
    what: str, known: Collection[str], named: Collection[tuple[str, Collection[str]]], pack: Pack
) -> Iterator[Finding]:
    if not known:
        return  # they cannot be listed here
    for where, names in named:
        for name in names:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                meant = f"; did you mean {near[0]}?" if near else ""
                yield Finding(
                    f"unknown_{what}",
                    Severity.WARNING,
                    f"{name}: no {what} of this name is known to Steward's user{meant}",
                    f"pack {pack.name}, {where}",
                    f"write the {what} as Zammad has it"
                    + (", or give Steward's user access" if what == "group" else ""),
                )


def _groups(pack: Pack) -> tuple[tuple[str, Collection[str]], ...]:
    """Where a pack names groups. What is excluded may be out of our sight."""
    others = (other for clock in pack.clocks.values() for other in clock.instead)
    whens = (*(rule.when for rule in pack.rules), *(other.when for other in others))
    return (
        ("scope: groups", pack.scope.groups or ()),
        ("group_kinds", pack.group_kinds),
        ("group_natures", pack.group_natures),
        ("group_jurisdictions", pack.group_jurisdictions),
        *((f"rules: {rule.name}: groups", rule.groups) for rule in pack.rules),
        ("when: groups", dict.fromkeys(group for when in whens for group in when.groups)),
    )
