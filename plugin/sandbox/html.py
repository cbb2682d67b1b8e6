"""The part of Zammad's HTML sanitising that API users notice: scripts and unknown mention links go."""

from __future__ import annotations

import re

_DANGEROUS = re.compile(r"<(script|style|iframe|object|embed)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_HANDLERS = re.compile(r"\s+on[a-z]+\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_LINK = re.compile(r"<a\s([^>]*\bhref=\"(https?://([^/\"]*)[^\"]*)\"[^>]*)>", re.IGNORECASE)
_BREAK = re.compile(r"<(br|hr)\s*/>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")


def sanitised(text: str, *, fqdn: str) -> str:
    """HTML without scripts and event handlers, empty tags written as Zammad writes them (`<br>`).

    Links lose their referrer; those that lead away from `fqdn` open elsewhere and show where they lead.
    """
    text = _DANGEROUS.sub("", text)
    text = _HANDLERS.sub("", text)
    text = _LINK.sub(lambda found: _careful(found, fqdn=fqdn), text)
    return _BREAK.sub(r"<\1>", text)


def _careful(link: re.Match[str], *, fqdn: str) -> str:
    attributes = re.sub(r"\s*\b(rel|target|title)=\"[^\"]*\"", "", link.group(1))
    away = "" if link.group(3) == fqdn else f' target="_blank" title="{link.group(2)}"'
    return f'<a {attributes} rel="nofollow noreferrer noopener"{away}>'


def plain(text: str) -> str:
    """HTML as text, for pages and comparisons."""
    text = re.sub(r"<(br|/p|/div)\s*/?>", "\n", text, flags=re.IGNORECASE)
    text = _TAG.sub("", text)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text.strip()
