"""What the exchange says: one method an event, each writing one record.

The answer to a command, ACCEPTED or DENIED, is its first event. What changed in balances and holdings
is said once, at the end, for each that was touched, in the order of the first touch.
"""

from __future__ import annotations

from pricetime.records import NO_CLIENT_ID, VERSION, Command, EventKind, Reason
from pricetime.records.fields import EVENT
from pricetime.rules.ledger import Account
from pricetime.rules.order import Order

_pack = EVENT.pack
_ACCEPTED, _DENIED = int(EventKind.ACCEPTED), int(EventKind.DENIED)
_OPENED, _TRADED = int(EventKind.ORDER_OPENED), int(EventKind.TRADED)
_CLOSED = int(EventKind.ORDER_CLOSED)
_BALANCE, _HOLDING = int(EventKind.BALANCE_CHANGED), int(EventKind.HOLDING_CHANGED)


class Outbox:
    """Collects the events of a batch and numbers them."""

    __slots__ = ("_accounts", "_command", "_events", "_holdings", "_sequence", "_time_ns", "number")

    def __init__(self, number: int = 0) -> None:
        self.number = number
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
        self._command, self._sequence, self._time_ns = command.kind, command.sequence, command.time_ns

    def touch(self, account: Account) -> None:
        """Say at the end what has become of the account's money."""
        self._accounts[account] = None

    def touch_holding(self, account: Account, stock: int) -> None:
        """Say at the end what has become of the account's shares of a stock."""
        self._holdings[account, stock] = None

    def answered(
        self, command: Command, *, reason: int = 0, account: int = 0, order: int = 0, flags: int = 0
    ) -> None:
        """Answer a command with what it asked for: accepted, or denied for a reason."""
        self._write(
            _DENIED if reason else _ACCEPTED,
            account or command.account,
            command.stock,
            order or command.order,
            side=command.side,
            order_type=command.order_type,
            time_in_force=command.time_in_force,
            flags=command.flags | flags,
            reason=reason,
            price=command.price,
            quantity=command.quantity,
            amount=command.amount,
            client_id=command.client_id,
        )

    def accepted_order(self, order: Order, client_id: bytes, held: int = 0) -> None:
        """Answer a command that has placed or amended an order: the order as it now is."""
        self._write_order(_ACCEPTED, order, 0, held, client_id)

    def opened(self, order: Order) -> None:
        """Say that an order rests."""
        self._write_order(_OPENED, order, 0, order.hold())

    def closed(self, order: Order, reason: Reason) -> None:
        """Say that an order has ended."""
        self._write_order(_CLOSED, order, reason)

    def traded(self, taker: Order, maker: Order, price: int, quantity: int) -> None:
        """Say that two orders have traded."""
        self._write(
            _TRADED,
            taker.account,
            taker.stock,
            taker.number,
            side=taker.side,
            order_type=taker.order_type,
            time_in_force=taker.time_in_force,
            flags=taker.flags,
            price=price,
            quantity=quantity,
            remaining=taker.remaining,
            amount=price * quantity,
            maker_account=maker.account,
            maker_order=maker.number,
            maker_remaining=maker.remaining,
        )

    def changes(self) -> None:
        """Say what has become of everything that was touched since ``begin``."""
        for account in self._accounts:
            self._write(_BALANCE, account.number, amount=account.free, held=account.held)
        for account, stock in self._holdings:
            holding = account.holding(stock)
            self._write(_HOLDING, account.number, stock, quantity=holding.free, held=holding.held)
        self._accounts.clear()
        self._holdings.clear()

    def _write_order(
        self, kind: int, order: Order, reason: int, held: int = 0, client_id: bytes = NO_CLIENT_ID
    ) -> None:
        self._write(
            kind,
            order.account,
            order.stock,
            order.number,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            flags=order.flags,
            reason=reason,
            price=order.price,
            quantity=order.quantity,
            remaining=order.remaining,
            held=held,
            client_id=client_id,
        )

    def _write(
        self,
        kind: int,
        account: int,
        stock: int = 0,
        order: int = 0,
        side: int = 0,
        order_type: int = 0,
        time_in_force: int = 0,
        flags: int = 0,
        reason: int = 0,
        price: int = 0,
        quantity: int = 0,
        remaining: int = 0,
        amount: int = 0,
        held: int = 0,
        maker_account: int = 0,
        maker_order: int = 0,
        maker_remaining: int = 0,
        client_id: bytes = NO_CLIENT_ID,
    ) -> None:
        self.number += 1
        self._events.append(
            _pack(
                VERSION,
                kind,
                self._command,
                side,
                order_type,
                time_in_force,
                flags,
                reason,
                self.number,
                self._sequence,
                self._time_ns,
                account,
                stock,
                order,
                price,
                quantity,
                remaining,
                amount,
                held,
                0,
                maker_account,
                maker_order,
                maker_remaining,
                0,
                client_id,
            )
        )
