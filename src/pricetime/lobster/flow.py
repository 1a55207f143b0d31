"""The messages of an exchange as commands to a venue in memory.

A new order rests, a deletion cancels, a partial cancel amends to less (which keeps the place), and an
execution becomes an IOC order from the other side: whom it meets, the venue's priority decides. Orders carry
the ids that the file gives them. Each message is played by itself, for what one does may depend on what the
ones before have left; the venue's share of the time is small either way.

What the file does not announce, the flow knows as *spare* shares: those of the first row, those that come
into view from below the file's depth, and those of an order that the exchange executed while priority here
picked another. A message about an unknown order takes from the spare shares at its price, oldest first. Where
those are too few, an announced order must have left unseen, for the unknown one stands there in its place:
one that was at its price while that was below the file's depth is *doubtful*, and gives way.

Resting buys, resting sells and takers are three accounts with deep wallets, so that no order meets its own
account and none is denied for funds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from pricetime.lobster.book import Resting, VisibleBook
from pricetime.lobster.causes import Cause
from pricetime.lobster.format import HALTED, ORDER_LIMIT, QUOTING, Message, MessageType
from pricetime.records import (
    NO_CLIENT_ID,
    VERSION,
    Command,
    CommandKind,
    EventKind,
    OrderType,
    Reason,
    Side,
    TimeInForce,
)
from pricetime.records import commands as command
from pricetime.records.commands import MOST
from pricetime.records.fields import COMMAND
from pricetime.runtime.venue import Venue

STOCK: Final = 1
_BUYER, _SELLER, _TAKER = 1, 2, 3
_MONEY: Final = 4 * 10**18
_SHARES: Final = 10**15
_GRANTS: Final = 1_000
_PLACE, _AMEND = int(CommandKind.PLACE_ORDER), int(CommandKind.AMEND_ORDER)
_CANCEL, _DENIED = int(CommandKind.CANCEL_ORDER), int(EventKind.DENIED)
_BUY, _SELL, _LIMIT = int(Side.BUY), int(Side.SELL), int(OrderType.LIMIT)
_GTC, _IOC = int(TimeInForce.GTC), int(TimeInForce.IOC)
_NAMED_FROM: Final = 8_000_000_000_000_000  # no exchange has come so far


class Pick(StrEnum):
    """Whom an execution met."""

    AS_NAMED = "as_named"
    UNANNOUNCED = "unannounced"
    """The file never announced the order that it names, and one that it never announced was picked."""
    ANOTHER = "another"
    OTHER_PRICE = "other_price"
    NOT_EXECUTED = "not_executed"
    """Wholly or in part."""


class Played(NamedTuple):
    """What became of a message; ``pick`` of an execution alone, ``cause`` where something is not as filed."""

    cause: Cause | None = None
    pick: Pick | None = None


def shown_order(number: int) -> int:
    """Return the id to write for an order: that of one nobody announced is far above all real ones."""
    return number if number < ORDER_LIMIT else number - ORDER_LIMIT + _NAMED_FROM


class Flow:
    """Plays messages on a new venue of this kind. ``book`` is what is visible there after each."""

    def __init__(self, venue_type: type[Venue], levels: int) -> None:
        self.venue = venue_type()
        self.book = VisibleBook(STOCK, levels)
        self.on_change: Callable[[Message], None] | None = None
        """Called with each message that the venue's events make, the book being as it is after it."""
        self._time_ns = 0
        self._denial = Reason.NONE
        self._halted = self._quoting = False
        self._next = ORDER_LIMIT
        self._revealed_from = ORDER_LIMIT
        self._spare: dict[int, int] = {}
        self._doubtful: set[int] = set()
        self._absent: dict[int, bool] = {}
        """Announced orders that are not here; True where spare shares at their price stand in for them."""
        self._seeded = False
        self._open_venue()

    def _open_venue(self) -> None:
        opening = [command.set_limits(MOST, 1, MOST, MOST, MOST), command.list_stock(STOCK, 1)]
        opening += [command.open_account(account) for account in (_BUYER, _SELLER, _TAKER)]
        opening += [command.deposit(account, _MONEY) for account in (_BUYER, _TAKER)]
        grants = [command.grant_shares(account, STOCK, _SHARES) for account in (_SELLER, _TAKER)]
        for each in opening + grants * _GRANTS:
            self._send(each._replace(sequence=self.venue.sequence + 1).pack())
            assert not self._denial, "a new venue takes what opens it"

    def seed(self, first: Message, asks: dict[int, int], bids: dict[int, int]) -> None:
        """Stand the orders from before the file: the first row's levels, the first message undone.

        Levels are sizes by price. The row is the book after the first message, which is yet to be played.
        """
        levels = bids if first.direction == 1 else asks
        if first.type == MessageType.NEW and first.price in levels:
            levels[first.price] -= first.size
        elif first.type in (MessageType.REDUCE, MessageType.DELETE, MessageType.EXECUTE):
            levels[first.price] = levels.get(first.price, 0) + first.size
        self._time_ns = first.time_ns
        for direction, side in ((1, bids), (-1, asks)):
            for price, size in side.items():
                if size > 0:
                    self._stand(direction, price, size)
        self._revealed_from = self._next
        self._seeded = True

    def play(self, message: Message) -> Played:
        """Let the venue do what a message says."""
        self._time_ns = message.time_ns
        kind = message.type
        if kind == MessageType.NEW:
            return Played(self._enter(message))
        if kind == MessageType.EXECUTE:
            return self._execute(message)
        if kind in (MessageType.DELETE, MessageType.REDUCE):
            return Played(self._reduce(message))
        if kind == MessageType.HALT:
            return Played(self._halt(message))
        return Played(Cause.HIDDEN if kind == MessageType.EXECUTE_HIDDEN else Cause.CROSS)

    def reveal(self, direction: int, key: int, more: int) -> None:
        """Follow the file at a level that has come into view: so many shares more, or below zero less.

        Shares more joined while the level was below, behind all that was known to stand there. Which
        orders left, nobody knows; those that were never announced go first.
        """
        ladder = self.book.ladder(direction)
        if more > 0:
            price = key * ladder.sign
            if self._crosses(direction, price):
                self._clear(direction, price)
            self._stand(direction, price, more)
            return
        unannounced = [order for order in ladder.queues[key].values() if order.number >= ORDER_LIMIT]
        announced = [order for order in ladder.queues[key].values() if order.number < ORDER_LIMIT]
        self._take_from(unannounced[::-1] + _likely_to_have_left(announced, -more), -more)

    def doubt(self, direction: int, above: int, to: int) -> None:
        """Take note that levels with keys above one and up to the other have come into view."""
        ladder = self.book.ladder(direction)
        for key in ladder.keys[bisect_right(ladder.keys, above) : bisect_right(ladder.keys, to)]:
            self._doubtful.update(order for order in ladder.queues.get(key, ()) if order < ORDER_LIMIT)

    # ------------------------------------------------------------------------------------- messages

    def _enter(self, message: Message) -> Cause | None:
        cause = None
        if (stale := self.book.orders.get(message.order)) is not None:
            self._shrink(stale, stale.remaining)
            cause = Cause.ALREADY_OPEN
        if not self._halted and self._crosses(message.direction, message.price):
            if self._quoting:
                self._absent[message.order] = False
                return Cause.QUOTING
            self._clear(message.direction, message.price)
            cause = Cause.IN_THE_WAY
        self._place(message.direction, message.order, message.price, message.size)
        if self._denial:
            self._absent[message.order] = False
            return self._cause_of_denial()
        return cause

    def _reduce(self, message: Message) -> Cause | None:
        """Take shares off an order: all that it has, where the message is a deletion."""
        order = self.book.orders.get(message.order)
        if order is None:
            return self._reduce_unknown(message)
        if (order.price, order.direction) != (message.price, message.direction):
            self._spare[order.number] = order.remaining  # nobody knows whose shares these are
            self._reduce_unknown(message)
            return Cause.OTHER_PRICE
        whole = message.type == MessageType.DELETE
        as_filed = message.size == order.remaining if whole else message.size < order.remaining
        cause = None if as_filed else Cause.OTHER_SIZE
        part = min(message.size, order.remaining)
        if self._shrink(order, part):
            self._spare[order.number] = self._spare.get(order.number, 0) + part
            return self._cause_of_denial()
        if order.number not in self.book.orders:
            if not whole:
                self._absent[order.number] = True
        elif whole:
            self._spare[order.number] = order.remaining
        if part < message.size:
            self._take_spare(message, message.size - part)
        return cause

    def _reduce_unknown(self, message: Message) -> Cause:
        stood_in = self._absent.get(message.order)
        if message.type == MessageType.DELETE:
            self._absent.pop(message.order, None)
        if stood_in is False:
            return Cause.NOT_HERE
        left, cause = self._take_spare(message, message.size)
        if stood_in:
            return Cause.NOT_HERE
        return self._cause_of_lack() if left or cause is None else cause

    def _execute(self, message: Message) -> Played:
        named, orders = message.order, self.book.orders
        known = named in orders
        met = self._place(
            -message.direction, self._fresh(), message.price, message.size, account=_TAKER, time_in_force=_IOC
        )
        if len(met) == 1 and met[0].order == named and met[0].size == message.size:
            return Played(None, Pick.AS_NAMED)
        of_named = sum(each.size for each in met if each.order == named)
        if named in orders:
            self._spare[named] = self._spare.get(named, 0) + message.size - of_named
        elif known:
            self._absent[named] = True  # it had less here than the exchange executed
        for each in met:
            if each.order not in orders and each.order != named and each.order < ORDER_LIMIT:
                self._absent[each.order] = True
        return self._judge(message, known, met)

    def _judge(self, message: Message, known: bool, met: list[Message]) -> Played:
        """Say why an execution did not meet just the order that the record names."""
        if sum(each.size for each in met) < message.size:
            if self._denial:
                return Played(self._cause_of_denial(), Pick.NOT_EXECUTED)
            absent = message.order in self._absent
            return Played(Cause.NOT_HERE if absent else self._cause_of_lack(known), Pick.NOT_EXECUTED)
        if any(each.price != message.price for each in met):
            return Played(Cause.BETTER_PRICE, Pick.OTHER_PRICE)
        others = [each.order for each in met if each.order != message.order]
        unannounced = all(order >= ORDER_LIMIT for order in others)
        if known:
            return Played(Cause.UNANNOUNCED_AHEAD if unannounced else Cause.OLDER_AHEAD, Pick.ANOTHER)
        if message.order in self._absent:
            return Played(Cause.NOT_HERE, Pick.ANOTHER)
        if unannounced:
            return Played(self._origin(others[0]), Pick.UNANNOUNCED)
        return Played(Cause.UNKNOWN_ORDER if self._seeded else Cause.BEFORE_FILE, Pick.ANOTHER)

    def _halt(self, message: Message) -> Cause | None:
        self._halted = message.price == HALTED
        self._quoting = message.price == QUOTING
        kind = command.halt_stock(STOCK) if self._halted else command.resume_stock(STOCK)
        self._send(self._stamped(kind))
        return None

    # ---------------------------------------------------------------------------- orders in the venue

    def _crosses(self, direction: int, price: int) -> bool:
        """Return whether an order would trade on arrival."""
        against = self.book.ladder(-direction)
        return against.keys[0] <= price * against.sign

    def _clear(self, direction: int, price: int) -> None:
        """Cancel what an arriving order would trade with: as it rests, the exchange has none of it."""
        against = self.book.ladder(-direction)
        while against.keys[0] <= price * against.sign:
            for order in list(against.queues[against.keys[0]].values()):
                if order.number < ORDER_LIMIT:
                    self._absent[order.number] = False
                self._shrink(order, order.remaining)

    def _take_spare(self, message: Message, size: int) -> tuple[int, Cause | None]:
        """Take what nobody vouches for at a message's price; return what was missing, and a cause."""
        ladder = self.book.ladder(message.direction)
        queue = list(ladder.queues.get(message.price * ladder.sign, {}).values())
        cause = None
        for order in queue:
            part = min(size, order.remaining, self._spare.get(order.number, 0))
            if part and not self._shrink(order, part):
                cause = cause or self._origin(order.number)
                size -= part
                if order.number in self._spare:
                    self._spare[order.number] -= part
        doubtful = [order for order in queue if order.number in self._doubtful]
        if size and doubtful:
            cause = Cause.BELOW_DEPTH
            size = self._take_from(_likely_to_have_left(doubtful, size), size)
        return size, cause

    def _take_from(self, orders: list[Resting], size: int) -> int:
        """Take shares from orders that may have left; return how many were missing."""
        for order in orders:
            part = min(size, order.remaining)
            if part and not self._shrink(order, part):
                size -= part
                if order.number < ORDER_LIMIT and order.number not in self.book.orders:
                    self._absent[order.number] = True
        return size

    def _origin(self, number: int) -> Cause:
        return Cause.BELOW_DEPTH if number >= self._revealed_from else Cause.BEFORE_FILE

    def _stand(self, direction: int, price: int, size: int) -> None:
        """Stand an order that the file never announced."""
        number = self._fresh()
        self._place(direction, number, price, size)
        if not self._denial:
            self._spare[number] = size

    def _fresh(self) -> int:
        self._next += 1
        return self._next - 1

    def _place(
        self,
        direction: int,
        number: int,
        price: int,
        size: int,
        *,
        account: int = 0,
        time_in_force: int = _GTC,
    ) -> list[Message]:
        side = _BUY if direction == 1 else _SELL
        return self._send(COMMAND.pack(
            VERSION, _PLACE, side, _LIMIT, time_in_force, 0, 0, 0,
            self.venue.sequence + 1, self._time_ns, 0, account or side, STOCK, number, price, size, 0,
            NO_CLIENT_ID,
        ))  # fmt: skip

    def _shrink(self, order: Resting, size: int) -> bool:
        """Take shares off an order and leave it in its place; return whether the venue denied it."""
        account = _BUYER if order.direction == 1 else _SELLER
        kind, total = (_CANCEL, 0) if size == order.remaining else (_AMEND, order.total - size)
        self._send(COMMAND.pack(
            VERSION, kind, 0, 0, 0, 0, 0, 0,
            self.venue.sequence + 1, self._time_ns, 0, account, 0, order.number, 0, total, 0,
            NO_CLIENT_ID,
        ))  # fmt: skip
        return bool(self._denial)

    def _stamped(self, kind: Command) -> bytes:
        return kind._replace(sequence=self.venue.sequence + 1, time_ns=self._time_ns).pack()

    def _send(self, packed: bytes) -> list[Message]:
        """Apply a command; return the messages that its events make."""
        events = self.venue.apply(packed)
        self._denial = Reason(events[7]) if events[1] == _DENIED else Reason.NONE
        changes = []
        for change in self.book.follow(events):
            changes.append(change)
            if change.order not in self.book.orders:
                self._spare.pop(change.order, None)
                self._doubtful.discard(change.order)
            if self.on_change is not None:
                self.on_change(change)
        return changes

    def _cause_of_lack(self, known: bool = False) -> Cause:
        return Cause.NOT_ENOUGH if known or self._seeded else Cause.BEFORE_FILE

    def _cause_of_denial(self) -> Cause:
        return Cause.HALTED if self._denial == Reason.STOCK_HALTED else Cause.DENIED


def _likely_to_have_left(announced: list[Resting], size: int) -> list[Resting]:
    """Return orders as they may have left unseen: first one of just this size, then the newest."""
    return sorted(announced, key=lambda order: (order.remaining == size, order.number), reverse=True)


assert (_BUY, _SELL) == (_BUYER, _SELLER), "a resting order's account is the number of its side"
assert 2 * _GRANTS * _SHARES < 2**63, "all shares together can be counted"
