"""What a save writes to MongoDB: each row of a stream as it stands, in one command where the server can.

A stock's best prices are written with it, so nobody has to look for them among its levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from pymongo import DeleteOne, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from pricetime.adapters import mongo_view_rows as rows
from pricetime.adapters.mongo import failing_as
from pricetime.adapters.mongo_view_rows import Document
from pricetime.adapters.mongo_views_schema import LEVELS, STOCKS, VIEW_COLLECTIONS
from pricetime.errors import DatabaseFailed
from pricetime.ports import ViewChanges
from pricetime.records import Side

Prices = dict[int, set[int]]
"""The prices of all levels of a stock by side; 0 is what waits at market."""
Write = ReplaceOne[Document] | UpdateOne | DeleteOne

_WIRE_VERSION_OF_8: Final = 25
_SHARD_KEYS: Final = {each.name: [field for field, _ in each.shard_key] for each in VIEW_COLLECTIONS}


class _Server(NamedTuple):
    can_write_to_many: bool
    """Whether one command can write to several collections: since MongoDB 8."""
    is_sharded: bool


class ViewWriter:
    """Turns the changes of a stream into writes, and sends them."""

    def __init__(self, database: Database[Document], stream: str) -> None:
        self._database = database
        self._stream = stream
        self._server: _Server | None = None

    def writes_of(self, changes: ViewChanges, prices: Mapping[int, Prices]) -> list[tuple[str, Write]]:
        """Return writes with their collections; ``prices`` has those of every stock with a changed level."""
        return [*self._rows(changes), *self._stocks(changes, prices)]

    def send(self, writes: list[tuple[str, Write]], session: ClientSession) -> None:
        """Send writes to the server as part of a session's transaction."""
        if writes and self._known_server().can_write_to_many:
            client = self._database.client
            client.bulk_write([each for _, each in writes], session=session, ordered=False)
            return
        for name, of_collection in groupby(writes, key=itemgetter(0)):
            self._database[name].bulk_write(
                [each for _, each in of_collection], session=session, ordered=False
            )

    def _known_server(self) -> _Server:
        if self._server is None:
            with failing_as(DatabaseFailed):
                hello = self._database.client.admin.command("hello")
            self._server = _Server(
                hello["maxWireVersion"] >= _WIRE_VERSION_OF_8, hello.get("msg") == "isdbgrid"
            )
        return self._server

    def _rows(self, changes: ViewChanges) -> Iterator[tuple[str, Write]]:
        """Yield what puts documents in the place of those with their ids; an empty level goes."""
        for name, documents in rows.documents_of(changes, self._stream).items():
            namespace = self._namespace(name)
            for document in documents:
                key = self._key(name, document)
                if name == LEVELS and not document["orders"]:
                    yield name, DeleteOne(key, namespace=namespace)
                    continue
                document["stream"] = self._stream
                yield name, ReplaceOne(key, document, upsert=True, namespace=namespace)

    def _stocks(self, changes: ViewChanges, prices: Mapping[int, Prices]) -> Iterator[tuple[str, Write]]:
        """Yield what changes of stocks, with their best prices where levels have changed."""
        namespace = self._namespace(STOCKS)
        books = {stock for stock, _, _ in changes.levels}
        listed = {row.stock: rows.stock_document(row) for row in changes.stocks}
        for stock in {*books, *listed}:
            document = listed.get(stock, {}) | best(prices.get(stock))
            change = {"$set": {**document, "stream": self._stream}}
            yield STOCKS, UpdateOne({"_id": stock}, change, upsert=stock in listed, namespace=namespace)

    def _key(self, name: str, document: Document) -> Document:
        """Return what names a document; on a sharded cluster that is its shard key as well."""
        key = {"_id": document["_id"]}
        if self._known_server().is_sharded:
            key |= {field: document[field] for field in _SHARD_KEYS[name]}
        return key

    def _namespace(self, name: str) -> str | None:
        """Return the full name of a collection, where a write to several has to say it."""
        return f"{self._database.name}.{name}" if self._known_server().can_write_to_many else None


def best(prices: Prices | None) -> Document:
    """Return the best prices of a stock that levels are known of; 0 where there is none."""
    if prices is None:
        return {}
    return {
        "best_bid": max(prices[Side.BUY], default=0),
        "best_ask": min((price for price in prices[Side.SELL] if price), default=0),
    }
