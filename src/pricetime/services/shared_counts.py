"""Counts that all services share: what rates have let through, and failed log-ins.

Every service counts by itself and tells the others over Redis what it has counted, some times a second. So
together they let through what one would, and at most what arrives in that moment more. Where Redis is away,
each counts by itself.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from pricetime.adapters.cancellation import heeding_cancellation
from pricetime.adapters.redis_channels import listen
from pricetime.api.guards.rates import Rates
from pricetime.identity.lockout import Count, Lockout
from pricetime.ports import Clock

_CHANNEL: Final = "pricetime:counts"
_log = structlog.get_logger(__name__)


class _Told(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What one service has counted since it told last."""

    by: str
    weights_of_addresses: dict[str, int] = {}
    weights_of_accounts: dict[int, int] = {}
    failures: tuple[dict[str, Count], ...] = ()
    """Of each lock-out."""

    def is_empty(self) -> bool:
        return not (self.weights_of_addresses or self.weights_of_accounts or any(self.failures))


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Told).decode


class SharedCounts:
    """Tells and hears what ``rates`` and ``lockouts`` count, which all services have alike."""

    def __init__(self, redis: Redis, clock: Clock, rates: Rates, lockouts: tuple[Lockout, ...]) -> None:
        self._redis = redis
        self._now_ns = clock.now_ns
        self._rates = rates
        self._lockouts = lockouts
        self._me = secrets.token_hex(8)
        for lockout in lockouts:
            lockout.share()

    async def run(self, interval_s: float) -> None:
        """Tell and hear until cancelled."""
        await asyncio.gather(self._tell(interval_s), listen(self._redis, _CHANNEL, self._hear))

    async def _tell(self, interval_s: float) -> None:
        self._take()  # counting begins with it
        while True:
            await asyncio.sleep(interval_s)
            told = self._take()
            if not told.is_empty():
                await self._publish(told)

    async def _publish(self, told: _Told) -> None:
        with heeding_cancellation():
            try:
                await self._redis.publish(_CHANNEL, _encode(told))
            except (RedisError, OSError) as error:
                _log.debug("counts are not told", error=str(error))

    def _take(self) -> _Told:
        addresses, accounts = self._rates.addresses, self._rates.accounts
        return _Told(
            self._me,
            addresses.take_charged() if addresses is not None else {},  # type: ignore[arg-type]
            accounts.take_charged() if accounts is not None else {},  # type: ignore[arg-type]
            tuple(lockout.take_untold() for lockout in self._lockouts),
        )

    async def _hear(self, data: bytes) -> None:
        told = _decode(data)
        if told.by == self._me:
            return
        if self._rates.addresses is not None:
            for address, weight in told.weights_of_addresses.items():
                self._rates.addresses.charge_elsewhere(address, weight)
        if self._rates.accounts is not None:
            for account, weight in told.weights_of_accounts.items():
                self._rates.accounts.charge_elsewhere(account, weight)
        for lockout, failures in zip(self._lockouts, told.failures, strict=False):
            for key, count in failures.items():
                lockout.hear(key, count, self._now_ns())
