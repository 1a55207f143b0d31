"""A market whose views are kept: every command is a batch of a journal, projected and saved at once."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.support.market import Answer, Market, stamp

from pricetime.adapters.memory import MemoryJournal
from pricetime.adapters.sqlite_view_store import SqliteViewStore
from pricetime.adapters.sqlite_views import SqliteViews
from pricetime.ports import Batch
from pricetime.records import Command, iter_events
from pricetime.rules import Venue, money
from pricetime.runtime.chain import link_of, seal
from pricetime.runtime.check_views import differences
from pricetime.views import Projection

SECOND_NS = 1_000_000_000
NOON_NS = 1_750_000_000 * SECOND_NS - 1_750_000_000 % 86_400 * SECOND_NS + 43_200 * SECOND_NS
"""Noon of 15 June 2025 in UTC."""


class ViewedMarket(Market):
    """A market with stock 1. After every command the views must show what the venue's state holds."""

    def __init__(self, folder: Path) -> None:
        self.journal = MemoryJournal()
        self.path = folder / "views.db"
        self.store = SqliteViewStore(self.path)
        self.views = SqliteViews(self.path)
        self.projection = Projection(self.store)
        self.time_ns = NOON_NS
        super().__init__()

    def send(self, command: Command) -> Answer:
        batch = journal_commands(self.venue, self.journal, [command], self.time_ns)
        self.projection.project(batch)
        self.store.save(self.projection.take())
        assert list(differences(self.venue.snapshot(), self.views)) == []
        return Answer(list(iter_events(batch.events)))

    def account(self, name: str) -> int:
        return self.people[name]

    def depth(self) -> str:
        """Return the picture of the depth: quantities in all at each price, orders after a slash."""
        depth = self.views.depth(1, 10)
        lines = [f"market {depth.market_buy} | {depth.market_sell}"]
        bids = [f"{level.quantity}/{level.orders} @ {money.show(level.price)}" for level in depth.bids]
        asks = [f"{money.show(level.price)} @ {level.quantity}/{level.orders}" for level in depth.asks]
        lines += [f"{bid} |" for bid in bids] + [f"| {ask}" for ask in asks]
        return "\n".join(lines)

    def close(self) -> None:
        self.store.close()
        self.views.close()


def journal_commands(
    venue: Venue, journal: MemoryJournal, program: Sequence[Command], time_ns: int = 0
) -> Batch:
    """Stamp and apply commands as one batch, and append it to the journal."""
    stamped = [stamp(command, venue.sequence + k, time_ns) for k, command in enumerate(program)]
    packed = b"".join(command.pack() for command in stamped)
    batch = seal(link_of(journal.last()), packed, venue.apply(packed))
    journal.append(batch)
    return batch


def everything(path: Path) -> dict[str, list[Any]]:
    """Return every row of every table."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {table: list(_rows(connection, table)) for table in _tables(connection)}


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[Any]:
    return iter(connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2"))
