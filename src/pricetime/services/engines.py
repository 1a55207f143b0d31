"""What an operator sees of the hosts of partitions, and asks of them, through Redis as they do themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.adapters.tls import OPERATOR, Certificates
from pricetime.ports import Sign
from pricetime.rules.partitions import Topology
from pricetime.runtime.hosts import Hosts
from pricetime.services.topology.plan import Layout
from pricetime.services.topology.record import read_record
from pricetime.settings import Settings

_OVER_S: Final = 1.0
_SECOND_NS: Final = 1_000_000_000


class HostReport(msgspec.Struct, frozen=True, kw_only=True):
    """One host: what it hosts, and what it does now."""

    host: str
    kind: str
    is_leaving: bool
    """It is given no partitions any more, because it is drained or stops."""
    partitions: tuple[str, ...]
    batches_per_s: float
    records_per_s: float
    """Commands and events that come in."""
    lag_s: float
    """How old the oldest command of its newest batch was when it was journaled."""
    waiting: int
    """Messages that have come to it and are not journaled yet."""
    cpu: float
    """Processors in use: 1 is one."""


def hosts(settings: Settings, *, over_s: float = _OVER_S) -> list[HostReport]:
    """Return all hosts that live, with their rates over a while; PresenceFailed, SettingError."""

    async def look() -> list[HostReport]:
        async with _hosts(settings) as hosts:
            before = {(sign.kind, sign.name): sign for sign in await hosts.living()}
            await asyncio.sleep(over_s)
            after = await hosts.living()
        return [_report(sign, before.get((sign.kind, sign.name), sign)) for sign in after]

    return asyncio.run(look())


def drain(settings: Settings, host: str, *, is_drained: bool) -> HostReport:
    """Ask that a host be given no partitions any more, or again; NotFound where none of that name lives."""

    async def ask() -> HostReport:
        async with _hosts(settings) as hosts:
            sign = await hosts.drain(host, is_drained=is_drained)
            return _report(sign, sign)

    return asyncio.run(ask())


def _report(sign: Sign, before: Sign) -> HostReport:
    passed_s = (sign.time_ns - before.time_ns) / _SECOND_NS

    def rate(now: float, then: float) -> float:
        return round((now - then) / passed_s, 2) if passed_s > 0 else 0.0

    return HostReport(
        host=sign.name,
        kind=sign.kind,
        is_leaving=sign.is_leaving,
        partitions=sign.partitions,
        batches_per_s=rate(sign.batches, before.batches),
        records_per_s=rate(sign.records, before.records),
        lag_s=round(sign.lag_s, 4),
        waiting=sign.waiting,
        cpu=rate(sign.cpu_s, before.cpu_s),
    )


@asynccontextmanager
async def _hosts(settings: Settings) -> AsyncIterator[Hosts]:
    located = _located(settings)
    certificates = Certificates.of(located.certs, OPERATOR)
    redis = connect_redis(located, certificates)
    try:
        yield Hosts(
            RedisPresence(redis, located.heartbeat_lifetime_ms), Topology(settings.ledgers, settings.books)
        )
    finally:
        await redis.aclose()


def _located(settings: Settings) -> Settings:
    """Return settings that lead to Redis: as they are, or to that of `pricetime up` in the folder of data."""
    if settings.redis_url:
        return settings
    layout = Layout(Path(settings.data).absolute())
    record = read_record(layout)
    for part in record.parts if record is not None and record.runs else ():
        if part.name == "redis":
            return replace(settings, redis_url=f"rediss://127.0.0.1:{part.port}", certs=str(layout.certs))
    return settings
