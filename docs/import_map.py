"""Which room of ``plugin/`` may import which, and which do: a test checks it, the picture shows it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PLUGIN = Path(__file__).resolve().parent.parent / "plugin"
FACTORY = "__init__"

_PURE = "model policies engine plan"
_TOOLS = "baton failpoints clock skew logs"
_DOORS_KNOW = (
    f"{_PURE} {_TOOLS} packs locales zammad store settle handlers visit worker timekeeper control settings rollout"
    " explaining observability"
)

# A room is a file or directory of plugin/. To its right: the rooms it may import. A new arrow is a decision.
_TABLE = {
    # pure: model ← policies ← engine, plan
    "model": "",
    "policies": "model",
    "engine": "model policies",
    "plan": "model policies",
    "packs": "model policies engine",
    "locales": "",
    # tools that know nothing of the work
    "baton": "",
    "failpoints": "",
    "clock": "model",
    "skew": "",
    "logs": "model settings",
    "observability": "model logs",
    "settings": "model settings_values",
    "settings_values": "model",
    # the two outer worlds
    "zammad": f"model {_TOOLS}",
    "store": f"model {_TOOLS}",
    # why a case stands as it does
    "explaining": "model plan",
    # which pack decides which case
    "rollout": f"model {_TOOLS} settings store packs",
    # one visit, and the loop around it: ← handlers ← worker
    "handlers": f"{_PURE} {_TOOLS} zammad store locales observability",
    "settle": f"{_PURE} {_TOOLS} zammad store locales observability",
    "visit": f"{_PURE} {_TOOLS} zammad store handlers settle packs rollout locales observability",
    "control": f"model {_TOOLS} store",
    "timekeeper": f"model {_TOOLS} observability",
    "worker": f"{_PURE} {_TOOLS} zammad store handlers settle visit packs control settings observability timekeeper",
    # histories in, a report out: it reads Zammad as a visit does, and writes to files only
    "simulate": f"{_PURE} {_TOOLS} packs zammad store handlers visit",
    # doors
    "web": _DOORS_KNOW,
    "commands": _DOORS_KNOW,
    "ground": f"model {_TOOLS} settings store observability zammad",
    "receiver": f"model {_TOOLS} settings store observability ground web",
    "service": f"{_DOORS_KNOW} web commands ground receiver",
    # a process; it reaches for the service only when the receiver answers
    "running": f"{_DOORS_KNOW} web commands ground receiver service",
    FACTORY: "service settings",
    "sandbox": "",
    "demo": f"{_DOORS_KNOW} web sandbox service",
    "cli": f"{_DOORS_KNOW} web sandbox demo service running commands simulate {FACTORY}",
}  # fmt: skip

ALLOWED = {room: frozenset(others.split()) for room, others in _TABLE.items()}

# Libraries that reach into the world and the rooms they belong to: one speaks SQL, one speaks to Zammad.
LIBRARIES = {
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "psycopg": {"store"},
    "sqlite3": {"store"},
    "zammad_py": {"zammad"},
    "marshmallow": {"zammad", "packs"},
    "requests": {"zammad", "sandbox", "demo", "cli", "service"},
    "flask": {"web", "sandbox", "service", "receiver", FACTORY},
    "granian": {"cli", "demo", "sandbox", "web"},
    "uvloop": {"web"},
}

# What no pure room may know: clock, network, database, chance, environment, logs.
PURE_ROOMS = frozenset(_PURE.split())
_WORLD = (
    "time os io sys socket subprocess threading asyncio random secrets uuid urllib http tempfile shutil"
    " logging structlog"
)
IMPURE = frozenset(_WORLD.split())


@dataclass(frozen=True, slots=True)
class Arrow:
    """One import: the room it stands in, what it names (a room, or a library's top name), and where."""

    room: str
    target: str
    inside: bool
    place: str


def arrows(plugin: Path = PLUGIN) -> tuple[Arrow, ...]:
    """Every import under ``plugin`` that leaves its room, those for type checking included."""
    files = sorted(plugin.rglob("*.py"))
    return tuple(arrow for file in files for arrow in _of_file(file, plugin) if arrow.room != arrow.target)


def rooms(plugin: Path = PLUGIN) -> tuple[str, ...]:
    """The rooms there are: files and directories that hold Python."""
    return tuple(sorted({_room(file, plugin) for file in plugin.rglob("*.py")}))


def purpose(room: str, plugin: Path = PLUGIN) -> str:
    """The first sentence of the room's own docstring, empty without one."""
    module = plugin / f"{room}.py"
    file = module if module.exists() else plugin / room / "__init__.py"
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) if file.exists() else None
    return (text or "").partition("\n")[0]


def _room(file: Path, plugin: Path) -> str:
    return file.relative_to(plugin).parts[0].removesuffix(".py")


def _of_file(file: Path, plugin: Path) -> Iterator[Arrow]:
    room = _room(file, plugin)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), filename=str(file))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            place = f"{file.relative_to(plugin.parent)}:{node.lineno}"
            for name in _names(node):
                top, _, rest = name.partition(".")
                inside = top == plugin.name
                target = _target(rest, plugin) if inside else top
                yield Arrow(room=room, target=target, inside=inside, place=place)


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    module = node.module or ""
    if "." in module:
        return [module]
    # `from plugin import x` names a room or something that lives in plugin/__init__.py
    return [f"{module}.{alias.name}" for alias in node.names]


def _target(rest: str, plugin: Path) -> str:
    room = rest.partition(".")[0]
    is_room = (plugin / f"{room}.py").exists() or any((plugin / room).glob("*.py"))
    return room if room and is_room else FACTORY
