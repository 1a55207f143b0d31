"""Password hashes by bcrypt, in a few processes of their own (``bcrypt_workers``).

bcrypt takes 72 bytes and no NUL. A password is therefore composed (NFC, so that the same letters typed on
another keyboard are the same password), hashed with SHA-256 and written in base64 (44 bytes): every length
and every character counts.

A wrong password, an unknown user and a user whose hash is of an older, lower cost all take the same time.
(While users remain whose hashes are of a *higher* cost than the setting, those take longer, until they
have logged in once.)
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import unicodedata
from collections.abc import Iterator

import bcrypt

from pricetime.adapters.bcrypt_workers import BcryptWorkers
from pricetime.errors import QueueFull


class BcryptHasher:
    """``ports.PasswordHasher``. ``cost`` is log2 of the rounds; ``queue_limit`` bounds what waits."""

    def __init__(self, *, cost: int, workers: int, queue_limit: int) -> None:
        self._cost = cost
        self._unfinished_limit = workers + queue_limit
        self._unfinished = 0
        # Of hashes that take a millisecond a worker needs several at hand while the loop is busy elsewhere.
        self._workers = BcryptWorkers(workers, depth=max(1, 2**7 >> cost))

    async def hash(self, password: str) -> bytes:
        """Return a new hash, salted; QueueFull where too many wait."""
        with self._counted():
            return await self._workers.crypt(_digest(password), bcrypt.gensalt(self._cost), urgent=False)

    async def verify(self, password: str, password_hash: bytes | None) -> bool:
        """Return whether the hash is of this password; QueueFull where too many wait."""
        digest = _digest(password)
        with self._counted():
            if password_hash is None:
                await self._crypt(digest, bcrypt.gensalt(self._cost))
                return False
            if hmac.compare_digest(await self._crypt(digest, password_hash), password_hash):
                return True
            # 2^c + (2^c + 2^(c+1) + … + 2^(cost-1)) = 2^cost: an old hash takes as long as one of today.
            for cost in range(_cost_of(password_hash), self._cost):
                await self._crypt(digest, bcrypt.gensalt(cost))
            return False

    def needs_rehash(self, password_hash: bytes) -> bool:
        """Return whether new hashes are made at another cost."""
        return _cost_of(password_hash) != self._cost

    def close(self) -> None:
        """Tell whoever waits that the venue stops, and end the processes."""
        self._workers.close()

    async def _crypt(self, digest: bytes, setting: bytes) -> bytes:
        return await self._workers.crypt(digest, setting, urgent=True)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        if self._unfinished >= self._unfinished_limit:
            raise QueueFull("Too many log-ins wait. Try again in a moment.")
        self._unfinished += 1
        try:
            yield
        finally:
            self._unfinished -= 1


def _digest(password: str) -> bytes:
    # A lone surrogate is no character, but it must not end in an error that tells it from a wrong password.
    text = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hashlib.sha256(text).digest())


def _cost_of(password_hash: bytes) -> int:
    return int(password_hash.split(b"$", 3)[2])
