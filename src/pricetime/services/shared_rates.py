"""Rate limits that all services share: each tells the others over Redis what it has let through.

Every service limits by buckets of its own and takes from them what the others tell it, some times a second.
So together they let through what one would, and at most what arrives in that moment more. Where Redis is
away, each limits by itself.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from pricetime.adapters.redis_channels import listen
from pricetime.api.guards.rates import Buckets, Rates

_CHANNEL: Final = "pricetime:rates"
_log = structlog.get_logger(__name__)


class _Told(msgspec.Struct, frozen=True, array_like=True):
    """What one service has let through since it told last, by address and by account."""

    by: str
    addresses: dict[str, int]
    accounts: dict[int, int]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Told).decode


async def share_rates(redis: Redis, rates: Rates, interval_s: float) -> None:
    """Tell and hear until cancelled."""
    if rates.addresses is None or rates.accounts is None:
        return
    me = secrets.token_hex(8)
    await asyncio.gather(
        _tell(redis, rates.addresses, rates.accounts, me, interval_s),
        _hear(redis, rates.addresses, rates.accounts, me),
    )


async def _tell(redis: Redis, addresses: Buckets, accounts: Buckets, me: str, interval_s: float) -> None:
    while True:
        await asyncio.sleep(interval_s)
        told = _Told(me, addresses.take_charged(), accounts.take_charged())  # type: ignore[arg-type]
        if told.addresses or told.accounts:
            try:
                await redis.publish(_CHANNEL, _encode(told))
            except (RedisError, OSError) as error:
                _log.debug("rates are not told", error=str(error))


async def _hear(redis: Redis, addresses: Buckets, accounts: Buckets, me: str) -> None:
    async def take(data: bytes) -> None:
        told = _decode(data)
        if told.by == me:
            return
        for address, weight in told.addresses.items():
            addresses.charge_elsewhere(address, weight)
        for account, weight in told.accounts.items():
            accounts.charge_elsewhere(account, weight)

    await listen(redis, _CHANNEL, take)
