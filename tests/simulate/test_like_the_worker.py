"""A simulated pack does what the worker did: the same story, once lived in Zammad and once played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.simulate.histories import History
from plugin.simulate.outcome import Doing
from plugin.simulate.playing import play
from tests.scenarios.helpdesk import Helpdesk, Ticket, open_helpdesk, write_pack
from tests.scenarios.test_any_story import plays

KINDS = {EffectKind.NOTE: Doing.NOTE, EffectKind.ITEM: Doing.TASK, EffectKind.TASK: Doing.TASK}


@pytest.fixture
def helpdesk(tmp_path: Path) -> Iterator[Helpdesk]:
    pack = write_pack(tmp_path)
    opened = open_helpdesk(like="6.5", store_url=f"sqlite:///{tmp_path / 'steward.db'}", pack=pack)
    yield opened
    opened.service.close()


def really_done(ticket: Ticket) -> Counter[tuple[Doing, str]]:
    # a task that was withdrawn is void now, and was made all the same
    done = [effect for effect in ticket.helpdesk.effects_of(ticket) if effect.kind in KINDS and _was_made(effect)]
    return Counter((KINDS[effect.kind], effect.rule) for effect in done)


def simulated(helpdesk: Helpdesk, ticket: Ticket) -> Counter[tuple[Doing, str]]:
    facts = tuple(helpdesk.timeline_of(ticket))
    outcome = play(History(ticket.id, "", "", helpdesk.now, facts), helpdesk.service.pack)
    assert outcome is not None
    return Counter((one.doing, one.rule) for one in outcome.done if one.doing in KINDS.values())


@pytest.mark.parametrize("seed", [1, 3, 5, 6])
def test_notes_and_tasks_of_any_story_are_those_the_worker_wrote(
    helpdesk: Helpdesk, seed: int, tell: Callable[[str], None]
) -> None:
    ticket = plays(helpdesk, seed)
    really = really_done(ticket)
    assert simulated(helpdesk, ticket) == really
    tell(f"simulation beside the worker, seed {seed}: {really.total()} notes and tasks, the same in both")


def _was_made(effect: Effect) -> bool:
    made = any(effect.outcome.get(name) for name in ("ticket_id", "item_id"))
    return effect.state is EffectState.APPLIED or (effect.state is EffectState.VOID and made)
