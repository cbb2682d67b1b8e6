"""What the calls cost a real Zammad: the measured table, summed per sandbox."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

PASSWORD_MS = 150.0
"""Added to any call that logs in with a password instead of a token."""

Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class CostRow:
    """One row of the table: milliseconds by number of articles; `assumed` where nobody measured it."""

    name: str
    points: Points
    assumed: bool = False

    def milliseconds(self, articles: int) -> float:
        """Interpolated between the measured points, continued in a line beyond the last."""
        points = self.points
        if len(points) == 1 or articles <= points[0][0]:
            return points[0][1]
        for (left, low), (right, high) in itertools.pairwise(points):
            if articles <= right:
                return low + (high - low) * (articles - left) / (right - left)
        (left, low), (right, high) = points[-2:]
        return high + (high - low) / (right - left) * (articles - right)


def _flat(name: str, ms: float, *, assumed: bool = False) -> CostRow:
    return CostRow(name, ((0, ms),), assumed)


LOOK = _flat("GET /tickets/:id", 27)
LOOK_ALL = CostRow("GET /tickets/:id?all=true", ((2, 139), (10, 163), (40, 267), (150, 536)))
ARTICLES = CostRow("GET /ticket_articles/by_ticket/:id", ((2, 33), (10, 114), (40, 222), (150, 960)))
HISTORY = CostRow("GET /ticket_history/:id", ((2, 41), (10, 109), (40, 121), (150, 405)))
PUT_SAME = _flat("PUT /tickets/:id, nothing differs", 108)
PUT_FIELDS = _flat("PUT /tickets/:id, fields", 125)
PUT_NOTE = _flat("PUT /tickets/:id, fields and a note", 153)
SEARCH_EXPAND = CostRow("search, expand", ((0, 20), (38, 161), (200, 1550)))
SEARCH_FULL = CostRow("search, full", ((0, 20), (200, 200)))

_RULES: tuple[tuple[str, str, CostRow], ...] = (
    ("GET", r"/users/me", _flat("GET /users/me", 16)),
    ("GET", r"/tickets/\d+", LOOK),
    ("GET", r"/ticket_articles/\d+", _flat("GET /ticket_articles/:id", 24)),
    ("GET", r"/ticket_articles/by_ticket/\d+", ARTICLES),
    ("GET", r"/ticket_history/\d+", HISTORY),
    ("PUT", r"/tickets/\d+", PUT_FIELDS),
    ("POST", r"/tickets", _flat("POST /tickets", 160, assumed=True)),
    ("POST", r"/ticket_articles", _flat("POST /ticket_articles", 50)),
    ("POST", r"/tags/add", _flat("POST /tags/add", 23)),
    ("DELETE", r"/tags/remove", _flat("DELETE /tags/remove", 23, assumed=True)),
    ("GET", r"/tags", _flat("GET /tags", 15)),
    ("GET", r"/links", _flat("GET /links", 16)),
    ("POST", r"/links/add", _flat("POST /links/add", 40, assumed=True)),
    ("DELETE", r"/links/remove", _flat("DELETE /links/remove", 30, assumed=True)),
    ("GET", r"/tickets/search", SEARCH_FULL),
    ("POST", r"/tickets/search", SEARCH_FULL),
    ("POST", r"/core_workflows/perform", _flat("POST /core_workflows/perform", 60, assumed=True)),
    ("GET", r"/tickets", _flat("GET /tickets", 120, assumed=True)),
    ("POST", r"/checklists", _flat("POST /checklists", 90, assumed=True)),
    ("PUT", r"/checklists/\d+", _flat("PUT /checklists/:id", 40, assumed=True)),
    ("POST", r"/checklist_items", _flat("POST /checklist_items", 45, assumed=True)),
    ("PUT", r"/checklist_items/\d+", _flat("PUT /checklist_items/:id", 45, assumed=True)),
    ("GET", r"/checklists/\d+", _flat("GET /checklists/:id", 20, assumed=True)),
    ("GET", r"/checklist_items/\d+", _flat("GET /checklist_items/:id", 18, assumed=True)),
)
_REST_READ = _flat("other reads", 25, assumed=True)
_REST_WRITE = _flat("other writes", 60, assumed=True)


@dataclass(frozen=True, slots=True)
class Call:
    """What one call was, as far as its cost depends on it."""

    method: str
    path: str
    login: str = ""
    all_of_it: bool = False
    expand: bool = False
    articles: int = 0
    rows: int = 0
    with_note: bool = False
    changed: bool = True
    by_password: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """The calls of one row of the table."""

    name: str
    calls: int
    milliseconds: float
    assumed: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """The sum: Zammad's milliseconds, agents' notices, and the calls by row."""

    zammad_ms: float
    notices: int
    rows: tuple[Line, ...]


def price(call: Call) -> tuple[CostRow, float]:
    """The row a call falls under and its milliseconds."""
    row = _row(call)
    size = call.rows if row in (SEARCH_EXPAND, SEARCH_FULL) else call.articles
    extra = PASSWORD_MS if call.by_password else 0.0
    return row, row.milliseconds(size) + extra


def _row(call: Call) -> CostRow:
    path = call.path.removeprefix("/api/v1").removesuffix("/")
    for method, pattern, row in _RULES:
        if method == call.method and re.fullmatch(pattern, path):
            return _variant(row, call)
    return _REST_READ if call.method == "GET" else _REST_WRITE


def _variant(row: CostRow, call: Call) -> CostRow:
    if row is LOOK and call.all_of_it:
        return LOOK_ALL
    if row is SEARCH_FULL and call.expand:
        return SEARCH_EXPAND
    if row is PUT_FIELDS and call.with_note:
        return PUT_NOTE
    if row is PUT_FIELDS and not call.changed:
        return PUT_SAME
    return row


class Bill:
    """Sums what calls cost, for everybody and by login."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], tuple[int, float, bool]] = {}

    def add(self, call: Call) -> None:
        """Adds one call."""
        row, milliseconds = price(call)
        calls, total, _ = self._lines.get((call.login, row.name), (0, 0.0, False))
        self._lines[(call.login, row.name)] = (calls + 1, total + milliseconds, row.assumed)

    def lines(self, *, login: str | None = None) -> tuple[Line, ...]:
        """The sums by row, of one login or of everybody, dearest first."""
        sums: dict[str, tuple[int, float, bool]] = {}
        for (who, name), (calls, total, assumed) in self._lines.items():
            if login is None or who == login:
                before = sums.get(name, (0, 0.0, assumed))
                sums[name] = (before[0] + calls, before[1] + total, assumed)
        lines = [Line(name, calls, total, assumed) for name, (calls, total, assumed) in sums.items()]
        return tuple(sorted(lines, key=lambda line: (-line.milliseconds, line.name)))

    def reset(self) -> None:
        """Starts at nothing again."""
        self._lines.clear()
