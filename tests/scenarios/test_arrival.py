"""How tickets come in, and what they are taken for (C1.1, C3.1, C3.2; design.md, "Which tickets, from when")."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.conftest import Open
from tests.scenarios.helpdesk import Helpdesk, write_pack


def test_a_mail_becomes_a_request_with_an_answer_due_in_24_hours(helpdesk: Helpdesk) -> None:
    began = helpdesk.now
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    assert ticket.field("kind") == "request"
    assert ticket.field("stage") == "accept"
    assert ticket.field("next_due") == "first_response"
    assert (ticket.field("next_due_at") - began).total_seconds() == pytest.approx(24 * 3600, abs=5)
    assert ticket.field("retention") == "service"
    assert ticket.ours == set()
    assert ticket.notes == []
    assert helpdesk.told == []


def test_a_web_ticket_counts_like_a_mail(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.creates(helpdesk.olga, article={"body": "I want to complain.", "type": "web", "internal": False})
    helpdesk.works()
    assert ticket.ours == {"suspected"}
    assert ticket.field("next_due") == "first_response"


def test_a_call_an_agent_took_is_asked_and_answered_in_one(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.calls_in(helpdesk.anna, "She asks where her order is.")
    helpdesk.works()
    assert ticket.field("kind") == "request"
    assert ticket.field("first_responder") == "anna"
    assert ticket.field("next_due") is None
    assert ticket.clock("first_response").state == "met"
    assert helpdesk.told == []


def test_a_complaint_by_phone_is_a_complaint(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.calls_in(helpdesk.anna, "She complains about rude staff.")
    helpdesk.works()
    assert ticket.ours == {"suspected"}
    assert ticket.field("nature") == "service"


@pytest.mark.parametrize(
    ("words", "nature"),
    [
        ("Ich möchte mich beschweren: Das Gerät ist kaputt.", "product"),
        ("我要投诉,网站一直登录不上。", "system"),
        ("我要投訴你們的服務態度。", "service"),
        ("Eine Beschwerde: unerträglicher Lärm auf dem Parkplatz", "environment"),
    ],
    ids=["German", "simplified Chinese", "traditional Chinese", "umlauts"],
)
def test_complaints_are_understood_in_three_languages(helpdesk: Helpdesk, words: str, nature: str) -> None:
    ticket = helpdesk.mails(words, subject="Größe 您好")
    helpdesk.works()
    assert ticket.ours == {"suspected"}
    assert ticket.field("nature") == nature


def test_an_attachment_changes_nothing(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Please see the picture.", attachment=("Größe 尺寸.bin", b"\x00\xff" * 50))
    helpdesk.works()
    assert ticket.field("kind") == "request"


def test_an_automatic_message_is_none_of_ours(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I am out of office and complain.", Auto_Submitted="auto-replied")
    helpdesk.works()
    helpdesk.passes(days=3)
    assert ticket.is_untouched()
    assert helpdesk.told == []


def test_a_person_who_writes_after_an_automatic_message_is_heard(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I am out of office.", Auto_Submitted="auto-replied")
    helpdesk.works()
    helpdesk.mails("Back again: where is my order?", to=ticket)
    helpdesk.works()
    assert ticket.field("kind") == "request"


def test_our_own_outbound_message_owes_no_answer(helpdesk: Helpdesk) -> None:
    article = {"body": "We will be closed on Friday.", "type": "email", "to": "olga@customer.example"}
    ticket = helpdesk.creates(
        helpdesk.anna, customer="olga@customer.example", article={**article, "internal": False, "sender": "Agent"}
    )
    helpdesk.works()
    assert ticket.is_untouched()
    helpdesk.passes(hours=5)
    wrote = helpdesk.now
    helpdesk.mails("Then when can I come?", to=ticket)
    helpdesk.works()
    assert ticket.field("kind") == "request"
    assert ticket.field("next_due") == "first_response"
    assert (ticket.field("next_due_at") - wrote).total_seconds() == pytest.approx(24 * 3600, abs=5)


def test_a_customer_who_is_an_agent_is_none_of_ours(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.creates(helpdesk.anna, customer="ben@example.com")
    helpdesk.works()
    assert ticket.is_untouched()


def test_spam_is_left_alone_and_taken_up_when_it_is_none(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I complain! Buy now!")
    ticket.tagged(helpdesk.anna, "spam")
    helpdesk.works()
    assert ticket.is_untouched()
    ticket.untagged(helpdesk.anna, "spam")
    helpdesk.works()
    helpdesk.passes(minutes=11)
    assert ticket.ours == {"suspected"}


@pytest.mark.parametrize(
    ("change", "sender", "kind"),
    [
        (("  exclude_senders: []", "  exclude_senders: [alerts@]"), "alerts@machine.example", None),
        (("  exclude_senders: []", "  exclude_senders: [alerts@]"), "people@machine.example", "request"),
        (("  own_domains: []", "  own_domains: [machine.example]"), "ada@machine.example", None),
        (("  own_domains: []", "  own_domains: [machine.example]"), "ada@otherma-chine.example", "request"),
    ],
    ids=["a machine", "a person there", "a colleague", "another house"],
)
def test_senders_the_pack_excludes_are_none_of_ours(
    opens: Open, tmp_path: Path, change: tuple[str, str], sender: str, kind: str | None
) -> None:
    helpdesk = opens(pack=write_pack(tmp_path, change))
    ticket = helpdesk.mails("I want to complain about disk space.", sender=sender)
    helpdesk.works()
    assert ticket.field("kind") == kind
    assert ticket.is_untouched() is (kind is None)


def test_tickets_of_other_groups_are_left_alone(opens: Open, tmp_path: Path) -> None:
    helpdesk = opens(pack=write_pack(tmp_path, ("  groups: all", "  groups: [Complaints]")))
    outside = helpdesk.creates(helpdesk.chief, group="Second line", customer="olga@customer.example")
    inside = helpdesk.creates(helpdesk.chief, group="Complaints", customer="olga@customer.example")
    helpdesk.works()
    assert outside.is_untouched()
    assert inside.field("kind") == "request"


def test_a_ticket_moved_into_the_scope_is_taken_up(opens: Open, tmp_path: Path) -> None:
    helpdesk = opens(pack=write_pack(tmp_path, ("  groups: all", "  groups: [Complaints]")))
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    ticket.put(helpdesk.chief, group="Complaints")
    helpdesk.works()
    assert ticket.field("kind") == "request"


def test_a_group_decides_whatever_is_said(opens: Open, tmp_path: Path) -> None:
    helpdesk = opens(pack=write_pack(tmp_path, ("group_kinds: {}", "group_kinds:\n  Complaints: complaint")))
    ticket = helpdesk.creates(
        helpdesk.chief,
        group="Complaints",
        customer="olga@customer.example",
        article={"body": "Hm.", "type": "web", "sender": "Customer", "internal": False},
    )
    helpdesk.works()
    assert ticket.field("kind") == "complaint"
    assert ticket.ours == set()


def test_a_vip_complaint_is_serious_from_the_start(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains(sender="mei@customer.example")
    assert ticket.field("tier") == "serious"
    assert ticket.ours == {"serious"}


def test_words_raise_a_complaint_to_serious_at_most(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains("I complain, furious, outrageous, my lawyer will take you to court!")
    assert ticket.field("tier") == "serious"


def test_what_is_only_quoted_raises_nothing(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains("I complain: it is late.\n\n> your lawyer said\n> there was a fire")
    assert ticket.field("tier") == "general"


def test_what_happened_is_kept_by_rows_of_zammad(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    keys = [fact.key.partition(":")[0] for fact in helpdesk.timeline_of(ticket)]
    assert "history" in keys
    assert "article" in keys
