"""Readers of streams, in a process of their own: raw sockets in one epoll, frames counted and timed.

    python -m bench._stream_load PORT PATH CONNECTIONS STOCK

Commands come in on stdin, one a line, and each is answered by a line of JSON: ``open`` connects and waits for
a first message on every connection, ``read SECONDS TOKEN`` reads, and with a token places orders meanwhile,
twenty a second, each at a price of its own by which the update that shows it is known.
"""

from __future__ import annotations

import base64
import json
import os
import re
import resource
import select
import socket
import sys
import threading
import time
from collections import Counter

from bench import _servers

ORDERS_A_SECOND = 20
_BASE = 100_00
_PRICE = re.compile(rb'"price":"(\d+)\.(\d\d)","quantity":1,')  # 0: a level that is gone
_READ_BYTES = 65_536
_AT_ONCE = 100


class Readers:
    """So many connections."""

    def __init__(self, port: int, path: str, count: int, stock: str) -> None:
        self.port, self.path, self.count, self.stock = port, path, count, stock
        self.frames = 0
        self.first_seen: dict[bytes, float] = {}
        self.seen: Counter[bytes] = Counter()
        self.spreads: list[float] = []
        self.delays: list[float] = []
        self.sent: dict[int, float] = {}
        self._sockets: dict[int, socket.socket] = {}
        self._poll = select.epoll()
        self._stopping = False

    def open(self) -> None:
        """Connect all, a hundred at a time, and see each get a first message."""
        words = {"op": "subscribe", "channel": "depth", "stock": self.stock, "levels": 10}
        wanted = json.dumps(words).encode()
        for start in range(0, self.count, _AT_ONCE):
            batch = [self._connect() for _ in range(min(_AT_ONCE, self.count - start))]
            for each in batch:
                self._await(each, b"\r\n\r\n")
                each.sendall(bytes((0x81, 0x80 | len(wanted), 0, 0, 0, 0)) + wanted)
            for each in batch:
                self._await(each, b"snapshot")
                each.setblocking(False)
                self._poll.register(each, select.EPOLLIN)
            self._take_what_is_there(0.0)

    def _connect(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.port))
        self._sockets[opened.fileno()] = opened
        key = base64.b64encode(os.urandom(16)).decode()
        opened.sendall(
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        return opened

    def _await(self, reader: socket.socket, what: bytes) -> None:
        received = b""
        while what not in received:
            data = reader.recv(_READ_BYTES)
            assert data, f"the server has ended a connection after {received!r}"
            received += data

    def read(self, seconds: float, token: str) -> dict[str, object]:
        """Read for so long; orders are placed meanwhile where there is a token."""
        driver = threading.Thread(target=self._place, args=[token]) if token else None
        if driver:
            driver.start()
        self.frames, ends = 0, time.monotonic() + seconds
        while time.monotonic() < ends:
            self._take_what_is_there(0.05)
        self._stopping = True
        if driver:
            driver.join()
        return {"frames": self.frames, "delays": sorted(self.delays), "spreads": sorted(self.spreads)}

    def _take_what_is_there(self, wait_s: float) -> None:
        for descriptor, _ in self._poll.poll(wait_s):
            self._take(self._sockets[descriptor])

    def _take(self, reader: socket.socket) -> None:
        data, now = reader.recv(_READ_BYTES), time.monotonic()
        assert data, "the server has ended a connection"
        at = 0
        while at < len(data):
            opcode, length, head = data[at], data[at + 1], 2
            if length == 126:
                length, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            payload = data[at + head : at + head + length]
            if opcode == 0x89:
                reader.send(bytes((0x8A, 0x80 | length, 0, 0, 0, 0)) + payload)
            elif b'"update"' in payload:
                self._note(payload, now)
            at += head + length

    def _note(self, payload: bytes, now: float) -> None:
        self.frames += 1
        first = self.first_seen.setdefault(payload, now)
        self.seen[payload] += 1
        if self.seen[payload] == self.count:
            self.spreads.append(now - first)
        for units, cents in _PRICE.findall(payload):
            if sent := self.sent.get(int(units) * 100 + int(cents)):
                self.delays.append(now - sent)

    def _place(self, token: str) -> None:
        """Place orders below all others, so that each is the new best and stands in the next update."""
        began, number = time.monotonic(), 0
        while not self._stopping:
            number += 1
            cents = 2 * _BASE - number
            price = f"{cents // 100}.{cents % 100:02d}"
            order = {"stock": self.stock, "side": "sell", "type": "limit", "quantity": 1, "price": price}
            self.sent[cents] = time.monotonic()
            status, answer = _servers.call(self.port, "POST", "/v1/orders", order, token)
            assert status == 201, answer
            time.sleep(max(0.0, began + number / ORDERS_A_SECOND - time.monotonic()))


def main() -> None:
    port, path, count, stock = sys.argv[1:]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    readers = Readers(int(port), path, int(count), stock)
    for line in sys.stdin:
        name, *rest = line.split()
        if name == "open":
            readers.open()
            answer: object = "open"
        else:
            answer = readers.read(float(rest[0]), rest[1] if len(rest) > 1 else "")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
