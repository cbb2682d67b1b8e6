"""Carries a plan out: intent committed, call, outcome committed, under the ticket's lock (promises 3 to 7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import Any

import structlog

from plugin import failpoints
from plugin.model import retry
from plugin.model.effects import IDEMPOTENT, Effect, EffectKind, EffectState
from plugin.model.errors import NotFound, OutOfSight, Refused, Unavailable, Unknown
from plugin.model.retry import SOON
from plugin.model.ticket import Checklist, StateType, Ticket
from plugin.model.work import Lock
from plugin.observability.metrics import Metrics
from plugin.plan import (
    AddItem,
    Call,
    MakeChecklist,
    MakeTask,
    NameChecklist,
    NoteText,
    Plan,
    Put,
    SendMessage,
    TagAdd,
    TagRemove,
    VoidItem,
    VoidTask,
)
from plugin.plan.fields import as_text
from plugin.store import effects
from plugin.store.database import Connection
from plugin.store.errors import StoreUnavailable
from plugin.store.store import Store
from plugin.zammad.fence import allowed_by
from plugin.zammad.notes import MARKER, MailDraft, NoteDraft, mention
from plugin.zammad.room import Zammad

log = structlog.get_logger(__name__)

TASK_TAG = "steward:task"
NO_RIGHT = 403
_ON_CHECKLIST = frozenset({EffectKind.CHECKLIST, EffectKind.ITEM, EffectKind.ITEM_VOID})
"""Refused with 403 where checklists were switched off: tasks become tickets then."""
Commit = Callable[[Connection], None]
"""Something to be committed with something else: one wait for the disk instead of two."""
Keep = Callable[[Connection, Ticket, frozenset[str]], None]
"""Commits what is known of the ticket after a write: its newest look and its tags."""


@dataclass(frozen=True, slots=True)
class Settling:
    """What settling needs beside the plan.

    ``ticket``, ``tags`` and ``checklist`` are those the plan was made for; ``keep`` commits what they became,
    ``keep_beside`` what is known of a task ticket that was made, ``keep_first`` goes with the first intent.
    ``unknown_wait`` is T_q of promises 4.
    """

    store: Store
    zammad: Zammad
    lock: Lock
    clock: Callable[[], datetime]
    metrics: Metrics
    unknown_wait: timedelta
    keep: Keep
    keep_beside: Callable[[Connection, Ticket], None]
    keep_first: Commit | None
    ticket: Ticket
    tags: frozenset[str]
    checklist: Checklist | None = None


@dataclass(slots=True)
class Settled:
    """How it went. ``look_again``: somebody else may have been faster, or one more difference is left."""

    ticket: Ticket
    tags: frozenset[str]
    wrote: bool = False
    look_again: bool = False
    alarms: list[str] = field(default_factory=list)


def settle(plan: Plan, settling: Settling) -> Settled:
    """Carry out the calls one after another; stops where an outcome is unknown, for Zammad is in trouble then.

    Raises ``Unavailable`` where Zammad cannot be asked or the lock fell; what is left is planned again.
    """
    return _Settler(settling).settle(plan)


class _Settler:
    """One settling under way."""

    def __init__(self, given: Settling) -> None:
        self._given = given
        self._state = Settled(ticket=given.ticket, tags=given.tags)
        self._writer, self._reader = given.zammad.writer, given.zammad.reader
        self._own = given.zammad.people.me()
        self._checklist_id = given.ticket.checklist_id
        self._keep_first = given.keep_first
        self._empty_item_id = _empty_item(given.checklist, own_id=self._own.id)

    def settle(self, plan: Plan) -> Settled:
        with allowed_by(self._given.lock.still_held):
            for call in plan.calls:
                if self._lacks_its_checklist(call):
                    continue
                if not self._carry_out(call):
                    break
        return self._state

    # -- one call -----------------------------------------------------------------------------------------------------

    def _carry_out(self, call: Call) -> bool:
        """Whether to go on with the next one."""
        if not self._intend(call.effects):
            return True
        try:
            return self._call(call)
        except Refused as refused:
            self._refused(call.effects, refused)
            # what may not be changed may not be changed otherwise
            return refused.status != NO_RIGHT or not isinstance(call, TagAdd | TagRemove | Put)
        except Unknown as unknown:
            self._unknown(call.effects, unknown)
            return False
        except StoreUnavailable:
            raise  # the call may well have been made, and only its outcome was not kept: the next visit finds out
        except Unavailable as unavailable:
            self._not_done(call.effects, unavailable)
            raise

    def _intend(self, wanted: tuple[Effect, ...]) -> bool:
        """Commit the intents; False where one is spent after all: then the plan is outdated."""
        with self._given.store.write() as connection:
            granted = effects.intend(connection, wanted, now=self._given.clock())
            self._demand_lock()
            if self._keep_first is not None:
                self._keep_first(connection)
            failpoints.hit("intent-before-commit")
        self._keep_first = None
        failpoints.hit("intent-committed")
        if len(granted) == len({effect.op_key for effect in wanted}):
            return True
        log.info("a spent effect was planned again", ticket_id=self._given.ticket.id)
        self._state.look_again = True
        self._commit(
            tuple(effect for effect in wanted if effect.op_key in granted), EffectState.VOID, error="outdated plan"
        )
        return False

    def _demand_lock(self) -> None:
        """Asked inside a transaction: where the lock fell it rolls back, and what its next holder wrote stays."""
        if not self._given.lock.still_held():
            raise Unavailable(f"ticket {self._given.ticket.id}: its lock fell, somebody else may hold it")

    def _call(self, call: Call) -> bool:
        match call:
            case TagAdd():
                self._writer.add_tag(self._given.ticket.id, call.tag)
                self._state.tags |= {call.tag}
                self._applied(call.effects)
            case TagRemove():
                self._writer.remove_tag(self._given.ticket.id, call.tag)
                self._state.tags -= {call.tag}
                self._applied(call.effects)
            case Put():
                self._put(call)
            case SendMessage():
                self._send(call)
            case MakeChecklist() | NameChecklist() | AddItem() | VoidItem():
                self._checklist(call)
            case MakeTask():
                self._make_task(call)
            case VoidTask():
                closed = self._writer.put_ticket(call.ticket_id, state=StateType.CLOSED)
                self._withdraw(call.effects, beside=closed)
        return True

    # -- a message to the customer ------------------------------------------------------------------------------------

    def _send(self, call: SendMessage) -> None:
        """By mail, from sender System: an Agent mail would satisfy Zammad's own first response (promises 11)."""
        customer = self._given.zammad.people.user(self._given.ticket.customer_id)
        if customer is None or not customer.email:
            raise Refused(f"ticket {self._given.ticket.id}: its customer has no mail address; tell him another way")
        keys = tuple(effect.op_key for effect in call.effects)
        body = "".join(f"<p>{escape(part)}</p>" for part in call.body.split("\n\n") if part.strip())
        mail = MailDraft(to=customer.email, subject=call.subject, body=body, op_keys=keys)
        article = self._writer.post_message(self._given.ticket.id, mail)
        self._state.look_again = True
        self._applied(call.effects, {"article_id": article.id})

    # -- fields, state and note ---------------------------------------------------------------------------------------

    def _put(self, call: Put) -> None:
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
        self._refused(tuple(e for e in call.effects if e.kind is not EffectKind.NOTE), refused, blocked_by=blockers)
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
            self._refused(notes, refused)
        except Unknown as unknown:
            self._unknown(notes, unknown)
        else:
            self._applied(notes, {"article_id": article_id, "alone": True})

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
        self._applied(call.effects, outcome)

    def _is_ours(self, call: Put, answer: Ticket, fresh: list[int]) -> bool:
        """Whether the answer is our version: by us, the fields as sent, and nothing that we did not do (promises 1)."""
        before = self._state.ticket
        as_sent = all(as_text(n, answer.fields.get(n)) == as_text(n, v) for n, v in call.fields.items())
        as_before = all(
            getattr(answer, name) == getattr(before, name)
            for name in ("owner_id", "group_id", "customer_id", "priority_id", "title")
        )
        state = call.state or before.state_type
        articles = len(fresh) == (call.note is not None) and set(before.article_ids) <= set(answer.article_ids)
        return (
            answer.updated_by_id == self._own.id and as_sent and as_before and answer.state_type is state and articles
        )

    # -- checklist and tasks ------------------------------------------------------------------------------------------

    def _lacks_its_checklist(self, call: Call) -> bool:
        needs = isinstance(call, AddItem | NameChecklist)
        return needs and self._checklist_id is None

    def _checklist(self, call: MakeChecklist | NameChecklist | AddItem | VoidItem) -> None:
        match call:
            case MakeChecklist():
                made = self._writer.checklist_create(self._given.ticket.id)
                self._checklist_id, self._empty_item_id = made.id, _empty_item(made, own_id=self._own.id)
                self._applied(call.effects, {"checklist_id": made.id})
            case NameChecklist():
                assert self._checklist_id is not None
                self._writer.checklist_rename(self._checklist_id, call.name)
                self._applied(call.effects, {"checklist_id": self._checklist_id})
            case AddItem():
                self._applied(call.effects, {"item_id": self._add_item(call), "checklist_id": self._checklist_id})
            case VoidItem():
                self._writer.item_update(call.item_id, text=call.text, checked=True)
                self._withdraw(call.effects)

    def _add_item(self, call: AddItem) -> int:
        """A new checklist begins with one empty item: the first task takes it."""
        empty, self._empty_item_id = self._empty_item_id, None
        if empty is not None and not self._may_be_taken(by_another_than=call.effects):
            return self._writer.item_update(empty, text=call.text).id
        assert self._checklist_id is not None
        return self._writer.item_add(self._checklist_id, call.text).id

    def _may_be_taken(self, *, by_another_than: tuple[Effect, ...]) -> bool:
        """Whether another task's write, its outcome unknown, may still be on its way into the empty item."""
        own = {effect.op_key for effect in by_another_than}
        with self._given.store.read() as connection:
            others = [e for e in effects.of_case(connection, self._given.ticket.id) if e.op_key not in own]
        return any(e.kind is EffectKind.ITEM and e.state is EffectState.UNKNOWN for e in others)

    def _make_task(self, call: MakeTask) -> None:
        try:
            made = self._try_task(call, owner_id=call.owner_id)
        except Refused as refused:
            found = self._reader.find_by_number(call.number) if refused.status == 422 else None
            if found is not None and found.created_by_id == self._own.id:
                made = found
            elif refused.status == 422 and found is None and call.owner_id is not None:
                made = self._try_task(call, owner_id=None)  # Zammad takes only owners with full access
            else:
                raise
        self._applied(call.effects, {"ticket_id": made.id, "number": made.number}, beside=made)

    def _try_task(self, call: MakeTask, *, owner_id: int | None) -> Ticket:
        return self._writer.create_task_ticket(
            number=call.number,
            group_id=call.group_id,
            title=call.title,
            customer_id=self._own.id,  # no customer sees it
            note=NoteDraft(body=call.note_html, op_keys=tuple(effect.op_key for effect in call.effects)),
            owner_id=owner_id,
            pending_until=call.pending_until,
            tags=(TASK_TAG,),
            parent_id=self._given.ticket.id,
        )

    # -- outcomes -----------------------------------------------------------------------------------------------------

    def _applied(
        self, done: tuple[Effect, ...], outcome: Mapping[str, Any] | None = None, *, beside: Ticket | None = None
    ) -> None:
        """``beside`` is another ticket the call made: its version is known, so that nobody looks at it for that."""
        failpoints.hit("called")
        self._state.wrote = True
        self._commit(done, EffectState.APPLIED, outcome=dict(outcome or {}))
        if beside is not None:
            with self._given.store.write() as connection:
                self._given.keep_beside(connection, beside)

    def _withdraw(self, done: tuple[Effect, ...], *, beside: Ticket | None = None) -> None:
        """The voiding was applied, and what it voids no longer stands."""
        self._applied(done, beside=beside)
        with self._given.store.write() as connection:
            for effect in done:
                effects.withdraw(connection, str(effect.request["voids"]), now=self._given.clock())

    def _no_right(self, refused_ones: tuple[Effect, ...], refused: Refused) -> None:
        """Our user may not do it: again and again, for rights come back without a word, and never given up."""
        if not all(effect.kind in _ON_CHECKLIST for effect in refused_ones):
            self._state.alarms.append("no_right")
        for effect in refused_ones:
            outcome = {**self._known(effect).outcome, "gave_up": False}
            later = self._given.clock() + retry.NO_RIGHT_PAUSE
            self._commit((effect,), EffectState.REFUSED, outcome=outcome, error=str(refused), retry_not_before=later)

    def _refused(self, refused_ones: tuple[Effect, ...], refused: Refused, *, blocked_by: tuple[str, ...] = ()) -> None:
        """Nothing was done. Again with growing pauses, eight times or a day; blocked ones when the block is gone."""
        if refused.status == NO_RIGHT:
            self._no_right(refused_ones, refused)
            return
        now = self._given.clock()
        for effect in refused_ones:
            known = self._known(effect)
            refusals = int(known.outcome.get("refusals") or 0)
            decision = retry.after_failure(tries_before=refusals, first_failure_at=known.created_at, now=now)
            outcome: dict[str, Any] = {"refusals": 0 if blocked_by else refusals + 1, "gave_up": False}
            if blocked_by:
                outcome["blocked_by"] = list(blocked_by)
            else:
                outcome["gave_up"] = decision.parks
                self._warn_of_refusals(refusals + 1, decision)
            error = f"mandatory and empty: {', '.join(blocked_by)}" if blocked_by else str(refused)
            later = None if blocked_by else decision.at
            self._commit((effect,), EffectState.REFUSED, outcome=outcome, error=error, retry_not_before=later)

    def _unknown(self, doubtful: tuple[Effect, ...], unknown: Unknown) -> None:
        """May have happened: rests T_q from now unless a repeat is harmless; the same 5xx again is a refusal, named."""
        now = self._given.clock()
        for effect in doubtful:
            rests = SOON if _is_idempotent(effect) else self._given.unknown_wait
            known = self._known(effect)
            same = int(known.outcome.get("same") or 0) + 1 if unknown.status and known.error == str(unknown) else 1
            refusals = int(known.outcome.get("refusals") or 0)
            if same < 2:
                self._rest(effect, known, unknown, outcome={"same": same, "refusals": refusals}, until=now + rests)
                continue
            decision = retry.after_failure(tries_before=refusals, first_failure_at=known.created_at, now=now)
            outcome = {"same": same, "refusals": refusals + 1, "gave_up": decision.parks}
            self._warn_of_refusals(refusals + 1, decision)
            later = None if decision.at is None else max(decision.at, now + rests)
            self._commit((effect,), EffectState.REFUSED, outcome=outcome, error=str(unknown), retry_not_before=later)

    def _rest(
        self, effect: Effect, known: Effect, unknown: Unknown, *, outcome: Mapping[str, Any], until: datetime
    ) -> None:
        """Longer each time: what is never confirmed must not be repeated every few seconds, however harmless."""
        unknowns = int(known.outcome.get("unknowns") or 0) + 1
        if unknowns >= retry.PASSING_TRIES:
            self._state.alarms.append("effect_unknown")
        self._commit(
            (effect,),
            EffectState.UNKNOWN,
            outcome={**outcome, "unknowns": unknowns},
            error=str(unknown),
            retry_not_before=max(until, retry.after_unknown(unknowns=unknowns, now=self._given.clock())),
        )

    def _warn_of_refusals(self, refusals: int, decision: retry.RetryDecision) -> None:
        """A few may pass by themselves."""
        if decision.parks or refusals >= retry.PASSING_TRIES:
            self._state.alarms.append("effect_refused")

    def _not_done(self, left: tuple[Effect, ...], unavailable: Unavailable) -> None:
        """Zammad was not asked at all: planned again as if nothing had been tried."""
        for effect in left:
            known = self._known(effect)
            self._commit((effect,), EffectState.REFUSED, outcome=dict(known.outcome), error=str(unavailable))

    def _known(self, effect: Effect) -> Effect:
        with self._given.store.read() as connection:
            return effects.get(connection, effect.op_key) or effect

    def _commit(
        self,
        ended: tuple[Effect, ...],
        state: EffectState,
        *,
        outcome: Mapping[str, Any] | None = None,
        error: str = "",
        retry_not_before: datetime | None = None,
    ) -> None:
        with self._given.store.write() as connection:
            for effect in ended:
                effects.settle(
                    connection,
                    effect.op_key,
                    state=state,
                    now=self._given.clock(),
                    outcome=outcome,
                    error=error,
                    retry_not_before=retry_not_before,
                )
            if state is not EffectState.APPLIED:
                self._demand_lock()
            elif self._given.lock.still_held():
                self._given.keep(connection, self._state.ticket, self._state.tags)
            failpoints.hit("outcome-before-commit")
        failpoints.hit("outcome-committed")
        for effect in ended:
            self._given.metrics.effects.labels(effect.kind, state).inc()


def _is_idempotent(effect: Effect) -> bool:
    renames = effect.kind is EffectKind.CHECKLIST and "name" in effect.request
    return effect.kind in IDEMPOTENT or renames


def _draft(note: NoteText, keys: str, *, mentions: bool = True) -> NoteDraft:
    told = " ".join(mention(user_id, name) for user_id, name in note.tell) if mentions else ""
    html = f"{note.html}<p>{told}</p>" if told else note.html
    # the note's own keys first: the first one names it
    ordered = dict.fromkeys((*note.op_keys, *keys.split()))
    return NoteDraft(body=html, op_keys=tuple(ordered), notify=note.notify)


def _empty_item(checklist: Checklist | None, *, own_id: int) -> int | None:
    if checklist is None or checklist.created_by_id != own_id:
        return None
    return next((item.id for item in checklist.items if not item.text.strip() and not item.checked), None)
