"""A version put in force while cases are under way, some of whose rules those cases keep as they were."""

from __future__ import annotations

from dataclasses import replace

from plugin.model.pack import Pack, Rule
from plugin.model.rollout import RunningCases
from plugin.policies import discover


def kept_rules(pack: Pack) -> tuple[str, ...]:
    """Names of the rules that cases under way keep as their former version has them."""
    return tuple(rule.name for rule in pack.rules if rule.running_cases is RunningCases.KEEP)


def joined(former: Pack, pack: Pack) -> Pack:
    """``pack`` as it decides a case that moves to it from ``former``.

    A rule the case keeps runs as ``former`` has it, with the clocks its policy runs; one ``former`` has not does not
    run at all. The version is that of ``pack``, and so is all that rules share: kinds, words, people, calendars.
    """
    names = frozenset(kept_rules(pack))
    if not names:
        return pack
    was = {rule.name: rule for rule in former.rules}
    rules = tuple(rule for one in pack.rules for rule in _of_the_case(one, was, kept=one.name in names))
    clocks = {name for rule in (*pack.rules, *former.rules) if rule.name in names for name in _clocks(rule)}
    theirs = {name: clock for name, clock in former.clocks.items() if name in clocks}
    others = {name: clock for name, clock in pack.clocks.items() if name not in clocks}
    calendars = {clock.calendar: former.calendars[clock.calendar] for clock in theirs.values()}
    return replace(pack, rules=rules, clocks=others | theirs, calendars={**calendars, **pack.calendars})


def what_becomes(pack: Pack, running: RunningCases) -> str:
    """What becomes of cases under way when ``pack`` is put in force, as the end of a sentence."""
    if running is RunningCases.KEEP:
        return "keep the version that decided them"
    kept = ", ".join(kept_rules(pack))
    return f"move to it, but keep as they were: {kept}" if kept else "move to it"


def _of_the_case(rule: Rule, was: dict[str, Rule], *, kept: bool) -> tuple[Rule, ...]:
    if not kept:
        return (rule,)
    return (was[rule.name],) if rule.name in was else ()


def _clocks(rule: Rule) -> tuple[str, ...]:
    return tuple(getattr(discover()[rule.policy], "CLOCKS", ()))
