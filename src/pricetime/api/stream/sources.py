"""Where the public channels come from: the views as they are now, against what was told before.

A source keeps nothing. It is given the state that it returned last time (None: at first) and returns the
state now, with what has changed. States are never altered, so one thread may read anew while another
shows the state before. NotFound where there is no such thing to tell of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final, Generic, NamedTuple, Protocol, TypeVar

from pricetime import schema
from pricetime.api.stream.moment import Moment
from pricetime.api.times import DAY_NS
from pricetime.api.v1 import _show
from pricetime.api.v1.market import INTERVALS_S
from pricetime.errors import NotFound
from pricetime.ports import LATEST_NS, Candle, Depth, DepthLevel, TradeRow

S = TypeVar("S")

TAPE_ROWS: Final = 50
CANDLE_ROWS: Final = 300
CHECKSUM_LEVELS: Final = 10


class Reading(NamedTuple, Generic[S]):
    """What a source has found. ``is_cut``: there is more news than one update tells, so tell it all anew."""

    state: S
    change: Any = None
    """The data of an update; None: nothing has changed."""
    is_cut: bool = False


class Source(Protocol[S]):
    """What a channel tells. ``read`` and ``missed`` run in the pacer's thread."""

    shows_state: ClassVar[bool]
    """Whether ``whole`` needs the state only; else it needs a moment and runs in the thread."""

    def read(self, moment: Moment, before: S | None) -> Reading[S]:
        """Return the state now and what has changed since ``before``."""
        ...

    def whole(self, moment: Moment | None, state: S) -> Any:
        """Return the data of a snapshot."""
        ...

    def missed(self, moment: Moment, state: S, after: int, orders: set[int] | None) -> Any:
        """Return the data of an update from event ``after`` to now; None where that cannot be told."""
        ...


class _Trade(Protocol):
    @property
    def trade(self) -> int: ...


T = TypeVar("T", bound=_Trade)


def rows_since(
    trade: int, latest: Sequence[T], page: int, newest: Callable[[int], Sequence[T]], limit: int
) -> list[T] | None:
    """Return the rows after a trade, newest first; None where they are more than ``limit``.

    ``latest`` are the newest ``page`` rows; ``newest`` reads more where all of these are after the trade.
    """
    rows = latest
    if len(rows) == page and rows[-1].trade > trade:
        rows = newest(limit + 1)
        if len(rows) > limit and rows[-1].trade > trade:
            return None
    return [row for row in rows if row.trade > trade]


class _PublicSource(Generic[S]):
    shows_state: ClassVar[bool] = True

    def missed(self, moment: Moment, state: S, after: int, orders: set[int] | None) -> Any:  # noqa: ARG002
        """Return None: a snapshot says it as well."""
        return None


class PricesState(NamedTuple):
    """Every stock as told, and the UTC day on which it was."""

    stocks: dict[int, schema.Stock]
    day: int


class PricesSource(_PublicSource[PricesState]):
    """All stocks, each with its prices and its day."""

    def read(self, moment: Moment, before: PricesState | None) -> Reading[PricesState]:
        """Read the stocks that may have changed; at the first time of a day, all."""
        day, told = moment.now_ns // DAY_NS, before.stocks if before is not None else {}
        if before is None or before.day != day:
            rows = list(moment.views.stocks())
        else:
            rows = [row for stock in sorted(moment.stocks) if (row := moment.stock(stock)) is not None]
        now = {row.stock: _show.stock(row, moment.name_of(row.stock), moment.now_ns) for row in rows}
        changed = [stock for number, stock in now.items() if told.get(number) != stock]
        return Reading(PricesState({**told, **now}, day), changed or None)

    def whole(self, moment: Moment | None, state: PricesState) -> list[schema.Stock]:  # noqa: ARG002
        """Return every stock by number."""
        return [state.stocks[number] for number in sorted(state.stocks)]


class DepthSource(_PublicSource[Depth]):
    """The best levels of a book."""

    def __init__(self, stock: int, levels: int) -> None:
        self._stock = stock
        self._levels = levels

    def read(self, moment: Moment, before: Depth | None) -> Reading[Depth]:
        """Read the levels and compare them."""
        _check_listed(moment, self._stock)
        now = moment.views.depth(self._stock, self._levels)
        if before is None or _same(before, now):
            return Reading(now)
        change = schema.DepthChange(
            event=now.event,
            bids=_changed_levels(before.bids, now.bids),
            asks=_changed_levels(before.asks, now.asks),
            market_buy_quantity=now.market_buy,
            market_sell_quantity=now.market_sell,
        )
        return Reading(now, change)

    def whole(self, moment: Moment | None, state: Depth) -> schema.Book:  # noqa: ARG002
        """Return the book."""
        return _show.book(self._stock, state)


def _same(before: Depth, now: Depth) -> bool:
    return (
        before.bids == now.bids
        and before.asks == now.asks
        and before.market_buy == now.market_buy
        and before.market_sell == now.market_sell
    )


def _changed_levels(before: Sequence[DepthLevel], now: Sequence[DepthLevel]) -> list[schema.Level]:
    """Return the levels that are new or different, then those that are gone with a quantity of 0."""
    told = {level.price: level for level in before}
    changed = [_show.level(level) for level in now if told.pop(level.price, None) != level]
    return changed + [_show.level(DepthLevel(price, 0, 0)) for price in told]


class TradesSource(_PublicSource[tuple[TradeRow, ...]]):
    """The tape of a stock. The state is its latest trades, newest first."""

    def __init__(self, stock: int, rows_limit: int) -> None:
        self._stock = stock
        self._rows_limit = rows_limit

    def read(self, moment: Moment, before: tuple[TradeRow, ...] | None) -> Reading[tuple[TradeRow, ...]]:
        """Read the latest trades, and further back where all of them are new."""
        _check_listed(moment, self._stock)
        latest = tuple(moment.views.trades(self._stock, limit=TAPE_ROWS))
        if before is None:
            return Reading(latest)
        last = before[0].trade if before else 0
        new = self._since(moment, latest, last)
        if new is None:
            return Reading(latest, is_cut=True)
        return Reading(latest, [_show.trade(row) for row in reversed(new)] or None)

    def _since(self, moment: Moment, latest: Sequence[TradeRow], last: int) -> list[TradeRow] | None:
        """Return the trades after trade ``last``, newest first; None where they are too many."""

        def newest(limit: int) -> Sequence[TradeRow]:
            return moment.views.trades(self._stock, limit=limit)

        return rows_since(last, latest, TAPE_ROWS, newest, self._rows_limit)

    def whole(self, moment: Moment | None, state: tuple[TradeRow, ...]) -> list[schema.Trade]:  # noqa: ARG002
        """Return the latest trades."""
        return [_show.trade(row) for row in state]

    def missed(
        self,
        moment: Moment,
        state: tuple[TradeRow, ...],
        after: int,
        orders: set[int] | None,  # noqa: ARG002
    ) -> Any:
        """Return the trades after event ``after``: a trade is named by its event."""
        new = self._since(moment, state, after) if moment.names_events else None
        return None if new is None else [_show.trade(row) for row in reversed(new)]


class CandlesSource(_PublicSource[tuple[Candle, ...]]):
    """The latest candles of a stock, oldest first."""

    def __init__(self, stock: int, interval: schema.Interval) -> None:
        self._stock = stock
        self._interval_s = INTERVALS_S[interval]

    def read(self, moment: Moment, before: tuple[Candle, ...] | None) -> Reading[tuple[Candle, ...]]:
        """Read from the last candle on: time never runs backwards, so those before it stay as they are."""
        _check_listed(moment, self._stock)
        start_ns = before[-1].start_ns if before else 0
        rows = moment.views.candles(self._stock, self._interval_s, start_ns, LATEST_NS, limit=CANDLE_ROWS)
        if before is None:
            return Reading(tuple(rows))
        changed = [row for row in rows if row not in before[-1:]]
        now = (*before[:-1], *rows)[-CANDLE_ROWS:]
        return Reading(now, [_show.candle(row) for row in changed] or None, len(rows) == CANDLE_ROWS)

    def whole(self, moment: Moment | None, state: tuple[Candle, ...]) -> list[schema.CandleView]:  # noqa: ARG002
        """Return the candles."""
        return [_show.candle(row) for row in state]


def _check_listed(moment: Moment, stock: int) -> None:
    if moment.stock(stock) is None:
        raise NotFound(
            f"There is no stock {stock}. Look up its id in the list of stocks.", code="unknown_stock"
        )
