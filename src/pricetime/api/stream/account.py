"""The private channel of an account: its orders, executions, money and shares.

Which orders have changed the journal's events tell; how they stand the views say, so that every message
is one picture, equal to what ``/v1`` answers at its event.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import ClassVar, NamedTuple

from pricetime import schema
from pricetime.api.stream.moment import Moment
from pricetime.api.stream.sources import Reading, rows_since
from pricetime.api.v1 import _show
from pricetime.ports import Balance, ExecutionRow, HoldingRow

EXECUTION_ROWS = 50


class AccountState(NamedTuple):
    """What was told of an account, but for its orders."""

    balance: Balance
    rows: dict[int, HoldingRow]
    holdings: dict[int, schema.Holding]
    """By stock, with those that were sold out."""
    latest_trades: frozenset[int]


class AccountSource:
    """One account. Snapshots have its newest open orders, ``rows_limit`` of them at most."""

    shows_state: ClassVar[bool] = False

    def __init__(self, account: int, rows_limit: int) -> None:
        self._account = account
        self._rows_limit = rows_limit

    def read(self, moment: Moment, before: AccountState | None) -> Reading[AccountState]:
        """Read what may have changed: all of it, or only what the shares are worth."""
        if before is None:
            return Reading(self._state(moment, None, self._latest(moment)))
        if self._account not in moment.orders:
            holdings = self._holdings(moment, before.rows, before)
            return self._compared(before, before._replace(holdings=holdings), [], [])
        numbers = moment.orders[self._account]
        latest = self._latest(moment)
        now = self._state(moment, before, latest)
        executions = self._new_executions(moment, latest, before.latest_trades)
        if numbers is None or executions is None or len(numbers) > self._rows_limit:
            return Reading(now, is_cut=True)
        return self._compared(before, now, self._orders(moment, numbers), executions)

    def _compared(
        self,
        before: AccountState,
        now: AccountState,
        orders: list[schema.Order],
        executions: list[schema.Execution],
    ) -> Reading[AccountState]:
        told = before.holdings
        change = schema.AccountChange(
            orders=orders,
            executions=executions,
            wallet=_show.wallet(now.balance) if now.balance != before.balance else None,
            holdings=[each for stock, each in now.holdings.items() if told.get(stock) != each],
        )
        is_news = change.orders or change.executions or change.wallet or change.holdings
        return Reading(now, change if is_news else None)

    def _latest(self, moment: Moment) -> Sequence[ExecutionRow]:
        return moment.views.executions(self._account, limit=EXECUTION_ROWS)

    def _state(
        self, moment: Moment, before: AccountState | None, latest: Sequence[ExecutionRow]
    ) -> AccountState:
        rows = {row.stock: row for row in moment.views.holdings(self._account)}
        return AccountState(
            moment.views.balance(self._account),
            rows,
            self._holdings(moment, rows, before),
            frozenset(row.trade for row in latest),
        )

    def _holdings(
        self, moment: Moment, rows: dict[int, HoldingRow], before: AccountState | None
    ) -> dict[int, schema.Holding]:
        """Show the holdings anew whose shares have changed, or their price."""
        shown = {}
        for stock, row in rows.items():
            if before is not None and stock not in moment.stocks and before.rows.get(stock) == row:
                shown[stock] = before.holdings[stock]
            else:
                shown[stock] = _show.holding(row, moment.name_of(stock), moment.last_price(stock))
        return shown

    def _orders(self, moment: Moment, numbers: Set[int]) -> list[schema.Order]:
        """Return the account's own among the orders, as they stand."""
        rows = [moment.views.order(number) for number in sorted(numbers)]
        return [_show.order(row) for row in rows if row is not None and row.account == self._account]

    def _new_executions(
        self, moment: Moment, rows: Sequence[ExecutionRow], known: frozenset[int]
    ) -> list[schema.Execution] | None:
        """Return the executions beside those known, oldest first; None where they are too many.

        Numbers do not tell: where books number their own trades, a new one may have a smaller number.
        """
        if len(rows) == EXECUTION_ROWS and known.isdisjoint(row.trade for row in rows):
            rows = moment.views.executions(self._account, limit=self._rows_limit + 1)
            if len(rows) > self._rows_limit and known.isdisjoint(row.trade for row in rows):
                return None
        oldest_known = max((at for at, row in enumerate(rows) if row.trade in known), default=len(rows))
        new = [row for row in rows[:oldest_known] if row.trade not in known]
        return [_show.execution(row) for row in reversed(new)]

    def _executions_after(self, moment: Moment, event: int) -> list[schema.Execution] | None:
        """Return the executions after an event, oldest first; None where they are too many."""

        def newest(limit: int) -> Sequence[ExecutionRow]:
            return moment.views.executions(self._account, limit=limit)

        rows = newest(EXECUTION_ROWS)
        new = rows_since(event, rows, EXECUTION_ROWS, newest, self._rows_limit)
        return None if new is None else [_show.execution(row) for row in reversed(new)]

    def whole(self, moment: Moment | None, state: AccountState) -> schema.AccountPicture:
        """Return the account as it stands."""
        assert moment is not None, "orders are not in the state"
        views, account = moment.views, self._account
        orders = views.orders(account, open_only=True, limit=self._rows_limit)
        executions = views.executions(account, limit=EXECUTION_ROWS)
        return schema.AccountPicture(
            orders=[_show.order(row) for row in orders],
            executions=[_show.execution(row) for row in executions],
            wallet=_show.wallet(state.balance),
            holdings=[state.holdings[stock] for stock, row in state.rows.items() if _show.is_shown(row)],
        )

    def missed(
        self, moment: Moment, state: AccountState, after: int, orders: set[int] | None
    ) -> schema.AccountChange | None:
        """Return what has changed since an event, given the orders that events after it have named."""
        if not moment.names_events:
            return None
        executions = self._executions_after(moment, after)
        if orders is None or executions is None or len(orders) > self._rows_limit:
            return None
        return schema.AccountChange(
            orders=self._orders(moment, orders),
            executions=executions,
            wallet=_show.wallet(state.balance),
            holdings=list(state.holdings.values()),
        )
