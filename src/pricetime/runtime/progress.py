"""How far the views are, and waiting for them.

The views' thread calls ``advance`` after each transaction; coroutines wait for a number. A waiter costs
the views nothing but one wake-up of the loop per transaction.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable

from pricetime.errors import ViewsBehind


class Progress:
    """The number of the last event that the views hold. ``advance`` may be called from any thread."""

    def __init__(self, position: int = 0) -> None:
        self.position = position
        self.on_wait: Callable[[], None] | None = None
        """Called on the loop when somebody has begun to wait."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: list[tuple[int, int, asyncio.Future[None]]] = []
        self._tickets = itertools.count()
        self._wake_is_due = False

    @property
    def awaited(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiters)

    def advance(self, number: int) -> None:
        """Say that the views hold everything up to event ``number``."""
        self.position = number
        # A waiter that joins after this test has read the new position: it looks after joining.
        if self._waiters and self._loop is not None and not self._wake_is_due:
            self._wake_is_due = True
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the loop is closed: nobody waits any more
                self._waiters.clear()

    async def wait_for(self, number: int, timeout_s: float) -> None:
        """Return when the views hold event ``number``; ViewsBehind after ``timeout_s`` seconds."""
        if self.position >= number:
            return
        self._loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = self._loop.create_future()
        heapq.heappush(self._waiters, (number, next(self._tickets), waiter))
        if self.position >= number:
            self._wake()
        elif self.on_wait is not None:
            self.on_wait()
        try:
            async with asyncio.timeout(timeout_s):
                await waiter
        except TimeoutError:
            raise ViewsBehind from None

    def _wake(self) -> None:
        self._wake_is_due = False
        while self._waiters and (self._waiters[0][0] <= self.position or self._waiters[0][2].done()):
            waiter = heapq.heappop(self._waiters)[2]
            if not waiter.done():
                waiter.set_result(None)
