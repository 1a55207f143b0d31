"""Members of a venue for tests of ``/v1``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.support.member import Admin, Member
from tests.support.server import Venue
from tests.support.trader import Guest


@pytest.fixture
def guest(server: Venue) -> Iterator[Guest]:
    """Somebody without a session."""
    with Guest(server.url) as somebody:
        yield somebody


@pytest.fixture
def new_member(server: Venue) -> Iterator[Callable[..., Member]]:
    """Register and log in fresh users."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Member(server.url, **options))


@pytest.fixture
def member(new_member: Callable[..., Member]) -> Member:
    """One fresh user, without money or shares."""
    return new_member()


@pytest.fixture
def stock(member: Member) -> str:
    """A fresh stock that nobody owns, listed by ``member``."""
    return member.list_stock()


@pytest.fixture
def seller(new_member: Callable[..., Member], stock: str) -> Member:
    """A user with 100 shares of the stock."""
    owner = new_member()
    owner.grant(stock, 100)
    return owner


@pytest.fixture
def buyer(new_member: Callable[..., Member]) -> Member:
    """A user with 10,000 in the wallet."""
    return new_member(money="10000")


@pytest.fixture(scope="session")
def admin(server: Venue) -> Iterator[Admin]:
    """The administrator of the shared venue."""
    with Admin(server) as administrator:
        yield administrator
