"""The connections to MongoDB: indexes, bounded waits, and what happens when it is not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bson.int64 import Int64
from pymongo.errors import DuplicateKeyError
from tests.support.mongo import MongoServer, drop_left_sockets

from pricetime.adapters.mongo import EVERY_COLLECTION, Mongo
from pricetime.adapters.mongo_partitions import MongoNumbers, MongoPartitionJournal
from pricetime.adapters.tls import Certificates
from pricetime.errors import DatabaseFailed, JournalFailed, SettingError
from pricetime.rules.partitions import Address, Room
from pricetime.runtime.partition_chain import PartitionLink, seal
from pricetime.services.topology.certs import make_certificates
from pricetime.settings import Settings
from pricetime.telemetry import Metrics

LEDGER = Address(Room.LEDGER, 0)


@pytest.fixture(autouse=True)
def no_sockets_left() -> Iterator[None]:
    yield
    drop_left_sockets()


async def test_every_index_of_the_table_is_made_and_making_them_again_changes_nothing(mongo: Mongo) -> None:
    await mongo.prepare()
    for collection in EVERY_COLLECTION:
        found = await mongo.database[collection.name].index_information()
        made = {tuple(index["key"]) for name, index in found.items() if name != "_id_"}
        assert made == {index.keys for index in collection.indexes}, collection.name


async def test_every_collection_is_there_before_its_first_row_whoever_makes_it(
    mongo_settings: Settings,
) -> None:
    services = [Mongo.connect(mongo_settings, None) for _ in range(4)]
    await asyncio.gather(*(each.prepare() for each in services))
    found = await services[0].database.list_collection_names()
    assert sorted(found) == sorted(collection.name for collection in EVERY_COLLECTION)
    for each in services:
        await each.close()


async def test_numbers_come_back_as_plain_ones(mongo: Mongo) -> None:
    await mongo.database["counters"].insert_one({"_id": "large", "value": Int64(2**40)})
    found = await mongo.database["counters"].find_one({"_id": "large"})
    assert found is not None
    assert type(found["value"]) is int
    again = await asyncio.to_thread(mongo.sync_database["counters"].find_one, {"_id": "large"})
    assert again == found


async def test_commands_are_counted_by_name_those_of_threads_too(mongo: Mongo) -> None:
    metrics = Metrics()
    mongo.measure(metrics)
    for number in range(3):
        await mongo.database["counters"].insert_one({"_id": f"counted {number}"})
    await asyncio.to_thread(mongo.sync_database["counters"].find_one, {"_id": "counted 1"})
    with pytest.raises(DuplicateKeyError):
        await mongo.database["counters"].insert_one({"_id": "counted 2"})
    lines = metrics.page().decode().splitlines()
    assert 'pricetime_mongo_commands_total{command="insert"} 4.0' in lines
    assert 'pricetime_mongo_commands_total{command="find"} 1.0' in lines


async def test_without_a_url_it_says_which_setting_is_missing() -> None:
    with pytest.raises(SettingError, match="mongo_url names no MongoDB"):
        Mongo.connect(Settings(), None)


async def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(SettingError, match="mongo_url cannot be used"):
        Mongo.connect(Settings(mongo_url="http://127.0.0.1"), None)


@pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning"
)  # PyMongo's, where it is cancelled as it connects
async def test_a_task_ends_whenever_it_is_cancelled(mongo: Mongo) -> None:
    numbers = MongoNumbers(mongo.database)

    async def count_on() -> None:
        while True:
            await numbers.next("a")

    for steps in range(150):
        task = asyncio.create_task(count_on())
        for _ in range(steps % 50):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=60)
        assert task.cancelled(), (steps, task)


class TestLosingIt:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[MongoServer]:
        server = MongoServer(tmp_path)
        yield server
        server.kill()

    @pytest.fixture
    async def patient(self, server: MongoServer) -> AsyncIterator[Mongo]:
        mongo = Mongo.connect(Settings(mongo_url=server.url, mongo_timeout_ms=60_000), None)
        yield mongo
        await mongo.close()

    @pytest.fixture
    async def impatient(self, server: MongoServer) -> AsyncIterator[Mongo]:
        mongo = Mongo.connect(Settings(mongo_url=server.url, mongo_timeout_ms=300), None)
        yield mongo
        await mongo.close()

    async def test_where_it_is_away_everything_ends_in_time_and_works_again_when_it_is_back(
        self, server: MongoServer, patient: Mongo, impatient: Mongo
    ) -> None:
        assert await MongoNumbers(patient.database).next("a") == 1
        batch = seal(PartitionLink(), LEDGER, (), ())
        journal = MongoPartitionJournal(impatient.database, LEDGER)
        server.kill()
        with pytest.raises(DatabaseFailed, match="See that it runs"):
            await MongoNumbers(impatient.database).next("a")
        with pytest.raises(DatabaseFailed):
            await impatient.prepare()
        with pytest.raises(JournalFailed):
            await journal.append(batch)
        with pytest.raises(JournalFailed):
            await journal.read(0, 1)
        server.restart()
        assert await MongoNumbers(patient.database).next("a") == 2
        await MongoPartitionJournal(patient.database, LEDGER).append(batch)

    async def test_where_it_is_paused_an_append_fails_in_time_and_may_have_happened(
        self, server: MongoServer, patient: Mongo, impatient: Mongo
    ) -> None:
        await patient.ping()
        server.pause()
        with pytest.raises(JournalFailed):
            await MongoPartitionJournal(impatient.database, LEDGER).append(
                seal(PartitionLink(), LEDGER, (), ())
            )
        server.resume()
        assert len(await MongoPartitionJournal(patient.database, LEDGER).read(0, 9)) in (0, 1)


class TestMutualTls:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "certs"
        make_certificates(folder, ("mongodb", "ledger"), days=1, authority_days=1)
        return folder

    @pytest.fixture
    def settings(self, tmp_path: Path, folder: Path) -> Iterator[Settings]:
        files = {"cert": "mongodb.pem", "key": "mongodb-key.pem", "ca": "ca.pem"}
        options = [f"--tls-{kind}-file={folder / name}" for kind, name in files.items()]
        server = MongoServer(tmp_path / "server", "--tls-require-client-cert", *options)
        yield Settings(mongo_url=server.url, mongo_timeout_ms=60_000)
        server.kill()

    async def test_both_sides_show_their_certificates(self, folder: Path, settings: Settings) -> None:
        mongo = Mongo.connect(settings, Certificates(folder, "ledger"))
        assert await MongoNumbers(mongo.database).next("a") == 1
        count = await asyncio.to_thread(mongo.sync_database["counters"].count_documents, {})
        assert count == 1
        await mongo.close()

    async def test_who_shows_none_or_one_of_another_ca_is_refused(
        self, tmp_path: Path, folder: Path, settings: Settings
    ) -> None:
        make_certificates(tmp_path / "others", ("ledger",), days=1, authority_days=1)
        impatient = replace(settings, mongo_timeout_ms=500)
        for certificates in (None, Certificates(tmp_path / "others", "ledger")):
            mongo = Mongo.connect(impatient, certificates)
            with pytest.raises(DatabaseFailed):
                await mongo.ping()
            await mongo.close()

    async def test_a_renewed_certificate_is_shown_by_connections_from_then_on(
        self, tmp_path: Path, folder: Path, settings: Settings
    ) -> None:
        certificates = Certificates(folder, "ledger")
        make_certificates(tmp_path / "others", ("ledger",), days=1, authority_days=1)
        kept = {path.name: path.read_bytes() for path in folder.glob("ledger*")}
        for name in kept:
            (folder / name).write_bytes((tmp_path / "others" / name).read_bytes())
        mongo = Mongo.connect(replace(settings, mongo_timeout_ms=500), certificates)
        with pytest.raises(DatabaseFailed):
            await mongo.ping()
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        certificates.reload()
        async with asyncio.timeout(60):
            while not await answers(mongo):
                pass
        await mongo.close()


async def answers(mongo: Mongo) -> bool:
    try:
        await mongo.ping()
    except DatabaseFailed:
        return False
    return True
