"""Signed bodies that no Zammad would send: a corpus, and mutations of a real one, the same for the same seed."""

from __future__ import annotations

import json
import lzma
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench.sender import send
from bench.sender import signed as as_request
from plugin.store import inbox
from plugin.store.store import Store

STORY = Path(__file__).parents[1] / "recordings" / "zammad-6.5" / "sla_breach.json.xz"
DEEP = 100_000

TOKENS = (
    b"NaN", b"-Infinity", b"1e999", b"-0", b"0x7", b"01", b"7.0", b"7e0", b"1180591620717411303424", b"-1", b"0",
    b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"true", b"null", b"[]", b"{}", b'""',
    b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\u0000"', b'"\\x41"', b'"\x00"', b'"\xff"', b'"\xed\xa0\x80"', b"'7'", b'"7',
    b'"\\ud83d\\ude00"', b'{"id":7}', b'[{"id":7}]', b'"' + b"x" * 20_000 + b'"', b"7" * 400, b"/**/7", b"undefined",
)  # fmt: skip
"""What a value may be replaced by."""

CORPUS = (
    b"", b" ", b"\x00", b"\xff", b"\xef\xbb\xbf{}", b"{", b"}", b"[", b'"', b"null", b"7", b"-", b"NaN", b"{}",
    b'{"ticket":', b'{"ticket":{}}', b'{"ticket":[]}', b'{"ticket":{"id":7}', b'{"ticket":{"id":7}}{',
    b'{"ticket":{"id":7,}}',
    b"[" * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"ticket":' * DEEP,
    b'{"ticket":{"id":7,"x":' + b"[" * DEEP + b"]" * DEEP + b"}}",
    b'{"ticket":{"id":7},"ticket":{"id":8}}', b'{"ticket":{"id":7,"id":8,"id":"x"}}',
    b'{"ticket":{"id":7},"ticket":null}',
    b'{"ticket":{"id":7,"updated_at":"\\ud800"}}', b'{"ticket":{"id":7,"updated_at":"\\u0000"}}',
    b'{"ticket":{"id":7,"updated_at":{"$gt":""}}}', b'{"ticket":{"id":7,"updated_at":"' + b"9" * 100_000 + b'"}}',
    b'{"\\u0074icket":{"\\u0069d":7}}', b'{"ticket":{"id":7,"\xc3\x28":1}}', b'{"__proto__":{"ticket":{"id":7}}}',
    b"ticket[id]=7", b"<ticket><id>7</id></ticket>", b"--x\r\nContent-Disposition: form-data\r\n\r\n7\r\n--x--",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", b"PK\x03\x04", '{"ticket":{"id":7}}'.encode("utf-16"),
    '{"ticket":{"id":7}}'.encode("utf-32-be"), b"\x80\x04}q\x00.", b"{{7*7}}", b"${jndi:ldap://127.0.0.1/a}",
    b'{"ticket":{"id":7,"title":"' + b"\xf0\x9f\x98\x80" * 100_000 + b'"}}',
    b'{"ticket":{"id":7},"x":' + b"1," * 50_000,
)  # fmt: skip


def bodies(*, seed: int, count: int) -> Iterator[bytes]:
    """The corpus first, then mutations of a recorded delivery; some of them are still in order, as in life."""
    chance = random.Random(seed)
    steps = json.loads(lzma.decompress(STORY.read_bytes()))["steps"]
    real = [step["request"]["body_raw"].encode() for step in steps if step["kind"] == "webhook"]
    yield from CORPUS[:count]
    for number in range(count - len(CORPUS)):
        body = chance.choice(real) if number % 4 else b'{"ticket":{"id":7,"updated_at":"v","x":[1,"a"]},"article":null}'
        for _ in range(chance.randint(1, 3)):
            body = chance.choice(MUTATIONS)(body, chance)
        yield body


def _flip(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body or b" ")
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def _leave_out(body: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(body) + 1)
    return body[:start] + body[start + chance.randint(1, 40) :]


def _repeat(body: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(body) + 1)
    part = body[start : start + chance.randint(1, 200)]
    return body[:start] + part * chance.randint(2, 5) + body[start + len(part) :]


def _replace_value(body: bytes, chance: random.Random) -> bytes:
    places = [place for place in range(len(body)) if body.startswith(b'":', place)]
    if not places:
        return body + chance.choice(TOKENS)
    start = chance.choice(places) + 2
    ends = [place for place in (body.find(b",", start), body.find(b"}", start)) if place >= 0]
    return body[:start] + chance.choice(TOKENS) + body[min(ends, default=len(body)) :]


def _replace_id(body: bytes, chance: random.Random) -> bytes:
    return body.replace(b'"ticket":{"id":', b'"ticket":{"id":' + chance.choice(TOKENS) + b',"was":', 1)


def _nest(body: bytes, chance: random.Random) -> bytes:
    depth = chance.choice((10, 1000, 1023, 1024, 1025, 5000))
    opened, closed = chance.choice(((b"[", b"]"), (b'{"ticket":', b"}")))
    return opened * depth + body + closed * depth


def _recode(body: bytes, chance: random.Random) -> bytes:
    return body.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-16-le", "utf-32", "utf-7")), "replace")


MUTATIONS = (_flip, _cut, _leave_out, _repeat, _replace_value, _replace_value, _replace_id, _nest, _recode)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the bodies: answers by status, rows by state, and what is wrong with that."""

    sent: int
    different: int
    answers: dict[int, int]
    rows: dict[str, int]
    reasons: dict[str, int]
    faults: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.sent:,} malformed bodies, {self.different:,} different: answers {self.answers}, "
            f"rows {self.rows}, quarantined for {self.reasons}"
        )


def send_all(address: tuple[str, int], store: Store, *, seed: int, count: int, connections: int = 8) -> Verdict:
    """Send them, signed, to a receiver on ``store``; each is to be understood, or quarantined with a reason."""
    sent = list(bodies(seed=seed, count=count))
    requests = [as_request(body, delivery_id=str(number)) for number, body in enumerate(sent)]
    answers = send(address, requests, connections=connections).counts
    with store.read() as connection:
        rows = inbox.counts(connection)
        wanting = connection.execute(
            text(
                "SELECT count(*) FROM inbox WHERE (state = 'quarantined') = (reason IS NULL)"
                " OR (state = 'quarantined') <> (ticket_id IS NULL) OR ticket_id < 1"
            )
        ).scalar_one()
        reasons = Counter(connection.execute(text("SELECT reason FROM inbox WHERE reason IS NOT NULL")).scalars())
    different = len(set(sent))
    faults = [f"{number} answered {status}" for status, number in answers.items() if status >= 500 or status == 0]
    if sum(rows.values()) != different:
        faults.append(f"{sum(rows.values())} rows of {different} bodies")
    if wanting:
        faults.append(f"{wanting} rows neither understood nor quarantined")
    return Verdict(
        sent=count, different=different, answers=answers, rows=rows, reasons=dict(reasons), faults=tuple(faults)
    )
