"""The read models: their rows, what reads them, and what stores them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Protocol, TypeVar

import msgspec

from pricetime.ports.base import LATEST_NS, Row
from pricetime.records import OrderType, Reason, Side, TimeInForce

T = TypeVar("T")

AS_HEARD: Final = -1
"""The position of views that hold whatever is heard before it is heard."""


class OrderRow(Row, frozen=True):
    """An order as it stands. ``value`` is the sum of price × quantity over its executions."""

    order: int
    account: int
    stock: int
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    post_only: bool
    cut: bool
    price: int
    quantity: int
    filled: int
    value: int
    status: str
    """A state of ``rules.states``: open, partially_filled, filled, cancelled, expired."""
    reason: Reason
    executions: int
    sole_trade: int
    """The trade that filled the order whole in one execution, or 0."""
    client_id: bytes
    created_ns: int
    updated_ns: int


class ExecutionRow(Row, frozen=True):
    """One side of a trade. A trade is named by the number of its TRADED event."""

    trade: int
    account: int
    order: int
    stock: int
    side: Side
    order_type: OrderType
    price: int
    quantity: int
    amount: int
    fee: int
    maker: bool
    sole: bool
    """Whether it filled its order whole in one execution."""
    time_ns: int


class WalletRow(Row, frozen=True):
    """One movement of money in an account. ``kind`` is buy, sell, deposit or withdrawal."""

    id: int
    """Number of the event that moved the money; a trade's two sides share it."""
    account: int
    kind: str
    amount: int
    """Ten-thousandths, positive; buy and withdrawal take it out."""
    order: int
    stock: int
    sole: bool
    time_ns: int


class WealthChange(Row, frozen=True):
    """What one interval changed in an account: shares of a stock, or with stock 0 money from outside."""

    start_ns: int
    """Of the interval."""
    stock: int
    shares: int
    money: int
    """What came into the wallet less what left it."""
    movements: int
    """Executions, deposits, withdrawals or grants that this adds up."""


class Balance(Row, frozen=True):
    """Money of an account: free to spend, and held by open buys."""

    free: int
    held: int


class HoldingRow(Row, frozen=True):
    """Shares of one stock in an account. ``cost`` is what the shares there cost, granted ones nothing."""

    stock: int
    free: int
    held: int
    cost: int
    realised: int
    """Profit taken by sells so far: proceeds less the average cost of what was sold."""


class StockRow(Row, frozen=True):
    """A listed stock and its market. Prices are 0 where there is none yet."""

    stock: int
    tick: int
    halted: bool
    last: int
    best_bid: int
    best_ask: int
    day_open: int
    day_high: int
    day_low: int
    day_volume: int
    day_start_ns: int
    shares: int
    """Shares in existence: all that were granted."""
    last_trade_ns: int


class TradeRow(Row, frozen=True):
    """A trade on the tape, without names. ``side`` is the taker's."""

    trade: int
    stock: int
    side: Side
    price: int
    quantity: int
    time_ns: int


class Candle(Row, frozen=True):
    """Open, high, low, close, volume of one interval that had a trade."""

    start_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int


class DepthLevel(Row, frozen=True):
    """All that rests at one price."""

    price: int
    quantity: int
    orders: int


class Depth(Row, frozen=True):
    """A book from best to worst, and what waits at market on each side. ``event`` numbers the state."""

    event: int
    bids: Sequence[DepthLevel]
    asks: Sequence[DepthLevel]
    market_buy: int
    market_sell: int


class CommandRow(Row, frozen=True):
    """One command of the audit: who asked for what, and what became of it."""

    sequence: int
    time_ns: int
    actor: int
    account: int
    kind: str
    stock: int
    order: int
    quantity: int
    amount: int
    reason: Reason


class Views(Protocol):
    """The read models. Every method is synchronous and bounded; the API calls them through one reader.

    Cursors: ``before`` is an exclusive upper bound on the row's id (0: from the newest), for lists that
    show the newest first; ``after`` an exclusive lower bound, for lists that show the oldest first.
    """

    def position(self) -> int:
        """Return the number of the last event that the views hold, or AS_HEARD."""
        ...

    def at_once(self, query: Callable[[], T]) -> T:
        """Return what ``query`` finds by several reads, all as of one save."""
        ...

    def order(self, order: int) -> OrderRow | None: ...  # noqa: D102
    def order_by_client_id(self, account: int, client_id: bytes) -> OrderRow | None: ...  # noqa: D102

    def orders(
        self, account: int, *, stock: int = 0, open_only: bool = False, before: int = 0, limit: int
    ) -> Sequence[OrderRow]:
        """Return an account's orders, newest first."""
        ...

    def orders_oldest_first(self, account: int, *, limit: int) -> Sequence[OrderRow]:
        """Return an account's first ``limit`` orders by creation."""
        ...

    def executions_of(self, order: int, *, limit: int) -> Sequence[ExecutionRow]:
        """Return an order's executions, oldest first."""
        ...

    def executions(
        self, account: int, *, stock: int = 0, before: int = 0, limit: int
    ) -> Sequence[ExecutionRow]:
        """Return an account's executions, newest first."""
        ...

    def executions_oldest_first(self, account: int, *, limit: int) -> Sequence[ExecutionRow]:
        """Return an account's first ``limit`` executions, for the whole lists of the daytrade API."""
        ...

    def wallet_rows(self, account: int, *, before: int = 0, limit: int) -> Sequence[WalletRow]:
        """Return an account's movements of money, newest first."""
        ...

    def wallet_trades_oldest_first(self, account: int, *, limit: int) -> Sequence[WalletRow]:
        """Return an account's first ``limit`` buys and sells, oldest first, without deposits."""
        ...

    def statement(self, account: int, start_ns: int, end_ns: int, *, limit: int) -> Sequence[WalletRow]:
        """Return movements of money with start <= time < end, oldest first."""
        ...

    def wealth_changes(
        self, account: int, interval_s: int, start_ns: int, *, limit: int
    ) -> Sequence[WealthChange]:
        """Return what intervals from ``start_ns`` on changed in an account, newest first.

        Each of executions, transfers and grants is added up over its newest ``limit`` movements.
        """
        ...

    def balance(self, account: int) -> Balance: ...  # noqa: D102
    def holdings(self, account: int) -> Sequence[HoldingRow]: ...  # noqa: D102
    def stock(self, stock: int) -> StockRow | None: ...  # noqa: D102
    def stocks(self) -> Sequence[StockRow]: ...  # noqa: D102

    def depth(self, stock: int, levels: int) -> Depth:
        """Return the best ``levels`` levels of each side."""
        ...

    def trades(self, stock: int, *, before: int = 0, limit: int) -> Sequence[TradeRow]:
        """Return the tape of a stock, newest first."""
        ...

    def candles(
        self, stock: int, interval_s: int, start_ns: int, end_ns: int, *, limit: int
    ) -> Sequence[Candle]:
        """Return the candles with start <= start_ns < end, oldest first; the last ``limit`` of them."""
        ...

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
        """Return the audit of commands with start <= time < end, newest first.

        An ``actor`` alone is not looked up but searched for, so it may take long.
        """
        ...


class ViewPosition(Row, frozen=True):
    """How far the views are: the last batch that they hold, its hash, and its last event."""

    batch: int = 0
    batch_hash: bytes = b""
    event: int = 0


class ViewChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of batches changes: rows as they stand after it, each in the place of the one it follows.

    Buys and sells are in ``executions``, so ``transfers`` holds deposits and withdrawals only. A level
    without orders is gone. The best prices of ``stocks`` are 0: they are read from the levels.
    """

    position: ViewPosition
    orders: Sequence[OrderRow] = ()
    executions: Sequence[ExecutionRow] = ()
    transfers: Sequence[WalletRow] = ()
    balances: Mapping[int, Balance] = {}
    """By account."""
    holdings: Mapping[tuple[int, int], HoldingRow] = {}
    """By account and stock."""
    stocks: Sequence[StockRow] = ()
    candles: Mapping[tuple[int, int, int], Candle] = {}
    """By stock, seconds of the interval, and start."""
    levels: Mapping[tuple[int, int, int], DepthLevel] = {}
    """By stock, side and price; price 0 is what waits at market."""
    commands: Sequence[CommandRow] = ()
    shares: Mapping[int, int] = {}
    """By stock: what one ledger of a venue in parts has granted; one process has it in ``stocks``."""
    moments: Mapping[int, int] = {}
    """By second since 1970: the first event in it. Finds events by time, which never runs backwards."""


class ViewStore(Protocol):
    """The write side of the views, for the one thread that projects: a save, and reads to resume from."""

    def checkpoint(self) -> ViewPosition: ...  # noqa: D102
    def order(self, order: int) -> OrderRow | None: ...  # noqa: D102
    def holding(self, account: int, stock: int) -> HoldingRow | None: ...  # noqa: D102
    def level(self, stock: int, side: int, price: int) -> DepthLevel | None: ...  # noqa: D102
    def stock(self, stock: int) -> StockRow | None: ...  # noqa: D102
    def newest_candle(self, stock: int, interval_s: int) -> Candle | None: ...  # noqa: D102

    def save(self, changes: ViewChanges) -> None:
        """Store rows and position in one transaction; ViewsDamaged where the store is broken."""
        ...

    def clear(self) -> None:
        """Throw everything away and begin at position 0."""
        ...

    def close(self) -> None:
        """Release the files; safe to call twice."""
        ...


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that a projection is going to ask its store for."""

    orders: Collection[int] = ()
    holdings: Collection[tuple[int, int]] = ()
    """By account and stock."""
    candles: Collection[tuple[int, int, int]] = ()
    """By stock, seconds of the interval, and start: if it is there, it is the newest of its kind."""
    books: Collection[int] = ()
    """Stocks, each with all its levels."""


class PartitionViewStore(ViewStore, Protocol):
    """The write side of the views of a venue in parts, for the stream of one partition.

    Streams of several partitions share the rows' tables, but each row is of one stream. The position of a
    save has to follow on the one that the store has seen last: ViewsFenced where another writer has moved
    it, and nothing is stored. ``clear`` throws away what is of this stream only.
    """

    def prefetch(self, wanted: Wanted) -> None:
        """Read together what would otherwise be read row by row until the next save. It may do nothing."""
        ...

    def shares(self, stock: int) -> int:
        """Return how many shares of a stock this ledger has granted."""
        ...
