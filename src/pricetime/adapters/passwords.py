"""Password hashes by bcrypt, in a few threads of their own.

bcrypt lets go of the GIL while it works, so the event loop goes on; what waits for a thread is bounded.
Where cores are few, the threads give way: an order is worth more than a log-in that is slow by intent.

bcrypt takes 72 bytes and no NUL. A password is therefore composed (NFC, so that the same letters typed on
another keyboard are the same password), hashed with SHA-256 and written in base64 (44 bytes): every length
and every character counts.

A wrong password, an unknown user and a user whose hash is of an older, lower cost all take the same time.
(While users remain whose hashes are of a *higher* cost than the setting, those take longer, until they
have logged in once.)
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import sys
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import bcrypt

from pricetime.errors import QueueFull, VenueStopped

T = TypeVar("T")

_NICENESS: Final = 5
_NO_DIGEST: Final = b"." * 31


class BcryptHasher:
    """``ports.PasswordHasher``. ``cost`` is log2 of the rounds; ``queue_limit`` bounds what waits."""

    def __init__(self, *, cost: int, threads: int, queue_limit: int) -> None:
        self._cost = cost
        self._unfinished_limit = threads + queue_limit
        self._unfinished = 0
        self._is_closed = False
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="bcrypt", initializer=_give_way)

    async def hash(self, password: str) -> bytes:
        """Return a new hash, salted; QueueFull where too many wait."""
        return await self._run(self._hash, password)

    async def verify(self, password: str, password_hash: bytes | None) -> bool:
        """Return whether the hash is of this password; QueueFull where too many wait."""
        return await self._run(self._verify, password, password_hash)

    def needs_rehash(self, password_hash: bytes) -> bool:
        """Return whether new hashes are made at another cost."""
        return _cost_of(password_hash) != self._cost

    def close(self) -> None:
        """Drop what waits, which is told that the venue stops, and end the threads."""
        self._is_closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        if self._unfinished >= self._unfinished_limit:
            raise QueueFull("Too many log-ins wait. Try again in a moment.")
        self._unfinished += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._is_closed and task is not None and not task.cancelling():
                raise VenueStopped from None  # it was the work that was cancelled, not who waits for it
            raise
        finally:
            self._unfinished -= 1

    def _hash(self, password: str) -> bytes:
        return bcrypt.hashpw(_digest(password), bcrypt.gensalt(self._cost))

    def _verify(self, password: str, password_hash: bytes | None) -> bool:
        digest = _digest(password)
        if password_hash is None:
            bcrypt.checkpw(digest, bcrypt.gensalt(self._cost) + _NO_DIGEST)
            return False
        if bcrypt.checkpw(digest, password_hash):
            return True
        # 2^c + (2^c + 2^(c+1) + … + 2^(cost-1)) = 2^cost: an old hash takes as long as one of today.
        for cost in range(_cost_of(password_hash), self._cost):
            bcrypt.hashpw(digest, bcrypt.gensalt(cost))
        return False


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere it would be the whole process
        os.nice(_NICENESS)


def _digest(password: str) -> bytes:
    # A lone surrogate is no character, but it must not end in an error that tells it from a wrong password.
    text = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hashlib.sha256(text).digest())


def _cost_of(password_hash: bytes) -> int:
    return int(password_hash.split(b"$", 3)[2])
