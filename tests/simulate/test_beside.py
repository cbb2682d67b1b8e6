"""What a simulated ticket sees of other complaints is what the worker saw of them, at every look."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.lives import Life, lives
from plugin.engine import decide
from plugin.model.durations import Duration
from plugin.model.facts import Fact
from plugin.model.pack import Pack
from plugin.policies.repeat_complaints import Options
from plugin.simulate.complaints import Complaints
from plugin.simulate.histories import History, from_bytes, to_bytes
from plugin.simulate.outcome import Doing
from plugin.simulate.playing import play, steps
from plugin.simulate.running import Result, TicketRow, Work, simulate
from plugin.simulate.sources import Kept, Source
from plugin.simulate.tally import Window
from plugin.simulate.tracing import is_complaint, trace
from plugin.visit import relating
from tests.policies.story import ANNA, BEN, Story, shipped
from tests.scenarios.helpdesk import Helpdesk, Ticket, open_helpdesk, write_pack
from tests.simulate.played import history
from tests.simulate.test_like_the_worker import KINDS, really_done

OLGA, TOM, JUERGEN = "olga@customer.example", "tom@handel.example", "juergen@handel.example"
BROKEN = "I want to complain: the device is broken."
Opens = Callable[..., Helpdesk]


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Opens]:
    opened: list[Helpdesk] = []

    def opens(*changes: tuple[str, str]) -> Helpdesk:
        pack = write_pack(tmp_path, *changes)
        opened.append(open_helpdesk(like="6.5", store_url=f"sqlite:///{tmp_path / 'steward.db'}", pack=pack))
        return opened[-1]

    yield opens
    for one in opened:
        one.service.close()


# -- the stories ------------------------------------------------------------------------------------------------------


def again(helpdesk: Helpdesk) -> list[Ticket]:
    first = helpdesk.complains(BROKEN)
    helpdesk.passes(days=2)
    return [first, helpdesk.complains(BROKEN)]


def of_a_colleague(helpdesk: Helpdesk) -> list[Ticket]:
    return [helpdesk.complains(BROKEN, sender=TOM), helpdesk.complains(BROKEN, sender=JUERGEN)]


def denied_and_confirmed(helpdesk: Helpdesk) -> list[Ticket]:
    first = helpdesk.complains(BROKEN)
    first.said(helpdesk.anna, "request")
    helpdesk.works()
    second = helpdesk.complains(BROKEN)
    first.said(helpdesk.anna, "complaint")
    helpdesk.works()
    second.noted(helpdesk.anna)
    helpdesk.works()
    return [first, second]


def merged_away(helpdesk: Helpdesk) -> list[Ticket]:
    first, second = helpdesk.complains(BROKEN), helpdesk.complains(BROKEN)
    first.merged(helpdesk.chief, into=second)
    helpdesk.works()
    return [first, second, helpdesk.complains(BROKEN)]


def of_many(helpdesk: Helpdesk) -> list[Ticket]:
    tickets = [helpdesk.complains(BROKEN, sender=f"customer{number}@many.example") for number in range(6)]
    for ticket in tickets:
        ticket.owned(helpdesk.anna)
        ticket.answered(helpdesk.anna, state="closed")
        helpdesk.works()
    return tickets


def one_of_many_was_none(helpdesk: Helpdesk) -> list[Ticket]:
    tickets = [helpdesk.complains(BROKEN, sender=f"customer{number}@many.example") for number in range(3)]
    tickets[2].said(helpdesk.anna, "request")  # it would have made the knowledge
    helpdesk.works()
    return [*tickets, helpdesk.complains(BROKEN, sender="customer9@many.example")]


def seen_really(helpdesk: Helpdesk, tickets: Iterable[Ticket]) -> dict[int, Any]:
    return {ticket.id: _said(helpdesk.timeline_of(ticket).observed("related")) for ticket in tickets}


def read(helpdesk: Helpdesk, tickets: Iterable[Ticket]) -> list[History]:
    return [
        History(one.id, "", "", helpdesk.now, tuple(helpdesk.timeline_of(one)), one.row.organization_id)
        for one in tickets
    ]


def all_of(histories: Iterable[History], pack: Pack) -> Complaints:
    traces = (trace(one, pack) for one in histories)
    return Complaints((one for one in traces if one is not None), relating.repeats(pack) or Options())


def _said(fact: Fact | None) -> Any:
    return None if fact is None else {name: fact[name] for name in ("complaints", "alike")}


@pytest.mark.parametrize(
    ("lived", "changes"),
    [
        pytest.param(again, (), id="the same customer again"),
        pytest.param(of_a_colleague, (), id="a colleague of his organization"),
        pytest.param(denied_and_confirmed, (), id="denied at first, then confirmed"),
        pytest.param(merged_away, (), id="merged away"),
        pytest.param(of_many, (("common_customers: 5", "common_customers: 3"),), id="of many customers"),
        pytest.param(
            one_of_many_was_none, (("common_customers: 5", "common_customers: 3"),), id="the one that explains was none"
        ),
    ],
)
def test_a_simulated_complaint_sees_and_does_what_the_worker_did(
    opens: Opens, lived: Callable[[Helpdesk], list[Ticket]], changes: tuple[tuple[str, str], ...]
) -> None:
    helpdesk = opens(*changes)
    tickets = lived(helpdesk)
    pack, histories = helpdesk.service.pack, read(helpdesk, tickets)
    complaints = all_of(histories, pack)
    really = seen_really(helpdesk, tickets)
    assert any(really.values())
    simulated = {}
    for one in histories:
        *_, last = steps(one, pack, complaints=complaints)
        simulated[one.ticket_id] = _said(last.timeline.observed("related"))
    assert simulated == really
    for one, ticket in zip(histories, tickets, strict=True):
        outcome = play(one, pack, complaints=complaints)
        assert outcome is not None
        done = Counter((one.doing, one.rule) for one in outcome.done if one.doing in KINDS.values())
        assert done == really_done(ticket), ticket.id


def test_what_an_attribute_names_is_alike() -> None:
    pack = with_options(attribute="product", common_customers=2)
    told = [about(number, product) for number, product in enumerate(["pump", "lamp", "pump"], start=1)]
    complaints = all_of(told, pack)
    found = []
    for one in told:
        *_, last = steps(one, pack, complaints=complaints)
        found.append(_said(last.timeline.observed("related")))
    assert [one and one["alike"] for one in found] == [
        None,
        None,
        {"customers": 1, "by": "subject", "explained": False},
    ]


def about(number: int, product: str) -> History:
    story = Story(started_at=Story().at(number)).customer_writes_in(BROKEN)
    story.says("complaint", after=1)
    story.attribute("product", product, after=0.5)
    return of_customer(history(story, until=48, ticket_id=number), 100 + number)


def of_customer(told: History, customer_id: int) -> History:
    facts = (
        replace(f, data={**f.data, "customer_id": customer_id}) if "customer_id" in f.data else f for f in told.facts
    )
    return replace(told, facts=tuple(facts))


def with_options(**changed: Any) -> Pack:
    """The shipped pack with other options of its rule about repeated complaints."""
    pack = shipped()
    rules = (
        replace(rule, options=replace(rule.options, **changed)) if isinstance(rule.options, Options) else rule
        for rule in pack.rules
    )
    return replace(pack, rules=tuple(rules))


# -- any life ---------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.builds(lambda seed: Life(1, random.Random(seed), complains=True).lived(), st.integers(0, 2**32)))
def test_the_fewest_rules_hold_of_a_ticket_what_all_of_them_do(life: History) -> None:
    held_as_decided(life, shipped())


def test_words_of_the_person_complained_about_count_for_nothing_there_either() -> None:
    story = Story().customer_writes_in("I complain about Anna.")
    story.says("complaint", by=BEN, after=0.5)
    story.notes(BEN, after=1, text="About: anna")
    story.says("request", by=ANNA, after=2)
    told = history(story, until=48)
    held_as_decided(told, story.pack)
    traced = trace(told, story.pack)
    assert traced is not None
    assert [held.until.year for held in traced.held] == [9999]


def held_as_decided(life: History, pack: Pack) -> None:
    """At each step of all rules the trace holds what they decide."""
    traced = trace(life, pack)
    complaints = Complaints([traced] if traced is not None else [], Options())
    for step in steps(life, pack):
        now = step.decision.now
        held = complaints.own(1, now)
        assert (held is not None) is is_complaint(step.decision)
        if held is not None:
            accepted_at, nature = step.decision.finding("accepted_at"), step.decision.finding("nature")
            assert (held.accepted_at, held.nature) == (accepted_at and accepted_at.value, nature and nature.value)


def test_of_those_that_are_alike_one_makes_the_knowledge() -> None:
    pack = with_options(common_customers=4)
    complaining = [Life(number, random.Random(number), complains=True).lived() for number in range(1, 60)]
    complaints = all_of(complaining, pack)
    explaining: dict[str, list[int]] = {}
    for one in complaining:
        *_, last = steps(one, pack, complaints=complaints)
        explains, nature = last.decision.finding("explains"), last.decision.finding("nature")
        if explains is not None and explains.value and nature is not None:
            explaining.setdefault(str(nature.value), []).append(one.ticket_id)
    assert explaining
    # a quarter has three stretches of 30 days: so often at most it is common anew
    assert all(len(some) <= 4 for some in explaining.values()), explaining


# -- all together -----------------------------------------------------------------------------------------------------


def run(histories: list[History], pack: Pack, *, against: Pack | None = None, processes: int | None = None) -> Result:
    rows: list[TicketRow] = []
    some = 10_000 if processes else len(histories)
    source = Source("made up", some, lambda: (Kept(number, to_bytes(one)) for number, one in enumerate(histories)))
    work = Work(pack, Window("UTC"), against, tasks_done=True)
    result = simulate(source, work, processes=processes, on_batch=lambda batch: rows.extend(batch.rows))
    result.rows = rows
    return result


def test_any_number_of_processes_says_the_same_of_repeated_complaints() -> None:
    made = [
        *lives(30, seed=5),
        *(Life(number, random.Random(number), complains=True).lived() for number in range(31, 60)),
    ]
    made = [of_customer(one, 1 + one.ticket_id % 7) for one in made]
    alone, shared = run(made, shipped()), run(made, shipped(), processes=2)
    assert shared.tally == alone.tally
    assert shared.rows == alone.rows
    assert alone.played == len(alone.rows) == len(made)
    repeated = sum(count for (rule, *_), count in alone.tally.rules.items() if rule.startswith("repeat_complaints"))
    assert repeated


def test_another_window_is_told_with_its_reason() -> None:
    told = [of_customer(history(complaint(days), until=24 * (days + 3), ticket_id=1 + days), 7) for days in (0, 40)]
    result = run(told, shipped(), against=with_options(within=Duration.parse("30 days")))
    found = {one.what: one for one in result.comparison.found if one.ticket_id == 41}
    cause = found["task repeat_complaints.root_cause"]
    assert (cause.before, cause.after) == ("0", "1")
    assert "complained of it before" in cause.why_after
    assert {one.ticket_id for one in result.comparison.found} == {41}


def complaint(days: int) -> Story:
    story = Story(started_at=Story().at(24 * days)).customer_writes_in(BROKEN)
    story.says("complaint", after=1)
    return story


def test_a_pack_that_never_asks_for_others_plays_every_ticket_once() -> None:
    pack = replace(shipped(), rules=tuple(one for one in shipped().rules if one.policy != "repeat_complaints"))
    result = run([*lives(20, seed=2)], pack)
    assert result.played == 20
    assert not result.apart


def test_what_was_really_seen_of_others_is_worked_out_anew() -> None:
    """Of the customers that were counted in life there is none in these histories; a history by itself keeps them."""
    story = complaint(0)
    alike = {"customers": 9, "by": "nature", "explained": False}
    story.observe("related", after=2, value=True, complaints=[], alike=alike)
    told = history(story, until=48)
    *_, by_itself = steps(told, shipped())
    *_, beside = steps(told, shipped(), complaints=all_of([told], shipped()))
    assert _said(by_itself.timeline.observed("related")) == {"complaints": [], "alike": alike}
    assert beside.timeline.observed("related") is None


def test_what_was_seen_of_others_held_from_one_look_to_the_next() -> None:
    story = complaint(0)
    for after, customers in ((2, 1), (20, 2)):
        alike = {"customers": customers, "by": "nature", "explained": False}
        story.observe("related", after=after, value=True, complaints=[], alike=alike)
    seen = {_counted(step.timeline.observed("related")) for step in steps(history(story, until=48), shipped())}
    assert seen == {None, 1, 2}


def _counted(fact: Fact | None) -> int | None:
    return fact["alike"]["customers"] if fact is not None else None


def test_the_organization_is_kept_with_the_history() -> None:
    told = replace(history(complaint(0), until=48), organization_id=12)
    assert from_bytes(to_bytes(told)) == told
    assert from_bytes(to_bytes(replace(told, organization_id=None))).organization_id is None


def test_whoever_changed_his_organization_is_beside_those_of_the_one_he_had_then() -> None:
    story = complaint(0)
    moved = story.article("x", after=20, by=story.facts[0].by, sender="Customer", type="email")
    data = {"attribute": "organization", "id_from": 3, "id_to": 5}
    changed = replace(
        moved, key="history:999", kind=story.facts[-2].kind.CHANGED, data=data, payload={"from": "", "to": ""}
    )
    told = replace(history(story, until=48), organization_id=5)
    told = replace(told, facts=(*(f for f in told.facts if f.key != moved.key), changed))
    found = trace(told, shipped())
    assert found is not None
    assert [held.one.organization_id for held in found.held] == [3, 5]


def test_decisions_with_nothing_beside_are_what_they_were() -> None:
    """A complaint alone in the world is decided as if there were no such question."""
    told = history(complaint(0), until=48)
    alone = play(told, shipped())
    beside = play(told, shipped(), complaints=all_of([told], shipped()))
    assert beside == alone
    assert alone is not None
    assert not [one for one in alone.done if one.doing is Doing.TASK and one.rule.startswith("repeat")]


def test_a_look_decides_once_with_what_it_sees_beside() -> None:
    told = [of_customer(history(complaint(days), until=24 * (days + 3), ticket_id=1 + days), 7) for days in (0, 2)]
    complaints = all_of(told, shipped())
    for step in steps(told[1], shipped(), complaints=complaints):
        again = decide(step.timeline, pack=shipped(), now=step.decision.now)
        assert again.findings == step.decision.findings
