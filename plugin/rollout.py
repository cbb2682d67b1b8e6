"""Which version of the pack decides which case, and how another one is put in force while Steward works.

A store follows ``STEWARD_PACK`` until somebody activates a pack; from then on only activating changes it, so that each
change has an author and a reason (A5.3). The newest activation in the store holds, for every process that works on it.
"""

from __future__ import annotations

import base64
import binascii
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from plugin import packs
from plugin.baton import holding
from plugin.model.decision import Mode
from plugin.model.errors import PackError, StewardError, Unavailable
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.rollout import Activation, RunningCases, version_for, what_becomes
from plugin.settings import Settings
from plugin.store import brakes, meta, switches, waking
from plugin.store import packs as kept_packs
from plugin.store.database import Connection
from plugin.store.packs import PackRow
from plugin.store.store import Store

if TYPE_CHECKING:
    from plugin.model.pack import Pack

log = structlog.get_logger(__name__)

LONGEST_TEXT = 60_000
"""Characters of a packed text that fit into one line of a command."""


def held_back(pack: Pack, mode: Mode) -> Pack:
    """``STEWARD_MODE`` caps every rule's own mode."""
    if mode is Mode.ENFORCE:
        return pack
    return replace(pack, rules=tuple(replace(rule, mode=Mode.OBSERVE) for rule in pack.rules))


def of_setting(settings: Settings) -> Pack:
    """The pack ``STEWARD_PACK`` names. Raises PackError naming the setting."""
    try:
        return packs.load(settings.pack)
    except PackError as error:
        raise PackError(f"STEWARD_PACK: {error}") from error


def of_row(row: PackRow) -> Pack:
    """A kept version, read as it was written. Raises PackError where this Steward does not understand it any more."""
    found = packs.loads(row.text, name=f"{row.name}@{row.version[:12]}")
    return replace(found, version=row.version)


def in_force(connection: Connection) -> Pack | None:
    """The pack that decides new cases, as its rules say it; None before the first start. Raises PackError."""
    row = row_in_force(connection)
    return of_row(row) if row is not None else None


def row_in_force(connection: Connection) -> PackRow | None:
    """That pack as it is kept: its text with the examples in it."""
    history = kept_packs.history(connection)
    return _row_of(connection, history[-1]) if history else None


def _row_of(connection: Connection, step: Activation) -> PackRow:
    row = kept_packs.get(connection, name=step.name, version=step.version)
    if row is None:
        raise PackError(f"pack {step.name} version {step.version[:12]}: is in force, but its text is not in the store")
    return row


def waits_for_setting(store: Store, settings: Settings) -> bool:
    """Whether the pack of the setting must be read before anything else is done: it is, or may be, a new one."""
    with store.read() as connection:
        history = kept_packs.history(connection)
        if history and not history[-1].is_by_setting:
            return False
        try:
            return not kept_packs.is_kept(connection, packs.text_of(settings.pack))
        except PackError:
            return True


def beside(store: Store, settings: Settings) -> str:
    """What to say of ``STEWARD_PACK`` where it names something else than what somebody activated; empty: nothing."""
    with store.read() as connection:
        history = kept_packs.history(connection)
        if not history or history[-1].is_by_setting:
            return ""
        last = history[-1]
        row = kept_packs.get(connection, name=last.name, version=last.version)
    try:
        is_same = row is not None and packs.text_of(settings.pack) == row.text
    except PackError:
        is_same = False
    if is_same:
        return ""
    return (
        f"{settings.pack} is not in force: {last.author} activated {last.name} version {last.version[:12]} on "
        f"{last.at:%Y-%m-%d %H:%M} UTC, and only activating changes that"
    )


# -- following what is in force ---------------------------------------------------------------------------------------


class Rollout:
    """The pack in force, and older versions for the cases that keep theirs. Shared by all threads of a process."""

    def __init__(self, store: Store, *, mode: Mode, history: tuple[Activation, ...], active: Pack) -> None:
        self._store = store
        self._mode = mode
        self._history = history
        self._active = active
        self._packs: dict[str, Pack | None] = {active.version: active}
        self._joined: dict[tuple[str, ...], Pack] = {}
        self._lock = threading.Lock()

    @classmethod
    def begin(cls, store: Store, settings: Settings, *, now: datetime, pack: Pack | None = None) -> Rollout:
        """What is in force at the start of a process; ``pack`` is that of the setting where it was read already.

        ``now``: since when it receives. Raises PackError with one line that says what to do, StoreUnavailable.
        """
        opened_at = now
        with store.read() as connection:
            now = meta.rules_begin(connection, now=opened_at)
            history = kept_packs.history(connection)
            chosen = _pack_in_force(connection, history[-1]) if history and not history[-1].is_by_setting else None
        if chosen is None:
            chosen = pack or of_setting(settings)
            _follow_setting(store, chosen, settings, history, now=now)
        active = held_back(chosen, settings.mode)
        with store.write() as connection:
            switches.switch(connection, _enforced(active), now=now)
            meta.begin_rules(connection, now=opened_at)
            history = kept_packs.history(connection)
        move_on(store, history[-1], now=now)
        return cls(store, mode=settings.mode, history=history, active=active)

    @classmethod
    def for_reading(cls, store: Store, settings: Settings) -> Rollout:
        """The same beside a running Steward, changing nothing."""
        with store.read() as connection:
            history = kept_packs.history(connection)
            found = _pack_in_force(connection, history[-1]) if history else None
        active = held_back(found or of_setting(settings), settings.mode)
        return cls(store, mode=settings.mode, history=history, active=active)

    @property
    def active(self) -> Pack:
        """The pack that decides what begins now, held back as ``STEWARD_MODE`` says."""
        return self._active

    @property
    def number(self) -> int:
        """That of the activation that holds, 0 where there is none."""
        return self._history[-1].number if self._history else 0

    def take_up(self, newest: int, *, now: datetime) -> bool:
        """Follow the store where somebody put another pack in force; ``newest`` is the last activation's number there.

        True where it changed. A version this Steward cannot read leaves all as it was, with a line in the log.
        """
        if newest <= self.number:
            return False
        with holding(self._lock):
            if newest <= self.number:
                return True
            with self._store.read() as connection:
                history = kept_packs.history(connection)
            active = self._loaded(history[-1].version)
            if active is not None:
                with self._store.write() as connection:
                    switches.switch(connection, _enforced(active), now=now)
                self._active = active
            self._history = history
        log.info("pack in force", pack=self._active.name, version=self._active.version[:12])
        return True

    def pack_for(
        self, decided_by: str | None, timeline: Callable[[], Timeline] | None = None, *, now: datetime
    ) -> Pack:
        """The pack that decides a case ``decided_by`` decided last; without its ``timeline`` as far as that goes.

        A case that keeps its version keeps it to the end of its matter: what begins on the same ticket after the
        activation is decided by the active one. One that moves keeps the rules that say so, as ``joined`` has it.
        """
        version = version_for(decided_by, self._history)
        if version is None or version == self._active.version:
            return self._with_what_it_kept(self._active, decided_by, timeline, now=now)
        kept = self._loaded(version)
        if kept is None:
            return self._active
        if timeline and self._began(timeline(), kept, now) >= self._history[-1].at:
            return self._active
        return self._with_what_it_kept(kept, decided_by, timeline, now=now)

    def pack_then(self, decided_by: str | None, timeline: Timeline, *, at: datetime) -> Pack:
        """The pack that decided the case at a moment gone by: the ledger says when it moved, and from which version."""
        later = next((move for move in _moves(timeline) if move.at > at), None)
        if later is None:
            return self.pack_for(decided_by, lambda: timeline, now=at)
        version = str(later["from"])
        then = Timeline(timeline.ticket_id, (fact for fact in timeline if fact.at <= at))
        return self._with_what_it_kept(self._of_version(version), version, lambda: then, now=at)

    def kept_by(self, pack: Pack) -> tuple[str, ...]:
        """The rules a case keeps that is decided by ``pack`` (which came from ``pack_for``)."""
        own = {rule.name: rule for rule in self._of_version(pack.version).rules}
        has = {rule.name: rule for rule in pack.rules}
        return tuple(name for name, rule in own.items() if has.get(name) is not rule)

    def _with_what_it_kept(
        self, pack: Pack, decided_by: str | None, timeline: Callable[[], Timeline] | None, *, now: datetime
    ) -> Pack:
        """The pack as it decides this case: with the rules it keeps from versions that decided it before."""
        if timeline is None or not pack.kept_rules:
            return pack
        known = timeline()
        moves = _moves(known)
        versions = [str(move["from"]) for move in moves[:1]] + [str(move["value"]) for move in moves]
        versions += [one for one in (decided_by, pack.version) if one is not None and one not in versions[-1:]]
        began = self._began(known, pack, now)
        chain: list[str] = []
        for version in versions:
            # what was in force already when the matter began, or is all there is to it, keeps nothing older
            step = next((one for one in reversed(self._history) if one.version == version), None)
            chain = [*chain, version] if chain and step is not None and began < step.at else [version]
        return self._join(tuple(chain)) if len(chain) > 1 else pack

    def _join(self, versions: tuple[str, ...]) -> Pack:
        """The last of these versions, with what a case keeps that moved from one to the next."""
        if versions not in self._joined:
            from plugin.packs.transition import joined  # here: it knows every policy

            pack = self._of_version(versions[0])
            for version in versions[1:]:
                pack = joined(pack, self._of_version(version))
            self._joined[versions] = pack
        return self._joined[versions]

    def _began(self, timeline: Timeline, pack: Pack, now: datetime) -> datetime:
        """When the matter at hand began."""
        from plugin.model.case import Case  # here, for a receiver that starts need not wait for it

        return Case(timeline, pack=pack, now=now).matter.starts_at

    def _of_version(self, version: str) -> Pack:
        """That very version, the active one where it is not kept."""
        return self._loaded(version) or self._active

    def _loaded(self, version: str) -> Pack | None:
        if version not in self._packs:
            with self._store.read() as connection:
                row = kept_packs.of_version(connection, version)
            try:
                found = of_row(row) if row is not None else None
            except PackError as error:
                log.error("pack not understood", version=version[:12], reason=str(error))
                found = None
            self._packs[version] = None if found is None else held_back(found, self._mode)
        return self._packs[version]


def _moves(timeline: Timeline) -> list[Fact]:
    """When another version took the case over: its ``value``, and ``from`` which one."""
    return [fact for fact in timeline.of(FactKind.OBSERVED) if fact["what"] == "pack_version"]


def _pack_in_force(connection: Connection, step: Activation) -> Pack:
    try:
        return of_row(_row_of(connection, step))
    except PackError as error:
        raise PackError(
            f"pack {step.name} version {step.version[:12]}, in force since {step.at:%Y-%m-%d %H:%M} UTC, is not "
            f"understood by this Steward; put another in force with steward pack activate: {error}"
        ) from error


def _follow_setting(
    store: Store, pack: Pack, settings: Settings, history: tuple[Activation, ...], *, now: datetime
) -> None:
    text = packs.text_of(settings.pack)
    with store.write() as connection:
        kept_packs.keep(connection, name=pack.name, version=pack.version, text=text, now=now)
        if history and history[-1].version == pack.version:
            return
        source = f"STEWARD_PACK={settings.pack}"
        kept_packs.activate(
            connection, name=pack.name, version=pack.version, source=source, running=pack.running_cases, now=now
        )
        _release_what_may_do_more(connection, pack, by=source, now=now)


def _release_what_may_do_more(connection: Connection, pack: Pack, *, by: str, now: datetime) -> None:
    """Whoever raises a rule's limit, or takes it away, has seen that it was stopped."""
    limits = {rule.name: rule.limit for rule in pack.rules}
    for brake in brakes.standing(connection):
        limit = limits.get(brake.rule)
        if limit is None or limit > brake.most:
            brakes.release(connection, brake.rule, by=by, reason=f"limit of version {pack.version[:12]}", now=now)


def _enforced(pack: Pack) -> Iterable[str]:
    return [rule.name for rule in pack.rules if rule.mode is Mode.ENFORCE]


def move_on(store: Store, step: Activation, *, now: datetime) -> None:
    """Have the running cases looked at that move to the version now in force."""
    woken = int(step.running is RunningCases.MOVE)
    while woken:  # some at a time: the receiver waits while we write
        with store.write() as connection:
            woken = waking.wake_outdated(connection, pack_version=step.version, now=now)
            store.bell.notify(connection)
    store.bell.ring()


def _move_on_logged(store: Store, step: Activation, now: datetime) -> None:
    try:
        move_on(store, step, now=now)
    except Unavailable as failure:
        log.error("cases not all moved; the next start goes on", version=step.version[:12], reason=str(failure))


# -- what persons do --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pack somebody wants in force: its text, where that was read, and who wants it why."""

    text: str
    source: str
    author: str
    reason: str
    approver: str = ""
    running: RunningCases | None = None
    version: str | None = None
    """As it was read: a text made whole may count otherwise than the files it came from."""

    def packed(self) -> Mapping[str, str]:
        """As one line of a command carries it. Raises StewardError where it is too long."""
        text = base64.b85encode(zlib.compress(self.text.encode(), 9)).decode()
        if len(text) > LONGEST_TEXT:
            raise StewardError(f"{self.source}: is too long to be handed over; stop Steward, activate, start it again")
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: str(value) for name, value in values.items() if value} | {"text": text}

    @classmethod
    def unpacked(cls, asked: Mapping[str, Any]) -> Wanted:
        """What ``packed`` made. Raises StewardError for anything else."""
        try:
            text = zlib.decompress(base64.b85decode(asked["text"])).decode()
            running = asked.get("running")
            return cls(
                text=text,
                source=asked["source"],
                author=asked["author"],
                reason=asked["reason"],
                approver=asked.get("approver", ""),
                running=RunningCases(running) if running else None,
                version=asked.get("version"),
            )
        except (KeyError, ValueError, TypeError, zlib.error, binascii.Error) as error:
            raise StewardError("the command is not whole; use the same Steward on both sides") from error


def activate(store: Store, wanted: Wanted, *, now: datetime, patience: float | None = None) -> tuple[str, ...]:
    """Put a pack in force; the lines to show. Raises PackError, and StewardError where it is in force already.

    Having a million cases looked at takes a while: after ``patience`` seconds that goes on behind the answer (None: no
    answer before it is done). What is not done when the process ends, its next start does.
    """
    if not wanted.author.strip() or not wanted.reason.strip():
        raise StewardError("author and reason: each change of the pack needs both; name them")
    found = packs.loads(wanted.text, name=wanted.source)
    pack = replace(found, version=wanted.version or found.version)
    running = wanted.running or pack.running_cases
    with store.write() as connection:
        history = kept_packs.history(connection)
        last = history[-1] if history else None
        if last is not None and last.version == pack.version and not last.is_by_setting:
            since = f"{last.at:%Y-%m-%d %H:%M} UTC"
            raise StewardError(f"{pack.name} version {pack.version[:12]}: is in force since {since}")
        kept_packs.keep(connection, name=pack.name, version=pack.version, text=wanted.text, now=now)
        kept_packs.activate(
            connection,
            name=pack.name,
            version=pack.version,
            source=wanted.source,
            author=wanted.author,
            reason=wanted.reason,
            approver=wanted.approver,
            running=running,
            now=now,
        )
        _release_what_may_do_more(connection, pack, by=wanted.author, now=now)
        others = kept_packs.cases_not_on(connection, pack.version)
        step = kept_packs.history(connection)[-1]
        store.bell.notify(connection)
    moving = threading.Thread(target=_move_on_logged, args=(store, step, now), name="steward-move", daemon=True)
    moving.start()
    moving.join(patience)
    stay = what_becomes(running, pack.kept_rules)
    return (
        f"{pack.name} version {pack.version[:12]} is in force, activated by {wanted.author}: {wanted.reason}",
        f"{others} cases {stay}; steward pack history says which version has how many",
    )


def release(store: Store, rule: str, *, by: str, reason: str, now: datetime) -> tuple[str, ...]:
    """Let a rule go on that its limit stopped; the lines to show. Raises StewardError where it was not stopped."""
    with store.write() as connection:
        if not brakes.release(connection, rule, by=by, reason=reason, now=now):
            stopped = ", ".join(brake.rule for brake in brakes.standing(connection)) or "none"
            raise StewardError(f"rule {rule}: is not stopped; stopped are: {stopped}")
        woken = waking.wake_held(connection, now=now, because="limit")
        store.bell.notify(connection)
    store.bell.ring()
    return (f"Rule {rule} goes on, and counts anew; {woken} cases had something held back.",)
