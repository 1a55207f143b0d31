"""The portfolio at ``/v1``: holdings, what they cost, and what they are worth at last prices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Annotated, Final

from msgspec import Meta

from pricetime import schema
from pricetime.api.endpoints import Call, Endpoint, Query
from pricetime.api.v1 import _show
from pricetime.api.v1._times import ends_before
from pricetime.api.v1._wealth import Point, TooMuch, history
from pricetime.api.v1.market import INTERVALS_S
from pricetime.errors import InvalidRequest
from pricetime.ports import HoldingRow, Views


class HistoryQuery(Query, frozen=True):
    """Which points: the last ``limit``, an interval apart; ``page_limit`` bounds them."""

    interval: schema.LongInterval = "1h"
    limit: Annotated[int, Meta(ge=1)] = 200


async def get_portfolio(call: Call) -> schema.Portfolio:
    """Return one's holdings. What was sold out stays as a row of zero shares with its realised profit."""
    account = call.account

    def query(views: Views) -> tuple[Sequence[HoldingRow], dict[int, int]]:
        holdings = views.holdings(account)
        return holdings, {row.stock: row.last for row in views.stocks()} if holdings else {}

    rows, last_prices = await call.venue.reader.read(query, account=account)
    rows = [row for row in rows if _show.is_shown(row)]
    value = cost = realised = 0
    for row in rows:
        realised += row.realised
        if last := last_prices.get(row.stock, 0):
            value += (row.free + row.held) * last
            cost += row.cost
    name_of = call.venue.stocks.name_of
    return schema.Portfolio(
        holdings=[_show.holding(row, name_of(row.stock), last_prices.get(row.stock, 0)) for row in rows],
        market_value=_show.money(value),
        realised_profit=_show.money(realised),
        unrealised_profit=_show.money(value - cost),
    )


async def get_history(call: Call) -> schema.PortfolioHistory:
    """Return what one had at the ends of intervals, from the first money or shares on, and has now."""
    asked: HistoryQuery = call.query
    venue, settings, account = call.venue, call.venue.settings, call.account
    interval_s = INTERVALS_S[asked.interval]
    count = min(asked.limit, settings.page_limit)
    times = ends_before(venue.clock.now_ns(), interval_s, count - 1)

    def query(views: Views) -> list[Point]:
        return views.at_once(
            lambda: history(
                views,
                account,
                interval_s,
                times,
                movements_limit=settings.statement_limit,
                prices_limit=settings.history_limit,
            )
        )

    try:
        points = await venue.reader.read(query, account=account, heavy=True)
    except TooMuch:
        raise InvalidRequest("Too much happened in that time. Ask for fewer points.") from None
    empty = takewhile(lambda point: not (point.cash or point.value or point.deposited), points[:-1])
    points[-1] = points[-1]._replace(time_ns=venue.clock.now_ns())
    return schema.PortfolioHistory(points=[_show.wealth(point) for point in points[len(list(empty)) :]])


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/portfolio/history",
        handler=get_history,
        summary="Look back at the portfolio",
        family="v1",
        query=HistoryQuery,
        response=schema.PortfolioHistory,
        weight=20,
        errors=("queue_full",),
    ),
    Endpoint(
        method="GET",
        path="/v1/portfolio",
        handler=get_portfolio,
        summary="Look at the portfolio",
        family="v1",
        response=schema.Portfolio,
    ),
)
