"""Programs of commands that the tests of the runtime run through the real rules."""

from __future__ import annotations

import random

from pricetime.records import Command, Side
from pricetime.records import commands as command

STOCK = 1
TRADERS = (1, 2, 3)


def opening() -> list[Command]:
    """One stock and three rich traders."""
    program = [command.list_stock(STOCK, 100)]
    for trader in TRADERS:
        program += [
            command.open_account(trader),
            command.deposit(trader, 10**12),
            command.grant_shares(trader, STOCK, 10**6),
        ]
    return program


def trading(count: int, seed: int = 7) -> list[Command]:
    """Limit orders around one price, market orders among them."""
    draw = random.Random(seed)
    return [
        command.place_order(
            draw.choice(TRADERS),
            STOCK,
            draw.choice((Side.BUY, Side.SELL)),
            draw.randint(1, 50),
            None if draw.random() < 0.2 else 100 * draw.randint(1_300, 1_400),
        )
        for _ in range(count)
    ]


def packed(program: list[Command]) -> bytes:
    return b"".join(each.pack() for each in program)
