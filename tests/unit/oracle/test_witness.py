"""The witness: silent about a venue that is right, and what it says of events that are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pricetime.oracle.program import stamp
from pricetime.oracle.witness import Witness
from pricetime.records import Command, Event, EventKind, Side, commands, iter_events
from pricetime.rules import Venue

OPENING = [
    commands.list_stock(1, 100),
    *(commands.open_account(account) for account in (1, 2, 3)),
    commands.deposit(1, 100_000),
    commands.grant_shares(2, 1, 10),
    commands.grant_shares(3, 1, 10),
]
SELL, SELL_DEARER = (commands.place_order(2, 1, Side.SELL, 2, price) for price in (10_000, 10_100))
BUY = commands.place_order(1, 1, Side.BUY, 2, 10_100)


def seen_by_witness(
    *program: Command, change: Callable[[Event], Event] = lambda event: event
) -> tuple[Witness, Venue]:
    """Return the witness of a program whose events are changed before it sees them."""
    venue, witness = Venue(), Witness()
    for command in (*OPENING, *program):
        events = iter_events(venue.apply(stamp(command, venue.sequence).pack()))
        witness.see(b"".join(each.pack() for each in map(change, events)))
    return witness, venue


def test_it_has_nothing_to_say_of_a_venue_that_is_right() -> None:
    witness, venue = seen_by_witness(SELL_DEARER, SELL, BUY)
    assert witness.faults + witness.compare(venue.snapshot()) == []
    assert witness.trades == 1
    assert witness.last == {1: 10_000}


def test_accounts_and_lines_follow_the_events() -> None:
    witness, _ = seen_by_witness(SELL_DEARER, SELL, SELL._replace(account=3))
    _, asks = witness.standing(1)
    first = len(OPENING) + 1
    assert [order.number for order in asks.in_priority()] == [first + 1, first + 2, first]
    assert asks.best() == 10_000
    assert witness.shares[2, 1] == (6, 4)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda trade: trade._replace(maker_order=len(OPENING) + 1, price=10_100, amount=20_200),
            f"order {len(OPENING) + 1} is filled while order {len(OPENING) + 2} waits",
        ),
        (lambda trade: trade._replace(price=10_100, amount=20_200), "a trade at another price"),
        (lambda trade: trade._replace(amount=1), "a wrong amount"),
        (lambda trade: trade._replace(remaining=1), "has another remainder"),
        (lambda trade: trade._replace(number=99), "is not"),
        (lambda trade: trade._replace(sequence=1), "its command is not the one at hand"),
        (lambda trade: trade._replace(maker_order=77), "an order that is not open"),
    ],
)
def test_a_trade_that_is_not_as_it_must_be(change: Callable[[Event], Event], fault: str) -> None:
    witness, _ = seen_by_witness(
        SELL_DEARER,
        SELL._replace(account=3),
        BUY,
        change=lambda event: change(event) if event.kind == EventKind.TRADED else event,
    )
    assert fault in witness.faults[0]


@pytest.mark.parametrize("kind", [EventKind.BALANCE_CHANGED, EventKind.HOLDING_CHANGED])
def test_money_and_shares_that_come_from_nowhere(kind: EventKind) -> None:
    def one_more(event: Event) -> Event:
        if event.kind != kind or event.sequence != len(OPENING) + 2:
            return event
        return event._replace(
            amount=event.amount + (event.stock == 0), quantity=event.quantity + (event.stock > 0)
        )

    witness, _ = seen_by_witness(SELL, BUY, change=one_more)
    assert "made or lost money or shares" in witness.faults[0]


def test_a_closing_that_is_not_told_shows_in_the_snapshot() -> None:
    cancel = commands.cancel_order(2, len(OPENING) + 1)
    witness, venue = seen_by_witness(
        SELL,
        cancel,
        change=lambda event: event._replace(order=0) if event.kind == EventKind.ORDER_CLOSED else event,
    )
    assert "an order that is not open" in witness.faults[0]
    assert any("other orders" in fault for fault in witness.compare(venue.snapshot()))


def test_an_answer_twice_is_one_too_many() -> None:
    witness = Witness()
    venue = Venue()
    answer = venue.apply(stamp(commands.open_account(1), 0).pack())
    witness.see(answer + answer)
    assert witness.faults[0] == "event 1 of command 1: event 1 is not 2"
