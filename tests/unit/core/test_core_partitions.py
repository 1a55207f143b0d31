"""The compiled partitions where they can differ from the rules: memory, bad snapshots, what nobody sends."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator

import pytest

from pricetime.errors import RecordError, SnapshotError
from pricetime.oracle.generator import Generator
from pricetime.oracle.scenarios import SCENARIOS
from pricetime.oracle.twins import TwinTrial
from pricetime.records import (
    COMMAND_BYTES,
    Command,
    CommandKind,
    EventKind,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
    commands,
)
from pricetime.records.events import Event
from pricetime.records.routing import EVENTS, Address, Input, Room, Topology
from pricetime.rules.money import MAX_MONEY, MAX_QUANTITY
from pricetime.runtime.implementations import RULES, pick_parts

core = pytest.importorskip("pricetime.core", reason="installed without a compiler")
TOPOLOGY = Topology(ledgers=2, books=1)
LEDGER, BOOK, SERVICE = Address(Room.LEDGER, 0), Address(Room.BOOK, 0), Address(Room.SERVICE, 1)
MINE = [account for account in range(1, 99) if TOPOLOGY.ledger_of(account) == LEDGER]


def sent(*records: Command | Event, source: Address = LEDGER) -> list[Input]:
    return [Input(source, b"".join(record.pack() for record in records))]


def placed(order: int, side: Side, price: int, account: int = 1, quantity: int = 1) -> Command:
    command = commands.place_order(account, 1, side, quantity, price)
    amount = price * quantity if side is Side.BUY else quantity
    return command._replace(order=order, sequence=order, amount=amount)


def listed() -> core.BookPartition:
    book = core.BookPartition(0, TOPOLOGY)
    book.apply(sent(commands.list_stock(1, 1)))
    return book


def opened() -> core.LedgerPartition:
    ledger = core.LedgerPartition(0, TOPOLOGY)
    ledger.apply(sent(commands.list_stock(1, 1), source=SERVICE))
    people = [step for account in MINE for step in (commands.open_account(account), money(account))]
    ledger.apply(sent(*people, source=SERVICE))
    return ledger


def money(account: int) -> Command:
    return commands.deposit(account, 10**12)


GOOD = placed(1, Side.BUY, 100)
NOT_OF_A_LEDGER = [
    commands.deposit(1, 5),
    commands.set_limits(1, 1, 1, 1, 1),
    Command(kind=77),
    commands.list_stock(1, 1),
    commands.list_stock(2, 0),
    GOOD._replace(side=9),
    GOOD._replace(order_type=0),
    GOOD._replace(time_in_force=0),
    GOOD._replace(self_trade=4),
    GOOD._replace(account=0),
    GOOD._replace(quantity=0),
    GOOD._replace(quantity=MAX_QUANTITY + 1),
    GOOD._replace(price=0),
    GOOD._replace(price=MAX_MONEY, quantity=2),
    GOOD._replace(order_type=OrderType.MARKET),
    GOOD._replace(amount=-1),
    commands.amend_order(1, 1, quantity=2)._replace(amount=-1),
]


@pytest.mark.parametrize("command", NOT_OF_A_LEDGER)
def test_a_book_refuses_what_no_ledger_sends(command: Command) -> None:
    with pytest.raises(RecordError, match=r"book\.0 is sent what no partition of its venue sends"):
        listed().apply(sent(command))


NOT_OF_A_BOOK = [
    Event(kind=EventKind.ACCEPTED, account=MINE[0], sequence=9, command=CommandKind.PLACE_ORDER),
    Event(kind=EventKind.DENIED, account=MINE[0], sequence=9, command=CommandKind.AMEND_ORDER),
    Event(kind=EventKind.ACCEPTED, account=98_765),
    Event(kind=EventKind.ORDER_CLOSED, order=5),
    Event(kind=EventKind.ORDER_OPENED, order=5),
    Event(kind=EventKind.TRADED, order=5, account=MINE[0]),
    Event(kind=EventKind.BALANCE_CHANGED, account=MINE[0]),
    Event(kind=200),
]


@pytest.mark.parametrize("event", NOT_OF_A_BOOK)
def test_a_ledger_refuses_what_no_book_tells(event: Event) -> None:
    with pytest.raises(RecordError, match=r"ledger\.0 is sent what no partition of its venue sends"):
        opened().apply(sent(event, source=BOOK))


@pytest.mark.parametrize("listing", [commands.list_stock(1, 1), commands.list_stock(2, 0)])
def test_a_ledger_refuses_a_listing_that_no_ledger_has_judged(listing: Command) -> None:
    with pytest.raises(RecordError):
        opened().apply(sent(listing, source=Address(Room.LEDGER, 1)))


@pytest.mark.parametrize("broken", [b"x", bytes(COMMAND_BYTES), bytes(COMMAND_BYTES - 1)])
@pytest.mark.parametrize("part", [core.BookPartition, core.LedgerPartition])
def test_what_are_no_records_is_refused(part: type, broken: bytes) -> None:
    with pytest.raises(RecordError):
        part(0, TOPOLOGY).apply([Input(SERVICE, broken)])
    with pytest.raises(RecordError):
        part(0, TOPOLOGY).apply([Input(BOOK, broken)])


def test_nothing_in_gives_nothing_out() -> None:
    for part in (listed(), opened()):
        assert part.apply([]) == []
        assert part.apply([Input(SERVICE, b"")]) == []


def test_a_book_knows_an_account_only_while_it_has_orders() -> None:
    book = listed()
    book.apply(sent(*(placed(order, Side.BUY, 100, account=order) for order in range(1, 101))))
    assert book.memory()["accounts"] == 100
    book.apply(sent(placed(101, Side.SELL, 100, account=101, quantity=50)))
    assert book.memory()["accounts"] == 50
    cancels = [commands.cancel_order(order, order)._replace(sequence=200) for order in range(1, 101)]
    book.apply(sent(*cancels))
    assert book.memory()["accounts"] == book.memory()["orders"] == 0
    assert book.check() == []


def test_memory_of_what_has_gone_is_used_again() -> None:
    ledger, book = opened(), listed()
    taken = set()
    for order in range(1, 200):
        command = placed(order, Side.BUY, 100, account=MINE[0])
        [to_book] = ledger.apply(sent(command, source=SERVICE))[1:]
        told = book.apply([Input(LEDGER, to_book.records)])
        ledger.apply([Input(BOOK, output.records) for output in told if output.destination == LEDGER])
        cancel = commands.cancel_order(MINE[0], order)._replace(sequence=1_000 + order)
        [to_book] = ledger.apply(sent(cancel, source=SERVICE))
        told = book.apply([Input(LEDGER, to_book.records)])
        ledger.apply([Input(BOOK, output.records) for output in told if output.destination == LEDGER])
        taken.add((tuple(ledger.memory().items()), tuple(book.memory().items())))
    assert ledger.memory()["orders"] == book.memory()["orders"] == ledger.memory()["errands"] == 0
    assert len(taken) == 1


def states() -> Iterator[tuple[type, bytes]]:
    """Yield snapshots of partitions in the midst of it all."""
    for seed in range(3):
        trial = TwinTrial(TOPOLOGY, (RULES.parts, pick_parts("auto")), seed)
        for step in Generator(SCENARIOS["ids"], random.Random(seed), trial.witness).program():
            assert trial.do(step) is None
        for twins in trial.twins.values():
            yield twins.types[1], twins.pair[1].snapshot()


def test_a_hostile_snapshot_is_refused_and_never_read_past_its_end() -> None:
    chance = random.Random(3)
    refused = 0
    for part, snapshot in states():
        for _ in range(1_000):
            broken = bytearray(snapshot)
            for _ in range(chance.randint(1, 3)):
                broken[chance.randrange(8, len(broken))] = chance.choice((0, 1, 127, 128, 255))
            try:
                part.restore(bytes(broken)).snapshot()
            except SnapshotError:
                refused += 1
    assert refused > 1_000


def test_a_snapshot_of_the_other_kind_is_refused() -> None:
    with pytest.raises(SnapshotError):
        core.LedgerPartition.restore(listed().snapshot())
    with pytest.raises(SnapshotError):
        core.BookPartition.restore(opened().snapshot())


def test_large_batches_leave_python_free_and_have_a_partition_to_themselves() -> None:
    book = listed()
    batch = sent(*(placed(order, Side.BUY, order % 50_000 + 1) for order in range(1, 150_000)))
    outputs, turns, refused, ended = [], 0, 0, threading.Event()

    def apply() -> None:
        outputs.extend(book.apply(batch))
        ended.set()

    thread = threading.Thread(target=apply)
    thread.start()
    while not ended.is_set():
        turns += 1
        try:
            book.apply([])
        except RuntimeError:
            refused += 1
    thread.join()
    assert turns > 10
    assert refused > 0
    assert [output.destination for output in outputs] == [EVENTS, TOPOLOGY.ledger_of(1)]
    assert book.memory()["orders"] == 149_999


AMOUNTS = (0, 1, 99, 100, 101, 250, 1_000, 10**6, 2**62)
POLICIES = tuple(SelfTrade)


def any_command(chance: random.Random, sequence: int) -> Command:
    """Return a command as a ledger might send it, with any amount set aside for it."""
    kind = chance.choices(("place", "amend", "cancel", "all", "halt", "list"), (60, 20, 10, 3, 1, 1))[0]
    account, order = chance.randint(1, 4), chance.randint(max(1, sequence - 30), sequence)
    stamp = {"sequence": sequence, "time_ns": chance.randint(0, 10 * sequence)}
    if kind == "amend":
        quantity, price = (
            chance.choice((0, -1, 1, 5, 2**63 - 1, -(2**63))),
            chance.choice((0, -5, 1, 7, 2**62)),
        )
        amend = commands.amend_order(account, order, quantity=quantity, price=price)
        return amend._replace(amount=chance.choice(AMOUNTS[:-1]), **stamp)
    if kind == "cancel":
        return commands.cancel_order(account, order)._replace(**stamp)
    if kind == "all":
        return commands.cancel_all(account)._replace(order=order, **stamp)
    if kind == "halt":
        change = chance.choice((commands.halt_stock, commands.resume_stock, commands.resume_stock))
        return change(chance.randint(1, 3))._replace(**stamp)
    if kind == "list":
        return commands.list_stock(100 + sequence, chance.choice((1, 100)))._replace(**stamp)
    at_market = chance.random() < 0.3
    command = commands.place_order(
        account,
        chance.choice((1, 1, 1, 2, 3)),
        chance.choice((Side.BUY, Side.SELL)),
        chance.choice((1, 2, 5, 9, MAX_QUANTITY if at_market else 1_000)),
        None if at_market else chance.randint(1, 12),
        time_in_force=chance.choice(tuple(TimeInForce)[1:]),
        self_trade=chance.choice(POLICIES),
    )
    flags = chance.choice((0, 0, 1, 4)) if not at_market else 0
    number = sequence if chance.random() < 0.97 else order
    return command._replace(order=number, amount=chance.choice(AMOUNTS), flags=flags, **stamp)


@pytest.mark.parametrize("seed", range(20))
def test_a_book_does_what_the_reference_does_with_any_amounts(seed: int) -> None:
    chance = random.Random(seed)
    reference, book = RULES.parts.book(0, TOPOLOGY), core.BookPartition(0, TOPOLOGY)
    listings = sent(commands.list_stock(1, 1), commands.list_stock(2, 3))
    assert reference.apply(listings) == book.apply(listings)
    sequence = 10
    for _ in range(100):
        batch = [any_command(chance, at) for at in range(sequence, sequence + chance.randint(1, 12))]
        sequence += len(batch)
        inputs = [Input(Address(Room.LEDGER, each.account % 2), each.pack()) for each in batch]
        assert reference.apply(inputs) == book.apply(inputs)
        assert reference.snapshot() == book.snapshot()
        assert book.check() == []
        if chance.random() < 0.1:
            state = book.snapshot()
            reference, book = RULES.parts.book.restore(state), core.BookPartition.restore(state)
