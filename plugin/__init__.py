"""Steward: keeps the promises a service standard makes, beside a Zammad helpdesk."""
