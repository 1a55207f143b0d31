"""All that ``Views`` say of a venue, without the numbers of events, which are others in every shape of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from pricetime.ports import ExecutionRow, OrderRow, Row, Views, WalletRow
from pricetime.records import NO_CLIENT_ID
from pricetime.views import INTERVALS_S

R = TypeVar("R", bound=Row)
_ALL = 10_000
_PAGE = 3


class _Page(Protocol[R]):
    def __call__(self, *, before: int, limit: int) -> Sequence[R]: ...


class Said:
    """What the views say of these accounts and stocks. Every list is read in pages, too."""

    def __init__(self, views: Views, accounts: Iterable[int], stocks: Iterable[int]) -> None:
        self._views = views
        self._trades = {0: 0}
        self._stocks = list(stocks)
        self._accounts = list(accounts)
        for stock in self._stocks:
            oldest_first = reversed(views.trades(stock, limit=_ALL))
            self._trades.update((row.trade, place) for place, row in enumerate(oldest_first, 1))

    def of_market(self) -> dict[str, Any]:
        views = self._views
        return {
            "stocks": list(views.stocks()),
            "each stock": [views.stock(stock) for stock in (*self._stocks, 2**62)],
            "depth": [
                msgspec.structs.replace(views.depth(stock, levels), event=0)
                for stock in self._stocks
                for levels in (1, _ALL)
            ],
            "trades": [
                [
                    msgspec.structs.replace(row, trade=self._trades[row.trade])
                    for row in _in_pages(lambda **page: views.trades(stock, **page), lambda row: row.trade)  # noqa: B023
                ]
                for stock in self._stocks
            ],
            "candles": [
                list(views.candles(stock, interval_s, 0, 2**62, limit=limit))
                for stock in self._stocks
                for interval_s in INTERVALS_S
                for limit in (2, _ALL)
            ],
            "audit": list(self._audits()),
        }

    def of_accounts(self) -> dict[int, dict[str, Any]]:
        return {account: self._of_account(account) for account in self._accounts}

    def _of_account(self, account: int) -> dict[str, Any]:
        views = self._views
        orders = _in_pages(lambda **page: views.orders(account, **page), lambda row: row.order)
        executions = _in_pages(lambda **page: views.executions(account, **page), lambda row: row.trade)
        wallet = _in_pages(lambda **page: views.wallet_rows(account, **page), lambda row: row.id)
        times = [row.time_ns for row in wallet] or [0]
        middle_ns = times[len(times) // 2]
        return {
            "balance": views.balance(account),
            "holdings": list(views.holdings(account)),
            "orders": list(map(self._order, orders)),
            "open": [
                [self._order(row) for row in views.orders(account, stock=stock, open_only=True, limit=_ALL)]
                for stock in (0, *self._stocks)
            ],
            "in stock": [
                [self._order(row) for row in _in_pages(
                    lambda **page: views.orders(account, stock=stock, **page), lambda row: row.order  # noqa: B023
                )]
                for stock in self._stocks
            ],
            "oldest orders": [self._order(row) for row in views.orders_oldest_first(account, limit=5)],
            "each order": [self._some(views.order(row.order)) for row in orders],
            "by client id": [
                self._some(views.order_by_client_id(account, row.client_id))
                for row in orders
                if row.client_id != NO_CLIENT_ID
            ],
            "fills": [
                list(map(self._execution, views.executions_of(row.order, limit=_ALL))) for row in orders
            ],
            "executions": list(map(self._execution, executions)),
            "executions in stock": [
                [self._execution(row) for row in _in_pages(
                    lambda **page: views.executions(account, stock=stock, **page), lambda row: row.trade  # noqa: B023
                )]
                for stock in self._stocks
            ],
            "oldest executions": list(map(self._execution, views.executions_oldest_first(account, limit=5))),
            "wallet": list(map(self._movement, wallet)),
            "oldest movements": list(map(self._movement, views.wallet_trades_oldest_first(account, limit=5))),
            "statements": [
                list(map(self._movement, views.statement(account, start_ns, end_ns, limit=_ALL)))
                for start_ns, end_ns in ((0, middle_ns), (middle_ns, 2**62), (middle_ns + 1, 2 * middle_ns))
            ],
            "wealth": [
                sorted(map(msgspec.structs.astuple, views.wealth_changes(account, 900, start_ns, limit=_ALL)))
                for start_ns in (0, middle_ns)
            ],
        }  # fmt: skip

    def _audits(self) -> Iterable[Any]:
        audit = self._views.audit
        for asked in (
            {},
            *({"account": account} for account in self._accounts),
            {"kind": "grant_shares"},
            {"denied_only": True},
            {"denied_only": True, "kind": "place_order", "account": self._accounts[0]},
            {"account": self._accounts[0], "kind": "deposit"},
            {"actor": self._accounts[0]},
        ):
            every = _in_pages(lambda **page: audit(**asked, **page), lambda row: row.sequence)  # noqa: B023
            yield every
            if every:
                middle_ns = every[len(every) // 2].time_ns
                yield list(audit(**asked, start_ns=middle_ns, limit=_ALL))
                yield list(audit(**asked, end_ns=middle_ns, limit=_ALL))

    def _order(self, row: OrderRow) -> OrderRow:
        return msgspec.structs.replace(row, sole_trade=self._trades[row.sole_trade])

    def _some(self, row: OrderRow | None) -> OrderRow | None:
        return row and self._order(row)

    def _execution(self, row: ExecutionRow) -> ExecutionRow:
        return msgspec.structs.replace(row, trade=self._trades[row.trade])

    def _movement(self, row: WalletRow) -> WalletRow:
        return msgspec.structs.replace(row, id=self._trades.get(row.id, 0))


def _in_pages(page: _Page[R], id_of: Callable[[R], int]) -> list[R]:
    """Return a list newest first, after making sure that its pages are the same."""
    whole = list(page(before=0, limit=_ALL))
    some: list[R] = []
    while more := page(before=id_of(some[-1]) if some else 0, limit=_PAGE):
        some += more
    assert some == whole
    return whole
