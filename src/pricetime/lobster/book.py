"""What the world sees of one stock's book, kept from the venue's events.

Every event that changes the visible book is one message, and after each message the ladders hold the book
as it then is. Market orders that wait are not visible, nor are prices that the format cannot show.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from pricetime.lobster.format import HALTED, TRADING, UNOCCUPIED, Message, MessageType
from pricetime.records import EVENT_BYTES, CommandKind, Event, EventKind, Flag, OrderType, Side
from pricetime.records.fields import EVENT

_ACCEPTED, _OPENED = int(EventKind.ACCEPTED), int(EventKind.ORDER_OPENED)
_TRADED, _CLOSED = int(EventKind.TRADED), int(EventKind.ORDER_CLOSED)
_AMEND, _HALT = int(CommandKind.AMEND_ORDER), int(CommandKind.HALT_STOCK)
_TELLING: Final = frozenset((_AMEND, _HALT, int(CommandKind.RESUME_STOCK)))
"""Commands whose acceptance says something about the book by itself."""
_BUY, _LIMIT, _REPEATED = int(Side.BUY), int(OrderType.LIMIT), int(Flag.REPEATED)
_NEW, _REDUCE, _DELETE = MessageType.NEW, MessageType.REDUCE, MessageType.DELETE
_EXECUTE, _EXECUTE_HIDDEN = MessageType.EXECUTE, MessageType.EXECUTE_HIDDEN


class Resting:
    """A visible order. ``total`` counts what has been executed of it, ``remaining`` does not."""

    __slots__ = ("direction", "number", "price", "remaining", "total")

    def __init__(self, number: int, direction: int, price: int, total: int, remaining: int) -> None:
        self.number = number
        self.direction = direction
        self.price = price
        self.total = total
        self.remaining = remaining


class Ladder:
    """One side, best first: ``keys`` and ``sizes`` of its levels, and the queue at each, oldest first.

    A key is a price, that of a bid negated, so that keys rise from the best on both sides. The lists end
    with ``levels`` unoccupied levels, so that so many can always be cut off their front.
    """

    def __init__(self, direction: int, levels: int) -> None:
        self.sign = -direction
        self.keys = [UNOCCUPIED] * levels
        self.sizes = [0] * levels
        self.queues: dict[int, dict[int, Resting]] = {}

    def add(self, order: Resting) -> None:
        """Let an order stand at the back of its price."""
        key = order.price * self.sign
        at = bisect_left(self.keys, key)
        queue = self.queues.get(key)
        if queue is None:
            self.queues[key] = {order.number: order}
            self.keys.insert(at, key)
            self.sizes.insert(at, order.remaining)
        else:
            queue[order.number] = order
            self.sizes[at] += order.remaining

    def take(self, order: Resting, size: int) -> None:
        """Take shares from an order, and the order away with its last."""
        key = order.price * self.sign
        at = bisect_left(self.keys, key)
        order.remaining -= size
        self.sizes[at] -= size
        if order.remaining:
            return
        queue = self.queues[key]
        del queue[order.number]
        if not queue:
            del self.queues[key], self.keys[at], self.sizes[at]

    def size_at(self, key: int) -> int:
        """Return the shares that stand at a price."""
        return sum(order.remaining for order in self.queues[key].values()) if key in self.queues else 0


class VisibleBook:
    """The visible book of one stock, and its messages."""

    def __init__(self, stock: int, levels: int) -> None:
        self.stock = stock
        self.orders: dict[int, Resting] = {}
        self.passed_over = 0
        """Messages of those who passed over their own order: they traded behind it, or rest against it."""
        self.bids = Ladder(1, levels)
        self.asks = Ladder(-1, levels)

    def ladder(self, direction: int) -> Ladder:
        """Return the side that an order of this direction stands on."""
        return self.bids if direction == 1 else self.asks

    def follow(self, events: bytes) -> Iterator[Message]:
        """Yield each message that the events make, the book being as it is after it."""
        for at in range(0, len(events), EVENT_BYTES):
            kind = events[at + 1]
            if kind == _ACCEPTED:
                if events[at + 2] not in _TELLING:
                    continue
                message = self._answered(Event._make(EVENT.unpack_from(events, at)))
            elif kind == _OPENED:
                message = self._opened(Event._make(EVENT.unpack_from(events, at)))
            elif kind == _TRADED:
                message = self._traded(Event._make(EVENT.unpack_from(events, at)))
            elif kind == _CLOSED:
                message = self._closed(Event._make(EVENT.unpack_from(events, at)))
            else:
                continue
            if message is not None:
                yield message

    def _answered(self, event: Event) -> Message | None:
        if event.flags & _REPEATED or event.stock != self.stock:
            return None
        if event.command != _AMEND:
            price = HALTED if event.command == _HALT else TRADING
            return Message(event.time_ns, MessageType.HALT, 0, 0, price, -1)
        order = self.orders.get(event.order)
        if order is None or (event.price == order.price and event.quantity <= order.total):
            return None  # it stays where it is; what it has then, ORDER_OPENED says
        return self._taken(event, _DELETE, order, order.remaining)

    def _opened(self, event: Event) -> Message | None:
        order = self.orders.get(event.order)
        if order is not None:
            order.total = event.quantity
            reduced = order.remaining - event.remaining
            return self._taken(event, _REDUCE, order, reduced) if reduced else None
        if event.stock != self.stock or event.order_type != _LIMIT or event.price >= UNOCCUPIED:
            return None
        direction = 1 if event.side == _BUY else -1
        order = Resting(event.order, direction, event.price, event.quantity, event.remaining)
        self.orders[order.number] = order
        against = self.ladder(-direction)
        self.passed_over += against.keys[0] <= order.price * against.sign
        self.ladder(direction).add(order)
        return Message(event.time_ns, _NEW, order.number, order.remaining, order.price, direction)

    def _traded(self, event: Event) -> Message | None:
        maker = self.orders.get(event.maker_order)
        if maker is not None:
            ladder = self.ladder(maker.direction)
            best = ladder.keys[0]
            first = best == maker.price * ladder.sign and next(iter(ladder.queues[best])) == maker.number
            self.passed_over += not first
            return self._taken(event, _EXECUTE, maker, event.quantity)
        if event.stock != self.stock:
            return None
        direction = -1 if event.side == _BUY else 1
        kind = _EXECUTE_HIDDEN
        return Message(event.time_ns, kind, event.maker_order, event.quantity, event.price, direction)

    def _closed(self, event: Event) -> Message | None:
        order = self.orders.get(event.order)
        return None if order is None else self._taken(event, _DELETE, order, order.remaining)

    def _taken(self, event: Event, kind: MessageType, order: Resting, size: int) -> Message:
        self.ladder(order.direction).take(order, size)
        if not order.remaining:
            del self.orders[order.number]
        return Message(event.time_ns, kind, order.number, size, order.price, order.direction)
