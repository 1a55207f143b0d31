"""What a feed has missed, read from the journal: after a lost connection, or where it fell behind.

Reading happens in a thread, a few batches at a time, so that what is in memory stays bounded however long
the way is.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from pricetime.errors import Conflict, NotFound
from pricetime.ports import Journal
from pricetime.records import EVENT_BYTES
from pricetime.runtime.sharing import share_of

_BATCHES_AT_ONCE = 4


class Missed(NamedTuple):
    """What an account may see of one batch."""

    batch: int
    position: int
    """The number of the batch's last event."""
    events: bytes


class History:
    """The way of one account through the journal. ``resume_limit`` bounds how far back it may begin."""

    def __init__(self, journal: Journal, account: int, resume_limit: int) -> None:
        self._journal = journal
        self._account = account
        self._resume_limit = resume_limit
        self._after = 0

    async def batch_of(self, after: int, published: int) -> int:
        """Return the batch after which to read for the events after ``after``.

        Conflict (``resume_too_far``): they are too many. NotFound (``unknown_position``): it is no event.
        """
        if after > published:
            raise NotFound(
                f"There is no event {after} here yet; the last one is {published}. Connect without `after`.",
                code="unknown_position",
            )
        if published - after > self._resume_limit:
            raise Conflict(
                f"{published - after:,} events have happened since; a feed resumes over at most "
                f"{self._resume_limit:,}. Read your orders by the API, then connect without `after`.",
                code="resume_too_far",
            )
        self._after = after
        return await asyncio.to_thread(self._journal.batches_up_to, after)

    async def after(self, batch: int) -> list[Missed]:
        """Return the next few batches after ``batch``; nothing where there are none."""
        return await asyncio.to_thread(self._read, batch)

    def _read(self, after: int) -> list[Missed]:
        return [
            Missed(
                batch.number,
                batch.last_event,
                share_of(self._unseen(batch.events, batch.last_event), self._account),
            )
            for batch in self._journal.read(after, _BATCHES_AT_ONCE)
        ]

    def _unseen(self, events: bytes, last: int) -> bytes:
        """Leave out what the client has seen of the batch with which it resumes."""
        first = last - len(events) // EVENT_BYTES + 1
        return events[max(0, self._after - first + 1) * EVENT_BYTES :]
