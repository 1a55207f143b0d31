"""What the exchange says: one method an event, each writing one record.

The answer to a command, ACCEPTED or DENIED, is its first event. What changed in balances and holdings
is said once, at the end, for each that was touched, in the order of the first touch.

Writing events is a third of the venue's work, so each method packs its record itself, the fields in the
order of ``records.fields.EVENT_FIELDS`` and laid out in the same lines everywhere: kind and codes; place
and time; whose and which; price and quantities; money; the maker; the client's id.
"""

from __future__ import annotations

from pricetime.records import NO_CLIENT_ID, VERSION, Command, EventKind, Reason
from pricetime.records.fields import EVENT
from pricetime.rules.ledger import Account
from pricetime.rules.order import POST_ONLY, Order

_pack = EVENT.pack
_ACCEPTED, _DENIED = int(EventKind.ACCEPTED), int(EventKind.DENIED)
_OPENED, _TRADED = int(EventKind.ORDER_OPENED), int(EventKind.TRADED)
_CLOSED = int(EventKind.ORDER_CLOSED)
_BALANCE, _HOLDING = int(EventKind.BALANCE_CHANGED), int(EventKind.HOLDING_CHANGED)


class Outbox:
    """Collects the events of a batch and numbers them: ``step`` more than the one before.

    Where several partitions number events, each steps by how many there are, and no number comes twice.
    """

    __slots__ = ("_accounts", "_command", "_events", "_holdings", "_sequence", "_step", "_time_ns", "number")

    def __init__(self, number: int = 0, step: int = 1) -> None:
        self.number = number
        self._step = step
        self._events: list[bytes] = []
        self._command = 0
        self._sequence = 0
        self._time_ns = 0
        self._accounts: dict[Account, None] = {}
        self._holdings: dict[tuple[Account, int], None] = {}

    def take(self) -> bytes:
        """Return the batch of events so far and begin a new one."""
        events, self._events = b"".join(self._events), []
        return events

    def begin(self, command: Command) -> None:
        """Let the events that follow be those of ``command``."""
        self.begin_with(command.kind, command.sequence, command.time_ns)

    def begin_with(self, command: int, sequence: int, time_ns: int) -> None:
        """Let the events that follow be those of a command of this kind, sequence and time."""
        self._command, self._sequence, self._time_ns = command, sequence, time_ns

    def touch(self, account: Account) -> None:
        """Say at the end what has become of the account's money."""
        self._accounts[account] = None

    def touch_holding(self, account: Account, stock: int) -> None:
        """Say at the end what has become of the account's shares of a stock."""
        self._holdings[account, stock] = None

    def answered(
        self, command: Command, *, reason: int = 0, account: int = 0, order: int = 0, flags: int = 0
    ) -> None:
        """Answer a command with what it asked for: accepted, or denied for a reason.

        REPEATED and CUT are ours to say, whatever the command carries.
        """
        self.number += self._step
        self._events.append(_pack(
            VERSION, _DENIED if reason else _ACCEPTED, command.kind,
            command.side, command.order_type, command.time_in_force,
            command.flags & POST_ONLY | flags, reason,
            self.number, self._sequence, self._time_ns,
            account or command.account, command.stock, order or command.order,
            command.price, command.quantity, 0,
            command.amount, 0, 0,
            0, 0, 0, 0,
            command.client_id,
        ))  # fmt: skip

    def accepted_order(self, order: Order, client_id: bytes, held: int = 0) -> None:
        """Answer a command that has placed or amended an order: the order as it now is."""
        self._say_order(_ACCEPTED, order, 0, held, client_id)

    def opened(self, order: Order) -> None:
        """Say that an order rests."""
        self._say_order(_OPENED, order, 0, order.hold())

    def closed(self, order: Order, reason: Reason) -> None:
        """Say that an order has ended."""
        self._say_order(_CLOSED, order, reason)

    def traded(self, taker: Order, maker: Order, price: int, quantity: int) -> None:
        """Say that two orders have traded."""
        self.number += self._step
        self._events.append(_pack(
            VERSION, _TRADED, self._command,
            taker.side, taker.order_type, taker.time_in_force, taker.flags, 0,
            self.number, self._sequence, self._time_ns,
            taker.account, taker.stock, taker.number,
            price, quantity, taker.remaining,
            price * quantity, 0, 0,
            maker.account, maker.number, maker.remaining, 0,
            NO_CLIENT_ID,
        ))  # fmt: skip

    def changes(self) -> None:
        """Say what has become of everything that was touched since ``begin``."""
        for account in self._accounts:
            self._say_change(_BALANCE, account.number, 0, 0, account.free, account.held)
        for account, stock in self._holdings:
            holding = account.holding(stock)
            self._say_change(_HOLDING, account.number, stock, holding.free, 0, holding.held)
        self._accounts.clear()
        self._holdings.clear()

    def _say_order(
        self, kind: int, order: Order, reason: int, held: int = 0, client_id: bytes = NO_CLIENT_ID
    ) -> None:
        self.number += self._step
        self._events.append(_pack(
            VERSION, kind, self._command,
            order.side, order.order_type, order.time_in_force, order.flags, reason,
            self.number, self._sequence, self._time_ns,
            order.account, order.stock, order.number,
            order.price, order.quantity, order.remaining,
            0, held, 0,
            0, 0, 0, 0,
            client_id,
        ))  # fmt: skip

    def _say_change(self, kind: int, account: int, stock: int, shares: int, money: int, held: int) -> None:
        self.number += self._step
        self._events.append(_pack(
            VERSION, kind, self._command,
            0, 0, 0, 0, 0,
            self.number, self._sequence, self._time_ns,
            account, stock, 0,
            0, shares, 0,
            money, held, 0,
            0, 0, 0, 0,
            NO_CLIENT_ID,
        ))  # fmt: skip
