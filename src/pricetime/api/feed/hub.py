"""Who listens: all feeds of a venue, and what each of them gets of a durable batch.

Invariant: of one account and stream there is at most one connection, and a new one begins only after the
venue has carried out everything that the one before it had handed in. So whoever resumes is told of all
that was done before, and can send again exactly what was not.
"""

from __future__ import annotations

import asyncio

import numpy as np

from pricetime.api.feed.connection import Connection
from pricetime.api.problems import Refused
from pricetime.ports import Batch
from pricetime.runtime.sharing import shares_of
from pricetime.settings import Settings


class Place:
    """The right of one connection to be the one of its account and stream."""

    def __init__(self, account: int, stream: str) -> None:
        self.account = account
        self.stream = stream
        self.claimed = asyncio.Event()
        """Set when another connection wants the place."""
        self.left = asyncio.Event()


class Hub:
    """All feeds of one venue. ``on_batch`` goes into ``Sequencer.on_batch``."""

    def __init__(self, settings: Settings) -> None:
        self._limit = settings.feed_connections_limit
        self._account_limit = settings.feed_account_limit
        self._places: dict[tuple[int, str], Place] = {}
        self._connections: list[Connection] = []
        self._accounts = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._places)

    async def enter(self, account: int, stream: str) -> Place:
        """Return the place of an account's stream, once it is free; Refused where there are too many."""
        while (old := self._places.get((account, stream))) is not None:
            old.claimed.set()
            await old.left.wait()
        if len(self._places) >= self._limit:
            raise Refused("too_many_feeds", "The venue has as many feeds as it takes. Try again in a moment.")
        if sum(place.account == account for place in self._places.values()) >= self._account_limit:
            raise Refused(
                "too_many_feeds", f"An account may have {self._account_limit} feeds at once. End one first."
            )
        place = self._places[account, stream] = Place(account, stream)
        return place

    def leave(self, place: Place) -> None:
        """Give a place back."""
        del self._places[place.account, place.stream]
        place.left.set()

    def join(self, connection: Connection) -> None:
        """Tell a connection of every batch from now on."""
        self._connections.append(connection)
        self._count_accounts()

    def part(self, connection: Connection) -> None:
        """Tell it no more."""
        self._connections.remove(connection)
        self._count_accounts()

    def _count_accounts(self) -> None:
        self._accounts = np.unique(np.array([each.account for each in self._connections], np.int64))

    def on_batch(self, batch: Batch) -> None:
        """Give every connection its share of a batch that is durable."""
        if not self._connections:
            return
        shares = shares_of(batch.events, self._accounts)
        for connection in self._connections:
            connection.offer(batch, shares.get(connection.account, b""))
