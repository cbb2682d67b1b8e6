"""A process from its start to SIGTERM: the receiver answers first, pack, Zammad and worker come up behind it."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

import structlog

from plugin import ground as grounds
from plugin import rollout
from plugin.control import COMMANDS, ControlServer, socket_path
from plugin.ground import Ground
from plugin.model.errors import StewardError, Unavailable
from plugin.receiver import Receiver
from plugin.settings import Settings, SettingsError
from plugin.store.errors import PAUSE_SECONDS, StoreUnavailable
from plugin.web.server import WebServer

if TYPE_CHECKING:
    from plugin.model.pack import Pack
    from plugin.service import Service

log = structlog.get_logger(__name__)

STOP_SECONDS = 7.0
"""SIGTERM to exit; what is under way ends within it or is taken up by the next process."""
SWITCH_SECONDS = 0.0005
"""A busy thread gives way ten times sooner than Python's default: the commit all others wait for gives way at each row
it writes, and would be last in line each time."""
OBJECTS = 10_000
"""So many more containers than before are worth a search for cycles: a visit makes some thousands, and hardly one."""
OPEN_SECONDS = 45.0
"""How long a command waits for a process that has just started."""


def run(settings: Settings, *, web: bool, worker: bool) -> None:
    """Run until SIGTERM or SIGINT.

    What is acknowledged before the worker is up lies on disk, and is its first work. Raises SettingsError, PackError
    and StoreError with one line that says what to do; a pack this store has not seen is checked before anything else.
    """
    grounds.check(settings, web=web, worker=worker)
    is_first_start = settings.is_sqlite and not settings.sqlite_file.exists()
    pack = rollout.of_setting(settings) if is_first_start else None  # a mistake in it leaves no store behind
    with Ground.open(settings) as ground:
        if pack is None and rollout.waits_for_setting(ground.store, settings):
            pack = rollout.of_setting(settings)
        Process(ground, web=web, worker=worker, pack=pack).run()


def settle_down() -> None:
    """Called once all that stays is there: nobody need look through it for garbage, nor through the rest often.

    Python looks after every 700 new containers, several times a visit.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS, 3, 3)  # through all of it after 90,000, about as often as Python would


class Process:
    """The web in the main thread where there is one, the work beside it."""

    def __init__(self, ground: Ground, *, web: bool, worker: bool, pack: Pack | None) -> None:
        self._ground = ground
        self._receiver = Receiver.open(ground) if web else None
        self._server = _server(ground, self._receiver)
        self._work = Work(ground, self._receiver, worker=worker, pack=pack, on_end=self._end)
        self._control = self._commands() if worker and ground.settings.is_sqlite else None
        self._is_told_to_stop = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        sys.setswitchinterval(SWITCH_SECONDS)
        try:
            if self._control is not None:
                self._control.start()
            self._serve() if self._server is not None else self._only_work()
            self._work.stop()
            self._work.end(STOP_SECONDS)
        finally:
            self._close()
        if self._work.failure is not None:
            raise self._work.failure
        if not self._is_told_to_stop:
            raise StewardError("the work ended by itself; the log says why")
        log.info("stopped")

    def _serve(self) -> None:
        assert self._server is not None
        listen = self._ground.settings.listen
        try:
            self._server.run(on_ready=self._begin)
        except OSError as error:
            raise SettingsError(
                f"STEWARD_LISTEN: found {listen}, which cannot be listened on ({error.strerror or error}); "
                "name a free port"
            ) from error

    def _only_work(self) -> None:
        self._work.start()
        while self._work.is_alive() and not self._is_told_to_stop:
            self._work.join(0.5)

    def _begin(self) -> None:
        settings = self._ground.settings
        log.info("listening", address=str(settings.listen), mode=settings.mode.value)
        self._work.start()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._is_told_to_stop = True
        self._work.stop()
        self._end()

    def _end(self) -> None:
        if self._server is not None:
            self._server.stop()

    def _commands(self) -> ControlServer:
        handlers = {name: partial(self._carry_out, name) for name in COMMANDS}
        return ControlServer(socket_path(self._ground.store.database.file), handlers)

    def _carry_out(self, command: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        from plugin import commands

        return commands.handlers(self._work.service().hands())[command](asked)

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._receiver is not None:
            self._receiver.close()


def _server(ground: Ground, receiver: Receiver | None) -> WebServer | None:
    if receiver is None:
        return None
    listen = ground.settings.listen
    return WebServer(receiver.app, host=listen.host, port=listen.port, turns_away=receiver.turns_away)


class Work(threading.Thread):
    """Everything but receiving, in a thread: its imports take longer than Zammad should have to wait."""

    def __init__(
        self,
        ground: Ground,
        receiver: Receiver | None,
        *,
        worker: bool,
        pack: Pack | None,
        on_end: Callable[[], None],
    ) -> None:
        # a daemon: a call to Zammad that hangs must not keep the process from ending
        super().__init__(name="steward-work", daemon=True)
        self.failure: StewardError | None = None
        self._ground = ground
        self._receiver = receiver
        self._has_worker = worker
        self._pack = pack
        self._on_end = on_end
        self._service: Service | None = None
        self._is_open = threading.Event()
        self._stopping = threading.Event()

    def run(self) -> None:
        from plugin.service import Service

        try:
            join = partial(Service.upon, self._ground, self._receiver, pack=self._pack, worker=self._has_worker)
            service = self._joined(join)
            if service is not None:
                with service:
                    self._work(service)
        except StewardError as failure:
            self.failure = failure
        finally:
            self._is_open.set()
            self._on_end()

    def _joined(self, join: Callable[[], Service]) -> Service | None:
        """The parts, once the store lets them be joined; None where the process is told to stop before."""
        while not self._stopping.is_set():
            try:
                return join()
            except StoreUnavailable as failure:  # it was there a moment ago: restarted, or locked
                log.error("store unavailable", cause=str(failure))
                self._stopping.wait(PAUSE_SECONDS)
        return None

    def _work(self, service: Service) -> None:
        self._service = service
        self._is_open.set()
        settle_down()
        for finding in service.check():
            sys.stderr.write(f"steward: {finding}\n")
        if service.worker is None:
            self._stopping.wait()
        elif not self._stopping.is_set():
            service.worker.run()

    def service(self) -> Service:
        """The parts, once they are joined. Raises Unavailable where that takes too long."""
        if not self._is_open.wait(OPEN_SECONDS) or self._service is None:
            raise Unavailable("Steward is starting, and not ready for commands; try again, or see its log")
        return self._service

    def stop(self) -> None:
        """Have the thread end soon. Safe to call from a signal handler, and before it began."""
        self._stopping.set()
        service = self._service
        if service is not None and service.worker is not None:
            service.worker.stop()

    def end(self, seconds: float) -> None:
        """Wait for its end so long."""
        if self.ident is not None:
            self.join(seconds)
