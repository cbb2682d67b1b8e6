"""The single calls that change something in Zammad, each with a typed result and one of three outcomes (promises 4).

``Refused`` and ``Unavailable``: nothing was done. ``Unknown``: it may have been; find out before doing it again. Values
that Zammad would bend silently are refused before the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from plugin.model.errors import Refused, StewardError, Unknown
from plugin.model.people import NOBODY_ID
from plugin.model.ticket import Article, Checklist, ChecklistItem, StateType, Ticket
from plugin.zammad import schemas, values
from plugin.zammad.catalogues import Catalogues
from plugin.zammad.client import ZammadClient
from plugin.zammad.features import FeatureWatch
from plugin.zammad.notes import MailDraft, NoteDraft
from plugin.zammad.reader import checklist_of

Result = TypeVar("Result")
EXPAND = {"expand": "true"}


class Writer:
    """Shared by all threads of a process; who writes to one ticket holds its lock (promises 5)."""

    def __init__(self, client: ZammadClient, *, catalogues: Catalogues, watch: FeatureWatch) -> None:
        self._client = client
        self._catalogues = catalogues
        self._watch = watch

    def put_ticket(
        self,
        ticket_id: int,
        *,
        fields: Mapping[str, Any] | None = None,
        preferences: Mapping[str, Any] | None = None,
        article: NoteDraft | None = None,
        state: StateType | None = None,
    ) -> Ticket:
        """One PUT, all or nothing: managed fields (None empties one), preferences, a note, a state by its type.

        The answer is Zammad's state before triggers ran, parsed as a look; whether it is *our* version is for the
        caller to see (promises 1).
        """
        options = self._watch.current.options
        body: dict[str, Any] = {
            name: values.as_json(name, value, options=options.get(name)) for name, value in (fields or {}).items()
        }
        if preferences is not None:
            # top-level keys are merged by Zammad, a nested object is replaced
            body["preferences"] = dict(preferences)
        if state is not None:
            body["state_id"] = self._catalogues.state_of(state).id
        if article is not None:
            body["article"] = article.as_article()
        raw = self._client.put(f"/tickets/{ticket_id}", EXPAND, body)
        answer = self._ticket(raw, f"PUT /tickets/{ticket_id}", lambda found: found.id == ticket_id)
        if article is not None:
            # a note always moves updated_at, so it was set just now
            self._client.note_clock(answer.updated_at)
        return answer

    def post_note(self, ticket_id: int, note: NoteDraft) -> Article:
        """The note alone: works where a mandatory field blocks every PUT (contract 4.6)."""
        return self._post_article(ticket_id, note.as_article())

    def post_message(self, ticket_id: int, mail: MailDraft) -> Article:
        """A mail to the customer, really sent by Zammad."""
        return self._post_article(ticket_id, mail.as_article())

    def add_tag(self, ticket_id: int, tag: str) -> None:
        """Add one tag; again is harmless, in parallel it is not (contract 4.8)."""
        body = {"object": "Ticket", "o_id": ticket_id, "item": values.tag(tag)}
        self._expect_yes(self._client.post("/tags/add", json=body), "POST /tags/add")

    def remove_tag(self, ticket_id: int, tag: str) -> None:
        """Take one tag off; harmless where it is not there."""
        # as parameters: hosted front ends strip the body of a DELETE (contract 10)
        query = {"object": "Ticket", "o_id": ticket_id, "item": values.tag(tag)}
        self._expect_yes(self._client.delete("/tags/remove", query), "DELETE /tags/remove")

    def create_task_ticket(
        self,
        *,
        number: str,
        group_id: int,
        title: str,
        customer_id: int,
        note: NoteDraft,
        owner_id: int | None = None,
        pending_until: datetime | None = None,
        tags: Sequence[str] = (),
        parent_id: int | None = None,
    ) -> Ticket:
        """A follow-up ticket in one POST without a notice: number, tags, owner, pending reminder, System note, link.

        ``number`` makes it happen once: Zammad refuses a second one with 422, as it does an owner without full access
        to the group. Find out by ``Reader.find_by_number`` (promises 7).
        """
        if not number or len(number) > values.LONGEST_NUMBER:
            raise Refused(f"a ticket number has 1 to {values.LONGEST_NUMBER} characters, not {len(number)}")
        body: dict[str, Any] = {
            "number": number,
            "title": values.clean(title)[: values.LONGEST_TITLE],
            "group_id": group_id,
            "customer_id": customer_id,
            "owner_id": owner_id or NOBODY_ID,
            # an array would be a 500 (contract 4.6)
            "tags": ",".join(values.tag(tag) for tag in tags),
            "article": note.as_article(),
        }
        if pending_until is not None:
            body["state_id"] = self._catalogues.state_of(StateType.PENDING_REMINDER).id
            body["pending_time"] = values.moment(pending_until)
        if parent_id is not None:
            body["links"] = {"Ticket": {"child": [parent_id]}}
        raw = self._client.post("/tickets", EXPAND, body)
        return self._ticket(raw, "POST /tickets", lambda found: found.number == number)

    def checklist_create(self, ticket_id: int) -> Checklist:
        """Make the ticket's checklist: without a name, with one empty item. A second one is refused with 422."""
        body = {"ticket_id": ticket_id}
        raw = self._on_checklists(lambda: self._client.post("/checklists", json=body), off=(403, 404))
        return self._confirmed("POST /checklists", lambda: checklist_of(schemas.entries(raw, "checklist")))

    def checklist_rename(self, checklist_id: int, name: str) -> None:
        """``name`` has 250 characters at most; the rest is cut."""
        self._put_checklist(checklist_id, {"name": values.item_text(name)[: values.LONGEST_TITLE]})

    def item_add(self, checklist_id: int, text: str) -> ChecklistItem:
        """Append an item, unticked; the hundred-and-first is refused with 422."""
        body = {"checklist_id": checklist_id, "text": values.item_text(text)}
        raw = self._on_checklists(lambda: self._client.post("/checklist_items", json=body))
        return self._confirmed("POST /checklist_items", lambda: schemas.checklist_item(raw))

    def item_update(self, item_id: int, *, text: str | None = None, checked: bool | None = None) -> ChecklistItem:
        """Change wording or tick; what is None stays."""
        body: dict[str, Any] = {} if text is None else {"text": values.item_text(text)}
        if checked is not None:
            body["checked"] = checked
        raw = self._on_checklists(lambda: self._client.put(f"/checklist_items/{item_id}", json=body))
        return self._confirmed(f"PUT /checklist_items/{item_id}", lambda: schemas.checklist_item(raw))

    def _on_checklists(self, call: Callable[[], Any], *, off: Sequence[int] = (403,)) -> Any:
        """Learns from a refusal that checklists were switched off."""
        try:
            return call()
        except Refused as refused:
            if refused.status in off:
                self._watch.checklists_refused()
            raise

    def _put_checklist(self, checklist_id: int, body: Mapping[str, Any]) -> None:
        what = f"PUT /checklists/{checklist_id}"
        raw = self._on_checklists(lambda: self._client.put(f"/checklists/{checklist_id}", json=dict(body)))
        row = self._confirmed(what, lambda: schemas.named(raw, path="checklist"))
        if row["id"] != checklist_id:
            raise Unknown(f"{what}: answered about another one")

    def _post_article(self, ticket_id: int, article: Mapping[str, Any]) -> Article:
        raw = self._client.post("/ticket_articles", json={"ticket_id": ticket_id, **article})
        stored = self._confirmed("POST /ticket_articles", lambda: schemas.article(raw))
        if stored.ticket_id != ticket_id:
            raise Unknown("POST /ticket_articles: answered about another ticket")
        self._client.note_clock(stored.created_at)
        return stored

    def _ticket(self, raw: Any, what: str, is_it: Callable[[Ticket], bool]) -> Ticket:
        ticket = self._confirmed(what, lambda: schemas.ticket(raw, names=self._catalogues))
        if not is_it(ticket):
            raise Unknown(f"{what}: answered about another ticket")
        return ticket

    def _confirmed(self, what: str, parse: Callable[[], Result]) -> Result:
        """A good status with an answer we cannot read, whatever hinders us, leaves the outcome unknown."""
        try:
            return parse()
        except StewardError as error:
            raise Unknown(f"{what}: {error}") from None

    def _expect_yes(self, raw: Any, what: str) -> None:
        if raw is None or raw is False:
            raise Unknown(f"{what}: answered without confirming it")
