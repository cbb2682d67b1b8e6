"""The columns of each kind of record as the recorded servers have them, with the value of a new row."""

from __future__ import annotations

from typing import Any

from plugin.sandbox.manners import Manners

Columns = dict[str, Any]

STAMPS: Columns = {"updated_by_id": 1, "created_by_id": 1, "created_at": None, "updated_at": None}

TICKET: Columns = {
    "group_id": None,
    "priority_id": None,
    "state_id": None,
    "organization_id": None,
    "number": None,
    "title": None,
    "owner_id": 1,
    "customer_id": None,
    "note": None,
    "first_response_at": None,
    "first_response_escalation_at": None,
    "first_response_in_min": None,
    "first_response_diff_in_min": None,
    "close_at": None,
    "close_escalation_at": None,
    "close_in_min": None,
    "close_diff_in_min": None,
    "update_escalation_at": None,
    "update_in_min": None,
    "update_diff_in_min": None,
    "last_close_at": None,
    "last_contact_at": None,
    "last_contact_agent_at": None,
    "last_contact_customer_at": None,
    "last_owner_update_at": None,
    "create_article_type_id": None,
    "create_article_sender_id": None,
    "article_count": None,
    "escalation_at": None,
    "pending_time": None,
    "type": None,
    "time_unit": None,
    "preferences": {},
    **STAMPS,
}

TICKET_INTEGERS = frozenset(
    {
        "group_id",
        "priority_id",
        "state_id",
        "organization_id",
        "owner_id",
        "customer_id",
        "first_response_in_min",
        "first_response_diff_in_min",
        "close_in_min",
        "close_diff_in_min",
        "update_in_min",
        "update_diff_in_min",
        "create_article_type_id",
        "create_article_sender_id",
        "article_count",
        "checklist_id",
    }
)
TICKET_TIMES = frozenset(
    {
        "first_response_at",
        "first_response_escalation_at",
        "close_at",
        "close_escalation_at",
        "update_escalation_at",
        "last_close_at",
        "last_contact_at",
        "last_contact_agent_at",
        "last_contact_customer_at",
        "last_owner_update_at",
        "escalation_at",
        "pending_time",
    }
)

USER: Columns = {
    "organization_id": None,
    "login": None,
    "firstname": "",
    "lastname": "",
    "email": "",
    "image": None,
    "image_source": None,
    "web": "",
    "phone": "",
    "fax": "",
    "mobile": "",
    "department": None,
    "street": "",
    "zip": "",
    "city": "",
    "country": "",
    "address": None,
    "vip": False,
    "verified": False,
    "active": True,
    "note": "",
    "last_login": None,
    "source": None,
    "login_failed": 0,
    "out_of_office": False,
    "out_of_office_start_at": None,
    "out_of_office_end_at": None,
    "out_of_office_replacement_id": None,
    "preferences": {},
    **STAMPS,
}

MATRIX: Columns = {
    "notification_config": {
        "matrix": {
            kind: {
                "criteria": {
                    "owned_by_me": True,
                    "owned_by_nobody": everybody,
                    "subscribed": everybody,
                    "no": False,
                },
                "channel": {"email": True, "online": True},
            }
            for kind, everybody in (
                ("create", True),
                ("update", True),
                ("reminder_reached", False),
                ("escalation", False),
            )
        }
    }
}


def ticket_columns(manners: Manners) -> Columns:
    """A new ticket's columns without the custom ones."""
    return {**TICKET, "checklist_id": None} if manners.has_checklists else dict(TICKET)


def article_columns(manners: Manners) -> Columns:
    """A new article's columns, in the order of the version."""
    newer = manners.version != "6.1"
    head: Columns = {"ticket_id": None, "type_id": None, "sender_id": None}
    if newer:
        head["detected_language"] = None
    middle = ("from", "to", "cc", "subject", "reply_to", "message_id", "message_id_md5", "in_reply_to")
    head.update(dict.fromkeys(middle))
    head["content_type"] = "text/plain"
    if not newer:
        head["references"] = None
    head.update({"body": None, "internal": False, "preferences": {}})
    return {
        **head,
        "updated_by_id": 1,
        "created_by_id": 1,
        "origin_by_id": None,
        "created_at": None,
        "updated_at": None,
    }


def organization_columns(manners: Manners) -> Columns:
    """A new organization's columns."""
    vip: Columns = {} if manners.version == "6.1" else {"vip": False}
    return {
        "name": None,
        "shared": True,
        "domain": "",
        "domain_assignment": False,
        "active": True,
        **vip,
        "note": "",
        **STAMPS,
    }


def group_columns(manners: Manners) -> Columns:
    """A new group's columns."""
    nested: Columns = {} if manners.version == "6.1" else {"name_last": None, "parent_id": None}
    return {
        "signature_id": None,
        "email_address_id": None,
        "name": None,
        **nested,
        "assignment_timeout": None,
        "follow_up_possible": "yes",
        "reopen_time_in_days": None,
        "follow_up_assignment": True,
        "active": True,
        "shared_drafts": True,
        "note": None,
        **STAMPS,
    }
