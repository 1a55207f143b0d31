"""Money and holdings: balances, deposits and withdrawals, what shares cost and what sells earned.

Free and held come from the events as they stand. Cost and profit are counted here, in integers, by
average cost: a sell takes ``cost * sold // owned`` out of the cost of what was owned, so selling the last
share takes the last ten-thousandth. Granted shares cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pricetime.errors import ViewsDamaged
from pricetime.ports import Balance, HoldingRow, ViewStore, WalletRow
from pricetime.records import CommandKind, Event, Side
from pricetime.views.capped import capped
from pricetime.views.working import Working

_TRANSFERS: Final = {int(CommandKind.DEPOSIT): "deposit", int(CommandKind.WITHDRAW): "withdrawal"}
_BUY: Final = int(Side.BUY)


class Wallets:
    """Balances, and the movements of money that are no trades."""

    def __init__(self) -> None:
        self._balances: dict[int, Balance] = {}
        self._transfers: list[WalletRow] = []

    def changed(self, event: Event) -> None:
        """Take in a BALANCE_CHANGED."""
        self._balances[event.account] = Balance(event.amount, event.held)

    def moved(self, event: Event) -> None:
        """Take in an ACCEPTED of DEPOSIT or WITHDRAW."""
        kind = _TRANSFERS[event.command]
        row = WalletRow(event.number, event.account, kind, event.amount, 0, 0, False, event.time_ns)
        self._transfers.append(row)

    def take_balances(self) -> dict[int, Balance]:
        """Return the balances that have changed, by account, and begin anew."""
        taken, self._balances = self._balances, {}
        return taken

    def take_transfers(self) -> list[WalletRow]:
        """Return the deposits and withdrawals and begin anew."""
        taken, self._transfers = self._transfers, []
        return taken


class _Holding:
    __slots__ = ("cost", "free", "held", "owned", "realised")

    def __init__(self, free: int, held: int, cost: int, realised: int) -> None:
        self.free = free
        self.held = held
        self.cost = cost
        self.realised = realised
        self.owned = free + held
        """Shares owned as of the last trade or grant; free and held follow when the command ends."""


class Holdings:
    """Shares of each account in each stock, with what they cost and the profit that was taken."""

    def __init__(self, store: ViewStore, limit: int) -> None:
        self._store = store
        self._holdings: Working[tuple[int, int], _Holding] = Working(self._load, limit)

    def missing(self, keys: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return those accounts and stocks whose holdings are not in working memory."""
        return self._holdings.missing(keys)

    def granted(self, event: Event) -> None:
        """Take in an ACCEPTED of GRANT_SHARES."""
        self._holdings.touch((event.account, event.stock)).owned += event.quantity

    def traded(self, event: Event) -> None:
        """Take in a TRADED: the buyer's cost rises, the seller takes a profit or a loss."""
        if event.side == _BUY:
            self._buy(event.account, event, event.fee)
            self._sell(event.maker_account, event, event.maker_fee)
        else:
            self._buy(event.maker_account, event, event.maker_fee)
            self._sell(event.account, event, event.fee)

    def traded_by_taker(self, event: Event) -> None:
        """Take in the taker's half of a TRADED."""
        move = self._buy if event.side == _BUY else self._sell
        move(event.account, event, event.fee)

    def traded_by_maker(self, event: Event) -> None:
        """Take in the maker's half of a TRADED."""
        move = self._sell if event.side == _BUY else self._buy
        move(event.maker_account, event, event.maker_fee)

    def changed(self, event: Event) -> None:
        """Take in a HOLDING_CHANGED; ViewsDamaged where it is not what trades and grants add up to."""
        holding = self._holdings.touch((event.account, event.stock))
        holding.free, holding.held = event.quantity, event.held
        if holding.owned != event.quantity + event.held:
            raise ViewsDamaged(
                f"by its trades account {event.account} owns {holding.owned} of stock {event.stock}, "
                f"but event {event.number} says {event.quantity + event.held}"
            )

    def take(self) -> dict[tuple[int, int], HoldingRow]:
        """Return the holdings that have changed, by account and stock, and begin anew."""
        return {
            key: HoldingRow(key[1], holding.free, holding.held, holding.cost, holding.realised)
            for key, holding in self._holdings.take().items()
        }

    def _buy(self, account: int, trade: Event, fee: int) -> None:
        holding = self._holdings.touch((account, trade.stock))
        holding.owned += trade.quantity
        holding.cost = capped(holding.cost + trade.amount + fee)

    def _sell(self, account: int, trade: Event, fee: int) -> None:
        holding = self._holdings.touch((account, trade.stock))
        cost = holding.cost * trade.quantity // holding.owned
        holding.owned -= trade.quantity
        holding.cost -= cost
        holding.realised = capped(holding.realised + trade.amount - fee - cost)

    def _load(self, key: tuple[int, int]) -> _Holding:
        row = self._store.holding(*key)
        return _Holding(0, 0, 0, 0) if row is None else _Holding(row.free, row.held, row.cost, row.realised)
