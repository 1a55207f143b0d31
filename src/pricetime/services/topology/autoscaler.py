"""Starts and stops hosts of partitions by how busy they are, as long as the watcher runs."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

import structlog

from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.adapters.tls import OPERATOR, Certificates
from pricetime.errors import PricetimeError
from pricetime.ports import Presence, Sign
from pricetime.rules.partitions import Topology
from pricetime.services.broker import Broker
from pricetime.services.topology.autoscaling import ROOMS, Limits, Load, Past, bounds_of, decide
from pricetime.services.topology.plan import Layout
from pricetime.services.topology.record import Record, running_record
from pricetime.services.topology.scale import scale

_SECOND_NS: Final = 1_000_000_000
_log = structlog.get_logger(__name__)


class Autoscaler:
    """Looks at the hosts of one topology, and scales it."""

    def __init__(self, layout: Layout, record: Record) -> None:
        self._layout = layout
        servers = record.servers
        self._settings = replace(
            record.settings,
            certs=str(layout.certs),
            redis_url=servers.redis_url,
            rabbit_url=servers.rabbit_url,
        )
        self._bounds = bounds_of(record.settings.autoscale)
        self._limits = Limits.of(record.settings)
        self._topology = Topology(record.settings.ledgers, record.settings.books)
        self._signs: dict[str, Sign] = {}
        self._past = dict.fromkeys(self._bounds, Past())

    async def run(self) -> None:
        """Look and act until cancelled. What fails is tried again at the next look."""
        settings = self._settings
        async with AsyncExitStack() as stack:
            certificates = Certificates.of(settings.certs, OPERATOR)
            redis = connect_redis(settings, certificates)
            stack.push_async_callback(redis.aclose)
            broker = Broker(settings, certificates, None)
            stack.push_async_callback(broker.close)
            presence = RedisPresence(redis, settings.heartbeat_lifetime_ms)
            while True:
                await asyncio.sleep(settings.autoscale_every_s)
                for service in self._bounds:
                    try:
                        await self._look(service, presence, broker)
                    except PricetimeError as error:
                        _log.warning("not scaled", service=service, error=str(error))

    async def _look(self, service: str, presence: Presence, broker: Broker) -> None:
        load = await self._load(service, presence, broker)
        count, self._past[service] = decide(
            load, self._bounds[service], self._limits, self._past[service], time.monotonic()
        )
        if count == load.hosts:
            return
        _log.warning("scaling", service=service, to=count, **load._asdict())
        try:
            await asyncio.to_thread(scale, self._layout, {service: count}, lambda _: None)
        finally:
            self._past[service] = Past(changed_s=time.monotonic())  # it cools down from when it is done

    async def _load(self, service: str, presence: Presence, broker: Broker) -> Load:
        """Return what there is to do, in queues and with the hosts, and what they use since the last look."""
        rabbit = await broker.rabbit()
        addresses = [each for each in self._topology.addresses() if each.room == ROOMS[service]]
        waiting = sum((await rabbit.waiting(addresses)).values())
        signs = await presence.living(service)
        cpu = sum(_used(self._signs.get(sign.name), sign) for sign in signs)
        self._signs |= {sign.name: sign for sign in signs}
        hosts = running_record(self._layout).scale[service]
        return Load(hosts, waiting + sum(sign.waiting for sign in signs), round(cpu, 3))


def _used(before: Sign | None, now: Sign) -> float:
    """Return how many processors a host has used between two of its signs; 0 where it is new."""
    if before is None or before.cpu_s > now.cpu_s or before.time_ns >= now.time_ns:
        return 0.0
    return (now.cpu_s - before.cpu_s) / ((now.time_ns - before.time_ns) / _SECOND_NS)
