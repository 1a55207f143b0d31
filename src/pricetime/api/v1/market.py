"""Market data at ``/v1``, open to everybody: prices, books, tapes, candles."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Final

from msgspec import Meta

from pricetime import schema
from pricetime.api.endpoints import Call, Endpoint, Query, Scope
from pricetime.api.v1 import _show
from pricetime.api.v1._ask import (
    Instant,
    Limit,
    PageQuery,
    cursor_of,
    page_limit,
    page_of,
    page_of_all,
    span_of,
)
from pricetime.api.v1._times import ends_before, prices_at
from pricetime.api.v1.stocks import LISTINGS, read_stock
from pricetime.ports import LATEST_NS, Candle, Views
from pricetime.schema import Page

DEFAULT_LEVELS: Final = 20
INTERVALS_S: Final[dict[schema.Interval, int]] = {
    "1s": 1,
    "5s": 5,
    "15s": 15,
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "1h": 3_600,
    "4h": 14_400,
    "1d": 86_400,
}


class BookQuery(Query, frozen=True):
    """How deep to look."""

    levels: Annotated[int, Meta(ge=1, description="levels of a side; depth_limit bounds it")] = DEFAULT_LEVELS


class CandleQuery(Query, frozen=True):
    """Which candles: those with start <= time < end, and of these the last ``limit``."""

    interval: schema.Interval = "1m"
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit | None = None


class SparklineQuery(PageQuery, frozen=True):
    """Which intervals: the last ``points``, of which one is going on."""

    interval: schema.LongInterval = "15m"
    points: Annotated[int, Meta(ge=1, le=200)] = 96


async def list_prices(call: Call) -> Page[schema.Price]:
    """Return the price of every stock that has one: of its last trade, else its best ask."""
    rows = await call.venue.reader.read(lambda views: views.stocks(), account=LISTINGS, market=True)
    priced = (row for row in rows if row.last or row.best_ask)
    name_of = call.venue.stocks.name_of
    return page_of_all(
        call, priced, lambda row: _show.stock_price(row, name_of(row.stock)), lambda row: row.stock
    )


async def get_book(call: Call) -> schema.Book:
    """Return the best levels of both sides of a book."""
    stock = (await read_stock(call, call.id("stock"))).stock
    levels = min(call.query.levels, call.venue.settings.depth_limit)
    return _show.book(
        stock, await call.venue.reader.read(lambda views: views.depth(stock, levels), market=True)
    )


async def list_trades(call: Call) -> Page[schema.Trade]:
    """Return the trades of a stock, newest first."""
    stock = (await read_stock(call, call.id("stock"))).stock
    before, limit = cursor_of(call), page_limit(call)
    rows = await call.venue.reader.read(
        lambda views: views.trades(stock, before=before, limit=limit + 1), market=True
    )
    return page_of(rows, limit, _show.trade, lambda row: row.trade)


async def list_candles(call: Call) -> Page[schema.CandleView]:
    """Return open, high, low, close and volume of the intervals that had a trade, oldest first."""
    asked: CandleQuery = call.query
    stock = (await read_stock(call, call.id("stock"))).stock
    start_ns, end_ns = span_of(asked.start, asked.end)
    interval_s, limit = INTERVALS_S[asked.interval], page_limit(call)
    rows = await call.venue.reader.read(
        lambda views: views.candles(stock, interval_s, start_ns, end_ns, limit=limit), market=True
    )
    return Page(items=[_show.candle(row) for row in rows])


async def list_sparklines(call: Call) -> Page[schema.Sparkline]:
    """Return the prices of all stocks that have traded, at the ends of the last intervals: small charts."""
    asked: SparklineQuery = call.query
    interval_s = INTERVALS_S[asked.interval]
    after, limit = cursor_of(call), page_limit(call)
    now_ns = call.venue.clock.now_ns()
    times = [*ends_before(now_ns, interval_s, asked.points), LATEST_NS]

    def query(views: Views) -> list[tuple[int, Sequence[Candle]]]:
        traded = (row.stock for row in views.stocks() if row.stock > after and row.last)
        # One candle more than there are intervals, for the price before the first.
        return [
            (stock, views.candles(stock, interval_s, 0, LATEST_NS, limit=asked.points + 1))
            for stock in islice(traded, limit + 1)
        ]

    rows = await call.venue.reader.read(query, market=True, heavy=True)
    return page_of(rows, limit, lambda row: _sparkline(*row, times), lambda row: row[0])


def _sparkline(stock: int, candles: Sequence[Candle], times: Sequence[int]) -> schema.Sparkline:
    before, *closes = prices_at(candles, times)
    recent = [candle for candle in candles if candle.start_ns >= times[0]]
    opening = before or (recent[0].open if recent else 0)
    return schema.Sparkline(
        stock=str(stock),
        closes=[_show.money(close) for close in closes if close],
        change=_show.money(closes[-1] - opening) if opening else None,
        volume=sum(candle.volume for candle in recent),
    )


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/sparklines",
        handler=list_sparklines,
        summary="List small charts",
        family="v1",
        scope=Scope.PUBLIC,
        query=SparklineQuery,
        response=Page[schema.Sparkline],
        errors=("invalid_cursor", "queue_full"),
        weight=5,
        private=False,
    ),
    Endpoint(
        method="GET",
        path="/v1/prices",
        handler=list_prices,
        summary="List prices",
        family="v1",
        scope=Scope.PUBLIC,
        query=PageQuery,
        response=Page[schema.Price],
        errors=("invalid_cursor",),
        private=False,
    ),
    Endpoint(
        method="GET",
        path="/v1/stocks/{stock}/book",
        handler=get_book,
        summary="Look into a book",
        family="v1",
        scope=Scope.PUBLIC,
        query=BookQuery,
        response=schema.Book,
        private=False,
    ),
    Endpoint(
        method="GET",
        path="/v1/stocks/{stock}/trades",
        handler=list_trades,
        summary="Read the tape",
        family="v1",
        scope=Scope.PUBLIC,
        query=PageQuery,
        response=Page[schema.Trade],
        errors=("invalid_cursor",),
        private=False,
    ),
    Endpoint(
        method="GET",
        path="/v1/stocks/{stock}/candles",
        handler=list_candles,
        summary="Read candles",
        family="v1",
        scope=Scope.PUBLIC,
        query=CandleQuery,
        response=Page[schema.CandleView],
        private=False,
    ),
)
