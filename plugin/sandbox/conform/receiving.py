"""Receives the sandbox's webhooks in the recorder's place, each at its recorded moment, and holds them to it."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from plugin.sandbox.conform.bench import Bench, Waiting
from plugin.sandbox.conform.comparison import Manner
from plugin.sandbox.conform.deliveries import Arrival, Receivers, compare_delivery
from plugin.sandbox.conform.deviations import BY_LUCK, Deviation
from plugin.sandbox.conform.race import text_of
from plugin.sandbox.conform.stories import Step
from plugin.sandbox.conform.telling import Telling
from plugin.sandbox.deliveries import Delivery, Reply

LATENESS = timedelta(seconds=4.5)
"""How long a due delivery may take: an idle worker sleeps 4 s, and other jobs go first."""

POLL = timedelta(seconds=4)
"""How long an idle worker sleeps."""

EARLINESS = timedelta(seconds=0.6)
"""How far a recorded moment may lie before the one computed from whole requests."""

MOST_JOBS = 1000
"""More jobs than any story leaves in the queue; a loop of retries ends here."""


class Receiving:
    """The recorder's receiver: takes deliveries out of the sandbox's queue as the recording asks for them."""

    def __init__(self, bench: Bench, *, receivers: Receivers) -> None:
        self._bench = bench
        self._receivers = receivers
        self._attempts: Counter[str] = Counter()
        self._followed: dict[str, Delivery] = {}
        self._free_at: datetime | None = None
        self._telling: Telling | None = None
        self._late = 0

    def begin_story(self, telling: Telling) -> None:
        """Listen to a story: deliveries about others' tickets go as they come, up to the number it left out."""
        self._telling = telling
        self._late = telling.late_deliveries

    def receive(self, telling: Telling, step: Step) -> None:
        """Take the delivery a recorded webhook stands for, and compare it."""
        arrival = next(arrival for arrival in telling.awaited if arrival.step is step)
        telling.awaited.remove(arrival)
        telling.report.webhooks += 1
        if arrival.method == "GET":
            self._compare_followed(telling, arrival)
            return
        delivered = self._take(telling, arrival)
        if delivered is not None:
            job, delivery = delivered
            self._compare(telling, arrival, delivery, raced=job.number in telling.raced)
        elif not _was_raced(telling, arrival):
            self._note_absent(telling, arrival)

    def _take(self, telling: Telling, arrival: Arrival) -> tuple[Waiting, Delivery] | None:
        """Run the job of a recorded delivery; jobs that end without sending anything make way for the next."""
        while (job := self._find(telling, arrival)) is not None:
            self._check_turn(telling, arrival, job)
            self._check_moment(telling, arrival, job)
            self._run_before(job)
            delivery = self._bench.run(job, receive=lambda sent: self._reply(arrival, sent))
            self._free_at = self._bench.now()
            if delivery is not None:
                return job, delivery
        return None

    def pass_time(self, moment: datetime) -> None:
        """Move the clock, running what no step shows (mails, counts, what nobody hears) when the worker would.

        While a delivery is due the worker has not polled yet: its recorded moment tells when it does.
        """
        for _ in range(MOST_JOBS):
            waiting = self._bench.waiting()
            job = next((job for job in waiting if not self._is_awaited(job)), None)
            if job is None or (polled := self._polled_at(job)) > moment:
                break
            if any(self._is_awaited(other) and other.run_at <= polled for other in waiting):
                break
            self._bench.set_clock(polled)
            self._run_unseen(job)
            self._free_at = self._bench.now()
        self._bench.set_clock(moment)

    def _polled_at(self, job: Waiting) -> datetime:
        """When the one worker takes a job: at once while it is busy, else at the next of its polls."""
        free = self._free_at
        if free is None:
            return job.run_at + POLL / 2
        if job.run_at <= free:
            return free
        return free + POLL * -(-(job.run_at - free) // POLL)

    def _is_awaited(self, job: Waiting) -> bool:
        return job.url is not None and not self._unheard(job) and not self._is_late(job)

    def _is_late(self, job: Waiting) -> bool:
        """Whether a delivery is about another story's ticket, of which the recorder left some out."""
        telling = self._telling
        return telling is not None and self._late > 0 and str(job.ticket_id) not in telling.touched

    def _run_unseen(self, job: Waiting) -> None:
        if job.url is None or self._unheard(job):
            self._bench.run(job, receive=_refuse)
        elif self._bench.run(job, receive=_accept) is not None and self._telling is not None:
            self._late -= 1
            self._telling.report.left_out += 1

    def _run_before(self, job: Waiting) -> None:
        """Jobs that stand before a delivery in the queue and that no step shows."""
        for earlier in self._bench.waiting():
            if earlier.number == job.number:
                return
            if not self._is_awaited(earlier) and earlier.run_at <= self._bench.now():
                self._run_unseen(earlier)

    def settle(self, telling: Telling) -> None:
        """After the last step: whatever still waits to be delivered was not recorded.

        Where the recorder left out deliveries about others' tickets, more of them can have come after it stopped.
        """
        last = telling.story.steps[-1]
        self._late = 0
        for number, delivery in self.work_off():
            if number in telling.raced:
                continue  # who wrote last when a guard was looked at is a matter of luck
            stranger = str(delivery.ticket_id) not in telling.touched
            if telling.script.unwatched or (stranger and telling.late_deliveries > 0):
                telling.report.left_out += 1
                continue
            told = f"trigger {delivery.trigger!r}, ticket {delivery.ticket_id}, attempt {delivery.attempt}"
            telling.note(last, Deviation("", "delivery not recorded", None, told))

    def work_off(self) -> Iterator[tuple[int, Delivery]]:
        """Run every waiting job, deliveries whenever they are due, and yield what a receiver got, with its number."""
        end = self._bench.now() + LATENESS
        for _ in range(MOST_JOBS):
            job = next((job for job in self._bench.waiting() if job.url is not None or job.run_at <= end), None)
            if job is None:
                return
            self._bench.set_clock(max(self._bench.now(), job.run_at))
            heard = not self._unheard(job)
            delivery = self._bench.run(job, receive=_accept if heard else _refuse)
            if delivery is not None and heard:
                yield job.number, delivery

    def _unheard(self, job: Waiting) -> bool:
        return job.url is not None and not self._receivers.hears(job.url)

    def _find(self, telling: Telling, arrival: Arrival) -> Waiting | None:
        """The waiting job of a recorded delivery: a retry by its delivery id, else by trigger, ticket, article."""
        known = telling.identities.own("delivery", arrival.delivery_id)
        deliveries = [job for job in self._bench.waiting() if job.url is not None]
        if known is not None:
            return next((job for job in deliveries if job.delivery_id == known), None)
        return next((job for job in deliveries if _can_be(telling, arrival, job)), None)

    def _check_turn(self, telling: Telling, arrival: Arrival, job: Waiting) -> None:
        """With one worker nothing that is due, and was received later, may stand before it in the queue."""
        if self._bench.workers > 1 or job.number in telling.loose:
            return
        for earlier in self._bench.waiting():
            if earlier.number == job.number:
                return
            if not self._is_awaited(earlier) or earlier.run_at > self._bench.now():
                continue
            awaited = (other for other in telling.awaited if other.in_full)
            later = next((other for other in awaited if _can_be(telling, other, earlier)), None)
            if later is not None:
                telling.note(arrival.step, Deviation("", "order", arrival.step.name, f"first {later.step.name}"))
                return

    def _check_moment(self, telling: Telling, arrival: Arrival, job: Waiting) -> None:
        now = self._bench.now()
        if job.run_at > now + EARLINESS:
            due = job.run_at.isoformat()
            telling.note(arrival.step, Deviation("", "too early", now.isoformat(), f"due {due}"))
            return
        free = self._free_at
        ready = max(job.run_at, free) if free is not None else job.run_at
        if now > ready + LATENESS + EARLINESS and job.number not in telling.loose:
            telling.note(arrival.step, Deviation("", "too late", now.isoformat(), f"due {ready.isoformat()}"))

    def _compare(self, telling: Telling, arrival: Arrival, delivery: Delivery, *, raced: bool) -> None:
        self._attempts[arrival.delivery_id] += 1
        expected = self._attempts[arrival.delivery_id]
        if delivery.attempt != expected:
            telling.note(arrival.step, Deviation("", "attempt", expected, delivery.attempt))
        comparison = telling.comparison(arrival.step, raced=raced)
        if telling.during_group(arrival.step):
            comparison.manner = Manner(projected=True, foreign=True)
            arrival = arrival.only_ids()
        deviations = compare_delivery(arrival, delivery, comparison=comparison, receivers=self._receivers)
        telling.note(arrival.step, *deviations)

    def _reply(self, arrival: Arrival, delivery: Delivery) -> Reply:
        """What the recorder answered, where it sent elsewhere, and how long it took."""
        if delivery.method == "GET":
            self._followed[delivery.delivery_id] = delivery
            return Reply(202)
        replied = arrival.step.record["replied"]
        reply = arrival.step.record.get("reply") or {}
        return Reply(
            None if replied == "drop" else int(replied),
            seconds=reply.get("delay_s", 0),
            location=reply.get("headers", {}).get("Location"),
        )

    def _compare_followed(self, telling: Telling, arrival: Arrival) -> None:
        """A GET by which Zammad 6.1 followed the redirect of a delivery."""
        own = self._followed.get(telling.identities.own("delivery", arrival.delivery_id) or "")
        if own is None:
            self._note_absent(telling, arrival)
            return
        comparison = telling.comparison(arrival.step)
        telling.note(arrival.step, *compare_delivery(arrival, own, comparison=comparison, receivers=self._receivers))

    def _note_absent(self, telling: Telling, arrival: Arrival) -> None:
        if _is_phantom(telling, arrival):
            telling.phantoms = True
            telling.note(arrival.step, Deviation("", "delivery", arrival.step.name, None, no_cause=BY_LUCK))
            return
        known = arrival.ticket_id is None or telling.identities.own("Ticket", arrival.ticket_id) is not None
        because = "" if known else "about a ticket that no recorded step made"
        telling.note(arrival.step, Deviation("", "delivery", arrival.step.name, None, no_cause=because))


def _can_be(telling: Telling, arrival: Arrival, job: Waiting) -> bool:
    """Whether a job that was not delivered yet can be that of a recorded delivery."""
    identities = telling.identities
    if job.trigger != arrival.trigger or identities.recorded("delivery", job.delivery_id) is not None:
        return False
    if arrival.ticket_id is None:
        return str(job.ticket_id) in telling.touched
    if identities.own("Ticket", arrival.ticket_id) != str(job.ticket_id):
        return False
    if not arrival.in_full:
        return True
    if arrival.article_id is None or job.article_id is None:
        return arrival.article_id is job.article_id
    known = identities.own("TicketArticle", arrival.article_id)
    taken = identities.recorded("TicketArticle", job.article_id)
    return known == str(job.article_id) or (known is None and taken is None)


def _is_phantom(telling: Telling, arrival: Arrival) -> bool:
    """Whether a delivery can be that of an earlier refused write, sent when its thread served the next request."""
    if not arrival.in_full or arrival.article_id is not None:
        return False
    earlier = (step for step in telling.story.steps[: arrival.step.index] if step.kind == "rest")
    return any(
        step.record["request"]["method"] == "PUT"
        and (step.record["response"]["status"] or 0) >= 400
        and step.record["request"]["path"].partition("?")[0].endswith(f"/tickets/{arrival.ticket_id}")
        for step in earlier
    )


def _was_raced(telling: Telling, arrival: Arrival) -> bool:
    """Whether a delivery came of requests sent together, of which luck decides what a trigger's guard saw."""
    article = arrival.body.get("article") if isinstance(arrival.body, dict) else None
    text = article.get("body") if isinstance(article, dict) else None
    steps = (telling.story.steps[index] for group in telling.script.parallel for index in group)
    return text is not None and any(text_of(step) == text for step in steps)


def _accept(_delivery: Delivery) -> Reply:
    return Reply(202)


def _refuse(_delivery: Delivery) -> Reply:
    return Reply(None)
