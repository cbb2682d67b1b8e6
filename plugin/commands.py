"""What commands do in the process that holds the store: pause, resume, look, retry, activate, release."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugin import rollout
from plugin.clock import Clock, system
from plugin.control import Handler, NotRunning, ask, socket_path
from plugin.model.effects import Effect, EffectState
from plugin.model.errors import StewardError
from plugin.model.work import Outcome, Verdict
from plugin.settings import Settings
from plugin.store import cases, effects, meta, waking
from plugin.store.store import Store
from plugin.worker import Worker
from plugin.zammad.naming import naming
from plugin.zammad.preflight import Severity
from plugin.zammad.reach import reach
from plugin.zammad.room import Zammad

MOVING_SECONDS = 20.0
"""How long whoever activates a pack waits for the cases to be woken; then that goes on behind the answer."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What the commands work with."""

    store: Store
    zammad: Zammad
    worker: Worker
    clock: Clock


def handlers(hands: Hands) -> Mapping[str, Handler]:
    """The commands by name; each takes what was asked and returns JSON."""
    return {
        "pause": lambda _: pause(hands),
        "resume": lambda _: resume(hands),
        "look": lambda asked: look(hands, str(asked.get("ticket", ""))),
        "retry": lambda asked: retry(hands, str(asked.get("ticket", ""))),
        **on_store(hands.store, clock=hands.clock, patience=MOVING_SECONDS),
        "activate": lambda asked: activate(hands, asked),
    }


def on_store(store: Store, *, clock: Clock, patience: float | None = None) -> Mapping[str, Handler]:
    """The commands that need nothing but the store: they are done even where Steward cannot start."""
    return {
        "activate": lambda asked: {
            "lines": rollout.activate(store, rollout.Wanted.unpacked(asked), now=clock(), patience=patience)
        },
        "release": lambda asked: {
            "lines": rollout.release(store, asked["rule"], by=asked["by"], reason=asked["reason"], now=clock())
        },
    }


def carry_out(
    settings: Settings, command: str, *, open_hands: Callable[[], AbstractContextManager[Hands]], **values: Any
) -> list[str]:
    """Have the running process do it, or do it here where none runs; the lines to show.

    Raises StewardError with one line that says why not.
    """
    told = _asked(settings, command, **values)
    if told is not None:
        return told
    with open_hands() as hands:
        return list(handlers(hands)[command](values)["lines"])


def carry_out_on_store(settings: Settings, command: str, **values: Any) -> list[str]:
    """The same for a command of ``on_store``: it needs no Zammad, and no pack that can be read."""
    told = _asked(settings, command, **values)
    if told is not None:
        return told
    with Store.open(settings.database_url.reveal(), secret_key=settings.sealing_key) as store:
        return list(on_store(store, clock=system)[command](values)["lines"])


def _asked(settings: Settings, command: str, **values: Any) -> list[str] | None:
    """What the running process says, None where none listens."""
    if not settings.is_sqlite:
        return None
    try:
        return list(ask(socket_path(settings.sqlite_file), command, **values)["lines"])
    except NotRunning:
        return None


def pause(hands: Hands) -> Mapping[str, Any]:
    with hands.store.write() as connection:
        meta.pause(connection, now=hands.clock())
    return {"lines": ["Writing is paused: Steward listens and looks, and writes nothing. steward resume goes on."]}


def resume(hands: Hands) -> Mapping[str, Any]:
    with hands.store.write() as connection:
        meta.resume(connection)
        woken = waking.wake_held(connection, now=hands.clock())
        hands.store.bell.notify(connection)
    hands.store.bell.ring()
    return {"lines": [f"Writing goes on; {woken} cases had something held back."]}


def activate(hands: Hands, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put a pack in force, and say which of its names this Zammad does not know, and whom its steps do not reach."""
    done = on_store(hands.store, clock=hands.clock, patience=MOVING_SECONDS)["activate"](asked)
    with hands.store.read() as connection:
        pack = rollout.in_force(connection)
    if pack is None:
        return done
    today = pack.office_calendar.day_of(hands.clock())
    found = (*naming(hands.zammad.catalogues, pack), *reach(hands.zammad.people, pack, day=today))
    return {"lines": [*done["lines"], *(str(one) for one in found if one.severity is not Severity.INFO)]}


def look(hands: Hands, ticket: str) -> Mapping[str, Any]:
    """Read the ticket in full, settle, and say what was done."""
    ticket_id, began = _ticket_id(hands, ticket), hands.clock()
    verdict = hands.worker.look(ticket_id)
    if verdict.outcome is not Outcome.DONE:
        raise StewardError(f"ticket {ticket}: {verdict.reason}")
    return {"lines": [*_told(hands, ticket_id, began), *_next(verdict)]}


def _ticket_id(hands: Hands, ticket: str) -> int:
    if ticket.isdigit():
        return int(ticket)
    if not ticket.startswith("#"):
        raise StewardError(f"ticket {ticket}: found no id and no number; give 7 for the id, '#81007' for the number")
    number = ticket.removeprefix("#")
    with hands.store.read() as connection:
        known = cases.by_number(connection, number)
    if known is not None:
        return known.ticket_id
    found = hands.zammad.reader.find_by_number(number)
    if found is None:
        raise StewardError(f"ticket {ticket}: Zammad knows no such number, or Steward's user may not see it")
    return found.id


def _told(hands: Hands, ticket_id: int, began: datetime) -> Iterator[str]:
    with hands.store.read() as connection:
        case = cases.get(connection, ticket_id)
        written = [e for e in effects.of_case(connection, ticket_id) if (e.settled_at or e.created_at) >= began]
    name = f"ticket {ticket_id} (#{case.number if case and case.number else '–'})"
    yield f"{name}: looked, {case.status.value if case else 'unknown'}"
    if not written:
        yield "nothing differs from what should hold"
    for effect in written:
        yield _line(effect)


def _line(effect: Effect) -> str:
    verb = {EffectState.APPLIED: "written", EffectState.OBSERVED: "would write"}.get(effect.state, effect.state.value)
    error = f" – {effect.error}" if effect.error else ""
    return f"{verb}: {effect.kind.value} ({effect.rule}, {effect.clause}): {effect.because}{error}"


def _next(verdict: Verdict) -> Iterator[str]:
    if verdict.next_wake is not None:
        yield f"looks again {verdict.next_wake.at:%Y-%m-%d %H:%M:%S} UTC ({verdict.next_wake.reason.value})"
    else:
        yield "looks again when something is heard of it"


def retry(hands: Hands, ticket: str) -> Mapping[str, Any]:
    ticket_id = _ticket_id(hands, ticket)
    with hands.store.write() as connection:
        woken = waking.unpark(connection, ticket_id, now=hands.clock())
        hands.store.bell.notify(connection)
    hands.store.bell.ring()
    return {"lines": [f"ticket {ticket_id}: worked again now" if woken else f"ticket {ticket_id}: was not parked"]}
