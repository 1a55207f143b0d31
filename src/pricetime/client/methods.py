"""The methods of both clients, written once.

``endpoint(calls.wallet)`` in a class body is a method that takes what ``calls.wallet`` takes. On a
``Client`` it returns the answer, on an ``AsyncClient`` an awaitable of it; type checkers see which.
``listing(calls.orders)`` is the same for all items of a paged list, fetched page by page as needed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from pricetime.client import calls
from pricetime.client.request import Request
from pricetime.schema import Page

if TYPE_CHECKING:
    from pricetime.client.asynchronous import AsyncClient
    from pricetime.client.sync import Client

P = ParamSpec("P")
T = TypeVar("T")


class endpoint(Generic[P, T]):  # noqa: N801 - reads as what it makes
    """A method that sends the request which ``build`` returns."""

    def __init__(self, build: Callable[P, Request[T]]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: None, owner: type[Any]) -> Callable[P, Request[T]]: ...
    @overload
    def __get__(self, client: Client, owner: type[Any]) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncClient, owner: type[Any]) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, client: Any, owner: type[Any]) -> Callable[P, Any]:
        if client is None:
            return self._build

        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.send(self._build(*args, **kwargs))

        method.__doc__ = self.__doc__
        return method


class listing(Generic[P, T]):  # noqa: N801 - reads as what it makes
    """A method that iterates over all items of the list whose first page ``build`` requests."""

    def __init__(self, build: Callable[P, Request[Page[T]]]) -> None:
        self._build = build
        self.__doc__ = f"Iterate over every item, not one page only. {build.__doc__}"

    @overload
    def __get__(self, client: None, owner: type[Any]) -> Callable[P, Request[Page[T]]]: ...
    @overload
    def __get__(self, client: Client, owner: type[Any]) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, client: AsyncClient, owner: type[Any]) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, client: Any, owner: type[Any]) -> Callable[P, Any]:
        if client is None:
            return self._build

        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.every(self._build(*args, **kwargs))

        method.__doc__ = self.__doc__
        return method


class Methods:
    """What a client can do: one method for each request in ``calls``."""

    register = endpoint(calls.register)
    login = endpoint(calls.login)
    logout = endpoint(calls.logout)
    me = endpoint(calls.me)
    change_password = endpoint(calls.change_password)

    stocks = endpoint(calls.stocks)
    every_stock = listing(calls.stocks)
    stock = endpoint(calls.stock)
    create_stock = endpoint(calls.create_stock)
    grant_shares = endpoint(calls.grant_shares)
    prices = endpoint(calls.prices)
    every_price = listing(calls.prices)
    book = endpoint(calls.book)
    trades = endpoint(calls.trades)
    every_trade = listing(calls.trades)
    candles = endpoint(calls.candles)
    sparklines = endpoint(calls.sparklines)
    every_sparkline = listing(calls.sparklines)

    wallet = endpoint(calls.wallet)
    deposit = endpoint(calls.deposit)
    withdraw = endpoint(calls.withdraw)
    wallet_transactions = endpoint(calls.wallet_transactions)
    every_wallet_transaction = listing(calls.wallet_transactions)
    portfolio = endpoint(calls.portfolio)
    portfolio_history = endpoint(calls.portfolio_history)
    statement = endpoint(calls.statement)

    place = endpoint(calls.place)
    place_order = endpoint(calls.place_order)
    validate_order = endpoint(calls.validate_order)
    place_orders = endpoint(calls.place_orders)
    orders = endpoint(calls.orders)
    every_order = listing(calls.orders)
    order = endpoint(calls.order)
    amend_order = endpoint(calls.amend_order)
    cancel_order = endpoint(calls.cancel_order)
    cancel_orders = endpoint(calls.cancel_orders)
    executions = endpoint(calls.executions)
    every_execution = listing(calls.executions)

    users = endpoint(calls.users)
    every_user = listing(calls.users)
    set_user = endpoint(calls.set_user)
    halt_stock = endpoint(calls.halt_stock)
    resume_stock = endpoint(calls.resume_stock)
    audit = endpoint(calls.audit)
    every_audit_entry = listing(calls.audit)
    user_audit = endpoint(calls.user_audit)
    verify_journal = endpoint(calls.verify_journal)
    journal_verification = endpoint(calls.journal_verification)
    engines = endpoint(calls.engines)
    drain_engine = endpoint(calls.drain_engine)
    undrain_engine = endpoint(calls.undrain_engine)
    state = endpoint(calls.state)
