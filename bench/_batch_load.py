"""A lean client of ``POST /v1/orders/batch``, in a process of its own: one body, sent again and again.

    python -m bench._batch_load PORT TOKEN STOCK SECONDS ORDERS CONNECTIONS

Prints one line of JSON: orders that were placed, and seconds.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time

PRICE = 100


def request(token: str, stock: str, orders: int) -> bytes:
    """Limit orders of which every other one trades at once and the others rest."""
    prices = [f"{PRICE - 1 - at % 7}.{at % 90 + 10}" if at % 2 else f"{PRICE}.00" for at in range(orders)]
    one = {"stock": stock, "side": "buy", "type": "limit", "quantity": 1}
    body = json.dumps({"orders": [one | {"price": price} for price in prices]}).encode()
    head = (
        f"POST /v1/orders/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Sender(threading.Thread):
    """One connection with one request under way at a time."""

    def __init__(self, port: int, request: bytes, orders: int, until: float) -> None:
        super().__init__()
        self.placed = 0
        self._request = request
        self._orders = orders
        self._until = until
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._answers = self._socket.makefile("rb", 1 << 20)

    def run(self) -> None:
        while time.perf_counter() < self._until:
            self._socket.sendall(self._request)
            self.placed += self._answer().count(b'"problem":null')

    def _answer(self) -> bytes:
        status, length = self._answers.readline(), 0
        while (line := self._answers.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = self._answers.read(length)
        if b" 200 " not in status:
            raise SystemExit(f"the venue answers {status!r} {body[:300]!r}")
        return body


def main() -> None:
    port, token, stock, seconds, orders, connections = sys.argv[1:]
    began = time.perf_counter()
    senders = [
        Sender(int(port), request(token, stock, int(orders)), int(orders), began + float(seconds))
        for _ in range(int(connections))
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    placed = sum(sender.placed for sender in senders)
    print(json.dumps({"orders": placed, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
