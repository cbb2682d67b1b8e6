"""The sandbox as a web application: lets requests in, runs them as transactions, words answers and refusals."""

from __future__ import annotations

import hashlib
import logging
import uuid
from html import escape
from typing import Any

from flask import Flask, Request, Response, request

from plugin.sandbox import door
from plugin.sandbox.answers import UNFORESEEN, NotModelled, Refusal, broken
from plugin.sandbox.cost import Bill, Call
from plugin.sandbox.credentials import identify
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.engine import Engine
from plugin.sandbox.permissions import Caller, user_may
from plugin.sandbox.router import Router
from plugin.sandbox.routes import (
    articles,
    attributes,
    checklists,
    forms,
    mass,
    own_account,
    people,
    privacy,
    records,
    relations,
    system,
    tickets,
    time_spent,
)
from plugin.sandbox.unmodelled import is_known_to_zammad
from plugin.sandbox.values import to_json

API = "/api/v1"
_LOG = logging.getLogger(__name__)
ROUTES: tuple[Route, ...] = (
    *tickets.ROUTES,
    *mass.ROUTES,
    *forms.ROUTES,
    *articles.ROUTES,
    *relations.ROUTES,
    *time_spent.ROUTES,
    *own_account.ROUTES,
    *people.ROUTES,
    *system.ROUTES,
    *records.ROUTES,
    *attributes.ROUTES,
    *privacy.ROUTES,
)

_OLDER = Router(ROUTES)
_NEWER = Router((*ROUTES, *checklists.ROUTES))

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET, PUT, DELETE, PATCH, OPTIONS",
    "Access-Control-Max-Age": "1728000",
    "Access-Control-Allow-Headers": (
        "Content-Type, Depth, User-Agent, X-File-Size, X-Requested-With, If-Modified-Since, "
        "X-File-Name, Cache-Control, Accept-Language"
    ),
}


class Frontdoor:
    """Everything between the wire and the routes."""

    def __init__(self, engine: Engine, bill: Bill) -> None:
        self._engine = engine
        self._bill = bill
        self._router = _NEWER if engine.world.manners.has_checklists else _OLDER

    def install(self, app: Flask) -> None:
        """Adds Zammad's API of this version to the application."""
        app.add_url_rule(
            f"{API}/<path:path>",
            endpoint="api",
            view_func=self._answer,
            methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            provide_automatic_options=False,
        )
        app.add_url_rule("/oauth/<path:path>", endpoint="oauth", view_func=_sign_in_page,
                         methods=["GET", "POST", "DELETE"])  # fmt: skip
        app.add_url_rule("/.well-known/<path:path>", endpoint="well-known", view_func=self._no_page)

    def _no_page(self, path: str) -> Response:
        text = self._engine.world.manners.no_route(request.method, f"/.well-known/{path}")
        return _refused(self._engine, Refusal(404, text), None)

    def _answer(self, path: str) -> Response:
        found = self._router.find(request.method, path)
        if found is None or self._is_a_word(path, found[1]):
            return self._unknown(path)
        return self._run(*found)

    def _is_a_word(self, path: str, ids: dict[str, str]) -> bool:
        """Whether what would be taken for an id is the name of a call that is not modelled."""
        if all(value.lstrip("-").isdigit() for value in ids.values()):
            return False
        return is_known_to_zammad(request.method, path, has_checklists=self._engine.world.manners.has_checklists)

    def _run(self, route: Route, ids: dict[str, str]) -> Response:
        engine = self._engine
        with engine.world.lock:
            caller: Caller | None = None
            try:
                caller = identify(engine.world, dict(request.headers))
                answer = self._carry_out(route, caller, ids)
            except Refusal as refusal:
                engine.world.journal.forget()
                return _refused(engine, refusal, caller)
            except NotModelled as missing:
                return _json({"error": f"not modelled: {missing}"}, status=501)
            except UNFORESEEN as fault:
                # a value of a kind nobody thought of ends in Zammad as it does here: nothing is kept, 500
                _LOG.warning("%s %s broke", request.method, request.path, exc_info=fault)
                engine.world.journal.forget()
                return _refused(engine, broken(str(fault)), caller)
            return _worded(answer)

    def _carry_out(self, route: Route, caller: Caller, ids: dict[str, str]) -> Answer:
        engine = self._engine
        params = door.parameters(
            query=request.query_string.decode("utf-8", errors="replace"),
            body=request.get_data(),
            content_type=request.content_type or "",
        )
        asked = Asked(engine=engine, caller=caller, params=params, path=request.path)
        with engine.acting_as(caller.user_id):
            before = _version(engine, ids)
            try:
                answer = self._in_one_transaction(route, asked, ids)
            except Refusal as refusal:
                if refusal.ends_well:
                    engine.commit_events()
                raise
            self._charge(route, caller, ids, params, answer, changed=before != _version(engine, ids))
            engine.commit_events()
            engine.settle_sla()
            engine.commit_events()
        engine.world.journal.forget()
        return answer

    def _in_one_transaction(self, route: Route, asked: Asked, ids: dict[str, str]) -> Answer:
        with self._engine.rows():
            answer = route.view(asked, **ids)
            if answer.content_type is not None:
                return answer
            # the body is rendered before the triggers run (contract 4.6)
            return Answer(to_json(answer.body), answer.status, "application/json; charset=utf-8", answer.headers)

    def _charge(
        self,
        route: Route,
        caller: Caller,
        ids: dict[str, str],
        params: dict[str, Any],
        answer: Answer,
        *,
        changed: bool,
    ) -> None:
        ticket_id = ids.get("ticket_id", "")
        count = len(self._engine.world.articles_of(int(ticket_id))) if ticket_id.isdigit() else 0
        self._bill.add(
            Call(
                method=route.method,
                path=request.path,
                login=str(caller.user.login),
                all_of_it=bool(params.get("all")),
                expand=bool(params.get("expand")),
                articles=count,
                rows=answer.body.count(b'"number"') if isinstance(answer.body, bytes) else 0,
                with_note=bool(params.get("article")),
                changed=changed,
                by_password=(request.headers.get("Authorization") or "").lower().startswith("basic"),
            )
        )

    def _unknown(self, path: str) -> Response:
        engine = self._engine
        if request.method == "OPTIONS":
            return Response("", content_type="text/plain; charset=utf-8", headers=_CORS)
        if request.method == "PATCH":
            return _json({"status": 404, "error": "Not Found"}, status=404)
        if is_known_to_zammad(request.method, path, has_checklists=engine.world.manners.has_checklists):
            return _json({"error": f"not modelled: {request.method} {API}/{path}"}, status=501)
        text = engine.world.manners.no_route(request.method, f"{API}/{path}")
        return _refused(engine, Refusal(404, text), None)


def _sign_in_page(path: str) -> Response:
    return _json({"error": f"not modelled: {request.method} /oauth/{path}"}, status=501)


def _version(engine: Engine, ids: dict[str, str]) -> Any:
    ticket_id = ids.get("ticket_id", "")
    ticket = engine.world.tickets.get(int(ticket_id)) if ticket_id.isdigit() else None
    return None if ticket is None else ticket.updated_at


def _refused(engine: Engine, refusal: Refusal, caller: Caller | None) -> Response:
    if _wants_html(request):
        return _html_refusal(refusal)
    for_admin = caller is not None and user_may(engine.world, caller.user, "admin")
    body = refusal.body(for_admin=for_admin)
    if refusal.status == 400:
        body = {"status": 400, **body}
    headers = {"X-Failure": refusal.error} if refusal.status in (401, 403) and caller is None else {}
    return _json(body, status=refusal.status, headers=headers)


def _wants_html(asked: Request) -> bool:
    return (asked.headers.get("Accept") or "").startswith("text/html")


def _html_refusal(refusal: Refusal) -> Response:
    text = escape(refusal.error, quote=True)
    page = f"<!DOCTYPE html>\n<title>{refusal.status}</title>\n<h1>{refusal.status}</h1>\n<div>{text}</div>\n"
    return Response(page, status=refusal.status, content_type="text/html; charset=utf-8")


def _worded(answer: Answer) -> Response:
    body = answer.body if isinstance(answer.body, bytes) else to_json(answer.body)
    etag = f'W/"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    headers = {**_CORS, "Vary": "Accept", "Cache-Control": "max-age=0, private, must-revalidate"}
    headers |= answer.headers
    if answer.status == 200 and request.method in ("GET", "HEAD"):
        headers["ETag"] = etag
        if request.headers.get("If-None-Match") == etag:
            return Response(b"", status=304, headers=headers)
    kind = answer.content_type or "application/json; charset=utf-8"
    return _stamped(Response(body, status=answer.status, content_type=kind, headers=headers))


def _json(body: Any, *, status: int, headers: dict[str, str] | None = None) -> Response:
    kind = "application/json; charset=utf-8"
    return _stamped(Response(to_json(body), status=status, content_type=kind, headers={**_CORS, **(headers or {})}))


def _stamped(response: Response) -> Response:
    response.headers["X-Request-Id"] = str(uuid.uuid4())
    response.headers["X-Runtime"] = "0.020000"
    return response
