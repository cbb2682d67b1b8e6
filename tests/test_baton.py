"""One visit computes at a time, in the order they were ready; and nothing rests on it."""

from __future__ import annotations

import random
import threading
from functools import partial

import pytest

from plugin import baton as baton_module
from plugin.baton import Baton, Waiter, holding, is_wanted, put_down
from tests.threads import PATIENCE_SECONDS, Threads, until


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody goes on without the baton, however busy the machine is."""
    monkeypatch.setattr(baton_module, "PATIENCE_SECONDS", PATIENCE_SECONDS)


@pytest.mark.usefixtures("patient")
def test_whoever_was_ready_first_computes_first() -> None:
    threads = Threads()
    threads.begin_held()
    for name in "abcd":
        threads.begin_ready(partial(threads.order.append, name))
    threads.end()
    assert threads.order == list("abcd")


@pytest.mark.usefixtures("patient")
def test_who_waits_for_a_server_lets_others_compute_and_goes_on_behind_them() -> None:
    threads, answered, may_end = Threads(), threading.Event(), threading.Event()

    def asks() -> None:
        threads.order.append("asks")
        with put_down():
            answered.wait(PATIENCE_SECONDS)
        threads.order.append("goes on")

    def computes() -> None:
        threads.order.append("computes")
        may_end.wait(PATIENCE_SECONDS)

    threads.begin(asks)
    until(lambda: threads.order == ["asks"])
    threads.begin(computes)
    until(lambda: threads.order == ["asks", "computes"])
    answered.set()
    until(lambda: threads.baton.ready == 1)
    may_end.set()
    threads.end()
    assert threads.order == ["asks", "computes", "goes on"]


@pytest.mark.usefixtures("patient")
def test_no_two_compute_at_a_time_and_all_end() -> None:
    threads, chance, pause = Threads(), random.Random(3), threading.Event()
    computing, most = 0, 0

    def computes() -> None:
        nonlocal computing, most
        computing += 1
        most = max(most, computing)
        pause.wait(chance.random() / 2000)
        computing -= 1

    def work() -> None:
        for _ in range(20):
            computes()
            with put_down():
                pause.wait(chance.random() / 2000)
        waiter = Waiter()
        threading.Timer(chance.random() / 100, waiter.wake).start()
        assert waiter.wait(PATIENCE_SECONDS)
        computes()
        assert not Waiter().wait(chance.random() / 100)
        computes()

    for _ in range(12):
        threads.begin(work)
    threads.end()
    assert most == 1


def test_who_is_ready_goes_on_without_it_where_nobody_hands_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baton_module, "PATIENCE_SECONDS", 0.01)
    threads = Threads()
    threads.begin_held()
    threads.begin(lambda: threads.order.append("without"))
    threads.running[1].join(PATIENCE_SECONDS)
    assert threads.order == ["without"]
    threads.end()
    threads.begin(lambda: threads.order.append("with it again"))
    threads.end()
    assert threads.order == ["without", "with it again"]


def test_a_long_queue_that_moves_is_no_reason_to_go_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baton_module, "PATIENCE_SECONDS", 0.2)
    threads, computing, pause = Threads(), threading.Lock(), threading.Event()

    def computes() -> None:
        assert computing.acquire(blocking=False)
        pause.wait(0.02)
        computing.release()
        threads.order.append("alone")

    threads.begin_held()
    for _ in range(30):
        threads.begin(computes)
    threads.end()
    assert threads.order == ["alone"] * 30


@pytest.mark.usefixtures("patient")
def test_a_lock_whose_holder_asks_a_server_is_waited_for_without_the_baton() -> None:
    threads, lock, answered, holds = Threads(), threading.RLock(), threading.Event(), list[bool]()

    def asks() -> None:
        with holding(lock), put_down():
            holds.append(True)
            answered.wait(PATIENCE_SECONDS)
        threads.order.append("asked")

    def waits() -> None:
        threads.order.append("waits")
        with holding(lock):
            threads.order.append("has it")

    threads.begin(asks)
    until(lambda: holds == [True])
    threads.begin(waits)
    until(lambda: threads.order == ["waits"])
    answered.set()
    threads.end()
    assert sorted(threads.order) == ["asked", "has it", "waits"]


# -- waiting for a word -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("patient")
def test_a_word_that_came_before_anybody_waited_is_heard() -> None:
    threads = Threads()

    def work() -> None:
        waiter = Waiter()
        waiter.wake()
        threads.order.append("heard" if waiter.wait(PATIENCE_SECONDS) else "missed")

    threads.begin(work)
    threads.end()
    assert threads.order == ["heard"]


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("has_baton", [True, False], ids=["with a baton", "without a baton"])
def test_a_word_that_comes_too_late_is_heard_the_next_time(has_baton: bool) -> None:
    threads = Threads()

    def work() -> None:
        waiter = Waiter()
        threads.order.append("heard" if waiter.wait(0.01) else "missed")
        waiter.wake()
        threads.order.append("heard" if waiter.wait(PATIENCE_SECONDS) else "missed")

    if has_baton:
        threads.begin(work)
        threads.end()
    else:
        work()
    assert threads.order == ["missed", "heard"]


@pytest.mark.usefixtures("patient")
def test_who_waits_for_a_word_lets_others_compute_and_wakes_with_the_baton() -> None:
    threads, waiters = Threads(), list[Waiter]()

    def waits() -> None:
        waiters.append(Waiter())
        assert waiters[0].wait(PATIENCE_SECONDS)
        threads.order.append("woken")

    def wakes() -> None:
        waiters[0].wake()
        until(lambda: threads.baton.ready == 1)
        threads.order.append("still computes")

    threads.begin(waits)
    until(lambda: bool(waiters) and waiters[0].is_waiting)
    threads.begin(wakes)
    threads.end()
    assert threads.order == ["still computes", "woken"]


# -- when nobody is ready ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("patient")
def test_the_last_one_to_put_it_down_says_so_and_nobody_else() -> None:
    rests: list[str] = []
    threads = Threads(Baton(at_rest=lambda: rests.append(threads.order[-1])))
    threads.begin_held(lambda: threads.order.append("first"))
    threads.begin_ready(lambda: threads.order.append("second"))
    threads.end()
    assert rests == ["second"]


@pytest.mark.usefixtures("patient")
def test_it_is_wanted_while_somebody_is_ready() -> None:
    threads, may_end, seen = Threads(), threading.Event(), list[bool]()

    def computes() -> None:
        seen.append(is_wanted())
        may_end.wait(PATIENCE_SECONDS)
        seen.append(is_wanted())

    threads.begin(computes)
    until(lambda: seen == [False])
    threads.begin_ready(lambda: seen.append(is_wanted()))
    may_end.set()
    threads.end()
    assert seen == [False, True, False]


def test_a_thread_that_carries_none_waits_as_ever() -> None:
    assert not is_wanted()
    with put_down():
        pass
    assert not Waiter().wait(0.001)
