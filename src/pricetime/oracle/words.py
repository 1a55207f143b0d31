"""A step of a program in words: who does what, as one would tell it."""

from __future__ import annotations

from pricetime.oracle.program import Do, Step
from pricetime.records import (
    Command,
    CommandKind,
    Flag,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
    command_to_json,
)
from pricetime.records.commands import limits_of
from pricetime.rules import money

_STEPS = {
    Do.END_BATCH: "(these were one batch)",
    Do.RESTORE: "each venue goes on from its own snapshot",
    Do.SWAP: "each venue goes on from the other's snapshot",
}
_SPOILT = {
    Do.VALIDATE: "only to be judged: ",
    Do.TEAR: "without its last byte: ",
    Do.MISVERSION: "in an unknown version: ",
    Do.MISPLACE: "out of sequence: ",
}


def tell(step: Step) -> str:
    """Return a step in words."""
    if step.do in _STEPS:
        return _STEPS[step.do]
    often = f", {step.times:,} times" if step.times > 1 else ""
    often += ", each time the next account" if step.apart else ""
    return _SPOILT.get(step.do, "") + tell_command(step.command) + often


def tell_command(command: Command) -> str:
    """Return a command in words; one with a code that does not exist as its fields."""
    try:
        kind = CommandKind(command.kind)
        said = _TELLERS[kind](command)
    except ValueError:
        return "a command of " + ", ".join(f"{key} {value}" for key, value in _fields(command).items())
    odd = [f"{name} {value}" for name, value in _beside(command) if value]
    odd += [f"client id {command.client_id.hex()}"] if any(command.client_id) else []
    return said + (f" ({', '.join(odd)})" if odd else "")


def _beside(command: Command) -> list[tuple[str, int]]:
    """Return the fields that the command's kind does not use."""
    used = (*_USED[CommandKind(command.kind)], "version", "kind", "sequence", "time_ns", "client_id")
    return [(name, getattr(command, name)) for name in Command._fields if name not in used]


def _fields(command: Command) -> dict[str, object]:
    shown = command_to_json(command)
    shown.pop("version", None)
    return shown


def _place(command: Command) -> str:
    price = _price(command.price)
    if OrderType(command.order_type) == OrderType.MARKET:
        price = "at market" if not command.price else f"at market {price}"
    verb = {Side.NONE: "trades", Side.BUY: "buys", Side.SELL: "sells"}[Side(command.side)]
    words = [f"account {command.account} {verb} {command.quantity} of stock {command.stock} {price}"]
    words += (
        [] if command.time_in_force == TimeInForce.GTC else [TimeInForce(command.time_in_force).name.lower()]
    )
    flags = Flag(command.flags)
    words += [] if not flags else ["post-only" if flags == Flag.POST_ONLY else f"flags {command.flags}"]
    words += [SelfTrade(command.self_trade).name.lower()] if command.self_trade else []
    return ", ".join(words) + f" as order {command.order}"


def _amend(command: Command) -> str:
    quantity = f" to {command.quantity}" if command.quantity else ""
    price = f" {_price(command.price)}" if command.price else ""
    return f"account {command.account} amends order {command.order}{quantity}{price}"


def _cancel_all(command: Command) -> str:
    where = f" in stock {command.stock}" if command.stock else ""
    return f"account {command.account} cancels all its orders{where}"


def _limits(command: Command) -> str:
    limits = limits_of(command)._asdict().items()
    return "limits are set: " + ", ".join(f"{name} {value}" for name, value in limits)


def _price(price: int) -> str:
    return f"@ {money.show(price)}"


_TELLERS = {
    CommandKind.OPEN_ACCOUNT: lambda c: f"account {c.account} opens",
    CommandKind.LIST_STOCK: lambda c: f"stock {c.stock} is listed with tick {money.show(c.price)}",
    CommandKind.DEPOSIT: lambda c: f"account {c.account} deposits {money.show(c.amount)}",
    CommandKind.WITHDRAW: lambda c: f"account {c.account} withdraws {money.show(c.amount)}",
    CommandKind.GRANT_SHARES: lambda c: f"account {c.account} is granted {c.quantity} of stock {c.stock}",
    CommandKind.PLACE_ORDER: _place,
    CommandKind.AMEND_ORDER: _amend,
    CommandKind.CANCEL_ORDER: lambda c: f"account {c.account} cancels order {c.order}",
    CommandKind.CANCEL_ALL: _cancel_all,
    CommandKind.HALT_STOCK: lambda c: f"stock {c.stock} is halted",
    CommandKind.RESUME_STOCK: lambda c: f"stock {c.stock} is resumed",
    CommandKind.SET_LIMITS: _limits,
}

_CODES = ("side", "order_type", "time_in_force", "flags", "self_trade")
_USED = {
    CommandKind.OPEN_ACCOUNT: ("account",),
    CommandKind.LIST_STOCK: ("stock", "price"),
    CommandKind.DEPOSIT: ("account", "amount"),
    CommandKind.WITHDRAW: ("account", "amount"),
    CommandKind.GRANT_SHARES: ("account", "stock", "quantity"),
    CommandKind.PLACE_ORDER: (*_CODES, "account", "stock", "order", "price", "quantity"),
    CommandKind.AMEND_ORDER: ("account", "order", "price", "quantity"),
    CommandKind.CANCEL_ORDER: ("account", "order"),
    CommandKind.CANCEL_ALL: ("account", "stock"),
    CommandKind.HALT_STOCK: ("stock",),
    CommandKind.RESUME_STOCK: ("stock",),
    CommandKind.SET_LIMITS: ("quantity", "amount", "order", "price", "stock"),
}
"""The fields that the words of a kind tell."""
