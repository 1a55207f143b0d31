"""A book as a picture, one line a level, best first: buys to the left of the bar, sells to the right.

    5 @ market |
    4+2 @ 15.50 | 16.00 @ 7
                | 16.50 @ 1+1

The orders at one price stand in their order of priority, joined by ``+``.
"""

from __future__ import annotations

from itertools import groupby, zip_longest
from typing import Any

import numpy as np

from pricetime.records import OrderType, Side
from pricetime.records.state import read_snapshot
from pricetime.rules import money


def draw_book(snapshot: bytes, stock: int) -> str:
    """Return the picture of one stock's book; an empty book is an empty text."""
    orders = read_snapshot(snapshot).orders
    standing = orders[orders["stock"] == stock]
    bids, asks = (_levels(standing[standing["side"] == side], side) for side in (Side.BUY, Side.SELL))
    return _aligned(list(zip_longest(bids, asks, fillvalue="")))


def picture(text: str) -> str:
    """Return a picture written by hand as ``draw_book`` draws it."""
    pairs = [line.split("|") for line in text.strip().splitlines()]
    return _aligned([(bid.strip(), ask.strip()) for bid, ask in pairs])


def _aligned(pairs: list[tuple[str, str]]) -> str:
    width = max((len(bid) for bid, _ in pairs), default=0)
    return "\n".join(f"{bid:>{width}} | {ask}".rstrip() for bid, ask in pairs)


def _levels(rows: np.ndarray[Any, np.dtype[np.void]], side: Side) -> list[str]:
    levels = []
    for price, level in groupby(rows, key=_price):
        quantities = "+".join(str(int(row["remaining"])) for row in level)
        levels.append(f"{quantities} @ {price}" if side == Side.BUY else f"{price} @ {quantities}")
    return levels


def _price(row: Any) -> str:
    return "market" if row["order_type"] == OrderType.MARKET else money.show(int(row["price"]))
