"""One settling: the calls of a plan, one after another, until one's outcome is unknown."""

from __future__ import annotations

from html import escape

from plugin.model.errors import Refused, Unavailable, Unknown
from plugin.plan import (
    AddItem,
    Call,
    MakeChecklist,
    MakeTask,
    NameChecklist,
    Plan,
    Put,
    SendMessage,
    TagAdd,
    TagRemove,
    VoidItem,
    VoidTask,
)
from plugin.settle.given import Settled, Settling
from plugin.settle.outcomes import NO_RIGHT, Outcomes
from plugin.settle.put import Putting
from plugin.settle.tasks import Tasks
from plugin.store.errors import StoreUnavailable
from plugin.zammad.fence import allowed_by
from plugin.zammad.notes import MailDraft


def settle(plan: Plan, settling: Settling) -> Settled:
    """Carry out the calls one after another; stops where an outcome is unknown, for Zammad is in trouble then.

    What the last call came to is the caller's to keep (``unkept``); where this raises it is kept.
    Raises ``Unavailable`` where Zammad cannot be asked or the lock fell; what is left is planned again.
    """
    return _Settler(settling).settle(plan)


class _Settler:
    """One settling under way."""

    def __init__(self, given: Settling) -> None:
        self._given = given
        self._writer = given.zammad.writer
        self._state = Settled(ticket=given.ticket, tags=given.tags)
        self._outcomes = Outcomes(given, self._state)
        self._putting = Putting(given, self._state, self._outcomes)
        self._tasks = Tasks(given, self._outcomes)

    def settle(self, plan: Plan) -> Settled:
        try:
            with allowed_by(self._given.lock.still_held):
                for call in plan.calls:
                    if self._tasks.lacks_its_checklist(call):
                        continue
                    if not self._carry_out(call):
                        break
        except BaseException:
            self._outcomes.keep()
            raise
        if self._outcomes.holds:
            self._state.unkept = self._outcomes
        return self._state

    # -- one call -----------------------------------------------------------------------------------------------------

    def _carry_out(self, call: Call) -> bool:
        """Whether to go on with the next one."""
        if not self._outcomes.intend(call.effects):
            return True
        try:
            return self._call(call)
        except Refused as refused:
            self._outcomes.refused(call.effects, refused)
            # what may not be changed may not be changed otherwise
            return refused.status != NO_RIGHT or not isinstance(call, TagAdd | TagRemove | Put)
        except Unknown as unknown:
            self._outcomes.unknown(call.effects, unknown)
            return False
        except StoreUnavailable:
            raise  # the call may well have been made, and only its outcome was not kept: the next visit finds out
        except Unavailable as unavailable:
            self._outcomes.not_done(call.effects, unavailable)
            raise

    def _call(self, call: Call) -> bool:
        match call:
            case TagAdd():
                self._writer.add_tag(self._given.ticket.id, call.tag)
                self._state.tags |= {call.tag}
                self._outcomes.applied(call.effects)
            case TagRemove():
                self._writer.remove_tag(self._given.ticket.id, call.tag)
                self._state.tags -= {call.tag}
                self._outcomes.applied(call.effects)
            case Put():
                self._putting.put(call)
            case SendMessage():
                self._send(call)
            case MakeChecklist() | NameChecklist() | AddItem() | VoidItem():
                self._tasks.checklist(call)
            case MakeTask():
                self._tasks.make_task(call)
            case VoidTask():
                self._tasks.void_task(call)
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
        self._outcomes.applied(call.effects, {"article_id": article.id})
