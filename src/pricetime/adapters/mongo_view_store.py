"""The write side of the views in MongoDB, for the stream of one partition.

A save is one transaction: first the position moves on, compared with the one that this store has seen last,
then all rows of the stream are written as they stand. If another follower has moved the position meanwhile,
nothing is written: that is the fence. Where the server can (MongoDB 8), all rows go in one command, else in
one a collection.

Every row carries its stream, so one stream can be thrown away without the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import pymongo
from pymongo import DeleteOne, ReadPreference, ReplaceOne, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from pricetime.adapters import mongo_view_rows as rows
from pricetime.adapters.mongo import failing_as
from pricetime.adapters.mongo_view_rows import Document
from pricetime.adapters.mongo_views_schema import (
    BALANCES,
    CANDLES,
    COMMANDS,
    EXECUTIONS,
    HOLDINGS,
    LEVELS,
    ORDERS,
    POSITIONS,
    SHARES,
    STOCKS,
    TRANSFERS,
    VIEW_COLLECTIONS,
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
)
from pricetime.rules.partitions.routing import Address

_WIRE_VERSION_OF_8: Final = 25
_BEING_CLEARED: Final = ViewPosition(batch=-1)
_SHARD_KEYS: Final = {each.name: [field for field, _ in each.shard_key] for each in VIEW_COLLECTIONS}
"""A write names them, or a sharded cluster would not know where to."""
_Write = ReplaceOne[Document] | DeleteOne


class MongoViewStore:
    """``ports.PartitionViewStore``. For one thread at a time; all methods raise DatabaseFailed."""

    def __init__(self, database: Database[Document], address: Address) -> None:
        self._database = database
        self._stream = str(address)
        self._seen = ViewPosition()
        self._can_write_to_many: bool | None = None

    # --------------------------------------------------------------------------------------- reads

    def checkpoint(self) -> ViewPosition:
        """Return the last batch that the views hold of this stream; a save has to follow on it."""
        found = self._one(POSITIONS, self._stream)
        self._seen = ViewPosition()
        if found is not None:
            self._seen = ViewPosition(found["batch"], found["hash"], found["event"])
        return self._seen

    def order(self, order: int) -> OrderRow | None:
        """Return an order, open or closed."""
        found = self._one(ORDERS, order)
        return None if found is None else rows.order_row(found)

    def holding(self, account: int, stock: int) -> HoldingRow | None:
        """Return what an account holds or held of one stock."""
        found = self._one(HOLDINGS, f"{account}.{stock}", account=account)
        return None if found is None else rows.HOLDING.row(found)

    def level(self, stock: int, side: int, price: int) -> DepthLevel | None:
        """Return one level, or with price 0 what waits at market."""
        found = self._one(LEVELS, f"{stock}.{side}.{price}", stock=stock)
        return None if found is None else rows.LEVEL.row(found)

    def stock(self, stock: int) -> StockRow | None:
        """Return a listed stock, as far as this stream tells of it."""
        found = self._one(STOCKS, stock)
        return None if found is None else rows.stock_row(found)

    def newest_candle(self, stock: int, interval_s: int) -> Candle | None:
        """Return a stock's newest candle of an interval."""
        with failing_as(DatabaseFailed):
            found = self._database[CANDLES].find_one(
                {"stock": stock, "interval_s": interval_s}, sort=[("start_ns", -1)]
            )
        return None if found is None else rows.CANDLE.row(found)

    def shares(self, stock: int) -> int:
        """Return how many shares of a stock this ledger has granted."""
        found = self._one(SHARES, f"{stock}.{self._stream}")
        return 0 if found is None else found["shares"]

    def _one(self, collection: str, key: Any, **shard: Any) -> Document | None:
        with failing_as(DatabaseFailed):
            return self._database[collection].find_one({"_id": key, **shard})

    # -------------------------------------------------------------------------------------- writes

    def save(self, changes: ViewChanges) -> None:
        """Store rows and position in one transaction; ViewsFenced where another has moved the position."""
        writes = {name: found for name, each in self._writes(changes).items() if (found := list(each))}

        def write(session: ClientSession) -> None:
            self._move_on(changes.position, session)
            if writes:
                self._write(writes, session)

        self._in_transaction(write)
        self._seen = changes.position

    def clear(self) -> None:
        """Throw away all rows of this stream and begin at position 0; ViewsFenced as in ``save``."""
        self._move_to(_BEING_CLEARED)
        with failing_as(DatabaseFailed):
            for collection in VIEW_COLLECTIONS:
                if collection.name != POSITIONS:
                    self._database[collection.name].delete_many({"stream": self._stream})
        self._move_to(ViewPosition())

    def close(self) -> None:
        """Do nothing: the connections are another's."""

    def _move_to(self, position: ViewPosition) -> None:
        self._in_transaction(lambda session: self._move_on(position, session))
        self._seen = position

    def _in_transaction(self, write: Callable[[ClientSession], None]) -> None:
        """Run writes in one transaction, again where the server wants it, in the time of one operation."""
        client = self._database.client
        try:
            with (
                failing_as(DatabaseFailed),
                pymongo.timeout(client.options.timeout),
                client.start_session() as session,
            ):
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

    def _write(self, writes: dict[str, list[_Write]], session: ClientSession) -> None:
        if self._is_of_many_collections():
            everything = [each for of_collection in writes.values() for each in of_collection]
            self._database.client.bulk_write(everything, session=session, ordered=False)
            return
        for name, of_collection in writes.items():
            self._database[name].bulk_write(of_collection, session=session, ordered=False)

    def _is_of_many_collections(self) -> bool:
        """Return whether one command can write to several collections."""
        if self._can_write_to_many is None:
            hello = self._database.client.admin.command("hello")
            self._can_write_to_many = hello["maxWireVersion"] >= _WIRE_VERSION_OF_8
        return self._can_write_to_many

    def _writes(self, changes: ViewChanges) -> dict[str, Iterable[_Write]]:
        """Return what is to be written, by collection."""
        documents: dict[str, Iterable[Document]] = {
            ORDERS: map(rows.order_document, changes.orders),
            EXECUTIONS: map(rows.execution_document, changes.executions),
            TRANSFERS: map(rows.transfer_document, changes.transfers),
            BALANCES: (
                {"_id": account, **rows.BALANCE.document(row)} for account, row in changes.balances.items()
            ),
            HOLDINGS: (
                {"_id": f"{account}.{stock}", "account": account, **rows.HOLDING.document(row)}
                for (account, stock), row in changes.holdings.items()
            ),
            STOCKS: map(rows.stock_document, changes.stocks),
            SHARES: (
                {"_id": f"{stock}.{self._stream}", "stock": stock, "shares": shares}
                for stock, shares in changes.shares.items()
            ),
            CANDLES: (
                {
                    "_id": f"{stock}.{interval_s}.{start_ns}",
                    "stock": stock,
                    "interval_s": interval_s,
                    **rows.CANDLE.document(row),
                }
                for (stock, interval_s, start_ns), row in changes.candles.items()
            ),
            LEVELS: (
                {
                    "_id": f"{stock}.{side}.{price}",
                    "stock": stock,
                    "side": side,
                    **rows.LEVEL.document(row),
                }
                for (stock, side, price), row in changes.levels.items()
            ),
            COMMANDS: map(rows.command_document, changes.commands),
        }
        return {name: map(partial(self._put, name), each) for name, each in documents.items()}

    def _put(self, name: str, document: Document) -> _Write:
        """Return what puts a document in the place of the one with its ``_id``; an empty level goes."""
        key = {"_id": document["_id"]} | {
            field: document[field] for field in _SHARD_KEYS[name] if field in document
        }
        namespace = f"{self._database.name}.{name}" if self._is_of_many_collections() else None
        if name == LEVELS and not document["orders"]:
            return DeleteOne(key, namespace=namespace)
        return ReplaceOne(key, {**document, "stream": self._stream}, upsert=True, namespace=namespace)
