"""Reads of the views by users: each sees the effects of its own last command.

A read about an account waits until the views hold the account's last event. A read about the market waits
a little for what is durable when it is asked, whoever did it, and under load takes what is there. Short
reads then run on the event loop, which is faster than a hop to a thread and back; reads that may take
long (``heavy``) run in a few threads, and only so many may wait for one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from pricetime.errors import QueueFull, ViewsBehind
from pricetime.ports import Views
from pricetime.runtime.progress import Progress

T = TypeVar("T")

_MARKET_WAIT_S: Final = 0.5
"""What a read about the market waits at most: a book that is half a second old beats no book."""


class LastEvents(Protocol):
    """What the reader needs of the sequencer."""

    @property
    def published(self) -> int:
        """The number of the last durable event."""
        ...

    def last_event_of(self, account: int) -> int:
        """Return the number of the last durable event that touched the account."""
        ...


class Reader:
    """Runs queries on the views. ``wait_s`` bounds the wait for the views, ``queue_limit`` heavy reads.

    ``blocks``: reads wait for another machine, so all of them run in the threads.
    """

    def __init__(
        self,
        views: Views,
        sequencer: LastEvents,
        progress: Progress,
        *,
        wait_s: float,
        threads: int,
        queue_limit: int = 1_000,
        blocks: bool = False,
    ) -> None:
        self.views = views
        """For who reads them in a thread of its own."""
        self._sequencer = sequencer
        self._progress = progress
        self._wait_s = wait_s
        self._queue_limit = queue_limit
        self._heavy = 0
        self._blocks = blocks
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reader")

    async def read(
        self,
        query: Callable[[Views], T],
        *,
        account: int | None = None,
        market: bool = False,
        heavy: bool = False,
    ) -> T:
        """Return what ``query`` finds; ViewsBehind, or QueueFull where too many heavy reads wait."""
        if account is not None:
            await self._progress.wait_for(self._sequencer.last_event_of(account), self._wait_s)
        if market:
            with contextlib.suppress(ViewsBehind):
                await self._progress.wait_for(self._sequencer.published, min(self._wait_s, _MARKET_WAIT_S))
        return await self._in_thread(query) if heavy or self._blocks else query(self.views)

    async def _in_thread(self, query: Callable[[Views], T]) -> T:
        if self._heavy >= self._queue_limit:
            raise QueueFull("Too many long lists are being read. Try again in a moment.")
        self._heavy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, query, self.views)
        finally:
            self._heavy -= 1

    def close(self) -> None:
        """Let the reads under way end, drop those that wait, and end the threads."""
        self._pool.shutdown(cancel_futures=True)
