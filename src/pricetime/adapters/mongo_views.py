"""The read side of the views in MongoDB: every query of ``ports.Views``, in one round trip where it can be.

For any number of threads; each query uses an index and is bounded by its limit. What is read is what a
majority has, from the primary; old pages, statements and the audit may be read from other members
(``history_read_preference``), which may be behind.

Rows of an account come from several streams, each in its own order. So lists over several stocks are ordered
by time, and the row that a cursor names says from which time on; a row that there is none of is taken for a
bound of the ids alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, TypeVar

from pymongo import ReadPreference
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError

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
)
from pricetime.errors import ViewsBehind
from pricetime.ports import (
    AS_HEARD,
    LATEST_NS,
    Balance,
    Candle,
    CommandRow,
    Depth,
    DepthLevel,
    ExecutionRow,
    HoldingRow,
    OrderRow,
    StockRow,
    TradeRow,
    WalletRow,
    WealthChange,
)
from pricetime.records import Side

T = TypeVar("T")
Pipeline = list[Document]

_GREATEST: Final = 2**63 - 1
_SECOND_NS: Final = 1_000_000_000
_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_NEWEST: Final = {"time_ns": -1, "_id": -1}
_OLDEST: Final = {"time_ns": 1, "_id": 1}
_MEMBERS: Final = {
    "primary": ReadPreference.PRIMARY,
    "primaryPreferred": ReadPreference.PRIMARY_PREFERRED,
    "secondary": ReadPreference.SECONDARY,
    "secondaryPreferred": ReadPreference.SECONDARY_PREFERRED,
    "nearest": ReadPreference.NEAREST,
}


class MongoViews:
    """The views in a database. ViewsBehind where it cannot be read for now."""

    def __init__(self, database: Database[Document], read_preference: str = "primary") -> None:
        self._database = database
        self._old = database.with_options(read_preference=_MEMBERS[read_preference])
        self._local = threading.local()
        self._has_snapshots = True

    # -------------------------------------------------------------------------------------- position

    def position(self) -> int:
        """Return AS_HEARD: notices of events come when the views hold them."""
        return AS_HEARD

    def at_once(self, query: Callable[[], T]) -> T:
        """Return what ``query`` finds by several reads, all as of one moment if the server can."""
        if self._has_snapshots:
            with failing_as(ViewsBehind), self._database.client.start_session(snapshot=True) as session:
                if self._can_read(session):
                    self._local.session = session
                    try:
                        return query()
                    finally:
                        self._local.session = None
        return query()

    @property
    def is_at_once(self) -> bool:
        """Whether this thread reads as of one moment."""
        return getattr(self._local, "session", None) is not None

    def _can_read(self, session: ClientSession) -> bool:
        """Let the moment of a session be now; return whether the server knows moments."""
        try:
            self._database[POSITIONS].find_one({"_id": ""}, session=session)
        except (ConfigurationError, OperationFailure) as error:
            if _is_for_now(error):
                raise
            self._has_snapshots = False
        return self._has_snapshots

    # ------------------------------------------------------------------------- orders and executions

    def order(self, order: int) -> OrderRow | None:
        """Return an order, open or closed."""
        return _first(self._orders({"_id": _bounded(order)}, limit=1))

    def order_by_client_id(self, account: int, client_id: bytes) -> OrderRow | None:
        """Return the newest order of an account that came with a client id."""
        return _first(self._orders({"account": account, "client_id": client_id}, limit=1))

    def orders(
        self, account: int, *, stock: int = 0, open_only: bool = False, before: int = 0, limit: int
    ) -> Sequence[OrderRow]:
        """Return an account's orders, newest first."""
        wanted: Document = {"account": account}
        if before > 0:
            wanted["_id"] = {"$lt": _bounded(before)}
        if stock:
            wanted["stock"] = _bounded(stock)
        if open_only:
            wanted["is_open"] = True
        return self._orders(wanted, limit=limit, is_old=before > 0)

    def orders_oldest_first(self, account: int, *, limit: int) -> Sequence[OrderRow]:
        """Return an account's first ``limit`` orders by creation."""
        return self._orders({"account": account}, limit=limit, newest_first=False)

    def _orders(
        self, wanted: Document, *, limit: int, newest_first: bool = True, is_old: bool = False
    ) -> list[OrderRow]:
        sort = {"_id": -1 if newest_first else 1}
        return [rows.order_row(found) for found in self._find(ORDERS, wanted, sort, limit, is_old=is_old)]

    def executions_of(self, order: int, *, limit: int) -> Sequence[ExecutionRow]:
        """Return an order's executions, oldest first."""
        return self._executions({"order": _bounded(order)}, {"_id": 1}, limit)

    def executions(
        self, account: int, *, stock: int = 0, before: int = 0, limit: int
    ) -> Sequence[ExecutionRow]:
        """Return an account's executions, newest first; of one stock they are in the order of its trades."""
        wanted: Document = {"account": account}
        if stock:
            wanted["stock"] = _bounded(stock)
            if before > 0:
                wanted["_id"] = {"$lt": _bounded(2 * before)}
            return self._executions(wanted, {"_id": -1}, limit, is_old=before > 0)
        return self._executions(wanted | self._older_than(before), _NEWEST, limit, is_old=before > 0)

    def executions_oldest_first(self, account: int, *, limit: int) -> Sequence[ExecutionRow]:
        """Return an account's first ``limit`` executions."""
        return self._executions({"account": account}, _OLDEST, limit)

    def _executions(
        self, wanted: Document, sort: Document, limit: int, *, is_old: bool = False
    ) -> list[ExecutionRow]:
        return [
            rows.EXECUTION.row(found) for found in self._find(EXECUTIONS, wanted, sort, limit, is_old=is_old)
        ]

    # ------------------------------------------------------------------------------ money and shares

    def wallet_rows(self, account: int, *, before: int = 0, limit: int) -> Sequence[WalletRow]:
        """Return an account's movements of money, newest first."""
        wanted = {"account": account} | self._older_than(before)
        return self._movements(wanted, _NEWEST, limit, is_old=before > 0)

    def wallet_trades_oldest_first(self, account: int, *, limit: int) -> Sequence[WalletRow]:
        """Return an account's first ``limit`` buys and sells, oldest first, without deposits."""
        found = self._find(EXECUTIONS, {"account": account}, _OLDEST, limit)
        return [rows.wallet_row(document) for document in found]

    def statement(self, account: int, start_ns: int, end_ns: int, *, limit: int) -> Sequence[WalletRow]:
        """Return movements of money with start <= time < end, oldest first."""
        wanted = {"account": account, "time_ns": {"$gte": _bounded(start_ns), "$lt": _bounded(end_ns)}}
        return self._movements(wanted, _OLDEST, limit, is_old=True)

    def _movements(
        self, wanted: Document, sort: Document, limit: int, *, is_old: bool = False
    ) -> list[WalletRow]:
        """Return movements of money: sides of trades and transfers, merged."""
        some: Pipeline = [{"$match": wanted}, {"$sort": sort}, {"$limit": limit}]
        both = [*some, {"$unionWith": {"coll": TRANSFERS, "pipeline": some}}, {"$sort": sort}]
        found = self._aggregate(EXECUTIONS, [*both, {"$limit": limit}], is_old=is_old)
        return [rows.wallet_row(document) for document in found]

    def _older_than(self, event: int) -> Document:
        """Return the condition on movements that come after the one of an event, newest first."""
        if event <= 0:
            return {}
        ids = [_bounded(2 * event), _bounded(2 * event + 1)]
        some: Pipeline = [{"$match": {"_id": {"$in": ids}}}, {"$project": {"time_ns": 1}}, {"$limit": 1}]
        found = self._aggregate(EXECUTIONS, [*some, {"$unionWith": {"coll": TRANSFERS, "pipeline": some}}])
        return _older(found, ids[0])

    def wealth_changes(
        self, account: int, interval_s: int, start_ns: int, *, limit: int
    ) -> Sequence[WealthChange]:
        """Return what intervals from ``start_ns`` on changed in an account, newest first."""
        since = {"account": account, "time_ns": {"$gte": _bounded(start_ns)}}
        is_buy, money = {"$eq": ["$side", _BUY]}, {"$add": ["$amount", "$fee"]}
        executions = _newest(
            since,
            limit,
            stock="$stock",
            shares={"$cond": [is_buy, "$quantity", {"$multiply": ["$quantity", -1]}]},
            money={"$cond": [is_buy, {"$multiply": [money, -1]}, {"$subtract": ["$amount", "$fee"]}]},
        )
        is_deposit = {"$eq": ["$kind", "deposit"]}
        transfers = _newest(
            since,
            limit,
            stock={"$literal": 0},
            shares={"$literal": 0},
            money={"$cond": [is_deposit, "$amount", {"$multiply": ["$amount", -1]}]},
        )
        grants = _newest(
            since | {"kind": "grant_shares", "reason": 0},
            limit,
            stock="$stock",
            shares="$quantity",
            money={"$literal": 0},
        )
        interval_ns = interval_s * _SECOND_NS
        start = {"$subtract": ["$time_ns", {"$mod": ["$time_ns", interval_ns]}]}
        sums = {name: {"$sum": f"${name}"} for name in ("shares", "money")}
        found = self._aggregate(
            EXECUTIONS,
            [
                *executions,
                {"$unionWith": {"coll": TRANSFERS, "pipeline": transfers}},
                {"$unionWith": {"coll": COMMANDS, "pipeline": grants}},
                {"$group": {"_id": {"start": start, "stock": "$stock"}, **sums, "movements": {"$sum": 1}}},
                {"$sort": {"_id.start": -1}},
            ],
            is_old=True,
        )
        return [
            WealthChange(
                each["_id"]["start"],
                each["_id"]["stock"],
                int(each["shares"]),
                int(each["money"]),
                each["movements"],
            )
            for each in found
        ]

    def balance(self, account: int) -> Balance:
        """Return an account's money; zeros where it never had any."""
        found = self._find(BALANCES, {"_id": account}, None, 1)
        return rows.BALANCE.row(found[0]) if found else Balance(0, 0)

    def holdings(self, account: int) -> Sequence[HoldingRow]:
        """Return what an account holds or held, by stock."""
        found = self._find(HOLDINGS, {"account": account, "_id": rows.holdings_of(account)}, None, 0)
        return sorted(map(rows.HOLDING.row, found), key=attrgetter("stock"))

    # -------------------------------------------------------------------------------------- market

    def stock(self, stock: int) -> StockRow | None:
        """Return a listed stock."""
        return _first(self._stocks({"_id": _bounded(stock)}))

    def stocks(self) -> Sequence[StockRow]:
        """Return every listed stock, by number."""
        return self._stocks({})

    def _stocks(self, wanted: Document) -> list[StockRow]:
        granted = {"from": SHARES, "localField": "_id", "foreignField": "stock", "as": "granted"}
        found = self._aggregate(STOCKS, [{"$match": wanted}, {"$sort": {"_id": 1}}, {"$lookup": granted}])
        return [
            rows.stock_row(each, shares=sum(part["shares"] for part in each["granted"])) for each in found
        ]

    def depth(self, stock: int, levels: int) -> Depth:
        """Return the best ``levels`` levels of each side; ``event`` is the last of the book's stream."""
        stock = _bounded(stock)
        position = {"from": POSITIONS, "localField": "stream", "foreignField": "_id", "as": "positions"}
        found = self._aggregate(
            STOCKS,
            [
                {"$match": {"_id": stock}},
                {"$lookup": position},
                _levels_of_stock("bids", stock, rows.levels_of(stock, _BUY), -1, levels),
                _levels_of_stock("asks", stock, rows.levels_of(stock, _SELL), 1, levels),
                _levels_of_stock("at_market", stock, {"$in": _at_market(stock)}, 1, 2),
            ],
        )
        if not found:
            return Depth(0, [], [], 0, 0)
        [book] = found
        at_market = {level["side"]: level["quantity"] for level in book["at_market"]}
        return Depth(
            book["positions"][0]["event"] if book["positions"] else 0,
            _levels(book["bids"]),
            _levels(book["asks"]),
            at_market.get(_BUY, 0),
            at_market.get(_SELL, 0),
        )

    def trades(self, stock: int, *, before: int = 0, limit: int) -> Sequence[TradeRow]:
        """Return the tape of a stock, newest first."""
        wanted: Document = {"stock": _bounded(stock), "maker": False}
        if before > 0:
            wanted["_id"] = {"$lt": _bounded(2 * before)}
        found = self._find(EXECUTIONS, wanted, {"_id": -1}, limit, is_old=before > 0)
        return [rows.TRADE.row(document) for document in found]

    def candles(
        self, stock: int, interval_s: int, start_ns: int, end_ns: int, *, limit: int
    ) -> Sequence[Candle]:
        """Return the candles with start <= start_ns < end, oldest first; the last ``limit`` of them."""
        between = rows.candles_of(_bounded(stock), interval_s, _bounded(start_ns), _bounded(end_ns))
        wanted = {"stock": _bounded(stock), "_id": between}
        newest_first = self._find(CANDLES, wanted, {"_id": -1}, limit)
        return [rows.CANDLE.row(document) for document in reversed(newest_first)]

    # --------------------------------------------------------------------------------------- audit

    def audit(
        self,
        *,
        account: int = 0,
        actor: int = 0,
        kind: str = "",
        denied_only: bool = False,
        start_ns: int = 0,
        end_ns: int = LATEST_NS,
        before: int = 0,
        limit: int,
    ) -> Sequence[CommandRow]:
        """Return the audit of commands with start <= time < end, newest first."""
        given: Document = {"account": _bounded(account), "actor": _bounded(actor), "kind": kind}
        wanted = {name: value for name, value in given.items() if value}
        if denied_only:
            wanted["is_denied"] = True
        between = {"time_ns": {"$gte": _bounded(start_ns), "$lt": _bounded(end_ns)}}
        conditions = [wanted, between]
        if before > 0:
            row = self._find(COMMANDS, {"_id": _bounded(before)}, None, 1)
            conditions.append(_older(row, _bounded(before)))
        found = self._find(COMMANDS, {"$and": conditions}, _NEWEST, limit, is_old=True)
        return [rows.COMMAND.row(document) for document in found]

    # --------------------------------------------------------------------------------- connections

    def _find(
        self, name: str, wanted: Document, sort: Document | None, limit: int, *, is_old: bool = False
    ) -> list[Document]:
        """Return up to ``limit`` documents, 0 for all, in one round trip where they fit into 16 MB."""
        collection, session = self._collection(name, is_old=is_old)
        with failing_as(ViewsBehind):
            return list(collection.find(wanted, sort=sort, limit=limit, batch_size=limit, session=session))

    def _aggregate(self, name: str, pipeline: Pipeline, *, is_old: bool = False) -> list[Document]:
        collection, session = self._collection(name, is_old=is_old)
        with failing_as(ViewsBehind):
            return list(collection.aggregate(pipeline, session=session))

    def _collection(self, name: str, *, is_old: bool) -> tuple[Collection[Document], ClientSession | None]:
        """Return where to read, and in which session; what is read at once is read from the primary."""
        session: ClientSession | None = getattr(self._local, "session", None)
        database = self._old if is_old and session is None else self._database
        return database[name], session


def _older(found: Sequence[Document], key: int) -> Document:
    """Return the condition on rows after the one that was found, newest first, or after its id."""
    if not found:
        return {"_id": {"$lt": key}}
    time_ns = found[0]["time_ns"]
    same = {"time_ns": time_ns, "_id": {"$lt": key}}
    return {"time_ns": {"$lte": time_ns}, "$or": [{"time_ns": {"$lt": time_ns}}, same]}


def _newest(wanted: Document, limit: int, **fields: Any) -> Pipeline:
    """Return the steps to fields of the newest ``limit`` rows, with their times."""
    return [
        {"$match": wanted},
        {"$sort": _NEWEST},
        {"$limit": limit},
        {"$project": {"_id": 0, "time_ns": 1, **fields}},
    ]


def _levels_of_stock(name: str, stock: int, ids: Document, direction: int, limit: int) -> Document:
    """Return the step that adds levels of a stock, in order of their prices."""
    pipeline: Pipeline = [
        {"$match": {"stock": stock, "_id": ids}},
        {"$sort": {"_id": direction}},
        {"$limit": limit},
    ]
    return {"$lookup": {"from": LEVELS, "pipeline": pipeline, "as": name}}


def _at_market(stock: int) -> list[str]:
    return [rows.level_key(stock, side, 0) for side in (_BUY, _SELL)]


def _levels(found: Sequence[Document]) -> list[DepthLevel]:
    return [rows.LEVEL.row(document) for document in found]


def _is_for_now(error: PyMongoError) -> bool:
    """Return whether a server that refuses may take the same later."""
    return error.has_error_label("TransientTransactionError") or error.has_error_label("RetryableError")


def _first(found: Sequence[T]) -> T | None:
    return found[0] if found else None


def _bounded(value: int) -> int:
    """Return a number from outside as the nearest one that the database can hold; no row has either bound."""
    return max(-_GREATEST, min(value, _GREATEST))
