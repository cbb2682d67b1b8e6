"""Requests that were sent together: which article came of which, told by the text only one of them sent."""

from plugin.sandbox.conform.directions import Script
from plugin.sandbox.conform.stories import Step, Story


def text_of(step: Step) -> str | None:
    """The text of the article a request sends, alone or with a ticket."""
    body = step.record["request"]["body"]
    if not isinstance(body, dict):
        return None
    article = body.get("article", body)
    return article.get("body") if isinstance(article, dict) else None


def unmistakable_text(story: Story, script: Script, step: Step) -> str | None:
    """The text of a request's article, if no other request of its group sent the same."""
    text = text_of(step)
    same = [other for index in script.group_of(step.index) if text_of(other := story.steps[index]) == text]
    return text if len(same) == 1 else None
