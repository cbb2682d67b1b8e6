"""Words in the customer's messages: what he said himself, and whether a list of phrases occurs in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import re2

from plugin.model.conversation import customer_articles
from plugin.model.facts import Timeline, once
from plugin.model.quoting import strip_quoted


@once
def spoken(timeline: Timeline) -> Mapping[str, str]:
    """What the customer says in each of his messages, by its key: subject and body without quotes and the like."""
    return {a.key: f"{a.text('subject')}\n{strip_quoted(a.text('body'))}" for a in customer_articles(timeline)}


@once
def messages_with(timeline: Timeline, phrases: tuple[str, ...]) -> Mapping[str, str]:
    """The customer's messages in which one of the phrases occurs, by their key: the words that were found there."""
    messages, find = _encoded(timeline), finder(phrases)
    if len(messages) > 1 and find(b" ".join(messages.values())) is None:
        return {}  # all he says, taken as one text, was looked through at once
    return {key: words for key, said in messages.items() if (words := find(said)) is not None}


@once
def _encoded(timeline: Timeline) -> Mapping[str, bytes]:
    """What is spoken as RE2 reads it: it is looked through for one list of phrases after another."""
    return {key: said.encode() for key, said in spoken(timeline).items()}


@cache
def matcher(phrases: tuple[str, ...], *, whole_words: bool = True) -> Callable[[str], bool]:
    """A test whether one of the phrases occurs, in any case; a trailing ``*`` matches any ending.

    Latin and other spaced scripts match at word edges, Chinese anywhere. RE2 underneath: linear time whatever the text.
    """
    if not phrases:
        return _never
    pattern = re2.compile(_pattern(phrases, whole_words=whole_words))
    return lambda text: pattern.search(text) is not None


@cache
def finder(phrases: tuple[str, ...]) -> Callable[[bytes], str | None]:
    """The same of a text in UTF-8, answering with the words that were found, None without any."""
    pattern = re2.compile(_pattern(phrases, whole_words=True).encode()) if phrases else None

    def find(text: bytes) -> str | None:
        found = pattern.search(text) if pattern is not None else None
        return None if found is None else _NO_WORD_EDGES.sub("", found.group().decode())

    return find


_NO_WORD_EDGES = re.compile(r"^[\W_]+|[\W_]+\Z")


def _never(_: str) -> bool:
    return False


def _pattern(phrases: tuple[str, ...], *, whole_words: bool) -> str:
    return "(?i)" + "|".join(_alternatives(phrases, whole_words))


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
