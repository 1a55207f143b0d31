"""Copies of rows in a real Redis: used while nothing changes, never after anybody was told of a change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import redis
from tests.support.mongo import commands_heard
from tests.support.parted_views import JournaledTrial
from tests.support.redis_server import RedisServer
from tests.support.said import Said

from pricetime.adapters.copied_views import CopiedViews, NoticesOfVersions, subjects_of
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_view_store import MongoViewStore
from pricetime.adapters.mongo_views import MongoViews
from pricetime.adapters.redis_client import connect_redis, connect_redis_for_threads
from pricetime.adapters.redis_copies import Copies, Versions
from pricetime.ports import Notice
from pricetime.records import CommandKind, Event, EventKind
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.runtime.notices import notice_of
from pricetime.settings import Settings
from pricetime.views import PartitionProjection

LONG_MS = 60_000
SHORT_MS = 400
NOWHERE = Settings(redis_url="redis://127.0.0.1:1")
read_int = msgspec.msgpack.Decoder(int).decode


@pytest.fixture
def settings(redis_server: RedisServer) -> Settings:
    return Settings(redis_url=redis_server.url)


@pytest.fixture
def client(settings: Settings) -> Iterator[redis.Redis]:
    client = connect_redis_for_threads(settings, None)
    client.flushall()
    yield client
    client.close()


class Value:
    """What is in the database, and how often that was asked for."""

    def __init__(self, copies: Copies) -> None:
        self.now = 1
        self.asked = 0
        self._copies = copies

    def read(self, subject: str = "stock:7") -> int:
        return self._copies.read(subject, "row", read_int, self.query)

    def query(self) -> int:
        self.asked += 1
        return self.now


def renew(settings: Settings, subject: str = "stock:7", life_ms: int = LONG_MS) -> float:
    """Tell a new version as the views do; return the seconds that took."""

    async def tell() -> None:
        client = connect_redis(settings, None)
        await Versions(client, life_ms).renew([subject])
        await client.aclose()

    before = time.monotonic()
    asyncio.run(tell())
    return time.monotonic() - before


class TestCopies:
    def test_one_is_used_by_all_until_something_changes(self, client: redis.Redis, settings: Settings):
        one, other = Value(Copies(client, LONG_MS)), Value(Copies(client, LONG_MS))
        assert [one.read(), other.read(), one.read()] == [1, 1, 1]
        assert (one.asked, other.asked) == (1, 0)
        one.now = 2
        renew(settings)
        assert [one.read(), other.read()] == [2, 2]
        assert (one.asked, other.asked) == (2, 0)

    def test_a_change_of_another_subject_leaves_it(self, client: redis.Redis, settings: Settings):
        value = Value(Copies(client, LONG_MS))
        value.read()
        renew(settings, "stock:8")
        value.read()
        assert value.asked == 1

    def test_what_was_read_before_a_change_is_no_copy_after_it(self, client: redis.Redis, settings: Settings):
        copies = Copies(client, LONG_MS)
        value = Value(copies)
        value.read()
        renew(settings)

        def query_while_it_changes() -> int:
            found = value.query()
            value.now = 2
            renew(settings)
            return found

        assert copies.read("stock:7", "row", read_int, query_while_it_changes) == 1
        assert value.read() == 2

    def test_it_lives_for_a_moment(self, client: redis.Redis):
        Value(Copies(client, LONG_MS)).read()
        [key] = client.keys("pricetime:copy:*")
        assert 0 < client.pttl(key) <= LONG_MS
        assert client.pttl("pricetime:version:stock:7") > LONG_MS

    def test_what_is_slow_to_come_is_not_kept(self, client: redis.Redis):
        def slow() -> int:
            time.sleep(0.05)
            return 1

        Copies(client, 20).read("stock:7", "row", read_int, slow)
        assert client.keys("pricetime:copy:*") == []

    def test_an_emptied_redis_is_filled_anew(self, client: redis.Redis):
        value = Value(Copies(client, LONG_MS))
        value.read()
        client.flushall()
        value.now = 2
        assert [value.read(), value.read()] == [2, 2]
        assert value.asked == 2

    def test_without_redis_the_database_answers(self):
        nowhere = connect_redis_for_threads(NOWHERE, None)
        value = Value(Copies(nowhere, LONG_MS))
        assert [value.read(), value.read()] == [1, 1]
        assert value.asked == 2


class TestARedisThatCannotBeTold:
    def test_is_waited_for_until_no_copy_can_be_left(self):
        took_s = renew(NOWHERE, life_ms=SHORT_MS)
        assert took_s >= SHORT_MS / 1_000

    def test_gives_no_copy_of_before_when_it_goes_on(self, tmp_path: Path):
        """The copy was on its way when Redis stood still, and the change could not be told at all."""
        with RedisServer(tmp_path / "redis") as server:
            client = connect_redis_for_threads(Settings(redis_url=server.url), None)
            copies = Copies(client, SHORT_MS)
            value = Value(copies)

            def query_and_pause() -> int:
                server.pause()
                return value.query()

            assert copies.read("stock:7", "row", read_int, query_and_pause) == 1
            renew(NOWHERE, life_ms=SHORT_MS)
            server.resume()
            changed = Value(Copies(client, SHORT_MS))
            changed.now = 2
            assert changed.read() == 2
            client.close()


class TestTheViews:
    @pytest.fixture
    def trial(self, mongo: Mongo) -> JournaledTrial:
        trial = JournaledTrial(Topology(2, 2))
        trial.follow("everyday", 1)
        for address, journal in trial.parts.journals.items():
            projection = PartitionProjection(
                address, trial.parts.topology, MongoViewStore(mongo.sync_database, address)
            )
            for batch in journal:
                projection.project(batch)
            MongoViewStore(mongo.sync_database, address).save(projection.take())
        return trial

    def test_say_the_same_from_copies_and_read_nothing_twice(
        self, trial: JournaledTrial, mongo: Mongo, client: redis.Redis
    ):
        accounts, stocks = sorted(trial.venue.clearing.ledger.accounts), sorted(trial.venue.books)
        without = Said(MongoViews(mongo.sync_database), accounts, stocks)
        views = CopiedViews(mongo.sync_database, Copies(client, LONG_MS))
        for _ in range(2):
            copied = Said(views, accounts, stocks)
            assert copied.of_market() == without.of_market()
            assert copied.of_accounts() == without.of_accounts()
        assert views.stock(stocks[0]) == MongoViews(mongo.sync_database).stock(stocks[0])
        assert views.stock(2**40) is None
        with commands_heard() as heard:
            views.balance(accounts[0]), views.stocks(), views.stock(stocks[0]), views.stock(2**40)
        assert heard == []

    def test_every_row_that_changes_is_of_a_subject_that_is_told(self, mongo: Mongo, client: redis.Redis):
        """Batch after batch, by copies that would live for a minute if nobody said that they are old."""
        trial = JournaledTrial(Topology(1, 1))
        trial.follow("everyday", 2)
        accounts, stocks = sorted(trial.venue.clearing.ledger.accounts), sorted(trial.venue.books)
        views = CopiedViews(mongo.sync_database, Copies(client, LONG_MS))
        truth = MongoViews(mongo.sync_database)
        for address, journal in trial.parts.journals.items():
            store = MongoViewStore(mongo.sync_database, address)
            projection = PartitionProjection(address, trial.parts.topology, store)
            for batch in journal[:60]:
                projection.project(batch)
                store.save(projection.take())
                for subject in subjects_of([notice_of(batch)]):
                    client.delete(f"pricetime:version:{subject}")
                assert list(views.stocks()) == list(truth.stocks())
                for stock in stocks:
                    assert _same_book(views.depth(stock, 10), truth.depth(stock, 10))
                for account in accounts:
                    assert views.balance(account) == truth.balance(account)


def _same_book(one: object, other: object) -> bool:
    """Whether two states of a book are alike; the event that numbers them may be of another book."""
    return [getattr(one, name) for name in ("bids", "asks", "market_buy", "market_sell")] == [
        getattr(other, name) for name in ("bids", "asks", "market_buy", "market_sell")
    ]


async def test_a_version_is_told_before_a_notice(settings: Settings, client: redis.Redis):
    class Sender:
        versions: list[bytes | None]

        async def publish(self, notices: list[Notice]) -> None:
            self.versions = client.mget("pricetime:version:stock:7", "pricetime:version:stocks")

    granted = Event(kind=EventKind.ACCEPTED, command=CommandKind.GRANT_SHARES, stock=7).pack()
    sender, versions = Sender(), connect_redis(settings, None)
    sending = NoticesOfVersions(sender, Versions(versions, LONG_MS))
    await sending.publish([Notice(Address(Room.LEDGER, 0), 1, granted, (), ())])
    assert None not in sender.versions
    await versions.aclose()
