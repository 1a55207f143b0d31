"""An order, and the queue of orders at one price.

An order stands in at most one queue, linked to its neighbours, so that it leaves in constant time
wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator

from pricetime.records import Command, Flag, OrderType, Side

BUY = int(Side.BUY)
MARKET = int(OrderType.MARKET)
POST_ONLY = int(Flag.POST_ONLY)


class Order:
    """One order. ``budget`` is what a market buy may still spend; other orders do not use it."""

    __slots__ = (
        "account",
        "budget",
        "flags",
        "following",
        "number",
        "order_type",
        "preceding",
        "price",
        "quantity",
        "queue",
        "remaining",
        "self_trade",
        "side",
        "stock",
        "time_in_force",
    )

    def __init__(
        self,
        number: int,
        account: int,
        stock: int,
        side: int,
        order_type: int,
        time_in_force: int,
        flags: int,
        self_trade: int,
        price: int,
        quantity: int,
    ) -> None:
        self.number = number
        self.account = account
        self.stock = stock
        self.side = side
        self.order_type = order_type
        self.time_in_force = time_in_force
        self.flags = flags
        self.self_trade = self_trade
        self.price = price
        self.quantity = quantity
        self.remaining = quantity
        self.budget = 0
        self.queue: Queue | None = None
        self.preceding: Order | None = None
        self.following: Order | None = None

    @classmethod
    def of(cls, command: Command) -> Order:
        """Return the order that a PLACE_ORDER asks for."""
        return cls(
            command.order,
            command.account,
            command.stock,
            command.side,
            command.order_type,
            command.time_in_force,
            command.flags,
            command.self_trade,
            command.price,
            command.quantity,
        )

    @property
    def filled(self) -> int:
        """Shares executed so far."""
        return self.quantity - self.remaining

    @property
    def post_only(self) -> bool:
        """Whether it may only rest, never take."""
        return bool(self.flags & POST_ONLY)

    def repriced(self, price: int) -> Order:
        """Return the order as it would arrive with another limit; it stands nowhere."""
        order = Order(
            self.number,
            self.account,
            self.stock,
            self.side,
            self.order_type,
            self.time_in_force,
            self.flags,
            self.self_trade,
            price,
            self.quantity,
        )
        order.remaining = self.remaining
        return order

    def hold(self) -> int:
        """Return what the order holds for its remainder: money for a buy, shares for a sell."""
        if self.side != BUY:
            return self.remaining
        if self.order_type == MARKET:
            return self.budget
        return self.remaining * self.price


class Queue:
    """Orders at one price (0: waiting at market), oldest first. ``quantity`` sums their remainders."""

    __slots__ = ("head", "price", "quantity", "tail")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0
        self.head: Order | None = None
        self.tail: Order | None = None

    def __iter__(self) -> Iterator[Order]:
        """Yield the orders, oldest first; the one just yielded may leave the queue meanwhile."""
        order = self.head
        while order is not None:
            following = order.following
            yield order
            order = following

    def append(self, order: Order) -> None:
        """Let an order stand at the back."""
        order.queue = self
        order.preceding, order.following = self.tail, None
        if self.tail is None:
            self.head = order
        else:
            self.tail.following = order
        self.tail = order
        self.quantity += order.remaining

    def remove(self, order: Order) -> None:
        """Take an order out, wherever it stands."""
        before, after = order.preceding, order.following
        if before is None:
            self.head = after
        else:
            before.following = after
        if after is None:
            self.tail = before
        else:
            after.preceding = before
        order.queue = order.preceding = order.following = None
        self.quantity -= order.remaining
