"""The connection of a service to the broker, made again whenever it is lost.

::

    connect ─> listen to notices ─> send commands ─> … ─> lost ─> pause ─> connect …
"""

from __future__ import annotations

import asyncio

import structlog

from pricetime.adapters.rabbit import Rabbit
from pricetime.adapters.tls import Certificates
from pricetime.errors import BrokerFailed
from pricetime.runtime.dispatcher import Dispatcher
from pricetime.runtime.pauses import Pauses
from pricetime.settings import Settings

_log = structlog.get_logger(__name__)


class BrokerLink:
    """Keeps a dispatcher connected."""

    def __init__(
        self,
        settings: Settings,
        certificates: Certificates | None,
        dispatcher: Dispatcher,
    ) -> None:
        self._settings = settings
        self._first_s = settings.reconnect_pause_ms / 1_000
        self._most_s = settings.reconnect_pause_max_ms / 1_000
        self._certificates = certificates
        self._dispatcher = dispatcher
        self.connected = asyncio.Event()
        """Set while commands can be sent and notices are heard."""

    async def run(self) -> None:
        """Stay connected until cancelled."""
        pauses = Pauses(self._first_s, self._most_s)
        while True:
            try:
                rabbit = await Rabbit.connect(self._settings.rabbit_url, self._certificates)
                try:
                    await self._use(rabbit)
                finally:
                    if self.connected.is_set():
                        pauses.reset()
                        self.connected.clear()
                    await rabbit.close()
            except* BrokerFailed as group:
                _log.warning("the broker is away", error=str(group.exceptions[0]))
            await asyncio.sleep(pauses.next_s())

    async def _use(self, rabbit: Rabbit) -> None:
        async with asyncio.TaskGroup() as tasks:
            listening = asyncio.Event()
            tasks.create_task(rabbit.notices().listen(self._dispatcher.hear, ready=listening.set))
            await listening.wait()
            self.connected.set()
            tasks.create_task(self._dispatcher.send(rabbit.outputs()))
