"""Deadlines of requests, watched twice a second instead of with a timer for each.

From its start a request has ``body_s`` to arrive and ``request_s`` in all. One that is late is told so, and
is answered with 408 or 504. A command that was submitted may still be done: a timeout means unknown.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Final, Protocol

_SWEEP_S: Final = 0.5


class Watched(Protocol):
    """A request: when it started, whether its body is still awaited, and whether it was told to be late."""

    started: float
    reading: bool
    late: bool

    def expire(self) -> None:
        """Stop waiting, and answer."""
        ...


class Deadlines:
    """The requests in flight. Times are ``perf_counter``'s."""

    def __init__(self, request_s: float, body_s: float) -> None:
        self._request_s = request_s
        self._body_s = body_s
        self._watched: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._watched)

    def enter(self, request: Watched) -> None:
        """Watch a request that begins."""
        self._watched.add(request)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep)

    def leave(self, request: Watched) -> None:
        """Stop watching a request."""
        self._watched.discard(request)

    def _sweep(self) -> None:
        self._timer = None
        now = perf_counter()
        for request in tuple(self._watched):  # who expires may leave at once
            allowed = self._body_s if request.reading else self._request_s
            if now - request.started > allowed and not request.late:
                request.late = True
                request.expire()
        if self._watched:
            self._timer = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep)
