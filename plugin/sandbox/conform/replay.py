"""Replays recorded stories in one sandbox and notes in what it does otherwise."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import takewhile
from typing import Any

from plugin.sandbox.answers import UNFORESEEN
from plugin.sandbox.conform.bench import Answer, Bench
from plugin.sandbox.conform.credentials import Credentials
from plugin.sandbox.conform.deliveries import Receivers
from plugin.sandbox.conform.deviations import Deviation, compare_error
from plugin.sandbox.conform.directions import Script
from plugin.sandbox.conform.identities import Identities, kind_of_path
from plugin.sandbox.conform.moments import Moments
from plugin.sandbox.conform.partial import CUT, beginning, is_cut
from plugin.sandbox.conform.race import text_of, unmistakable_text
from plugin.sandbox.conform.receiving import Receiving
from plugin.sandbox.conform.report import Report
from plugin.sandbox.conform.requests import own_request
from plugin.sandbox.conform.stage import Stage
from plugin.sandbox.conform.stories import SET_UP, Step, Story
from plugin.sandbox.conform.telling import Telling
from plugin.sandbox.conform.timeline import Event, events
from plugin.sandbox.conform.unrecorded import Unrecorded

NOT_MODELLED = 501
BY_TOKEN_OF_OAUTH = "request with a token of OAuth"
FLUSHING_READS = 3
"""The recorder flushed phantoms with 36 reads on many threads; the sandbox's one thread needs fewer."""

MAIL_RESULT: Mapping[str, str] = {
    "ticket_id": "Ticket",
    "number": "number",
    "article_id": "TicketArticle",
    "user_id": "User",
}
"""What comes of a mail, with the kind of each id."""


class Replay:
    """One sandbox through which the stories of one server go in the order of their recording."""

    def __init__(self, bench: Bench, *, stories: Sequence[Story], scripts: Mapping[str, Script]) -> None:
        self.identities = Identities()
        self._bench = bench
        self._receiving = Receiving(bench, receivers=Receivers.of(stories))
        self._moments = Moments(begins=min(story.starts_at for story in stories))
        self._credentials = Credentials(tokens=dict(bench.tokens))
        self._stage = Stage(bench, identities=self.identities, credentials=self._credentials)
        unwatched = {name for name, script in scripts.items() if script.unwatched}
        self._unrecorded = Unrecorded(bench, identities=self.identities, stories=stories, unwatched=unwatched)
        self._together: dict[frozenset[int], list[tuple[Step, Answer]]] = {}

    def play(self, story: Story, script: Script, *, report: Report) -> None:
        """Replay one story and add to the report what it shows."""
        telling = Telling(story, script, report, self.identities, self._moments, self._unrecorded)
        self._moments.windows.clear()
        self._together.clear()
        self.identities.made_now.clear()
        self._credentials.begin_story()
        self._unrecorded.begin_story(story)
        self._flush(telling)
        self._receiving.begin_story(telling)
        for event in events(story, script):
            self._play_on(telling, event)
        self._receiving.settle(telling)

    def _play_on(self, telling: Telling, event: Event) -> None:
        """One event; what breaks the sandbox, or the replay, is a difference and not the end of the run."""
        try:
            self._receiving.pass_time(telling.story.at(event.seconds))
            self._happen(telling, event)
        except UNFORESEEN as fault:
            telling.note(
                _step_of(telling.story, event), Deviation("", "broke", None, f"{type(fault).__name__}: {fault}")
            )

    def _happen(self, telling: Telling, event: Event) -> None:
        before = self._queued_since(set())
        if event.direction is not None:
            start, end = (telling.story.at(seconds) for seconds in event.between)
            self._moments.vague[self._bench.now()] = (start - self._moments.slack, end + self._moments.slack)
            if event.uncertain:
                moment = telling.story.at(event.seconds)
                spread = timedelta(seconds=event.uncertain / 2)
                self._moments.windows.append((moment - spread, moment + spread))
            if not self._stage.carry_out(event.direction, telling.story):
                detail = dict(event.direction.detail)
                telling.note(_step_of(telling.story, event), Deviation("", "direction", detail, "not understood"))
            telling.loose.update(self._queued_since(before))
        elif event.step is not None and event.step.kind == "rest":
            self._ask(telling, event.step)
            if telling.script.group_of(event.step.index):
                telling.raced.update(self._queued_since(before))
                telling.loose.update(telling.raced)
        elif event.step is not None and event.step.kind == "webhook":
            self._receiving.receive(telling, event.step)
        elif event.step is not None and event.step.kind == "mail_in":
            self._mail(telling, event.step)

    def _queued_since(self, before: set[int]) -> set[int]:
        return {job.number for job in self._bench.waiting()} - before

    def _flush(self, telling: Telling) -> None:
        """What the recorder did before every story but the set-up: unrelated reads, so that phantoms come out."""
        if telling.story.name in SET_UP:
            return
        self._receiving.pass_time(telling.story.at(-1.0))
        for _ in range(FLUSHING_READS):
            self._stage.read_as("agent", "/api/v1/tickets?per_page=20")
        telling.report.left_out += sum(1 for _ in self._receiving.work_off())

    def _ask(self, telling: Telling, step: Step) -> None:
        telling.report.calls += 1
        if step.record["response"]["status"] is None:
            if _shows_later(telling.story, step):
                self._send(step)
            return
        if self._credentials.are_missing(step):
            telling.report.not_modelled[BY_TOKEN_OF_OAUTH] += 1
            return
        answer = self._send(step)
        group = telling.script.group_of(step.index)
        if group:
            self._moments.windows.append((telling.story.at(step.seconds), telling.story.at(step.ends)))
        if answer.status == NOT_MODELLED:
            telling.report.not_modelled[route_of(step)] += 1
        elif group:
            self._gather(telling, group, step, answer)
        else:
            self._compare(telling, step, answer)

    def _send(self, step: Step) -> Answer:
        self._leave_numbers(_number_in(step))
        authorization = self._credentials.header(step)
        answer = self._bench.call(own_request(step, identities=self.identities, authorization=authorization))
        etag = (step.record["response"]["headers"] or {}).get("ETag")
        if etag and answer.etag:
            self.identities.forget("etag", etag)
            self.identities.match("etag", recorded=etag, own=answer.etag)
        if answer.status < 300:
            self._credentials.learn(step, answer=answer.body)
        return answer

    def _leave_numbers(self, recorded: object) -> None:
        """Give a new ticket its recorded number, as far as tickets nobody recorded took those before."""
        if isinstance(recorded, str) and self.identities.own("number", recorded) is None:
            self._bench.leave_numbers(recorded)

    def _compare(self, telling: Telling, step: Step, answer: Answer) -> None:
        recorded = step.record["response"]
        if recorded["status"] != answer.status:
            own = f"{answer.status} {json.dumps(answer.body, ensure_ascii=False, default=str)[:120]}"
            telling.note(step, Deviation("", "status", recorded["status"], own))
        elif answer.status >= 400:
            telling.note(step, *compare_error(recorded["body"], answer.body))
        else:
            _pair_made(telling, step, answer.body)
            comparison = telling.comparison(step)
            kind = kind_of_path(step.record["request"]["path"])
            telling.note(step, *comparison.bodies(recorded["body"], answer.body, kind=kind))
            telling.report.ignored_rows += comparison.ignored

    def _gather(self, telling: Telling, group: frozenset[int], step: Step, answer: Answer) -> None:
        """Requests that were sent together: only what must hold whoever came first."""
        answers = self._together.setdefault(group, [])
        answers.append((step, answer))
        if step.record["response"]["status"] == answer.status < 300:
            _pair_made(telling, step, answer.body)
            _pair_article(telling, step, answer.body)
        if len(answers) < len(group):
            return
        recorded = Counter(one.record["response"]["status"] for one, _ in answers)
        own = Counter(other.status for _, other in answers)
        if recorded != own:
            telling.note(step, Deviation("", "statuses of the group", dict(recorded), dict(own)))
        elsewhere = [(one, other) for one, other in answers if one.record["response"]["status"] != other.status]
        won = [one for one, _ in elsewhere if one.record["response"]["status"] < 300]
        ours = [other for _, other in elsewhere if other.status < 300]
        for one, other in zip(won, ours, strict=False):
            _pair_made(telling, one, other.body)

    def _mail(self, telling: Telling, step: Step) -> None:
        telling.report.calls += 1
        self._leave_numbers((step.record["result"] or {}).get("number"))
        result = self._bench.mail(self.identities.own_text(step.record["raw"]))
        for key, recorded in (step.record["result"] or {}).items():
            if key in MAIL_RESULT and not telling.pair(MAIL_RESULT[key], recorded=recorded, own=result.get(key)):
                telling.note(step, Deviation(key, "value", recorded, result.get(key)))


def _step_of(story: Story, event: Event) -> Step:
    """The step of an event; of a direction the one after it, as far as there is one."""
    if event.step is not None:
        return event.step
    before = len(story.steps) if event.direction is None else event.direction.before_step
    return story.steps[min(before, len(story.steps) - 1)]


def route_of(step: Step) -> str:
    """Method and path of a step without ids and query.

    >>> route_of(Step(0, "rest", 0, 0, {"request": {"method": "GET", "path": "/api/v1/tickets/7?all=true"}}))
    'GET /api/v1/tickets/:id'
    """
    path = step.record["request"]["path"].partition("?")[0]
    return f"{step.record['request']['method']} " + re.sub(r"/-?\d+(?=/|$)", "/:id", path)


def _number_in(step: Step) -> Any:
    """The number of the ticket a recorded request made."""
    request, body = step.record["request"], step.record["response"]["body"]
    if (
        request["method"] != "POST"
        or kind_of_path(request["path"]) != "Ticket"
        or step.record["response"]["status"] != 201
    ):
        return None
    made = beginning(body[CUT]) if is_cut(body) else body
    return made.get("number") if isinstance(made, dict) else None


def _pair_made(telling: Telling, step: Step, own: Any) -> None:
    """Pair what a request made, so that later steps can name it."""
    recorded = step.record["response"]["body"]
    if is_cut(recorded):
        recorded = beginning(recorded[CUT])
    kind = kind_of_path(step.record["request"]["path"])
    if step.record["request"]["method"] != "POST" or kind is None:
        return
    if isinstance(recorded, dict) and isinstance(own, dict) and recorded.get("id") and own.get("id"):
        telling.pair(kind, recorded=recorded["id"], own=own["id"])
        if kind == "Ticket" and "number" in recorded and "number" in own:
            telling.identities.match("number", recorded=recorded["number"], own=own["number"])


def _pair_article(telling: Telling, step: Step, own: Any) -> None:
    """Pair the article a request stored beside others: the recorded one is that with the same text."""
    text = unmistakable_text(telling.story, telling.script, step)
    article_ids = own.get("article_ids") if isinstance(own, dict) else None
    if text is None or not article_ids:
        return
    for arrival in telling.awaited:
        if arrival.in_full and arrival.body["article"].get("body") == text:
            telling.pair("TicketArticle", recorded=arrival.article_id, own=max(article_ids))
            return


def _shows_later(story: Story, step: Step) -> bool:
    """Whether a request whose client did not wait was carried out: something after it holds what it sent."""
    sent = step.record["request"]["body"]
    said = (sent.get("title") or text_of(step)) if isinstance(sent, dict) else None
    if not said:
        return False
    text = f'"{said}"'
    later = takewhile(lambda other: not _went_unanswered(other), story.steps[step.index + 1 :])
    return any(text in json.dumps(_shown(other), ensure_ascii=False).replace("\\", "") for other in later)


def _went_unanswered(step: Step) -> bool:
    return step.kind == "rest" and step.record["response"]["status"] is None


def _shown(step: Step) -> Any:
    """What a step shows of the server: an answer, a delivery or a fact."""
    return step.record["response"]["body"] if step.kind == "rest" else step.record
