"""``pricetime check`` over a venue in parts: what is planted in its database is found and named."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from pymongo.database import Database
from tests.support.mongo import fresh_database
from tests.support.parted_views import JournaledTrial

from pricetime import cli
from pricetime.adapters.mongo import Document, Mongo
from pricetime.adapters.mongo_partitions import MongoPartitionJournal, MongoPartitionSnapshots, topology_of
from pricetime.adapters.mongo_view_store import MongoViewStore
from pricetime.ports import Message, PartitionBatch, PartitionSnapshot
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.runtime.partition import Post, carried_out, empty_partition
from pricetime.runtime.partition_chain import PartitionLink, seal
from pricetime.settings import Settings
from pricetime.views import PartitionProjection

TOPOLOGY = Topology(ledgers=2, books=2)
LEDGER, BOOK = Address(Room.LEDGER, 0), Address(Room.BOOK, 1)
Change = Callable[[Database[Document]], object]


Documents = dict[str, list[Document]]


@pytest.fixture(scope="module")
def journals() -> dict[Address, list[PartitionBatch]]:
    """What partitions journal of a program of commands."""
    trial = JournaledTrial(TOPOLOGY)
    trial.follow("everyday", 9)
    return trial.parts.journals


@pytest.fixture(scope="module")
def documents(mongodb: str, journals: dict[Address, list[PartitionBatch]]) -> Documents:
    """The collections of a venue with these journals, snapshots and views."""
    with fresh_database(mongodb) as settings:
        return asyncio.run(filled(settings, journals))


async def filled(settings: Settings, journals: dict[Address, list[PartitionBatch]]) -> Documents:
    mongo = Mongo.connect(settings, None)
    await topology_of(mongo.database, TOPOLOGY)
    for address, batches in journals.items():
        journal = MongoPartitionJournal(mongo.database, address)
        for batch in batches:
            await journal.append(batch)
        snapshots = MongoPartitionSnapshots(mongo.database, address)
        await snapshots.save(snapshot_of(address, batches[: len(batches) // 2]))
        store = MongoViewStore(mongo.sync_database, address)
        projection = PartitionProjection(address, TOPOLOGY, store)
        for batch in batches:
            projection.project(batch)
        store.save(projection.take())
        store.close()
    database = mongo.sync_database
    documents = {name: list(database[name].find()) for name in database.list_collection_names()}
    await mongo.close()
    return documents


class Venue:
    """A venue whose database a test may harm."""

    def __init__(
        self,
        settings: Settings,
        journals: dict[Address, list[PartitionBatch]],
        documents: Documents,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.journals = journals
        self._settings = settings
        self._capsys = capsys

        def fill(database: Database[Document]) -> None:
            for name, each in documents.items():
                database[name].insert_many(each)

        self.change(fill)

    def change(self, change: Change) -> None:
        """Do something to the database behind everybody's back."""

        async def do() -> None:
            mongo = Mongo.connect(self._settings, None)
            change(mongo.sync_database)
            await mongo.close()

        asyncio.run(do())

    def journal_anew(self, address: Address, batches: list[PartitionBatch]) -> None:
        """Put a journal with a chain of its own in the place of a partition's."""

        async def write() -> None:
            mongo = Mongo.connect(self._settings, None)
            await mongo.database["journal"].delete_many({"partition": str(address)})
            journal = MongoPartitionJournal(mongo.database, address)
            for batch in batches:
                await journal.append(batch)
            await mongo.close()

        asyncio.run(write())

    def checked(self) -> dict[str, Any]:
        """Return what the command says, which ends with 1 where anything is wrong."""
        self._capsys.readouterr()
        database = f"mongo_database={self._settings.mongo_database}"
        verdict = cli.execute(
            ["check", "--json", "--mongo", self._settings.mongo_url, "--set", database],
        )
        said: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        assert verdict == (0 if said["right"] else 1)
        return said

    def findings(self) -> list[str]:
        said = self.checked()
        assert said["findings"]
        return said["findings"]


def snapshot_of(address: Address, batches: list[PartitionBatch]) -> PartitionSnapshot:
    partition, post = empty_partition(address, TOPOLOGY), Post(100)
    for batch in batches:
        carried_out(partition, post, batch.inputs)
    end = batches[-1]
    return PartitionSnapshot(
        address,
        end.number,
        end.hash,
        partition.snapshot(),
        tuple(post.heard.items()),
        tuple(post.sent.items()),
    )


def chained(address: Address, inputs: list[tuple[Message, ...]]) -> list[PartitionBatch]:
    """Return the journal that a host would have written of other inputs."""
    partition, post = empty_partition(address, TOPOLOGY), Post(100)
    batches, end = [], PartitionLink()
    for messages in inputs:
        batches.append(seal(end, address, messages, carried_out(partition, post, messages)))
        end = PartitionLink(batches[-1].number, batches[-1].hash)
    return batches


@pytest.fixture
def venue(
    mongo_settings: Settings,
    journals: dict[Address, list[PartitionBatch]],
    documents: Documents,
    capsys: pytest.CaptureFixture[str],
) -> Venue:
    return Venue(mongo_settings, journals, documents, capsys)


def test_what_was_written_is_right(venue: Venue, mongo_settings: Settings) -> None:
    assert venue.checked() == {
        "data": f"the database {mongo_settings.mongo_database}",
        "right": True,
        "findings": [],
        "notes": [],
    }


def test_a_changed_event_is_found_in_its_batch(venue: Venue) -> None:
    def change(database: Database[Document]) -> None:
        batch = database["journal"].find_one({"partition": "book.1", "number": 5})
        assert batch is not None
        messages = bytearray(batch["messages"])
        messages[-9] ^= 1
        database["journal"].update_one({"_id": batch["_id"]}, {"$set": {"messages": bytes(messages)}})

    venue.change(change)
    [found, *_] = venue.findings()
    assert found == "batch 5 of book.1 is not what was written"


def test_a_missing_batch_is_named(venue: Venue) -> None:
    venue.change(lambda database: database["journal"].delete_one({"partition": "ledger.1", "number": 7}))
    assert "batch 7 of ledger.1 is missing" in venue.findings()


def test_batches_cut_off_the_end_are_missed_by_whom_they_reached_and_by_the_views(venue: Venue) -> None:
    end = len(venue.journals[BOOK]) // 4
    venue.change(
        lambda database: database["journal"].delete_many({"partition": "book.1", "number": {"$gt": end}})
    )
    findings = venue.findings()
    assert any(
        said.startswith("ledger.0 has heard message ")
        and said.endswith(" of book.1, whose journal ends without it")
        for said in findings
    )
    assert f"batch {end + 1} of book.1 is missing, for there is a snapshot of batch {end * 2}" in findings
    assert any(
        said.startswith(f"batch {end + 1} of book.1 is missing: the views hold batch") for said in findings
    )


def test_an_empty_journal_is_missed(venue: Venue) -> None:
    venue.change(lambda database: database["journal"].delete_many({"partition": "book.1"}))
    assert any(said.startswith("batch 1 of book.1 is missing") for said in venue.findings())


def test_a_message_that_a_host_has_applied_twice_is_found_where_the_chain_is_whole(venue: Venue) -> None:
    batches = venue.journals[BOOK]
    again = batches[5].inputs[0]
    repeated = [
        *(batch.inputs for batch in batches[:6]),
        (Message(again.source, again.destination, again.number + 1, again.records),),
        *(
            tuple(
                Message(
                    each.source, each.destination, each.number + (each.source == again.source), each.records
                )
                for each in batch.inputs
            )
            for batch in batches[6:]
        ),
    ]
    venue.journal_anew(BOOK, chained(BOOK, repeated))
    number = again.number + 1
    assert f"book.1 has heard message {number} of {again.source} other than it was sent" in venue.findings()


def test_a_message_out_of_turn_is_found_where_the_chain_is_whole(venue: Venue) -> None:
    batches = venue.journals[LEDGER]
    early = next(batch for batch in batches if batch.inputs[0].source == BOOK and batch.inputs[0].number == 3)
    end, journal = PartitionLink(), []
    for batch in batches:
        inputs = batch.inputs
        if batch is early:
            inputs = tuple(Message(each.source, each.destination, 4, each.records) for each in inputs)
        journal.append(seal(end, LEDGER, inputs, batch.outputs))
        end = PartitionLink(journal[-1].number, journal[-1].hash)
    venue.journal_anew(LEDGER, journal)
    where = f"batch {early.number} of ledger.0"
    assert f"{where} takes messages [4] of book.1 after message 2" in venue.findings()


def test_outputs_that_the_rules_do_not_give_are_found_where_the_chain_is_whole(venue: Venue) -> None:
    end, journal = PartitionLink(), []
    for batch in venue.journals[BOOK]:
        outputs = batch.outputs if batch.number != 9 else batch.outputs[1:]
        journal.append(seal(end, BOOK, batch.inputs, outputs))
        end = PartitionLink(journal[-1].number, journal[-1].hash)
    venue.journal_anew(BOOK, journal)
    assert "batch 9 of book.1 gives other outputs than it holds" in venue.findings()


@pytest.mark.parametrize(
    ("collection", "field"),
    [
        ("orders", "filled"),
        ("executions", "price"),
        ("transfers", "amount"),
        ("balances", "free"),
        ("holdings", "held"),
        ("stocks", "last"),
        ("shares", "shares"),
        ("candles", "high"),
        ("levels", "quantity"),
        ("commands", "account"),
    ],
)
def test_a_changed_row_of_the_views_is_named(venue: Venue, collection: str, field: str) -> None:
    names: list[str] = []

    def change(database: Database[Document]) -> None:
        row = database[collection].find_one({})
        assert row is not None
        names.append(
            f"{collection} {row['_id']} of {row['stream']}: the views hold {field} {row[field] + 1}, "
        )
        database[collection].update_one({"_id": row["_id"]}, {"$inc": {field: 1}})

    venue.change(change)
    [found] = venue.findings()
    assert found.startswith(names[0])
    assert found.endswith(str(int(names[0].split()[-1].rstrip(",")) - 1))


def test_a_row_that_is_missing_and_one_too_many_are_found(venue: Venue) -> None:
    def change(database: Database[Document]) -> None:
        row = database["executions"].find_one({"stream": "book.1"})
        assert row is not None
        database["executions"].insert_one({**row, "_id": -1})
        database["executions"].delete_one({"_id": row["_id"]})
        database["transfers"].insert_one({"_id": -1, "stream": "ledger.0"})

    venue.change(change)
    missing, counted = venue.findings()
    assert missing.endswith("of book.1 is missing in the views")
    assert counted.startswith("transfers of ledger.0: the views hold ")


def test_a_damaged_snapshot_and_one_of_another_state_are_found(
    venue: Venue, mongo_settings: Settings
) -> None:
    venue.change(
        lambda database: database["snapshot_chunks"].update_one(
            {"_id": {"$regex": "^ledger.1/"}}, {"$set": {"content": b"nothing"}}
        )
    )
    batches = venue.journals[BOOK]
    wrong = snapshot_of(BOOK, batches[:-2])
    asyncio.run(saved(mongo_settings, wrong, batches[-1]))
    damaged, other, *_ = venue.findings()
    assert damaged.startswith("the snapshot ledger.1/")
    assert damaged.endswith("its digest is not that of its content")
    assert other == (
        f"the snapshot of batch {len(batches)} of book.1 holds another state "
        "than a replay of the journal ends in there"
    )


async def saved(settings: Settings, snapshot: PartitionSnapshot, as_of: PartitionBatch) -> None:
    """Save a snapshot as if it were of another batch."""
    mongo = Mongo.connect(settings, None)
    await MongoPartitionSnapshots(mongo.database, snapshot.partition).save(
        PartitionSnapshot(
            snapshot.partition, as_of.number, as_of.hash, snapshot.state, snapshot.heard, snapshot.sent
        )
    )
    await mongo.close()


def test_a_snapshot_that_has_not_heard_of_a_partition_is_found(
    venue: Venue, mongo_settings: Settings
) -> None:
    end = venue.journals[LEDGER][-1]
    snapshot = snapshot_of(LEDGER, venue.journals[LEDGER])
    assert {Room.SERVICE, Room.BOOK} <= {source.room for source, _ in snapshot.heard}
    asyncio.run(saved(mongo_settings, without(snapshot, Room.SERVICE), end))
    assert venue.checked()["findings"] == []  # services are forgotten in time
    venue.change(lambda database: database["snapshots"].delete_many({}))
    asyncio.run(saved(mongo_settings, without(snapshot, Room.BOOK), end))
    [finding] = venue.findings()
    assert finding == (
        f"the snapshot of batch {end.number} of ledger.0 counts other messages than the journal holds"
    )


def without(snapshot: PartitionSnapshot, room: Room) -> PartitionSnapshot:
    """Return a snapshot that has heard nothing of a room."""
    heard = tuple((source, number) for source, number in snapshot.heard if source.room != room)
    return msgspec.structs.replace(snapshot, heard=heard)


def test_views_that_stand_at_another_event_are_found(venue: Venue) -> None:
    def change(database: Database[Document]) -> None:
        database["view_positions"].update_one({"_id": "book.1"}, {"$inc": {"event": 1}})

    venue.change(change)
    [finding] = venue.findings()
    assert finding.startswith("the views of book.1 stand at event ")


def test_views_that_are_behind_are_compared_where_they_stand(venue: Venue) -> None:
    def change(database: Database[Document]) -> None:
        for name in ("orders", "executions", "stocks", "candles", "levels", "commands"):
            database[name].delete_many({"stream": "book.1"})
        database["view_positions"].delete_one({"_id": "book.1"})

    venue.change(change)
    said = venue.checked()
    assert (said["findings"], said["notes"]) == (
        [],
        [f"the views of book.1 hold batch 0 of {len(venue.journals[BOOK])}"],
    )


def test_a_database_without_a_venue_is_no_right_venue(
    mongo_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    database = f"mongo_database={mongo_settings.mongo_database}"
    assert cli.execute(["check", "--mongo", mongo_settings.mongo_url, "--set", database]) == 1
    assert "There is no venue in the database" in capsys.readouterr().err
