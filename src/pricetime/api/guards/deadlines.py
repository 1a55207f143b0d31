"""Deadlines of requests, watched once a second instead of with a timer for each.

A request has ``body_s`` to arrive and ``request_s`` in all. One that is late is cancelled, and the app
answers 408 or 504. A command that was submitted may still be done: a timeout means unknown.
"""

from __future__ import annotations

import asyncio
from typing import Final

_SWEEP_S: Final = 0.5


class Watch:
    """One request's deadline. ``late`` tells the app why it was cancelled."""

    __slots__ = ("deadline", "late", "reading")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.late = False
        self.reading = False


class Deadlines:
    """The requests in flight and when each is late, in the loop's time."""

    def __init__(self, request_s: float, body_s: float) -> None:
        self._request_s = request_s
        self._body_s = body_s
        self._watches: dict[asyncio.Task[object], Watch] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._watches)

    def enter(self, task: asyncio.Task[object], now: float) -> Watch:
        """Watch the task of a request that begins."""
        watch = self._watches[task] = Watch(now + self._request_s)
        if self._timer is None:
            self._timer = task.get_loop().call_later(_SWEEP_S, self._sweep)
        return watch

    def leave(self, task: asyncio.Task[object]) -> None:
        """Stop watching a task."""
        self._watches.pop(task, None)

    def read(self, watch: Watch, now: float) -> None:
        """Give a request's body its time to arrive; call ``handle`` when it has."""
        watch.reading = True
        watch.deadline = now + self._body_s

    def handle(self, watch: Watch, now: float) -> None:
        """Give a request that is whole its time to be answered."""
        watch.reading = False
        watch.deadline = now + self._request_s

    def _sweep(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        for task, watch in self._watches.items():
            if now > watch.deadline and not watch.late:
                watch.late = True
                task.cancel()
        if self._watches:
            self._timer = loop.call_later(_SWEEP_S, self._sweep)
