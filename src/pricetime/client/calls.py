"""Every request of ``/v1``, one function each. Ids that make a retry safe are made here, before sending.

Stocks, orders and accounts are named by their ids (strings; ints are taken too). Money is a Decimal, a
string or a whole number of currency units. Times are RFC 3339 texts or aware datetimes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

import msgspec

from pricetime import schema
from pricetime.client.money import MoneyLike, money_text
from pricetime.client.request import Request
from pricetime.schema import Page

IdLike = str | int
TimeLike = str | datetime


def new_id() -> str:
    """Return a fresh client order id."""
    return str(uuid.uuid4())


def _at(path: str, *ids: IdLike) -> str:
    return path.format(*(quote(str(each), safe="") for each in ids))


def _query(**values: IdLike | TimeLike | None) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: IdLike | TimeLike) -> str:
    if not isinstance(value, datetime):
        return str(value)
    if value.tzinfo is None:
        raise ValueError("a time needs its zone, such as datetime.now(UTC)")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _price(price: MoneyLike | None) -> str | None:
    return None if price is None else money_text(price)


# --------------------------------------------------------------------------------- users, sessions


def register(user_name: str, password: str, name: str | None = None) -> Request[schema.Registered]:
    """Register a new user; ``name`` is the person's and defaults to the user name.

    Without an account in the answer the registration waits, and so has the log-in to.
    """
    body = schema.Register(user_name=user_name, password=password, name=name or user_name)
    return Request(
        method="POST",
        path="/v1/users",
        answer=schema.Registered,
        body=body,
        repeatable=False,
        with_session=False,
    )


def login(user_name: str, password: str) -> Request[schema.Session]:
    """Open a session, which the client then uses and keeps fresh."""
    return Request(
        method="POST",
        path="/v1/sessions",
        answer=schema.Session,
        body=schema.Login(user_name=user_name, password=password),
        with_session=False,
        changes_session=True,
    )


def refresh(refresh_token: str) -> Request[schema.Session]:
    """Trade a refresh token, which works once only, for a new session."""
    return Request(
        method="POST",
        path="/v1/sessions/refresh",
        answer=schema.Session,
        body=schema.Refresh(refresh_token=refresh_token),
        repeatable=False,
        with_session=False,
        changes_session=True,
    )


def logout() -> Request[None]:
    """End the session."""
    return Request(method="DELETE", path="/v1/sessions/current", answer=type(None), changes_session=True)


def me() -> Request[schema.UserView]:
    """Return the user of the session."""
    return Request(method="GET", path="/v1/me", answer=schema.UserView)


def change_password(old_password: str, new_password: str) -> Request[schema.Session]:
    """Change one's own password; the client goes on with the new session, every other one ends."""
    return Request(
        method="POST",
        path="/v1/me/password",
        answer=schema.Session,
        body=schema.ChangePassword(old_password=old_password, new_password=new_password),
        repeatable=False,
        changes_session=True,
    )


# ------------------------------------------------------------------------------------------ market


def stocks(*, cursor: str | None = None, limit: int | None = None) -> Request[Page[schema.Stock]]:
    """Return a page of the listed stocks."""
    query = _query(cursor=cursor, limit=limit)
    return Request(method="GET", path="/v1/stocks", answer=Page[schema.Stock], query=query)


def stock(stock: IdLike) -> Request[schema.Stock]:
    """Return one stock."""
    return Request(method="GET", path=_at("/v1/stocks/{}", stock), answer=schema.Stock)


def create_stock(name: str, *, tick_size: MoneyLike | None = None) -> Request[schema.Stock]:
    """List a stock."""
    body = schema.CreateStock(name=name, tick_size=_price(tick_size))
    return Request(method="POST", path="/v1/stocks", answer=schema.Stock, body=body, repeatable=False)


def grant_shares(
    stock: IdLike, quantity: int, *, account: IdLike | None = None, idempotency_key: str | None = None
) -> Request[schema.Holding]:
    """Bring shares into the venue, into one's own account or another's."""
    body = schema.GrantShares(quantity=quantity, account=None if account is None else str(account))
    return Request(
        method="POST",
        path=_at("/v1/stocks/{}/grants", stock),
        answer=schema.Holding,
        body=body,
        idempotency_key=idempotency_key or new_id(),
    )


def prices(*, cursor: str | None = None, limit: int | None = None) -> Request[Page[schema.Price]]:
    """Return a page of the prices of all stocks that have one."""
    query = _query(cursor=cursor, limit=limit)
    return Request(method="GET", path="/v1/prices", answer=Page[schema.Price], query=query)


def book(stock: IdLike, *, levels: int | None = None) -> Request[schema.Book]:
    """Return the best ``levels`` levels of both sides of a book."""
    path = _at("/v1/stocks/{}/book", stock)
    return Request(method="GET", path=path, answer=schema.Book, query=_query(levels=levels))


def trades(
    stock: IdLike, *, cursor: str | None = None, limit: int | None = None
) -> Request[Page[schema.Trade]]:
    """Return a page of the tape of a stock, newest first."""
    path, query = _at("/v1/stocks/{}/trades", stock), _query(cursor=cursor, limit=limit)
    return Request(method="GET", path=path, answer=Page[schema.Trade], query=query)


def candles(
    stock: IdLike,
    interval: schema.Interval = "1m",
    *,
    start: TimeLike | None = None,
    end: TimeLike | None = None,
    limit: int | None = None,
) -> Request[Page[schema.CandleView]]:
    """Return the candles of a stock with start <= time < end, oldest first."""
    query = _query(interval=interval, start=start, end=end, limit=limit)
    path = _at("/v1/stocks/{}/candles", stock)
    return Request(method="GET", path=path, answer=Page[schema.CandleView], query=query)


def sparklines(
    interval: schema.LongInterval = "15m",
    *,
    points: int | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Request[Page[schema.Sparkline]]:
    """Return a page of the prices of all stocks that have traded, at the ends of the last intervals."""
    query = _query(interval=interval, points=points, cursor=cursor, limit=limit)
    return Request(method="GET", path="/v1/sparklines", answer=Page[schema.Sparkline], query=query)


# ------------------------------------------------------------------------------ wallet, portfolio


def wallet() -> Request[schema.Wallet]:
    """Return one's money."""
    return Request(method="GET", path="/v1/wallet", answer=schema.Wallet)


def _move(path: str, amount: MoneyLike, key: str | None) -> Request[schema.Wallet]:
    body = schema.MoveMoney(amount=money_text(amount))
    return Request(method="POST", path=path, answer=schema.Wallet, body=body, idempotency_key=key or new_id())


def deposit(amount: MoneyLike, *, idempotency_key: str | None = None) -> Request[schema.Wallet]:
    """Bring money into one's wallet."""
    return _move("/v1/wallet/deposits", amount, idempotency_key)


def withdraw(amount: MoneyLike, *, idempotency_key: str | None = None) -> Request[schema.Wallet]:
    """Take free money out of one's wallet."""
    return _move("/v1/wallet/withdrawals", amount, idempotency_key)


def wallet_transactions(
    *, cursor: str | None = None, limit: int | None = None
) -> Request[Page[schema.WalletTransaction]]:
    """Return a page of one's movements of money, newest first."""
    query = _query(cursor=cursor, limit=limit)
    path = "/v1/wallet/transactions"
    return Request(method="GET", path=path, answer=Page[schema.WalletTransaction], query=query)


def portfolio() -> Request[schema.Portfolio]:
    """Return one's holdings, their average cost and profit."""
    return Request(method="GET", path="/v1/portfolio", answer=schema.Portfolio)


def portfolio_history(
    interval: schema.LongInterval = "1h", *, limit: int | None = None
) -> Request[schema.PortfolioHistory]:
    """Return what one had at the ends of the last intervals, and has now."""
    query = _query(interval=interval, limit=limit)
    return Request(method="GET", path="/v1/portfolio/history", answer=schema.PortfolioHistory, query=query)


def statement(*, start: TimeLike | None = None, end: TimeLike | None = None) -> Request[str]:
    """Return one's movements of money as CSV text."""
    return Request(method="GET", path="/v1/statements", answer=str, query=_query(start=start, end=end))


# ------------------------------------------------------------------------------------------ orders


def new_order(
    stock: IdLike,
    side: schema.SideName,
    quantity: int,
    price: MoneyLike | None = None,
    *,
    time_in_force: schema.TimeInForceName = "gtc",
    post_only: bool = False,
    self_trade: schema.SelfTradeName = "skip",
    client_order_id: str | None = None,
) -> schema.PlaceOrder:
    """Return an order to place: a limit order at ``price``, or with None a market order.

    It has its client order id from here on: sent twice, it is placed once.
    """
    return schema.PlaceOrder(
        stock=str(stock),
        side=side,
        type="market" if price is None else "limit",
        quantity=quantity,
        price=_price(price),
        time_in_force=time_in_force,
        post_only=post_only,
        self_trade=self_trade,
        client_order_id=client_order_id or new_id(),
    )


def place(order: schema.PlaceOrder) -> Request[schema.Order]:
    """Place an order made by ``new_order``."""
    if order.client_order_id is None:
        order = msgspec.structs.replace(order, client_order_id=new_id())
    return Request(method="POST", path="/v1/orders", answer=schema.Order, body=order)


def place_order(
    stock: IdLike,
    side: schema.SideName,
    quantity: int,
    price: MoneyLike | None = None,
    *,
    time_in_force: schema.TimeInForceName = "gtc",
    post_only: bool = False,
    self_trade: schema.SelfTradeName = "skip",
    client_order_id: str | None = None,
) -> Request[schema.Order]:
    """Place a limit order at ``price``, or with None a market order."""
    return place(
        new_order(
            stock,
            side,
            quantity,
            price,
            time_in_force=time_in_force,
            post_only=post_only,
            self_trade=self_trade,
            client_order_id=client_order_id,
        )
    )


def validate_order(order: schema.PlaceOrder) -> Request[schema.Validated]:
    """Return what would become of an order, and place nothing."""
    body = msgspec.structs.replace(order, validate_only=True)
    return Request(method="POST", path="/v1/orders", answer=schema.Validated, body=body)


def place_orders(orders: Iterable[schema.PlaceOrder]) -> Request[schema.PlacedOrders]:
    """Place up to 1,000 orders in one request; each is answered by itself, in order."""
    named = [
        order if order.client_order_id else msgspec.structs.replace(order, client_order_id=new_id())
        for order in orders
    ]
    body = schema.PlaceOrders(orders=named)
    return Request(method="POST", path="/v1/orders/batch", answer=schema.PlacedOrders, body=body)


def orders(
    *,
    status: Literal["open", "all"] | None = None,
    stock: IdLike | None = None,
    client_order_id: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Request[Page[schema.Order]]:
    """Return a page of one's orders, newest first."""
    query = _query(status=status, stock=stock, client_order_id=client_order_id, cursor=cursor, limit=limit)
    return Request(method="GET", path="/v1/orders", answer=Page[schema.Order], query=query)


def order(order: IdLike) -> Request[schema.OrderWithExecutions]:
    """Return one of one's orders with its executions."""
    return Request(method="GET", path=_at("/v1/orders/{}", order), answer=schema.OrderWithExecutions)


def amend_order(
    order: IdLike,
    *,
    quantity: int | None = None,
    price: MoneyLike | None = None,
    client_order_id: str | None = None,
) -> Request[schema.Order]:
    """Change an open order's total quantity or price; what is None stays."""
    body = schema.AmendOrder(
        quantity=quantity, price=_price(price), client_order_id=client_order_id or new_id()
    )
    return Request(method="PATCH", path=_at("/v1/orders/{}", order), answer=schema.Order, body=body)


def cancel_order(order: IdLike) -> Request[schema.Cancelled]:
    """Cancel what is left of an order; a second cancel says that it is closed already."""
    return Request(method="DELETE", path=_at("/v1/orders/{}", order), answer=schema.Cancelled)


def cancel_orders(*, stock: IdLike | None = None) -> Request[schema.CancelledAll]:
    """Cancel all of one's open orders, of one stock or of all."""
    query = _query(stock=stock)
    return Request(method="DELETE", path="/v1/orders", answer=schema.CancelledAll, query=query)


def executions(
    *, stock: IdLike | None = None, cursor: str | None = None, limit: int | None = None
) -> Request[Page[schema.Execution]]:
    """Return a page of one's executions, newest first."""
    query = _query(stock=stock, cursor=cursor, limit=limit)
    return Request(method="GET", path="/v1/executions", answer=Page[schema.Execution], query=query)


# ------------------------------------------------------------------------------------------- admin


def users(
    *, search: str | None = None, cursor: str | None = None, limit: int | None = None
) -> Request[Page[schema.UserView]]:
    """Return a page of all users, or of those whose user names begin somehow; for administrators."""
    query = _query(search=search, cursor=cursor, limit=limit)
    return Request(method="GET", path="/v1/admin/users", answer=Page[schema.UserView], query=query)


def set_user(
    account: IdLike, *, role: schema.RoleName | None = None, disabled: bool | None = None
) -> Request[schema.UserView]:
    """Change a user's role, or close and open their way in; for administrators."""
    body, path = schema.SetUser(role=role, disabled=disabled), _at("/v1/admin/users/{}", account)
    return Request(method="PATCH", path=path, answer=schema.UserView, body=body)


def halt_stock(stock: IdLike) -> Request[schema.Stock]:
    """Stop orders of a stock from entering; for administrators."""
    return Request(method="POST", path=_at("/v1/admin/stocks/{}/halt", stock), answer=schema.Stock)


def resume_stock(stock: IdLike) -> Request[schema.Stock]:
    """Let orders of a halted stock enter again; for administrators."""
    return Request(method="POST", path=_at("/v1/admin/stocks/{}/resume", stock), answer=schema.Stock)


def audit(
    *,
    account: IdLike | None = None,
    actor: IdLike | None = None,
    kind: str | None = None,
    denied: bool = False,
    start: TimeLike | None = None,
    end: TimeLike | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Request[Page[schema.CommandAudit]]:
    """Return a page of the audit of commands, newest first; for administrators."""
    query = _query(
        account=account,
        actor=actor,
        kind=kind,
        denied="true" if denied else None,
        start=start,
        end=end,
        cursor=cursor,
        limit=limit,
    )
    return Request(method="GET", path="/v1/admin/audit", answer=Page[schema.CommandAudit], query=query)


def user_audit(
    *,
    actor: IdLike | None = None,
    action: str | None = None,
    start: TimeLike | None = None,
    end: TimeLike | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Request[Page[schema.UserAudit]]:
    """Return a page of what users did to users and sessions, newest first; for administrators."""
    query = _query(actor=actor, action=action, start=start, end=end, cursor=cursor, limit=limit)
    return Request(method="GET", path="/v1/admin/audit/users", answer=Page[schema.UserAudit], query=query)


def verify_journal() -> Request[schema.JournalVerification]:
    """Begin to verify the journal's chain of hashes, or look at the one under way; for administrators."""
    path = "/v1/admin/journal/verification"
    return Request(method="POST", path=path, answer=schema.JournalVerification)


def journal_verification() -> Request[schema.JournalVerification]:
    """Return how far the verification of the journal is; for administrators."""
    path = "/v1/admin/journal/verification"
    return Request(method="GET", path=path, answer=schema.JournalVerification)


def engines() -> Request[schema.Engines]:
    """Return who hosts which partitions; for administrators. A venue of one process has no hosts."""
    return Request(method="GET", path="/v1/admin/engines", answer=schema.Engines)


def drain_engine(host: str) -> Request[schema.Engine]:
    """Give a host no partitions any more: they move to others; for administrators."""
    return Request(method="POST", path=_at("/v1/admin/engines/{}/drain", host), answer=schema.Engine)


def undrain_engine(host: str) -> Request[schema.Engine]:
    """Give a drained host partitions again; for administrators."""
    return Request(method="POST", path=_at("/v1/admin/engines/{}/undrain", host), answer=schema.Engine)


def state() -> Request[schema.State]:
    """Return the venue as its operator sees it; for administrators."""
    return Request(method="GET", path="/v1/admin/state", answer=schema.State)
