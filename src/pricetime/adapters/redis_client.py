"""The connection to Redis, with TLS both ways where there are certificates."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from pricetime.adapters.tls import Certificates
from pricetime.errors import SettingError
from pricetime.settings import Settings


def connect_redis(settings: Settings, certificates: Certificates | None) -> Redis:
    """Return a client; it connects when it is first used, and again after every failure. SettingError.

    A command that fails is tried once more, for its connection may have been closed while it was idle. What
    fails then raises ``redis.RedisError`` or OSError, within ``redis_timeout_ms``.
    """
    scheme = urlsplit(settings.redis_url).scheme
    if scheme not in ("redis", "rediss"):
        raise SettingError("redis_url: it is redis://HOST:PORT, or with certificates rediss://HOST:PORT")
    if certificates and scheme != "rediss":
        raise SettingError("redis_url: where there are certificates it begins with rediss://")
    timeout_s = settings.redis_timeout_ms / 1_000
    pool = BlockingConnectionPool.from_url(
        settings.redis_url,
        max_connections=settings.redis_connections,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 1),
        **(_tls(certificates) if certificates else {}),
    )
    return Redis.from_pool(pool)


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
