"""The views against the venue's state: balances, holdings, open orders, stocks and depth, all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from numpy.typing import NDArray

from pricetime.ports import Views
from pricetime.records import Side
from pricetime.records.state import Tables, read_snapshot

_PAGE: Final = 1_000
_ALL_LEVELS: Final = 1_000_000_000

Row = tuple[int, ...]
Rows = dict[int, dict[int, Row]]
"""Of each account or stock: rows by number."""


def differences(snapshot: bytes, views: Views) -> Iterator[str]:
    """Yield a sentence for each thing that the views say otherwise than the venue's snapshot."""
    tables = read_snapshot(snapshot)
    yield from _stocks(tables, views)
    yield from _balances(tables, views)
    yield from _holdings(tables, views)
    yield from _open_orders(tables, views)
    yield from _depth(tables, views)


def _values(table: NDArray[Any], *names: str) -> list[tuple[int, ...]]:
    return list(zip(*(table[name].tolist() for name in names), strict=True))


def _by(rows: list[tuple[int, ...]]) -> Rows:
    """Group rows by their first column and name them by their second."""
    grouped: Rows = defaultdict(dict)
    for group, number, *values in rows:
        grouped[group][number] = tuple(values)
    return grouped


def _compare(what: str, venue: Mapping[int, Row], views: Mapping[int, Row]) -> Iterator[str]:
    """Yield a sentence for each number whose row differs or stands on one side only."""
    for number in sorted(venue.keys() | views.keys()):
        if venue.get(number) != views.get(number):
            yield (
                f"{what} {number}: the views hold {views.get(number, 'nothing')}, "
                f"the venue {venue.get(number, 'nothing')}"
            )


def _stocks(tables: Tables, views: Views) -> Iterator[str]:
    rows = _values(tables.stocks, "stock", "tick", "halted", "last", "shares")
    held = {stock: tuple(row) for stock, *row in rows}
    shown = {row.stock: (row.tick, int(row.halted), row.last, row.shares) for row in views.stocks()}
    yield from _compare("(tick, halted, last price, shares) of stock", held, shown)


def _balances(tables: Tables, views: Views) -> Iterator[str]:
    for account, free, held in _values(tables.accounts, "account", "free", "held"):
        balance = views.balance(account)
        if (balance.free, balance.held) != (free, held):
            yield (
                f"(free, held) money of account {account}: the views hold {(balance.free, balance.held)}, "
                f"the venue {(free, held)}"
            )


def _holdings(tables: Tables, views: Views) -> Iterator[str]:
    held = _by(_values(tables.holdings, "account", "stock", "free", "held"))
    for account in tables.accounts["account"].tolist():
        shown = {row.stock: (row.free, row.held) for row in views.holdings(account) if row.free or row.held}
        ours = {stock: row for stock, row in held.get(account, {}).items() if any(row)}
        yield from _compare(f"account {account}: (free, held) shares of stock", ours, shown)


def _open_orders(tables: Tables, views: Views) -> Iterator[str]:
    columns = ("account", "order", "stock", "side", "order_type", "price", "quantity", "remaining")
    held = _by(_values(tables.orders, *columns))
    for account in tables.accounts["account"].tolist():
        shown = {
            row.order: (
                row.stock,
                row.side,
                row.order_type,
                row.price,
                row.quantity,
                row.quantity - row.filled,
            )
            for row in _all_open(account, views)
        }
        yield from _compare(
            f"account {account}: (stock, side, type, price, quantity, remaining) of order",
            held.get(account, {}),
            shown,
        )


def _all_open(account: int, views: Views) -> Iterator[Any]:
    before = 0
    while page := views.orders(account, open_only=True, before=before, limit=_PAGE):
        yield from page
        before = page[-1].order
        if before <= 1:
            return


def _depth(tables: Tables, views: Views) -> Iterator[str]:
    levels: dict[tuple[int, int], dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for stock, side, price, remaining in _values(tables.orders, "stock", "side", "price", "remaining"):
        level = levels[stock, side][price]
        level[0] += remaining
        level[1] += 1
    for stock in tables.stocks["stock"].tolist():
        depth = views.depth(stock, _ALL_LEVELS)
        for side, shown, market in (
            (Side.BUY, depth.bids, depth.market_buy),
            (Side.SELL, depth.asks, depth.market_sell),
        ):
            ours = {price: tuple(level) for price, level in levels[stock, side].items()}
            waiting = ours.pop(0, (0, 0))[0]
            name = f"stock {stock}, {side.name.lower()} side"
            yield from _compare(
                f"{name}: (shares, orders) at price",
                ours,
                {level.price: (level.quantity, level.orders) for level in shown},
            )
            if waiting != market:
                yield f"{name}: the views hold {market} shares waiting at market, the venue {waiting}"
