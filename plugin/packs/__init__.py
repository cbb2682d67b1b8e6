"""Policy packs: one YAML file an administrator can read aloud, read with positions and checked to the last key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from marshmallow import ValidationError

from plugin.model.errors import PackError
from plugin.model.pack import Pack
from plugin.packs import crosschecks, source
from plugin.packs.options import HasOptions
from plugin.packs.schema import build, pack_schema
from plugin.policies import discover

_SHIPPED = Path(__file__).parent


def shipped() -> tuple[str, ...]:
    """Names of the packs that come with Steward."""
    return tuple(sorted(file.stem for file in _SHIPPED.glob("*.yaml")))


def load(name_or_path: str | Path, *, policies: Mapping[str, HasOptions] | None = None) -> Pack:
    """The pack of that name, or of the file at that path.

    Raises PackError with all mistakes of the file, a line each: ``file:line:column: key: found …, allowed …``.
    ``policies`` are those rules may name; left out, every module of ``plugin.policies``.
    """
    return loads(_read(name_or_path), policies=policies)


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


def text_of(name_or_path: str | Path) -> str:
    """The text of a pack as it was written; raises PackError where there is none."""
    return _read(name_or_path).text


def _read(name_or_path: str | Path) -> source.Source:
    name = str(name_or_path)
    if name in shipped():
        return source.read(_SHIPPED / f"{name}.yaml", name=f"{name}.yaml")
    if not name.endswith((".yaml", ".yml")) and not Path(name).exists():
        raise PackError(f"pack {name}: found no such pack, allowed {', '.join(shipped())}, or the path of a .yaml file")
    return source.read(Path(name), name=name)
