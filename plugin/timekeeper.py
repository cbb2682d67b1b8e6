"""Whether a worker may act on time alone: its clock is compared with Zammad's, and an alarm says where they part."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from plugin.model.errors import StewardError
from plugin.observability.alarms import Alarms
from plugin.observability.health import Health
from plugin.skew import FRESH, TOLERATED, Skew

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Timekeeper:
    """One for the worker of a process; ``ask_zammad`` has ``skew`` learn, and raises the errors of a read."""

    skew: Skew
    ask_zammad: Callable[[], None]
    alarms: Alarms
    health: Health
    _asking: threading.Event = field(default_factory=threading.Event)
    _asked_at: float | None = None
    _held: bool = False
    said: str = ""
    """How the clocks differ, while deadlines are held for it."""

    def takes_up_asking(self, *, something_is_due: bool) -> bool:
        """Whether the caller is to have ``ask`` called now; ``something_is_due``: because of time alone.

        From a yes on time stands still until ``ask`` has ended. For the one thread that claims.
        """
        if self._is_to_be_asked(something_is_due=something_is_due):
            self._asking.set()
            return True
        return False

    def _is_to_be_asked(self, *, something_is_due: bool) -> bool:
        needs = something_is_due or self._held or self.skew.is_uncompared()
        if not needs or not self.skew.lacks_word() or self._asking.is_set():
            return False
        last = self._asked_at
        # what failed is not tried again and again; deadlines do not wait for a search that Zammad refuses
        return last is None or abs(self.skew.mark() - last) >= FRESH.total_seconds()

    def ask(self) -> None:
        """Ask Zammad for its time; what goes wrong is left for another time."""
        try:
            self.ask_zammad()
        except StewardError as failure:
            log.info("zammad's clock not known", reason=str(failure))
        finally:
            self._asked_at = self.skew.mark()
            self._asking.clear()

    def stands_still(self) -> bool:
        """Whether nothing may be done because of time alone: the clocks are apart, or Zammad is being asked."""
        held = self.skew.holds()
        if held is not self._held:
            self._tell(held=held)
        return held or self._asking.is_set()

    def _tell(self, *, held: bool) -> None:
        self._held = held
        ahead = self.skew.seconds_ahead or 0.0
        self.said = _said(ahead) if held else ""
        if held:
            self.alarms.sound("clock_skew", seconds_ahead=round(ahead))
            self.health.tell("clock", ok=False, said=self.said, seconds_ahead=round(ahead))
        else:
            log.info("clocks agree again", seconds_ahead=round(ahead))
            self.health.tell("clock", ok=True, seconds_ahead=round(ahead))


def _said(ahead: float) -> str:
    way = "ahead of" if ahead > 0 else "behind"
    return (
        f"our clock is {abs(ahead):.0f} s or more {way} Zammad's: deadlines are held until both agree within "
        f"{TOLERATED.total_seconds():.0f} s; set both by NTP"
    )
