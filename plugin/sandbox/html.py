"""The part of Zammad's HTML sanitising that API users notice: scripts and unknown mention links go."""

from __future__ import annotations

import re

_DANGEROUS = re.compile(r"<(script|style|iframe|object|embed)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_HANDLERS = re.compile(r"\s+on[a-z]+\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_BREAK = re.compile(r"<(br|hr)\s*/>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")


def sanitised(text: str) -> str:
    """HTML without scripts and event handlers, empty tags written as Zammad writes them (`<br>`)."""
    text = _DANGEROUS.sub("", text)
    text = _HANDLERS.sub("", text)
    return _BREAK.sub(r"<\1>", text)


def plain(text: str) -> str:
    """HTML as text, for pages and comparisons."""
    text = re.sub(r"<(br|/p|/div)\s*/?>", "\n", text, flags=re.IGNORECASE)
    text = _TAG.sub("", text)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text.strip()
