"""The desk: where commands are handed in, and what those who listen are told of.

Two stand behind it: the sequencer of a venue in one process, and the dispatcher of a service among many.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, Protocol

from pricetime.ports import Batch

State = Literal["running", "failed", "stopping"]


class Recipient(Protocol):
    """Whom the events of a submission are told, once: a future, or what behaves as one. It does not raise."""

    def done(self) -> bool:
        """Return whether nothing is awaited any more."""
        ...

    def set_result(self, events: bytes, /) -> None:
        """Take the events, which are durable."""
        ...

    def set_exception(self, error: Exception, /) -> None:
        """Take the error instead of events."""
        ...


class Lane(deque[Any]):
    """Submissions of one caller, whose events are told whole, and in the order of the submissions."""


class Desk(Protocol):
    """Takes commands from many callers on one event loop.

    Callables in ``on_batch`` are called on the loop with each durable batch, in order; the futures of its
    commands have their events before. ``request`` is the id of the request that commands came with, for the
    logs of all who have to do with them.
    """

    queued: int
    """Commands that wait for an answer."""
    tells_by_number: bool
    """Whether a position is the number of an event; else it counts the events that are known here."""
    on_batch: list[Callable[[Batch], None]]

    @property
    def state(self) -> State:
        """Whether commands are taken."""
        ...

    @property
    def published(self) -> int:
        """The position of the last durable event that is known here."""
        ...

    @property
    def sequence(self) -> int:
        """The sequence of the last durable command that is known here."""
        ...

    @property
    def batches(self) -> int:
        """The number of the last durable batch that is known here."""
        ...

    def last_event_of(self, account: int) -> int:
        """Return a position at or after the account's last durable event."""
        ...

    def validate(self, command: bytes) -> bytes | None:
        """Return the answer that one command would get now, and change nothing.

        None: nobody knows here; the command goes its way, with ``Flag.TRIAL``, and is answered so.
        """
        ...

    async def submit(self, commands: bytes, *, request: str = "") -> bytes:
        """Run commands side by side and return exactly their events, once they are durable."""
        ...

    def hand_in(
        self, commands: bytes, lane: Lane | None = None, *, request: str = ""
    ) -> asyncio.Future[bytes]:
        """Do what ``submit`` does without waiting, after all that was handed in with the same lane."""
        ...

    def hand_in_for(self, answer: Recipient, commands: bytes, *, request: str = "") -> None:
        """Do what ``hand_in`` does for somebody who is told as a future would be."""
        ...
