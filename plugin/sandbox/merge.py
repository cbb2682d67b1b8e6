"""Merging a ticket into another: articles, links and mentions move, the source stays behind as merged."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import articles, history, links, tickets
from plugin.sandbox.engine import Engine
from plugin.sandbox.events import Event
from plugin.sandbox.world import AGENT, NOBODY


def merge(engine: Engine, *, source_id: int, target_id: int) -> None:
    """Merges as the current actor; a pass of triggers for the source follows, then one for the target.

    The third pass of contract 3.1 is the service level's: leaving the open states saves the source once more.
    """
    world = engine.world
    actor = world.actor_id
    earlier = world.tickets[source_id].updated_at
    merged: dict[str, Any] = {"id_to": target_id, "id_from": source_id}
    stamp = world.stamp()
    history.write(world, kind="received_merge", ticket_id=target_id, at=stamp, **merged)
    history.write(world, kind="merged_into", ticket_id=source_id, at=earlier, **merged)
    for article in world.articles_of(source_id):
        world.articles.put(article.id, ticket_id=target_id, updated_at=stamp)
    _move_subscriptions(engine, source_id, target_id)
    before = engine.events.take()
    note = articles.add(
        engine,
        source_id,
        articles.Draft(columns={"body": "merged", "type_id": articles.NOTE, "sender_id": AGENT, "internal": False}),
    )
    _move_links(engine, source_id, target_id)
    links.add(world, kind="parent", source_id=target_id, target_id=source_id)
    state = next(row for row in world.states if world.state_type(row.id) == "merged")
    tickets.save(engine, source_id, {"state_id": state.id, "owner_id": NOBODY})
    tickets.touch(world, target_id)
    engine.events.take()  # what the merge changed is told by its own two events, not as updates
    for event in before:
        engine.events.add(event)
    engine.events.add(Event(source_id, "update.merged_into", actor, article_id=note.id))
    engine.events.add(Event(target_id, "update.received_merge", actor))
    engine.commit_events()


def _move_subscriptions(engine: Engine, source_id: int, target_id: int) -> None:
    world = engine.world
    for row in world.mentions.where(mentionable_id=source_id):
        if world.mentions.where(mentionable_id=target_id, user_id=row.user_id):
            world.mentions.delete(row.id)
        else:
            world.mentions.put(row.id, mentionable_id=target_id)


def _move_links(engine: Engine, source_id: int, target_id: int) -> None:
    world = engine.world
    for row in world.links_of(source_id):
        moved = {
            "source_id": target_id if row.source_id == source_id else row.source_id,
            "target_id": target_id if row.target_id == source_id else row.target_id,
        }
        doubled = moved["source_id"] == moved["target_id"] or world.links.where(kind=row.kind, **moved)
        if doubled:
            world.links.delete(row.id)
        else:
            world.links.put_all(row.id, moved)
