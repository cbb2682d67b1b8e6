"""Replays recorded stories in one sandbox and notes in what it does otherwise."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from plugin.sandbox.conform.bench import Answer, Bench, Waiting
from plugin.sandbox.conform.comparison import Comparison, Deviation, Manner, Moments, compare_error
from plugin.sandbox.conform.credentials import Credentials
from plugin.sandbox.conform.deliveries import Arrival, Receivers, arrival_of, compare_delivery
from plugin.sandbox.conform.directions import Script
from plugin.sandbox.conform.identities import Identities, kind_of_path
from plugin.sandbox.conform.report import Difference, Report
from plugin.sandbox.conform.requests import own_request
from plugin.sandbox.conform.stage import Stage
from plugin.sandbox.conform.stories import SET_UP, Step, Story
from plugin.sandbox.conform.timeline import Event, events
from plugin.sandbox.deliveries import Delivery, Reply

NOT_MODELLED = 501
UNRECORDED_DELIVERIES = frozenset({"measure", "permissions_matrix"})
"""Stories whose deliveries the recorder left out (README of the recordings)."""

FLUSHING_READS = 3
"""The recorder flushed phantoms with 36 reads on many threads; the sandbox's one thread needs fewer."""

LATENESS = timedelta(seconds=4.5)
"""How long a due delivery may take: an idle worker sleeps 4 s, and other jobs go first."""

EARLINESS = timedelta(seconds=0.6)
"""How far a recorded moment may lie before the one computed from whole requests."""

LATE = re.compile(r"\(capture\) (\d+) late deliver")


@dataclass(slots=True)
class Telling:
    """What is going on in the story that is being replayed."""

    story: Story
    script: Script
    awaited: list[Arrival]
    touched: set[str] = field(default_factory=set)
    together: dict[frozenset[int], list[tuple[Step, Answer]]] = field(default_factory=dict)
    worker_free_at: datetime | None = None
    attempts: Counter[str] = field(default_factory=Counter)
    followed: dict[str, Delivery] = field(default_factory=dict)

    @property
    def late_deliveries(self) -> int:
        """How many deliveries about other stories' tickets the recorder says it left out."""
        texts = (str(step.record.get("text")) for step in self.story.steps if step.kind == "fact")
        return sum(int(found[1]) for text in texts if (found := LATE.match(text)))

    def during_group(self, step: Step) -> bool:
        """Whether a step lies inside a group of requests that were sent together."""
        for group in self.script.parallel:
            members = [self.story.steps[index] for index in group]
            if min(one.seconds for one in members) <= step.seconds <= max(one.ends for one in members):
                return True
        return False


class Replay:
    """One sandbox through which the stories of one server go in the order of their recording."""

    def __init__(self, bench: Bench, *, stories: Sequence[Story]) -> None:
        self.identities = Identities()
        self._bench = bench
        self._receivers = Receivers.of(stories)
        self._moments = Moments(begins=min(story.starts_at for story in stories))
        self._credentials = Credentials(tokens=dict(bench.tokens))
        self._stage = Stage(bench, identities=self.identities, credentials=self._credentials)
        self._report = Report()
        self._telling: Telling

    def play(self, story: Story, script: Script, *, report: Report) -> None:
        """Replay one story and add to the report what it shows."""
        self._report = report
        self._telling = Telling(story=story, script=script, awaited=_arrivals(story))
        self._moments.windows.clear()
        self._credentials.begin_story()
        self._flush()
        for event in events(story, script):
            self._at(story.at(event.seconds))
            self._happen(event)
        self._settle()

    def _at(self, moment: datetime) -> None:
        """Move the clock, running what no receiver hears (and so no step shows) when it is due."""
        for _ in range(100):
            due = [job for job in self._bench.waiting() if self._unheard(job) and job.run_at <= moment]
            if not due:
                break
            self._bench.set_clock(max(due[0].run_at, min(self._bench.now(), moment)))
            self._bench.run(due[0], receive=_refuse)
        self._bench.set_clock(moment)

    def _unheard(self, job: Waiting) -> bool:
        return job.url is not None and not self._receivers.hears(job.url)

    def _happen(self, event: Event) -> None:
        if event.direction is not None:
            if event.uncertain:
                moment = self._telling.story.at(event.seconds)
                spread = timedelta(seconds=event.uncertain / 2)
                self._moments.windows.append((moment - spread, moment + spread))
            self._stage.carry_out(event.direction)
        elif event.step is not None and event.step.kind == "rest":
            self._ask(event.step)
        elif event.step is not None and event.step.kind == "webhook":
            self._receive(event.step)
        elif event.step is not None and event.step.kind == "mail_in":
            self._mail(event.step)

    def _ask(self, step: Step) -> None:
        self._report.calls += 1
        if step.record["response"]["status"] is None:
            if not _shows_later(self._telling.story, step):
                return
            self._send(step)
            return
        answer = self._send(step)
        group = self._telling.script.group_of(step.index)
        if answer.status == NOT_MODELLED:
            self._report.not_modelled[_route(step)] += 1
        elif group:
            self._gather(group, step, answer)
        else:
            self._compare(step, answer)

    def _send(self, step: Step) -> Answer:
        authorization = self._credentials.header(step)
        answer = self._bench.call(own_request(step, identities=self.identities, authorization=authorization))
        if answer.status < 300:
            self._credentials.learn(step, answer=answer.body)
        return answer

    def _compare(self, step: Step, answer: Answer) -> None:
        recorded = step.record["response"]
        if recorded["status"] != answer.status:
            self._note(step, Deviation("", "status", recorded["status"], f"{answer.status} {answer.body}"))
        elif answer.status >= 400:
            self._note(step, *compare_error(recorded["body"], answer.body))
        else:
            self._made(step, recorded["body"], answer.body)
            comparison = self._comparison(step)
            kind = kind_of_path(step.record["request"]["path"])
            self._note(step, *comparison.bodies(recorded["body"], answer.body, kind=kind))
            self._report.ignored_rows += comparison.ignored

    def _comparison(self, step: Step) -> Comparison:
        script = self._telling.script
        manner = Manner(projected=step.index in script.projected, foreign=step.index in script.foreign)
        return Comparison(self.identities, self._moments, manner)

    def _made(self, step: Step, recorded: Any, own: Any) -> None:
        """Pair what a request made, so that later steps can name it."""
        kind = kind_of_path(step.record["request"]["path"])
        if step.record["request"]["method"] != "POST" or kind is None:
            return
        if isinstance(recorded, dict) and isinstance(own, dict) and recorded.get("id") and own.get("id"):
            self._pair(kind, recorded["id"], own["id"])
            if kind == "Ticket" and "number" in recorded and "number" in own:
                self.identities.match("number", recorded=recorded["number"], own=own["number"])

    def _pair(self, kind: str, recorded: object, own: object) -> None:
        if self.identities.match(kind, recorded=recorded, own=own):
            self.identities.made.add((kind, str(recorded)))
            if kind == "Ticket":
                self._telling.touched.add(str(own))

    def _gather(self, group: frozenset[int], step: Step, answer: Answer) -> None:
        """Requests that were sent together: only what must hold whoever came first."""
        answers = self._telling.together.setdefault(group, [])
        recorded_status = step.record["response"]["status"]
        if recorded_status == answer.status and answer.status < 300:
            self._made(step, step.record["response"]["body"], answer.body)
        answers.append((step, answer))
        if len(answers) < len(group):
            return
        recorded = Counter(one.record["response"]["status"] for one, _ in answers)
        own = Counter(other.status for _, other in answers)
        if recorded != own:
            self._note(step, Deviation("", "statuses of the group", dict(recorded), dict(own)))
        elsewhere = [(one, other) for one, other in answers if one.record["response"]["status"] != other.status]
        won = [one for one, _ in elsewhere if one.record["response"]["status"] < 300]
        ours = [other for _, other in elsewhere if other.status < 300]
        for one, other in zip(won, ours, strict=False):
            self._made(one, one.record["response"]["body"], other.body)

    def _receive(self, step: Step) -> None:
        arrival = next(arrival for arrival in self._telling.awaited if arrival.step is step)
        self._telling.awaited.remove(arrival)
        self._report.webhooks += 1
        if arrival.method == "GET":
            self._note_followed(arrival)
            return
        job = self._find(arrival)
        if job is None:
            self._note_absent(arrival)
            return
        self._check_turn(arrival, job)
        self._check_moment(arrival, job)
        delivery = self._bench.run(job, receive=lambda sent: self._reply(arrival, sent))
        self._telling.worker_free_at = self._bench.now()
        if delivery is None:
            self._note(step, Deviation("", "delivery", arrival.step.name, "the job ended without one"))
            return
        self._check_attempt(arrival, delivery)
        comparison = self._comparison(step)
        if self._telling.during_group(step):
            comparison.manner = Manner(projected=True, foreign=True)
            arrival = _only_ids(arrival)
        self._note(step, *compare_delivery(arrival, delivery, comparison=comparison, receivers=self._receivers))

    def _find(self, arrival: Arrival) -> Waiting | None:
        """The waiting job of a recorded delivery: a retry by its delivery id, else by trigger, ticket, article."""
        known = self.identities.own("delivery", arrival.delivery_id)
        for job in self._bench.waiting():
            if known is not None:
                if job.delivery_id == known:
                    return job
            elif job.url is not None and self._can_be(arrival, job):
                return job
        return None

    def _can_be(self, arrival: Arrival, job: Waiting) -> bool:
        if job.trigger != arrival.trigger or self.identities.recorded("delivery", job.delivery_id) is not None:
            return False
        if arrival.ticket_id is None:
            return str(job.ticket_id) in self._telling.touched
        if self.identities.own("Ticket", arrival.ticket_id) != str(job.ticket_id):
            return False
        if not arrival.in_full or self._telling.during_group(arrival.step):
            return True
        if arrival.article_id is None or job.article_id is None:
            return arrival.article_id is job.article_id
        known = self.identities.own("TicketArticle", arrival.article_id)
        taken = self.identities.recorded("TicketArticle", job.article_id)
        return known == str(job.article_id) or (known is None and taken is None)

    def _check_turn(self, arrival: Arrival, job: Waiting) -> None:
        """With one worker nothing that is due, and that was received later, may stand before it in the queue."""
        if self._bench.workers > 1 or self._telling.during_group(arrival.step):
            return
        for earlier in self._bench.waiting():
            if earlier is job or earlier.number == job.number:
                return
            if earlier.url is None or earlier.run_at > self._bench.now() or self._unheard(earlier):
                continue
            later = next((other for other in self._telling.awaited if self._can_be(other, earlier)), None)
            if later is not None and later.step.index > arrival.step.index:
                self._note(arrival.step, Deviation("", "order", arrival.step.name, f"first {later.step.name}"))
                return

    def _check_moment(self, arrival: Arrival, job: Waiting) -> None:
        now = self._bench.now()
        if job.run_at > now + EARLINESS:
            self._note(arrival.step, Deviation("", "too early", now.isoformat(), f"due {job.run_at.isoformat()}"))
            return
        free = self._telling.worker_free_at
        ready = max(job.run_at, free) if free is not None else job.run_at
        if now > ready + LATENESS:
            self._note(arrival.step, Deviation("", "too late", now.isoformat(), f"due {ready.isoformat()}"))

    def _check_attempt(self, arrival: Arrival, delivery: Delivery) -> None:
        self._telling.attempts[arrival.delivery_id] += 1
        expected = self._telling.attempts[arrival.delivery_id]
        if delivery.attempt != expected:
            self._note(arrival.step, Deviation("", "attempt", expected, delivery.attempt))

    def _reply(self, arrival: Arrival, delivery: Delivery) -> Reply:
        """What the recorder answered, where it sent elsewhere, and how long it took."""
        if delivery.method == "GET":
            self._telling.followed[delivery.delivery_id] = delivery
            return Reply(202)
        replied = arrival.step.record["replied"]
        reply = arrival.step.record.get("reply") or {}
        return Reply(
            None if replied == "drop" else int(replied),
            seconds=reply.get("delay_s", 0),
            location=reply.get("headers", {}).get("Location"),
        )

    def _note_followed(self, arrival: Arrival) -> None:
        """A GET by which Zammad 6.1 followed the redirect of a delivery."""
        own = self._telling.followed.get(self.identities.own("delivery", arrival.delivery_id) or "")
        if own is None:
            self._note_absent(arrival)
            return
        comparison = self._comparison(arrival.step)
        deviations = compare_delivery(arrival, own, comparison=comparison, receivers=self._receivers)
        self._note(arrival.step, *deviations)

    def _note_absent(self, arrival: Arrival) -> None:
        known = arrival.ticket_id is None or self.identities.own("Ticket", arrival.ticket_id) is not None
        deviation = Deviation("", "delivery", arrival.step.name, None)
        self._note(arrival.step, deviation, no_cause=not known)

    def _mail(self, step: Step) -> None:
        self._report.calls += 1
        result = self._bench.mail(self.identities.own_text(step.record["raw"]))
        recorded = step.record["result"] or {}
        for key, kind in (
            ("ticket_id", "Ticket"),
            ("number", "number"),
            ("article_id", "TicketArticle"),
            ("user_id", "User"),
        ):
            if key not in recorded:
                continue
            if key not in result:
                self._note(step, Deviation(key, "missing", recorded[key], None))
            elif self.identities.match(kind, recorded=recorded[key], own=result[key]):
                self._pair(kind, recorded[key], result[key])
            else:
                self._note(step, Deviation(key, "value", recorded[key], result[key]))

    def _flush(self) -> None:
        """What the recorder did before every story but the set-up: unrelated reads, so that phantoms come out."""
        story = self._telling.story
        if story.name in SET_UP:
            return
        self._bench.set_clock(story.at(-1.0))
        for _ in range(FLUSHING_READS):
            self._stage.read_as("agent", "/api/v1/tickets?per_page=20")
        self._report.left_out += sum(1 for _ in self._work_off())

    def _settle(self) -> None:
        """After the last step: whatever still waits to be delivered was not recorded."""
        telling = self._telling
        last = telling.story.steps[-1] if telling.story.steps else None
        allowed = telling.late_deliveries
        for delivery in self._work_off():
            strange = str(delivery.ticket_id) not in telling.touched
            if telling.story.name in UNRECORDED_DELIVERIES or (strange and allowed > 0):
                self._report.left_out += 1
                allowed -= strange
            elif last is not None:
                told = f"trigger {delivery.trigger!r}, ticket {delivery.ticket_id}, attempt {delivery.attempt}"
                self._note(last, Deviation("", "delivery not recorded", None, told))

    def _work_off(self) -> Iterable[Delivery]:
        """Run every waiting job, whenever it is due, and yield what a receiver got."""
        for _ in range(1000):
            waiting = self._bench.waiting()
            if not waiting:
                return
            job = waiting[0]
            self._bench.set_clock(max(self._bench.now(), job.run_at))
            heard = not self._unheard(job)
            delivery = self._bench.run(job, receive=_accept if heard else _refuse)
            if delivery is not None and heard:
                yield delivery

    def _note(self, step: Step, *deviations: Deviation, no_cause: bool = False) -> None:
        for deviation in deviations:
            self._report.differences.append(
                Difference(
                    story=self._telling.story.name,
                    step=step.index,
                    name=step.name,
                    path=deviation.path,
                    what=deviation.what,
                    recorded=deviation.recorded,
                    own=deviation.own,
                    no_cause=no_cause,
                )
            )


def _accept(_delivery: Delivery) -> Reply:
    return Reply(202)


def _refuse(_delivery: Delivery) -> Reply:
    return Reply(None)


def _arrivals(story: Story) -> list[Arrival]:
    return [arrival_of(step) for step in story.steps if step.kind == "webhook"]


def _only_ids(arrival: Arrival) -> Arrival:
    """A delivery rendered while many wrote at once: all that is certain is whom it is about."""
    ticket = {"id": arrival.ticket_id}
    return Arrival(
        step=arrival.step,
        trigger=arrival.trigger,
        path=arrival.path,
        host=arrival.host,
        method=arrival.method,
        delivery_id=arrival.delivery_id,
        body={"ticket": ticket, "article": {}},
    )


def _shows_later(story: Story, step: Step) -> bool:
    """Whether a request whose client did not wait was carried out: the next answer holds what it sent."""
    title = step.record["request"]["body"].get("title")
    later = next(other for other in story.steps[step.index + 1 :] if other.kind == "rest")
    return f'"{title}"' in json.dumps(later.record["response"]["body"]).replace("\\", "")


def _route(step: Step) -> str:
    path = step.record["request"]["path"].partition("?")[0]
    return f"{step.record['request']['method']} " + re.sub(r"/-?\d+(?=/|$)", "/:id", path)
