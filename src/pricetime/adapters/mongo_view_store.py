"""The write side of the views in MongoDB, for the stream of one partition.

A save is one transaction: first the position moves on, compared with the one that this store has seen last,
then all rows of the stream are written as they stand. If another follower has moved the position meanwhile,
nothing is written: that is the fence. Where the server can (MongoDB 8), all rows go in one command, else in
one a collection.

A writer that is gone in the middle of a save leaves a transaction open, which keeps the next writer waiting
until the server gives it up, a minute later. So a writer names its session before its first save, and the
next one ends that session, and with it whatever it has left open. Those of some writers before are ended
again: what was sent to a server that did not answer may be carried out when it is thought to be over.

Every row carries its stream, so one stream can be thrown away without the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import starmap
from typing import Any, Final

import pymongo
import structlog
from pymongo import ReadPreference, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure
from pymongo.read_concern import ReadConcern

from pricetime.adapters import mongo_view_rows as rows
from pricetime.adapters.mongo import failing_as
from pricetime.adapters.mongo_view_rows import Document
from pricetime.adapters.mongo_view_writes import Prices, ViewWriter
from pricetime.adapters.mongo_views_schema import (
    CANDLES,
    HOLDINGS,
    LEVELS,
    ORDERS,
    POSITIONS,
    SHARES,
    STOCKS,
    VIEW_COLLECTIONS,
    WRITERS,
)
from pricetime.errors import DatabaseFailed, ViewsFenced
from pricetime.ports import (
    Candle,
    DepthLevel,
    HoldingRow,
    OrderRow,
    StockRow,
    ViewChanges,
    ViewPosition,
    Wanted,
)
from pricetime.records import Side
from pricetime.records.routing import Address

_log = structlog.get_logger(__name__)
_UNKNOWN: Final[Document] = {}
_WRITERS_ENDED: Final = 20
_BEING_CLEARED: Final = ViewPosition(batch=-1)


class MongoViewStore:
    """``ports.PartitionViewStore``. For one thread at a time; all methods raise DatabaseFailed."""

    def __init__(self, database: Database[Document], address: Address) -> None:
        self._database = database
        self._stream = str(address)
        self._seen = ViewPosition()
        self._session: ClientSession | None = None
        self._writer = ViewWriter(database, self._stream)
        self._fetched: dict[tuple[str, Any], Document | None] = {}
        """Documents by collection and key, or that there is none, until the next save."""
        self._prices: dict[int, Prices] = {}
        """Of a stock: most levels that are asked for are new, and the best are told with each save."""

    # --------------------------------------------------------------------------------------- reads

    def checkpoint(self) -> ViewPosition:
        """Return the last batch that the views hold of this stream; a save has to follow on it.

        Whoever has written this stream before is cut short.
        """
        with failing_as(DatabaseFailed):
            self._begin_session()
        found = self._one(POSITIONS, self._stream)
        self._seen = ViewPosition()
        self._fetched, self._prices = {}, {}
        if found is not None:
            self._seen = ViewPosition(found["batch"], found["hash"], found["event"])
        return self._seen

    def order(self, order: int) -> OrderRow | None:
        """Return an order, open or closed."""
        found = self._one(ORDERS, order)
        return None if found is None else rows.order_row(found)

    def holding(self, account: int, stock: int) -> HoldingRow | None:
        """Return what an account holds or held of one stock."""
        found = self._one(HOLDINGS, rows.holding_key(account, stock), account=account)
        return None if found is None else rows.HOLDING.row(found)

    def level(self, stock: int, side: int, price: int) -> DepthLevel | None:
        """Return one level, or with price 0 what waits at market."""
        if stock in self._prices and price not in self._prices[stock][side]:
            return None
        found = self._one(LEVELS, rows.level_key(stock, side, price), stock=stock)
        return None if found is None else rows.LEVEL.row(found)

    def stock(self, stock: int) -> StockRow | None:
        """Return a listed stock, as far as this stream tells of it."""
        found = self._one(STOCKS, stock)
        return None if found is None else rows.stock_row(found)

    def newest_candle(self, stock: int, interval_s: int) -> Candle | None:
        """Return a stock's newest candle of an interval."""
        found = self._fetched.get((CANDLES, (stock, interval_s)), _UNKNOWN)
        if found is _UNKNOWN:
            with failing_as(DatabaseFailed):
                found = self._database[CANDLES].find_one(
                    {"stock": stock, "_id": rows.candles_of(stock, interval_s)}, sort=[("_id", -1)]
                )
        return None if found is None else rows.CANDLE.row(found)

    def shares(self, stock: int) -> int:
        """Return how many shares of a stock this ledger has granted."""
        found = self._one(SHARES, f"{stock}.{self._stream}")
        return 0 if found is None else found["shares"]

    def prefetch(self, wanted: Wanted) -> None:
        """Read together what is wanted, in a round trip for each kind of row."""
        self._fetch(ORDERS, {number: number for number in wanted.orders})
        self._fetch(HOLDINGS, {key: key for key in starmap(rows.holding_key, wanted.holdings)})
        self._fetch(CANDLES, {rows.candle_key(*each): each[:2] for each in wanted.candles})
        self._fetch(STOCKS, {stock: stock for stock in wanted.books})
        self._learn_prices(wanted.books)

    def _learn_prices(self, books: Iterable[int]) -> None:
        """Read all levels of stocks, and from then on keep their prices in step."""
        new = [stock for stock in books if stock not in self._prices]
        if not new:
            return
        self._prices |= {stock: {Side.BUY: set(), Side.SELL: set()} for stock in new}
        each = [{"stock": stock, "_id": rows.all_levels_of(stock)} for stock in new]
        for found in self._all(LEVELS, {"$or": each}):
            self._prices[found["stock"]][found["side"]].add(found["price"])
            self._fetched[LEVELS, found["_id"]] = found

    def _fetch(self, collection: str, wanted: dict[Any, Any]) -> None:
        """Read documents by their ``_id``; ``wanted`` says by which key each will be asked for."""
        new = {each: key for each, key in wanted.items() if (collection, key) not in self._fetched}
        if new:
            self._fetched |= {(collection, key): None for key in new.values()}
            for found in self._all(collection, {"_id": {"$in": list(new)}}):
                self._fetched[collection, new[found["_id"]]] = found

    def _all(self, collection: str, wanted: Document) -> list[Document]:
        with failing_as(DatabaseFailed):
            return list(self._database[collection].find(wanted))

    def _one(self, collection: str, key: Any, **shard: Any) -> Document | None:
        if (collection, key) in self._fetched:
            return self._fetched[collection, key]
        with failing_as(DatabaseFailed):
            return self._database[collection].find_one({"_id": key, **shard})

    # -------------------------------------------------------------------------------------- writes

    def save(self, changes: ViewChanges) -> None:
        """Store rows and position in one transaction; ViewsFenced where another has moved the position."""
        self._keep_in_step(changes)
        writes = self._writer.writes_of(changes, self._prices)

        def write(session: ClientSession) -> None:
            self._move_on(changes.position, session)
            self._writer.send(writes, session)

        self._in_transaction(write)
        self._seen = changes.position
        self._fetched = {}

    def clear(self) -> None:
        """Throw away all rows of this stream and begin at position 0; ViewsFenced as in ``save``."""
        self._move_to(_BEING_CLEARED)
        with failing_as(DatabaseFailed):
            for collection in VIEW_COLLECTIONS:
                if collection.name not in (POSITIONS, WRITERS):
                    self._database[collection.name].delete_many({"stream": self._stream})
        self._move_to(ViewPosition())
        self._fetched, self._prices = {}, {}

    def close(self) -> None:
        """End the session; the connections are another's."""
        if self._session is not None:
            self._session.end_session()
            self._session = None

    def _begin_session(self) -> ClientSession:
        """Begin a session for all saves, and end those of the writers before."""
        self.close()
        session = self._database.client.start_session()
        own = session.session_id["id"]
        before = self._database[WRITERS].find_one_and_update(
            {"_id": self._stream},
            {"$push": {"sessions": {"$each": [own], "$slice": -_WRITERS_ENDED}}},
            upsert=True,
        )
        if before is not None:
            try:
                self._database.client.admin.command(
                    "killSessions", [{"id": each} for each in before["sessions"]]
                )
            except OperationFailure as error:
                _log.warning("a session cannot be ended", stream=self._stream, error=str(error))
        self._session = session
        return session

    def _move_to(self, position: ViewPosition) -> None:
        self._in_transaction(lambda session: self._move_on(position, session))
        self._seen = position

    def _in_transaction(self, write: Callable[[ClientSession], None]) -> None:
        """Run writes in one transaction, again where the server wants it, in the time of one operation."""
        timeout_s = self._database.client.options.timeout
        try:
            with failing_as(DatabaseFailed), pymongo.timeout(timeout_s):
                session = self._session or self._begin_session()
                session.with_transaction(
                    write,
                    read_concern=ReadConcern("snapshot"),
                    write_concern=WriteConcern("majority", j=True),
                    read_preference=ReadPreference.PRIMARY,
                )
        except DatabaseFailed as error:
            if isinstance(error.__cause__, DuplicateKeyError):
                raise ViewsFenced from error
            raise

    def _move_on(self, position: ViewPosition, session: ClientSession) -> None:
        """Move the position on; a first one is made, which fails where there is one already."""
        seen = self._seen
        moved = self._database[POSITIONS].update_one(
            {"_id": self._stream, "batch": seen.batch, "hash": seen.batch_hash},
            {"$set": {"batch": position.batch, "hash": position.batch_hash, "event": position.event}},
            upsert=seen.batch == 0,
            session=session,
        )
        if not moved.matched_count and moved.upserted_id is None:
            raise ViewsFenced

    def _keep_in_step(self, changes: ViewChanges) -> None:
        """Let the prices of all levels be those after a save."""
        self._learn_prices({stock for stock, _, _ in changes.levels})
        for (stock, side, price), level in changes.levels.items():
            prices = self._prices[stock][side]
            (prices.add if level.orders else prices.discard)(price)
