"""The baseline of streams: stock uvicorn, each connection with a task that awaits ASGI's ``send``.

    python -m bench._bare_stream PORT

A connection gets a first message, then one of the size of an update ten times a second if ``/ready`` was
posted to, and a heartbeat every five seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvicorn

UPDATES_A_SECOND = 10
HEARTBEAT_S = 5
_sends: set[Any] = set()
_tasks: list[asyncio.Task[None]] = []


def message(kind: str, number: int) -> str:
    levels = [{"price": "100.00", "quantity": number, "orders": 1}] * 2
    return json.dumps({"type": kind, "channel": "depth", "stock": "1", "number": number, "data": levels})


async def tell(kind: str, every_s: float) -> None:
    number = 0
    while True:
        await asyncio.sleep(every_s)
        number += 1
        for send in tuple(_sends):
            await send({"type": "websocket.send", "text": message(kind, number)})


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        if scope["path"] == "/start":
            _tasks.append(asyncio.create_task(tell("update", 1 / UPDATES_A_SECOND)))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    if not _tasks:
        _tasks.append(asyncio.create_task(tell("heartbeat", HEARTBEAT_S)))
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    await send({"type": "websocket.send", "text": message("snapshot", 0)})
    _sends.add(send)
    while (await receive())["type"] != "websocket.disconnect":
        pass
    _sends.discard(send)


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_level="error",
        backlog=4_096,
    )
