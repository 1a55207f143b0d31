"""The views in MongoDB, fed by the streams of a venue in parts, against those of one process in SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pymongo import MongoClient, monitoring
from tests.support.mongo import MongoServer, commands_heard
from tests.support.parted_views import JournaledTrial
from tests.support.said import Said

from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_view_store import MongoViewStore
from pricetime.adapters.mongo_views import MongoViews
from pricetime.adapters.mongo_views_schema import POSITIONS
from pricetime.adapters.sqlite_view_store import SqliteViewStore
from pricetime.adapters.sqlite_views import SqliteViews
from pricetime.errors import DatabaseFailed, ViewsBehind, ViewsFenced
from pricetime.ports import (
    AS_HEARD,
    Balance,
    Candle,
    Depth,
    DepthLevel,
    HoldingRow,
    StockRow,
    ViewChanges,
    ViewPosition,
)
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.settings import Settings
from pricetime.views import PartitionProjection, Projection

BOOK = Address(Room.BOOK, 0)
AT_ONE = ViewPosition(1, b"a" * 32, 1)
GREATEST = 2**63 - 1


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[SqliteViewStore]:
    store = SqliteViewStore(tmp_path / "views.db")
    yield store
    store.close()


def project_whole(trial: JournaledTrial, store: SqliteViewStore) -> None:
    projection = Projection(store)
    for batch in trial.venue.journal.batches:
        projection.project(batch)
    store.save(projection.take())


def project_parts(trial: JournaledTrial, mongo: Mongo, *, batches_a_save: int) -> None:
    topology = trial.parts.topology
    for address, journal in trial.parts.journals.items():
        store = MongoViewStore(mongo.sync_database, address)
        projection = PartitionProjection(address, topology, store)
        for batch in journal:
            projection.project(batch)
            if batch.number % batches_a_save == 0:
                store.save(projection.take())
                projection = PartitionProjection(address, topology, store, rows_kept=0)
        store.save(projection.take())


@pytest.mark.parametrize("scenario", ["everyday", "waiting", "ids"])
def test_the_views_say_what_those_of_one_process_say(
    scenario: str, mongo: Mongo, whole: SqliteViewStore, tmp_path: Path
) -> None:
    trial = JournaledTrial(Topology(2, 2))
    trial.follow(scenario, 1)
    project_whole(trial, whole)
    project_parts(trial, mongo, batches_a_save=29)
    accounts = sorted(trial.venue.clearing.ledger.accounts)
    stocks = sorted(trial.venue.books)
    sqlite = SqliteViews(tmp_path / "views.db")
    ours = Said(sqlite, accounts, stocks)
    theirs = Said(MongoViews(mongo.sync_database), accounts, stocks)
    said = ours.of_market()
    assert any(said["trades"])
    for what, of_theirs in theirs.of_market().items():
        assert of_theirs == said[what], what
    for account, of_account in theirs.of_accounts().items():
        for what, said_of in ours.of_accounts()[account].items():
            assert of_account[what] == said_of, (account, what)
    sqlite.close()


def test_a_save_takes_three_round_trips_and_what_it_goes_on_with_a_few(mongo: Mongo) -> None:
    """Also where nothing is in memory: rows are read together, not one by one."""
    trial = JournaledTrial(Topology(1, 1))
    trial.follow("everyday", 1)
    for address in trial.parts.topology.addresses():
        journal = trial.parts.joined(address, 25)
        store = MongoViewStore(mongo.sync_database, address)
        for batch in journal:
            projection = PartitionProjection(address, trial.parts.topology, store)
            with commands_heard() as heard:
                projection.project(batch)
                store.save(projection.take())
            beginning = {"findAndModify", "killSessions", "hello"}
            writes = [name for name in heard if name not in {"find", *beginning}]
            assert writes in (["update", "bulkWrite", "commitTransaction"], ["update", "commitTransaction"])
            assert heard.count("find") <= 8, heard


class TestTheStore:
    @pytest.fixture
    def store(self, mongo: Mongo) -> MongoViewStore:
        store = MongoViewStore(mongo.sync_database, BOOK)
        assert store.checkpoint() == ViewPosition()
        return store

    def test_begins_at_nothing_and_resumes_where_it_was_saved(
        self, store: MongoViewStore, mongo: Mongo
    ) -> None:
        for batch in (1, 5):
            store.save(ViewChanges(position=ViewPosition(batch, b"h" * 32, 7)))
        assert MongoViewStore(mongo.sync_database, BOOK).checkpoint() == ViewPosition(5, b"h" * 32, 7)
        other = MongoViewStore(mongo.sync_database, Address(Room.BOOK, 1))
        assert other.checkpoint() == ViewPosition()

    def test_of_two_that_make_the_first_save_one_is_refused(
        self, store: MongoViewStore, mongo: Mongo
    ) -> None:
        other = MongoViewStore(mongo.sync_database, BOOK)
        store.save(ViewChanges(position=AT_ONE))
        with pytest.raises(ViewsFenced):
            other.save(ViewChanges(position=AT_ONE, balances={1: Balance(3, 4)}))
        assert MongoViews(mongo.sync_database).balance(1) == Balance(0, 0)

    def test_of_two_that_go_on_one_is_refused_and_writes_nothing(
        self, store: MongoViewStore, mongo: Mongo
    ) -> None:
        store.save(ViewChanges(position=AT_ONE))
        other = MongoViewStore(mongo.sync_database, BOOK)
        other.checkpoint()
        store.save(ViewChanges(position=ViewPosition(2, b"b" * 32, 2)))
        with pytest.raises(ViewsFenced):
            other.save(ViewChanges(position=ViewPosition(2, b"c" * 32, 2), balances={1: Balance(3, 4)}))
        with pytest.raises(ViewsFenced):
            other.clear()
        assert MongoViews(mongo.sync_database).balance(1) == Balance(0, 0)

    def test_ends_what_a_writer_has_left_open_that_is_gone(self, store: MongoViewStore, mongo: Mongo) -> None:
        """It would keep the next one waiting for a minute."""
        store.save(ViewChanges(position=AT_ONE))
        session = store._begin_session()
        session.start_transaction()
        mongo.sync_database[POSITIONS].update_one({"_id": "book.0"}, {"$set": {"batch": 9}}, session=session)
        other = MongoViewStore(mongo.sync_database, BOOK)
        assert other.checkpoint() == AT_ONE
        other.save(ViewChanges(position=ViewPosition(2, b"b" * 32, 2)))
        assert other.checkpoint().batch == 2

    def test_ends_also_what_one_has_left_open_that_was_thought_to_be_over(
        self, store: MongoViewStore, mongo: Mongo
    ) -> None:
        """A server that was paused carries out later what it was sent, also by those before the last."""
        store.save(ViewChanges(position=AT_ONE))
        session = store._begin_session()
        MongoViewStore(mongo.sync_database, BOOK).checkpoint()
        session.start_transaction()
        mongo.sync_database[POSITIONS].update_one({"_id": "book.0"}, {"$set": {"batch": 9}}, session=session)
        other = MongoViewStore(mongo.sync_database, BOOK)
        assert other.checkpoint() == AT_ONE
        other.save(ViewChanges(position=ViewPosition(2, b"b" * 32, 2)))
        assert other.checkpoint().batch == 2

    def test_keeps_the_greatest_numbers(self, store: MongoViewStore, mongo: Mongo) -> None:
        candle = Candle(0, GREATEST, GREATEST, 1, 2, GREATEST, 3)
        store.save(
            ViewChanges(
                position=AT_ONE,
                balances={GREATEST: Balance(GREATEST, 1)},
                candles={(1, 60, 0): candle},
                holdings={(1, 2): HoldingRow(2, GREATEST, 0, GREATEST, -GREATEST)},
            )
        )
        views = MongoViews(mongo.sync_database)
        assert views.balance(GREATEST) == Balance(GREATEST, 1)
        assert list(views.candles(1, 60, 0, GREATEST, limit=9)) == [candle]
        assert store.holding(1, 2) == HoldingRow(2, GREATEST, 0, GREATEST, -GREATEST)
        assert {type(number) for number in msgspec.structs.astuple(candle)} == {int}

    def test_adds_up_the_shares_that_all_ledgers_have_granted(
        self, store: MongoViewStore, mongo: Mongo
    ) -> None:
        store.save(ViewChanges(position=AT_ONE, stocks=[listed(5)]))
        for number in range(2):
            ledger = MongoViewStore(mongo.sync_database, Address(Room.LEDGER, number))
            ledger.save(ViewChanges(position=AT_ONE, shares={5: 10 + number}))
            assert ledger.shares(5) == 10 + number
            assert ledger.shares(6) == 0
        [stock] = MongoViews(mongo.sync_database).stocks()
        assert stock.shares == 21

    def test_is_cleared_without_the_rows_of_others(self, store: MongoViewStore, mongo: Mongo) -> None:
        other = MongoViewStore(mongo.sync_database, Address(Room.BOOK, 1))
        store.save(ViewChanges(position=AT_ONE, stocks=[listed(2)]))
        other.save(ViewChanges(position=AT_ONE, stocks=[listed(3)]))
        store.clear()
        assert [row.stock for row in MongoViews(mongo.sync_database).stocks()] == [3]
        assert store.checkpoint() == ViewPosition()
        store.save(ViewChanges(position=AT_ONE, stocks=[listed(2)]))
        assert len(MongoViews(mongo.sync_database).stocks()) == 2

    def test_removes_a_level_that_nothing_rests_at(self, store: MongoViewStore, mongo: Mongo) -> None:
        levels = {(2, 1, 100): DepthLevel(100, 5, 1), (2, 2, 0): DepthLevel(0, 7, 1)}
        store.save(ViewChanges(position=AT_ONE, stocks=[listed(2)], levels=levels))
        views = MongoViews(mongo.sync_database)
        assert views.depth(2, 9) == Depth(1, [DepthLevel(100, 5, 1)], [], 0, 7)
        gone = {(2, 1, 100): DepthLevel(100, 0, 0)}
        store.save(ViewChanges(position=ViewPosition(2, b"b" * 32, 9), levels=gone))
        assert views.depth(2, 9) == Depth(9, [], [], 0, 7)


class TestTheViews:
    def test_know_nobody_and_nothing_at_first(self, mongo: Mongo) -> None:
        views = MongoViews(mongo.sync_database)
        assert views.position() == AS_HEARD
        assert views.order(2**80) is None
        assert views.stock(2**80) is None
        assert views.depth(7, 3) == Depth(0, [], [], 0, 0)
        assert list(views.audit(account=2**80, before=2**80, limit=5)) == []
        assert list(views.wallet_rows(7, before=2**80, limit=5)) == []

    def test_read_at_once_are_read_in_one_snapshot(self, mongo: Mongo, mongo_settings: Settings) -> None:
        asked = ReadConcerns()
        database = MongoClient[Any](mongo_settings.mongo_url, event_listeners=[asked])["any"]
        views = MongoViews(database)
        assert views.at_once(lambda: (views.balance(1), views.stocks())) == (Balance(0, 0), [])
        assert asked.levels[-2:] == ["snapshot", "snapshot"]
        views.balance(1)
        assert asked.levels[-1] != "snapshot"
        database.client.close()

    def test_that_cannot_be_read_are_behind(self, mongo: Mongo, tmp_path: Path) -> None:
        server = MongoServer(tmp_path)
        settings = Settings(mongo_url=server.url, mongo_timeout_ms=500)
        gone = Mongo.connect(settings, None)
        server.kill()
        with pytest.raises(ViewsBehind):
            MongoViews(gone.sync_database).balance(1)
        with pytest.raises(ViewsBehind):
            MongoViews(gone.sync_database).at_once(lambda: None)
        with pytest.raises(DatabaseFailed):
            MongoViewStore(gone.sync_database, BOOK).save(ViewChanges(position=AT_ONE))
        gone.sync_database.client.close()


class ReadConcerns(monitoring.CommandListener):
    """Notes how much each command wants what it reads to hold."""

    def __init__(self) -> None:
        self.levels: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.levels.append(event.command.get("readConcern", {}).get("level", ""))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def listed(stock: int) -> StockRow:
    return StockRow(stock, 100, False, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
