"""Words in the customer's messages: what he said himself, and whether a list of phrases occurs in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

import re2

from plugin.model.conversation import customer_articles
from plugin.model.facts import Timeline, once

_ATTRIBUTION = r"^\s*((on|am)\s.{4,120}\s(wrote|schrieb.{0,120})|.{0,80}写道)\s*[::]\s*$"
_FORWARDED = (
    r"^\s*(-{2,}\s*(original message|ursprüngliche nachricht|原始邮件)|_{10,}\s*$|(from|von|发件人)\s*[::].{0,120}@)"
)
_SIGNATURE = (
    r"^(-- ?$|(best|kind|warm)?\s*regards\b|(mit\s+)?(freundlichen|besten|vielen)\s+grüße?n?\b|此致"
    r"|sent from my\b|von meinem .{0,40} gesendet)"
)
_DISCLAIMER = (
    r"^.{0,40}(this (e-?mail|message) (and any|is intended|may|contains)|diese (e-?mail|nachricht) enthält"
    r"|confidentiality notice|本邮件).*$"
)
_WROTE = re2.compile(f"(?im){_ATTRIBUTION}")
_MARKS = (_WROTE, *(re2.compile(f"(?im){mark}") for mark in (_FORWARDED, _SIGNATURE, _DISCLAIMER)))
_ANY_MARK = re2.compile(f"(?im){_ATTRIBUTION}|{_FORWARDED}|{_SIGNATURE}|{_DISCLAIMER}")


@once
def spoken(timeline: Timeline) -> Mapping[str, str]:
    """What the customer says in each of his messages, by its key: subject and body without quotes and the like."""
    return {a.key: f"{a.text('subject')}\n{strip_quoted(a.text('body'))}" for a in customer_articles(timeline)}


@once
def messages_with(timeline: Timeline, phrases: tuple[str, ...]) -> frozenset[str]:
    """Keys of the customer's messages in which one of the phrases occurs."""
    if not is_spoken(timeline, phrases):
        return frozenset()
    occurs_in = matcher(phrases)
    return frozenset(key for key, said in spoken(timeline).items() if occurs_in(said))


@once
def is_spoken(timeline: Timeline, phrases: tuple[str, ...]) -> bool:
    """Whether one of the phrases occurs in all the customer says, taken as one text."""
    return matcher(phrases)(" ".join(spoken(timeline).values()))


def strip_quoted(body: str) -> str:
    """The text up to the first quoted message, signature or disclaimer; quoted single lines are left out."""
    lines = body.splitlines()
    kept = "\n".join(line for line in lines if not line.lstrip().startswith(">"))
    if len(kept.splitlines()) < len(lines):
        kept = _WROTE.sub("", kept)  # the quoted lines are gone; a reply may stand below them
    if _ANY_MARK.search(kept) is None:
        return kept
    for mark in _MARKS:
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
    pattern = re2.compile("(?i)" + "|".join(_alternatives(phrases, whole_words)))
    return lambda text: pattern.search(text) is not None


def _never(_: str) -> bool:
    return False


def _alternatives(phrases: tuple[str, ...], whole_words: bool) -> Iterator[str]:
    """Word edges stand once around all phrases: a copy around each outgrows RE2's memory, which makes it slow."""
    spaced = [p for p in phrases if whole_words and not any(ord(letter) > 0x2E7F for letter in p)]
    anywhere = [p for p in phrases if p not in spaced]
    begun = [p for p in spaced if p.endswith("*")]
    whole = [p for p in spaced if p not in begun]
    if anywhere:
        yield _any_of(anywhere)
    if begun:
        yield rf"(?:^|[^\pL\pN]){_any_of(begun)}"
    if whole:
        yield rf"(?:^|[^\pL\pN]){_any_of(whole)}(?:[^\pL\pN]|$)"


def _any_of(phrases: list[str]) -> str:
    literals = (re2.escape(phrase.removesuffix("*")).replace(r"\ ", r"\s+") for phrase in phrases)
    return f"(?:{'|'.join(literals)})"
