"""The connection to Redis, with TLS both ways where there are certificates."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import redis
import redis.retry
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from pricetime.adapters.cancellation import heeding_cancellation
from pricetime.adapters.tls import Certificates
from pricetime.errors import PricetimeError, SettingError
from pricetime.settings import Settings


def connect_redis(settings: Settings, certificates: Certificates | None) -> Redis:
    """Return a client; it connects when it is first used, and again after every failure. SettingError.

    A command that fails is tried once more, for its connection may have been closed while it was idle. What
    fails then raises ``redis.RedisError`` or OSError, within ``redis_timeout_ms``.
    """
    retry = Retry(NoBackoff(), 1)
    pool = BlockingConnectionPool.from_url(
        settings.redis_url, retry=retry, **_options(settings, certificates)
    )
    return Redis.from_pool(pool)


def connect_redis_for_threads(settings: Settings, certificates: Certificates | None) -> redis.Redis:
    """Return a client like that of ``connect_redis`` whose commands wait in the thread that sends them."""
    retry = redis.retry.Retry(NoBackoff(), 1)
    options = _options(settings, certificates)
    pool = redis.BlockingConnectionPool.from_url(settings.redis_url, retry=retry, **options)
    return redis.Redis.from_pool(pool)


@contextmanager
def redis_failing_as(kind: type[PricetimeError]) -> Iterator[None]:
    """Raise an error of this kind for whatever Redis fails with, and a cancellation that comes meanwhile."""
    with heeding_cancellation():
        try:
            yield
        except (RedisError, OSError) as error:
            raise kind(f"Redis cannot be used: {str(error) or 'no answer in time'}.") from error


def _options(settings: Settings, certificates: Certificates | None) -> dict[str, Any]:
    scheme = urlsplit(settings.redis_url).scheme
    if scheme not in ("redis", "rediss"):
        raise SettingError("redis_url: it is redis://HOST:PORT, or with certificates rediss://HOST:PORT")
    if certificates and scheme != "rediss":
        raise SettingError("redis_url: where there are certificates it begins with rediss://")
    timeout_s = settings.redis_timeout_ms / 1_000
    return {
        "max_connections": settings.redis_connections,
        "timeout": timeout_s,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        **(_tls(certificates) if certificates else {}),
    }


def _tls(certificates: Certificates) -> dict[str, Any]:
    """Return the options of TLS. Each new connection reads the files, so renewed ones need no more."""
    return {
        "ssl_ca_certs": str(certificates.ca),
        "ssl_certfile": str(certificates.certificate),
        "ssl_keyfile": str(certificates.key),
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_min_version": ssl.TLSVersion.TLSv1_2,
    }
