"""A pack together with its examples, each with the place it stands at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from plugin.model.pack import Pack
from plugin.packs import files, loading, source
from plugin.packs.examples.example import Example
from plugin.packs.examples.proving import Proof, prove
from plugin.packs.examples.schema import examples_field
from plugin.packs.source import Source


@dataclass(frozen=True, slots=True)
class Exampled:
    """A pack with its examples by name; ``origins`` says of each the file and line it stands in.

    ``file`` is what messages call the pack's own file, ``standard`` the one its clauses are of.
    """

    file: str
    pack: Pack
    standard: str
    examples: Mapping[str, Example]
    origins: Mapping[str, str]

    def proof(self, name: str) -> Proof:
        """What becomes of one example."""
        return prove(name, self.examples[name], pack=self.pack)

    def proofs(self) -> Iterator[Proof]:
        """What becomes of each, one after the other."""
        return map(self.proof, self.examples)

    def is_own(self, name: str) -> bool:
        """Written in the pack itself, rather than taken over from one it extends."""
        return self.origins[name].rpartition(":")[0] == self.file


def load(name_or_path: str | Path) -> Exampled:
    """The pack of that name or path with its examples; raises PackError as ``plugin.packs.load`` does."""
    return of(source.read(files.chain(name_or_path)))


def of(found: Source) -> Exampled:
    """The pack of a text that was read, with its examples."""
    pack = loading.loads(found)
    return Exampled(
        file=found.name,
        pack=pack,
        standard=str(found.values.get("standard", pack.name)),
        examples=examples_field().deserialize(found.values.get("examples", {})),
        origins=_origins(found),
    )


def _origins(found: Source) -> Mapping[str, str]:
    written = found.root.at("examples")
    nodes = written.value if written is not None and isinstance(written.value, Mapping) else {}
    places = {name: node.key or node.place for name, node in nodes.items()}
    return {str(name).strip(): f"{place.file}:{place.line}" for name, place in places.items()}
