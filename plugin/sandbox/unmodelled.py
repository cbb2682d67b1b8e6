"""Calls that Zammad has and the sandbox does not model: answered 501, never pretended."""

from __future__ import annotations

import re

_PATHS = (
    r"applications(/\d+)?",
    r"attachments(/.*)?",
    r"calendar_subscriptions(/.*)?",
    r"channels_[a-z0-9_]+(/.*)?",
    r"chats?(/.*)?",
    r"core_workflows/.*",
    r"cti(/.*)?",
    r"external_data_source(/.*)?",
    r"form_config",
    r"form_submit",
    r"getting_started(/.*)?",
    r"http_logs(/.*)?",
    r"integration(/.*)?",
    r"knowledge_bases(/.*)?",
    r"monitoring/.*",
    r"organizations/(search|history|import).*",
    r"packages(/.*)?",
    r"recent_view",
    r"reports/.*",
    r"sessions(/.*)?",
    r"signin",
    r"signout",
    r"signshow",
    r"slas/.*",
    r"taskbar(/.*)?",
    r"ticket_(customer|related|recent|stats|create|split).*",
    r"tickets/(import|\d+/shared_draft).*",
    r"time_accounting/.*",
    r"translations(/.*)?",
    r"upload_caches(/.*)?",
    r"user_(devices|overview_sortings)(/.*)?",
    r"users/(password|avatar|history|import|email|notifications|account|image).*",
    r"webhooks/payload/.*",
)
_CHECKLISTS = r"checklist[a-z_]*(/.*)?"


def is_known_to_zammad(method: str, path: str, *, has_checklists: bool) -> bool:
    """Whether a real server would route this path (below /api/v1/)."""
    del method
    plain = path.strip("/").removesuffix(".json")
    if has_checklists and re.fullmatch(_CHECKLISTS, plain):
        return True
    return any(re.fullmatch(pattern, plain) for pattern in _PATHS)
