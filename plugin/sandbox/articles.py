"""Articles: how a note, call or mail is added to a ticket, with what it does to the ticket's clocks and state."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from plugin.sandbox import history, mentions, tickets
from plugin.sandbox.answers import broken, forbidden, unprocessable
from plugin.sandbox.columns import article_columns
from plugin.sandbox.engine import Engine
from plugin.sandbox.events import Event
from plugin.sandbox.html import sanitised
from plugin.sandbox.permissions import Caller, has_group_right, is_agent
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_boolean, to_decimal, to_integer, to_text
from plugin.sandbox.world import AGENT, ARTICLE_SENDERS, ARTICLE_TYPES, CUSTOMER, NOBODY, SYSTEM, World

BODY_LENGTH = 1_500_000
NOTE, EMAIL, PHONE, WEB = 10, 1, 5, 11
_WITHOUT_NAMES = frozenset({EMAIL, 2, 6, 7, 8, 9, 14})
"""Types whose articles are named by their channel: mail, SMS and what comes from Twitter, Facebook, WhatsApp."""
_TEXTS = ("from", "to", "cc", "subject", "reply_to", "message_id", "in_reply_to", "content_type")
MAIL_ATTEMPTS = 4
MAIL_WAIT = timedelta(seconds=25)
"""Zammad tries to send a mail so often, each time waiting longer by so much."""

_NO_RECIPIENT = "Can't use Channel::Driver::Smtp: #<ArgumentError: SMTP To address may not be blank: []>"
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on its way into an article."""

    filename: str
    data: bytes
    preferences: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """An article that is about to be stored: its columns, files and the time accounted with it."""

    columns: dict[str, Any]
    attachments: tuple[Attachment, ...] = ()
    time_unit: Any = None
    by_postmaster: bool = False


def draft(engine: Engine, caller: Caller, ticket: Row, asked: dict[str, Any]) -> Draft:
    """Reads an article from a request as that caller may write it (422 with Zammad's words otherwise)."""
    world = engine.world
    if not isinstance(asked, dict):
        raise broken("undefined method `permit' for an instance of String")
    body = asked.get("body")
    if body is None or (isinstance(body, str) and not body.strip()):
        raise unprocessable("Need at least an 'article body' field.")
    columns = _asked_columns(world, asked)
    columns.setdefault("sender_id", AGENT)
    columns.setdefault("type_id", NOTE)
    if not is_agent(world, caller.user):
        columns = _as_customer(columns)
    return Draft(
        columns=_with_origin(world, caller.user, ticket, columns),
        attachments=_attachments(asked.get("attachments") or []),
        time_unit=asked.get("time_unit"),
    )


def add(engine: Engine, ticket_id: int, drafted: Draft, *, source: tickets.Source | None = None) -> Row:
    """Stores an article as the current actor, and what follows from it for the ticket."""
    world = engine.world
    columns = _completed(world, world.tickets[ticket_id], drafted)
    mentioned = mentions.in_body(world, world.tickets[ticket_id], columns)
    stamp = world.stamp()
    actor = world.actor_id
    article = world.articles.insert(
        {
            **columns,
            "ticket_id": ticket_id,
            "created_by_id": actor,
            "updated_by_id": actor,
            "created_at": stamp,
            "updated_at": stamp,
        }
    )
    for file in drafted.attachments:
        attach(world, article.id, file)
    mentions.subscribe(world, ticket_id, mentioned)
    history.write(
        world,
        kind="created",
        ticket_id=ticket_id,
        record="Ticket::Article",
        record_id=article.id,
        at=stamp,
        source=source,
    )
    _account_time(world, ticket_id, article, drafted.time_unit)
    if not world.setting("import_mode"):
        engine.events.add(Event(ticket_id, "update", actor, article_id=article.id))
    _count_contact(engine, world.tickets[ticket_id], article, source=source)
    if _answers(world, article) and not drafted.by_postmaster:
        _leave_first_state(engine, ticket_id, source=source)
    _send(engine, article)
    return world.articles[article.id]


def attach(world: World, article_id: int, file: Attachment) -> Row:
    """Stores a file with an article."""
    return world.attachments.insert(
        {
            "article_id": article_id,
            "filename": file.filename,
            "size": str(len(file.data)),
            "preferences": file.preferences,
            "data": file.data,
        }
    )


def change(engine: Engine, article: Row, asked: dict[str, Any]) -> Row:
    """PUT of an article: its visibility and marks can change; the ticket is touched without an event."""
    world = engine.world
    internal = article.internal if asked.get("internal") is None else bool(to_boolean(asked["internal"]))
    preferences = _highlighted(article, asked.get("preferences"))
    if internal == article.internal and preferences == article.preferences:
        return article
    changed = world.articles.put_all(
        article.id,
        {
            "internal": internal,
            "preferences": preferences,
            "updated_by_id": world.actor_id,
            "updated_at": world.stamp(),
        },
    )
    if internal != article.internal:
        _record_visibility(world, article, changed)
    tickets.touch(world, article.ticket_id)
    return changed


def _highlighted(article: Row, asked: Any) -> dict[str, Any]:
    """An article's preferences with the marks a reader has left in it."""
    marks = asked.get("highlight") if isinstance(asked, dict) else None
    return {**article.preferences, "highlight": str(marks)} if marks else article.preferences


def _record_visibility(world: World, article: Row, changed: Row) -> None:
    history.write(
        world,
        kind="updated",
        ticket_id=article.ticket_id,
        record="Ticket::Article",
        record_id=article.id,
        at=changed.updated_at,
        attribute="internal",
        value_from="true" if article.internal else "false",
        value_to="true" if changed.internal else "false",
    )


def delete(engine: Engine, article: Row) -> None:
    """Removes an article with its files; the ticket is touched and its count follows."""
    world = engine.world
    for file in world.attachments.where(article_id=article.id):
        world.attachments.delete(file.id)
    world.articles.delete(article.id)
    world.tickets.put(article.ticket_id, article_count=_count(world, article.ticket_id))
    tickets.touch(world, article.ticket_id)


def is_communication(article: Row) -> bool:
    """Whether the article's type speaks to somebody: every type but the note."""
    return bool(article.type_id != NOTE)


def address(user: Row) -> str:
    """Name and mail address of a user, quoted where the name is not plain ASCII."""
    return line(f"{user.firstname} {user.lastname}".strip(), user.email)


def line(name: str, mail: str) -> str:
    """A name with a mail address as a message shows it."""
    if not name:
        return str(mail)
    return f"{name} <{mail}>" if _ATOM.fullmatch(name) else f'"{name}" <{mail}>'


def _asked_columns(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {"body": to_text(asked["body"])}
    for name in _TEXTS:
        if asked.get(name) is not None:
            columns[name] = to_text(asked[name])
    for key, names in (("type", ARTICLE_TYPES), ("sender", ARTICLE_SENDERS)):
        number = _number(asked, key, names)
        if number is not None:
            columns[f"{key}_id"] = number
    columns["internal"] = bool(to_boolean(asked.get("internal")))
    columns["preferences"] = asked.get("preferences") or {}
    origin = to_integer(asked.get("origin_by_id"))
    if origin is not None and origin in world.users:
        columns["origin_by_id"] = origin
    return columns


def _number(asked: dict[str, Any], key: str, names: dict[int, str]) -> int | None:
    name = asked.get(key)
    if name is not None:
        for number, known in names.items():
            if known == name:
                return number
        raise unprocessable(f"No lookup value found for '{key}': \"{name}\"")
    number_asked = to_integer(asked.get(f"{key}_id"))
    if number_asked is not None and number_asked not in names:
        raise unprocessable(f"Invalid value for param '{key}_id': {number_asked}")
    return number_asked


def _with_origin(world: World, writer: Row, ticket: Row, columns: dict[str, Any]) -> dict[str, Any]:
    """Who stands behind an article: the customer of the ticket, or whoever is named, who then speaks as customer."""
    origin = columns.get("origin_by_id")
    if origin is None and columns["sender_id"] == CUSTOMER and columns["type_id"] in (NOTE, PHONE, WEB):
        origin = None if _share_organization(world, writer, ticket) else ticket.customer_id
    if origin is None or columns["type_id"] in _WITHOUT_NAMES:
        return {**columns, "origin_by_id": origin}
    # Zammad compares the person with an id, so that naming oneself makes one a customer too
    return {**columns, "origin_by_id": origin if is_agent(world, writer) else writer.id, "sender_id": CUSTOMER}


def _share_organization(world: World, writer: Row, ticket: Row) -> bool:
    """Whether the writer's organization shares its tickets and the ticket's customer is one of it."""
    organization, customer = world.organizations.get(writer.organization_id), world.users.get(ticket.customer_id)
    if organization is None or customer is None or not organization.shared:
        return False
    return bool(customer.organization_id == organization.id)


def _as_customer(columns: dict[str, Any]) -> dict[str, Any]:
    kind = columns["type_id"] if columns["type_id"] in (NOTE, WEB) else NOTE
    return {**columns, "sender_id": CUSTOMER, "type_id": kind, "internal": False, "origin_by_id": None}


def _attachments(asked: list[Any]) -> tuple[Attachment, ...]:
    files = []
    for index, file in enumerate(asked):
        for param in ("filename", "data", "mime-type"):
            if param not in file and not (param == "mime-type" and "mime_type" in file):
                raise unprocessable(f"Attachment needs '{param}' param for attachment with index '{index}'")
        try:
            data = base64.b64decode(re.sub(r"\s", "", file["data"]), validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise unprocessable(f"Invalid base64 for attachment with index '{index}'") from None
        kind = file.get("mime-type") or file.get("mime_type")
        files.append(Attachment(str(file["filename"]), data, {"Mime-Type": kind}))
    return tuple(files)


def _completed(world: World, ticket: Row, drafted: Draft) -> dict[str, Any]:
    columns = {**article_columns(world.manners), **drafted.columns}
    length = len(columns["body"])
    if length > BODY_LENGTH:
        raise unprocessable(f"body of article is too large, {length} chars - only {BODY_LENGTH} allowed")
    if columns["content_type"] == "text/html":
        columns["body"] = sanitised(columns["body"], fqdn=str(world.setting("fqdn")))
    if columns["message_id"]:
        columns["message_id_md5"] = hashlib.md5(columns["message_id"].encode(), usedforsecurity=False).hexdigest()
    if not drafted.by_postmaster:
        columns = _fill_from(world, ticket, columns)
    return columns


def _fill_from(world: World, ticket: Row, columns: dict[str, Any]) -> dict[str, Any]:
    if columns["type_id"] == EMAIL and columns["sender_id"] != CUSTOMER:
        return _fill_mail(world, ticket, columns)
    if columns["type_id"] in _WITHOUT_NAMES:
        return columns
    writer = world.users[columns["origin_by_id"] or world.actor_id]
    if columns["type_id"] in (WEB, PHONE) and writer.email and not _counts_as_agent(world, writer, ticket):
        return {**columns, "from": address(writer)}
    name = f"{writer.firstname} {writer.lastname}"
    return {**columns, "from": name if world.manners.version == "6.1" else name.strip() or None}


def _counts_as_agent(world: World, writer: Row, ticket: Row) -> bool:
    """Whether a writer is named without his address: 6.1 asks for his rights in the group, 6.5 for his role."""
    if world.manners.version == "6.1":
        return has_group_right(world, writer, ticket.group_id, "read")
    return is_agent(world, writer)


def _fill_mail(world: World, ticket: Row, columns: dict[str, Any]) -> dict[str, Any]:
    group = world.groups[ticket.group_id]
    sender = world.email_addresses.get(group.email_address_id)
    if sender is None:
        raise broken(f"No email address found for group '{group.name}' ({group.id})")
    if world.manners.mail_needs_recipient and "@" not in (columns["to"] or ""):
        raise unprocessable("Sending an email without a valid recipient is not possible.")
    message_id = _message_id(world, ticket)
    digest = hashlib.md5(message_id.encode(), usedforsecurity=False).hexdigest()
    return {
        **columns,
        "from": line(_sender_name(world, sender), sender.email),
        "subject": _clean_subject(columns["subject"] or ticket.title),
        "message_id": message_id,
        "message_id_md5": digest,
        "preferences": {**columns["preferences"], "email_address_id": sender.id},
    }


def _sender_name(world: World, sender: Row) -> str:
    """Whom a mail comes from: the person and the address, only one of them, or what nobody wrote the address alone."""
    writer, style = world.user_name(world.actor_id), world.setting("ticket_define_email_from")
    if world.actor_id == NOBODY or style == "SystemAddressName":
        return str(sender.name)
    if style == "AgentName":
        return writer
    return f"{writer} {world.setting('ticket_define_email_from_separator') or 'via'} {sender.name}"


def _clean_subject(subject: str | None) -> str | None:
    """An outgoing mail's subject without reply prefixes and ticket number, as Zammad stores it."""
    if subject is None:
        return None
    plain = re.sub(r"\s*\[[^\[\]#]*#\d+\]\s*", " ", subject)
    return re.sub(r"^((re|aw|fw|fwd|wg|antw|antwort)(\[\d+\])?:\s*)+", "", plain.strip(), flags=re.IGNORECASE)


def _message_id(world: World, ticket: Row) -> str:
    moment = world.now()
    unique = hashlib.sha256(f"{ticket.id} {moment} {len(world.articles)}".encode()).hexdigest()
    return f"<{moment:%Y%m%d%H%M%S}.{ticket.id}.{unique[:12]}@{world.setting('fqdn')}>"


def _account_time(world: World, ticket_id: int, article: Row, asked: Any) -> None:
    unit = to_decimal(asked)
    if not unit:
        return
    refuse_accounting(world)
    account_time(world, ticket_id, unit, article_id=article.id)


def refuse_accounting(world: World) -> None:
    """Refuses (403) to book time on newer servers that do not account for it."""
    if world.manners.version != "6.1" and not world.setting("time_accounting"):
        raise forbidden("Time Accounting is not enabled")


def account_time(world: World, ticket_id: int, unit: Any, *, article_id: int | None = None) -> Row:
    """Books time on a ticket; its `time_unit` is the sum."""
    stamp = world.stamp()
    row = world.time_accountings.insert(
        {
            "ticket_id": ticket_id,
            "ticket_article_id": article_id,
            "time_unit": unit,
            "type_id": None,
            "created_by_id": world.actor_id,
            "created_at": stamp,
            "updated_at": stamp,
        }
    )
    total = sum(entry.time_unit for entry in world.time_accountings.where(ticket_id=ticket_id))
    world.tickets.put(ticket_id, time_unit=total)
    return row


def _count(world: World, ticket_id: int) -> int:
    return sum(article.sender_id != SYSTEM for article in world.articles_of(ticket_id))


def _count_contact(engine: Engine, ticket: Row, article: Row, *, source: tickets.Source | None) -> None:
    """What an article does to its ticket: a save where something counts, else (System notes) only a touch."""
    world = engine.world
    if ticket.create_article_type_id is None:
        first = {"create_article_type_id": article.type_id, "create_article_sender_id": article.sender_id}
        world.tickets.put_all(ticket.id, first)
    changes: dict[str, Any] = {"article_count": _count(world, ticket.id), **_contact(world, ticket, article)}
    if any(ticket[name] != value for name, value in changes.items()):
        tickets.save(engine, ticket.id, changes, source=source)
    else:
        tickets.touch(world, ticket.id)


def _leave_first_state(engine: Engine, ticket_id: int, *, source: tickets.Source | None) -> None:
    """Who is answered through Zammad, not by a mail that came in, has no new ticket any more."""
    world = engine.world
    if world.tickets[ticket_id].state_id == tickets.default_state(world).id:
        tickets.save(engine, ticket_id, {"state_id": tickets.follow_up_state(world).id}, source=source)


def _answers(world: World, article: Row) -> bool:
    public = not article.internal and is_communication(article)
    return public and article.sender_id == AGENT and not world.setting("import_mode")


def _contact(world: World, ticket: Row, article: Row) -> dict[str, Any]:
    if world.setting("import_mode") or article.internal or not is_communication(article):
        return {}
    if article.sender_id == AGENT:
        return _agent_contact(ticket, article)
    return _customer_contact(world, ticket, article) if article.sender_id == CUSTOMER else {}


def _agent_contact(ticket: Row, article: Row) -> dict[str, Any]:
    changes = {"last_contact_agent_at": article.created_at, "last_contact_at": article.created_at}
    if ticket.first_response_at is None:
        changes["first_response_at"] = article.created_at
    return changes


def _customer_contact(world: World, ticket: Row, article: Row) -> dict[str, Any]:
    every = world.setting("ticket_last_contact_behaviour") == "based_on_customer_reaction"
    last_agent, last_customer = ticket.last_contact_agent_at, ticket.last_contact_customer_at
    waiting = last_customer is not None and (last_agent is None or last_agent < last_customer)
    if waiting and not every:
        return {}
    return {"last_contact_customer_at": article.created_at, "last_contact_at": article.created_at}


def _send(engine: Engine, article: Row) -> None:
    if article.type_id != EMAIL or article.sender_id == CUSTOMER or engine.world.setting("import_mode"):
        return
    _queue_mail(engine, article.id, attempt=1, wait=timedelta())


def _queue_mail(engine: Engine, article_id: int, *, attempt: int, wait: timedelta) -> None:
    run_at = engine.world.now() + wait
    engine.jobs.add("TicketArticleCommunicateEmailJob", lambda: _sent(engine, article_id, attempt), run_at=run_at)


def _sent(engine: Engine, article_id: int, attempt: int) -> None:
    """The mail job: the sandbox sends nothing, it notes the mail as handed over (or refused without a To)."""
    world = engine.world
    with world.lock:
        article = world.articles.get(article_id)
        if article is None:
            return
        reached = "@" in (article.to or "")
        outcome = {
            "delivery_retry": attempt,
            "delivery_channel_id": 3,
            "delivery_status_message": None if reached else _NO_RECIPIENT,
            "delivery_status": "success" if reached else "fail",
            "delivery_status_date": world.stamp(),
        }
        world.articles.put(article_id, preferences={**article.preferences, **outcome}, updated_at=world.stamp())
        tickets.touch(world, article.ticket_id)
        if reached:
            _note_sending(engine, article)
        world.journal.forget()
        if not reached and attempt < MAIL_ATTEMPTS:
            _queue_mail(engine, article_id, attempt=attempt + 1, wait=MAIL_WAIT * attempt)
        elif not reached:
            _give_up_sending(engine, article)


def _note_sending(engine: Engine, article: Row) -> None:
    with engine.acting_as(article.created_by_id):
        history.write(
            engine.world,
            kind="email",
            ticket_id=article.ticket_id,
            record="Ticket::Article",
            record_id=article.id,
            at=engine.world.stamp(),
            value_from=article.subject,
            value_to=article.to,
        )


def _give_up_sending(engine: Engine, article: Row) -> None:
    """After the last attempt Zammad says so in a note and opens the ticket."""
    columns = {
        "body": f"Unable to send email to '{article.to or ''}': {_NO_RECIPIENT}",
        "internal": True,
        "type_id": NOTE,
        "sender_id": SYSTEM,
        "content_type": "text/plain",
        "preferences": {"delivery_article_id_related": article.id, "delivery_message": True},
    }
    with engine.background():
        add(engine, article.ticket_id, Draft(columns=columns))
        tickets.save(engine, article.ticket_id, {"state_id": tickets.follow_up_state(engine.world).id})


def system_note(body: str, *, subject: str, internal: bool, origin: str) -> Draft:
    """The note that triggers, jobs and macros write."""
    return Draft(
        columns={
            "body": body,
            "subject": subject,
            "internal": internal,
            "type_id": NOTE,
            "sender_id": SYSTEM,
            "content_type": "text/html",
            "preferences": {"perform_origin": origin, "notification": True},
        }
    )


def from_mail(drafted: Draft) -> Draft:
    """The draft as the mail import stores it: its sender line is kept."""
    return replace(drafted, by_postmaster=True)
