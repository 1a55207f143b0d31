"""A plain client of the streams, which does nothing by itself: no retry, no resume, no building of books."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tests.support.small_socket import small_socket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from pricetime.client.sockets import secured

PATIENCE_S = 60


class RawStream:
    """One connection to ``/v1/stream``."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        slow: bool = False,
    ) -> None:
        self._connected = connect(
            url.replace("http", "ws", 1) + "/v1/stream",
            additional_headers=(headers or {}) | ({"authorization": f"Bearer {token}"} if token else {}),
            compression=None,
            max_size=None,
            max_queue=1 if slow else 16,
            close_timeout=1,
            sock=small_socket(url) if slow else None,
            ssl=secured(url),
        )
        self.socket = self._connected.__enter__()
        self.messages: list[dict[str, Any]] = []

    def say(self, **words: Any) -> None:
        self.socket.send(json.dumps(words))

    def subscribe(self, channel: str, **more: Any) -> dict[str, Any]:
        """Subscribe and return the first message of the channel."""
        self.say(op="subscribe", channel=channel, **more)
        return self.until(lambda message: message.get("channel") == channel)

    def next(self, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout_s))
        self.messages.append(message)
        return message

    def until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read to a message and return it."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if is_it(message := self.next()):
                return message
        raise TimeoutError(self.messages[-5:])

    def update(self, channel: str) -> dict[str, Any]:
        """Read to the next update of a channel."""
        return self.until(lambda message: message["type"] == "update" and message["channel"] == channel)

    def changes(self, is_all: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read changes of the account until they are all; many services tell in parts what one tells."""
        told: dict[str, Any] = {"orders": [], "executions": [], "wallet": None, "holdings": []}
        deadline = time.monotonic() + PATIENCE_S
        while not is_all(told):
            if time.monotonic() > deadline:
                raise TimeoutError(told)
            change = self.update("account")["data"]
            for name, key in (("orders", "order"), ("holdings", "stock")):
                told[name] = list({row[key]: row for row in (*told[name], *change[name])}.values())
            told["executions"] += change["executions"]
            told["wallet"] = change["wallet"] or told["wallet"]
        return told

    def problem(self) -> dict[str, Any]:
        """Read to the next problem; return it with the code of the problem itself as ``code``."""
        message = self.until(lambda message: message["type"] == "problem")
        assert message["problem"]["detail"].endswith(".")
        return message | {"code": message["problem"]["code"]}

    def end(self) -> tuple[int, str]:
        """Read to the end of the connection; return its close code and the code of the problem before it."""
        deadline = time.monotonic() + 2 * PATIENCE_S
        while time.monotonic() < deadline:  # heartbeats would go on for ever
            try:
                self.next()
            except ConnectionClosed as closed:
                codes = [each["problem"]["code"] for each in self.messages if each["type"] == "problem"]
                return (closed.rcvd.code if closed.rcvd else 1006), (codes or [""])[-1]
        raise TimeoutError(self.messages[-5:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()
