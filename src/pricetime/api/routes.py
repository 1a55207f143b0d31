"""Finding the endpoint of a request: one dictionary look-up, or a walk over a path's segments.

A path without parameters is found by (method, path). Any other is walked segment by segment, a fixed
name before a parameter, without going back: the table has no two paths that would need it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Generic, NoReturn, Protocol, TypeVar

from pricetime.api.problems import Refused


class Routed(Protocol):
    """What can be found: it has a method and a path template."""

    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def path(self) -> str: ...  # noqa: D102


R = TypeVar("R", bound=Routed)

_NONE: Final[dict[str, str]] = {}


class _Node(Generic[R]):
    __slots__ = ("any", "methods", "names")

    def __init__(self) -> None:
        self.names: dict[str, _Node[R]] = {}
        self.any: tuple[str, _Node[R]] | None = None
        self.methods: dict[str, R] = {}


class Routes(Generic[R]):
    """A table of routes. HEAD is answered by GET."""

    def __init__(self, routes: Iterable[R]) -> None:
        self._root: _Node[R] = _Node()
        self._fixed: dict[tuple[str, str], tuple[R, dict[str, str]]] = {}
        for route in routes:
            self._add(route)

    def all(self) -> Iterable[R]:
        """Return every route, in no order."""
        nodes = [self._root]
        while nodes:
            node = nodes.pop()
            yield from node.methods.values()
            nodes += [*node.names.values(), *([node.any[1]] if node.any else [])]

    def find(self, method: str, path: str) -> tuple[R, dict[str, str]]:
        """Return the route and its path parameters; Refused with ``Allow`` where only the method is wrong."""
        return self._fixed.get((method, path)) or self._walk(method, path)

    def methods(self, path: str) -> list[str]:
        """Return the methods that work at a path; empty: it is unknown."""
        node, _ = self._node(path)
        if node is None:
            return []
        return sorted(node.methods.keys() | ({"HEAD"} if "GET" in node.methods else set()))

    def _add(self, route: R) -> None:
        node = self._root
        for segment in route.path.split("/")[1:]:
            if segment.startswith("{"):
                name = segment.strip("{}")
                if node.any is None:
                    node.any = (name, _Node())
                assert node.any[0] == name, f"two names for one parameter: {route.path}"
                node = node.any[1]
            else:
                node = node.names.setdefault(segment, _Node())
        assert route.method not in node.methods, f"listed twice: {route.method} {route.path}"
        node.methods[route.method] = route
        if "{" not in route.path:
            self._fixed[route.method, route.path] = (route, _NONE)

    def _node(self, path: str) -> tuple[_Node[R] | None, dict[str, str]]:
        node, parameters = self._root, {}
        for segment in path.split("/")[1:]:
            if (named := node.names.get(segment)) is not None:
                node = named
            elif node.any is not None and segment:
                parameters[node.any[0]] = segment
                node = node.any[1]
            else:
                return None, parameters
        return (node if node.methods else None), parameters

    def _walk(self, method: str, path: str) -> tuple[R, dict[str, str]]:
        node, parameters = self._node(path)
        if node is None:
            raise Refused("unknown_path", "There is nothing at this path. See /docs for all that there is.")
        route = node.methods.get("GET" if method == "HEAD" else method)
        return (route, parameters) if route is not None else self._not_allowed(method, path)

    def _not_allowed(self, method: str, path: str) -> NoReturn:
        allowed = ", ".join(self.methods(path))
        detail = f"{method[:20]} does not work here; {allowed} would. See /docs."
        raise Refused("method_not_allowed", detail, ((b"allow", allowed.encode()),))
