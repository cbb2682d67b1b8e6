"""Sixty and more ways past the signature, over a real socket: none wakes a case, none is answered 5xx."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugin.store import claiming, inbox
from plugin.store.store import Store
from plugin.web.server import LONGEST_HEAD
from plugin.web.webhook import LARGEST_BODY
from tests.web.wire import BODY, Door, door, plain_digest, request, signature

RIGHT = signature(BODY)
DIGITS = RIGHT.removeprefix("sha1=")
OTHER = BODY.replace(b'"id":7', b'"id":8')
REENCODED = json.dumps(json.loads(BODY)).encode()
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    file: Path = tmp_path_factory.mktemp("attacks") / "steward.db"
    with Store.open(f"sqlite:///{file}") as store, door(store) as opened:
        yield opened


def forged(signed: str, *headers: str) -> bytes:
    return request(BODY, *headers, signed=signed)


def start(line: str) -> bytes:
    return request(BODY, start=line)


ATTACKS: dict[str, bytes] = {
    # signatures that are none
    "no signature": forged(""),
    "empty signature": forged("", "X-Hub-Signature:"),
    "prefix alone": forged("sha1="),
    "another secret": forged(signature(BODY, "guess")),
    "empty secret": forged(signature(BODY, "")),
    "blank secret": forged(signature(BODY, " ")),
    "secret with a newline": forged(signature(BODY, "secret\n")),
    "secret in upper case": forged(signature(BODY, "SECRET")),
    "a secret two rotations old": forged(signature(BODY, "oldest")),
    "the secret itself": forged("sha1=secret"),
    "digest without key": forged(plain_digest(BODY)),
    "of the empty body": forged(signature(b"")),
    "of another body": forged(signature(OTHER)),
    "of the re-encoded body": forged(signature(REENCODED)),
    "of the body with BOM": forged(signature(b"\xef\xbb\xbf" + BODY)),
    "of the body with newline": forged(signature(BODY + b"\n")),
    "of the signature": forged(signature(RIGHT.encode())),
    # forms of the right one
    "SHA-256 by name": forged(signature(BODY, kind="sha256")),
    "SHA-256 beside": forged("", f"X-Hub-Signature-256: {signature(BODY, kind='sha256')}"),
    "SHA-1 digits called SHA-256": forged(f"sha256={DIGITS}"),
    "MD5": forged(signature(BODY, kind="md5")),
    "no prefix": forged(DIGITS),
    "upper case": forged(RIGHT.upper()),
    "upper case digits": forged(f"sha1={DIGITS.upper()}"),
    "upper case prefix": forged(f"SHA1={DIGITS}"),
    "cut by one": forged(RIGHT[:-1]),
    "cut to twenty": forged(RIGHT[:25]),
    "one digit more": forged(f"{RIGHT}0"),
    "blank within": forged(f"sha1= {DIGITS}"),
    "tab within": forged(f"sha1=\t{DIGITS}"),
    "hex prefix": forged(f"sha1=0x{DIGITS}"),
    "base64": forged("sha1=" + base64.b64encode(bytes.fromhex(DIGITS)).decode()),
    "quoted": forged(f'"{RIGHT}"'),
    "garbage behind": forged(f"{RIGHT};q=1"),
    "list, right first": forged(f"{RIGHT},{RIGHT}"),
    "list, right last": forged(f"{signature(BODY, 'guess')}, {RIGHT}"),
    "two headers, right first": forged(RIGHT, f"X-Hub-Signature: {signature(BODY, 'guess')}"),
    "two headers, right last": forged(signature(BODY, "guess"), f"X-Hub-Signature: {RIGHT}"),
    "two right headers": forged(RIGHT, f"X-Hub-Signature: {RIGHT}"),
    "underscores": forged("", f"X_Hub_Signature: {RIGHT}"),
    "not ASCII": forged("sha1=" + "ÿ" * 40),
    "all zeros": forged("sha1=" + "0" * 40),
    "very long": forged("sha1=" + "0" * 60_000),
    "wildcard": forged("sha1=*"),
    # signatures in other places
    "in the query": request(BODY, signed="", start=f"POST /zammad/ticket?X-Hub-Signature={RIGHT} HTTP/1.1"),
    "in Authorization": forged("", f"Authorization: {RIGHT}"),
    "in a cookie": forged("", f"Cookie: X-Hub-Signature={RIGHT}"),
    "in a trailer": b"POST /zammad/ticket HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Hub-Signature"
    b"\r\n\r\n" + CHUNKED[:-2] + b"X-Hub-Signature: " + RIGHT.encode() + b"\r\n\r\n",
    # bodies that are not what was signed
    "another ticket under this signature": request(OTHER, signed=RIGHT),
    "a body cut short": request(BODY, length=str(len(BODY) - 1)),
    "gzip under the plain signature": request(gzip.compress(BODY), "Content-Encoding: gzip", signed=RIGHT),
    "an empty body": request(b"", signed=signature(b""), length=""),
    # framing
    "chunked": request(CHUNKED, "Transfer-Encoding: chunked", signed=RIGHT, length=""),
    "chunked and a length": request(CHUNKED, "Transfer-Encoding: chunked", signed=RIGHT),
    "a length and chunked": request(CHUNKED, "Transfer-Encoding: chunked", signed=RIGHT, length=str(len(BODY))),
    "chunked by another name": request(BODY, "Transfer-Encoding: xchunked", signed=RIGHT),
    "identity, then chunked": request(CHUNKED, "Transfer-Encoding: identity, chunked", signed=RIGHT, length=""),
    "no length": request(BODY, length=""),
    "two lengths": request(BODY, "Content-Length: 3"),
    "a list of lengths": request(BODY, length=f"{len(BODY)}, 3"),
    "a negative length": request(BODY, length="-1"),
    "a length with a sign": request(BODY, length=f"+{len(BODY)}"),
    "a length in hex": request(BODY, length=hex(len(BODY))),
    "a length beyond 64 bits": request(BODY, length="9" * 30),
    "a length beyond the limit": request(BODY, length=str(LARGEST_BODY + 1)),
    "a length longer than the body": request(BODY, length=str(len(BODY) + 1)),
    "a folded header": forged("", f"X-Hub-Signature:\r\n {RIGHT}"),
    "a blank before the colon": forged("", f"X-Hub-Signature : {RIGHT}"),
    "headers without end": forged("", *[f"X-{number}: {'x' * 1000}" for number in range(LONGEST_HEAD // 500)]),
    "two thousand headers": forged("", *[f"X-{number}: x" for number in range(2000)]),
    "NUL in a header": forged("", "X-Hub-Signature: sha1=\0"),
    # methods and versions
    "GET with a body": start("GET /zammad/ticket HTTP/1.1"),
    "PUT": start("PUT /zammad/ticket HTTP/1.1"),
    "CONNECT": start("CONNECT /zammad/ticket HTTP/1.1"),
    "a method of one's own": start("SPROING /zammad/ticket HTTP/1.1"),
    "lower case post": start("post /zammad/ticket HTTP/1.1"),
    "GET that says it is POST": request(
        BODY, "X-HTTP-Method-Override: POST", "X-Method: POST", start="GET /zammad/ticket?_method=POST HTTP/1.1"
    ),
    "HTTP/0.9": b"POST /zammad/ticket\r\n\r\n" + BODY,
    "HTTP/3.0": start("POST /zammad/ticket HTTP/3.0"),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 64,
    "an upgrade to HTTP/2": forged("", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA"),
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 512,
    # places
    "no source": start("POST /zammad HTTP/1.1"),
    "an empty source": start("POST /zammad/ HTTP/1.1"),
    "two slashes before": start("POST //zammad/ticket HTTP/1.1"),
    "two slashes within": start("POST /zammad//ticket HTTP/1.1"),
    "a dot": start("POST /./zammad/ticket HTTP/1.1"),
    "an escaped dot": start("POST /%2e/zammad/ticket HTTP/1.1"),
    "dots within": start("POST /zammad/x/../ticket HTTP/1.1"),
    "characters of another script": start("POST /zammad/%e5%b7%a5%e5%8d%95 HTTP/1.1"),
    "upper case place": start("POST /ZAMMAD/ticket HTTP/1.1"),
    "upper case source": start("POST /zammad/Ticket HTTP/1.1"),
    "NUL in the source": start("POST /zammad/t%00 HTTP/1.1"),
    "a newline in the source": start("POST /zammad/t%0d%0aX:y HTTP/1.1"),
    "not UTF-8 in the source": start("POST /zammad/%ff%fe HTTP/1.1"),
    "a very long source": start(f"POST /zammad/{'t' * 30_000} HTTP/1.1"),
    "a backslash": start("POST \\zammad\\ticket HTTP/1.1"),
    "an asterisk": start("OPTIONS * HTTP/1.1"),
    "no place": start("POST  HTTP/1.1"),
}  # fmt: skip


UNFINISHED = {ATTACKS[name] for name in ("a length longer than the body", "HTTP/0.9", "a TLS hello")}
"""What a server may wait for more of."""


@pytest.mark.parametrize("raw", ATTACKS.values(), ids=ATTACKS)
def test_a_way_past_the_signature_wakes_nobody(receiver: Door, raw: bytes) -> None:
    before = receiver.stored()
    said = receiver.talk(raw, gives_up=raw in UNFINISHED)
    assert [status for status in said if not 400 <= status < 500] == []
    assert receiver.stored() == before


def test_there_are_sixty_and_more() -> None:
    assert len(ATTACKS) >= 60


ACCEPTED: dict[str, bytes] = {
    "as Zammad sends it": request(),
    "signed with the secret before": request(signed=signature(BODY, "older")),
    "with a closing slash": start("POST /zammad/ticket/ HTTP/1.1"),
    "to another source": start("POST /zammad/another HTTP/1.1"),
    "with an escaped slash": start("POST /zammad%2fticket HTTP/1.1"),
    "with a query": start("POST /zammad/ticket?x=y HTTP/1.1"),
    "with the whole address": start("POST http://steward.example/zammad/ticket HTTP/1.1"),
    "by HTTP/1.0": start("POST /zammad/ticket HTTP/1.0"),
    "with another delivery id": request(BODY, "X-Zammad-Delivery: another"),
    "with a trigger's name in latin-1": request(BODY, "X-Zammad-Trigger: ge\u00e4ndert"),
    "expecting 100": request(BODY, "Expect: 100-continue"),
    "with the header's name in lower case": request(BODY, f"x-hub-signature: {RIGHT}", signed=""),
    "with blanks around the signature": request(signed=f"  {RIGHT}  "),
    "with gzip named and not used": request(BODY, "Content-Encoding: gzip"),
    "with a forwarded address": request(BODY, "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: evil.example"),
}


@pytest.mark.parametrize("raw", ACCEPTED.values(), ids=ACCEPTED)
def test_an_exact_replay_in_any_dress_is_accepted_and_wakes_nobody(tmp_path: Path, raw: bytes) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'steward.db'}") as store, door(store) as opened:
        assert opened.talk(raw)[-1] == 202
        assert woken(store) == [7]
        for other in (raw, *list(ACCEPTED.values())[:5]):
            assert opened.talk(other)[-1] == 202
        assert woken(store) == []
        assert opened.stored() == {"folded": 1}


def woken(store: Store) -> list[int]:
    """The tickets that deliveries would wake now; they are looked at with that."""
    now = datetime.now(UTC)
    with store.write() as connection:
        inbox.fold(connection, quiet=timedelta(0), now=now)
        due = claiming.due(connection, now=now, limit=100)
        claiming.mark_claimed(connection, [case.ticket_id for case, _ in due])
        for case, _ in due:
            claiming.finish(connection, case, next_wake=None, now=now)
        return [case.ticket_id for case, _ in due]


def test_each_request_of_a_pipeline_is_judged_by_itself(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'steward.db'}") as store, door(store) as opened:
        raw = forged(signature(BODY, "guess")) + request() + forged("") + request(OTHER, signed=RIGHT)
        assert opened.talk(raw, answers=4) == [401, 202, 401, 401]
        assert woken(store) == [7]


def test_a_request_smuggled_in_a_body_is_a_body(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'steward.db'}") as store, door(store) as opened:
        inner = request()
        for outer in (
            request(inner, signed=signature(inner, "guess")),
            request(b"0\r\n\r\n" + inner, "Transfer-Encoding: chunked", signed=""),
            request(b"0\r\n\r\n" + inner, "Transfer-Encoding: chunked", signed="", length="5"),
        ):
            assert 202 not in opened.talk(outer, answers=2, gives_up=True)
        assert opened.stored() == {}
