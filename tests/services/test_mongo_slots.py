"""The slots of services that number commands: each has one for itself, and the next may have it after."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support.hosts import Place
from tests.support.mongo import fail_next

from pricetime.adapters.memory import DrivenClock
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_schema import SLOTS_TAKEN
from pricetime.adapters.mongo_slots import LIFE_S, MongoSlot
from pricetime.errors import DatabaseFailed, VenueStopped
from pricetime.settings import Settings


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


async def test_one_whose_slot_another_has_taken_is_told(
    mongo: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricetime.adapters.mongo_slots._RENEW_S", 0.01)
    clock = DrivenClock()
    held = MongoSlot(mongo.database, clock)
    await held.claim()
    clock.advance(LIFE_S + 1)
    assert await MongoSlot(mongo.database, clock).claim() == held.number
    with pytest.raises(VenueStopped, match="slot 0"):
        await asyncio.wait_for(held.keep(), 60)
    assert not held.is_held


async def test_a_database_that_fails_is_said_so(mongo: Mongo, mongodb: str) -> None:
    fail_next(mongodb, "update", errorCode=13)
    with pytest.raises(DatabaseFailed):
        await MongoSlot(mongo.database, DrivenClock()).claim()


async def test_a_service_whose_slot_is_taken_ends_and_says_why(place: Place, tmp_path: Path) -> None:
    market = place.run("market", "market-1", data=tmp_path)
    mongo = Mongo.connect(Settings(mongo_url=place.mongodb.url), None)
    await mongo.database[SLOTS_TAKEN].update_one({"_id": 0}, {"$set": {"holder": "another"}})
    await mongo.close()
    assert await asyncio.to_thread(market.wait) == 1
    assert "Another service has slot 0" in market.log()
