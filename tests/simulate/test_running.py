"""All histories of a source, on every core: the counts add up, whatever a single ticket does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.lives import lives
from plugin.model.attributes import means, value_of
from plugin.model.facts import Timeline
from plugin.model.pack import Kind, Rule
from plugin.policies.repeat_complaints import Options
from plugin.simulate.histories import History, to_bytes
from plugin.simulate.running import Result, TicketRow, Work, simulate
from plugin.simulate.sources import Kept, Source, export, of_file
from plugin.simulate.tally import Window
from tests.policies.story import Story, shipped
from tests.simulate.played import history

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


def test_an_exported_file_tells_what_is_alike_and_what_a_pack_names_and_nothing_else(tmp_path: Path) -> None:
    pack = replace(
        shipped(),
        attribute_kinds={"reason": {"Complaint": Kind.COMPLAINT, "Complaint::Product": Kind.COMPLAINT}},
        rules=tuple(_by_product(rule) for rule in shipped().rules),
    )
    told = [about("pump", "Complaint::Product::Mei's pump"), about("pump", "Praise"), about("lamp", "Complaint")]
    file = tmp_path / "histories.jsonl"
    source = Source("made up", len(told), lambda: (Kept(one.ticket_id, to_bytes(one)) for one in told))
    export(source, file, packs=[pack])
    text = file.read_text(encoding="utf-8")
    assert not [word for word in ("pump", "lamp", "Praise", "12345") if word in text]
    read = [Timeline(one.ticket_id, one.facts) for one in of_file(file).histories()]
    products = [value_of(one, "product") for one in read]
    assert products[0] == products[1] != products[2] != ""
    reasons = [value_of(one, "reason") for one in read]
    assert [means(reason, pack.attribute_kinds["reason"]) for reason in reasons] == [
        Kind.COMPLAINT,
        None,
        Kind.COMPLAINT,
    ]
    assert not any(value_of(one, "secret") for one in read)


def _by_product(rule: Rule) -> Rule:
    return (
        replace(rule, options=replace(rule.options, attribute="product")) if isinstance(rule.options, Options) else rule
    )


def about(product: str, reason: str) -> History:
    story = Story().customer_writes_in("Hello")
    for name, value in (("product", product), ("reason", reason), ("secret", "12345")):
        story.attribute(name, value, after=1)
    return history(story, until=2)


@pytest.mark.parametrize("name", ["histories.jsonl", "histories.jsonl.gz"])
def test_a_file_is_packed_where_its_name_ends_so(tmp_path: Path, name: str) -> None:
    export(a_source(), tmp_path / name, packs=[shipped()])
    assert ((tmp_path / name).read_bytes()[:2] == b"\x1f\x8b") is name.endswith(".gz")
    assert of_file(tmp_path / name).count == COUNT
