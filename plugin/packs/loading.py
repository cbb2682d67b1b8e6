"""From the text of a pack to the pack: parsed, checked to the last key, built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from marshmallow import ValidationError

from plugin.model.errors import PackError
from plugin.model.pack import Pack
from plugin.packs import crosschecks, files, source
from plugin.packs.options import HasOptions
from plugin.packs.schema import build, pack_schema
from plugin.policies import discover


def load(name_or_path: str | Path, *, policies: Mapping[str, HasOptions] | None = None) -> Pack:
    """See ``plugin.packs.load``."""
    return loads(source.read(files.chain(name_or_path)), policies=policies)


def loads(found: source.Source, *, policies: Mapping[str, HasOptions] | None = None) -> Pack:
    """The pack of a text that was read; raises PackError as ``load`` does."""
    values = found.values
    faults = list(crosschecks.of_text(values))
    try:
        parts = pack_schema(discover() if policies is None else policies).load(values)
    except ValidationError as fault:
        found.refuse([*faults, *source.flatten(fault.messages)])
        raise PackError(f"{found.name}:1:1: pack: {fault}") from fault
    found.refuse(faults)
    pack = build(parts, version=found.version)
    found.refuse(crosschecks.of_numbers(pack))
    return pack
