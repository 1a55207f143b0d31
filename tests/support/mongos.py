"""The front door of a sharded cluster, as far as a driver's handshake and commands without results go.

It answers ``ok`` to every command, has no collections, and keeps what it was asked: a cluster is more than
the tests can start, and what matters is only which commands are sent.
"""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import bson

_HEADER: Final = struct.Struct("<iiii")  # length, request, response to, kind (of the MongoDB wire protocol)
_QUERY, _REPLY, _MESSAGE = 2004, 1, 2013
_HELLO: Final = {
    "ok": 1,
    "isWritablePrimary": True,
    "ismaster": True,
    "msg": "isdbgrid",
    "maxWireVersion": 21,
}


class Mongos(socketserver.ThreadingTCPServer):
    """A server on a free port. ``asked`` holds the commands that change something, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.asked: list[dict[str, Any]] = []
        self.url = f"mongodb://127.0.0.1:{self.server_address[1]}/?serverMonitoringMode=poll"


class _Conversation(socketserver.StreamRequestHandler):
    server: Mongos

    def handle(self) -> None:
        while header := self.rfile.read(_HEADER.size):
            length, request, _, kind = _HEADER.unpack(header)
            body = self.rfile.read(length - _HEADER.size)
            if kind == _QUERY:
                answer = struct.pack("<iqii", 0, 0, 0, 1) + bson.encode(_HELLO)
                self._send(request, _REPLY, answer)
            else:
                self._send(
                    request, _MESSAGE, b"\0\0\0\0\0" + bson.encode(self._answer(bson.decode(body[5:])))
                )

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        name = next(iter(command))
        if name in ("hello", "ismaster"):
            return _HELLO
        if name == "listCollections":
            return {"ok": 1, "cursor": {"id": 0, "ns": "pricetime.$cmd.listCollections", "firstBatch": []}}
        if name not in ("ping", "endSessions"):
            self.server.asked.append(command)
        return {"ok": 1}

    def _send(self, request: int, kind: int, body: bytes) -> None:
        self.wfile.write(_HEADER.pack(_HEADER.size + len(body), 0, request, kind) + body)


@contextmanager
def mongos() -> Iterator[Mongos]:
    """Run one meanwhile."""
    with Mongos() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
