"""What holds over all partitions, whatever is on its way between them.

A trade is settled by two ledgers, each when it hears of it. So at any moment the money of all accounts, with
what is on its way, is what came in: a trade that only the buyer's ledger has heard of adds its amount, one
that only the seller's has heard of takes it off. Shares alike, the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from pricetime.records import EventKind, Side, iter_events
from pricetime.records.routing import Address, Topology
from pricetime.rules.partitions.book import BookPartition
from pricetime.rules.partitions.ledger import LedgerPartition


def in_flight(topology: Topology, ledger: Address, events: bytes) -> dict[int, int]:
    """Return what unheard events of a book will bring into a ledger, less what they will take: by asset.

    0 is money, any other number a stock.
    """
    moved: dict[int, int] = {}
    for event in iter_events(events):
        if event.kind != EventKind.TRADED:
            continue
        takers = 1 if event.side == Side.BUY else -1
        for account, buys in ((event.account, takers), (event.maker_account, -takers)):
            if topology.ledger_of(account) == ledger:
                moved[0] = moved.get(0, 0) - buys * event.amount
                moved[event.stock] = moved.get(event.stock, 0) + buys * event.quantity
    return moved


def check_conservation(ledgers: Iterable[LedgerPartition], flights: Iterable[dict[int, int]]) -> list[str]:
    """Return a sentence for each asset of which there is more or less than came in.

    ``flights`` has what is on its way to each ledger, as ``in_flight`` counts it.
    """
    there: dict[int, int] = {}
    came_in: dict[int, int] = {}
    for partition in ledgers:
        ledger = partition.clearing.ledger
        _add(came_in, 0, ledger.money)
        for stock, shares in ledger.shares.items():
            _add(came_in, stock, shares)
        for account in ledger.accounts.values():
            _add(there, 0, account.free + account.held)
            for stock, holding in account.holdings.items():
                _add(there, stock, holding.free + holding.held)
    for flight in flights:
        for asset, amount in flight.items():
            _add(there, asset, amount)
    return [
        f"there is {there.get(asset, 0)} of asset {asset}; {came_in.get(asset, 0)} came in"
        for asset in sorted(there | came_in)
        if there.get(asset, 0) != came_in.get(asset, 0)
    ]


def check_copies(
    ledgers: Iterable[LedgerPartition], books: Iterable[BookPartition], moving: Set[int] = frozenset()
) -> list[str]:
    """Return a sentence for each open order of which ledger and book differ.

    ``moving`` are the orders of which something is on its way: they may differ.
    """
    ours = {number: order for ledger in ledgers for number, order in ledger.clearing.orders.items()}
    theirs = {number: order for book in books for number, order in book.orders.items()}
    faults = [
        f"order {number} is open at one end only" for number in sorted((ours.keys() ^ theirs.keys()) - moving)
    ]
    for number in sorted((ours.keys() & theirs.keys()) - moving):
        copy, order = ours[number], theirs[number]
        told = (copy.account, copy.price, copy.quantity, copy.remaining, copy.hold())
        if told != (order.account, order.price, order.quantity, order.remaining, order.hold()):
            faults.append(f"order {number} is another in its ledger than in its book")
    return faults


def _add(totals: dict[int, int], asset: int, amount: int) -> None:
    totals[asset] = totals.get(asset, 0) + amount
