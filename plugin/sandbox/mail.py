"""Incoming mail: a raw message becomes a new ticket or a follow-up, as Zammad's mail import does it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from typing import Any

from plugin.sandbox import articles, people, tickets
from plugin.sandbox.engine import Engine
from plugin.sandbox.permissions import follow_up_possible, has_group_right, is_agent
from plugin.sandbox.rows import Row
from plugin.sandbox.world import AGENT, CUSTOMER, NOBODY, World

CHANNEL = 3
_MAIL_GROUP = 2
_REMOTE_IMAGE = re.compile(r"<img\b[^>]*\bsrc\s*=\s*[\"']?https?:[^>]*>", re.IGNORECASE)
_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.IGNORECASE | re.DOTALL)
_SUBJECT_PREFIX = re.compile(r"^\s*((re|aw|fw|fwd|wg|antwort)(\[\d+\])?:\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a message: ids of ticket, article and sender; all None where it was dropped."""

    ticket_id: int | None
    number: str | None
    article_id: int | None
    user_id: int | None
    is_new: bool = False


def receive(engine: Engine, raw: bytes) -> Received:
    """Handles a message in a transaction of its own; its events fire triggers at once."""
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(raw)
    world = engine.world
    with engine.background():
        sender = _sender(engine, message)
        with engine.acting_as(sender.id):
            found = _follow_up_of(world, message, sender)
            ticket = _follow_up(engine, found, sender, message) if found else _new(engine, sender, message)
            drafted = _draft(world, ticket, sender, message)
            article = articles.add(engine, ticket.id, drafted)
            engine.raw_mails[article.id] = raw
    return Received(ticket.id, str(ticket.number), article.id, sender.id, is_new=found is None)


def is_automatic(message: EmailMessage) -> bool:
    """Whether a message says of itself that a machine wrote it."""
    submitted = str(message.get("Auto-Submitted", "no")).strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    looped = "X-Loop" in message or "List-Unsubscribe" in message
    return submitted != "no" or precedence in ("bulk", "list", "junk", "auto_reply") or looped


def is_out_of_office(message: EmailMessage) -> bool:
    """Whether it is an absence note: it never reopens a ticket."""
    return str(message.get("Auto-Submitted", "no")).strip().lower().startswith(("auto-replied", "vacation"))


def _suppresses_answers(message: EmailMessage) -> bool:
    return is_automatic(message) or "X-Auto-Response-Suppress" in message


def _sender(engine: Engine, message: EmailMessage) -> Row:
    name, address = _first_address(message, "From")
    return people.sender_of_mail(engine, address=address, name=name)


def _first_address(message: EmailMessage, header: str) -> tuple[str, str]:
    pairs = getaddresses([str(value) for value in message.get_all(header, [])])
    named = [pair for pair in pairs if "@" in pair[1]]
    return named[0] if named else ("", "unknown@localhost")


def _follow_up_of(world: World, message: EmailMessage, sender: Row) -> Row | None:
    """The ticket whose number stands in the subject; the target of a merged one (contract 5.5)."""
    subject = str(message.get("Subject", ""))
    hook = re.escape(str(world.setting("ticket_hook") or "Ticket#"))
    divider = re.escape(str(world.setting("ticket_hook_divider") or ""))
    found = re.search(rf"{hook}{divider}(\d+)\b", subject)
    ticket = world.ticket_by_number(found.group(1)) if found else None
    ticket = ticket or _by_reference(world, message)
    seen: set[int] = set()
    while ticket is not None and world.state_type(ticket.state_id) == "merged" and ticket.id not in seen:
        seen.add(ticket.id)
        ticket = _merged_into(world, ticket)
    if ticket is None or not _may_follow_up(world, ticket, sender):
        return None
    return ticket


def _by_reference(world: World, message: EmailMessage) -> Row | None:
    wanted = world.setting("postmaster_follow_up_search_in") or []
    subject = _SUBJECT_PREFIX.sub("", str(message.get("Subject", ""))).strip()
    ids = re.findall(r"<[^>]+>", f"{message.get('References', '')} {message.get('In-Reply-To', '')}")
    if not ids or not ({"references", "subject_references"} & set(wanted)):
        return None
    for article in world.articles:
        ticket = world.tickets.get(article.ticket_id)
        if article.message_id not in ids or ticket is None:
            continue
        earlier = _SUBJECT_PREFIX.sub("", str(article.subject or "")).strip()
        if "references" in wanted or (earlier and earlier == subject):
            return ticket
    return None


def _merged_into(world: World, ticket: Row) -> Row | None:
    parents = [row for row in world.links.where(target_id=ticket.id) if row.kind == "parent"]
    return world.tickets.get(parents[-1].source_id) if parents else None


def _may_follow_up(world: World, ticket: Row, sender: Row) -> bool:
    if world.state_type(ticket.state_id) not in ("closed", "removed") or is_agent(world, sender):
        return True
    return follow_up_possible(world, ticket)


def _follow_up(engine: Engine, ticket: Row, sender: Row, message: EmailMessage) -> Row:
    world = engine.world
    changes: dict[str, Any] = {}
    kind = world.state_type(ticket.state_id)
    if kind != "new" and not is_out_of_office(message):
        changes["state_id"] = tickets.follow_up_state(world).id
    group = world.groups[ticket.group_id]
    if kind == "closed" and not group.follow_up_assignment and not is_agent(world, sender):
        changes["owner_id"] = NOBODY
    return tickets.save(engine, ticket.id, changes) if changes else ticket


def _new(engine: Engine, sender: Row, message: EmailMessage) -> Row:
    world = engine.world
    group_id = _MAIL_GROUP if _MAIL_GROUP in world.groups else 1
    title = str(message.get("Subject", "")).strip() or "-"
    return tickets.create(
        engine,
        {
            "title": title,
            "group_id": group_id,
            "customer_id": sender.id,
            "preferences": {"channel_id": CHANNEL},
        },
        from_mail=True,
    )


def _draft(world: World, ticket: Row, sender: Row, message: EmailMessage) -> articles.Draft:
    body, kind, remote_removed = _body(message)
    preferences: dict[str, Any] = {
        "send-auto-response": not _suppresses_answers(message),
        "is-auto-response": is_automatic(message),
    }
    if is_out_of_office(message) and world.manners.version not in ("6.1", "6.5"):
        preferences["is-out-of-office"] = True
    if remote_removed and world.manners.version != "6.1":
        preferences["remote_content_removed"] = True
    by_agent = has_group_right(world, sender, ticket.group_id, "read") and sender.id != ticket.customer_id
    columns: dict[str, Any] = {
        "body": body,
        "content_type": kind,
        "type_id": articles.EMAIL,
        "sender_id": AGENT if by_agent else CUSTOMER,
        "from": _shown_address(message, "From"),
        "to": _shown_address(message, "To"),
        "cc": _shown_address(message, "Cc"),
        "reply_to": _shown_address(message, "Reply-To"),
        "subject": str(message.get("Subject", "")),
        "message_id": _text(message, "Message-ID"),
        "internal": False,
        "preferences": preferences,
    }
    files = tuple(_files(message))
    return articles.from_mail(articles.Draft(columns=columns, attachments=files))


def _text(message: EmailMessage, header: str) -> str | None:
    value = message.get(header)
    return None if value is None else str(value).strip()


def _shown_address(message: EmailMessage, header: str) -> str | None:
    values = message.get_all(header)
    if not values:
        return None
    shown = []
    for name, address in getaddresses([str(value) for value in values]):
        if not name:
            shown.append(address)
        else:
            shown.append(f"{name} <{address}>" if name.isascii() else f'"{name}" <{address}>')
    return ", ".join(shown)


def _body(message: EmailMessage) -> tuple[str, str, bool]:
    part = message.get_body(preferencelist=("html", "plain"))
    if part is None:
        return "no visible content", "text/plain", False
    text = str(part.get_content()).replace("\r\n", "\n")
    if part.get_content_subtype() != "html":
        return text or "no visible content", "text/plain", False
    found = _BODY.search(text)
    inner = (found.group(1) if found else text).strip()
    without = _REMOTE_IMAGE.sub("", inner)
    return without, "text/html", without != inner


def _original_page(message: EmailMessage) -> list[articles.Attachment]:
    """The HTML of a mail as it came in, kept as a file beside the cleaned body."""
    part = message.get_body(preferencelist=("html",))
    if part is None:
        return []
    data = part.get_payload(decode=True)
    content = data.replace(b"\r\n", b"\n") if isinstance(data, bytes) else b""
    charset = part.get_param("charset") or "UTF-8"
    preferences = {"content-alternative": True, "original-format": True, "Mime-Type": "text/html", "Charset": charset}
    return [articles.Attachment("message.html", content, preferences)]


def _raw_header(part: EmailMessage, name: str) -> str:
    """A header as it stood in the message."""
    for key, value in part.raw_items():
        if key.lower() == name.lower():
            return " ".join(str(value).split())
    return ""


def _files(message: EmailMessage) -> list[articles.Attachment]:
    files = _original_page(message)
    for part in message.iter_attachments():
        content = part.get_content()
        data = content.encode("utf-8") if isinstance(content, str) else bytes(content)
        if isinstance(content, EmailMessage):
            data = content.as_bytes()
        preferences: dict[str, Any] = {
            "Content-Type": _raw_header(part, "Content-Type"),
            "Mime-Type": part.get_content_type(),
        }
        charset = part.get_content_charset()
        if charset:
            preferences["Charset"] = charset.upper()
        files.append(articles.Attachment(part.get_filename() or "file", data, preferences))
    return files
