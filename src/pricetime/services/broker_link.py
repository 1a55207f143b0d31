"""The connection of an API service to the broker, made again whenever it is lost.

::

    connect ─> listen to notices ─> catch up ─> send commands ─> … ─> lost ─> pause ─> connect …
"""

from __future__ import annotations

import asyncio

import structlog

from pricetime.adapters.rabbit import RabbitOutputs
from pricetime.errors import BrokerFailed, PricetimeError
from pricetime.runtime.dispatcher import Dispatcher
from pricetime.runtime.pauses import Pauses
from pricetime.services.broker import Broker
from pricetime.settings import Settings

_log = structlog.get_logger(__name__)


class BrokerLink:
    """Keeps a dispatcher connected."""

    def __init__(self, broker: Broker, dispatcher: Dispatcher, settings: Settings) -> None:
        self._broker = broker
        self._dispatcher = dispatcher
        self._pauses = Pauses(settings.reconnect_pause_ms / 1_000, settings.reconnect_pause_max_ms / 1_000)
        self.connected = asyncio.Event()
        """Set while commands can be sent and notices are heard."""

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                await self._use()
            except* BrokerFailed as group:
                _log.warning("the broker is away", error=str(group.exceptions[0]))
            except* PricetimeError as group:
                _log.warning("what was missed cannot be read", error=str(group.exceptions[0]))
            finally:
                self.connected.clear()
            await asyncio.sleep(self._pauses.next_s())

    async def wait(self) -> None:
        """Return when it is connected."""
        await self.connected.wait()

    async def _use(self) -> None:
        rabbit = await self._broker.rabbit()
        async with asyncio.TaskGroup() as tasks:
            listening = asyncio.Event()
            tasks.create_task(rabbit.notices().listen(self._dispatcher.hear, ready=listening.set))
            await listening.wait()
            await self._dispatcher.catch_up()
            self._pauses.reset()
            self.connected.set()
            tasks.create_task(self._send(rabbit.outputs()))

    async def _send(self, outputs: RabbitOutputs) -> None:
        try:
            await self._dispatcher.send(outputs)
        finally:
            await outputs.close()
