"""Orders and executions: what became of every order, and each side of every trade.

An order that rests stands in the depth with exactly its remainder; ``resting`` says how much of it the
depth holds. Between two commands every open order rests whole, so an order read back from the store
rests with quantity less filled.
"""

from __future__ import annotations

from typing import Final

import msgspec

from pricetime.errors import ViewsDamaged
from pricetime.ports import ExecutionRow, OrderRow, ViewStore
from pricetime.records import Event, Flag, OrderType, Reason, Side, TimeInForce
from pricetime.rules.states import CLOSED_STATE, OrderState
from pricetime.views.capped import capped
from pricetime.views.depth import Depths
from pricetime.views.working import Working

_SIDES: Final = {int(side): side for side in Side}
_TYPES: Final = {int(kind): kind for kind in OrderType}
_TIMES_IN_FORCE: Final = {int(time_in_force): time_in_force for time_in_force in TimeInForce}
_OPPOSITE: Final = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}
_REASONS: Final = {int(reason): reason for reason in Reason}
_POST_ONLY: Final = int(Flag.POST_ONLY)
_CUT: Final = int(Flag.CUT)
_OPEN: Final = OrderState.OPEN.value
_PARTIALLY_FILLED: Final = OrderState.PARTIALLY_FILLED.value
_CLOSED: Final = {int(reason): state.value for reason, state in CLOSED_STATE.items()}


class WorkingOrder:
    """An order while it changes: ``placed`` is what stays, the rest is what events move."""

    __slots__ = (
        "executions",
        "filled",
        "placed",
        "price",
        "quantity",
        "reason",
        "resting",
        "sole_trade",
        "status",
        "updated_ns",
        "value",
    )

    def __init__(self, row: OrderRow) -> None:
        self.placed = row
        self.price = row.price
        self.quantity = row.quantity
        self.filled = row.filled
        self.value = row.value
        self.status = row.status
        self.reason = row.reason
        self.executions = row.executions
        self.sole_trade = row.sole_trade
        self.updated_ns = row.updated_ns
        self.resting = 0

    def execute(self, trade: Event) -> bool:
        """Count an execution; return whether it filled the order whole and alone."""
        sole = trade.quantity == self.quantity
        self.filled += trade.quantity
        self.value = capped(self.value + trade.amount)
        self.executions += 1
        self.status = _PARTIALLY_FILLED
        self.updated_ns = trade.time_ns
        if sole:
            self.sole_trade = trade.number
        return sole

    def row(self) -> OrderRow:
        """Return the order as it stands."""
        return msgspec.structs.replace(
            self.placed,
            price=self.price,
            quantity=self.quantity,
            filled=self.filled,
            value=self.value,
            status=self.status,
            reason=self.reason,
            executions=self.executions,
            sole_trade=self.sole_trade,
            updated_ns=self.updated_ns,
        )


class Orders:
    """Follows orders through their lives and keeps the depth in step with what rests."""

    def __init__(self, store: ViewStore, depths: Depths, limit: int) -> None:
        self._store = store
        self._depths = depths
        self._orders: Working[int, WorkingOrder] = Working(self._load, limit)
        self._executions: list[ExecutionRow] = []

    def placed(self, event: Event) -> None:
        """Take in an ACCEPTED of PLACE_ORDER."""
        row = OrderRow(
            order=event.order,
            account=event.account,
            stock=event.stock,
            side=_SIDES[event.side],
            order_type=_TYPES[event.order_type],
            time_in_force=_TIMES_IN_FORCE[event.time_in_force],
            post_only=event.flags & _POST_ONLY != 0,
            cut=event.flags & _CUT != 0,
            price=event.price,
            quantity=event.quantity,
            filled=0,
            value=0,
            status=_OPEN,
            reason=Reason.NONE,
            executions=0,
            sole_trade=0,
            client_id=event.client_id,
            created_ns=event.time_ns,
            updated_ns=event.time_ns,
        )
        self._orders.add(event.order, WorkingOrder(row))

    def amended(self, event: Event) -> None:
        """Take in an ACCEPTED of AMEND_ORDER: the order leaves the depth, and enters again when it opens."""
        order = self._orders.touch(event.order)
        self._take_from_depth(order, order.resting)
        order.price, order.quantity = event.price, event.quantity
        order.updated_ns = event.time_ns

    def opened(self, event: Event) -> None:
        """Take in an ORDER_OPENED: the remainder rests."""
        order = self._orders.touch(event.order)
        order.resting = event.remaining
        order.updated_ns = event.time_ns
        self._depths.add(event.stock, event.side, event.price, event.remaining)

    def traded(self, event: Event) -> None:
        """Take in a TRADED: an execution for each side."""
        taker, maker = self._orders.touch(event.order), self._orders.touch(event.maker_order)
        side = _SIDES[event.side]
        if taker.resting:
            self._take_from_depth(taker, event.quantity)
        self._take_from_depth(maker, event.quantity)
        self._executions += (
            ExecutionRow(
                event.number,
                event.account,
                event.order,
                event.stock,
                side,
                taker.placed.order_type,
                event.price,
                event.quantity,
                event.amount,
                event.fee,
                False,
                taker.execute(event),
                event.time_ns,
            ),
            ExecutionRow(
                event.number,
                event.maker_account,
                event.maker_order,
                event.stock,
                _OPPOSITE[side],
                maker.placed.order_type,
                event.price,
                event.quantity,
                event.amount,
                event.maker_fee,
                True,
                maker.execute(event),
                event.time_ns,
            ),
        )

    def closed(self, event: Event) -> None:
        """Take in an ORDER_CLOSED: what still rests leaves the depth."""
        order = self._orders.touch(event.order)
        self._take_from_depth(order, order.resting)
        order.status = _CLOSED[event.reason]
        order.reason = _REASONS[event.reason]
        order.updated_ns = event.time_ns

    def take_orders(self) -> list[OrderRow]:
        """Return the orders that have changed and begin anew."""
        return [order.row() for order in self._orders.take(_is_closed).values()]

    def take_executions(self) -> list[ExecutionRow]:
        """Return the executions and begin anew."""
        taken, self._executions = self._executions, []
        return taken

    def _take_from_depth(self, order: WorkingOrder, quantity: int) -> None:
        if quantity:
            placed = order.placed
            order.resting -= quantity
            leaves = order.resting == 0
            self._depths.remove(placed.stock, placed.side, order.price, quantity, leaves=leaves)

    def _load(self, number: int) -> WorkingOrder:
        row = self._store.order(number)
        if row is None:
            raise ViewsDamaged(f"the views do not hold order {number}, which the journal goes on about")
        order = WorkingOrder(row)
        if row.reason is Reason.NONE:
            order.resting = row.quantity - row.filled
        return order


def _is_closed(order: WorkingOrder) -> bool:
    return order.reason is not Reason.NONE
