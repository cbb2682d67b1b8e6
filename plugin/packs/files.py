"""Where the text of a pack lies, and the text itself, before anything is made of it."""

from __future__ import annotations

from pathlib import Path

from plugin.model.errors import PackError

_SHIPPED = Path(__file__).parent


def shipped() -> tuple[str, ...]:
    """Names of the packs that come with Steward."""
    return tuple(sorted(file.stem for file in _SHIPPED.glob("*.yaml")))


def place_of(name_or_path: str | Path) -> tuple[Path, str]:
    """The file of a pack, and what messages call it; raises PackError for what is neither a name nor a path."""
    name = str(name_or_path)
    if name in shipped():
        return _SHIPPED / f"{name}.yaml", f"{name}.yaml"
    if not name.endswith((".yaml", ".yml")) and not Path(name).exists():
        raise PackError(f"pack {name}: found no such pack, allowed {', '.join(shipped())}, or the path of a .yaml file")
    return Path(name), name


def read(path: Path, *, name: str) -> str:
    """The text as it was written; raises PackError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "not UTF-8"
        raise PackError(f"{name}:1:1: pack: found no file to read ({reason}), allowed a text in UTF-8") from fault
