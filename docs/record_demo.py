"""Plays the demo's story and keeps its histories for simulations: plugin/simulate/demo.jsonl.gz."""

from __future__ import annotations

import gzip
from pathlib import Path

from plugin import logs
from plugin.demo import story
from plugin.demo.playing import play
from plugin.demo.stage import set_up
from plugin.simulate.sources import DEMO, of_store

FILE = Path(__file__).resolve().parent.parent / "plugin" / "simulate" / DEMO


def main() -> None:
    """Write the file; everybody in the story is made up, so that their words may stay."""
    logs.configure(level="error")
    with set_up(like="6.5", zammad_port=0, steward_port=0) as stage:
        play(stage, story.read(), ends_at=story.ENDS_AT, before=lambda _step: None, after=lambda _now: None)
        lines = [one.content for one in of_store(stage.service.store, now=stage.service.clock()).kept()]
    # no moment of packing: the same story is the same file
    FILE.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
    print(f"{FILE.name}: {len(lines)} histories, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
