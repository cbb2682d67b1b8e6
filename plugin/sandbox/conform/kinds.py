"""Which kinds of things requests make, and which keys of a body count, list or name them."""

MADE_BY_STEPS = frozenset(
    {
        "Calendar",
        "Checklist",
        "ChecklistTemplate",
        "CoreWorkflow",
        "DataPrivacyTask",
        "Group",
        "Job",
        "Macro",
        "ObjectManagerAttribute",
        "Organization",
        "Overview",
        "Permission",
        "PostmasterFilter",
        "Role",
        "Setting",
        "Sla",
        "TagItem",
        "Template",
        "TextModule",
        "Ticket",
        "TicketPriority",
        "TicketState",
        "Token",
        "Trigger",
        "User",
        "Webhook",
    }
)
"""Kinds whose rows somebody made by a request; rows of other kinds come of themselves (history, articles)."""

TICKET_COUNTS = frozenset({"tickets_open", "tickets_closed"})
"""How many tickets a customer has, strangers' tickets included."""

COUNTS = frozenset({"tickets_count", "total_count", "count", "ticket_count", "object_count"})

NAMES_BESIDE = {"users": "user_ids", "members": "member_ids", "secondary_members": "secondary_member_ids"}
"""Lists of people's names, each with the key of their ids."""

ORDERED = frozenset({"ticket_article_ids", "sorted_item_ids", "tickets", "record_ids", "history"})
