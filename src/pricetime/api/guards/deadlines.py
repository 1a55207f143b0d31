"""Deadlines of requests, watched twice a second instead of with a timer for each.

From its start a request has ``body_s`` to arrive and ``request_s`` in all. One that is late is cancelled,
and the app answers 408 or 504. A command that was submitted may still be done: a timeout means unknown.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Final, Protocol

_SWEEP_S: Final = 0.5


class Watched(Protocol):
    """A request: when it started, whether its body is still awaited, and why it was cancelled."""

    started: float
    reading: bool
    late: bool


class Deadlines:
    """The requests in flight. Times are ``perf_counter``'s."""

    def __init__(self, request_s: float, body_s: float) -> None:
        self._request_s = request_s
        self._body_s = body_s
        self._watched: dict[asyncio.Task[object], Watched] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._watched)

    def enter(self, task: asyncio.Task[object], request: Watched) -> None:
        """Watch the task of a request that begins. The task lives at least until it leaves."""
        self._watched[task] = request
        if self._timer is None:
            self._timer = task.get_loop().call_later(_SWEEP_S, self._sweep)

    def leave(self, task: asyncio.Task[object]) -> None:
        """Stop watching a task."""
        del self._watched[task]

    def _sweep(self) -> None:
        self._timer = None
        now = perf_counter()
        for task, request in self._watched.items():
            allowed = self._body_s if request.reading else self._request_s
            if now - request.started > allowed and not request.late:
                request.late = True
                task.cancel()
        if self._watched:
            self._timer = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep)
