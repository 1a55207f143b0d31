"""What an account was worth: its present, and back from there by undoing what happened since.

So nothing has to be added up from the beginning, and the last point is what wallet and portfolio say now.
What was deposited in all follows from the same present: trades turned money into the cost of shares and back
into proceeds, and what holdings remember of both tells what they took out of the wallet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pricetime.api.v1._times import prices_at
from pricetime.ports import LATEST_NS, Views, WealthChange


class Point(NamedTuple):
    """An account at a time. ``deposited``: what came in from outside less what left."""

    time_ns: int
    cash: int
    value: int
    deposited: int


class TooMuch(Exception):
    """More happened in the span than may be read."""


def history(
    views: Views,
    account: int,
    interval_s: int,
    times: Sequence[int],
    *,
    movements_limit: int,
    prices_limit: int,
) -> list[Point]:
    """Return an account at the given ends of intervals, ascending, and after them at its present (time 0).

    TooMuch where any kind of movement came ``movements_limit`` times. The earliest points are left out where
    all of them would take more than ``prices_limit`` prices.
    """
    changes = views.wealth_changes(
        account, interval_s, times[0] if times else LATEST_NS, limit=movements_limit
    )
    if sum(change.movements for change in changes) >= movements_limit:
        raise TooMuch
    balance, holdings = views.balance(account), views.holdings(account)
    shares = {row.stock: row.free + row.held for row in holdings}
    stocks = {stock for stock, owned in shares.items() if owned} | {row.stock for row in changes if row.stock}
    times = times[max(0, len(times) + 1 - max(1, prices_limit // max(1, len(stocks)))) :]
    cash = balance.free + balance.held
    deposited = cash + sum(row.cost - row.realised for row in holdings)
    ends = [*times, LATEST_NS]
    prices = {
        stock: list(prices_at(views.candles(stock, interval_s, 0, LATEST_NS, limit=len(ends) + 1), ends))
        for stock in stocks
    }
    points = list(_backwards(changes, ends, cash, deposited, shares, prices))
    points[0] = points[0]._replace(time_ns=0)
    points.reverse()
    return points


def _backwards(
    changes: Sequence[WealthChange],
    times: Sequence[int],
    cash: int,
    deposited: int,
    shares: dict[int, int],
    prices: Mapping[int, Sequence[int]],
) -> Iterator[Point]:
    """Yield the points from the last to the first, undoing what came after each."""
    undone = 0
    for place in range(len(times) - 1, -1, -1):
        while undone < len(changes) and changes[undone].start_ns >= times[place]:
            change = changes[undone]
            cash -= change.money
            if change.stock:
                shares[change.stock] -= change.shares
            else:
                deposited -= change.money
            undone += 1
        value = sum(shares[stock] * of_stock[place] for stock, of_stock in prices.items())
        yield Point(times[place], cash, value, deposited)
