"""Hosts of partitions over journals and snapshots in MongoDB: they come back, take over, and are fenced."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.mongo import drop_left_sockets, fail_next
from tests.support.parts import LEDGER, MINE, TOPOLOGY, filled, see_the_later_append_fenced
from tests.support.parts import Place as AnyPlace

from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_partitions import MongoPartitionJournal, MongoPartitionSnapshots
from pricetime.errors import JournalFailed
from pricetime.records import Event, EventKind, Side, commands
from pricetime.rules.partitions import LedgerPartition
from pricetime.runtime.partition import PartitionHost
from pricetime.runtime.partition_chain import PartitionLink, verify

Place = AnyPlace[MongoPartitionJournal]

pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning"
)  # PyMongo's, where hosts are killed


@pytest.fixture
async def place(mongo: Mongo) -> AsyncIterator[Place]:
    place = Place(
        lambda address: MongoPartitionJournal(mongo.database, address),
        lambda address: MongoPartitionSnapshots(mongo.database, address),
    )
    yield place
    for address in list(place.hosts):
        await place.kill(address)
    drop_left_sockets()


def money(host: PartitionHost) -> int:
    ledger = LedgerPartition.restore(host.snapshot().state)
    return ledger.clearing.ledger.accounts[MINE[0]].free


async def test_a_venue_in_parts_goes_on_where_other_hosts_left_it(place: Place) -> None:
    for address in TOPOLOGY.addresses():
        place.start(address, snapshot_every=2)
    seller, buyer = (next(a for a in range(1, 99) if TOPOLOGY.ledger_of(a).number == n) for n in (0, 1))
    opening = [commands.list_stock(1, 100), commands.open_account(seller), commands.open_account(buyer)]
    opening += [commands.deposit(buyer, 10**6), commands.grant_shares(seller, 1, 10)]
    opening += [commands.place_order(seller, 1, Side.SELL, 4, 1_000)]
    for command in opening:
        assert (await place.ask(command)).kind == EventKind.ACCEPTED
    for address in TOPOLOGY.addresses():
        await place.kill(address)
        place.start(address, snapshot_every=2)
    await place.broker.publish([place.message(commands.place_order(buyer, 1, Side.BUY, 3, 1_000))])
    told: list[Event] = []
    while not any(event.kind == EventKind.TRADED for event in told):
        told += await place.told()
    [trade] = [event for event in told if event.kind == EventKind.TRADED]
    assert (trade.quantity, trade.price, trade.maker_account) == (3, 1_000, seller)
    for address in TOPOLOGY.addresses():
        link = PartitionLink()
        for batch in await place.journals[address].read(0, 100):
            link = verify(batch, link)


async def test_of_two_hosts_the_one_that_appends_second_steps_down_and_has_told_nobody(place: Place) -> None:
    await see_the_later_append_fenced(place)


async def test_an_append_that_failed_and_is_durable_is_done_once(mongodb: str, place: Place) -> None:
    host = await filled(place, 1)
    await place.broker.publish([place.message(commands.deposit(MINE[0], 5))])
    fail_next(
        mongodb, "insert", writeConcernError={"code": 64, "errmsg": "waiting for replication timed out"}
    )
    with pytest.raises(JournalFailed):
        await host.serve_once()
    heir = place.host(LEDGER)
    await heir.take_over()  # and tells what was journaled
    await place.broker.publish([place.message(commands.deposit(MINE[0], 6))])
    await heir.serve_once()
    assert money(heir) == 11
    assert [len(batch.inputs) for batch in await place.journals[LEDGER].read(0, 99)] == [1, 1, 1]
