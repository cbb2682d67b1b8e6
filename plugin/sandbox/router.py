"""Finds the route of a call: literal parts before placeholders, as Rails would."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from plugin.sandbox.door import Route

_PLACE = re.compile(r"<([a-z_]+)>")


class Router:
    """The routes by method and number of path parts."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[tuple[str, int], list[tuple[re.Pattern[str], Route]]] = {}
        for route in sorted(routes, key=lambda route: route.rule.count("<")):
            key = (route.method, route.rule.count("/"))
            self._routes.setdefault(key, []).append((_pattern(route.rule), route))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a path below /api/v1, with the parts its placeholders stand for."""
        plain = "/" + path.strip("/").removesuffix(".json")
        wanted = "GET" if method == "HEAD" else method
        for pattern, route in self._routes.get((wanted, plain.count("/")), ()):
            found = pattern.fullmatch(plain)
            if found is not None:
                return route, found.groupdict()
        return None


@cache
def _pattern(rule: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>[^/]+)", rule))
