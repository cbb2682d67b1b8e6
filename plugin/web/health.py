"""Whether the process lives, whether it can do its work, and what keeps it from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from flask import Blueprint, Response, jsonify

from plugin import clock as clocks
from plugin.model.errors import Unavailable
from plugin.observability import alarms
from plugin.observability.health import Health, Part, this_process
from plugin.store import brakes, cases, inbox, meta, waking
from plugin.store.store import Store

SILENT_AFTER = timedelta(seconds=30)
"""A worker that gave no sign of life for so long is not there."""
VITAL = frozenset({"store"})
"""Parts without which the process is not ready; the others are told, and heal without being restarted."""

Probe = Callable[[], Part]


def create_blueprint(
    *,
    health: Health,
    probes: Mapping[str, Probe],
    others: Callable[[], Sequence[Health]] = tuple,
    clock: Callable[[], datetime] = clocks.system,
    vital: frozenset[str] = VITAL,
) -> Blueprint:
    """``GET /healthz`` and ``GET /readyz``. ``probes`` are asked at each request; what threads told stands beside them.

    A part that a probe finds well and a thread found ill is ill: disks fill for writers first. So is one that a
    worker of another process (``others``) finds ill, but this process may be ready all the same.
    """
    bp = Blueprint("health", __name__)

    @bp.get("/healthz")
    def alive() -> Response:
        return Response("alive\n", mimetype="text/plain")

    @bp.get("/readyz")
    def ready() -> tuple[Response, int]:
        elsewhere = others()
        here = _worst([health.parts(), {name: probe() for name, probe in probes.items()}])
        raised = {"alarms": alarms.part([*elsewhere, health], now=clock())}
        parts = _worst([*(process.parts() for process in elsewhere), here, raised])
        is_ready = all(part.ok for name, part in here.items() if name in vital)
        shown = {name: {"ok": part.ok, "said": part.said, **part.more} for name, part in sorted(parts.items())}
        return jsonify({"ready": is_ready, "parts": shown}), 200 if is_ready else 503

    return bp


def _worst(told: Iterable[Mapping[str, Part]]) -> dict[str, Part]:
    """Of each part the last word that it is ill, else the last word."""
    worst: dict[str, Part] = {}
    for name, part in (one for parts in told for one in parts.items()):
        if name not in worst or not part.ok or worst[name].ok:
            worst[name] = part
    return worst


def workers_elsewhere(store: Store, *, clock: Callable[[], datetime]) -> Callable[[], Sequence[Health]]:
    """What the workers of other processes tell of themselves; of one that fell silent only the alarms it raised."""

    def elsewhere() -> Sequence[Health]:
        try:
            with store.read() as connection:
                told, beats = meta.told(connection), meta.beats(connection)
        except Unavailable:
            return ()  # the store's own probe says it
        dead = {name for name, moment in beats.items() if abs(clock() - moment) >= SILENT_AFTER}
        return [
            Health.of({**one, "parts": {}} if name in dead else one)
            for name, one in told.items()
            if name != this_process()
        ]

    return elsewhere


def store_probe(store: Store) -> Probe:
    """Whether the store can be read, and how much lies in its inbox."""

    def probe() -> Part:
        try:
            with store.read() as connection:
                return Part(ok=True, more={"inbox": inbox.counts(connection), "cases": cases.counts(connection)})
        except Unavailable as failure:
            return Part(ok=False, said=str(failure))

    return probe


def worker_probe(store: Store, *, clock: Callable[[], datetime]) -> Probe:
    """Whether some worker lives, in this process or another."""

    def probe() -> Part:
        try:
            with store.read() as connection:
                beats = meta.beats(connection)
        except Unavailable as failure:
            return Part(ok=False, said=str(failure))
        # a sign of life from the future was given by a clock that was wrong
        living = [name for name, moment in beats.items() if abs(clock() - moment) < SILENT_AFTER]
        if living:
            return Part(ok=True, more={"workers": len(living)})
        return Part(ok=False, said="no worker gave a sign of life; start steward worker, or steward serve")

    return probe


def clock_probe(store: Store) -> Probe:
    """Whether some worker that has not ended holds deadlines, for its clock is not Zammad's."""

    def probe() -> Part:
        try:
            with store.read() as connection:
                apart, beats = meta.clocks_apart(connection), meta.beats(connection)
        except Unavailable as failure:
            return Part(ok=False, said=str(failure))
        # whether it lives its signs of life cannot tell: they are stamped by the clock in question
        said = [f"{name}: {apart[name]}" for name in sorted(beats) if name in apart]
        return Part(ok=not said, said="; ".join(said))

    return probe


def rules_probe(store: Store) -> Probe:
    """Whether some rule was stopped at its limit and waits for a person."""

    def probe() -> Part:
        try:
            with store.read() as connection:
                stopped = brakes.standing(connection)
        except Unavailable as failure:
            return Part(ok=False, said=str(failure))
        said = [
            f"{brake.rule} stopped {brake.stopped_at:%Y-%m-%d %H:%M} UTC at its limit of {brake.most} tickets in 24 h; "
            f"steward pack release {brake.rule} lets it go on"
            for brake in stopped
        ]
        return Part(ok=not said, said="; ".join(said), more={"stopped": [brake.rule for brake in stopped]})

    return probe


def lag_probe(store: Store, *, clock: Callable[[], datetime]) -> Probe:
    """How far the work is behind, in seconds, and whether writing is paused."""

    def probe() -> Part:
        now = clock()
        try:
            with store.read() as connection:
                since = waking.oldest_due(connection, now=now)
                paused = meta.paused_since(connection)
        except Unavailable as failure:
            return Part(ok=False, said=str(failure))
        seconds = max(0.0, (now - since).total_seconds()) if since else 0.0
        said = f"writing is paused since {paused:%Y-%m-%d %H:%M} UTC; steward resume ends it" if paused else ""
        return Part(ok=paused is None, said=said, more={"seconds": round(seconds, 1)})

    return probe
