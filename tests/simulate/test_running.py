"""All histories of a source, on every core: the counts add up, whatever a single ticket does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.lives import lives
from plugin.simulate.histories import to_bytes
from plugin.simulate.running import Result, TicketRow, Work, simulate
from plugin.simulate.sources import Kept, Source, export, of_file
from plugin.simulate.tally import Window
from tests.policies.story import shipped

COUNT = 40


def a_source(count: int = COUNT, *, spoilt: int = 0, said: int | None = None) -> Source:
    """Made-up lives; the first ``spoilt`` cannot be played."""
    kept = [Kept(one.ticket_id, to_bytes(one)) for one in lives(count, seed=7)]
    kept[:spoilt] = [replace(one, content=b'[1, "1", "1", 0, [["observed:created", 1]]]') for one in kept[:spoilt]]
    return Source("made up", said or count, lambda: iter(kept))


def run(source: Source, *, processes: int | None = None) -> tuple[Result, list[TicketRow]]:
    rows: list[TicketRow] = []
    work = Work(shipped(), Window("UTC"))
    return simulate(source, work, on_batch=lambda batch: rows.extend(batch.rows), processes=processes), rows


def test_two_processes_count_as_one_does() -> None:
    alone, rows = run(a_source())
    shared, other_rows = run(a_source(said=10_000), processes=2)
    assert shared.tally == alone.tally
    assert other_rows == rows
    assert alone.tally.tickets == COUNT


def test_a_ticket_that_fails_is_named_and_the_others_go_on() -> None:
    result, rows = run(a_source(spoilt=2))
    assert [ticket_id for ticket_id, _ in result.failed] == [1, 2]
    assert {why for _, why in result.failed} == {"ValueError"}
    assert len(rows) == COUNT - 2
    assert result.played == COUNT


def test_an_exported_file_plays_like_its_source_without_a_word_of_customers(tmp_path: Path) -> None:
    source, file = a_source(), tmp_path / "histories.jsonl"
    assert export(source, file, packs=[shipped()]) == COUNT
    content = file.read_bytes()
    for word in (b"example.com", b"Mei Ling", b"invoice", "发票".encode()):
        assert word not in content, word
    played, again = run(source)[1], run(of_file(file))[1]
    told = [(row.ticket_id, row.kind, row.tier, row.breached, row.notes, row.tasks) for row in played]
    assert [(row.ticket_id, row.kind, row.tier, row.breached, row.notes, row.tasks) for row in again] == told


@pytest.mark.parametrize("name", ["histories.jsonl", "histories.jsonl.gz"])
def test_a_file_is_packed_where_its_name_ends_so(tmp_path: Path, name: str) -> None:
    export(a_source(), tmp_path / name, packs=[shipped()])
    assert ((tmp_path / name).read_bytes()[:2] == b"\x1f\x8b") is name.endswith(".gz")
    assert of_file(tmp_path / name).count == COUNT
