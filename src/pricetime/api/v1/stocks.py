"""Stocks at ``/v1``: the list, one of them, listing a new one, and bringing shares in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pricetime import schema
from pricetime.api.commands import carry_out, create_stock
from pricetime.api.endpoints import Call, Endpoint, Scope, parse_id
from pricetime.api.v1 import _show
from pricetime.api.v1._ask import PageQuery, amount_of, page_of_all
from pricetime.errors import NotAllowed, NotFound
from pricetime.identity import LISTING
from pricetime.ports import HoldingRow, StockRow, Views
from pricetime.records import NO_CLIENT_ID
from pricetime.records.commands import grant_shares
from pricetime.schema import Page

LISTINGS: Final = 0
"""The account under whose number the sequencer notes what is about no account: listings and halts."""


def shown_stock(call: Call) -> Callable[[StockRow], schema.Stock]:
    """Return what turns rows of stocks into answers now."""
    name_of, now_ns = call.venue.stocks.name_of, call.venue.clock.now_ns()
    return lambda row: _show.stock(row, name_of(row.stock), now_ns)


async def read_stock(call: Call, stock: int) -> StockRow:
    """Return a listed stock; NotFound where it is none."""
    row = await call.venue.reader.read(lambda views: views.stock(stock), account=LISTINGS, market=True)
    if row is None:
        raise NotFound(
            f"There is no stock {stock}. Look up its id in the list of stocks.", code="unknown_stock"
        )
    return row


async def list_stocks(call: Call) -> Page[schema.Stock]:
    """Return the listed stocks by id, each with its last price, best prices and day."""
    rows = await call.venue.reader.read(lambda views: views.stocks(), account=LISTINGS, market=True)
    return page_of_all(call, rows, shown_stock(call), lambda row: row.stock)


async def get_stock(call: Call) -> schema.Stock:
    """Return one stock."""
    return shown_stock(call)(await read_stock(call, call.id("stock")))


async def list_stock(call: Call) -> schema.Stock:
    """List a stock. Its name is never given to another; its price moves in steps of the tick size."""
    asked: schema.CreateStock = call.body
    settings = call.venue.settings
    tick = settings.default_tick if asked.tick_size is None else amount_of(asked.tick_size, "tick_size")
    stock = await create_stock(call, asked.name, tick)
    return shown_stock(call)(await read_stock(call, stock))


async def grant(call: Call) -> schema.Holding:
    """Bring new shares into the venue, into one's own account; listers and administrators into any."""
    asked: schema.GrantShares = call.body
    stock = call.id("stock")
    account = call.account if asked.account is None else parse_id(asked.account, "account")
    if account != call.account and call.user.role not in LISTING:
        raise NotAllowed("Only listers and administrators bring shares into an account of another.")
    key = call.idempotency_key or NO_CLIENT_ID
    command = grant_shares(account, stock, asked.quantity, actor=call.account, client_id=key)
    await carry_out(call, command)
    row, last = await call.venue.reader.read(
        lambda views: (_holding_of(views, account, stock), _last_price(views, stock)), account=account
    )
    return _show.holding(row, call.venue.stocks.name_of(stock), last)


def _holding_of(views: Views, account: int, stock: int) -> HoldingRow:
    held = (row for row in views.holdings(account) if row.stock == stock)
    return next(held, HoldingRow(stock=stock, free=0, held=0, cost=0, realised=0))


def _last_price(views: Views, stock: int) -> int:
    row = views.stock(stock)
    return row.last if row else 0


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/stocks",
        handler=list_stocks,
        summary="List stocks",
        family="v1",
        scope=Scope.PUBLIC,
        query=PageQuery,
        response=Page[schema.Stock],
        errors=("invalid_cursor",),
        private=False,
    ),
    Endpoint(
        method="POST",
        path="/v1/stocks",
        handler=list_stock,
        summary="List a stock",
        family="v1",
        scope=Scope.SETUP,
        request=schema.CreateStock,
        response=schema.Stock,
        status=201,
        errors=(
            "invalid_field",
            "invalid_price",
            "stock_name_taken",
            "venue_full",
            "queue_full",
            "journal_failed",
            "accounts_failed",
        ),
    ),
    Endpoint(
        method="GET",
        path="/v1/stocks/{stock}",
        handler=get_stock,
        summary="Look at a stock",
        family="v1",
        scope=Scope.PUBLIC,
        response=schema.Stock,
        private=False,
    ),
    Endpoint(
        method="POST",
        path="/v1/stocks/{stock}/grants",
        handler=grant,
        summary="Bring shares in",
        family="v1",
        scope=Scope.SETUP,
        request=schema.GrantShares,
        response=schema.Holding,
        status=201,
        idempotent=True,
        errors=(
            "not_allowed",
            "invalid_quantity",
            "unknown_account",
            "share_limit",
            "client_id_reused",
            "queue_full",
            "journal_failed",
        ),
    ),
)
