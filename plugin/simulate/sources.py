"""Where histories come from: the cache of what Zammad was asked for, an exported file, the demo's, Steward's cases."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from secrets import token_bytes

from plugin.model.attributes import LEVELS, means
from plugin.model.errors import StewardError
from plugin.model.facts import Fact, FactKind
from plugin.model.pack import Pack
from plugin.model.wording import matcher
from plugin.simulate.histories import History, from_bytes, to_bytes
from plugin.store import cases, complaints, histories
from plugin.store.histories import Histories
from plugin.store.keys import Key
from plugin.store.store import Store
from plugin.visit import relating

DEMO = "demo.jsonl.gz"
MASKED = "masked.invalid"
MOST_CASES = 1_000_000


class NoHistories(StewardError):
    """There is nothing to simulate: the message says where it was looked for, and how to come by some."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One history as it lies in its source; ``read_at`` is when it was last known to be so, None: as it says itself."""

    ticket_id: int
    content: bytes
    read_at: datetime | None = None

    def opened(self, key: Key | None) -> History:
        """Raises ValueError and WrongKey where it cannot be read."""
        content = self.content if key is None else histories.unseal(key, self.ticket_id, self.content)
        history = from_bytes(content)
        return history if self.read_at is None else replace(history, read_at=max(history.read_at, self.read_at))


@dataclass(frozen=True, slots=True)
class Source:
    """``kept`` gives the histories, as often as it is asked; ``key`` opens them (None: they lie open)."""

    name: str
    count: int
    kept: Callable[[], Iterator[Kept]]
    key: Key | None = None

    def histories(self) -> Iterator[History]:
        """Each of them, opened."""
        return (one.opened(self.key) for one in self.kept())

    def only(self, some: frozenset[int]) -> Source:
        """Those of it that it keeps under these names."""
        return replace(self, count=len(some), kept=lambda: (one for one in self.kept() if one.ticket_id in some))


def of_cache(cache: Histories, *, since: datetime | None) -> Source:
    """What was fetched of tickets that changed at or after ``since``."""

    def kept() -> Iterator[Kept]:
        return (Kept(*row) for row in cache.read(since=since))

    return Source("Zammad", cache.count(since=since), kept, cache.key)


def of_file(file: Path) -> Source:
    """An exported file, a history a line, packed where its name ends so. Raises NoHistories."""
    try:
        return _of_lines(file.name, _lines(file.read_bytes()))
    except (OSError, EOFError, ValueError) as wrong:
        raise NoHistories(f"{file}: cannot be read as histories ({wrong}); name a file that --export wrote") from wrong


def of_demo() -> Source:
    """The tickets of the demo's story."""
    return _of_lines("the demo", _lines(resources.files("plugin.simulate").joinpath(DEMO).read_bytes()))


def of_store(store: Store, *, now: datetime) -> Source:
    """The cases Steward knows already; what it did to them itself is left out when they are played."""
    with store.read() as connection:
        rows = [(row.ticket_id, row.number) for row in cases.listed(connection, status=None, limit=MOST_CASES)]
        organizations = complaints.organizations(connection)

    def kept() -> Iterator[Kept]:
        for ticket_id, number in rows:
            with store.read() as connection:
                facts = tuple(store.timeline(connection, ticket_id))
            history = History(ticket_id, number or "", "", now, facts, organizations.get(ticket_id))
            yield Kept(ticket_id, to_bytes(history))

    return Source("the store", len(rows), kept)


def export(source: Source, file: Path, *, packs: Iterable[Pack]) -> int:
    """Write the histories without a word of customers' but those the packs look for; returns how many.

    So the packs' verdicts stay what they are, and nobody can be told from the file: names and addresses are numbers.
    Values of attributes the packs read stay where a pack names them, else what is alike stays alike.
    """
    packs = tuple(packs)
    words = tuple(sorted({phrase for pack in packs for phrase in _phrases(pack)}))
    mask = Mask(words, frozenset(name for pack in packs for name in relating.attributes_of(pack)), _meant(packs))
    opened = gzip.open if file.suffix == ".gz" else Path.open
    count = 0
    with opened(file, "wb") as out:
        for history in source.histories():
            out.write(to_bytes(masked(history, mask)) + b"\n")
            count += 1
    return count


@dataclass(frozen=True, slots=True)
class Mask:
    """What may be told: phrases of ``words``, that ``attributes`` have a value, and which of ``values`` it is."""

    words: tuple[str, ...] = ()
    attributes: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    secret: bytes = field(default_factory=lambda: token_bytes(16), repr=False)
    """Nobody can try values: it is gone when the file is written."""

    def value(self, value: str) -> str:
        """The value where it, or a level above it, is one of ``values``; else the same for what is the same."""
        shown = means(value, {one: one for one in self.values})
        if shown == value:
            return value
        hidden = blake2b(value.encode(), key=self.secret, digest_size=8).hexdigest()
        return hidden if shown is None else f"{shown}{LEVELS}{hidden}"


def masked(history: History, mask: Mask) -> History:
    """Without customers' words, names and addresses, but for what the mask lets be told."""
    return replace(history, facts=tuple(_masked(fact, mask) for fact in history.facts))


def _meant(packs: Iterable[Pack]) -> frozenset[str]:
    """Values of attributes that mean something to a pack."""
    meanings = (
        meaning for pack in packs for by in (pack.attribute_kinds, pack.attribute_natures) for meaning in by.values()
    )
    return frozenset(value for meaning in meanings for value in meaning)


def _phrases(pack: Pack) -> Iterator[str]:
    words = pack.words
    for phrases in (words.complaint, words.serious, words.danger, words.mood, *words.natures.values()):
        yield from phrases


def _masked(fact: Fact, mask: Mask) -> Fact:
    by = replace(fact.by, login=f"customer-{fact.by.id}@{MASKED}") if fact.by.is_customer else fact.by
    if fact.kind is not FactKind.ARTICLE:
        is_read = (fact["attribute"] or fact["name"]) in mask.attributes
        return replace(fact, by=by, payload=_values(fact.payload, mask) if is_read else None)
    words = mask.words
    said = f"{fact.text('subject')}\n{fact.text('body')}"
    is_said = matcher(words)(said)
    kept = [phrase.removesuffix("*") for phrase in words if is_said and matcher((phrase,))(said)]
    payload = {"subject": "", "body": " ".join(kept), "from": by.login}
    return replace(fact, by=by, payload=payload)


def _values(payload: Mapping[str, object] | None, mask: Mask) -> Mapping[str, object] | None:
    """What an attribute was changed from and to, or held at the beginning."""
    return payload and {name: mask.value(str(value)) for name, value in payload.items() if value}


def _of_lines(name: str, lines: list[bytes]) -> Source:
    for line in lines:
        from_bytes(line)
    return Source(name, len(lines), lambda: (Kept(number, line) for number, line in enumerate(lines)))


def _lines(content: bytes) -> list[bytes]:
    plain = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    return [line for line in plain.splitlines() if line.strip()]
