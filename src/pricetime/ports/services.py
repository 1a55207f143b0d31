"""What services tell each other beside commands: who lives, and what the views have taken in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from pricetime.ports.base import Row
from pricetime.records.routing import Address


class Notice(Row, frozen=True):
    """A journaled batch of a partition that the views hold: what happened, and how far the word has spread.

    ``heard`` has the last message of each source that the partition had applied with this batch, ``sent`` the
    number of the message to each ledger or book that the batch gave rise to. So whoever has heard a book's
    notice knows which messages its ledgers still have to hear.
    """

    partition: Address
    batch: int
    events: bytes
    heard: tuple[tuple[Address, int], ...]
    sent: tuple[tuple[Address, int], ...]


class NoticeSender(Protocol):
    """Where notices leave."""

    async def publish(self, notices: Sequence[Notice]) -> None:
        """Tell all who listen; BrokerFailed where the broker has not confirmed it."""
        ...


class Notices(NoticeSender, Protocol):
    """The way of notices to every service that listens. Who listens hears all, in order of a partition."""

    async def listen(
        self, hear: Callable[[Notice], Awaitable[None]], *, ready: Callable[[], None] = lambda: None
    ) -> None:
        """Call ``hear`` with each notice, one after the other, until cancelled; BrokerFailed.

        None is missed that is published after ``ready`` has been called.
        """
        ...


class Sign(Row, frozen=True):
    """A sign of life of one process. ``kind``: ledger, engine, views, auth, orders and so on."""

    kind: str
    name: str
    is_leaving: bool = False
    """It serves on, but is to be given nothing more."""
    partitions: tuple[str, ...] = ()
    """What it hosts now, by address."""
    batches: int = 0
    """Of all that it hosts, since it began."""
    records: int = 0
    """Commands and events in them."""
    cpu_s: float = 0.0
    """Processor time of the process since it began."""
    time_ns: int = 0
    lag_s: float = 0.0
    """How old the oldest command of its newest batch was when it was journaled."""
    waiting: int = 0
    """Messages that have left their queues for it, and are not journaled yet."""


class Presence(Protocol):
    """Who lives. What is kept there may be lost: the next sign of life brings it back."""

    async def give(self, sign: Sign) -> None:
        """Give a sign of life, good for ``heartbeat_lifetime_ms``; PresenceFailed."""
        ...

    async def leave(self, kind: str, name: str) -> None:
        """Say that one is gone; PresenceFailed."""
        ...

    async def living(self, kind: str) -> Sequence[Sign]:
        """Return the last sign of each that lives, by name; PresenceFailed."""
        ...

    async def drain(self, kind: str, name: str, *, is_drained: bool) -> None:
        """Ask that one to be given no partitions any more, or again; its next sign carries it."""
        ...

    async def is_drained(self, kind: str, name: str) -> bool:
        """Return whether that has been asked."""
        ...


class Numbers(Protocol):
    """Counters that all processes of a venue share. No number is given twice."""

    async def next(self, name: str) -> int:
        """Return the next number of a counter, from 1; durable before it is returned."""
        ...
