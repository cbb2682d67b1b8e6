"""What passes by tells how two clocks differ; what is proven holds deadlines, what is not known is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from plugin.model.errors import Refused, StewardError, Unavailable
from plugin.observability.alarms import Alarms
from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.skew import CALM, FRESH, Skew
from plugin.timekeeper import Timekeeper

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class World:
    """Zammad's clock, ours that may be off, and seconds that run whatever happens to either."""

    zammad: datetime = NOON
    off: timedelta = timedelta(0)
    ran: float = 1000.0

    def passes(self, span: timedelta) -> None:
        self.zammad += span
        self.ran += span.total_seconds()

    def ours(self) -> datetime:
        return NOON + timedelta(seconds=self.ran - 1000.0) + self.off

    def skew(self, *, follows: bool = False) -> Skew:
        return Skew(clock=self.ours, seconds=lambda: self.ran, follows=follows)

    def answers(self, skew: Skew, *, own: bool = True, took: timedelta = SECOND / 10) -> None:
        """Zammad stamps something while it is asked."""
        since = skew.mark()
        self.passes(took)
        skew.shown(self.zammad, since=since, own=own)


@pytest.mark.parametrize(
    ("seconds", "held"),
    [(-600, True), (-61, True), (-59, False), (0, False), (59, False), (61, True), (3600, True)],
)
def test_more_than_a_minute_apart_holds(seconds: int, held: bool) -> None:
    world = World(off=seconds * SECOND)
    skew = world.skew()
    assert skew.lacks_word()
    world.answers(skew)
    assert skew.holds() is held
    assert skew.seconds_ahead == pytest.approx(seconds, abs=0.2)
    assert not skew.lacks_word()


def test_what_zammad_took_long_to_stamp_proves_less() -> None:
    world = World(off=90 * SECOND)
    skew = world.skew()
    world.answers(skew, took=60 * SECOND)
    assert not skew.holds()


def test_our_clock_set_while_running_shows_at_once() -> None:
    world = World()
    skew = world.skew()
    world.answers(skew)
    world.passes(timedelta(days=1))
    assert not skew.holds()
    world.off = timedelta(days=365 * 12)
    assert skew.holds()


def test_deadlines_go_on_when_the_clocks_have_agreed_for_long_enough() -> None:
    world = World(off=-10 * FRESH)
    skew = world.skew()
    world.answers(skew)
    assert skew.holds()
    world.off = timedelta(0)
    world.passes(CALM - SECOND)
    world.answers(skew)
    assert skew.holds()
    world.passes(SECOND)
    assert not skew.holds()


def test_that_the_clocks_agree_again_must_be_heard_from_zammad() -> None:
    world = World(off=-10 * FRESH)
    skew = world.skew()
    world.answers(skew)
    assert skew.holds()
    world.off = timedelta(0)
    world.passes(timedelta(hours=1))
    assert skew.holds()
    assert skew.lacks_word()


def test_a_change_from_the_future_of_ours_shows_that_we_are_behind() -> None:
    world = World(off=-5 * FRESH)
    skew = world.skew()
    skew.reached(world.zammad)
    assert skew.holds()


def test_a_change_long_ago_says_nothing() -> None:
    world = World(off=5 * FRESH)
    skew = world.skew()
    skew.reached(world.zammad - timedelta(days=1))
    assert not skew.holds()
    assert skew.seconds_ahead is None


def test_a_change_from_after_what_we_take_for_zammads_time_makes_us_ask() -> None:
    world = World()
    skew = world.skew()
    world.answers(skew)
    skew.reached(world.zammad + timedelta(days=1))
    assert not skew.holds()
    assert skew.lacks_word()
    world.answers(skew)
    assert not skew.lacks_word()


def test_a_proxy_is_believed_until_zammad_itself_says_otherwise() -> None:
    world = World()
    skew = world.skew()
    skew.shown(world.zammad + timedelta(hours=1), since=skew.mark(), own=False)
    assert skew.holds()
    world.answers(skew)
    world.passes(CALM)
    world.answers(skew)
    assert not skew.holds()
    skew.shown(world.zammad + timedelta(hours=1), since=skew.mark(), own=False)
    assert not skew.holds()


def test_zammads_own_clock_set_shows_with_its_next_word() -> None:
    world = World()
    skew = world.skew()
    world.answers(skew)
    world.zammad -= timedelta(days=30)
    assert not skew.holds()
    world.answers(skew)
    assert skew.holds()


def test_what_an_answer_leaves_open_holds_nothing() -> None:
    world = World()
    skew = world.skew()
    skew.between(world.zammad - 50 * SECOND, world.zammad + 50 * SECOND, since=skew.mark())
    assert not skew.holds()
    skew.between(None, world.zammad - 61 * SECOND, since=skew.mark())
    assert skew.holds()


def test_a_clock_that_follows_zammads_is_never_compared() -> None:
    world = World(off=timedelta(days=1))
    skew = world.skew(follows=True)
    world.answers(skew)
    assert not skew.holds()
    assert not skew.lacks_word()
    assert not skew.is_uncompared()


# -- asking -----------------------------------------------------------------------------------------------------------


def keeper_of(world: World, skew: Skew, *, failure: StewardError | None = None) -> Timekeeper:
    def ask() -> None:
        if failure is not None:
            raise failure
        world.answers(skew)

    health = Health()
    return Timekeeper(skew, ask, alarms=Alarms(Metrics(), health, world.ours), health=health)


def test_time_stands_still_from_the_decision_to_ask_until_the_answer() -> None:
    world = World()
    keeper = keeper_of(world, world.skew())
    assert keeper.takes_up_asking(something_is_due=True)
    assert keeper.stands_still()
    assert not keeper.takes_up_asking(something_is_due=True)
    keeper.ask()
    assert not keeper.stands_still()
    assert not keeper.takes_up_asking(something_is_due=True)
    world.passes(FRESH + SECOND)
    assert not keeper.takes_up_asking(something_is_due=False)
    assert keeper.takes_up_asking(something_is_due=True)


@pytest.mark.parametrize("failure", [Refused("no"), Unavailable("later")], ids=["refused", "unavailable"])
def test_where_nobody_tells_the_time_nothing_waits_for_it(failure: StewardError) -> None:
    world = World()
    keeper = keeper_of(world, world.skew(), failure=failure)
    assert keeper.takes_up_asking(something_is_due=True)
    keeper.ask()
    assert not keeper.stands_still()
    assert not keeper.takes_up_asking(something_is_due=True)
    world.passes(FRESH + SECOND)
    assert keeper.takes_up_asking(something_is_due=True)


def test_an_alarm_is_raised_once_and_says_which_clock_is_ahead() -> None:
    world = World(off=timedelta(hours=1))
    keeper = keeper_of(world, world.skew())
    keeper.ask()
    assert keeper.stands_still()
    assert keeper.stands_still()
    assert "ahead of Zammad's" in keeper.said
    assert not keeper.health.parts()["clock"].ok
    assert keeper.alarms.metrics.alarms.labels("clock_skew")._value.get() == 1
    world.off = timedelta(0)
    world.passes(CALM)
    keeper.ask()
    assert not keeper.stands_still()
    assert keeper.said == ""
    assert keeper.health.parts()["clock"].ok
