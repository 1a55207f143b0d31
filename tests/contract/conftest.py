"""Traders and stocks for tests of the contracts; everything goes over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.support.server import Venue
from tests.support.trader import Bystander, Guest, Trader, unique


@pytest.fixture
def guest(server: Venue) -> Iterator[Guest]:
    """Somebody without a session."""
    with Guest(server.url) as somebody:
        yield somebody


@pytest.fixture
def new_trader(server: Venue) -> Iterator[Callable[..., Trader]]:
    """Register and log in fresh users."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Trader(server.url, **options))


@pytest.fixture
def trader(new_trader: Callable[..., Trader]) -> Trader:
    """One fresh user, without money or shares."""
    return new_trader()


@pytest.fixture
def stock(trader: Trader) -> str:
    """A fresh stock that nobody owns."""
    return trader.create_stock(unique("Google"))


@pytest.fixture
def seller(new_trader: Callable[..., Trader], stock: str) -> Trader:
    """A user with 550 shares of the stock."""
    owner = new_trader()
    owner.add_shares(stock, 550)
    return owner


@pytest.fixture
def buyer(new_trader: Callable[..., Trader]) -> Trader:
    """A user with 10,000 in the wallet."""
    return new_trader(money=10_000)


@pytest.fixture(scope="session")
def bystander(server: Venue) -> Iterator[Bystander]:
    """A user with money and shares, for tests of refusals only."""
    with Bystander(server.url) as user:
        yield user


@pytest.fixture
def unchanged(bystander: Bystander) -> Iterator[Bystander]:
    """The bystander; when the test ends, all that the contract tells of them must be as before."""
    before = bystander.everything()
    yield bystander
    assert bystander.everything() == before
