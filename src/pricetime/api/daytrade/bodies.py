"""The JSON bodies of the daytrade API, as its contract names them."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from msgspec import Meta, Struct, field

from pricetime.api.daytrade.numbers import NULL, AmountIn, AmountOut, PriceIn, QuantityIn
from pricetime.schema import Body, Password, PersonName, Request, StockNameText, UserName

T = TypeVar("T")

IdIn = Annotated[str, Meta(max_length=64, description="an id, an opaque string")]
OrderTypeName = Literal["MARKET", "LIMIT"]
OrderStatus = Literal["IN_PROGRESS", "PARTIALLY_COMPLETE", "COMPLETED", "CANCELLED"]


class Success(Struct, Generic[T], frozen=True, kw_only=True):
    """An answer to a request that succeeded."""

    success: Literal[True] = True
    data: T


class Registration(Request, frozen=True):
    """Register a user."""

    user_name: UserName
    password: Password
    name: PersonName


class Credentials(Request, frozen=True):
    """Log in."""

    user_name: UserName
    password: Password


class Token(Body, frozen=True):
    """A session's token, for the header ``token``."""

    token: str


class NewStock(Request, frozen=True):
    """Create a stock."""

    stock_name: StockNameText


class StockId(Body, frozen=True):
    """The id of a stock."""

    stock_id: str


class AddedShares(Request, frozen=True):
    """Add shares to what one has."""

    stock_id: IdIn
    quantity: QuantityIn


class AddedMoney(Request, frozen=True):
    """Add money to one's wallet."""

    amount: AmountIn


class StockOrder(Request, frozen=True):
    """Place an order. ``price`` is required for LIMIT, and absent or null for MARKET."""

    stock_id: IdIn
    is_buy: bool
    order_type: OrderTypeName
    quantity: QuantityIn
    price: PriceIn = field(default_factory=lambda: NULL)


class StockTx(Request, frozen=True):
    """Name the order to cancel."""

    stock_tx_id: IdIn


class PriceRow(Body, frozen=True):
    """A stock's price."""

    stock_id: str
    stock_name: str
    current_price: AmountOut


class PortfolioRow(Body, frozen=True):
    """Shares of a stock that are free to sell."""

    stock_id: str
    stock_name: str
    quantity_owned: int


class WalletBalance(Body, frozen=True):
    """Money free to spend."""

    balance: AmountOut


class WalletTxRow(Body, frozen=True, gc=False):
    """Money moved by one execution. ``is_debit``: it left the wallet."""

    wallet_tx_id: str
    stock_tx_id: str
    is_debit: bool
    amount: AmountOut
    time_stamp: str


class StockTxRow(Body, frozen=True, gc=False):
    """An order, or with ``parent_stock_tx_id`` one execution of it."""

    stock_tx_id: str
    parent_stock_tx_id: str | None
    stock_id: str
    wallet_tx_id: str | None
    order_status: OrderStatus
    is_buy: bool
    order_type: OrderTypeName
    stock_price: AmountOut | None
    quantity: int
    time_stamp: str
