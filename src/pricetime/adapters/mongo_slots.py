"""The slots of services that give sequences: each has one for itself as long as it renews it.

A slot is a document with the time until which it is taken. One that was not renewed may be taken by another,
so its holder stops giving sequences well before that.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Final

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from pricetime.adapters.mongo import failing_as
from pricetime.adapters.mongo_schema import SLOTS_TAKEN
from pricetime.errors import DatabaseFailed, VenueStopped
from pricetime.ports import Clock
from pricetime.runtime.numbering import SLOTS

LIFE_S: Final = 60
_RENEW_S: Final = 5.0
_SECOND_NS: Final = 1_000_000_000
_log = structlog.get_logger(__name__)


class MongoSlot:
    """One slot, held. ``is_held`` turns false when it has not been renewed for half of its life."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], clock: Clock) -> None:
        self.number = -1
        self._slots = database[SLOTS_TAKEN]
        self._clock = clock
        self._holder = secrets.token_hex(8)
        self._until_ns = 0

    @property
    def is_held(self) -> bool:
        """Whether sequences may be given."""
        return self._clock.now_ns() < self._until_ns - LIFE_S // 2 * _SECOND_NS

    async def claim(self) -> int:
        """Take a free slot and return its number; VenueStopped where all are taken, DatabaseFailed."""
        for number in range(SLOTS):
            now_ns = self._clock.now_ns()
            until_ns = now_ns + LIFE_S * _SECOND_NS
            if await self._take(number, now_ns, until_ns):
                self.number, self._until_ns = number, until_ns
                return number
        raise VenueStopped(f"There are {SLOTS} services that take commands already. Stop one first.")

    async def _take(self, number: int, now_ns: int, until_ns: int) -> bool:
        """Take a slot that nobody has any more; return whether it is ours."""
        is_free = {"_id": number, "until_ns": {"$lt": now_ns}}
        taken = {"$set": {"holder": self._holder, "until_ns": until_ns}}
        with failing_as(DatabaseFailed):
            try:
                found = await self._slots.update_one(is_free, taken, upsert=True)
            except DuplicateKeyError:  # it is there, and taken
                return False
            return found.upserted_id is not None or found.modified_count > 0

    async def keep(self) -> None:
        """Renew the slot until cancelled; VenueStopped where another has taken it meanwhile."""
        while True:
            await asyncio.sleep(_RENEW_S)
            until_ns = self._clock.now_ns() + LIFE_S * _SECOND_NS
            try:
                if not await self._set_until(until_ns):
                    raise VenueStopped(
                        f"Another service has slot {self.number}, which was not renewed for {LIFE_S} s."
                    )
                self._until_ns = until_ns
            except DatabaseFailed as error:
                _log.warning("the slot of this service is not renewed", error=str(error))

    async def give_back(self) -> None:
        """Let another have it at once; where that cannot be told, it is free when its time is over."""
        try:
            await self._set_until(0)
        except DatabaseFailed as error:
            _log.warning("the slot of this service is not given back", error=str(error))

    async def _set_until(self, until_ns: int) -> bool:
        """Say until when the slot is taken; return whether it still was ours."""
        with failing_as(DatabaseFailed):
            found = await self._slots.update_one(
                {"_id": self.number, "holder": self._holder}, {"$set": {"until_ns": until_ns}}
            )
            return found.matched_count > 0
