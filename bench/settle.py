"""How fast cases are settled: the whole loop from the inbox to the last commit, with a Zammad that answers at once.

``tests/postgresql.sh .venv/bin/python -m bench.settle`` measures SQLite and PostgreSQL; without it SQLite alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy import and_, func, or_, select

from bench.canned import MONDAY, URL, Canned, Model, deliveries, model
from bench.databases import database
from bench.telling import Bar, Report, Sheet, tell
from plugin import logs
from plugin.running import settle_down
from plugin.service import Service
from plugin.settings import Settings
from plugin.store import inbox, tables
from plugin.store.store import Store

NOW = MONDAY + timedelta(minutes=3)
VISITS, VISITS_ON_SQLITE = 16, 64
"""Tickets worked on at the same time, so that they can share commits: four, the default, spare a Zammad. On SQLite one
visit computes at a time however many there are; a PostgreSQL worker has a connection for each."""
ROOT = Path(__file__).parents[1]
Run = tuple[float, float, float, int]
"""Seconds, cases a second, milliseconds of processor time a case, calls to Zammad."""
Row = tuple[str, int, float, float, float, int]
PATIENCE = 300.0
"""Seconds a run may take before it counts as stuck."""
SHORTEST_PAUSE, MOST_A_SECOND = 0.02, 1000
"""Seconds between two questions how far it is, and cases a second that nothing here settles."""


@click.command()
@click.option("--tickets", type=click.IntRange(1), default=2000, show_default=True)
@click.option("--workers", default="1,2,4", show_default=True, help="Processes on PostgreSQL, a run each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.option("--work-on", hidden=True, help="Be one of the workers of a run, on this database.")
def main(tickets: int, workers: str, *, as_json: bool, work_on: str | None) -> None:
    """Measure; status 1 where a bar is missed."""
    logs.configure(level="error")
    if work_on:
        _be_a_worker(work_on)
        return
    began = time.monotonic()
    like = model()
    rows: list[Row] = [("SQLite", 1, *_on_sqlite(like, tickets))]
    for count in map(int, workers.split(",")):
        found = _on_postgresql(like, tickets, count)
        rows += [("PostgreSQL", count, *found)] if found else []
    columns = ("store", "workers", "seconds", "cases/s", "CPU ms a case", "Zammad calls")
    report = Report(
        bench="settle",
        sheets=(Sheet(f"{tickets:,} new complaints: inbox, fold, look, decide, plan, settle", columns, tuple(rows)),),
        bars=(Bar("settled on SQLite", rows[0][3], 300, "cases/s", at_least=True),),
        notes=(
            f"{VISITS_ON_SQLITE} tickets at a time (`STEWARD_CONCURRENCY`), {VISITS} a worker on PostgreSQL.",
            "A PostgreSQL worker is a process of its own; the test server does not wait for the disk (fsync=off).",
        ),
        seconds=time.monotonic() - began,
    )
    sys.exit(tell(report, as_json=as_json))


def _on_sqlite(like: Model, tickets: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="steward-bench-") as directory:
        adapter = Canned(like, clock=lambda: NOW)
        with opened(f"sqlite:///{Path(directory) / 'steward.db'}", adapter, visits=VISITS_ON_SQLITE) as service:
            _fill(service.store, like, tickets)
            began, cpu = time.monotonic(), time.process_time()
            with working(service):
                _wait_for(service.store, tickets)
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        return seconds, tickets / seconds, cpu * 1000 / tickets, adapter.calls


def _on_postgresql(like: Model, tickets: int, count: int) -> Run | None:
    """None where no server was started. The processor's time is the workers', without PostgreSQL's own."""
    with ExitStack() as stack:
        url = stack.enter_context(database())
        if url is None:
            return None
        store = stack.enter_context(Store.open(url))
        workers = [stack.enter_context(_worker(url)) for _ in range(count)]
        for worker in workers:
            _line(worker)
        _fill(store, like, tickets)
        began = time.monotonic()
        for worker in workers:
            _say(worker, "go")
        _wait_for(store, tickets)
        seconds = time.monotonic() - began
        for worker in workers:
            _say(worker, "stop")
        told = [json.loads(_line(worker)) for worker in workers]
        cpu, calls = sum(one["cpu"] for one in told), sum(one["calls"] for one in told)
        return seconds, tickets / seconds, cpu * 1000 / tickets, calls


# -- the parts --------------------------------------------------------------------------------------------------------


@contextmanager
def opened(url: str, adapter: Canned, *, visits: int = VISITS) -> Iterator[Service]:
    """Steward's worker on that database, with the canned Zammad; its rules were in force before the tickets came."""
    moments = [MONDAY - timedelta(hours=1)]
    settings = Settings.from_environ(
        {
            "STEWARD_ZAMMAD_URL": URL,
            "STEWARD_ZAMMAD_TOKEN": "bench",
            "STEWARD_DATABASE_URL": url,
            "STEWARD_MODE": "enforce",
        }
    )
    # no server is to be spared
    settings = replace(settings, rate=1e9, concurrency=visits)
    with Service.open(
        settings, web=False, worker=True, alone=True, clock=lambda: moments[-1], adapter=adapter
    ) as service:
        moments.append(NOW)
        settle_down()  # as ``steward serve`` does
        yield service


@contextmanager
def working(service: Service) -> Iterator[None]:
    """The worker's loop in a thread, as ``steward serve`` runs it."""
    assert service.worker is not None
    thread = threading.Thread(target=service.worker.run, name="steward-worker")
    thread.start()
    try:
        yield
    finally:
        service.worker.stop()
        thread.join()


def _fill(store: Store, like: Model, tickets: int) -> None:
    """Deliveries that came a minute ago, so that their quiet time is over."""
    version = like.ticket["updated_at"]
    heard = [
        inbox.Delivery(body, "bench", NOW - timedelta(minutes=1), ticket_id=ticket_id, version=version)
        for ticket_id, body in enumerate(deliveries(like, tickets), start=1)
    ]
    for start in range(0, len(heard), 100):
        with store.write() as connection:
            inbox.receive(connection, heard[start : start + 100], store_key=store.key)


def _wait_for(store: Store, tickets: int) -> None:
    """Ask the less often the more is left: each question takes a turn of Python's from what is measured."""
    ends = time.monotonic() + PATIENCE
    while left := _left(store, tickets):
        if time.monotonic() > ends:
            raise click.ClickException(f"{left} of {tickets} cases were not settled in {PATIENCE:g} s")
        time.sleep(max(SHORTEST_PAUSE, left / MOST_A_SECOND))


def _left(store: Store, tickets: int) -> int:
    """How many are not settled yet: a case is due until its look has been committed."""
    done = and_(tables.cases.c.looks > 0, or_(tables.cases.c.wake_at.is_(None), tables.cases.c.wake_at > NOW))
    with store.read() as connection:
        settled: int = connection.execute(select(func.count()).where(done)).scalar_one()
    return tickets - settled


# -- a worker of its own ----------------------------------------------------------------------------------------------


def _be_a_worker(url: str) -> None:
    adapter = Canned(model(), clock=lambda: NOW)
    with opened(url, adapter) as service:
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.process_time()
        with working(service):
            sys.stdin.readline()
        cpu = time.process_time() - began
    print(json.dumps({"calls": adapter.calls, "cpu": cpu}), flush=True)


@contextmanager
def _worker(url: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.settle", "--work-on", url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=os.environ, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline()


def _say(worker: subprocess.Popen[str], word: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(f"{word}\n")
    worker.stdin.flush()


if __name__ == "__main__":
    main()
