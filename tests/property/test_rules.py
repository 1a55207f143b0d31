"""Random programs of commands: whatever comes, nothing is minted and nothing is lost.

The strategies are weighted towards trouble: few accounts, few prices, waiting market orders, empty
wallets, self-trades, halts, numbers at the edge of what a record can carry.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricetime.oracle.program import stamp
from pricetime.oracle.witness import Witness
from pricetime.records import (
    Command,
    EventKind,
    SelfTrade,
    Side,
    TimeInForce,
    commands,
    iter_events,
)
from pricetime.rules import money
from pricetime.runtime.implementations import available
from pricetime.runtime.venue import Venue

ACCOUNTS = st.integers(1, 4)
STOCKS = st.sampled_from((1, 1, 1, 2))


def mostly(common: st.SearchStrategy[int], rare: tuple[int, ...]) -> st.SearchStrategy[int]:
    """Draw from the common values, and once in ten times a value at the edge."""
    return st.integers(0, 9).flatmap(lambda die: st.sampled_from(rare) if die == 9 else common)


PRICES = mostly(st.integers(95, 105).map(lambda cents: cents * 100), (0, -100, 1, 100, 9 * 10**18, 2**63 - 1))
QUANTITIES = mostly(st.integers(1, 9), (0, -1, 10**15, 10**15 + 1, 2**63 - 1))
AMOUNTS = mostly(st.integers(1, 500_000), (0, -1, money.MAX_MONEY, money.MAX_MONEY + 1, 2**63 - 1))
CLIENT_IDS = st.sampled_from((bytes(16),) * 9 + (b"a" * 16,))

PLACE = st.builds(
    lambda account, stock, side, quantity, price, in_force, post, policy, client_id: commands.place_order(
        account,
        stock,
        side,
        quantity,
        price,
        time_in_force=in_force,
        post_only=post,
        self_trade=policy,
        client_id=client_id,
    ),
    ACCOUNTS,
    STOCKS,
    st.sampled_from((Side.BUY, Side.SELL)),
    QUANTITIES,
    st.integers(0, 3).flatmap(lambda die: PRICES if die else st.none()),
    st.sampled_from((TimeInForce.GTC,) * 4 + (TimeInForce.IOC, TimeInForce.FOK)),
    st.sampled_from((False,) * 7 + (True,)),
    st.sampled_from((SelfTrade.SKIP,) * 3 + tuple(SelfTrade)),
    CLIENT_IDS,
)
ORDERS = st.integers(13, 60)
OTHERS = st.one_of(
    st.builds(commands.deposit, ACCOUNTS, AMOUNTS, client_id=CLIENT_IDS),
    st.builds(commands.withdraw, ACCOUNTS, AMOUNTS),
    st.builds(commands.grant_shares, ACCOUNTS, STOCKS, QUANTITIES),
    st.builds(commands.cancel_order, ACCOUNTS, ORDERS),
    st.builds(commands.amend_order, ACCOUNTS, ORDERS, quantity=QUANTITIES, price=PRICES),
    st.builds(commands.cancel_all, ACCOUNTS, st.sampled_from((0, 1, 2, 3))),
    st.builds(commands.halt_stock, STOCKS),
    st.builds(commands.resume_stock, STOCKS),
    st.builds(commands.open_account, st.integers(0, 9)),
    st.builds(commands.list_stock, st.integers(0, 3), st.sampled_from((1, 100, 0))),
    st.builds(commands.set_limits, st.integers(0, 20), st.integers(0, 3)),
    st.builds(
        lambda kind, account, stock, quantity: Command(
            kind=kind, account=account, stock=stock, quantity=quantity
        ),
        st.integers(0, 255),
        ACCOUNTS,
        STOCKS,
        QUANTITIES,
    ),
)
COMMANDS = st.integers(0, 9).flatmap(lambda die: OTHERS if die > 7 else PLACE)
PROGRAMS = st.lists(COMMANDS, min_size=10, max_size=80)

OPENING = [
    *(commands.open_account(account) for account in (1, 2, 3, 4)),
    *(commands.list_stock(stock, 100) for stock in (1, 2)),
    *(commands.deposit(account, 3_000_000) for account in (1, 2, 3)),
    *(commands.grant_shares(account, 1, 100) for account in (1, 2, 3)),
]


EXAMPLES = settings(max_examples=400)
ON_EACH = pytest.mark.parametrize("venue_type", available().values(), ids=available())


def run(venue: Venue, program: list[Command]) -> list[bytes]:
    """Apply a program command by command and return the batches of events."""
    answers = []
    for command in program:
        answers.append(venue.apply(stamp(command, venue.sequence).pack()))
        assert venue.check() == []
    return answers


@ON_EACH
@EXAMPLES
@given(PROGRAMS)
def test_a_witness_of_the_events_sees_them_conserve_be_fair_and_lead_to_the_state(
    venue_type: type[Venue], program: list[Command]
) -> None:
    venue, witness = venue_type(), Witness()
    for events in run(venue, OPENING + program):
        witness.see(events)
        assert witness.faults == []
    assert witness.compare(venue.snapshot()) == []


@ON_EACH
@EXAMPLES
@given(PROGRAMS, st.integers(0, 60), st.integers(1, 20))
def test_replay_in_other_batches_and_over_a_snapshot_gives_the_same_events_and_the_same_hash(
    venue_type: type[Venue], program: list[Command], cut: int, size: int
) -> None:
    program = OPENING + program
    first = venue_type()
    events = b"".join(run(first, program))

    stamped = [stamp(command, sequence) for sequence, command in enumerate(program)]
    second, replayed = venue_type(), b""
    for start in range(0, len(stamped), size):
        replayed += second.apply(b"".join(command.pack() for command in stamped[start : start + size]))
        if start <= cut < start + size:
            second = venue_type.restore(second.snapshot())
    assert replayed == events
    assert second.state_hash() == first.state_hash()


@ON_EACH
@EXAMPLES
@given(PROGRAMS)
def test_a_denial_is_one_event(venue_type: type[Venue], program: list[Command]) -> None:
    for batch in run(venue_type(), OPENING + program):
        answer, *more = iter_events(batch)
        assert answer.kind == EventKind.ACCEPTED or not more


@ON_EACH
@settings(max_examples=300)
@given(PROGRAMS, PLACE)
def test_validate_answers_as_placing_would_and_changes_nothing(
    venue_type: type[Venue], program: list[Command], order: Command
) -> None:
    venue = venue_type()
    run(venue, OPENING + program)
    before = venue.snapshot()
    stamped = stamp(order._replace(client_id=bytes(16)), venue.sequence)
    (judged,) = iter_events(venue.validate(stamped.pack()))
    assert venue.snapshot() == before
    answer = next(iter_events(venue.apply(stamped.pack())))
    assert (judged.kind, judged.reason) == (answer.kind, answer.reason)
    if answer.kind == EventKind.ACCEPTED:
        assert judged.quantity == answer.quantity
