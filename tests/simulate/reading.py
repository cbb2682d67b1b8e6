"""A Zammad that refuses every write, and a fetch from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import requests
from requests.adapters import BaseAdapter

from plugin.simulate.fetching import Fetch, Progress
from plugin.simulate.histories import History
from plugin.simulate.sources import of_cache
from plugin.store.histories import Histories
from plugin.zammad.room import Zammad, connect
from tests.scenarios.helpdesk import URL, Helpdesk

READS = ("/api/v1/tickets/search", "/api/v1/core_workflows/perform")
"""POSTs that only read."""


class Killed(BaseException):
    """The process is gone: nothing is closed, and nothing tidied up."""


@dataclass
class ReadOnly(BaseAdapter):
    """Lets reads through and answers every write with a refusal; ``fails`` says which reads find no Zammad."""

    inner: BaseAdapter
    writes: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    fails: Callable[[str], bool] = lambda _path: False
    lost: str = ""
    """A ticket's path that is answered 404."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        path = request.path_url.partition("?")[0]
        if request.method != "GET" and path not in READS:
            self.writes.append(f"{request.method} {path}")
            raise AssertionError(f"a simulation wrote: {request.method} {path}")
        self.reads.append(path)
        if self.fails(path):
            raise requests.ConnectTimeout(request=request)
        answer = self.inner.send(request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies)
        if path == self.lost:
            answer.status_code = 404
        return answer

    def close(self) -> None:
        self.inner.close()


@dataclass
class Reading:
    """Fetches into one cache, with a token that may read and nothing else."""

    helpdesk: Helpdesk
    file: Path
    secret: bytes | None = b"a secret of at least thirty-two characters"
    login: str = "dora"
    adapter: ReadOnly = field(init=False)
    waited: list[float] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.adapter = ReadOnly(self.helpdesk.sandbox.adapter())

    def opened(self) -> Histories:
        return Histories.open(self.file, secret_key=self.secret, now=self.helpdesk.now)

    def fetches(self, *, days: float = 90) -> Progress:
        zammad = self._connected()
        try:
            with self.opened() as cache:
                return self._fetch(zammad, cache, self.told.append).run(self.helpdesk.now - timedelta(days=days))
        finally:
            zammad.close()

    def is_killed_after(self, *, reads: int) -> None:
        """A fetch that ends with the process, its cache left open. Raises Killed."""

        def tell(progress: Progress) -> None:
            if progress.read >= reads:
                raise Killed

        self._fetch(self._connected(), self.opened(), tell).run(self.helpdesk.now - timedelta(days=90))

    def _fetch(self, zammad: Zammad, cache: Histories, tell: Callable[[Progress], None]) -> Fetch:
        pack = self.helpdesk.service.pack
        return Fetch(zammad, cache, pack, lambda: self.helpdesk.now, self._waits, tell)

    def histories(self) -> dict[str, History]:
        """What is in the cache, by the tickets' numbers."""
        with self.opened() as cache:
            return {history.number: history for history in of_cache(cache, since=None).histories()}

    def _waits(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.helpdesk.sandbox.clock.advance(timedelta(seconds=seconds))

    def _connected(self) -> Zammad:
        token = str(self.helpdesk.person(self.login).session.headers["Authorization"]).partition("=")[2]
        now = self.helpdesk.sandbox.clock.now
        return connect(
            URL,
            token=token,
            rate=1000,
            adapter=self.adapter,
            clock=now,
            ages=lambda: now().timestamp(),
        )
