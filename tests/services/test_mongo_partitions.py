"""Journals, snapshots, counters and the topology in MongoDB."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from tests.support.mongo import commands_heard, fail_next

from pricetime.adapters import mongo_partitions
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_partitions import (
    MongoNumbers,
    MongoPartitionJournal,
    MongoPartitionSnapshots,
    topology_of,
)
from pricetime.errors import JournalFailed, JournalFenced, JournalTampered, SettingError
from pricetime.ports import Message, PartitionBatch, PartitionSnapshot
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.runtime.partition_chain import PartitionLink, seal, verify

LEDGER = Address(Room.LEDGER, 1)
OTHER = Address(Room.LEDGER, 10)
SERVICE = Address(Room.SERVICE, 2**50)


def chain(count: int, records: bytes = b"records", partition: Address = LEDGER) -> list[PartitionBatch]:
    """Return the first batches of a journal."""
    link, batches = PartitionLink(), list[PartitionBatch]()
    for number in range(1, count + 1):
        inputs = (Message(SERVICE, partition, number, records),)
        batch = seal(link, partition, inputs, (Message(partition, SERVICE, 2**40 + number, records),))
        link = PartitionLink(batch.number, batch.hash)
        batches.append(batch)
    return batches


@pytest.fixture
def journal(mongo: Mongo) -> MongoPartitionJournal:
    return MongoPartitionJournal(mongo.database, LEDGER)


class TestJournal:
    async def test_batches_come_back_in_order_and_as_they_were(self, journal: MongoPartitionJournal) -> None:
        batches = chain(12)
        for batch in batches:
            await journal.append(batch)
        assert await journal.read(0, 100) == batches
        assert await journal.read(9, 2) == batches[9:11]
        assert await journal.read(12, 100) == []
        link = PartitionLink()
        for batch in await journal.read(0, 100):
            link = verify(batch, link)
        assert link.number == 12

    async def test_each_partition_has_a_journal_of_its_own(
        self, mongo: Mongo, journal: MongoPartitionJournal
    ) -> None:
        other = MongoPartitionJournal(mongo.database, OTHER)
        [first] = chain(1)
        [second] = chain(1, partition=OTHER)
        await journal.append(first)
        await other.append(second)
        assert await journal.read(0, 9) == [first]
        assert await other.read(0, 9) == [second]

    async def test_the_second_batch_of_a_number_is_fenced(self, journal: MongoPartitionJournal) -> None:
        first, second = chain(1), chain(1, b"others")
        await journal.append(first[0])
        with pytest.raises(JournalFenced):
            await journal.append(second[0])
        assert await journal.read(0, 9) == first

    async def test_of_many_hosts_at_once_one_appends(
        self, mongo: Mongo, journal: MongoPartitionJournal
    ) -> None:
        hosts = [MongoPartitionJournal(mongo.database, LEDGER) for _ in range(8)]
        batches = [chain(1, b"host %d" % number)[0] for number in range(8)]
        answers = await asyncio.gather(
            *(host.append(batch) for host, batch in zip(hosts, batches, strict=True)), return_exceptions=True
        )
        assert [type(answer) for answer in answers if answer is not None] == [JournalFenced] * 7
        assert await journal.read(0, 9) == [batches[answers.index(None)]]

    async def test_an_append_and_a_read_are_one_round_trip_each(self, journal: MongoPartitionJournal) -> None:
        batches = chain(3)
        with commands_heard() as heard:
            for batch in batches:
                await journal.append(batch)
            await journal.read(0, 100)
        assert heard == ["insert"] * 3 + ["find"]

    async def test_a_batch_is_larger_than_a_document_once_unpacked(
        self, journal: MongoPartitionJournal
    ) -> None:
        batches = chain(1, b"96 bytes of a command that look like others" * 500_000)
        await journal.append(batches[0])
        assert await journal.read(0, 1) == batches

    async def test_a_page_of_large_batches_ends_early(
        self, journal: MongoPartitionJournal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mongo_partitions, "_PAGE_BYTES", 150)
        batches = chain(5, b"x" * 40)
        for batch in batches:
            await journal.append(batch)
        assert await journal.read(0, 100) == batches[:2]
        assert await journal.read(2, 100) == batches[2:4]

    async def test_a_connection_lost_while_appending_does_not_fence_the_host_itself(
        self, mongodb: str, journal: MongoPartitionJournal
    ) -> None:
        batches = chain(1)
        fail_next(mongodb, "insert", closeConnection=True)
        await journal.append(batches[0])
        assert await journal.read(0, 9) == batches

    async def test_what_was_changed_in_the_database_is_noticed(
        self, mongo: Mongo, journal: MongoPartitionJournal
    ) -> None:
        for batch in chain(3):
            await journal.append(batch)
        stored = mongo.database["journal"]
        await stored.update_one({"number": 2}, {"$set": {"messages": b"\x28\xb5\x2f\xfd no frame"}})
        with pytest.raises(JournalTampered, match=r"ledger\.1/0+2 is not what was written"):
            await journal.read(0, 9)
        await stored.update_one({"number": 2}, {"$unset": {"messages": 1}})
        with pytest.raises(JournalTampered):
            await journal.read(0, 9)

    async def test_a_batch_that_no_document_can_hold_fails(self, journal: MongoPartitionJournal) -> None:
        noise = random.Random(1).randbytes(17_000_000)
        with pytest.raises(JournalFailed):
            await journal.append(chain(1, noise)[0])


def snapshot(batch: int, state: bytes = b"state") -> PartitionSnapshot:
    return PartitionSnapshot(LEDGER, batch, b"\x01" * 32, state, ((SERVICE, 2**40),), ((OTHER, 3),))


@contextmanager
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(mongo_partitions, "_CHUNK_BYTES", 64)
        yield


class TestSnapshots:
    @pytest.fixture
    def snapshots(self, mongo: Mongo) -> MongoPartitionSnapshots:
        return MongoPartitionSnapshots(mongo.database, LEDGER)

    async def test_there_are_none_at_first(self, snapshots: MongoPartitionSnapshots) -> None:
        assert await snapshots.newest_first() == []

    async def test_the_newest_two_are_kept_with_their_parts_and_no_others(
        self, mongo: Mongo, snapshots: MongoPartitionSnapshots, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = MongoPartitionSnapshots(mongo.database, OTHER)
        await other.save(msgspec.structs.replace(snapshot(1), partition=OTHER))
        with small_chunks(monkeypatch):
            for batch in (9, 10, 100, 8):
                await snapshots.save(snapshot(batch, b"state" * 40))
        assert await snapshots.newest_first() == [snapshot(100, b"state" * 40), snapshot(10, b"state" * 40)]
        assert len(await other.newest_first()) == 1
        kept = {chunk["_id"].split("/")[1] async for chunk in mongo.database["snapshot_chunks"].find()}
        assert kept == {f"{batch:020}" for batch in (1, 10, 100)}

    async def test_a_state_larger_than_a_document_comes_back(
        self, snapshots: MongoPartitionSnapshots
    ) -> None:
        noise = random.Random(1).randbytes(20_000_000)
        await snapshots.save(snapshot(1, noise))
        assert await snapshots.newest_first() == [snapshot(1, noise)]

    async def test_saving_one_twice_keeps_one(self, snapshots: MongoPartitionSnapshots) -> None:
        for _ in range(2):
            await snapshots.save(snapshot(5))
        assert await snapshots.newest_first() == [snapshot(5)]

    async def test_a_damaged_one_is_left_out(
        self, mongo: Mongo, snapshots: MongoPartitionSnapshots, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        chunks = mongo.database["snapshot_chunks"]
        with small_chunks(monkeypatch):
            await snapshots.save(snapshot(1, b"state" * 40))
            await snapshots.save(snapshot(2, b"state" * 40))
        await chunks.update_one({"_id": f"{LEDGER}/{2:020}/000001"}, {"$set": {"content": b"damaged"}})
        assert await snapshots.newest_first() == [snapshot(1, b"state" * 40)]
        await chunks.delete_one({"_id": f"{LEDGER}/{1:020}/000000"})
        assert await snapshots.newest_first() == []


class TestNumbers:
    async def test_a_counter_counts_from_one_and_each_on_its_own(self, mongo: Mongo) -> None:
        numbers = MongoNumbers(mongo.database)
        assert [await numbers.next(name) for name in ("a", "a", "b", "a")] == [1, 2, 1, 3]

    async def test_no_number_is_given_twice(self, mongo: Mongo) -> None:
        numbers = MongoNumbers(mongo.database)
        given = await asyncio.gather(*(numbers.next("a") for _ in range(50)))
        assert len(set(given)) == 50

    async def test_a_number_is_one_round_trip(self, mongo: Mongo) -> None:
        with commands_heard() as heard:
            await MongoNumbers(mongo.database).next("a")
        assert heard == ["findAndModify"]


class TestTopology:
    async def test_the_first_process_decides_and_the_others_agree(self, mongo: Mongo) -> None:
        for _ in range(2):
            assert await topology_of(mongo.database, Topology(4, 16)) == Topology(4, 16)

    async def test_another_topology_is_refused_with_the_settings_to_use(self, mongo: Mongo) -> None:
        await topology_of(mongo.database, Topology(4, 16))
        with pytest.raises(SettingError, match="set ledgers=4 and books=16"):
            await topology_of(mongo.database, Topology(4, 8))
