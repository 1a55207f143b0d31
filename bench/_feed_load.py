"""A lean client of the feed, in a process of its own: frames made beforehand, answers only counted.

    python -m bench._feed_load PORT TOKEN STOCK SECONDS ORDERS_A_FRAME [FRAMES_UNDER_WAY]

Prints one line of JSON: orders acknowledged, seconds, bytes received, events received.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import sys
import threading
import time
from typing import NoReturn

import numpy as np

from pricetime.records import SelfTrade, Side, command_array
from pricetime.records.commands import place_order
from pricetime.records.frames import FRAME, commands_frame

FRAMES = 64
PRICE = 1_000_000
_READ_BYTES = 1 << 20
_NUMBER_AT = FRAME.size - 16


def frames(stock: int, orders: int) -> list[bytearray]:
    """Frames of limit orders, of which every other one trades at once and the others rest."""
    one = place_order(0, stock, Side.BUY, 1, PRICE, self_trade=SelfTrade.SKIP).pack()
    made = []
    for frame in range(FRAMES):
        commands = bytearray(one * orders)
        array = command_array(commands)
        array["price"][::2] = PRICE - 100 * (1 + (np.arange(frame, frame + len(array[::2])) % 500))
        ids = np.zeros((orders, 2), "<i8")
        ids[:, 0], ids[:, 1] = frame + 1, np.arange(1, orders + 1)
        array["client_id"] = ids.view("V16")[:, 0]
        made.append(_masked(commands_frame(0, bytes(commands))))
    return made


def _masked(payload: bytes) -> bytearray:
    """A binary message of the client; with a mask of zeros the bytes stay as they are."""
    return bytearray(struct.pack("!BBQ4x", 0x82, 0xFF, len(payload)) + payload)


class Load:
    """One connection that keeps so many frames under way."""

    def __init__(self, port: int, token: str, stock: int, orders: int, under_way: int) -> None:
        self.orders = orders
        self.acknowledged = 0
        self.received = 0
        self.events = 0
        self._frames = frames(stock, orders)
        self._room = threading.Semaphore(under_way)
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open(port, token)
        self._stopping = False

    def _open(self, port: int, token: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET /v1/orders/feed HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(4_096)
        assert answer.startswith(b"HTTP/1.1 101"), answer
        hello = b"{}"
        self._socket.sendall(struct.pack("!BB4x", 0x81, 0x80 | len(hello)) + hello)

    def run(self, seconds: float) -> float:
        """Send for so many seconds, wait for the last answer, and return how long that took."""
        reader = threading.Thread(target=self._read)
        reader.start()
        began = time.perf_counter()
        number, sent_until = 0, began + seconds
        while time.perf_counter() < sent_until:
            self._room.acquire()
            number += 1
            frame = self._frames[number % FRAMES]
            struct.pack_into("<q", frame, 14 + _NUMBER_AT, number)
            self._socket.sendall(frame)
        self._last = number
        self._stopping = True
        reader.join()
        return time.perf_counter() - began

    def _read(self) -> None:
        buffer, view, filled = bytearray(4 * _READ_BYTES), None, 0
        view = memoryview(buffer)
        while not (self._stopping and self.acknowledged == self._last):
            read = self._socket.recv_into(view[filled:])
            if not read:
                _end(f"the venue has ended the connection: {bytes(view[:filled])[-300:]!r}")
            self.received += read
            filled += read
            used = self._take(view[:filled])
            view[: filled - used] = view[used:filled]
            filled -= used

    def _take(self, data: memoryview) -> int:
        """Look at the headers of whole messages and return how many bytes they have."""
        at = 0
        while len(data) - at >= 10:
            length, head = data[at + 1], 2
            if length == 126:
                (length,), head = struct.unpack_from("!H", data, at + 2), 4
            elif length == 127:
                (length,), head = struct.unpack_from("!Q", data, at + 2), 10
            if len(data) - at < head + length:
                break
            if data[at] == 0x82:
                *_, count, number, _ = FRAME.unpack_from(data, at + head)
                self.events += count
                for _ in range(number - self.acknowledged):
                    self._room.release()
                self.acknowledged = number
            elif data[at] != 0x81 or b"problem" in bytes(data[at : at + head + length]):
                _end(f"the venue says {bytes(data[at : at + head + length])!r}")
            at += head + length
        return at


def _end(why: str) -> NoReturn:
    """End the process from the thread that reads; the one that sends would wait for ever."""
    sys.stderr.write(f"{why}\n")
    sys.stderr.flush()
    os._exit(1)


def main() -> None:
    port, token, stock, seconds, orders, *rest = sys.argv[1:]
    load = Load(int(port), token, int(stock), int(orders), int(rest[0]) if rest else 16)
    taken = load.run(float(seconds))
    print(
        json.dumps(
            {
                "orders": load.acknowledged * load.orders,
                "seconds": taken,
                "received": load.received,
                "events": load.events,
            }
        )
    )


if __name__ == "__main__":
    main()
