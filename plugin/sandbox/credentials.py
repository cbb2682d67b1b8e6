"""Who is calling: tokens, passwords and `From`, with Zammad's refusals (contract 4.1, 4.2)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from plugin.sandbox.answers import Refusal, forbidden, unauthorized
from plugin.sandbox.permissions import Caller, user_may
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_day
from plugin.sandbox.world import World

LOGIN_NOTED_EVERY = timedelta(minutes=10)
"""How often a login with a password is written down."""

_FAILED = "Login failed. Have you double-checked your credentials and completed the email verification step?"


def identify(world: World, headers: Mapping[str, str]) -> Caller:
    """The caller of a request; raises 401 or 403 as Zammad does."""
    caller = _authenticated(world, headers.get("Authorization", ""))
    if world.setting("maintenance_mode") and not user_may(world, caller.user, "admin.maintenance"):
        raise forbidden("Maintenance mode enabled!")
    behalf = headers.get("From") or headers.get("X-On-Behalf-Of")
    return _on_behalf(world, caller, behalf) if behalf else caller


def find_person(world: World, text: str) -> Row | None:
    """A user by id, login or mail address."""
    if text.isdigit():
        return world.users.get(int(text))
    low = text.strip().lower()
    return world.users.first(login=low) or world.users.first(email=low)


def _authenticated(world: World, header: str) -> Caller:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "basic":
        return _by_password(world, rest)
    if scheme.lower() in ("token", "bearer"):
        text = rest.strip()
        text = text.partition("=")[2] if text.lower().startswith("token=") else text
        return _by_token(world, text.strip().strip('"'), bearer=scheme.lower() == "bearer")
    raise forbidden("Authentication required")


def _by_token(world: World, text: str, *, bearer: bool) -> Caller:
    if not text:
        raise forbidden("Authentication required")
    token = world.tokens.first(token=text)
    if not world.setting("api_token_access"):
        raise forbidden("API token access disabled!")
    if token is None:
        raise unauthorized("The provided token is invalid." if bearer else "Can't find User for Token")
    _check_expiry(world, token)
    user = world.users[token.user_id]
    if not user.active:
        raise unauthorized(_FAILED)
    world.tokens.put(token.id, last_used_at=world.now())
    limits = token.permissions
    return Caller(user=user, token_permissions=None if limits is None else tuple(limits))


def _check_expiry(world: World, token: Row) -> None:
    day = to_day(token.expires_at)
    if day is not None and datetime(day.year, day.month, day.day, tzinfo=UTC) < world.now():
        raise unauthorized("Not authorized (token expired)!")


def _by_password(world: World, encoded: str) -> Caller:
    if not world.setting("api_password_access"):
        raise forbidden("API password access disabled!")
    refused = unauthorized("Invalid BasicAuth credentials")
    try:
        login, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        raise refused from None
    user = find_person(world, login) if login else None
    if user is None or not user.active or user.login_failed > _most_failures(world):
        raise refused
    if not password or world.passwords.get(user.id) != password:
        world.users.put(user.id, login_failed=user.login_failed + 1)
        world.journal.forget()
        raise refused
    if user.login_failed:
        user = world.users.put(user.id, login_failed=0)
    if user.last_login is None or user.last_login < world.now() - LOGIN_NOTED_EVERY:
        user = world.users.put(user.id, last_login=world.now(), updated_at=world.stamp())
    return Caller(user=user)


def _most_failures(world: World) -> int:
    return int(world.setting("password_max_login_failed") or 5)


def _on_behalf(world: World, caller: Caller, text: str) -> Caller:
    if not user_may(world, caller.user, "admin.user"):
        raise Refusal(403, "Current user has no permission to use 'From'/'X-On-Behalf-Of'!")
    user = find_person(world, text)
    if user is None:
        raise Refusal(403, f"No such user '{text}'")
    return Caller(user=user)
