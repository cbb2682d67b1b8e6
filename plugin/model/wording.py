"""Words in the customer's messages: what he said himself, and whether a list of phrases occurs in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import re2

from plugin.model.facts import Fact

_WROTE = re2.compile(r"(?im)^\s*((on|am)\s.{4,120}\s(wrote|schrieb.{0,120})|.{0,80}写道)\s*[::]\s*$")
_QUOTED_BELOW = re2.compile(
    r"(?im)^\s*(-{2,}\s*(original message|ursprüngliche nachricht|原始邮件)|_{10,}\s*$"
    r"|(from|von|发件人)\s*[::].{0,120}@)"
)
_SIGNATURE = re2.compile(
    r"(?im)^(-- ?$|(best|kind|warm)?\s*regards\b|(mit\s+)?(freundlichen|besten|vielen)\s+grüße?n?\b|此致"
    r"|sent from my\b|von meinem .{0,40} gesendet)"
)
_DISCLAIMER = re2.compile(
    r"(?im)^.{0,40}(this (e-?mail|message) (and any|is intended|may|contains)|diese (e-?mail|nachricht) enthält"
    r"|confidentiality notice|本邮件).*$"
)


def spoken_part(article: Fact) -> str:
    """Subject and body without quotes, signature and disclaimer: what the customer says now."""
    return f"{article.text('subject')}\n{strip_quoted(article.text('body'))}"


def strip_quoted(body: str) -> str:
    """The text up to the first quoted message, signature or disclaimer; quoted single lines are left out."""
    lines = body.splitlines()
    kept = "\n".join(line for line in lines if not line.lstrip().startswith(">"))
    if len(kept.splitlines()) < len(lines):
        kept = _WROTE.sub("", kept)  # the quoted lines are gone; a reply may stand below them
    for mark in (_WROTE, _QUOTED_BELOW, _SIGNATURE, _DISCLAIMER):
        found = mark.search(kept)
        if found is not None:
            kept = kept[: found.start()]
    return kept


@cache
def matcher(phrases: tuple[str, ...], *, whole_words: bool = True) -> Callable[[str], bool]:
    """A test whether one of the phrases occurs, in any case; a trailing ``*`` matches any ending.

    Latin and other spaced scripts match at word edges, Chinese anywhere. RE2 underneath: linear time whatever the text.
    """
    if not phrases:
        return _never
    pattern = re2.compile("(?i)" + "|".join(_pattern(p, whole_words) for p in phrases))
    return lambda text: pattern.search(text) is not None


def _never(_: str) -> bool:
    return False


def _pattern(phrase: str, whole_words: bool) -> str:
    stem = phrase.removesuffix("*")
    literal: str = re2.escape(stem).replace(r"\ ", r"\s+")
    if not whole_words or any(ord(letter) > 0x2E7F for letter in stem):
        return literal
    ending = "" if phrase.endswith("*") else r"(?:[^\pL\pN]|$)"
    return rf"(?:^|[^\pL\pN]){literal}{ending}"
