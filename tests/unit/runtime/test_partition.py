"""The host of a partition, over the broker, journals and snapshots in memory that are shipped."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest
from tests.support.parts import (
    LEDGER,
    MINE,
    SERVICE,
    TOPOLOGY,
    Gate,
    filled,
    limits,
    see_the_later_append_fenced,
)
from tests.support.parts import Place as AnyPlace

from pricetime.adapters.memory_partitions import (
    MemoryBroker,
    MemoryPartitionJournal,
    MemoryPartitionSnapshots,
)
from pricetime.errors import BrokerFailed, JournalTampered, JournalTorn
from pricetime.ports import Message, PartitionBatch
from pricetime.records import Event, EventKind, Side, commands, iter_commands
from pricetime.rules.partitions import EVENTS, Address, LedgerPartition, Room, Topology
from pricetime.runtime.implementations import RULES
from pricetime.runtime.partition import PartitionHost, Post
from pricetime.runtime.partition_chain import PartitionLink, seal, verify

OTHER = Address(Room.SERVICE, 2)

Place = AnyPlace[MemoryPartitionJournal]


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    place = Place(lambda _: MemoryPartitionJournal(), lambda _: MemoryPartitionSnapshots())
    yield place
    for address in list(place.hosts):
        await place.kill(address)


def state_of(host: PartitionHost) -> bytes:
    return host.snapshot().state


async def test_a_venue_in_parts_trades_and_goes_on_when_hosts_are_killed(place: Place) -> None:
    for address in TOPOLOGY.addresses():
        place.start(address, snapshot_every=3)
    seller, buyer = (next(a for a in range(1, 99) if TOPOLOGY.ledger_of(a).number == n) for n in (0, 1))
    opening = [commands.list_stock(1, 100), commands.open_account(seller), commands.open_account(buyer)]
    opening += [commands.deposit(buyer, 10**6), commands.grant_shares(seller, 1, 10)]
    for command in opening:
        assert (await place.ask(command)).kind == EventKind.ACCEPTED
    await place.ask(commands.place_order(seller, 1, Side.SELL, 4, 1_000))
    for address in TOPOLOGY.addresses():
        await place.kill(address)
    await place.broker.publish([place.message(commands.place_order(buyer, 1, Side.BUY, 3, 1_000))])
    for address in TOPOLOGY.addresses():
        place.start(address, snapshot_every=3)
    traded = [event for event in await _until(place, EventKind.TRADED) if event.kind == EventKind.TRADED]
    assert [(event.quantity, event.price, event.maker_account) for event in traded] == [(3, 1_000, seller)]


async def _until(place: Place, kind: EventKind) -> list[Event]:
    while True:
        events = await place.told()
        if any(event.kind == kind for event in events):
            return events


async def test_a_message_is_applied_once_however_often_it_comes(place: Place) -> None:
    host = await filled(place, 1)
    deposit = place.message(commands.deposit(MINE[0], 500))
    await place.broker.publish([deposit, deposit])
    await host.serve_once()
    await place.broker.publish([deposit])
    await host.serve_once()
    assert len(place.journals[LEDGER].batches) == 2
    ledger = LedgerPartition.restore(state_of(host))
    assert ledger.clearing.ledger.accounts[MINE[0]].free == 500


async def test_messages_that_come_out_of_turn_wait_for_those_before_them(place: Place) -> None:
    host = await filled(place, 1)
    first, second = (place.message(commands.deposit(MINE[0], amount)) for amount in (1, 2))
    await place.broker.publish([second])
    await host.serve_once()
    assert len(place.journals[LEDGER].batches) == 1
    await place.broker.publish([first])
    await host.serve_once()
    assert place.journals[LEDGER].batches[-1].inputs == (first, second)


async def test_where_too_many_wait_for_one_that_does_not_come_the_host_ends(place: Place) -> None:
    host = await filled(place, 1, batch_limit=2)
    _, *late = (place.message(commands.deposit(MINE[0], 1)) for _ in range(4))
    await place.broker.publish(late)
    await host.serve_once()
    with pytest.raises(BrokerFailed, match="wait for those before"):
        await host.serve_once()


async def test_a_batch_is_bounded_in_bytes_and_the_rest_is_the_next_one(place: Place) -> None:
    host = await filled(place, 1, batch_bytes=200)
    deposits = [place.message(commands.deposit(MINE[0], amount)) for amount in range(1, 6)]
    await place.broker.publish([deposits[0], *deposits[2:], deposits[1]])
    for _ in range(2):
        await host.serve_once()
    inputs = [batch.inputs for batch in place.journals[LEDGER].batches[1:]]
    assert inputs == [tuple(deposits[:3]), tuple(deposits[3:])]


async def test_messages_of_many_sources_keep_the_order_in_which_they_came(place: Place) -> None:
    host = await filled(place, 3)
    late = place.message(commands.deposit(MINE[0], 1))
    new = msgspec.structs.replace(place.message(commands.deposit(MINE[1], 2)), source=OTHER, number=1)
    await place.broker.publish([late, new])
    await host.serve_once()
    assert place.journals[LEDGER].batches[-1].inputs == (late, new)


async def test_a_host_that_is_stopped_finishes_its_batch_and_begins_no_other(place: Place) -> None:
    host = await filled(place, 1)
    gate = host._journal = Gate(place.journals[LEDGER])  # type: ignore[assignment]
    host.take_over = _nothing  # type: ignore[method-assign]
    running = asyncio.create_task(host.run())
    await place.broker.publish([place.message(commands.deposit(MINE[0], 5))])
    await gate.reached.wait()
    host.stop()
    await place.broker.publish([place.message(commands.deposit(MINE[0], 6))])
    gate.opened.set()
    await asyncio.wait_for(running, 10)
    assert len(place.journals[LEDGER].batches) == 2
    assert [len(batch.inputs) for batch in place.journals[LEDGER].batches] == [1, 1]


async def _nothing() -> None:
    """Take nothing over: it is there."""


async def test_a_host_that_waits_ends_when_it_is_stopped(place: Place) -> None:
    host = place.host(LEDGER)
    running = asyncio.create_task(host.run())
    await asyncio.sleep(0)
    host.stop()
    await asyncio.wait_for(running, 10)
    assert place.journals[LEDGER].batches == []


async def test_one_that_stood_by_reads_what_was_journaled_meanwhile(place: Place) -> None:
    host = await filled(place, 1)
    heir = place.host(LEDGER)
    await heir.take_over()
    host._inputs = place.broker.consume(LEDGER)  # the one before still has the queue
    await place.broker.publish([place.message(commands.deposit(MINE[0], 5))])
    await host.serve_once()
    heir._inputs = place.broker.consume(LEDGER)
    await place.broker.publish([place.message(commands.deposit(MINE[0], 6))])
    await heir.serve_once()
    ledger = LedgerPartition.restore(state_of(heir))
    assert ledger.clearing.ledger.accounts[MINE[0]].free == 11
    assert len(place.journals[LEDGER].batches) == 3


async def test_each_batch_is_told_once_the_journal_has_it(place: Place) -> None:
    told: list[int] = []

    async def tell(batch: PartitionBatch) -> None:
        assert place.journals[LEDGER].batches[-1] == batch
        told.append(batch.number)

    host = place.host(LEDGER)
    host._on_batch = tell
    await host.take_over()
    for account in MINE[:2]:
        await place.broker.publish([place.message(commands.open_account(account))])
        await host.serve_once()
    assert told == [1, 2]


async def test_what_holds_no_records_is_passed_over_and_counted_as_heard(place: Place) -> None:
    host = await filled(place, 1)
    broken = msgspec.structs.replace(place.message(commands.deposit(MINE[0], 1)), records=b"no record")
    sound = place.message(commands.deposit(MINE[0], 2))
    await place.broker.publish([broken, sound])
    await host.serve_once()
    ledger = LedgerPartition.restore(state_of(host))
    assert ledger.clearing.ledger.accounts[MINE[0]].free == 2
    again = place.host(LEDGER)
    await again.take_over()
    assert again.snapshot() == host.snapshot()


async def test_of_two_hosts_the_one_that_appends_second_steps_down_and_has_told_nobody(place: Place) -> None:
    await see_the_later_append_fenced(place)


class Deaf(MemoryBroker):
    """A broker that confirms nothing while it is off."""

    is_off = False

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.is_off:
            raise BrokerFailed
        await super().publish(messages)


async def test_who_takes_over_publishes_what_may_not_have_left(place: Place) -> None:
    place.broker = broker = Deaf()
    place.events = broker.consume(EVENTS)
    host = await filled(place, 2)
    await place.events.receive(99)
    await broker.publish([place.message(commands.deposit(MINE[0], 5))])
    broker.is_off = True
    with pytest.raises(BrokerFailed):
        await host.serve_once()
    broker.is_off = False
    heir = place.host(LEDGER)
    await heir.take_over()
    assert [event.amount for event in await place.told() if event.kind == EventKind.ACCEPTED] == [5]
    await broker.publish([place.message(commands.deposit(MINE[1], 6))])
    await heir.serve_once()  # the first deposit comes again as well, and is passed over
    assert len(place.journals[LEDGER].batches) == 4


async def test_a_venue_with_other_partitions_does_not_start_on_this_data(place: Place) -> None:
    await filled(place, 4, snapshot_every=2)
    host = PartitionHost(
        LEDGER,
        Topology(ledgers=3, books=2),
        place.broker.consume(LEDGER),
        place.broker,
        place.journals[LEDGER],
        place.snapshots[LEDGER],
        limits(),
        RULES.parts,
    )
    with pytest.raises(JournalTampered):
        await host.take_over()


@pytest.mark.parametrize("snapshot_every", [1, 2, 5, 100])
async def test_a_host_comes_back_to_the_same_state_from_any_snapshot(
    place: Place, snapshot_every: int
) -> None:
    host = await filled(place, 7, snapshot_every=snapshot_every)
    heir = place.host(LEDGER)
    await heir.take_over()
    assert heir.snapshot() == host.snapshot()


async def test_a_snapshot_of_another_journal_is_left_out(place: Place) -> None:
    host = await filled(place, 3, snapshot_every=2)
    [snapshot] = await place.snapshots[LEDGER].newest_first()
    place.snapshots[LEDGER] = MemoryPartitionSnapshots()
    await place.snapshots[LEDGER].save(msgspec.structs.replace(snapshot, batch_hash=bytes(32)))
    heir = place.host(LEDGER)
    await heir.take_over()
    assert heir.snapshot() == host.snapshot()


async def test_a_journal_that_was_changed_is_refused(place: Place) -> None:
    await filled(place, 3)
    batches = place.journals[LEDGER].batches
    changed = seal(PartitionLink(1, batches[0].hash), LEDGER, batches[1].inputs, batches[2].outputs)
    for wrong, error in (
        (msgspec.structs.replace(batches[1], inputs=batches[2].inputs), JournalTampered),
        (changed, JournalTampered),
        (batches[2], JournalTorn),
    ):
        place.journals[LEDGER].batches = [batches[0], wrong]
        with pytest.raises(error):
            await place.host(LEDGER).take_over()


def test_each_batch_follows_on_the_one_before() -> None:
    link, batches = PartitionLink(), list[PartitionBatch]()
    for number in range(1, 4):
        batch = seal(link, LEDGER, (Message(SERVICE, LEDGER, number, b"in"),), ())
        link = verify(batch, link)
        batches.append(batch)
    assert [batch.number for batch in batches] == [1, 2, 3]
    assert batches[2].previous_hash == batches[1].hash


async def test_what_is_sent_names_the_requests_that_it_goes_back_to(place: Place) -> None:
    ledger = await filled(place, 2)
    book = TOPOLOGY.addresses()[-1]
    stock = next(number for number in range(1, 9) if TOPOLOGY.book_of(number) == book)
    round_ = place.message(commands.list_stock(stock, 100))
    grant = place.message(commands.grant_shares(MINE[0], stock, 5))
    order = place.message(commands.place_order(MINE[0], stock, Side.SELL, 5, 1_000))
    for message, request in ((round_, "listing"), (grant, ""), (order, "selling")):
        [command] = iter_commands(message.records)
        named = ((request, (command.sequence,)),) if request else ()
        await place.broker.publish([msgspec.structs.replace(message, requests=named)])
        await ledger.serve_once()
    heir = place.host(LEDGER)  # it publishes again what may not have left, and knows the name
    await heir.take_over()
    inputs = place.broker.consume(book)
    sold, again = [delivery.message for delivery in await inputs.receive(10)]
    [command] = iter_commands(order.records)
    assert sold == again
    assert sold.requests == (("selling", (command.sequence,)),)
    passed_on = await place.broker.consume(TOPOLOGY.addresses()[1]).receive(10)
    assert [request for each in passed_on for request, _ in each.message.requests] == ["listing"]


async def test_requests_are_for_logs_alone(place: Place) -> None:
    await filled(place, 1)
    [batch] = place.journals[LEDGER].batches
    named = tuple(msgspec.structs.replace(each, requests=(("a", (1,)),)) for each in batch.inputs)
    assert seal(PartitionLink(), LEDGER, named, batch.outputs).hash == batch.hash
    plain = [[tuple(each.said) for each in messages] for messages in (batch.inputs, batch.outputs)]
    encoded = msgspec.msgpack.encode((LEDGER, 1, *plain))
    assert hashlib.sha256(PartitionLink().hash + encoded).digest() == batch.hash


def test_of_services_only_those_heard_last_are_remembered_and_of_partitions_all() -> None:
    post = Post(services_limit=2)
    for source in (TOPOLOGY.addresses()[3], *(Address(Room.SERVICE, number) for number in (1, 2, 1, 3))):
        post.hear(Message(source, LEDGER, post.heard.get(source, 0) + 1, b""))
    assert post.heard == {
        TOPOLOGY.addresses()[3]: 1,
        Address(Room.SERVICE, 1): 2,
        Address(Room.SERVICE, 3): 1,
    }
