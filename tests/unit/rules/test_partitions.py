"""Ledgers and books apart: what happens while records are on their way."""

from __future__ import annotations

from collections import deque

import pytest

from pricetime.errors import SnapshotError
from pricetime.records import (
    Command,
    Event,
    EventKind,
    Flag,
    OrderType,
    Reason,
    Side,
    commands,
    iter_events,
)
from pricetime.rules.partitions import (
    EVENTS,
    Address,
    BookPartition,
    Input,
    LedgerPartition,
    Room,
    Topology,
)
from pricetime.rules.partitions.check import check_conservation, check_copies, in_flight
from pricetime.runtime.venue import Partition

TOPOLOGY = Topology(ledgers=2, books=1)
LEDGERS, BOOK = TOPOLOGY.addresses()[:2], TOPOLOGY.addresses()[2]
SERVICE = Address(Room.SERVICE, 1)
ANN = next(account for account in range(1, 99) if TOPOLOGY.ledger_of(account) == LEDGERS[0])
BOB = next(account for account in range(1, 99) if TOPOLOGY.ledger_of(account) == LEDGERS[1])
PRICE = 150_000
MONEY = 100 * PRICE
AN_ID = bytes(15) + b"7"


class Wires:
    """Two ledgers and a book; a wire from each to each holds what was sent until it is delivered."""

    def __init__(self) -> None:
        self.parts: dict[Address, Partition] = {
            LEDGERS[0]: LedgerPartition(0, TOPOLOGY),
            LEDGERS[1]: LedgerPartition(1, TOPOLOGY),
            BOOK: BookPartition(0, TOPOLOGY),
        }
        self.wires: dict[tuple[Address, Address], deque[bytes]] = {}
        self.told: list[Event] = []
        self._sequence = 0

    def send(self, command: Command) -> int:
        """Let a command reach its ledger, and no further; return its sequence."""
        self._sequence += 1
        stamped = command._replace(sequence=self._sequence, time_ns=self._sequence)
        if command.order == 0 and command.quantity and command.side:
            stamped = stamped._replace(order=self._sequence)
        self._apply(TOPOLOGY.entry_of(command), Input(SERVICE, stamped.pack()))
        return self._sequence

    def deliver(self, source: Address, destination: Address) -> None:
        """Deliver what is on one wire."""
        wire = self.wires.pop((source, destination), deque())
        for records in wire:
            self._apply(destination, Input(source, records))

    def settle(self) -> None:
        """Deliver everything, and see that it adds up before each delivery."""
        while self.wires:
            self.check()
            self.deliver(*next(iter(self.wires)))
        self.check()
        assert check_copies(self.ledgers, self.books) == []

    def check(self) -> None:
        flights = [
            in_flight(TOPOLOGY, destination, b"".join(records))
            for (source, destination), records in self.wires.items()
            if source == BOOK
        ]
        assert check_conservation(self.ledgers, flights) == []
        assert [fault for part in self.parts.values() for fault in part.check()] == []
        for part in self.parts.values():
            assert part.restore(part.snapshot()).snapshot() == part.snapshot()

    @property
    def ledgers(self) -> list[LedgerPartition]:
        return [part for part in self.parts.values() if isinstance(part, LedgerPartition)]

    @property
    def books(self) -> list[BookPartition]:
        return [part for part in self.parts.values() if isinstance(part, BookPartition)]

    def money(self, account: int) -> tuple[int, int]:
        ledger = self.ledgers[TOPOLOGY.ledger_of(account).number]
        return ledger.clearing.ledger.accounts[account].free, ledger.clearing.ledger.accounts[account].held

    def shares(self, account: int) -> tuple[int, int]:
        ledger = self.ledgers[TOPOLOGY.ledger_of(account).number]
        holding = ledger.clearing.ledger.accounts[account].holding(1)
        return holding.free, holding.held

    def answer(self, sequence: int) -> tuple[EventKind, Reason] | None:
        """Return how everybody was told that a command was answered; None while it is not."""
        found = [
            (EventKind(event.kind), Reason(event.reason))
            for event in self.told
            if event.sequence == sequence and event.kind in (EventKind.ACCEPTED, EventKind.DENIED)
        ]
        assert len(found) <= 1
        return found[0] if found else None

    def _apply(self, address: Address, delivered: Input) -> None:
        for destination, records in self.parts[address].apply([delivered]):
            if destination == EVENTS:
                self.told += iter_events(records)
            else:
                self.wires.setdefault((address, destination), deque()).append(records)


@pytest.fixture
def wires() -> Wires:
    """A market in one stock; Ann has shares, Bob money, each in a ledger of their own."""
    wires = Wires()
    wires.send(commands.list_stock(1, 100))
    wires.settle()
    for account in (ANN, BOB):
        wires.send(commands.open_account(account))
    wires.send(commands.deposit(BOB, MONEY))
    wires.send(commands.grant_shares(ANN, 1, 100))
    wires.settle()
    return wires


def buy(quantity: int, price: int | None = PRICE, **options: bytes) -> Command:
    return commands.place_order(BOB, 1, Side.BUY, quantity, price, **options)  # type: ignore[arg-type]


def sell(quantity: int, price: int | None = PRICE) -> Command:
    return commands.place_order(ANN, 1, Side.SELL, quantity, price)


ACCEPTED = (EventKind.ACCEPTED, Reason.NONE)


def test_an_order_is_answered_by_its_book_and_held_for_before(wires: Wires) -> None:
    order = wires.send(buy(10))
    assert wires.money(BOB) == (MONEY - 10 * PRICE, 10 * PRICE)
    assert wires.answer(order) is None
    wires.settle()
    assert wires.answer(order) == ACCEPTED


def test_a_trade_adds_up_while_only_one_side_has_heard_of_it(wires: Wires) -> None:
    wires.send(sell(10))
    wires.settle()
    wires.send(buy(4))
    wires.deliver(LEDGERS[1], BOOK)
    wires.deliver(BOOK, LEDGERS[1])
    assert (wires.shares(BOB), wires.money(ANN)) == ((4, 0), (0, 0))
    wires.check()
    wires.settle()
    assert (wires.shares(ANN), wires.money(ANN)) == ((90, 6), (4 * PRICE, 0))


def test_what_needs_money_waits_while_a_market_buy_has_it_all_and_the_rest_does_not(wires: Wires) -> None:
    wires.send(sell(2))
    wires.settle()
    at_market = wires.send(buy(5, None))
    assert wires.money(BOB) == (0, MONEY)
    more, out = wires.send(buy(1, PRICE)), wires.send(commands.withdraw(BOB, 100))
    deposited = wires.send(commands.deposit(BOB, 7))
    assert wires.answer(deposited) == ACCEPTED
    assert (wires.answer(more), wires.answer(out)) == (None, None)
    assert wires.money(BOB) == (7, MONEY)
    wires.settle()
    assert [wires.answer(each) for each in (at_market, more, out)] == [ACCEPTED] * 3
    # Two shares came, three wait at the last price, one more is bid for, and 100 went out.
    assert wires.money(BOB) == (MONEY + 7 - 6 * PRICE - 100, 4 * PRICE)


def test_of_what_waits_there_is_no_more_than_of_open_orders(wires: Wires) -> None:
    wires.send(commands.set_limits(open_orders=3))
    wires.settle()
    wires.send(buy(5, None))
    waiting = [wires.send(buy(1, PRICE)) for _ in range(3)]
    denied = (EventKind.DENIED, Reason.TOO_MANY_OPEN_ORDERS)
    assert [wires.answer(each) for each in waiting] == [None, None, denied]
    wires.settle()
    broke = (EventKind.DENIED, Reason.INSUFFICIENT_FUNDS)  # nothing ever traded: the market buy keeps it all
    assert [wires.answer(each) for each in waiting] == [broke, broke, denied]


def test_a_repeated_id_waits_for_the_answer_of_the_first_and_gets_the_same(wires: Wires) -> None:
    first = wires.send(buy(1, client_id=AN_ID))
    again = wires.send(buy(1, client_id=AN_ID))
    assert wires.answer(again) is None
    wires.settle()
    assert (wires.answer(first), wires.answer(again)) == (ACCEPTED, ACCEPTED)
    [repeated] = [event for event in wires.told if event.sequence == again]
    assert repeated.flags & Flag.REPEATED
    assert repeated.order == first
    assert wires.money(BOB) == (MONEY - PRICE, PRICE)


def test_a_cancel_that_meets_a_trade_on_its_way_comes_too_late(wires: Wires) -> None:
    order = wires.send(buy(3))
    wires.settle()
    wires.send(sell(3))
    wires.deliver(LEDGERS[0], BOOK)
    cancel = wires.send(commands.cancel_order(BOB, order))
    wires.settle()
    assert wires.answer(cancel) == (EventKind.DENIED, Reason.ORDER_NOT_OPEN)
    assert (wires.shares(BOB), wires.money(BOB)) == ((3, 0), (MONEY - 3 * PRICE, 0))


@pytest.mark.parametrize(("quantity", "price"), [(10, 2 * PRICE), (20, PRICE // 2), (6, PRICE), (5, 100)])
def test_an_amend_that_meets_a_trade_on_its_way_is_right_all_the_same(
    wires: Wires, quantity: int, price: int
) -> None:
    order = wires.send(buy(10))
    wires.settle()
    wires.send(sell(4))
    wires.deliver(LEDGERS[0], BOOK)
    amend = wires.send(commands.amend_order(BOB, order, quantity=quantity, price=price))
    wires.settle()
    assert wires.answer(amend) == ACCEPTED
    left = quantity - 4
    assert wires.money(BOB) == (MONEY - 4 * PRICE - left * price, left * price)


def test_an_amend_that_would_leave_less_than_was_filled_meanwhile_is_denied(wires: Wires) -> None:
    order = wires.send(buy(10))
    wires.settle()
    wires.send(sell(4))
    wires.deliver(LEDGERS[0], BOOK)
    amend = wires.send(commands.amend_order(BOB, order, quantity=3, price=2 * PRICE))
    wires.settle()
    assert wires.answer(amend) == (EventKind.DENIED, Reason.INVALID_QUANTITY)
    assert wires.money(BOB) == (MONEY - 10 * PRICE, 6 * PRICE)


def test_a_second_amend_waits_for_the_answer_of_the_first(wires: Wires) -> None:
    order = wires.send(sell(10))
    wires.settle()
    first = wires.send(commands.amend_order(ANN, order, quantity=20))
    second = wires.send(commands.amend_order(ANN, order, quantity=30))
    assert wires.shares(ANN) == (80, 20)
    wires.settle()
    assert (wires.answer(first), wires.answer(second)) == (ACCEPTED, ACCEPTED)
    assert wires.shares(ANN) == (70, 30)


def test_cancelling_all_reaches_orders_that_are_still_on_their_way(wires: Wires) -> None:
    wires.send(buy(3))
    everything = wires.send(commands.cancel_all(BOB))
    assert wires.answer(everything) == ACCEPTED
    wires.settle()
    assert wires.money(BOB) == (MONEY, 0)


def test_a_halt_on_its_way_meets_orders_at_the_book(wires: Wires) -> None:
    late = wires.send(buy(3))
    halt = wires.send(commands.halt_stock(1))
    assert wires.answer(wires.send(sell(3))) == (EventKind.DENIED, Reason.STOCK_HALTED)
    wires.deliver(LEDGERS[0], LEDGERS[1])
    assert wires.answer(halt) is None
    wires.settle()
    assert wires.answer(halt) == ACCEPTED
    assert wires.answer(late) == ACCEPTED
    too_late = wires.send(buy(3))
    assert wires.answer(too_late) == (EventKind.DENIED, Reason.STOCK_HALTED)


def test_a_halt_that_overtakes_an_order_gives_its_hold_back(wires: Wires) -> None:
    late = wires.send(buy(3))
    wires.send(commands.halt_stock(1))
    wires.deliver(LEDGERS[0], LEDGERS[1])
    orders = wires.wires[LEDGERS[1], BOOK]
    orders.rotate(1)  # as if the order had left after the halt, from a ledger that had not heard of it
    wires.settle()
    assert wires.answer(late) == (EventKind.DENIED, Reason.STOCK_HALTED)
    assert wires.money(BOB) == (MONEY, 0)


def test_everybody_knows_a_stock_when_its_listing_is_answered(wires: Wires) -> None:
    listing = wires.send(commands.list_stock(2, 100))
    while wires.answer(listing) is None:
        wires.deliver(*next(iter(wires.wires)))
    assert all(2 in ledger.stocks for ledger in wires.ledgers)
    assert wires.answer(wires.send(commands.list_stock(2, 100))) == (EventKind.DENIED, Reason.STOCK_EXISTS)


def test_an_order_that_overtakes_the_listing_of_its_stock_is_denied(wires: Wires) -> None:
    wires.send(commands.list_stock(2, 100))
    early = wires.send(commands.place_order(BOB, 2, Side.BUY, 1, PRICE))
    wires.deliver(LEDGERS[0], LEDGERS[1])
    overtaking = wires.send(commands.place_order(BOB, 2, Side.BUY, 1, PRICE))
    wires.wires[LEDGERS[1], BOOK].rotate(1)
    wires.settle()
    denied = (EventKind.DENIED, Reason.UNKNOWN_STOCK)
    assert (wires.answer(early), wires.answer(overtaking)) == (denied, denied)
    assert wires.money(BOB) == (MONEY, 0)


def test_no_two_events_have_one_number(wires: Wires) -> None:
    wires.send(sell(3))
    wires.send(buy(3))
    wires.settle()
    numbers = [event.number for event in wires.told]
    assert len(set(numbers)) == len(numbers)
    assert {number % TOPOLOGY.partitions for number in numbers} == {0, 1, 2}


def test_a_ledger_takes_in_its_share_of_what_can_be_counted(wires: Wires) -> None:
    most = wires.ledgers[1].clearing.ledger.most
    assert most * 2 < 2**63
    wires.send(commands.deposit(BOB, most - MONEY))
    assert wires.answer(wires.send(commands.deposit(BOB, 1))) == (EventKind.DENIED, Reason.MONEY_LIMIT)


def test_a_snapshot_of_another_kind_is_none(wires: Wires) -> None:
    with pytest.raises(SnapshotError):
        LedgerPartition.restore(wires.books[0].snapshot())


def test_a_waiting_market_buy_takes_back_what_an_amend_brought_too_much(wires: Wires) -> None:
    wires.send(sell(1))
    wires.send(buy(1))
    wires.settle()
    waiting = wires.send(buy(2, None))
    wires.settle()
    assert wires.money(BOB) == (MONEY - 3 * PRICE, 2 * PRICE)
    wires.send(commands.amend_order(BOB, waiting, quantity=4))
    assert wires.money(BOB) == (0, MONEY - PRICE)
    wires.settle()
    assert wires.money(BOB) == (MONEY - 5 * PRICE, 4 * PRICE)
    [order] = wires.books[0].orders.values()
    assert (order.order_type, order.remaining, order.budget) == (OrderType.MARKET, 4, 4 * PRICE)


def test_cancelling_all_does_not_mean_what_still_waits(wires: Wires) -> None:
    wires.send(sell(2))
    wires.settle()
    at_market, waiting = wires.send(buy(2, None)), wires.send(buy(1, PRICE))
    wires.send(commands.cancel_all(BOB))
    wires.settle()
    assert (wires.answer(at_market), wires.answer(waiting)) == (ACCEPTED, ACCEPTED)
    assert wires.money(BOB) == (MONEY - 3 * PRICE, PRICE)
