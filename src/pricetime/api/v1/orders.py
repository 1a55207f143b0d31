"""Orders at ``/v1``: placing, checking, looking, changing, cancelling.

An order that was placed is answered from its own events: no view is read on that way, unless the command
turns out to be a repeat, which is answered as the first was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Final, Literal

from pricetime import schema
from pricetime.api.commands import OneCommand, accepted, carry_out, is_repeated, is_trial
from pricetime.api.endpoints import Call, Endpoint, Query, Reply, parse_id
from pricetime.api.v1 import _show
from pricetime.api.v1._ask import (
    Cursor,
    Limit,
    amount_of,
    client_id_of,
    cursor_of,
    page_limit,
    page_of,
)
from pricetime.api.v1._own import own_order, placed_before
from pricetime.api.v1._placed import order_from
from pricetime.api.v1.batch import place_batch
from pricetime.errors import InvalidRequest, RuleError
from pricetime.ports import ExecutionRow, OrderRow, Views
from pricetime.records import Command, EventKind, Flag, Reason, iter_events
from pricetime.records.commands import amend_order, cancel_all, cancel_order, place_order
from pricetime.schema import Page

_EXECUTIONS_SHOWN: Final = 10_000
_GONE: Final = frozenset({Reason.ORDER_NOT_OPEN, Reason.NOT_OWNER})


class OrdersQuery(Query, frozen=True):
    """Which of one's orders."""

    status: Literal["open", "all"] = "all"
    stock: schema.Id | None = None
    client_order_id: schema.ClientOrderId | None = None
    cursor: Cursor | None = None
    limit: Limit | None = None


class ExecutionsQuery(Query, frozen=True):
    """Which of one's executions."""

    stock: schema.Id | None = None
    cursor: Cursor | None = None
    limit: Limit | None = None


class CancelQuery(Query, frozen=True):
    """Which of one's orders to cancel."""

    stock: schema.Id | None = None


# ---------------------------------------------------------------------------------------- placing


def place(call: Call) -> Command | Reply:
    """Place an order, or with ``validate_only`` only say what would become of it."""
    asked: schema.PlaceOrder = call.body
    command = _command(call, asked, call.idempotency_key)
    if not asked.validate_only:
        return command
    events = call.venue.sequencer.validate(command.pack())
    if events is None:
        return command._replace(flags=command.flags | Flag.TRIAL)
    return Reply(body=_validated(accepted(events)), status=200)


def placed(call: Call, events: bytes) -> schema.Order | Reply | Awaitable[schema.Order]:
    """Answer with the order as it is after its first events."""
    if is_trial(events):
        return Reply(body=_validated(events), status=200)
    return _repeated(call, events) if is_repeated(events) else order_from(events)


def _command(call: Call, asked: schema.PlaceOrder, key: bytes | None) -> Command:
    """Return the command that an order asks for; RuleError where price and type do not fit."""
    limit = asked.type == "limit"
    if limit is (asked.price is None):
        raise RuleError(Reason.INVALID_PRICE)
    return place_order(
        call.account,
        parse_id(asked.stock, "stock"),
        _show.SIDES[asked.side],
        asked.quantity,
        amount_of(asked.price, "price") if asked.price is not None else None,
        time_in_force=_show.TIMES_IN_FORCE[asked.time_in_force],
        post_only=asked.post_only,
        self_trade=_show.SELF_TRADES[asked.self_trade],
        actor=call.account,
        client_id=client_id_of(asked.client_order_id, key),
    )


def _validated(events: bytes) -> schema.Validated:
    answer = next(iter_events(events))
    return schema.Validated(quantity=answer.quantity, holds=_show.money(answer.held))


async def _repeated(call: Call, events: bytes) -> schema.Order:
    """Return the order that the first command of this client id has placed, as it is now."""
    return _show.order(await placed_before(call, next(iter_events(events)).order))


# ---------------------------------------------------------------------------------------- looking


async def list_orders(call: Call) -> Page[schema.Order]:
    """Return one's orders, newest first: all, those open, or the one with a client order id."""
    asked: OrdersQuery = call.query
    account, before, limit = call.account, cursor_of(call), page_limit(call)
    stock = 0 if asked.stock is None else parse_id(asked.stock, "stock")
    open_only = asked.status == "open"
    client_id = asked.client_order_id and client_id_of(asked.client_order_id, None)

    def query(views: Views) -> Sequence[OrderRow]:
        if not client_id:
            return views.orders(account, stock=stock, open_only=open_only, before=before, limit=limit + 1)
        row = views.order_by_client_id(account, client_id)
        return [row] if row is not None and _fits(row, stock, before, open_only=open_only) else []

    rows = await call.venue.reader.read(query, account=account)
    return page_of(rows, limit, _show.order, lambda row: row.order)


def _fits(row: OrderRow, stock: int, before: int, *, open_only: bool) -> bool:
    return (
        stock in (0, row.stock)
        and (not before or row.order < before)
        and (not open_only or row.status in ("open", "partially_filled"))
    )


async def get_order(call: Call) -> schema.OrderWithExecutions:
    """Return one of one's orders with its executions, oldest first; of very many, the first 10,000."""
    row = await own_order(call, call.id("order"))
    executions = await call.venue.reader.read(
        lambda views: views.executions_of(row.order, limit=_EXECUTIONS_SHOWN)
    )
    return _show.order_with_executions(row, [_show.execution(each) for each in executions])


async def list_executions(call: Call) -> Page[schema.Execution]:
    """Return one's executions, newest first."""
    account, before, limit = call.account, cursor_of(call), page_limit(call)
    stock = 0 if call.query.stock is None else parse_id(call.query.stock, "stock")

    def query(views: Views) -> Sequence[ExecutionRow]:
        return views.executions(account, stock=stock, before=before, limit=limit + 1)

    rows = await call.venue.reader.read(query, account=account)
    return page_of(rows, limit, _show.execution, lambda row: row.trade)


# --------------------------------------------------------------------------- changing, cancelling


async def amend(call: Call) -> schema.Order:
    """Change an open order's total quantity or price. Fewer shares at the same price keep its place."""
    asked: schema.AmendOrder = call.body
    order = call.id("order")
    if asked.quantity is None and asked.price is None:
        raise InvalidRequest("Name what to change: quantity, price, or both.")
    command = amend_order(
        call.account,
        order,
        quantity=asked.quantity or 0,
        price=amount_of(asked.price, "price") if asked.price is not None else 0,
        actor=call.account,
        client_id=client_id_of(asked.client_order_id, call.idempotency_key),
    )
    try:
        await carry_out(call, command)
    except RuleError as error:
        if error.reason in _GONE:
            await own_order(call, order)  # NotFound, unless it is one's own and has closed
        raise
    return _show.order(await own_order(call, order))


async def cancel(call: Call) -> schema.Cancelled:
    """Cancel what is left of an order. A second cancel does nothing and says that it is closed."""
    order = call.id("order")
    already_closed = False
    try:
        await carry_out(call, cancel_order(call.account, order, actor=call.account))
    except RuleError as error:
        if error.reason not in _GONE:
            raise
        already_closed = True
    return schema.Cancelled(order=_show.order(await own_order(call, order)), already_closed=already_closed)


async def cancel_every(call: Call) -> schema.CancelledAll:
    """Cancel all of one's open orders, of one stock or of all."""
    stock = 0 if call.query.stock is None else parse_id(call.query.stock, "stock")
    events = await carry_out(call, cancel_all(call.account, stock, actor=call.account))
    closed = [event for event in iter_events(events) if event.kind == EventKind.ORDER_CLOSED]
    return schema.CancelledAll(cancelled=len(closed))


_SUBMIT_ERRORS: Final = ("queue_full", "journal_failed")
_ORDER_ERRORS: Final = (
    "invalid_field",
    "invalid_quantity",
    "invalid_price",
    "off_tick",
    "value_too_large",
    "insufficient_funds",
    "insufficient_shares",
    "stock_halted",
    "would_take",
    "client_id_reused",
    "venue_full",
    *_SUBMIT_ERRORS,
)

ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/orders",
        handler=OneCommand(place, placed),
        summary="Place an order",
        family="v1",
        request=schema.PlaceOrder,
        response=schema.Order,
        status=201,
        also=((200, schema.Validated),),
        idempotent=True,
        errors=(*_ORDER_ERRORS, "unknown_stock", "unknown_order", "too_many_open_orders"),
    ),
    Endpoint(
        method="POST",
        path="/v1/orders/batch",
        handler=place_batch,
        summary="Place many orders",
        family="v1",
        request=schema.PlaceOrders,
        response=schema.PlacedOrders,
        idempotent=True,
        weight=50,
        errors=("unknown_order", *_SUBMIT_ERRORS),
    ),
    Endpoint(
        method="GET",
        path="/v1/orders",
        handler=list_orders,
        summary="List orders",
        family="v1",
        query=OrdersQuery,
        response=Page[schema.Order],
        errors=("invalid_cursor", "invalid_field", "unknown_stock"),
    ),
    Endpoint(
        method="DELETE",
        path="/v1/orders",
        handler=cancel_every,
        summary="Cancel all orders",
        family="v1",
        query=CancelQuery,
        response=schema.CancelledAll,
        errors=("unknown_stock", *_SUBMIT_ERRORS),
    ),
    Endpoint(
        method="GET",
        path="/v1/orders/{order}",
        handler=get_order,
        summary="Look at an order",
        family="v1",
        response=schema.OrderWithExecutions,
    ),
    Endpoint(
        method="PATCH",
        path="/v1/orders/{order}",
        handler=amend,
        summary="Amend an order",
        family="v1",
        request=schema.AmendOrder,
        response=schema.Order,
        idempotent=True,
        errors=(*_ORDER_ERRORS, "order_not_open"),
    ),
    Endpoint(
        method="DELETE",
        path="/v1/orders/{order}",
        handler=cancel,
        summary="Cancel an order",
        family="v1",
        response=schema.Cancelled,
        errors=_SUBMIT_ERRORS,
    ),
    Endpoint(
        method="GET",
        path="/v1/executions",
        handler=list_executions,
        summary="List executions",
        family="v1",
        query=ExecutionsQuery,
        response=Page[schema.Execution],
        errors=("invalid_cursor", "unknown_stock"),
    ),
)
