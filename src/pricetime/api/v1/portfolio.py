"""The portfolio at ``/v1``: holdings, what they cost, and what they are worth at last prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pricetime import schema
from pricetime.api.endpoints import Call, Endpoint
from pricetime.api.v1 import _show
from pricetime.ports import HoldingRow, Views


async def get_portfolio(call: Call) -> schema.Portfolio:
    """Return one's holdings. What was sold out stays as a row of zero shares with its realised profit."""
    account = call.account

    def query(views: Views) -> tuple[Sequence[HoldingRow], dict[int, int]]:
        holdings = views.holdings(account)
        return holdings, {row.stock: row.last for row in views.stocks()} if holdings else {}

    rows, last_prices = await call.venue.reader.read(query, account=account)
    rows = [row for row in rows if row.free or row.held or row.realised]
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


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/portfolio",
        handler=get_portfolio,
        summary="Look at the portfolio",
        family="v1",
        response=schema.Portfolio,
    ),
)
