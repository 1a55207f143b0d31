"""What durable batches have touched: stocks, and the orders of the accounts that somebody listens to.

``on_batch`` is on the way of every order of the venue. While nobody listens it does nothing; else it marks
stocks in an array, and looks for orders only of accounts that have a channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricetime.ports import Batch
from pricetime.records import event_array

_FIRST_SIZE: Final = 1_024


class Work(NamedTuple):
    """What may have changed in the views up to event ``event``, since they were last looked at."""

    event: int
    stocks: set[int]
    orders: dict[int, set[int] | None]
    """By account; None: so many that to tell all anew says less."""


class Touched:
    """Collects between two rounds. Of one account it remembers at most ``orders_limit`` orders."""

    def __init__(self, stocks_limit: int, orders_limit: int) -> None:
        self.is_watched = False
        self._stocks_limit = stocks_limit
        self._orders_limit = orders_limit
        self._accounts = np.empty(0, np.int64)
        self._marks = np.zeros(_FIRST_SIZE, np.bool_)
        self._named: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        self._due = Work(0, set(), {})

    def watch(self, accounts: Iterable[int] | None) -> None:
        """Note what is touched from now on, of these accounts too; None: note nothing any more."""
        self.is_watched = accounts is not None
        self._accounts = np.unique(np.array(list(accounts or ()), np.int64))
        if not self.is_watched:
            self._marks[:] = False
            self._named, self._due = [], Work(0, set(), {})

    def on_batch(self, batch: Batch) -> None:
        """Note what a batch has touched."""
        if not self.is_watched:
            return
        # Of a denied command the stock is what its sender made up; without a sign it is merely too large.
        array = event_array(batch.events)
        stocks = array["stock"].view(np.uint64)
        if stocks.max() >= len(self._marks):
            self._grow(int(stocks.max()))
            stocks = stocks[stocks < len(self._marks)]
        self._marks[stocks] = True
        if len(self._accounts):
            self._note_orders(array, "account", "order")
            self._note_orders(array, "maker_account", "maker_order")

    def _grow(self, stock: int) -> None:
        size = min(stock, self._stocks_limit) + 1
        if size > len(self._marks):
            self._marks = np.append(self._marks, np.zeros(size - len(self._marks), np.bool_))

    def _note_orders(self, array: NDArray[np.void], whose: str, which: str) -> None:
        """Note accounts that have a channel, each with the order that is named beside it."""
        accounts = array[whose].copy()
        places = self._accounts.searchsorted(accounts)
        is_watched = self._accounts.take(places, mode="clip") == accounts
        if is_watched.any():
            self._named.append((accounts[is_watched], array[which][is_watched]))

    def take(self, event: int) -> Work:
        """Return all that may have changed up to ``event``, the last durable one, and is not settled."""
        due = self._due
        due.stocks.update(np.flatnonzero(self._marks).tolist())
        self._marks[:] = False
        for account, orders in self._take_named():
            due.orders[account] = joined(due.orders.get(account, set()), orders, self._orders_limit)
        self._due = due._replace(event=event)
        return self._due

    def _take_named(self) -> Iterator[tuple[int, set[int]]]:
        """Yield each account that was noted, with its orders; 0 stands where an event was about none."""
        if not self._named:
            return
        accounts, orders = (np.concatenate(parts) for parts in zip(*self._named, strict=True))
        self._named = []
        by_account = accounts.argsort(kind="stable")
        accounts, orders = accounts[by_account], orders[by_account]
        starts = np.flatnonzero(np.append(True, accounts[1:] != accounts[:-1]))
        for account, named in zip(accounts[starts].tolist(), np.split(orders, starts[1:]), strict=True):
            yield account, set(named.tolist()) - {0}

    def settle(self, position: int) -> None:
        """Forget what was taken last, where the views have been looked at after all of it."""
        if position >= self._due.event:
            self._due = Work(0, set(), {})


def named_orders(share: bytes) -> set[int]:
    """Return the orders that an account's share of events names."""
    array = event_array(share)
    return set(np.unique(np.append(array["order"], array["maker_order"])).tolist()) - {0}


def joined(some: set[int] | None, more: set[int] | None, limit: int) -> set[int] | None:
    """Return both sets of orders together; None where that is too many."""
    if some is None or more is None or len(both := some | more) > limit:
        return None
    return both
