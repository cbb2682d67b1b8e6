"""Notes as Steward writes them: internal, of sender System, with a marker that proves afterwards that they exist."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from plugin.model.ticket import Article
from plugin.zammad.values import clean

MARKER = "steward"
"""The key in an article's (and a ticket's) preferences."""
_MAIL_DOMAIN = "zammad-steward.invalid"
"""Right side of our message ids; nobody can receive mail there."""


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """A note to write. ``body`` is HTML; ``op_keys`` are all effects it carries, the first one names it.

    ``notify`` tells the owner and those mentioned, everybody of the group while nobody owns the ticket (promises 11).
    """

    body: str
    op_keys: tuple[str, ...]
    notify: bool = False
    subject: str = ""

    def as_article(self) -> dict[str, Any]:
        """The article part of a request."""
        preferences: dict[str, Any] = {MARKER: " ".join(self.op_keys)}
        if self.notify:
            preferences["notification"] = True
        return {
            "type": "note",
            # an Agent note would mail agents and count as an agent's word (promises 11)
            "sender": "System",
            # Zammad's default is visible to the customer (contract 4.7)
            "internal": True,
            "content_type": "text/html",
            "subject": clean(self.subject),
            "body": clean(self.body),
            "preferences": preferences,
            "message_id": message_id(self.op_keys[0]),
        }


@dataclass(frozen=True, slots=True)
class MailDraft:
    """A message to the customer: public, of sender System, really sent. ``body`` is HTML."""

    to: str
    subject: str
    body: str
    op_keys: tuple[str, ...]
    in_reply_to: str = ""

    def as_article(self) -> dict[str, Any]:
        """The article part of a request."""
        return {
            "type": "email",
            # an Agent mail would satisfy Zammad's own first response
            "sender": "System",
            "internal": False,
            "content_type": "text/html",
            "to": clean(self.to),
            "subject": clean(self.subject),
            "body": clean(self.body),
            "in_reply_to": clean(self.in_reply_to),
            "preferences": {MARKER: " ".join(self.op_keys)},
            "message_id": message_id(self.op_keys[0]),
        }


def message_id(op_key: str) -> str:
    return f"<steward.{op_key}@{_MAIL_DOMAIN}>"


def op_keys_of(article: Article, *, own_user_id: int) -> tuple[str, ...]:
    """The effects an article carries; none unless our own user made it: customers can forge the rest (promises 6)."""
    if article.created_by_id != own_user_id:
        return ()
    marker = article.preferences.get(MARKER)
    return tuple(marker.split()) if isinstance(marker, str) else ()


def mention(user_id: int, name: str) -> str:
    """HTML that tells and subscribes an agent; others in 6.5 make Zammad refuse the whole note (contract 4.7)."""
    return f'<a data-mention-user-id="{user_id}" href="#user/profile/{user_id}">{escape(name)}</a>'
