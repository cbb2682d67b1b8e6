"""Calls that Zammad has and the sandbox does not model: answered 501, never pretended."""

from __future__ import annotations

import re

_PATHS = (
    r"agent_dashboard",
    r"applications(/\d+)?",
    r"attachments(/.*)?",
    r"calendar_subscriptions(/.*)?",
    r"calendars(_init|/timezones)",
    r"channels_[a-z0-9_]+(/.*)?",
    r"chats?(/.*)?",
    r"core_workflows/.*",
    r"cti(/.*)?",
    r"data_privacy_tasks/deletable_infos.*",
    r"external_credentials(/.*)?",
    r"external_data_source(/.*)?",
    r"first_steps.*",
    r"form_config",
    r"form_submit",
    r"getting_started(/.*)?",
    r"http_logs(/.*)?",
    r"integration(/.*)?",
    r"knowledge_bases(/.*)?",
    r"ldap_sources(/.*)?",
    r"monitoring/.*",
    r"object_manager_attributes_(discard_changes|list).*",
    r"organizations/(history|import).*",
    r"overviews_prio",
    r"packages(/.*)?",
    r"proxy",
    r"public_links(/.*)?",
    r"recent_view",
    r"reports/.*",
    r"search(/.*)?",
    r"sessions(/.*)?",
    r"signin",
    r"signout",
    r"signshow",
    r"slas/.*",
    r"tag_search",
    r"taskbar(/.*)?",
    r"text_modules/import.*",
    r"ticket_articles/(import.*|\d+/retry_.*)",
    r"ticket_attachment_upload_clone_by_article/\d+",
    r"ticket_overview",
    r"ticket_(customer|related|recent|stats|create|split).*",
    r"tickets/(import|shared_drafts|\d+/shared_draft).*",
    r"tickets/\d+/time_accountings/\d+",
    r"time_accounting/.*",
    r"translations(/.*)?",
    r"upload_caches(/.*)?",
    r"user_(devices|overview_sortings)(/.*)?",
    r"users/(account|admin_login|avatar|email|history|image|import|notifications|password|\d+/).*",
    r"webhooks/payload/.*",
)
_NEWER = (r"checklist[a-z_]*(/.*)?", r"selector/\w+", r"system_report.*", r"[a-z_]+/search")


def is_known_to_zammad(method: str, path: str, *, has_checklists: bool) -> bool:
    """Whether a real server would route this path (below /api/v1/)."""
    del method
    plain = path.strip("/").removesuffix(".json")
    patterns = (*_PATHS, *_NEWER) if has_checklists else _PATHS
    return any(re.fullmatch(pattern, plain) for pattern in patterns)
