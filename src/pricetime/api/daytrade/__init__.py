"""The daytrade API: a fixed contract, translated. No rules of its own: commands in, rows out.

Lists are whole, up to the setting ``daytrade_list_limit``. A short one is read and written on the event
loop; a long one in a thread, so that it delays nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from pricetime.api.commands import OneCommand, create_stock
from pricetime.api.daytrade import rows
from pricetime.api.daytrade.bodies import (
    AddedMoney,
    AddedShares,
    Credentials,
    NewStock,
    PortfolioRow,
    PriceRow,
    Registration,
    StockId,
    StockOrder,
    StockTx,
    StockTxRow,
    Success,
    Token,
    WalletBalance,
    WalletTxRow,
)
from pricetime.api.daytrade.numbers import NULL, amount_of, number, quantity_of
from pricetime.api.endpoints import Call, Endpoint, Scope, parse_id
from pricetime.errors import RuleError
from pricetime.ports import Views
from pricetime.records import Command, Reason, Side
from pricetime.records.commands import cancel_order, deposit, grant_shares, place_order

R = TypeVar("R")

_SHORT_LIST: Final = 200
"""Rows that take so little time that a thread would cost more."""

_encode = msgspec.json.Encoder().encode
_DONE: Final = msgspec.Raw(_encode(Success(data=None)))


async def register(call: Call) -> object:
    """Register a user with an account of their own."""
    asked: Registration = call.body
    await call.venue.identity.register(
        asked.user_name, asked.password, asked.name, address=call.address, request=call.request_id
    )
    return _DONE


async def log_in(call: Call) -> Success[Token]:
    """Open a session; its token goes into the header ``token`` of further requests."""
    asked: Credentials = call.body
    identity = call.venue.identity
    user = await identity.login(asked.user_name, asked.password, call.address)
    return Success(data=Token(token=(await identity.issue(user, "daytrade")).token))


async def make_stock(call: Call) -> Success[StockId]:
    """Create a stock of a name that no other has."""
    asked: NewStock = call.body
    stock = await create_stock(call, asked.stock_name, call.venue.settings.default_tick)
    return Success(data=StockId(stock_id=str(stock)))


def add_shares(call: Call) -> Command:
    """Add shares to what one has of a stock."""
    asked: AddedShares = call.body
    stock, quantity = parse_id(asked.stock_id, "stock"), quantity_of(asked.quantity)
    return grant_shares(call.account, stock, quantity, actor=call.account)


def add_money(call: Call) -> Command:
    """Add money to one's wallet."""
    asked: AddedMoney = call.body
    return deposit(call.account, amount_of(asked.amount, "amount"), actor=call.account)


def place(call: Call) -> Command:
    """Place an order. When this is answered, the next read shows its effect."""
    asked: StockOrder = call.body
    account = call.account
    price = None if asked.price == NULL else amount_of(asked.price, "price")
    if (price is None) is not (asked.order_type == "MARKET"):
        raise RuleError(Reason.INVALID_PRICE)
    return place_order(
        account,
        parse_id(asked.stock_id, "stock"),
        Side.BUY if asked.is_buy else Side.SELL,
        quantity_of(asked.quantity),
        price,
        actor=account,
    )


def cancel(call: Call) -> Command:
    """Take what is left of an order off the book. Children and closed orders cannot be cancelled."""
    asked: StockTx = call.body
    return cancel_order(call.account, parse_id(asked.stock_tx_id, "order"), actor=call.account)


def done(call: Call, events: bytes) -> msgspec.Raw:  # noqa: ARG001 - any command's events say the same
    """Answer a command that was carried out."""
    return _DONE


async def list_prices(call: Call) -> Success[list[PriceRow]]:
    """Return the stocks that have a price, by name, descending."""
    stocks = await call.venue.reader.read(lambda views: views.stocks(), account=call.account, market=True)
    return Success(data=rows.prices(stocks, call.venue.stocks.name_of))


async def list_portfolio(call: Call) -> Success[list[PortfolioRow]]:
    """Return the shares that are free to sell, by name of their stock, descending."""
    account = call.account
    holdings = await call.venue.reader.read(lambda views: views.holdings(account), account=account)
    return Success(data=rows.portfolio(holdings, call.venue.stocks.name_of))


async def get_balance(call: Call) -> Success[WalletBalance]:
    """Return the money that is free to spend."""
    account = call.account
    balance = await call.venue.reader.read(lambda views: views.balance(account), account=account)
    return Success(data=WalletBalance(balance=number(balance.free)))


async def list_wallet_transactions(call: Call) -> object:
    """Return what one's executions moved, oldest first."""
    return await _listed(call, rows.wallet_transactions)


async def list_stock_transactions(call: Call) -> object:
    """Return one's orders and their executions, oldest first by creation."""
    return await _listed(call, rows.stock_transactions)


async def _listed(call: Call, fetch: Callable[[Views, int, int], list[Any]]) -> object:
    account, limit = call.account, call.venue.settings.daytrade_list_limit
    short = min(_SHORT_LIST, limit)
    reader = call.venue.reader
    found = await reader.read(lambda views: fetch(views, account, short + 1), account=account)
    if len(found) <= short:
        return Success(data=found)

    def whole(views: Views) -> bytes:
        return _encode(Success(data=fetch(views, account, limit)))

    return msgspec.Raw(await reader.read(whole, heavy=True))


_SUBMIT_ERRORS: Final = ("queue_full", "journal_failed")


def _post(
    path: str,
    handler: Callable[[Call], Any],
    summary: str,
    request: type[msgspec.Struct],
    response: Any = None,
    **more: Any,
) -> Endpoint:
    return Endpoint(
        method="POST",
        path=path,
        handler=handler,
        summary=summary,
        family="daytrade",
        request=request,
        response=Success[response],
        **more,
    )


def _get(path: str, handler: Callable[[Call], Any], summary: str, response: Any, **more: Any) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        handler=handler,
        summary=summary,
        family="daytrade",
        response=Success[response],
        **more,
    )


ENDPOINTS: Final = (
    _post(
        "/authentication/register",
        register,
        "Register",
        Registration,
        scope=Scope.PUBLIC,
        status=201,
        weight=2,
        errors=("user_name_taken", "venue_full", *_SUBMIT_ERRORS, "accounts_failed"),
    ),
    _post(
        "/authentication/login",
        log_in,
        "Log in",
        Credentials,
        Token,
        scope=Scope.PUBLIC,
        weight=2,
        errors=("wrong_password", "token_invalid", "not_allowed", "locked_out", "queue_full"),
    ),
    _post(
        "/setup/createStock",
        make_stock,
        "Create a stock",
        NewStock,
        StockId,
        scope=Scope.SETUP,
        errors=("stock_name_taken", "venue_full", *_SUBMIT_ERRORS, "accounts_failed"),
    ),
    _post(
        "/setup/addStockToUser",
        OneCommand(add_shares, done),
        "Add shares",
        AddedShares,
        scope=Scope.SETUP,
        errors=("unknown_stock", "invalid_quantity", "share_limit", *_SUBMIT_ERRORS),
    ),
    _get("/transaction/getStockPrices", list_prices, "List prices", list[PriceRow]),
    _get("/transaction/getStockPortfolio", list_portfolio, "List shares", list[PortfolioRow]),
    _get("/transaction/getWalletBalance", get_balance, "Look at the wallet", WalletBalance),
    _post(
        "/transaction/addMoneyToWallet",
        OneCommand(add_money, done),
        "Add money",
        AddedMoney,
        scope=Scope.FUNDING,
        errors=("invalid_amount", "money_limit", *_SUBMIT_ERRORS),
    ),
    _get(
        "/transaction/getWalletTransactions",
        list_wallet_transactions,
        "List movements of money",
        list[WalletTxRow],
        errors=("queue_full",),
    ),
    _get(
        "/transaction/getStockTransactions",
        list_stock_transactions,
        "List orders and executions",
        list[StockTxRow],
        errors=("queue_full",),
    ),
    _post(
        "/engine/placeStockOrder",
        OneCommand(place, done),
        "Place an order",
        StockOrder,
        errors=("unknown_stock", "insufficient_funds", "venue_full", *_SUBMIT_ERRORS),
    ),
    _post(
        "/engine/cancelStockTransaction",
        OneCommand(cancel, done),
        "Cancel an order",
        StockTx,
        errors=("unknown_order", "order_not_open", *_SUBMIT_ERRORS),
    ),
)
