"""The broker as one process sees it: the connection that is good now, or the next one."""

from __future__ import annotations

import asyncio

import structlog

from pricetime.adapters.rabbit import Rabbit
from pricetime.adapters.rabbit_channel import Traffic
from pricetime.adapters.rabbit_queues import RabbitLimits
from pricetime.adapters.tls import Certificates
from pricetime.errors import BrokerFailed
from pricetime.rules.partitions import Topology
from pricetime.runtime.pauses import Pauses
from pricetime.settings import Settings
from pricetime.telemetry import Metrics

_log = structlog.get_logger(__name__)


class Broker:
    """Makes a connection where there is none that is good, after growing, bounded pauses.

    Queues are declared for a ``topology``; who has none relies on others for them, and needs no right to.

    All that a process has on the broker shares it. Whoever gets BrokerFailed begins again with ``rabbit``.
    """

    def __init__(
        self, settings: Settings, certificates: Certificates | None, topology: Topology | None
    ) -> None:
        self._settings = settings
        self._certificates = certificates
        self._topology = topology
        self._rabbit: Rabbit | None = None
        self._connecting = asyncio.Lock()
        self._pauses = Pauses(settings.reconnect_pause_ms / 1_000, settings.reconnect_pause_max_ms / 1_000)
        self._not_before_s = 0.0
        self._failure = ""
        self.connections = 0
        """Made so far."""
        self.traffic = Traffic()

    async def rabbit(self) -> Rabbit:
        """Return a connection, with queues declared; BrokerFailed where there is none now."""
        async with self._connecting:
            if self._rabbit is not None and self._rabbit.is_open:
                return self._rabbit
            now_s = asyncio.get_running_loop().time()
            if now_s < self._not_before_s:
                raise BrokerFailed(self._failure)
            try:
                self._rabbit = await self._connect()
            except BrokerFailed as error:
                self._failure = str(error)
                self._not_before_s = now_s + self._pauses.next_s()
                raise
            self._pauses.reset()
            return self._rabbit

    async def check(self) -> None:
        """Return where the broker can be used; BrokerFailed."""
        await self.rabbit()

    def measure(self, metrics: Metrics) -> None:
        """Export how often it connected, and what went over the connections."""
        metrics.counter(
            "pricetime_broker_connections", "Connections made to RabbitMQ.", lambda: self.connections
        )
        published, received = self.traffic.published, self.traffic.received
        metrics.tally(
            "pricetime_broker_published", "Messages sent to RabbitMQ.", "exchange", lambda: published
        )
        metrics.tally(
            "pricetime_broker_received", "Messages that RabbitMQ gave out here.", "exchange", lambda: received
        )

    async def close(self) -> None:
        """Close the connection."""
        if self._rabbit is not None:
            await self._rabbit.close()

    async def _connect(self) -> Rabbit:
        if self._rabbit is not None:
            await self._rabbit.close()
            self._rabbit = None
        limits = RabbitLimits.of(self._settings)
        rabbit = await Rabbit.connect(
            self._settings.rabbit_url, self._certificates, limits=limits, traffic=self.traffic
        )
        try:
            if self._topology is not None:
                await rabbit.declare(self._topology)
        except BaseException:
            await rabbit.close()
            raise
        self.connections += 1
        _log.info("connected to the broker", connections=self.connections)
        return rabbit
