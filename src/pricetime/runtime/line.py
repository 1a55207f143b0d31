"""The line to one ledger: commands of a service that wait to be sent, and the message that is under way."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Final

import structlog

from pricetime.errors import BrokerFailed
from pricetime.ports import Message, Outputs
from pricetime.records.routing import Address
from pricetime.runtime.requests import grouped

_PAUSES_S: Final = (0.05, 0.2, 0.5, 1.0)
_MESSAGE_COMMANDS: Final = 10_000
_log = structlog.get_logger(__name__)


class Line:
    """What waits to be sent to one ledger. ``run`` sends a message, and the next when it is confirmed."""

    def __init__(self, source: Address, destination: Address) -> None:
        self._source = source
        self._destination = destination
        self._number = 0
        self._unconfirmed: Message | None = None
        self._commands: dict[int, tuple[bytes, str]] = {}
        """By sequence, in order: a command and the request that it came with."""
        self._filled = asyncio.Event()

    def put(self, record: bytes, sequence: int, request: str) -> None:
        """Add a command at the end, with its sequence and the request that it came with."""
        self._commands[sequence] = record, request
        self._filled.set()

    def drop(self, sequence: int) -> None:
        """Take a command out again, where it is in no message yet: nobody waits for it any more."""
        self._commands.pop(sequence, None)

    async def run(self, outputs: Outputs) -> None:
        """Send until the broker fails for good."""
        while True:
            while self._unconfirmed is None:
                await self._filled.wait()
                self._unconfirmed = self._next()
            await self._publish(outputs, self._unconfirmed)
            if requests := [request for request, _ in self._unconfirmed.requests]:
                _log.info("commands are sent", to=str(self._destination), request_ids=requests)
            self._unconfirmed = None

    def _next(self) -> Message | None:
        """Return the next message; None where all that there was has been dropped."""
        taken = [
            (sequence, *self._commands[sequence]) for sequence in islice(self._commands, _MESSAGE_COMMANDS)
        ]
        for sequence, _, _ in taken:
            del self._commands[sequence]
        if not self._commands:
            self._filled.clear()
        if not taken:
            return None
        self._number += 1
        return Message(
            self._source,
            self._destination,
            self._number,
            b"".join([record for _, record, _ in taken]),
            grouped((sequence, request) for sequence, _, request in taken),
        )

    async def _publish(self, outputs: Outputs, message: Message) -> None:
        """Publish, and again where a queue is full for the moment; BrokerFailed after some trials."""
        for pause_s in _PAUSES_S:
            try:
                await outputs.publish([message])
            except BrokerFailed as error:
                _log.warning("a message is sent again", to=str(self._destination), error=str(error))
                await asyncio.sleep(pause_s)
            else:
                return
        await outputs.publish([message])
