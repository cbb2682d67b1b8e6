"""A version put in force while cases are under way, some of whose rules those cases keep as they were."""

from __future__ import annotations

from dataclasses import replace

from plugin.model.pack import Pack, Rule
from plugin.policies import discover


def joined(former: Pack, pack: Pack) -> Pack:
    """``pack`` as it decides a case that moves to it from ``former``.

    A rule the case keeps runs as ``former`` has it, with the clocks its policy runs; one ``former`` has not does not
    run at all. The version is that of ``pack``, and so is all that rules share: kinds, words, people, calendars.
    """
    names = pack.kept_rules
    if not names:
        return pack
    was = {rule.name: rule for rule in former.rules}
    rules = tuple(rule for one in pack.rules for rule in _of_the_case(one, was, kept=one.name in names))
    clocks = {name for rule in (*pack.rules, *former.rules) if rule.name in names for name in _clocks(rule)}
    theirs = {name: clock for name, clock in former.clocks.items() if name in clocks}
    others = {name: clock for name, clock in pack.clocks.items() if name not in clocks}
    calendars = {clock.calendar: former.calendars[clock.calendar] for clock in theirs.values()}
    return replace(pack, rules=rules, clocks=others | theirs, calendars={**calendars, **pack.calendars})


def _of_the_case(rule: Rule, was: dict[str, Rule], *, kept: bool) -> tuple[Rule, ...]:
    if not kept:
        return (rule,)
    return (was[rule.name],) if rule.name in was else ()


def _clocks(rule: Rule) -> tuple[str, ...]:
    return tuple(getattr(discover()[rule.policy], "CLOCKS", ()))
