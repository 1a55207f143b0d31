"""Copies in Redis of rows that are read again and again, never older than what anybody was answered.

::

    views     save in MongoDB ──> a new version of each subject ──> notices ──> answers
    a reader  ask for version and copy ──> the copy is of this version: take it
                                       └─> else read MongoDB, and keep that as a copy of the version asked for

A subject is a thing whose rows change together: ``stock:7``, ``stocks``, ``balance:42``. Its version is
random. What is read after a version was asked for holds all that was saved before the version was set, so a
copy of the present version lacks nothing that anybody was answered.

Where Redis cannot be told a new version, the views wait until no copy of the old one can be left: a copy
lives for ``life_ms`` from when its version was asked for, by the clock of Redis. So whatever is lost, paused
or emptied, reading one's own writes holds; only time is lost.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import msgspec
import redis
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

T = TypeVar("T")

_VERSION_BYTES: Final = 12
_VERSION_LIVES: Final = 40
"""How many times as long as a copy a version lives: copies of a version that is gone are used no more."""
_AWAY_S: Final = 1.0
"""How long Redis is not asked again after it has failed."""
_encode = msgspec.msgpack.Encoder().encode
_log = structlog.get_logger(__name__)


class Versions:
    """The side of who changes rows."""

    def __init__(self, client: Redis, life_ms: int) -> None:
        self._redis = client
        self._life_ms = life_ms
        self._is_away = False

    async def renew(self, subjects: Iterable[str]) -> None:
        """Return when no copy made before now is used any more."""
        until = asyncio.get_running_loop().time() + self._life_ms / 1_000
        try:
            async with asyncio.timeout_at(until), self._redis.pipeline(transaction=False) as pipe:
                for subject in subjects:
                    pipe.set(_version_key(subject), _new_version(), px=_VERSION_LIVES * self._life_ms)
                await pipe.execute()
            self._is_away = False
        except (RedisError, OSError, TimeoutError) as error:
            if not self._is_away:
                _log.warning("copies of rows end by themselves: Redis cannot be used", error=str(error))
            self._is_away = True
            await asyncio.sleep(until - asyncio.get_running_loop().time())


class Copies:
    """The side of who reads, in any number of threads. ``hits`` and ``misses`` count reads."""

    def __init__(self, client: redis.Redis, life_ms: int) -> None:
        self.hits = 0
        self.misses = 0
        self._redis = client
        self._life_ms = life_ms
        self._asks_from = 0.0

    def read(self, subject: str, what: str, decode: Callable[[bytes], T], query: Callable[[], T]) -> T:
        """Return a copy of what ``query`` would find about a subject, or what it finds."""
        if time.monotonic() < self._asks_from:
            return query()
        keys = [_version_key(subject), f"pricetime:copy:{subject}:{what}"]
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.time()
                pipe.mget(keys)
                (seconds, microseconds), (version, copy) = pipe.execute()
            if version is None:
                version = self._first_version(keys[0])
            elif copy is not None and copy.startswith(version):
                self.hits += 1
                return decode(copy[_VERSION_BYTES:])
        except (RedisError, OSError):
            self._asks_from = time.monotonic() + _AWAY_S
            return query()
        self.misses += 1
        found = query()
        if version is not None:
            end_ms = seconds * 1_000 + microseconds // 1_000 + self._life_ms
            self._keep(keys[1], version + _encode(found), end_ms)
        return found

    def _first_version(self, key: str) -> bytes | None:
        """Give a subject a version; None where somebody has done so meanwhile."""
        version = _new_version()
        was_set = self._redis.set(key, version, nx=True, px=_VERSION_LIVES * self._life_ms)
        return version if was_set else None

    def _keep(self, key: str, copy: bytes, end_ms: int) -> None:
        try:
            self._redis.set(key, copy, pxat=end_ms)
        except (RedisError, OSError):
            self._asks_from = time.monotonic() + _AWAY_S


def _version_key(subject: str) -> str:
    return f"pricetime:version:{subject}"


def _new_version() -> bytes:
    return secrets.token_bytes(_VERSION_BYTES)
