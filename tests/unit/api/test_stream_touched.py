"""What batches have touched: the stocks, and the orders of who is listened to."""

from __future__ import annotations

import numpy as np
import pytest

from pricetime.api.stream.touched import Touched, named_orders
from pricetime.ports import Batch
from pricetime.records.fields import EVENT_DTYPE
from pricetime.runtime.sharing import share_of

STOCKS_LIMIT = 5_000
ORDERS_LIMIT = 50


def batch(**columns: object) -> Batch:
    """A batch of events of which only these columns matter."""
    length = max(len(np.atleast_1d(column)) for column in columns.values())
    events = np.zeros(length, EVENT_DTYPE)
    for name, column in columns.items():
        events[name] = column
    return Batch(1, 1, 1, length, 0, b"", events.tobytes(), b"", b"")


@pytest.fixture
def touched() -> Touched:
    watching = Touched(STOCKS_LIMIT, ORDERS_LIMIT)
    watching.watch([7, 9])
    return watching


def test_stocks_of_all_batches_are_taken_once_they_are_settled(touched: Touched):
    touched.on_batch(batch(stock=[1, 3, 3]))
    touched.on_batch(batch(stock=[4_000]))
    assert touched.take(10).stocks == {1, 3, 4_000}
    touched.settle(9)
    assert touched.take(11).stocks == {1, 3, 4_000}
    touched.settle(11)
    assert touched.take(12).stocks == set()


def test_a_made_up_stock_of_a_denied_command_costs_nothing(touched: Touched):
    touched.on_batch(batch(stock=[2**62, -5, 2]))
    assert touched.take(1).stocks == {2}


def test_orders_are_those_that_an_account_may_see():
    dice = np.random.default_rng(3)
    takers = dice.integers(0, 12, 400)
    events = {"account": takers, "maker_account": (takers + dice.integers(1, 12, 400)) % 12}
    events |= {name: dice.integers(0, 40, 400) for name in ("order", "maker_order")}
    made = batch(kind=4, stock=1, **events)
    touched = Touched(STOCKS_LIMIT, ORDERS_LIMIT)
    touched.watch([3, 7, 9])
    touched.on_batch(made)
    expected = {account: named_orders(share_of(made.events, account)) for account in (3, 7, 9)}
    assert touched.take(1).orders == expected


def test_an_account_is_touched_by_what_names_no_order(touched: Touched):
    touched.on_batch(batch(kind=6, account=[7]))
    assert touched.take(1).orders == {7: set()}


def test_too_many_orders_are_none(touched: Touched):
    touched.on_batch(batch(account=7, order=np.arange(1, ORDERS_LIMIT + 2)))
    assert touched.take(1).orders == {7: None}
    touched.on_batch(batch(account=7, order=[1]))
    assert touched.take(2).orders == {7: None}


def test_nothing_is_noted_while_nobody_listens(touched: Touched):
    touched.on_batch(batch(stock=1, account=7, order=2))
    touched.watch(None)
    touched.on_batch(batch(stock=2, account=7, order=3))
    touched.watch([7])
    assert touched.take(5) == (5, set(), {})
