"""Joins the parts of this room for one Zammad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

from requests.adapters import BaseAdapter

from plugin.skew import Skew
from plugin.zammad.catalogues import LIFETIME, Catalogues
from plugin.zammad.client import Call, ZammadClient
from plugin.zammad.features import FeatureWatch
from plugin.zammad.limits import Breaker, Limiter
from plugin.zammad.people import People
from plugin.zammad.reader import Reader
from plugin.zammad.writer import Writer


@dataclass(frozen=True, slots=True)
class Zammad:
    """One Zammad server as one user: what others need to read and write it, shared by all threads."""

    client: ZammadClient
    catalogues: Catalogues
    people: People
    features: FeatureWatch
    reader: Reader
    writer: Writer

    def close(self) -> None:
        self.client.close()


def connect(
    url: str,
    *,
    token: str,
    timeout: float = 30.0,
    ca: Path | str | None = None,
    proxy: str | None = None,
    rate: float = 5.0,
    lifetime: float = LIFETIME,
    adapter: BaseAdapter | None = None,
    on_call: Callable[[Call], None] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    seconds: Callable[[], float] = monotonic,
    wait: Callable[[float], None] = sleep,
    ages: Callable[[], float] | None = None,
    on_alarm: Callable[[str], None] = lambda _name: None,
    clocks: Skew | None = None,
) -> Zammad:
    """Ready to use; calls nothing yet.

    ``rate`` is in calls a second; ``timeout`` and ``lifetime`` (of what is remembered) are in seconds; ``seconds`` and
    ``wait`` are the monotonic clock and the sleep of the rate, ``ages`` is the clock by which what is remembered grows
    old and a dead Zammad is asked again (``seconds`` where None). ``clocks`` is told what shows Zammad's time,
    ``on_alarm`` the names of alarms.
    """
    ages = ages or seconds
    breaker = Breaker(clock=ages)
    limiter = Limiter(rate=rate, burst=2 * rate, clock=seconds, wait=wait, share=breaker.share)
    client = ZammadClient(
        url,
        token=token,
        timeout=timeout,
        ca=ca,
        proxy=proxy,
        limiter=limiter,
        breaker=breaker,
        adapter=adapter,
        on_call=on_call,
        clock=clock,
        clocks=clocks,
    )
    catalogues = Catalogues(client, lifetime=lifetime, clock=ages, on_alarm=on_alarm)
    people = People(client, lifetime=lifetime, clock=ages)
    watch = FeatureWatch(client, lifetime=lifetime, clock=ages, on_alarm=on_alarm)
    reader = Reader(client, catalogues=catalogues, people=people, watch=watch, on_alarm=on_alarm)
    writer = Writer(client, catalogues=catalogues, watch=watch)
    return Zammad(client, catalogues, people, watch, reader, writer)
