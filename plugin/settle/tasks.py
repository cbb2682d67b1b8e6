"""Tasks: items of the ticket's checklist, or linked tickets, each exactly once (promises 7)."""

from __future__ import annotations

from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.errors import Refused
from plugin.model.ticket import Checklist, StateType, Ticket
from plugin.plan import AddItem, Call, MakeChecklist, MakeTask, NameChecklist, VoidItem, VoidTask
from plugin.settle.given import Settling
from plugin.settle.outcomes import Outcomes
from plugin.store import effects
from plugin.zammad.notes import NoteDraft

TASK_TAG = "steward:task"


class Tasks:
    """The tasks of one settling; a checklist made on the way is remembered for the calls that follow."""

    def __init__(self, given: Settling, outcomes: Outcomes) -> None:
        self._given = given
        self._outcomes = outcomes
        self._writer, self._reader = given.zammad.writer, given.zammad.reader
        self._own = given.zammad.people.me()
        self._checklist_id = given.ticket.checklist_id
        self._empty_item_id = _empty_item(given.checklist, own_id=self._own.id)

    def lacks_its_checklist(self, call: Call) -> bool:
        """Whether ``call`` is about a checklist that is not there: making it was refused just now."""
        needs = isinstance(call, AddItem | NameChecklist)
        return needs and self._checklist_id is None

    def checklist(self, call: MakeChecklist | NameChecklist | AddItem | VoidItem) -> None:
        """Make or name the checklist, add an item, or tick one that is not wanted any more."""
        match call:
            case MakeChecklist():
                made = self._writer.checklist_create(self._given.ticket.id)
                self._checklist_id, self._empty_item_id = made.id, _empty_item(made, own_id=self._own.id)
                self._outcomes.applied(call.effects, {"checklist_id": made.id})
            case NameChecklist():
                assert self._checklist_id is not None
                self._writer.checklist_rename(self._checklist_id, call.name)
                self._outcomes.applied(call.effects, {"checklist_id": self._checklist_id})
            case AddItem():
                self._outcomes.applied(
                    call.effects, {"item_id": self._add_item(call), "checklist_id": self._checklist_id}
                )
            case VoidItem():
                self._writer.item_update(call.item_id, text=call.text, checked=True)
                self._outcomes.withdraw(call.effects)

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

    def make_task(self, call: MakeTask) -> None:
        """A linked ticket, by a number of our own, which Zammad takes once."""
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
        self._outcomes.applied(call.effects, {"ticket_id": made.id, "number": made.number}, beside=made)

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

    def void_task(self, call: VoidTask) -> None:
        """Close the task ticket that is not wanted any more."""
        closed = self._writer.put_ticket(call.ticket_id, state=StateType.CLOSED)
        self._outcomes.withdraw(call.effects, beside=closed)


def _empty_item(checklist: Checklist | None, *, own_id: int) -> int | None:
    if checklist is None or checklist.created_by_id != own_id:
        return None
    return next((item.id for item in checklist.items if not item.text.strip() and not item.checked), None)
