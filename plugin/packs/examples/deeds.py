"""What people do in stories: every sentence of the story language with the facts it leaves on the ticket."""

from __future__ import annotations

from datetime import datetime

from plugin.model.pack import Kind, Tier
from plugin.model.people import SYSTEM
from plugin.model.ticket import StateType
from plugin.packs.examples.sentences import sentence
from plugin.packs.examples.ticket import CUSTOMER, NOBODY, STEWARD, StoryTicket

# -- the customer -----------------------------------------------------------------------------------------------------


@sentence("customer writes[ <text>]")
def customer_writes(ticket: StoryTicket, text: str = "Any news?") -> None:
    ticket.customer_writes(text)


@sentence("an automatic reply comes[ <text>]")
def automatic_reply(ticket: StoryTicket, text: str = "I am out of the office.") -> None:
    ticket.customer_writes(text, automatic=True)


@sentence("customer sets <name> to <value>")
def customer_sets(ticket: StoryTicket, name: str, value: str) -> None:
    ticket.set_field(name, value, by=CUSTOMER)


@sentence("customer is an agent")
def customer_is_agent(ticket: StoryTicket) -> None:
    ticket.seen("customer_is_agent", value=True)


@sentence("customer is a VIP")
def customer_is_vip(ticket: StoryTicket) -> None:
    ticket.seen("vip", value=True)


@sentence("customer complained about <word:nature> on <moment>")
def complained_before(ticket: StoryTicket, nature: str, moment: datetime) -> None:
    ticket.saw_complaint(at=moment, nature=nature, by_customer=True)


@sentence("somebody of his organization complained about <word:nature> on <moment>")
def organization_complained_before(ticket: StoryTicket, nature: str, moment: datetime) -> None:
    ticket.saw_complaint(at=moment, nature=nature, by_customer=False)


@sentence("another customer complained of the same on <moment>")
@sentence("<number> other customers complained of the same on <moment>")
def others_complained(ticket: StoryTicket, moment: datetime, number: str = "1") -> None:
    ticket.saw_alike(int(number), at=moment)


@sentence("<number> linked tickets wait for an answer")
def linked_wait(ticket: StoryTicket, number: str) -> None:
    ids = list(range(901, 901 + int(number)))
    since = {str(one): ticket.now.isoformat() for one in ids}
    ticket.seen("linked", value=bool(ids), tickets=ids, untold=ids, since=since, beyond=0)


@sentence("it is linked to an interruption", "it is linked to an interruption until <moment>")
def is_linked(ticket: StoryTicket, moment: datetime | None = None) -> None:
    ticket.interrupted(back_at=moment)


@sentence("the interruption is over")
def interruption_over(ticket: StoryTicket) -> None:
    ticket.restored()


@sentence("Steward tells of the interruption")
def steward_tells(ticket: StoryTicket) -> None:
    ticket.article("We know of the interruption.", by=STEWARD, sender="System", type="email", ours=["interruption"])


@sentence("customer was surveyed on <moment>")
def surveyed_before(ticket: StoryTicket, moment: datetime) -> None:
    ticket.seen("surveyed", value=True, at=moment.isoformat())


# -- what agents write ------------------------------------------------------------------------------------------------


@sentence("<agent> takes a call[ <text>]")
def takes_call(ticket: StoryTicket, agent: str, text: str = "Please call me back.") -> None:
    ticket.article(text, by=ticket.agent(agent), sender="Customer", type="phone")


@sentence("<agent> answers[ <text>]", "<agent> writes to the customer[ <text>]")
def answers(ticket: StoryTicket, agent: str, text: str = "Here you are.") -> None:
    ticket.article(text, by=ticket.agent(agent), sender="Agent", type="email")
    if ticket.state is StateType.NEW:
        ticket.set_state(StateType.OPEN, by=ticket.agent(agent))  # Zammad does so (contract 4)


@sentence("<agent> calls the customer[ <text>]")
def calls(ticket: StoryTicket, agent: str, text: str = "Told him how it stands.") -> None:
    ticket.article(text, by=ticket.agent(agent), sender="Agent", type="phone")


@sentence("<agent> answers, and the mail fails")
def answer_fails(ticket: StoryTicket, agent: str) -> None:
    ticket.article("Here you are.", by=ticket.agent(agent), sender="Agent", type="email", failed=True)


@sentence("<agent> writes to somebody else[ <text>]")
def writes_elsewhere(ticket: StoryTicket, agent: str, text: str = "Can you help?") -> None:
    ticket.article(text, by=ticket.agent(agent), sender="Agent", type="email", to_customer=False)


@sentence("<agent> notes[ <text>]")
def notes(ticket: StoryTicket, agent: str, text: str = "Looked into it.") -> None:
    ticket.article(text, by=ticket.agent(agent), sender="Agent", type="note", internal=True)


# -- who has it -------------------------------------------------------------------------------------------------------


@sentence("<agent> takes it")
def takes(ticket: StoryTicket, agent: str) -> None:
    ticket.set_owner(ticket.agent(agent), by=ticket.agent(agent))


@sentence("<agent> gives it to <agent:taker>")
def gives(ticket: StoryTicket, agent: str, taker: str) -> None:
    ticket.set_owner(None if taker == NOBODY else ticket.agent(taker), by=ticket.agent(agent))


@sentence("Zammad gives it to <agent:taker>")
def zammad_gives(ticket: StoryTicket, taker: str) -> None:
    ticket.set_owner(None if taker == NOBODY else ticket.agent(taker), by=SYSTEM)


@sentence("<agent> can own it no more")
def cannot_own(ticket: StoryTicket, agent: str) -> None:
    ticket.seen("owner_can_act", value=False, login=agent)


@sentence("<agent> opens it for the customer")
def opens(ticket: StoryTicket, agent: str) -> None:
    ticket.begin(by=ticket.agent(agent))


@sentence("<agent> opens it for the customer and owns it")
def opens_and_owns(ticket: StoryTicket, agent: str) -> None:
    ticket.begin(by=ticket.agent(agent), owner=ticket.agent(agent))


@sentence("<agent> moves it to group <value:group>")
def moves(ticket: StoryTicket, agent: str, group: str) -> None:
    ticket.changed("group", by=ticket.agent(agent), to=group)


# -- how it stands ----------------------------------------------------------------------------------------------------


@sentence("<agent> closes it")
def closes(ticket: StoryTicket, agent: str) -> None:
    ticket.set_state(StateType.CLOSED, by=ticket.agent(agent))


@sentence("<agent> answers and closes it")
def answers_and_closes(ticket: StoryTicket, agent: str) -> None:
    answers(ticket, agent)
    closes(ticket, agent)


@sentence("<agent> reopens it")
def reopens(ticket: StoryTicket, agent: str) -> None:
    ticket.reopen(by=ticket.agent(agent))


@sentence("Steward reopens it")
def steward_reopens(ticket: StoryTicket) -> None:
    ticket.reopen(by=STEWARD)


@sentence("<agent> sets a reminder for <moment>")
def sets_reminder(ticket: StoryTicket, agent: str, moment: datetime) -> None:
    ticket.set_state(StateType.PENDING_REMINDER, by=ticket.agent(agent))
    ticket.changed("pending_time", by=ticket.agent(agent), to=f"{moment:%Y-%m-%d %H:%M:%S} UTC")


@sentence("<agent> sets <name> to <value>")
def sets(ticket: StoryTicket, agent: str, name: str, value: str) -> None:
    ticket.set_field(name, value, by=ticket.agent(agent))


@sentence("<agent> tags it <name:tag>")
def tags(ticket: StoryTicket, agent: str, tag: str) -> None:
    ticket.tag(tag, by=ticket.agent(agent))


@sentence("<agent> takes the tag <name:tag> off")
def untags(ticket: StoryTicket, agent: str, tag: str) -> None:
    ticket.tag(tag, by=ticket.agent(agent), added=False)


# -- words, tasks, merges ---------------------------------------------------------------------------------------------


@sentence("<agent> says <word>[ because <text>]")
def says(ticket: StoryTicket, agent: str, word: str, text: str = "") -> None:
    if text:
        notes(ticket, agent, text)
    ticket.say(word, by=ticket.agent(agent))


@sentence("<agent> does the task <name:task>")
def does_task(ticket: StoryTicket, agent: str, task: str) -> None:
    ticket.task(task, by=ticket.agent(agent))


@sentence("<agent> does the task <name:task> and writes what came of it")
def does_task_with_proof(ticket: StoryTicket, agent: str, task: str) -> None:
    ticket.task(task, by=ticket.agent(agent), proved=True)


@sentence("<agent> takes up the task <name:task> again")
def reopens_task(ticket: StoryTicket, agent: str, task: str) -> None:
    ticket.task(task, by=ticket.agent(agent), done=False)


@sentence(
    "a complaint accepted <moment> is merged into it", "a <word:tier> complaint accepted <moment> is merged into it"
)
def complaint_merged(ticket: StoryTicket, moment: datetime, tier: str = "general") -> None:
    kind = {"kind": str(Kind.COMPLAINT), "tier": str(Tier(tier))}
    ticket.received(accepted_at=moment.isoformat(), voiced_at=moment.isoformat(), **kind)


@sentence("a request first answered by <agent> on <moment> is merged into it")
def request_merged(ticket: StoryTicket, agent: str, moment: datetime) -> None:
    asked = {"login": agent, "at": moment.isoformat()}
    ticket.received(kind=str(Kind.REQUEST), first_asked=asked, accountable=agent, accepted_at=moment.isoformat())


@sentence("it is merged into another ticket")
def merged_away(ticket: StoryTicket) -> None:
    ticket.set_state(StateType.MERGED, by=SYSTEM)


@sentence("it is deleted")
def deleted(ticket: StoryTicket) -> None:
    ticket.seen("deleted", value=True)


@sentence("Steward confirms in writing")
def steward_confirms(ticket: StoryTicket) -> None:
    ticket.article("We closed your complaint.", by=STEWARD, sender="System", type="email", ours=["confirmation"])
