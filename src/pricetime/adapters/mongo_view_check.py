"""The documents of the views against the rows that they should hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pymongo.database import Database

from pricetime.adapters import mongo_view_rows as rows
from pricetime.adapters.mongo import failing_as
from pricetime.adapters.mongo_view_rows import Document
from pricetime.adapters.mongo_view_writes import Prices, best
from pricetime.adapters.mongo_views_schema import POSITIONS, STOCKS, VIEW_COLLECTIONS, WRITERS
from pricetime.errors import DatabaseFailed
from pricetime.ports import ViewChanges, ViewPosition
from pricetime.records import Side
from pricetime.records.routing import Address

_AT_ONCE: Final = 500  # documents
_WITHOUT: Final[dict[str, Document]] = {STOCKS: {"best_bid": 0, "best_ask": 0}}
"""What a document means that lacks it."""
ROWS: Final = [each.name for each in VIEW_COLLECTIONS if each.name not in (POSITIONS, WRITERS)]
"""The collections of rows."""


class MongoViewCheck:
    """Compares what the database holds of one stream. All methods raise DatabaseFailed."""

    def __init__(self, database: Database[Document], address: Address) -> None:
        self._database = database
        self._stream = str(address)

    def position(self) -> ViewPosition:
        """Return the last batch that the views hold."""
        with failing_as(DatabaseFailed):
            found = self._database[POSITIONS].find_one({"_id": self._stream})
        return (
            ViewPosition() if found is None else ViewPosition(found["batch"], found["hash"], found["event"])
        )

    def differences(self, changes: ViewChanges) -> Iterator[str]:
        """Yield a sentence for each row that is missing or another than in ``changes``."""
        for name, expected in self.documents(changes).items():
            for start in range(0, len(expected), _AT_ONCE):
                yield from self._compared(name, expected[start : start + _AT_ONCE])

    def documents(self, changes: ViewChanges) -> dict[str, list[Document]]:
        """Return the documents of rows by collection."""
        documents = {name: list(each) for name, each in rows.documents_of(changes, self._stream).items()}
        prices: dict[int, Prices] = {row.stock: {Side.BUY: set(), Side.SELL: set()} for row in changes.stocks}
        for stock, side, price in changes.levels:
            prices[stock][side].add(price)
        documents[STOCKS] = [rows.stock_document(row) | best(prices[row.stock]) for row in changes.stocks]
        return documents

    def _compared(self, name: str, expected: list[Document]) -> Iterator[str]:
        wanted = {"_id": {"$in": [each["_id"] for each in expected]}}
        with failing_as(DatabaseFailed):
            found = {each["_id"]: _WITHOUT.get(name, {}) | each for each in self._database[name].find(wanted)}
        for document in expected:
            document["stream"] = self._stream
            held = found.get(document["_id"])
            if held is None:
                yield f"{name} {document['_id']} of {self._stream} is missing in the views"
            elif held != document:
                yield f"{name} {document['_id']} of {self._stream}: {_difference(held, document)}"


def counts(database: Database[Document]) -> Counter[tuple[str, str]]:
    """Return how many rows there are by collection and stream; DatabaseFailed."""
    found: Counter[tuple[str, str]] = Counter()
    grouped = {"$group": {"_id": "$stream", "rows": {"$sum": 1}}}
    with failing_as(DatabaseFailed):
        for name in ROWS:
            for each in database[name].aggregate([grouped]):
                found[name, str(each["_id"])] = each["rows"]
    return found


def _difference(held: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    differing = [name for name in {**expected, **held} if held.get(name) != expected.get(name)]
    return "; ".join(
        f"the views hold {name} {held.get(name)!r}, the journal {expected.get(name)!r}" for name in differing
    )
