"""Orders and executions: what became of every order, and each side of every trade.

An order that rests stands in the depth with exactly its remainder; ``resting`` says how much of it the
depth holds. Between two commands every open order rests whole, so an order read back from the store
rests with quantity less filled.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

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
    """An order while it changes, field by field as ``OrderRow`` has them."""

    __slots__ = ("resting", *OrderRow.__struct_fields__)

    def __init__(self, event: Event) -> None:
        self.order = event.order
        self.account = event.account
        self.stock = event.stock
        self.side = _SIDES[event.side]
        self.order_type = _TYPES[event.order_type]
        self.time_in_force = _TIMES_IN_FORCE[event.time_in_force]
        self.post_only = event.flags & _POST_ONLY != 0
        self.cut = event.flags & _CUT != 0
        self.price = event.price
        self.quantity = event.quantity
        self.filled = 0
        self.value = 0
        self.status = _OPEN
        self.reason = Reason.NONE
        self.executions = 0
        self.sole_trade = 0
        self.client_id = event.client_id
        self.created_ns = event.time_ns
        self.updated_ns = event.time_ns
        self.resting = 0

    @classmethod
    def of(cls, row: OrderRow) -> WorkingOrder:
        """Return the order that a store holds as ``row``."""
        order = cls.__new__(cls)
        for field in OrderRow.__struct_fields__:
            setattr(order, field, getattr(row, field))
        order.resting = row.quantity - row.filled if row.reason is Reason.NONE else 0
        return order

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
        """Return the order as it stands; field by field, which is twice as fast as a loop."""
        return OrderRow(
            self.order,
            self.account,
            self.stock,
            self.side,
            self.order_type,
            self.time_in_force,
            self.post_only,
            self.cut,
            self.price,
            self.quantity,
            self.filled,
            self.value,
            self.status,
            self.reason,
            self.executions,
            self.sole_trade,
            self.client_id,
            self.created_ns,
            self.updated_ns,
        )


class Orders:
    """Follows orders through their lives and keeps the depth in step with what rests."""

    def __init__(self, store: ViewStore, depths: Depths, limit: int) -> None:
        self._store = store
        self._depths = depths
        self._orders: Working[int, WorkingOrder] = Working(self._load, limit)
        self._executions: list[ExecutionRow] = []

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """Return those orders that are not in working memory."""
        return self._orders.missing(numbers)

    def placed(self, event: Event) -> None:
        """Take in an ACCEPTED of PLACE_ORDER."""
        self._orders.add(event.order, WorkingOrder(event))

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
                taker.order_type,
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
                maker.order_type,
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
            order.resting -= quantity
            leaves = order.resting == 0
            self._depths.remove(order.stock, order.side, order.price, quantity, leaves=leaves)

    def _load(self, number: int) -> WorkingOrder:
        row = self._store.order(number)
        if row is None:
            raise ViewsDamaged(f"the views do not hold order {number}, which the journal goes on about")
        return WorkingOrder.of(row)


def _is_closed(order: WorkingOrder) -> bool:
    return order.reason is not Reason.NONE
