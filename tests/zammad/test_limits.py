"""How often Zammad is asked, in time set by hand."""

from __future__ import annotations

import pytest

from plugin.model.errors import Unavailable
from plugin.zammad.limits import Breaker, BreakerState, Limiter, Priority, working_at


class Time:
    """Seconds that pass only when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: list[float] = []

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def limiter(time: Time, *, rate: float = 5, burst: float = 5, patience: float = 30) -> Limiter:
    return Limiter(rate=rate, burst=burst, clock=time.clock, wait=time.wait, patience=patience)


def test_a_rested_bucket_lets_its_burst_through_at_once(time: Time) -> None:
    bucket = limiter(time)
    for _ in range(5):
        bucket.take()
    assert time.waited == []


def test_beyond_the_burst_the_rate_holds(time: Time) -> None:
    bucket = limiter(time, rate=5, burst=1)
    for _ in range(11):
        bucket.take()
    assert time.now - 1000 == pytest.approx(2.0)


def test_a_call_out_of_patience_is_told_to_come_later(time: Time) -> None:
    bucket = limiter(time, rate=0.1, burst=1, patience=3)
    bucket.take()
    with pytest.raises(Unavailable) as told:
        bucket.take()
    assert told.value.retry_after == pytest.approx(10)
    assert bucket.waiting == 0


def test_the_pause_zammad_asks_for_is_kept(time: Time) -> None:
    bucket = limiter(time)
    bucket.hold(20)
    assert bucket.held_for == 20
    bucket.take()
    assert time.now == 1020
    assert bucket.held_for == 0


def test_a_deadline_overtakes_a_sweep_that_waits(time: Time) -> None:
    order: list[Priority] = []

    def ask(priority: Priority) -> None:
        with working_at(priority):
            bucket.take()
        order.append(priority)

    def wait(seconds: float) -> None:
        if bucket.waiting < 3:
            ask(Priority.DEADLINE if bucket.waiting == 2 else Priority.EVENT)
        time.wait(seconds)

    bucket = Limiter(rate=1, burst=1, clock=time.clock, wait=wait)
    bucket.take()
    ask(Priority.SWEEP)
    assert order[0] is Priority.DEADLINE
    assert order[-1] is Priority.SWEEP


def test_five_failures_in_a_row_open_the_breaker(time: Time) -> None:
    breaker = Breaker(clock=time.clock)
    for _ in range(4):
        breaker.failed()
    breaker.admit()
    breaker.failed()
    assert breaker.state is BreakerState.OPEN
    with pytest.raises(Unavailable) as told:
        breaker.admit()
    assert told.value.retry_after == pytest.approx(15)


def test_an_answer_between_failures_keeps_the_breaker_closed(time: Time) -> None:
    breaker = Breaker(clock=time.clock)
    for _ in range(20):
        breaker.failed()
        breaker.succeeded()
    assert breaker.state is BreakerState.CLOSED


def test_one_broken_record_is_not_an_outage(time: Time) -> None:
    breaker = Breaker(clock=time.clock)
    for _ in range(50):
        breaker.failed("GET /tickets/7")
    assert breaker.state is BreakerState.CLOSED


def opened(time: Time) -> Breaker:
    """After five failures in a row."""
    breaker = Breaker(clock=time.clock)
    for _ in range(5):
        breaker.failed()
    return breaker


def test_a_dead_zammad_hears_at_most_four_calls_a_minute(time: Time) -> None:
    breaker = opened(time)
    heard = 0
    for _ in range(600):
        time.now += 0.1
        try:
            breaker.admit()
        except Unavailable:
            continue
        heard += 1
        breaker.failed()
    assert heard <= 4


def test_only_one_probe_goes_at_a_time(time: Time) -> None:
    breaker = opened(time)
    time.now += 15
    breaker.admit()
    with pytest.raises(Unavailable):
        breaker.admit()


def test_the_rate_rises_over_a_minute_after_an_outage(time: Time) -> None:
    breaker = opened(time)
    time.now += 15
    breaker.admit()
    breaker.succeeded()
    shares = []
    for _ in range(7):
        shares.append(round(breaker.share(), 2))
        time.now += 10
    assert shares == [0.1, 0.17, 0.33, 0.5, 0.67, 0.83, 1.0]
    assert breaker.state is BreakerState.CLOSED


def test_a_failure_during_the_ramp_opens_the_breaker_again(time: Time) -> None:
    breaker = opened(time)
    time.now += 15
    breaker.admit()
    breaker.succeeded()
    breaker.failed()
    assert breaker.state is BreakerState.OPEN
