"""What a ticket is taken for: kind, suspicion, tier, nature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plugin.model.facts import FactKind
from plugin.model.grounds import spoke_against, spoke_for
from plugin.model.pack import Jurisdiction, Kind, Tier
from plugin.model.people import SYSTEM
from tests.policies.story import ANNA, BEN, CHIEF, MEI, STEWARD, Outcome, Story, shipped

COMPLAINT = "I want to complain about the delivery."


def test_a_plain_question_is_a_request() -> None:
    told = Story().customer_writes_in("Where is my order?").decided(after=1)
    assert told.fields["kind"] == "request"
    assert told.fields["tier"] is None
    assert told.tags == set()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("This is a complaint.", id="English"),
        pytest.param("Ich möchte mich beschweren!", id="German"),
        pytest.param("Meine Beschwerde vom Montag", id="German, noun"),
        pytest.param("我要投诉你们的服务", id="Chinese"),
    ],
)
def test_complaint_words_only_make_it_suspected(words: str) -> None:
    told = Story().customer_writes_in(words).decided(after=1)
    assert told.tags == {"steward:suspected"}
    assert told.fields["kind"] == "request"
    assert told.fields["tier"] is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("Thanks!\n> I want to complain about the delivery.", id="quoted line"),
        pytest.param("Thanks!\nOn Mon, 2 Mar 2026 at 09:00, Anna wrote:\nabout your complaint", id="quoted below"),
        pytest.param("Thanks!\n-- \nComplaint department", id="signature"),
    ],
)
def test_quotes_and_signatures_voice_nothing(body: str) -> None:
    assert Story().customer_writes_in(body).decided(after=1).tags == set()


def test_an_answer_below_its_quote_is_heard() -> None:
    body = "On Mon, 2 Mar 2026 at 09:00, Anna wrote:\n> All is well.\n\nNo. I want to complain."
    assert Story().customer_writes_in(body).decided(after=1).tags == {"steward:suspected"}


def test_a_suspicion_counts_as_a_complaint_after_one_working_day() -> None:
    story = Story().customer_writes_in(COMPLAINT)
    assert story.decided(after=23.9).fields["kind"] == "request"
    told = story.decided(after=24)
    assert told.fields["kind"] == "complaint"
    assert "steward:suspected" not in told.tags
    assert told.clock("result").starts_at == story.started_at


def test_what_was_heard_counts_though_our_clock_is_behind() -> None:
    story = Story().customer_writes_in()
    story.customer_writes(COMPLAINT, after=2)
    told = story.decided(after=2, clock_behind=0.01)
    assert told.tags == {"steward:suspected"}
    assert story.at(26) in {look.at for look in told.decision.looks}


def test_an_agent_confirms_a_suspicion_with_one_word() -> None:
    story = Story().customer_writes_in(COMPLAINT)
    story.says("complaint", after=1)
    told = story.decided(after=1.1)
    assert told.fields["kind"] == "complaint"
    assert told.clock("result").starts_at == story.started_at
    assert [word.tag for word in told.decision.words] == ["steward:say:complaint"]


def test_an_agent_clears_a_suspicion_for_good() -> None:
    story = Story().customer_writes_in(COMPLAINT)
    story.says("request", after=1)
    assert story.decided(after=100).fields["kind"] == "request"
    assert "steward:suspected" not in story.decided(after=100).tags


def test_a_complaint_said_by_an_agent_is_accepted_with_the_customers_last_message() -> None:
    story = Story().customer_writes_in("Where is my order?")
    story.answers(after=1)
    second = story.customer_writes("It still has not come.", after=30)
    story.says("complaint", after=31)
    assert story.decided(after=32).clock("result").starts_at == second.at


def test_the_newest_word_of_an_agent_wins() -> None:
    story = Story().customer_writes_in(COMPLAINT)
    story.says("complaint", after=1)
    story.says("request", after=2)
    assert story.decided(after=3).fields["kind"] == "request"
    story.sets("steward_kind", "complaint", by=CHIEF, after=4)
    assert story.decided(after=5).fields["kind"] == "complaint"


@pytest.mark.parametrize("who", [MEI, SYSTEM, STEWARD], ids=["customer", "trigger", "Steward itself"])
def test_words_of_others_have_no_effect_and_are_taken_off(who: object) -> None:
    story = Story().customer_writes_in()
    story.says("major", after=1, by=who)  # type: ignore[arg-type]
    told = story.decided(after=2)
    assert told.fields["kind"] == "request"
    assert [word.tag for word in told.decision.words] == ["steward:say:major"]


def test_a_customers_value_in_our_fields_says_nothing() -> None:
    story = Story().customer_writes_in()
    story.sets("steward_tier", "major", by=MEI, after=1)
    assert story.decided(after=2).fields["tier"] is None


def test_none_said_by_an_agent_takes_everything_back() -> None:
    story = Story().customer_writes_in(COMPLAINT)
    story.says("complaint", after=1)
    story.says("none", after=2)
    told = story.decided(after=100)
    assert told.decision.in_force
    assert told.fields["kind"] == "none"
    assert told.fields["next_due_at"] is None
    assert told.tags == set()
    assert told.notes == {}


# -- exclusions -------------------------------------------------------------------------------------------------------


def automatic() -> Story:
    story = Story().begin(by=MEI)
    story.customer_writes("I am out of the office.", automatic=True)
    return story


def outbound() -> Story:
    story = Story().begin(by=ANNA)
    story.article("Your contract ends soon.", after=0, by=ANNA, sender="Agent", type="email", to_customer=True)
    return story


def tagged_as_spam() -> Story:
    story = Story(pack=replace(shipped(), scope=replace(shipped().scope, exclude_tags=("spam",))))
    story.customer_writes_in("Buy now")
    story.tell(FactKind.TAG_ADDED, after=1, by=ANNA, tag="spam")
    return story


def from_our_domain() -> Story:
    pack = shipped()
    story = Story(pack=replace(pack, scope=replace(pack.scope, own_domains=("customer.example",))))
    return story.customer_writes_in("A note to self")


def from_an_agent() -> Story:
    story = Story().customer_writes_in("My own order")
    story.observe("customer_is_agent", value=True)
    return story


@pytest.mark.parametrize("story", [automatic, outbound, tagged_as_spam, from_our_domain, from_an_agent])
def test_exclusions_are_recorded_and_nothing_is_written(story: object) -> None:
    told = story().decided(after=48)  # type: ignore[operator]
    assert not told.decision.in_force
    assert (told.fields, told.tags, told.notes) == ({}, set(), {})
    assert told.found("kind") is Kind.NONE


def test_an_agents_word_outranks_an_exclusion() -> None:
    story = from_an_agent()
    story.says("complaint", after=1)
    assert story.decided(after=2).fields["kind"] == "complaint"


def test_a_tier_said_of_a_complaint_later_moves_its_acceptance_no_more() -> None:
    story = Story().customer_writes_in("Where is my order?")
    story.says("complaint", after=1)
    story.customer_writes("I complain about this.", after=2)
    assert story.decided(after=3).clock("result").starts_at == story.at(0)
    story.says("general", after=4)
    assert story.decided(after=5).clock("result").starts_at == story.at(0)


def test_a_customers_answer_to_our_own_mail_is_a_request_accepted_with_it() -> None:
    story = outbound()
    answer = story.customer_writes("But I cancelled it!", after=5)
    told = story.decided(after=6)
    assert told.fields["kind"] == "request"
    assert told.clock("first_response").starts_at == answer.at


def test_a_group_can_decide_the_kind() -> None:
    pack = replace(shipped(), group_kinds={"Complaints": Kind.COMPLAINT})
    told = Story(pack=pack).customer_writes_in("Hello", group="Complaints").decided(after=1)
    assert told.fields["kind"] == "complaint"


# -- tier and nature --------------------------------------------------------------------------------------------------


def complaint(text: str = COMPLAINT, *, vip: bool = False) -> Story:
    story = Story().customer_writes_in(text, vip=vip)
    story.says("complaint", after=1)
    return story


def test_a_complaint_begins_general() -> None:
    told = complaint().decided(after=2)
    assert (told.fields["tier"], told.tags) == ("general", set())


def test_a_vips_complaint_is_serious_at_least() -> None:
    told = complaint(vip=True).decided(after=2)
    assert (told.fields["tier"], told.tags) == ("serious", {"steward:serious"})


def test_words_raise_to_serious_at_most() -> None:
    assert complaint("A complaint. My lawyer will write to you.").decided(after=2).fields["tier"] == "serious"


def test_danger_to_persons_is_major_and_told_at_once() -> None:
    told = complaint("The charger caught fire!").decided(after=2)
    assert told.fields["tier"] == "major"
    assert told.notes["classification.danger"].urgency.name == "DANGER"


def test_danger_told_of_on_a_closed_ticket_is_told_at_once() -> None:
    story = Story().customer_writes_in("Where is my order?")
    story.answers(after=1)
    story.closes(after=2)
    story.customer_writes("The charger caught fire!", after=20)
    story.reopens(MEI, after=20)
    assert "classification.danger" in story.decided(after=20.1).notes


def test_suspected_danger_is_told_at_once_but_has_no_tier() -> None:
    told = Story().customer_writes_in("The charger caught fire!").decided(after=0.1)
    assert told.tags == {"steward:suspected"}
    assert told.fields["tier"] is None
    assert "classification.danger" in told.notes


def test_an_agents_tier_wins_over_words_and_can_be_changed() -> None:
    story = complaint("The charger caught fire!")
    story.says("general", after=2)
    assert story.decided(after=3).fields["tier"] == "general"
    story.sets("steward_tier", "serious", by=BEN, after=4)
    assert story.decided(after=5).fields["tier"] == "serious"


def test_a_tier_word_makes_a_complaint_of_a_request() -> None:
    story = Story().customer_writes_in()
    story.says("major", after=1)
    told = story.decided(after=2)
    assert (told.fields["kind"], told.fields["tier"], told.tags) == ("complaint", "major", {"steward:major"})


def test_dissatisfied_raises_one_tier_and_stops_at_major() -> None:
    story = complaint()
    for round_, tier in enumerate(("serious", "major", "major"), start=2):
        story.says("dissatisfied", after=round_)
        assert story.decided(after=round_ + 0.5).fields["tier"] == tier


def test_nature_comes_from_words_until_an_agent_says_it() -> None:
    story = complaint("A complaint: the device arrived broken.")
    assert story.decided(after=2).fields["nature"] == "product"
    story.sets("steward_nature", "service", after=3)
    assert story.decided(after=4).fields["nature"] == "service"


# -- merges and later matters -----------------------------------------------------------------------------------------


def test_a_merged_complaint_keeps_its_earlier_acceptance() -> None:
    story = Story().customer_writes_in("Where is my order?")
    earlier = story.started_at - timedelta(hours=5)
    story.tell(
        FactKind.RECEIVED_MERGE, after=2, by=ANNA, source_id=9, kind="complaint", tier="serious",
        accepted_at=earlier.isoformat(), first_asked=None, accountable=None,
    )  # fmt: skip
    told = story.decided(after=3)
    assert (told.fields["kind"], told.fields["tier"]) == ("complaint", "serious")
    assert told.clock("result").starts_at == earlier


@pytest.mark.parametrize(
    ("here", "vip", "by_agent", "tier"),
    [
        pytest.param("Where is my order?", False, True, "general", id="it wins over the words that came along"),
        pytest.param("Where is my order?", True, True, "general", id="and over whose ticket this is"),
        pytest.param("Where is my order?", True, False, "serious", id="one by words does not"),
        pytest.param(
            "I complain: there was a fire.", False, True, "major", id="it says nothing of what was voiced here"
        ),
    ],
)
def test_a_tier_an_agent_gave_comes_along_with_a_merged_complaint(
    here: str, vip: bool, by_agent: bool, tier: str
) -> None:
    story = Story().customer_writes_in(here, vip=vip)
    moved = story.customer_writes("I complain, and my lawyer will hear of it." if by_agent else COMPLAINT, after=1)
    story.tell(
        FactKind.RECEIVED_MERGE, after=2, by=ANNA, source_id=9, kind="complaint", tier="general",
        tier_by_agent=by_agent, articles=[moved.key] if by_agent else [], accepted_at=story.at(1).isoformat(),
    )  # fmt: skip
    assert story.decided(after=3).fields["tier"] == tier
    story.says("dissatisfied", after=4)
    raised = {"general": "serious", "serious": "major", "major": "major"}
    assert story.decided(after=5).fields["tier"] == raised[tier]


def test_an_agents_tier_here_comes_before_one_from_elsewhere() -> None:
    story = Story().customer_writes_in("Where is my order?")
    story.says("serious", after=1)
    story.tell(
        FactKind.RECEIVED_MERGE, after=2, by=ANNA, source_id=9, kind="complaint", tier="general",
        tier_by_agent=True, articles=[], accepted_at=story.at(0).isoformat(),
    )  # fmt: skip
    assert story.decided(after=3).fields["tier"] == "serious"


def test_a_late_reopening_is_a_new_matter_judged_anew() -> None:
    story = complaint()
    story.answers(after=2)
    story.closes(after=3)
    again = story.customer_writes("Another question.", after=3 + 15 * 24)
    story.reopens(after=3 + 15 * 24)
    story.answers(after=4 + 15 * 24)
    told = story.decided(after=5 + 15 * 24)
    assert told.fields["kind"] == "request"
    assert told.clock("first_response").starts_at == again.at


# -- senders and signs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own_domains", "exclude_senders"),
    [
        pytest.param(("customer.example",), (), id="our own domain"),
        pytest.param((), ("mei@",), id="a machine's address"),
        pytest.param(("ours.example",), ("mei@",), id="a machine's address, and a domain of ours beside it"),
    ],
)
def test_a_sender_of_either_list_is_excluded(own_domains: tuple[str, ...], exclude_senders: tuple[str, ...]) -> None:
    pack = shipped()
    scope = replace(pack.scope, own_domains=own_domains, exclude_senders=exclude_senders)
    told = Story(pack=replace(pack, scope=scope)).customer_writes_in(COMPLAINT).decided(after=48)
    assert told.found("kind") is Kind.NONE


CATEGORY = {"Claims": Kind.COMPLAINT, "Claims::Praise": Kind.REQUEST}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param("Claims", "complaint", id="the value itself"),
        pytest.param("Claims::Parcels::Lost", "complaint", id="a level below it"),
        pytest.param("Claims::Praise", "request", id="the nearest level"),
        pytest.param("Other", "request", id="another value"),
        pytest.param("", "request", id="emptied again"),
    ],
)
def test_an_attribute_of_the_ticket_can_decide_the_kind(value: str, kind: str) -> None:
    story = Story(pack=replace(shipped(), attribute_kinds={"category": CATEGORY}))
    story.customer_writes_in("Hello").attribute("category", value)
    assert story.decided(after=1).fields["kind"] == kind


def test_a_group_comes_before_an_attribute() -> None:
    pack = replace(shipped(), attribute_kinds={"category": CATEGORY}, group_kinds={"Sales": Kind.REQUEST})
    story = Story(pack=pack).customer_writes_in("Hello", group="Sales")
    story.attribute("category", "Claims")
    assert story.decided(after=1).fields["kind"] == "request"


@pytest.mark.parametrize(("channel", "kind"), [("email", "complaint"), ("phone", "request")])
def test_a_channel_can_decide_the_kind(channel: str, kind: str) -> None:
    story = Story(pack=replace(shipped(), channel_kinds={"email": Kind.COMPLAINT})).begin(by=MEI)
    story.article("Hello", after=0, by=MEI, sender="Customer", type=channel)
    assert story.decided(after=1).fields["kind"] == kind


def test_a_late_reopening_inherits_nothing_of_an_earlier_merge() -> None:
    story = Story().customer_writes_in("Where is my order?")
    story.tell(
        FactKind.RECEIVED_MERGE, after=1, by=ANNA, source_id=9, kind="complaint", tier="serious",
        accepted_at=story.at(-5).isoformat(),
    )  # fmt: skip
    story.answers(after=2)
    story.closes(after=3)
    story.customer_writes("Another question.", after=3 + 15 * 24)
    story.reopens(after=3 + 15 * 24)
    story.answers(after=4 + 15 * 24)
    told = story.decided(after=5 + 15 * 24)
    assert (told.fields["kind"], told.fields["tier"]) == ("request", None)
    assert told.clock("first_response").starts_at == story.at(3 + 15 * 24)


# -- severity ---------------------------------------------------------------------------------------------------------


def points(told: Outcome) -> dict[str, int | None]:
    """What spoke for a tier without an agent, by what it rests on."""
    grounds = told.found("grounds")
    return {str(g.because).partition(" ")[0]: g.weight for g in grounds if g.about == "tier" and not g.by_agent}


@pytest.mark.parametrize(
    ("words", "tier"),
    [
        pytest.param("I complain.", "general", id="nothing"),
        pytest.param("I complain, I am furious.", "general", id="a mood alone"),
        pytest.param("I complain, it is urgent.", "general", id="urgency alone"),
        pytest.param("I complain: all customers are angry.", "general", id="reach alone"),
        pytest.param("I complain. It is urgent, all customers are furious.", "general", id="three of them: 40 points"),
        pytest.param(
            "I complain. It is urgent, all customers are furious: the app and the staff.",
            "serious",
            id="four: 50 points",
        ),
        pytest.param("I complain. I lost 4,999 EUR.", "general", id="a loss below the limit"),
        pytest.param("I complain. I lost 5,000 EUR.", "serious", id="a large loss"),
        pytest.param("Ich beschwere mich. Der Schaden ist 12.000,00 €.", "serious", id="a large loss, German"),
        pytest.param("我要投诉,损失5万元", "serious", id="a large loss, Chinese"),
        pytest.param("I complain. It cost 9,000 JPY.", "general", id="a currency the pack does not name"),
        pytest.param("I complain, and my lawyer will write.", "serious", id="serious words"),
        pytest.param(
            "My lawyer says: urgent! All customers lost 9,000 EUR. I complain.", "serious", id="all, never major"
        ),
    ],
)
def test_severity_is_weighed(words: str, tier: str) -> None:
    told = complaint(words).decided(after=2)
    assert told.fields["tier"] == tier, points(told)


def test_each_ground_counts_once() -> None:
    story = complaint("I complain, it is urgent.")
    for hour in (2, 3, 4, 5, 6):
        story.customer_writes("Urgent!", after=hour)
    assert points(story.decided(after=7)) == {"It": 10}


def test_an_earlier_complaint_of_the_same_nature_weighs() -> None:
    story = complaint("I complain: the device is broken. It is urgent, many customers wait.")
    earlier = {"id": 9, "at": story.at(-100).isoformat(), "nature": "product", "customer": True}
    story.observe("related", complaints=[earlier])
    assert story.decided(after=2).fields["tier"] == "serious"
    story.sets("steward_nature", "service", after=3)
    assert story.decided(after=4).fields["tier"] == "general"


def test_outside_help_makes_it_difficult() -> None:
    story = complaint("I complain. It is urgent, all customers are furious.")
    story.says("outside-help", after=2)
    assert story.decided(after=3).fields["tier"] == "serious"


def test_the_tier_rises_when_its_grounds_come_up() -> None:
    story = complaint("I complain. It is urgent.")
    story.customer_writes("Many customers wait, and I lost 6,000 EUR.", after=5)
    told = story.decided(after=6)
    steps = told.found("tiers")
    assert {tier for at, tier in steps if at < story.at(5)} == {Tier.GENERAL}
    assert steps[-1] == (story.at(5), Tier.SERIOUS)


def test_what_raises_nothing_is_no_step() -> None:
    story = complaint("I complain, the charger caught fire.")
    steps = story.decided(after=2).found("tiers")
    story.customer_writes("It is urgent, my lawyer will write, and it caught fire again.", after=3)
    assert story.decided(after=4).found("tiers") == steps


def test_a_verdict_lists_what_spoke_for_and_against_it() -> None:
    story = complaint("I complain. My lawyer will write to you.", vip=True)
    story.says("general", by=BEN, after=2)
    told = story.decided(after=3)
    grounds = told.found("grounds")
    tier = told.found("tier")
    assert [(g.because.values.get("login"), g.weight) for g in spoke_for(grounds, "tier", tier)] == [("ben", None)]
    against = spoke_against(grounds, "tier", tier)
    assert [(str(g.because).partition(".")[0].partition(" in ")[0], g.weight, g.words) for g in against] == [
        ("Serious words", 50, "lawyer"),
        ("The customer is a VIP", 50, ""),
    ]
    assert against[0].fact == story.facts[1].key
    assert [g.value for g in spoke_for(grounds, "kind", Kind.COMPLAINT)] == ["complaint", "complaint"]


def test_what_words_alone_would_have_said_is_kept_beside_an_agents_word() -> None:
    story = complaint("I complain: the charger caught fire, the staff was rude.")
    story.says("general", after=2)
    story.sets("steward_nature", "system", after=3)
    told = story.decided(after=4)
    said = {name: told.found(name) for name in ("kind", "tier", "nature")}
    unsaid = {name: told.found(f"{name}_by_words") for name in ("kind", "tier", "nature")}
    assert said == {"kind": "complaint", "tier": "general", "nature": "system"}
    assert unsaid == {"kind": "complaint", "tier": "major", "nature": "service"}


# -- nature, jurisdiction, mood ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pack", "nature"),
    [
        pytest.param({}, "product", id="words"),
        pytest.param({"group_natures": {"First line": "environment"}}, "environment", id="the group before words"),
        pytest.param(
            {"group_natures": {"First line": "environment"}, "attribute_natures": {"category": {"App": "system"}}},
            "system",
            id="an attribute before the group",
        ),
    ],
)
def test_nature_comes_from_what_is_nearest_to_the_matter(pack: dict[str, Any], nature: str) -> None:
    story = Story(pack=replace(shipped(), **pack)).customer_writes_in("I complain: the device is broken.")
    story.attribute("category", "App::Login")
    assert story.decided(after=1).fields["nature"] == nature


@pytest.mark.parametrize(
    ("words", "whose"),
    [
        pytest.param((), None, id="nobody judged it"),
        pytest.param(("assessed",), "ours", id="assessed"),
        pytest.param(("not-ours",), "not_ours", id="not ours"),
        pytest.param(("not-ours", "outside-help"), "shared", id="the newest word"),
    ],
)
def test_only_an_agent_says_whose_matter_it_is(words: tuple[str, ...], whose: str | None) -> None:
    pack = replace(shipped(), group_jurisdictions={"First line": Jurisdiction.NOT_OURS})
    story = Story(pack=pack).customer_writes_in("I complain: the carrier lost it.")
    for hour, word in enumerate(words, start=1):
        story.says(word, after=hour)
    told = story.decided(after=5)
    assert told.found("jurisdiction") == whose
    assert told.found("jurisdiction_suggested") == "not_ours"


@pytest.mark.parametrize(
    ("happens", "mood", "calm_first"),
    [
        pytest.param("", "upset", True, id="upset words"),
        pytest.param("answer", "upset", False, id="answered since"),
        pytest.param("friendly", None, False, id="a friendly message since"),
        pytest.param("calm", "calm", False, id="an agent says calm"),
        pytest.param("calm, angry", "upset", True, id="upset anew after an agent's word"),
        pytest.param("friendly, upset", "upset", True, id="an agent says upset"),
        pytest.param("upset, friendly", "upset", True, id="and friendly words do not take it back"),
        pytest.param("close", "upset", False, id="closed"),
    ],
)
def test_an_upset_customer_is_calmed_first(happens: str, mood: str | None, calm_first: bool) -> None:
    story = complaint("I complain, this is unacceptable.")
    acts: dict[str, Callable[[float], object]] = {
        "answer": lambda hour: story.answers(after=hour),
        "friendly": lambda hour: story.customer_writes("Thank you.", after=hour),
        "angry": lambda hour: story.customer_writes("This is outrageous.", after=hour),
        "calm": lambda hour: story.says("calm", after=hour),
        "upset": lambda hour: story.says("upset", after=hour),
        "close": lambda hour: story.closes(after=hour),
    }
    for hour, act in enumerate(filter(None, happens.split(", ")), start=2):
        acts[act](hour)
    told = story.decided(after=9)
    assert told.found("mood") == mood
    assert told.found("calm_first") is calm_first


@pytest.mark.parametrize("vip", [True, False])
def test_whether_the_customer_is_a_vip_is_known_of_every_ticket(vip: bool) -> None:
    told = Story().customer_writes_in("Where is my order?", vip=vip).decided(after=1)
    assert told.found("vip") is vip


@pytest.mark.parametrize(
    ("words", "step"),
    [
        pytest.param("I complain.", "Answer the customer by 2026-03-03 08:00 UTC", id="nothing to advise"),
        pytest.param(
            "I complain, I am furious.",
            "Answer the customer by 2026-03-03 08:00 UTC. Calm the customer first",
            id="upset",
        ),
    ],
)
def test_the_next_step_says_who_is_to_be_calmed(words: str, step: str) -> None:
    told = complaint(words).decided(after=2)
    assert told.decision.next_step is not None
    assert str(told.decision.next_step.text) == step


def test_the_next_step_says_whose_matter_it_may_be() -> None:
    story = complaint("I complain: the carrier broke it.")
    story.answers(after=2)
    step = story.decided(after=3).decision.next_step
    assert step is not None
    assert str(step.text).endswith("Somebody outside may be needed")
