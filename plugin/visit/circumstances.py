"""The terms a plan is made on: who is meant by a login, what the brakes leave, which rules are exhausted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from plugin import locales
from plugin.model.decision import Decision, Mode, Urgency
from plugin.model.effects import EffectKind
from plugin.model.errors import Refused
from plugin.model.pack import MessageText, Pack, Rule
from plugin.model.rendering import render
from plugin.model.ticket import Ticket
from plugin.model.words import Text
from plugin.plan import LIMIT, Brake, MakeTask, Person, Plan, Put, Render
from plugin.store import brakes, effects
from plugin.store.database import Connection
from plugin.zammad.people import People

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


def mode_of(pack: Pack) -> Mode:
    """Enforcing where any rule is; the rules' own modes decide about each part."""
    return Mode.ENFORCE if any(rule.mode is Mode.ENFORCE for rule in pack.rules) else Mode.OBSERVE


def renderer(pack: Pack) -> Render:
    """Sentences in the pack's language, times on its wall clock."""
    translate = locales.translator(pack.language)

    def shown(sentence: Text, at: datetime | None = None, /) -> str:
        reader_at = at or _week_before(sentence)
        return render(sentence, language=pack.language, zone=pack.zone, translate=translate, now=reader_at)

    return shown


def _week_before(sentence: Text) -> datetime | None:
    """Nobody says when it will be read: moments are then named with their day, whenever that is."""
    moments = [value for value in sentence.values.values() if isinstance(value, datetime)]
    return min(moments) - timedelta(days=7) if moments else None


def messages_of(pack: Pack) -> Mapping[str, MessageText]:
    """What may be sent to customers, in the pack's language."""
    return {name: found for name in pack.messages if (found := pack.message(name)) is not None}


def needs_people(plan: Plan) -> bool:
    """Whether the plan tells or asks anybody, so that it is worth finding out who is who."""
    return any(isinstance(call, MakeTask) or (isinstance(call, Put) and call.note) for call in plan.calls)


def people_of(decision: Decision, ticket: Ticket, people: People, *, pack: Pack, now: datetime) -> Mapping[str, Person]:
    """Everybody the decision names as Zammad has them now, by the login it names; unknown ones are left out.

    For who is out of office stands his substitute. Where nobody of those to be told is there, the pack's supervisors
    and management are in it too, as far as the first who is.
    """
    day = pack.office_calendar.day_of(now)
    named = {login: _present(login, ticket, people, day) for login in _logins(decision)}
    found = {login: person for login, person in named.items() if person is not None}
    told = (note.tell for note in decision.notes if note.urgency >= Urgency.TELL and note.tell)
    if all(_reaches(logins, found) for logins in told):
        return found
    for login in standins(pack):
        person = found.get(login) or _present(login, ticket, people, day)
        if person is not None:
            found[login] = person
        if _reaches((login,), found):
            break
    return found


def standins(pack: Pack) -> tuple[str, ...]:
    """Who is told instead where nobody of those meant is there: a step tells somebody present (standard.md 9)."""
    return tuple(dict.fromkeys((*pack.people.supervisors, *pack.people.management)))


def _reaches(logins: Iterable[str], found: Mapping[str, Person]) -> bool:
    return any(login in found and found[login].may_read for login in logins)


def brake_of(connection: Connection, *, note_brake: int, now: datetime) -> Brake:
    """What the brake on notes over all tickets leaves in this hour."""
    since = now - HOUR
    written = effects.count_since(connection, EffectKind.NOTE, since=since)
    again_at = effects.oldest_of_rolling(connection, EffectKind.NOTE, since=since, window=HOUR)
    return Brake(left=max(0, note_brake - written), again_at=again_at or now + HOUR)


def is_limited(plan: Plan, pack: Pack) -> bool:
    """Whether it has something of a rule that may write to so many tickets only."""
    limited = {name for rule in pack.rules if rule.limit is not None for name in rule.effects_named}
    return bool(limited) and any(e.rule.partition(".")[0] in limited for call in plan.calls for e in call.effects)


def exhausted(connection: Connection, pack: Pack, ticket_id: int, *, now: datetime) -> frozenset[str]:
    """Names of rules and their policies that may write nothing: stopped, or at their limit within 24 hours."""
    stopped = {brake.rule for brake in brakes.standing(connection)}
    found: set[str] = set()
    for rule in pack.rules:
        if rule.name in stopped or _is_at_its_limit(connection, rule, ticket_id, now=now):
            found |= rule.effects_named
    return frozenset(found)


def stop_what_is_exhausted(connection: Connection, pack: Pack, plan: Plan, ticket_id: int, *, now: datetime) -> None:
    """A rule that would have touched one ticket more than its limit allows waits for a person from now on."""
    over = {effect.rule.partition(".")[0] for effect in plan.observed if effect.error == LIMIT}
    for rule in pack.rules:
        if rule.limit is not None and rule.effects_named & over:
            brakes.stop(connection, rule.name, most=rule.limit, ticket_id=ticket_id, now=now)


def _is_at_its_limit(connection: Connection, rule: Rule, ticket_id: int, *, now: datetime) -> bool:
    if rule.limit is None:
        return False
    since = max(now - DAY, brakes.released_at(connection, rule.name) or now - DAY)
    written = effects.tickets_written_by(connection, *sorted(rule.effects_named), since=since)
    return len(written - {ticket_id}) >= rule.limit


def _logins(decision: Decision) -> Iterable[str]:
    told = (login for note in decision.notes if note.urgency >= Urgency.TELL for login in note.tell)
    asked = (task.assignee for task in decision.tasks if task.assignee)
    return dict.fromkeys([*told, *asked])


def _present(login: str, ticket: Ticket, people: People, day: date) -> Person | None:
    """Him, or who stands in for him that day; nobody where all are away."""
    try:
        user = people.there(login, day)
    except Refused:
        return None
    if user is None:
        return None
    may_own = people.may_own(user, ticket.group_id)
    may_read = may_own or bool(user.groups.get(ticket.group_id))
    return Person(id=user.id, login=user.login, name=user.name, may_read=may_read, may_own=may_own)
