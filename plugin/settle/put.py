"""Fields, state and note by one PUT, and the note alone where the fields are refused (promises 6)."""

from __future__ import annotations

from typing import Any

import structlog

from plugin.model.effects import EffectKind
from plugin.model.errors import NotFound, OutOfSight, Refused, Unknown
from plugin.model.ticket import Ticket
from plugin.plan import NoteText, Put
from plugin.plan.fields import as_text
from plugin.settle.given import Settled, Settling
from plugin.settle.outcomes import NO_RIGHT, Outcomes
from plugin.zammad.notes import MARKER, NoteDraft, mention

log = structlog.get_logger(__name__)


class Putting:
    """The PUTs of one settling."""

    def __init__(self, given: Settling, state: Settled, outcomes: Outcomes) -> None:
        self._given = given
        self._state = state
        self._outcomes = outcomes
        self._writer, self._reader = given.zammad.writer, given.zammad.reader
        self._own = given.zammad.people.me()

    def put(self, call: Put) -> None:
        """Write it, in one go where Zammad lets us; raises ``Refused`` and ``Unknown`` for what nothing came of."""
        if call.blocked_by:
            self._note_alone(call)
            return
        try:
            answer = self._try_put(call)
        except (NotFound, OutOfSight):
            raise
        except Refused as refused:
            if refused.status == NO_RIGHT:
                raise
            self._put_again(call, refused)
        else:
            self._put_applied(call, answer)

    def _try_put(self, call: Put) -> Ticket:
        keys = " ".join(effect.op_key for effect in call.effects)
        note = None if call.note is None else _draft(call.note, keys)
        return self._writer.put_ticket(
            self._given.ticket.id, fields=call.fields, preferences={MARKER: keys}, article=note, state=call.state
        )

    def _put_again(self, call: Put, refused: Refused) -> None:
        """A 422 gets one look and one more try; a mandatory field is named, and the note goes without the fields."""
        blockers: tuple[str, ...] = ()
        if refused.status == 422:
            fresh = self._reader.look(self._given.ticket.id)
            blockers = tuple(sorted(self._reader.workflow(fresh).blockers(fresh)))
            if not blockers and self._second_try(call):
                return
        self._outcomes.refused(
            tuple(e for e in call.effects if e.kind is not EffectKind.NOTE), refused, blocked_by=blockers
        )
        if blockers:
            self._state.alarms.append("mandatory_field")
            log.warning("mandatory fields block every change", ticket_id=self._given.ticket.id, fields=blockers)
        self._note_alone(call)

    def _second_try(self, call: Put) -> bool:
        """Some refusals pass: a 422 also stands for errors of Zammad's database (promises 4)."""
        try:
            answer = self._try_put(call)
        except Refused:
            return False
        self._put_applied(call, answer)
        return True

    def _note_alone(self, call: Put) -> None:
        """By POST /ticket_articles, which no mandatory field hinders (promises 6)."""
        notes = tuple(effect for effect in call.effects if effect.kind is EffectKind.NOTE)
        if call.note is None or not notes:
            return
        try:
            article_id = self._post_note(call.note)
        except Refused as refused:
            self._outcomes.refused(notes, refused)
        except Unknown as unknown:
            self._outcomes.unknown(notes, unknown)
        else:
            self._outcomes.applied(notes, {"article_id": article_id, "alone": True})

    def _post_note(self, note: NoteText) -> int:
        keys = " ".join(note.op_keys)
        try:
            return self._writer.post_note(self._given.ticket.id, _draft(note, keys)).id
        except Refused:
            if not note.tell:
                raise
        # somebody who may not be mentioned after all refuses the whole note (contract 4.7)
        return self._writer.post_note(self._given.ticket.id, _draft(note, keys, mentions=False)).id

    def _put_applied(self, call: Put, answer: Ticket) -> None:
        known = set(self._given.ticket.article_ids)
        fresh = [one for one in answer.article_ids if one not in known]
        ours = self._is_ours(call, answer, fresh)
        outcome: dict[str, Any] = {"version": answer.version}
        if call.note is not None and len(fresh) == 1:
            outcome["article_id"] = fresh[0]
        if ours and call.state is None:
            self._state.ticket = answer
        else:
            # a new state of the ticket, also one of our making, is a fact that changes what should hold
            self._state.look_again = True
        self._outcomes.applied(call.effects, outcome)

    def _is_ours(self, call: Put, answer: Ticket, fresh: list[int]) -> bool:
        """Whether the answer is our version: by us, the fields as sent, and nothing that we did not do (promises 1)."""
        before = self._state.ticket
        expected = {**before.fields, **call.fields}
        as_sent = all(_is_same(n, answer.fields.get(n), v) for n, v in expected.items())
        as_before = all(
            getattr(answer, name) == getattr(before, name)
            for name in ("owner_id", "group_id", "customer_id", "priority_id", "title")
        )
        state = call.state or before.state_type
        articles = len(fresh) == (call.note is not None) and set(before.article_ids) <= set(answer.article_ids)
        return (
            answer.updated_by_id == self._own.id and as_sent and as_before and answer.state_type is state and articles
        )


def _is_same(name: str, one: object, other: object) -> bool:
    return one == other or as_text(name, one) == as_text(name, other)


def _draft(note: NoteText, keys: str, *, mentions: bool = True) -> NoteDraft:
    told = " ".join(mention(user_id, name) for user_id, name in note.tell) if mentions else ""
    html = f"{note.html}<p>{told}</p>" if told else note.html
    # the note's own keys first: the first one names it
    ordered = dict.fromkeys((*note.op_keys, *keys.split()))
    return NoteDraft(body=html, op_keys=tuple(ordered), notify=note.notify)
