"""The slots of services that number commands: each has one for itself, and the next may have it after."""

from __future__ import annotations

import pytest
from tests.support.mongo import fail_next

from pricetime.adapters.memory import DrivenClock
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_slots import LIFE_S, MongoSlot
from pricetime.errors import DatabaseFailed


async def test_each_service_has_a_slot_of_its_own(mongo: Mongo) -> None:
    clock = DrivenClock()
    slots = [MongoSlot(mongo.database, clock) for _ in range(3)]
    assert [await slot.claim() for slot in slots] == [0, 1, 2]
    await slots[1].give_back()
    clock.advance(1)
    assert await MongoSlot(mongo.database, clock).claim() == 1


async def test_a_slot_that_is_not_renewed_is_given_up_before_another_may_have_it(mongo: Mongo) -> None:
    clock = DrivenClock()
    held = MongoSlot(mongo.database, clock)
    await held.claim()
    assert held.is_held
    clock.advance(LIFE_S / 2 + 1)
    assert not held.is_held
    assert await MongoSlot(mongo.database, clock).claim() == 1
    clock.advance(LIFE_S / 2)
    assert await MongoSlot(mongo.database, clock).claim() == 0


async def test_a_database_that_fails_is_said_so(mongo: Mongo, mongodb: str) -> None:
    fail_next(mongodb, "update", errorCode=13)
    with pytest.raises(DatabaseFailed):
        await MongoSlot(mongo.database, DrivenClock()).claim()
