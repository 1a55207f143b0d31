"""Market data at ``/v1``, open to everybody: prices, books, tapes, candles."""

from __future__ import annotations

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
from pricetime.api.v1.stocks import LISTINGS, read_stock
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


ENDPOINTS: Final = (
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
