"""A bench that answers exactly what was recorded: whatever a replay reports of it is the replay's own mistake."""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from plugin.sandbox.conform.bench import Answer, Receive, Waiting
from plugin.sandbox.conform.credentials import Credentials
from plugin.sandbox.conform.deliveries import arrival_of, sign
from plugin.sandbox.conform.directions import Script
from plugin.sandbox.conform.partial import CUT, beginning, is_cut
from plugin.sandbox.conform.requests import Request
from plugin.sandbox.conform.stories import Step, Story
from plugin.sandbox.conform.timeline import events
from plugin.sandbox.deliveries import Delivery, Reply

SECRET = "steward-webhook-secret-42"
Plant = Callable[[Step, Any], Any]


def _is_mistyped(request: Request) -> bool:
    """Whether a request is one of the wrong passwords nobody recorded."""
    authorization = request.headers.get("Authorization", "")
    if request.path != "/api/v1/users/me" or not authorization.startswith("Basic "):
        return False
    return b"another wrong" in b64decode(authorization.removeprefix("Basic "))


def _signed_again(headers: Sequence[tuple[str, str]], body: bytes) -> tuple[tuple[str, str], ...]:
    anew = {"X-Hub-Signature": sign(SECRET, body), "Content-Length": str(len(body))}
    return tuple((name, anew.get(name, value)) for name, value in headers)


def _was_not_sent(step: Step, request: Request) -> bool:
    """Whether the replay leaves a request out: one without an answer, or with a token of a sign-in page."""
    if Credentials.are_missing(step):
        return True
    if step.record["response"]["status"] is not None:
        return False
    return str(step.record["request"]["body"]["title"]).encode() not in (request.body or b"")


def whole(body: Any) -> Any:
    """A recorded body, or as much of it as the recorder kept."""
    if is_cut(body):
        return beginning(body[CUT]) if body[CUT].startswith(("{", "[")) else body[CUT]
    if isinstance(body, dict):
        return {key: whole(value) for key, value in body.items()}
    return [whole(value) for value in body] if isinstance(body, list) else body


@dataclass
class EchoBench:
    """Answers and delivers what the story says; ``plant`` may change an answer on its way."""

    story: Story
    script: Script
    plant: Plant = lambda _step, body: body
    tokens: Mapping[str, str] = field(default_factory=lambda: {"admin": "t"})
    workers: int = 1
    clock: datetime | None = None
    done: list[str] = field(default_factory=list)
    attempts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.turn_to(self.story, self.script)

    def turn_to(self, story: Story, script: Script) -> None:
        """Go on with another story."""
        self.story, self.script, self.clock = story, script, None
        told = [(event.step, event.seconds) for event in events(self.story, self.script) if event.step]
        timeline = [step for step, _ in told]
        self.built = {step.index: self.story.at(seconds) for step, seconds in told}
        self.rest = [step for step in timeline if step.kind == "rest"]
        hooks = [step for step in timeline if step.kind == "webhook"]
        self.hooks = [step for step in hooks if step.record["request"]["method"] == "POST"]

    def now(self) -> datetime:
        return self.clock or self.story.starts_at

    def set_clock(self, moment: datetime) -> None:
        self.clock = moment

    def call(self, request: Request) -> Answer:
        if _is_mistyped(request):
            return Answer(401, {})
        while _was_not_sent(self.rest[0], request):
            del self.rest[0]
        step = self.rest[0]
        if (request.method, request.path) != (step.record["request"]["method"], step.record["request"]["path"]):
            return Answer(200, {})
        del self.rest[0]
        response = step.record["response"]
        return Answer(response["status"] or 200, self.plant(step, whole(response["body"])))

    def mail(self, raw: str) -> Mapping[str, Any]:
        step = next(step for step in self.story.steps if step.record.get("raw") == raw)
        result: Mapping[str, Any] = step.record["result"]
        return result

    def waiting(self) -> Sequence[Waiting]:
        now = self.now()
        return [self._waiting(step) for step in self.hooks if self.built[step.index] <= now]

    def _waiting(self, step: Step) -> Waiting:
        arrival = arrival_of(step)
        return Waiting(
            number=step.index,
            run_at=self.built[step.index],
            url=f"http://{arrival.host}{arrival.path}",
            trigger=arrival.trigger,
            ticket_id=arrival.ticket_id or self.ticket_before(step, arrival.body),
            article_id=arrival.article_id,
            delivery_id=arrival.delivery_id,
        )

    def ticket_before(self, step: Step, body: Any) -> int:
        """The ticket a payload is about that does not say: the last one that was made."""
        if isinstance(body, dict) and str(body.get("id")).isdigit():
            return int(body["id"])
        made = [one for one in self.story.steps[: step.index] if one.record.get("name") == "create ticket"]
        return int(made[-1].record["response"]["body"]["id"])

    def run(self, job: Waiting, *, receive: Receive) -> Delivery | None:
        step = next(step for step in self.hooks if step.index == job.number)
        self.hooks.remove(step)
        self.attempts[job.delivery_id] = self.attempts.get(job.delivery_id, 0) + 1
        body = self.plant(step, whole(arrival_of(step).body))
        content = json.dumps(body).encode()
        delivery = Delivery(
            url=job.url or "",
            headers=_signed_again(step.record["request"]["headers"], content),
            body=content,
            ticket_id=job.ticket_id,
            trigger=job.trigger,
            delivery_id=job.delivery_id,
            attempt=self.attempts[job.delivery_id],
        )
        reply = receive(delivery)
        if reply.location and self.story.like == "6.1":
            self._follow(delivery, reply, receive)
        return delivery

    def _follow(self, delivery: Delivery, reply: Reply, receive: Receive) -> None:
        hooks = [arrival_of(step) for step in self.story.steps if step.kind == "webhook"]
        same = (hook for hook in hooks if hook.delivery_id == delivery.delivery_id and hook.method == "GET")
        arrival = next(same)
        headers = tuple((name, value) for name, value in arrival.step.record["request"]["headers"])
        url = str(reply.location).partition("/redirected")[0] + arrival.path
        receive(replace(delivery, url=url, headers=headers, body=b"", method="GET"))

    def work_on_states(self) -> list[str]:
        return ["1", "2"]

    def record(self, kind: str, record_id: int) -> Mapping[str, Any]:
        return {"kind": kind, "id": record_id}

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments, **named: self.done.append(f"{name} {arguments} {sorted(named)}")
