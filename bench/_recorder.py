"""Records programs of commands for the benchmarks, a hundred thousand a second and more.

A venue applies each batch as it is made, so that the next one cancels and amends orders which are
open. Commands and events stay NumPy arrays of records; no Python object stands for any of them. What is
measured later is another venue that is given the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pricetime.records import CommandKind, EventKind, OrderType, Side, TimeInForce, event_array
from pricetime.records.commands import MOST, Command, list_stock, set_limits
from pricetime.records.fields import COMMAND_DTYPE, VERSION
from pricetime.runtime.implementations import pick
from pricetime.runtime.stamping import stamp

Commands = NDArray[np.void]
Integers = NDArray[np.int64]

SETUP_BATCH: Final = 10_000
TICK: Final = 100
CASH: Final = 10**16
SHARES: Final = 10**11
MARKET: Final = 0
"""As a price: none is named."""


class Recorder:
    """A venue, the commands it has applied, and which orders are open in it.

    ``room`` is the highest sequence there will be. ``owner``, ``price`` and ``is_buy`` are of the order with
    that number; ``open`` holds the open orders, in no order.
    """

    def __init__(self, room: int) -> None:
        self.venue = pick("auto")()
        self.applied: list[bytes] = []
        self.owner: Integers = np.zeros(room + 1, np.int64)
        self.price: Integers = np.zeros(room + 1, np.int64)
        self.is_buy = np.zeros(room + 1, bool)
        self.count = 0
        self._open: Integers = np.zeros(room + 1, np.int64)
        self._place: Integers = np.full(room + 1, -1, np.int64)
        self._has_ended = np.zeros(room + 1, bool)

    @property
    def open(self) -> Integers:
        return self._open[: self.count]

    def apply(self, commands: Commands) -> bytes:
        """Stamp commands as the sequencer does, apply them, and return their events."""
        first = self.venue.sequence + 1
        stamped = stamp(commands.tobytes(), first, now_ns=first * 1_000)
        events = self.venue.apply(stamped)
        self.applied.append(stamped)
        self._follow(events)
        return events

    def taken(self) -> list[bytes]:
        """Return what was applied since this was last asked."""
        taken, self.applied = self.applied, []
        return taken

    def _follow(self, events: bytes) -> None:
        said = event_array(events)
        kinds = said["kind"]
        opened = said[kinds == EventKind.ORDER_OPENED]
        ended: Integers = said["order"][kinds == EventKind.ORDER_CLOSED]
        numbers: Integers = opened["order"]
        self._has_ended[ended] = True
        self.owner[numbers] = opened["account"]
        self.price[numbers] = opened["price"]
        self.is_buy[numbers] = opened["side"] == Side.BUY
        self._drop(ended[self._place[ended] >= 0])
        self._add(numbers[(self._place[numbers] < 0) & ~self._has_ended[numbers]])

    def _add(self, fresh: Integers) -> None:
        end = self.count + len(fresh)
        self._open[self.count : end] = fresh
        self._place[fresh] = np.arange(self.count, end)
        self.count = end

    def _drop(self, gone: Integers) -> None:
        """Let the last ones fill the holes."""
        left = self.count - len(gone)
        tail = self._open[left : self.count]
        movers = tail[~self._has_ended[tail]]
        holes = self._place[gone]
        holes = holes[holes < left]
        self._open[holes] = movers
        self._place[movers] = holes
        self._place[gone] = -1
        self.count = left


def blank(count: int, kind: CommandKind) -> Commands:
    commands = np.zeros(count, COMMAND_DTYPE)
    commands["version"] = VERSION
    commands["kind"] = kind
    return commands


def records_of(commands: list[Command]) -> Commands:
    return np.frombuffer(b"".join(command.pack() for command in commands), COMMAND_DTYPE)


def orders(
    account: Integers,
    stock: Integers | int,
    is_buy: NDArray[np.bool_],
    quantity: Integers,
    price: Integers,
    time_in_force: TimeInForce | NDArray[np.uint8] = TimeInForce.GTC,
) -> Commands:
    """Return PLACE_ORDER commands; the price ``MARKET`` makes a market order."""
    commands = blank(len(account), CommandKind.PLACE_ORDER)
    commands["account"], commands["stock"] = account, stock
    commands["side"] = np.where(is_buy, Side.BUY, Side.SELL)
    commands["quantity"], commands["price"] = quantity, price
    commands["order_type"] = np.where(price == MARKET, OrderType.MARKET, OrderType.LIMIT)
    commands["time_in_force"] = time_in_force
    return commands


def about_orders(kind: CommandKind, numbers: Integers, owner: Integers) -> Commands:
    """Return commands of a kind that name an open order, sent by its owner."""
    commands = blank(len(numbers), kind)
    commands["order"], commands["account"] = numbers, owner
    return commands


def opening(accounts: int, stocks: int) -> Iterator[Commands]:
    """Yield what lists the stocks, and opens the accounts with money and with shares of every stock."""
    yield records_of([set_limits(open_orders=MOST), *(list_stock(n, TICK) for n in range(1, stocks + 1))])
    for first in range(1, accounts + 1, SETUP_BATCH):
        numbers = np.arange(first, min(first + SETUP_BATCH, accounts + 1))
        opened = blank(len(numbers), CommandKind.OPEN_ACCOUNT)
        opened["account"] = numbers
        paid = blank(len(numbers), CommandKind.DEPOSIT)
        paid["account"], paid["amount"] = numbers, CASH // max(1, accounts // 100)
        yield opened
        yield paid
        for stock in range(1, stocks + 1):
            granted = blank(len(numbers), CommandKind.GRANT_SHARES)
            granted["account"], granted["stock"] = numbers, stock
            granted["quantity"] = SHARES
            yield granted
