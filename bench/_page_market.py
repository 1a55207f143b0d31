"""Two who move a stock, in a process of their own: ``python -m bench._page_market PORT STOCK RATE TOKENS…``.

In each of ``RATE`` rounds a second the first offers shares, and the second takes them and leaves a bid, so
that price, book, trades and candles all change.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from typing import Any


class Person:
    """Somebody with a connection of their own."""

    def __init__(self, port: int, stock: str, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Content-Type": "application/json", "token": token}
        self._stock = stock

    def place(self, *orders: tuple[str, int, float]) -> None:
        """Place limit orders of side, quantity and price."""
        body = {"orders": [self._order(*each) for each in orders]}
        self._connection.request("POST", "/v1/orders/batch", json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"the market stands still: {said!r}")

    def _order(self, side: str, quantity: int, price: float) -> dict[str, Any]:
        limit = {"type": "limit", "price": f"{price:.2f}"}
        return {"stock": self._stock, "side": side, "quantity": quantity, **limit}


def move(port: int, stock: str, rate: float, seller_token: str, buyer_token: str) -> None:
    """Trade until ended."""
    seller, buyer = (Person(port, stock, token) for token in (seller_token, buyer_token))
    started = time.perf_counter()
    for number in range(sys.maxsize):
        price = 100 + number % 20 / 100
        seller.place(("sell", 3, price))
        buyer.place(("buy", 3, price), ("buy", 1 + number % 7, 99 - number % 40 / 100))
        time.sleep(max(0.0, started + (number + 1) / rate - time.perf_counter()))


if __name__ == "__main__":
    move(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4], sys.argv[5])
