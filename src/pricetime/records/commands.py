"""Commands: imperative, immutable, 96 bytes each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricetime.errors import RecordError
from pricetime.records.codes import CommandKind, Flag, OrderType, SelfTrade, Side, TimeInForce
from pricetime.records.fields import COMMAND, COMMAND_BYTES, COMMAND_DTYPE, NO_CLIENT_ID, VERSION
from pricetime.records.json_view import EnumOf, record_from_json, record_to_json

_VERSION: Final = bytes([VERSION])
_PLACE_ORDER: Final = int(CommandKind.PLACE_ORDER)
_LIMIT, _MARKET = int(OrderType.LIMIT), int(OrderType.MARKET)
_POST_ONLY: Final = int(Flag.POST_ONLY)


class Command(NamedTuple):
    """One command, field by field as ``COMMAND_FIELDS`` lists and explains them."""

    version: int = VERSION
    kind: int = 0
    side: int = 0
    order_type: int = 0
    time_in_force: int = 0
    flags: int = 0
    self_trade: int = 0
    reserved: int = 0
    sequence: int = 0
    time_ns: int = 0
    actor: int = 0
    account: int = 0
    stock: int = 0
    order: int = 0
    price: int = 0
    quantity: int = 0
    amount: int = 0
    client_id: bytes = NO_CLIENT_ID

    def pack(self) -> bytes:
        """Return the record's 96 bytes."""
        return COMMAND.pack(*self)


def check_commands(batch: bytes) -> int:
    """Return how many commands these are; RecordError unless they are whole and of this version."""
    count, rest = divmod(len(batch), COMMAND_BYTES)
    if rest:
        raise RecordError(
            f"a batch of commands is a multiple of {COMMAND_BYTES} bytes; this has {len(batch)}"
        )
    if batch[::COMMAND_BYTES] != _VERSION * count:
        raise RecordError
    return count


def iter_commands(batch: bytes) -> Iterator[Command]:
    """Yield the commands of a batch in order."""
    return map(Command._make, COMMAND.iter_unpack(batch))


def command_array(batch: bytes | bytearray) -> NDArray[np.void]:
    """Return a batch as a structured array; writable where ``batch`` is a bytearray."""
    return np.frombuffer(batch, COMMAND_DTYPE)


def open_account(account: int = 0, *, actor: int = 0) -> Command:
    """Open an account; with 0 the sequencer names it by the command's own sequence."""
    return Command(kind=CommandKind.OPEN_ACCOUNT, account=account, actor=actor)


def list_stock(stock: int, tick: int, *, actor: int = 0) -> Command:
    """List stock number ``stock`` with prices that are multiples of ``tick`` ten-thousandths."""
    return Command(kind=CommandKind.LIST_STOCK, stock=stock, price=tick, actor=actor)


def deposit(account: int, amount: int, *, actor: int = 0, client_id: bytes = NO_CLIENT_ID) -> Command:
    """Bring ``amount`` ten-thousandths into the venue."""
    return Command(kind=CommandKind.DEPOSIT, account=account, amount=amount, actor=actor, client_id=client_id)


def withdraw(account: int, amount: int, *, actor: int = 0, client_id: bytes = NO_CLIENT_ID) -> Command:
    """Take ``amount`` ten-thousandths of free money out of the venue."""
    return Command(
        kind=CommandKind.WITHDRAW, account=account, amount=amount, actor=actor, client_id=client_id
    )


def grant_shares(
    account: int, stock: int, quantity: int, *, actor: int = 0, client_id: bytes = NO_CLIENT_ID
) -> Command:
    """Bring ``quantity`` shares of a stock into the venue, free, to ``account``."""
    kind = CommandKind.GRANT_SHARES
    return Command(
        kind=kind, account=account, stock=stock, quantity=quantity, actor=actor, client_id=client_id
    )


def place_order(
    account: int,
    stock: int,
    side: Side,
    quantity: int,
    price: int | None,
    *,
    time_in_force: TimeInForce = TimeInForce.GTC,
    post_only: bool = False,
    self_trade: SelfTrade = SelfTrade.SKIP,
    actor: int = 0,
    client_id: bytes = NO_CLIENT_ID,
) -> Command:
    """Place a limit order at ``price`` ten-thousandths a share, or with None a market order."""
    order_type = _MARKET if price is None else _LIMIT
    flags = _POST_ONLY if post_only else 0
    head = (VERSION, _PLACE_ORDER, side, order_type, time_in_force, flags, self_trade, 0)
    # By place and not by name, because most commands are made here and that takes half the time.
    return Command._make(
        (*head, 0, 0, actor, account, stock, 0, 0 if price is None else price, quantity, 0, client_id)
    )


def amend_order(
    account: int,
    order: int,
    *,
    quantity: int = 0,
    price: int = 0,
    actor: int = 0,
    client_id: bytes = NO_CLIENT_ID,
) -> Command:
    """Change an open order's total quantity or limit; 0 keeps what it is."""
    return Command(
        kind=CommandKind.AMEND_ORDER,
        actor=actor,
        account=account,
        order=order,
        price=price,
        quantity=quantity,
        client_id=client_id,
    )


def cancel_order(account: int, order: int, *, actor: int = 0, client_id: bytes = NO_CLIENT_ID) -> Command:
    """Take an order's unexecuted remainder off the book."""
    return Command(
        kind=CommandKind.CANCEL_ORDER, account=account, order=order, actor=actor, client_id=client_id
    )


def cancel_all(account: int, stock: int = 0, *, actor: int = 0) -> Command:
    """Cancel every open order of an account, in one stock or, with 0, in all."""
    return Command(kind=CommandKind.CANCEL_ALL, account=account, stock=stock, actor=actor)


def halt_stock(stock: int, *, actor: int = 0) -> Command:
    """Stop orders from entering or changing; cancels still work."""
    return Command(kind=CommandKind.HALT_STOCK, stock=stock, actor=actor)


def resume_stock(stock: int, *, actor: int = 0) -> Command:
    """Let orders enter a halted stock again."""
    return Command(kind=CommandKind.RESUME_STOCK, stock=stock, actor=actor)


class Limits(NamedTuple):
    """How much a venue keeps: each at least 1, none above ``MOST``."""

    open_orders: int = 10_000
    """of one account"""
    client_ids: int = 1_024
    """remembered of one account"""
    orders: int = 20_000_000
    """open in the whole venue"""
    accounts: int = 10_000_000
    stocks: int = 100_000


MOST: Final = 2**31 - 1
"""The highest limit: a compiled venue counts what it keeps in 32 bits."""


def set_limits(
    open_orders: int = Limits().open_orders,
    client_ids: int = Limits().client_ids,
    orders: int = Limits().orders,
    accounts: int = Limits().accounts,
    stocks: int = Limits().stocks,
) -> Command:
    """Set how much the venue keeps from now on (``Limits``); what is there already stays."""
    return Command(
        kind=CommandKind.SET_LIMITS,
        quantity=open_orders,
        amount=client_ids,
        order=orders,
        price=accounts,
        stock=stocks,
    )


def limits_of(command: Command) -> Limits:
    """Return the limits that a SET_LIMITS sets."""
    return Limits(command.quantity, command.amount, command.order, command.price, command.stock)


_ENUMS: EnumOf = {
    "kind": CommandKind,
    "side": Side,
    "order_type": OrderType,
    "time_in_force": TimeInForce,
    "self_trade": SelfTrade,
}


def command_to_json(command: Command) -> dict[str, Any]:
    """Return a command as a JSON object: codes by name, zeros left out."""
    return record_to_json(command, _ENUMS)


def command_from_json(data: dict[str, Any]) -> Command:
    """Return the command that ``command_to_json`` wrote; RecordError where it is none."""
    return Command(**record_from_json(data, Command._fields, _ENUMS))
