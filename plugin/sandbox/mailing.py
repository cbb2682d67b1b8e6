"""Whom the mails of triggers, jobs and macros go to, and whom Zammad never writes by itself."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from plugin.sandbox.permissions import full_agents
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_integer
from plugin.sandbox.world import SYSTEM, World

_EMAIL = 1
_NO_ANSWERS = "(mailer-daemon|postmaster|abuse|root|noreply|noreply.+?|no-reply|no-reply.+?)@.+?"
_PER_TICKET = {10: 10, 30: 15, 60: 25, 180: 50, 600: 100}
_IN_TOTAL = {10: 30, 30: 60, 60: 120, 180: 240, 600: 360}
"""How many automatic mails one address gets within so many minutes, of one ticket and of all (contract 6)."""


def answers_a_machine(perform: dict[str, Any], article: Row | None) -> bool:
    """Whether a trigger would answer a mail that wants no answer: then nothing of it is carried out."""
    if article is None or article.preferences.get("send-auto-response") is not False:
        return False
    asked = (perform.get("notification.email") or {}).get("recipient") or []
    return not {"ticket_customer", "article_last_sender"}.isdisjoint([asked] if isinstance(asked, str) else asked)


def recipients(world: World, ticket: Row, article: Row | None, asked: Any) -> list[str]:
    """The addresses, each once, without the system's own, machines, and those that got too many."""
    found: list[str] = []
    for kind in asked if isinstance(asked, list) else [asked]:
        found += [_plain(address) for address in _addresses(world, ticket, article, str(kind))]
    own = {str(row.email).lower() for row in world.email_addresses}
    wanted = (address for address in dict.fromkeys(found) if "@" in address and address not in own)
    return [address for address in wanted if _may_be_written(world, ticket, article, address)]


def _addresses(world: World, ticket: Row, article: Row | None, kind: str) -> list[str]:
    if kind == "article_last_sender":
        return [] if article is None else [_sender(world, article)]
    if kind == "ticket_agents":
        return [str(agent.email) for agent in sorted(full_agents(world, ticket.group_id), key=lambda row: row.login)]
    ids = {"ticket_customer": ticket.customer_id, "ticket_owner": ticket.owner_id}
    user = world.users.get(ids.get(kind, to_integer(kind.removeprefix("userid_"))))
    return [] if user is None else [str(user.email)]


def _sender(world: World, article: Row) -> str:
    if article.reply_to or article["from"]:
        return str(article.reply_to or article["from"])
    user = world.users.get(article.origin_by_id or article.created_by_id)
    return "" if user is None else str(user.email)


def _plain(address: str) -> str:
    found = re.search(r"<([^<>]+@[^<>]+)>", address)
    return (found.group(1) if found else address).strip().lower()


def _may_be_written(world: World, ticket: Row, article: Row | None, address: str) -> bool:
    if re.search(str(world.setting("send_no_auto_response_reg_exp") or _NO_ANSWERS), address, re.IGNORECASE):
        return False
    by_machine = article is not None and article.preferences.get("is-auto-response") is True
    if article is not None and by_machine and address in str(article["from"] or "").lower():
        return False
    mine = [row for row in world.articles_of(ticket.id) if _is_automatic(row, address)]
    return _are_few(world, mine, _PER_TICKET) and _are_few(
        world, [row for row in world.articles if _is_automatic(row, address)], _IN_TOTAL
    )


def _is_automatic(row: Row, address: str) -> bool:
    return row.sender_id == SYSTEM and row.type_id == _EMAIL and address in str(row.to or "")


def _are_few(world: World, mails: list[Row], limits: dict[int, int]) -> bool:
    """Whether no limit of mails within so many minutes is reached."""
    now = world.now()
    return all(
        sum(mail.created_at > now - timedelta(minutes=minutes) for mail in mails) < most
        for minutes, most in limits.items()
    )
