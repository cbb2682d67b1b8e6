"""Which of the sandbox's ids, numbers and tokens stands for which recorded one, one to one and by kind.

What kind of thing an id is follows from the key it stands under (``owner_id`` is a user's, ``assets.Ticket.7`` a
ticket's) or, for a bare ``id``, from the object around it. States, priorities, article types and the like are
part of every fresh Zammad under the same ids and are therefore compared, not mapped.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

FIXED = frozenset({"TicketState", "TicketPriority", "TicketStateType", "TicketArticleType", "TicketArticleSender"})
"""Kinds whose ids every fresh Zammad shares."""

KIND_OF_STEM: Mapping[str, str] = {
    "activity_stream_object": "ObjectLookup",
    "activity_stream_type": "TypeLookup",
    "article": "TicketArticle",
    "create_article_sender": "TicketArticleSender",
    "create_article_type": "TicketArticleType",
    "created_by": "User",
    "customer": "User",
    "item": "ChecklistItem",
    "link_object_source": "LinkObject",
    "link_object_target": "LinkObject",
    "link_type": "LinkType",
    "member": "User",
    "mention_user": "User",
    "mentionable": "Ticket",
    "next_state": "TicketState",
    "object_lookup": "ObjectLookup",
    "organization": "Organization",
    "origin_by": "User",
    "out_of_office_replacement": "User",
    "owner": "User",
    "parent": "Group",
    "priority": "TicketPriority",
    "record": "Ticket",
    "referencing_checklist": "Checklist",
    "resource_owner": "User",
    "secondary_member": "User",
    "sender": "TicketArticleSender",
    "sorted_item": "ChecklistItem",
    "state": "TicketState",
    "state_type": "TicketStateType",
    "template": "ChecklistTemplate",
    "ticket_article": "TicketArticle",
    "type": "TicketArticleType",
    "type_lookup": "TypeLookup",
    "updated_by": "User",
}
"""Kinds by the part of a key before ``_id`` or ``_ids``, where it does not name the kind itself."""

KIND_OF_KEY: Mapping[str, str] = {
    "article": "TicketArticle",
    "articles": "TicketArticle",
    "attachments": "Attachment",
    "child": "Ticket",
    "created_by": "User",
    "customer": "User",
    "customer_tickets": "number",
    "group": "Group",
    "history": "History",
    "link_object_source_number": "number",
    "link_object_source_value": "Ticket",
    "link_object_target_value": "Ticket",
    "link_object_value": "Ticket",
    "matched_workflows": "CoreWorkflow",
    "mentions": "User",
    "message_id_md5": "digest",
    "number": "number",
    "organization": "Organization",
    "origin_by": "User",
    "owner": "User",
    "owner_tickets": "number",
    "parent": "Ticket",
    "priority": "TicketPriority",
    "source_ticket": "Ticket",
    "state": "TicketState",
    "target_ticket": "Ticket",
    "ticket": "Ticket",
    "tickets": "Ticket",
    "updated_by": "User",
}
"""Kinds of ids under, or of the bare ``id`` of objects under, other keys."""

KIND_OF_ROUTE: Mapping[str, str] = {
    "activity_stream": "ActivityStream",
    "calendars": "Calendar",
    "checklist_items": "ChecklistItem",
    "checklist_templates": "ChecklistTemplate",
    "checklists": "Checklist",
    "core_workflows": "CoreWorkflow",
    "data_privacy_tasks": "DataPrivacyTask",
    "email_addresses": "EmailAddress",
    "groups": "Group",
    "http_logs": "HttpLog",
    "jobs": "Job",
    "links": "Link",
    "macros": "Macro",
    "mentions": "Mention",
    "object_manager_attributes": "ObjectManagerAttribute",
    "online_notifications": "OnlineNotification",
    "organizations": "Organization",
    "overviews": "Overview",
    "permissions": "Permission",
    "postmaster_filters": "PostmasterFilter",
    "report_profiles": "ReportProfile",
    "roles": "Role",
    "settings": "Setting",
    "signatures": "Signature",
    "slas": "Sla",
    "tag_list": "TagItem",
    "templates": "Template",
    "text_modules": "TextModule",
    "ticket_article_plain": "TicketArticle",
    "ticket_articles": "TicketArticle",
    "ticket_attachment": "Ticket",
    "ticket_history": "Ticket",
    "ticket_merge": "Ticket",
    "ticket_overviews": "Overview",
    "ticket_priorities": "TicketPriority",
    "ticket_states": "TicketState",
    "tickets": "Ticket",
    "time_accountings": "TimeAccounting",
    "triggers": "Trigger",
    "user_access_token": "Token",
    "users": "User",
    "webhooks": "Webhook",
}
"""Kinds of the ids in a path after ``/api/v1/<route>/``, and of the objects it answers."""

NUMBER_IN_TEXT = re.compile(r"(?<![\w.-])\d{4,}(?![\w-])")
TOKEN_IN_TEXT = re.compile(
    r"<[^<>\s@]*\d{6}[^<>\s@]*@[^<>\s]+>|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b"
)
"""Message ids, UUIDs and digests: made by the server, so mapped."""

TICKET_IN_TEXT = re.compile(r"(?<=#ticket/zoom/)\d+")
USER_IN_TEXT = re.compile(r'(?<=data-mention-user-id=")\d+(?=")|(?<=#user/profile/)\d+(?=")|(?<=^userid_)\d+$')
"""A mention in an article, and a trigger's mail, name a user by id."""


def kind_of_key(key: str) -> str | None:
    """The kind of the ids that stand under a key, ``None`` where it holds none.

    >>> kind_of_key("owner_id"), kind_of_key("article_ids"), kind_of_key("title")
    ('User', 'TicketArticle', None)
    """
    if key in KIND_OF_KEY:
        return KIND_OF_KEY[key]
    for ending in ("_id", "_ids"):
        if key.endswith(ending) and key != "message_id":
            stem = key.removesuffix(ending)
            return KIND_OF_STEM.get(stem) or stem.title().replace("_", "")
    return None


def kind_of_path(path: str) -> str | None:
    """The kind of object a path answers with, ``None`` for routes that answer something of their own."""
    segments = path.partition("?")[0].removeprefix("/api/v1/").split("/")
    if segments[0] == "ticket_history":
        return "History"
    known = [KIND_OF_ROUTE[segment] for segment in segments if segment in KIND_OF_ROUTE]
    return known[-1] if known else None


@dataclass(slots=True)
class Identities:
    """The pairs found so far; each recorded id has one of the sandbox's, and the other way round."""

    made: set[tuple[str, str]] = field(default_factory=set)
    """Recorded things that a replayed step made, by kind and id."""
    made_now: set[str] = field(default_factory=set)
    """Recorded ids of the tickets that the story being replayed has made."""
    unwatched: set[str] = field(default_factory=set)
    """Recorded ids of tickets of stories whose steps were not all recorded."""
    _own: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    _recorded: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def own(self, kind: str, recorded: object) -> str | None:
        """What the sandbox calls the recorded thing, ``None`` while nothing is known of it."""
        if kind in FIXED:
            return str(recorded)
        return self._own[kind].get(str(recorded))

    def recorded(self, kind: str, own: object) -> str | None:
        """What the recording calls the sandbox's thing, ``None`` while nothing is known of it."""
        if kind in FIXED:
            return str(own)
        return self._recorded[kind].get(str(own))

    def known(self, kind: str) -> list[str]:
        """The sandbox's ids of all things of a kind that have a recorded one."""
        return list(self._recorded[kind])

    def match(self, kind: str, *, recorded: object, own: object) -> bool:
        """Whether the two can be the same thing; a pair neither of which is known yet becomes one."""
        known, taken = self.own(kind, recorded), self.recorded(kind, own)
        if known is None and taken is None:
            self._own[kind][str(recorded)] = str(own)
            self._recorded[kind][str(own)] = str(recorded)
            return True
        return known == str(own) and taken == str(recorded)

    def forget(self, kind: str, recorded: object) -> None:
        """Undo the pair of a recorded thing, where there is one."""
        own = self._own[kind].pop(str(recorded), None)
        if own is not None:
            self._recorded[kind].pop(own, None)

    def own_text(self, text: str) -> str:
        """A recorded text with the ticket numbers, message ids and the like the sandbox uses instead."""
        text = TOKEN_IN_TEXT.sub(lambda found: self._own["token"].get(found[0], found[0]), text)
        return self._numbers(text)

    def match_text(self, *, recorded: str, own: str) -> bool:
        """Whether two texts say the same, numbers and server-made tokens mapped."""
        theirs, ours = TOKEN_IN_TEXT.findall(recorded), TOKEN_IN_TEXT.findall(own)
        if TOKEN_IN_TEXT.sub("<>", self._numbers(recorded)) != TOKEN_IN_TEXT.sub("<>", own):
            return False
        return all(
            (one == other and self.own("token", one) is None) or self.match("token", recorded=one, own=other)
            for one, other in zip(theirs, ours, strict=True)
        )

    def _numbers(self, text: str) -> str:
        text = TICKET_IN_TEXT.sub(lambda found: self._own["Ticket"].get(found[0], found[0]), text)
        text = USER_IN_TEXT.sub(lambda found: self._own["User"].get(found[0], found[0]), text)
        return NUMBER_IN_TEXT.sub(lambda found: self._own["number"].get(found[0], found[0]), text)
